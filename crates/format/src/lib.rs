//! Rows of CSV, XLSX, XML and NDJSON files, in and out. Knows files, not departments.
//!
//! **Invariant:** a row that can be delimited comes out with its bytes, as [`Row`] or as [`BadRow`]; one bad row never
//! ends the reading.
//! **Invariant:** every size has a limit with a name ([`Limits`]); what exceeds it is an error that names file and row.

mod row;

pub use row::{BadRow, Cell, Layout, Limits, Opening, Row};
