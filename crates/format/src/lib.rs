//! Rows of CSV, XLSX, XML and NDJSON files, in and out. Knows files, not departments.
//!
//! **Invariant:** a row that can be delimited comes out with its bytes, as [`Row`] or as [`BadRow`]; one bad row never
//! ends the reading.
//! **Invariant:** every size has a limit with a name ([`Limits`]); what exceeds it is an error that names file and row.

mod csv;
mod encoding;
mod error;
mod ndjson;
mod read;
mod receipt;
mod replace;
mod rewrite;
mod row;
mod source;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod wrong_input;
mod xlsx;
mod xml;

pub use error::{FormatError, Problem};
pub use ndjson::cells as json_cells;
pub use read::{Reader, open};
pub use receipt::write_csv_bom;
pub use replace::{partial_path, put_in_place, replace_file};
pub use rewrite::{Edits, Prepared, Refused, Rewritten, prepare, rewrite};
pub use row::{BadRow, Cell, Layout, Limits, Opening, Row, cells_json};
pub use source::{plain_bytes, plain_digest};
