//! Edits of separated values: a field's bytes are replaced, in the file's encoding and with its quotes.

use super::{Edits, Outcome, Splicer, offset, through_utf8};
use crate::csv::{self, Framer};
use crate::encoding;
use crate::error::{FormatError, name_of};
use crate::replace::Replacement;
use crate::row::{Limits, plain_text};
use crate::source;
use encoding_rs::{Encoding, UTF_8};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn write(
    template: &Path,
    configured: Option<&str>,
    separator: u8,
    limits: Limits,
    edits: &Edits,
    outcome: &mut Outcome,
    replacement: &mut Replacement,
) -> Result<(), FormatError> {
    let text = encoding::choose(template, configured)?;
    let mut framer = csv::framer(template, text, separator, limits)?;
    let columns = csv::header(&name_of(template), &mut framer, text.encoding, limits)?;
    let file = Template { name: name_of(template), columns, encoding: text.encoding, separator };
    if encoding::is_wide(text.encoding) {
        let file = Template { encoding: UTF_8, ..file };
        return through_utf8(template, text.encoding, text.mark_bytes, replacement, |splicer| {
            file.splice(framer, edits, outcome, splicer)
        });
    }
    let splicer = Splicer::new(template, source::open(template)?, &mut replacement.writer, template);
    file.splice(framer, edits, outcome, splicer)
}

struct Template {
    name: String,
    columns: Vec<String>,
    encoding: &'static Encoding,
    separator: u8,
}

impl Template {
    fn splice(
        &self,
        mut framer: Framer,
        edits: &Edits,
        outcome: &mut Outcome,
        mut splicer: Splicer<'_>,
    ) -> Result<(), FormatError> {
        let mut locator = 0;
        while let Some(record) = framer.next().map_err(|cause| FormatError::io(&self.name, cause))? {
            locator += 1;
            let Some(cells) = outcome.edits_of(edits, locator) else { continue };
            let fields = match record.fields {
                Ok(fields) if fields.len() == self.columns.len() => fields,
                _ => {
                    outcome.refuse_row(locator, cells, "the row cannot be read");
                    continue;
                }
            };
            let mut pieces = BTreeMap::new();
            for (column, cell) in cells {
                let Some(field) =
                    outcome.place(locator, &self.columns, column).and_then(|place| fields.get(place))
                else {
                    continue;
                };
                let old = record.raw.get(field.clone()).unwrap_or_default();
                let new = plain_text(cell);
                if csv::text(self.encoding, &csv::unquote(old)).as_ref() == Some(&new) {
                    continue;
                }
                match self.field(&new, old.starts_with(b"\"")) {
                    Some(bytes) => {
                        pieces.insert(field.start, (field.end, bytes));
                    }
                    None => outcome.refuse(locator, column, "the file's encoding cannot hold it"),
                }
            }
            for (start, (end, bytes)) in pieces {
                splicer.splice(offset(record.start, start), offset(record.start, end), &bytes)?;
                outcome.cells += 1;
            }
        }
        splicer.finish()
    }

    /// The bytes of a field, quoted where it was or where it must be.
    fn field(&self, text: &str, quoted: bool) -> Option<Vec<u8>> {
        let separator = char::from(self.separator);
        if quoted || text.contains(['"', '\r', '\n', separator]) {
            return encoding::encode(self.encoding, &format!("\"{}\"", text.replace('"', "\"\"")));
        }
        encoding::encode(self.encoding, text)
    }
}
