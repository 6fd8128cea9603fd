//! Reads what departments drop in a folder.
