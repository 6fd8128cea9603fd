//! The rows that the kit has a fixture put into a source: every kind of value that a department's rows are known to have.

/// The columns of a sample, in order. `id` is the key.
pub const COLUMNS: [&str; 5] = ["id", "name", "amount", "born", "note"];

/// One row. Invented, so that it may be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The key: letters and digits.
    pub id: String,
    /// Text in several scripts, beyond the basic plane too.
    pub name: String,
    /// A decimal number, to be kept digit by digit.
    pub amount: String,
    /// A date, as `YYYY-MM-DD`.
    pub born: String,
    /// Text with quotes, separators and line ends; also empty.
    pub note: String,
}

impl Sample {
    /// The cells with their columns, in the order of [`COLUMNS`].
    pub fn cells(&self) -> [(&'static str, &str); 5] {
        let [id, name, amount, born, note] = COLUMNS;
        [(id, &self.id), (name, &self.name), (amount, &self.amount), (born, &self.born), (note, &self.note)]
    }

    /// The row as a JSON object of texts, on one line.
    pub fn json(&self) -> String {
        let cells = self.cells().map(|(column, text)| (column.to_owned(), text.into()));
        serde_json::Value::Object(cells.into_iter().collect()).to_string()
    }

    /// The row as a CSV record, every cell in quotes, with a line end.
    pub fn csv(&self) -> String {
        let cells = self.cells().map(|(_, text)| format!("\"{}\"", text.replace('"', "\"\"")));
        cells.join(",") + "\n"
    }
}

const NAMES: [&str; 5] = ["张三", "欧阳·娜娜", "𠮷田 茂", "Ana \"Lima\", née Ó", "阿卜杜拉·买买提"];
const AMOUNTS: [&str; 5] = ["0.10", "1234567890123.45", "-7", "0.000001", "98.60"];
const BORN: [&str; 5] = ["1950-03-07", "2000-02-29", "1899-12-31", "2026-01-01", "1970-01-01"];
const NOTES: [&str; 5] = ["", "two\nlines", "a,b;c\t\"d\"", "100%", "＝全角；标点"];

/// So many rows, always the same.
pub fn samples(count: usize) -> Vec<Sample> {
    let names = NAMES.iter().cycle().zip(AMOUNTS.iter().cycle());
    let rest = BORN.iter().cycle().zip(NOTES.iter().cycle());
    let rows = (1..=count).zip(names).zip(rest);
    rows.map(|((number, (name, amount)), (born, note))| Sample {
        id: format!("K{number:04}"),
        name: format!("{name}{}", (number - 1) / NAMES.len()),
        amount: (*amount).to_owned(),
        born: (*born).to_owned(),
        note: (*note).to_owned(),
    })
    .collect()
}
