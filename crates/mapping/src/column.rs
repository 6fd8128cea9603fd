//! One column: from a cell to a value of its element, and back.

use crate::code_map::CodeMap;
use crate::normal::{self, Reading, codes, numeral, text};
use crate::scope::Scope;
use std::fmt;
use yibiao_format::Cell;
use yibiao_record::{ClaimFlags, ElementId, EntityKind, IdNumber, IdQuality, SystemId, Value};

/// What the way through a column costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// What can be written is read again as the same value.
    Lossless,
    /// What is written may say less than the value, never something else.
    Lossy,
    /// Computed from other elements: never read as evidence.
    Derived,
}

impl Class {
    /// The name, as in mapping files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Class::Lossless => "lossless",
            Class::Lossy => "lossy",
            Class::Derived => "derived",
        }
    }
}

/// What may be written into a column of a department's own row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Write {
    /// Empty cells are completed, differing ones corrected.
    Correct,
    /// Only empty cells are completed.
    Complete,
    /// The department's own word: nothing is written.
    Never,
}

/// A column of a department's file.
#[derive(Clone)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) element: ElementId,
    pub(crate) entity: EntityKind,
    pub(crate) class: Class,
    pub(crate) write: Write,
    pub(crate) form: Form,
    pub(crate) derive: Vec<Derive>,
    pub(crate) keep: Vec<Box<str>>,
    pub(crate) says_nothing: Vec<Box<str>>,
    pub(crate) chars_max: Option<usize>,
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {} ({})", self.name, self.class.name())
    }
}

/// A rule by which a derived column is written: `text` where the element `when` has one of `codes`, or a finer one.
#[derive(Clone, Debug)]
pub(crate) struct Derive {
    pub(crate) text: Box<str>,
    pub(crate) when: ElementId,
    pub(crate) codes: Vec<Box<str>>,
}

/// The normaliser of a column with its style.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    Text,
    Account { separator: char },
    Name(normal::name::Style),
    CitizenId { style: normal::citizen_id::Style, zeros: Zeros },
    Date(normal::date::Style),
    Phones(normal::phone::Style),
    Decimal(normal::number::Style),
    Integer(normal::number::Style),
    Address { style: normal::address::Style, full: normal::address::Style, scope: Option<Scope> },
    Division { style: normal::division::Style, scope: Option<Scope> },
    Grid(normal::grid::Style),
    Reference(SystemId),
    Code(CodeMap),
    Codes(CodeMap),
    Score(Vec<Band>),
}

/// Whether three zeros at the end of an id that is valid otherwise are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// They are: the system issues the ids.
    Own,
    /// One valid id in 1,100 ends so. Of those that a spreadsheet cut to 15 digits, one in eleven has a check
    /// character that holds by chance, and in files that people fill in these are far more.
    Doubted,
}

/// A band of scores and the code that it means.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) code: Box<str>,
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Nothing,
    Value(Reading),
    /// It does not read as what the column holds.
    Unreadable(&'static str),
    /// It is a code that the mapping does not know.
    Unmapped,
}

impl Column {
    /// The column's name in the file; of an XML attribute, `@name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element that it holds.
    pub fn element(&self) -> ElementId {
        self.element
    }

    /// What the element is about.
    pub fn entity(&self) -> EntityKind {
        self.entity
    }

    /// What the way through it costs.
    pub fn class(&self) -> Class {
        self.class
    }

    /// What may be written into it.
    pub fn writes(&self) -> Write {
        self.write
    }

    /// The edition of the code list that it follows, where it holds codes.
    pub fn edition(&self) -> Option<&str> {
        match &self.form {
            Form::Code(map) | Form::Codes(map) => Some(map.edition()),
            _ => None,
        }
    }

    /// Reads a cell.
    pub(crate) fn read(&self, cell: &Cell) -> Said {
        if !self.says_nothing.is_empty()
            && let Cell::Text(said) = cell
            && self.says_nothing.iter().any(|word| **word == *text::trim(said))
        {
            return Said::Nothing;
        }
        let outcome = match &self.form {
            Form::Code(map) => return self.read_code(cell, map),
            Form::Codes(map) => return self.read_codes(cell, map),
            Form::Score(bands) => return read_score(cell, bands),
            Form::Reference(system) => return read_reference(cell, *system),
            Form::Account { .. } => return read_account(cell),
            Form::Text => normal::text::parse(cell),
            Form::Name(_) => normal::name::parse(cell),
            Form::CitizenId { .. } => normal::citizen_id::parse(cell),
            Form::Date(style) => normal::date::parse(cell, *style),
            Form::Phones(_) => normal::phone::parse(cell),
            Form::Decimal(_) => normal::number::parse_decimal(cell),
            Form::Integer(_) => normal::number::parse_integer(cell),
            Form::Address { .. } => normal::address::parse(cell),
            Form::Division { .. } => normal::division::parse(cell),
            Form::Grid(_) => normal::grid::parse(cell),
        };
        match outcome {
            Ok(None) => Said::Nothing,
            Ok(Some(reading)) => Said::Value(self.in_its_file(reading)),
            Err(normal::Unreadable(rule)) => Said::Unreadable(rule),
        }
    }

    /// The reading as this file means it: with the upper levels that its addresses leave out, and without the digits
    /// that its ids have lost.
    fn in_its_file(&self, reading: Reading) -> Reading {
        match (&self.form, reading) {
            (Form::CitizenId { zeros: Zeros::Doubted, .. }, Reading { value: Value::Id(id), flags }) => {
                without_lost_digits(id, flags)
            }
            (Form::Address { scope: Some(scope), .. }, Reading { value: Value::Address(address), flags }) => {
                Reading { value: Value::Address(scope.complete(address)), flags }
            }
            (
                Form::Division { scope: Some(scope), .. },
                Reading { value: Value::Division(mut division), flags },
            ) => {
                if !division.names.is_empty() {
                    division.names = scope.complete(division.names);
                }
                Reading { value: Value::Division(division), flags }
            }
            (_, reading) => reading,
        }
    }

    fn read_code(&self, cell: &Cell, map: &CodeMap) -> Said {
        let Some(said) = text::cell_text(cell) else { return Said::Nothing };
        let code = match map.read(&said) {
            Ok((code, _)) => code,
            // What the map does not know may still be a usual word for nothing, or for yes or no.
            Err(_) if text::is_placeholder(&said, &self.says_nothing) => return Said::Nothing,
            Err(_) => match map.read_flag(cell) {
                Ok(code) => code,
                Err(_) => return Said::Unmapped,
            },
        };
        Said::Value(plain(Value::Code(code.into())))
    }

    fn read_codes(&self, cell: &Cell, map: &CodeMap) -> Said {
        let Some(said) = text::cell_text(cell) else { return Said::Nothing };
        match map.read_set(&said) {
            Ok(codes) if codes.is_empty() => Said::Nothing,
            Ok(codes) => Said::Value(plain(Value::Codes(codes))),
            Err(_) if text::is_placeholder(&said, &self.says_nothing) => Said::Nothing,
            Err(_) => Said::Unmapped,
        }
    }

    /// The cell that says `value` in the column's way; `None` where it cannot. `spelling` chooses among those of a
    /// code map.
    pub(crate) fn write(&self, value: &Value, spelling: usize) -> Option<Cell> {
        let cell = self.written(value, spelling)?;
        let too_long = |text: &str| self.chars_max.is_some_and(|most| text.chars().count() > most);
        if matches!(&cell, Cell::Text(text) if too_long(text)) {
            return None;
        }
        // What would read as something else is not written: the column cannot hold the value.
        match self.read(&cell) {
            Said::Value(back) if self.class == Class::Lossless => (back.value == *value).then_some(cell),
            Said::Value(back) => self.refines(value, &back.value).then_some(cell),
            _ => None,
        }
    }

    fn written(&self, value: &Value, spelling: usize) -> Option<Cell> {
        match (&self.form, value) {
            (Form::Text, Value::Text(said)) => normal::text::write(said),
            (Form::Account { separator }, Value::Text(account)) => write_account(account, *separator),
            (Form::Name(style), Value::Name(name)) => normal::name::write(name, style),
            (Form::CitizenId { style, .. }, Value::Id(id)) => normal::citizen_id::write(id, *style),
            (Form::Date(style), Value::Date(date)) => normal::date::write(*date, *style),
            (Form::Phones(style), Value::Phones(phones)) => normal::phone::write(phones, style),
            (Form::Decimal(style), Value::Decimal(number)) => normal::number::write_decimal(*number, style),
            (Form::Integer(style), Value::Integer(number)) => normal::number::write_integer(*number, style),
            (Form::Address { style, full, scope }, Value::Address(address)) => match scope {
                Some(scope) if !scope.states(address) => None,
                Some(scope) if !scope.holds(address) => normal::address::write(address, full),
                _ => normal::address::write(address, style),
            },
            (Form::Division { style, scope }, Value::Division(division)) => match (style, scope) {
                (normal::division::Style::Names(_), Some(scope)) if !scope.holds(&division.names) => None,
                _ => normal::division::write(division, style),
            },
            (Form::Grid(style), Value::Grid(grid)) => normal::grid::write(grid, *style),
            (Form::Reference(system), Value::Reference { scheme, number }) => {
                (**scheme == *system.as_str()).then(|| Cell::Text(number.to_string()))
            }
            (Form::Code(map), Value::Code(code)) => {
                cell_of(map.write(code, spelling, self.class != Class::Lossless)?.to_owned(), map.number)
            }
            (Form::Codes(map), Value::Codes(codes)) => self.write_codes(codes, map, spelling),
            _ => None,
        }
    }

    fn write_codes(&self, codes: &[Box<str>], map: &CodeMap, spelling: usize) -> Option<Cell> {
        let mut texts = Vec::new();
        for code in codes {
            let text = map.write(code, spelling, self.class != Class::Lossless)?;
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        (!texts.is_empty()).then(|| Cell::Text(codes::join(texts, &map.separator)))
    }

    /// The cell that a derived column gets from other elements.
    pub(crate) fn derived(
        &self,
        canonical: &dyn Fn(ElementId) -> Option<Value>,
        parents: &Parents,
    ) -> Option<Cell> {
        let holds = |rule: &Derive| {
            let below = |fine: &str| rule.codes.iter().any(|code| parents.refines(rule.when, fine, code));
            match canonical(rule.when) {
                Some(Value::Code(code)) => below(&code),
                Some(Value::Codes(codes)) => codes.iter().any(|code| below(code)),
                _ => false,
            }
        };
        self.derive.iter().find(|rule| holds(rule)).map(|rule| Cell::Text(rule.text.to_string()))
    }

    /// Whether `fine` says everything that `coarse` says, or more.
    pub(crate) fn refines(&self, fine: &Value, coarse: &Value) -> bool {
        match (&self.form, fine, coarse) {
            (Form::Code(map), Value::Code(fine), Value::Code(coarse)) => map.refines(fine, coarse),
            (Form::Codes(map), Value::Codes(fine), Value::Codes(coarse)) => {
                coarse.iter().all(|coarse| fine.iter().any(|fine| map.refines(fine, coarse)))
            }
            (_, fine, coarse) => fine.refines(coarse),
        }
    }

    /// Which spelling the cell keeps to, where the column has several and the cell tells.
    pub(crate) fn spelling(&self, cell: &Cell) -> Option<usize> {
        match &self.form {
            Form::Code(map) => map.spelling_of(&text::cell_text(cell)?),
            _ => None,
        }
    }
}

/// The coarser codes of the elements that derived columns look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parents(pub(crate) Vec<(ElementId, Box<str>, Box<str>)>);

impl Parents {
    fn refines(&self, element: ElementId, fine: &str, coarse: &str) -> bool {
        fine == coarse || self.0.iter().any(|(at, a, b)| (*at, &**a, &**b) == (element, fine, coarse))
    }
}

fn without_lost_digits(id: IdNumber, flags: ClaimFlags) -> Reading {
    match id.digits.strip_suffix("000") {
        Some(known) if id.quality == IdQuality::Valid => Reading {
            value: Value::Id(IdNumber { digits: known.into(), quality: IdQuality::Prefix }),
            flags: flags.with(ClaimFlags::TRUNCATED),
        },
        _ => Reading { value: Value::Id(id), flags },
    }
}

fn plain(value: Value) -> Reading {
    Reading { value, flags: ClaimFlags::default() }
}

fn cell_of(text: String, number: bool) -> Option<Cell> {
    if number { text.parse().ok().map(Cell::Integer) } else { Some(Cell::Text(text)) }
}

/// A score with or without its meaning: `9(中度依赖)`, `9`.
fn read_score(cell: &Cell, bands: &[Band]) -> Said {
    let Some(said) = text::cell_text(cell) else { return Said::Nothing };
    if text::is_placeholder(&said, &[]) {
        return Said::Nothing;
    }
    let Some(score) = numeral::parse(codes::code_and_meaning(&said).0) else {
        return Said::Unreadable("score");
    };
    match bands.iter().find(|band| (band.from..=band.to).contains(&score)) {
        Some(band) => Said::Value(plain(Value::Code(band.code.clone()))),
        None => Said::Unmapped,
    }
}

fn read_reference(cell: &Cell, system: SystemId) -> Said {
    match text::cell_text(cell) {
        Some(number) if !text::is_placeholder(&number, &[]) => {
            Said::Value(plain(Value::Reference { scheme: system.as_str().into(), number: number.into() }))
        }
        _ => Said::Nothing,
    }
}

/// An account number: its groups joined by hyphens, whatever stands between them in the file.
fn read_account(cell: &Cell) -> Said {
    let Some(said) = text::cell_text(cell) else { return Said::Nothing };
    if text::is_placeholder(&said, &[]) {
        return Said::Nothing;
    }
    let groups = text::narrow(&said);
    let groups = groups.split(|c| text::is_padding(c) || c == '-').filter(|group| !group.is_empty());
    let account = codes::join(groups, "-");
    if account.is_empty() {
        Said::Unreadable("account number")
    } else {
        Said::Value(plain(Value::Text(account.into())))
    }
}

fn write_account(account: &str, separator: char) -> Option<Cell> {
    let written = account.split('-').collect::<Vec<_>>().join(&separator.to_string());
    // What does not come back as it was has another form than an account number.
    match read_account(&Cell::Text(written.clone())) {
        Said::Value(back) if back.value == Value::Text(account.into()) => Some(Cell::Text(written)),
        _ => None,
    }
}
