//! A system's rows to elements and back, with the normalisers.
