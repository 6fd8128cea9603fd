//! The store from outside: its promises, and that it keeps them through kills, power cuts and failing disks.

#[cfg(test)]
mod api;
#[cfg(test)]
mod copy;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod format;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod power;
#[cfg(test)]
mod support;
