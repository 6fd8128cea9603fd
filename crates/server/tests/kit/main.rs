//! The verbs for authors from outside: the kit on programs and sources, and crates that are made.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod made;
