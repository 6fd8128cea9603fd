//! Reads a department's database table.
