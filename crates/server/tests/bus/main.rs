//! The node on Kafka itself: six departments' rows in, every change of a person out exactly once, whoever dies when.

#[cfg(test)]
mod desk;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod rules;
