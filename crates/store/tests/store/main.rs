//! The store from outside: its promises, and that it keeps them through kills, power cuts and failing disks.

#[cfg(test)]
mod api;
#[cfg(test)]
mod support;
