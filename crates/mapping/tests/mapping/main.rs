//! The six mappings at work on rows as departments write them. All people are invented.

#[cfg(test)]
mod files;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod traps;
#[cfg(test)]
mod write;
