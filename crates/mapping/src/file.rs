//! The written form of a mapping: the keys of `schemas/mapping/<system>.yaml`, as they stand in the file.
//!
//! What is read here is not yet checked: [`crate::Mapping::parse_yaml`] does that and keeps none of these types.

use crate::normal::{address, citizen_id, date, division, grid, name, number, phone};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappingFile {
    /// The version of this file's form; 1.
    pub(crate) version: u32,
    pub(crate) system: String,
    pub(crate) department: Names,
    /// The form that the department's file is.
    pub(crate) form: Names,
    pub(crate) source: SourceFile,
    pub(crate) key: KeyFile,
    /// What it means that a row was deleted or is no longer there.
    pub(crate) delete: DeleteFile,
    /// The column that orders the versions of one row; none: arrival does.
    #[serde(default)]
    pub(crate) version_column: Option<String>,
    pub(crate) observed: ObservedFile,
    /// The area that the file is about, where its addresses leave the upper levels out.
    #[serde(default)]
    pub(crate) scope: Option<ScopeFile>,
    /// Words that stand for "nothing" in this file, besides the usual ones.
    #[serde(default)]
    pub(crate) says_nothing: Vec<Box<str>>,
    #[serde(default)]
    pub(crate) household: Option<String>,
    #[serde(default)]
    pub(crate) dwelling: Option<DwellingFile>,
    pub(crate) columns: Vec<ColumnFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    pub(crate) zh: String,
    pub(crate) en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceFile {
    pub(crate) file: String,
    pub(crate) layout: LayoutFile,
    pub(crate) mode: ModeFile,
    /// A column or attribute that numbers the rows for people to look up; it is no key.
    #[serde(default)]
    pub(crate) locator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LayoutFile {
    Csv {
        #[serde(default)]
        encoding: Option<String>,
        #[serde(default = "comma")]
        separator: char,
    },
    Xlsx {
        sheet: String,
        header_row: u32,
        #[serde(default)]
        fill_down: Vec<String>,
        required_any: Vec<String>,
    },
    Ndjson,
    Xml {
        row: String,
    },
    Sqlite {
        table: String,
    },
}

fn comma() -> char {
    ','
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ModeFile {
    Snapshot,
    Log { op: String, upsert: Vec<Box<str>>, delete: Vec<Box<str>> },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum KeyFile {
    Column(String),
    Identity(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum DeleteFile {
    End,
    Retract,
    By { column: String, end: Vec<Box<str>>, retract: Vec<Box<str>> },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ObservedFile {
    Column {
        column: String,
        #[serde(default)]
        otherwise: Option<String>,
    },
    Title {
        #[serde(default)]
        month: Option<u8>,
    },
    Attribute(String),
    Constant(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeFile {
    pub(crate) province: String,
    pub(crate) city: String,
    pub(crate) district: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum DwellingFile {
    Column(String),
    Row,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnFile {
    pub(crate) column: String,
    pub(crate) element: String,
    pub(crate) class: ClassFile,
    #[serde(rename = "as")]
    pub(crate) form: FormFile,
    #[serde(default)]
    pub(crate) write: WriteFile,
    /// How a derived column is computed from other elements when it is written: the first rule that holds.
    #[serde(default)]
    pub(crate) derive: Vec<DeriveFile>,
    /// What the cell may say that is never written over.
    #[serde(default)]
    pub(crate) keep: Vec<Box<str>>,
    /// Longest text that the column holds.
    #[serde(default)]
    pub(crate) chars_max: Option<usize>,
    /// In place of the file's own list.
    #[serde(default)]
    pub(crate) says_nothing: Option<Vec<Box<str>>>,
    /// Why the column is as it is; for readers of the file.
    #[serde(default, rename = "note")]
    pub(crate) _note: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClassFile {
    Lossless,
    Lossy,
    Derived,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WriteFile {
    #[default]
    Correct,
    Complete,
    Never,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FormFile {
    Text,
    Account { separator: char },
    Name(name::Style),
    CitizenId(citizen_id::Style),
    Date(date::Style),
    Phones(phone::Style),
    Decimal(number::Style),
    Integer(number::Style),
    Address(address::Style),
    Division(division::Style),
    Grid(grid::Style),
    Reference,
    Code(CodeFile),
    Codes(CodeFile),
    Score(Vec<BandFile>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeFile {
    /// The code list and edition that the column follows.
    pub(crate) edition: String,
    /// The ways in which the column spells codes; each row or part of the file keeps to one.
    pub(crate) spellings: Vec<SpellingFile>,
    /// Spellings that are read and never written.
    #[serde(default)]
    pub(crate) also: BTreeMap<Box<str>, Box<str>>,
    /// The codes of a yes and of a no, in any of the usual words and marks for them; read, never written.
    #[serde(default)]
    pub(crate) flags: Option<FlagsFile>,
    /// What stands between several codes in a cell.
    #[serde(default)]
    pub(crate) separator: Option<Box<str>>,
    /// Written as a whole number.
    #[serde(default)]
    pub(crate) number: bool,
    /// The column whose value tells which spelling a part of the file keeps to.
    #[serde(default)]
    pub(crate) section: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlagsFile {
    pub(crate) yes: Box<str>,
    pub(crate) no: Box<str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpellingFile {
    /// Every code of the list stands for itself.
    #[serde(default)]
    pub(crate) codes: bool,
    /// Every code is written as its Chinese name.
    #[serde(default)]
    pub(crate) names: bool,
    /// What is left off the end of such a name.
    #[serde(default)]
    pub(crate) without: Option<Box<str>>,
    /// A dialect of the code list.
    #[serde(default)]
    pub(crate) dialect: Option<String>,
    /// What the column writes, and the canonical code of each; goes before the rules above.
    #[serde(default)]
    pub(crate) values: BTreeMap<Box<str>, Box<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BandFile {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) code: Box<str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeriveFile {
    pub(crate) write: Box<str>,
    pub(crate) when: String,
    pub(crate) is: Vec<Box<str>>,
}
