//! The invented county from outside: its laws, checked on the files that it writes.

#[cfg(test)]
mod laws;
