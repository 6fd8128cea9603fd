//! From the written form of a mapping to the checked one.

use crate::code_map::CodeMap;
use crate::column::{Band, Class, Column, Derive, Form, Parents, Write, Zeros};
use crate::file::{
    BandFile, ClassFile, ColumnFile, DeleteFile, DwellingFile, FormFile, KeyFile, LayoutFile, MappingFile,
    ModeFile, Names, ObservedFile, WriteFile,
};
use crate::mapping::{Delete, Dwelling, IdentityColumn, Key, Mapping, Mode, Source, SourceForm, Title};
use crate::normal::address;
use crate::observed::{self, Observed};
use crate::scope::Scope;
use std::collections::BTreeSet;
use yibiao_format::Layout;
use yibiao_record::{Op, SystemId, Timestamp};
use yibiao_schema::{CodeList, Dictionary, Element, ValueType};

/// A mapping that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("cannot load mapping {file}: {key}: {reason}; {hint}")]
pub struct MappingError {
    /// The file.
    pub file: String,
    /// Where in the file: the key, or line and column.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub hint: &'static str,
}

/// Reads and checks a mapping.
pub(crate) fn mapping(file: &str, text: &str, dictionary: &Dictionary) -> Result<Mapping, MappingError> {
    let raw: MappingFile = serde_saphyr::from_str(text).map_err(|error| {
        let key = error
            .location()
            .map_or_else(|| "start".to_owned(), |at| format!("line {}, column {}", at.line(), at.column()));
        let hint = "correct the key or value there; the files shipped in schemas/mapping/ show the form";
        MappingError { file: file.to_owned(), key, reason: error.without_snippet().to_string(), hint }
    })?;
    Compiler { file, dictionary }.mapping(raw)
}

/// Checks the written form.
struct Compiler<'a> {
    file: &'a str,
    dictionary: &'a Dictionary,
}

impl Compiler<'_> {
    fn error(&self, key: impl Into<String>, reason: impl Into<String>, hint: &'static str) -> MappingError {
        MappingError { file: self.file.to_owned(), key: key.into(), reason: reason.into(), hint }
    }

    fn mapping(&self, raw: MappingFile) -> Result<Mapping, MappingError> {
        if raw.version != 1 {
            let reason = format!("version {} is not known", raw.version);
            return Err(self.error("version", reason, "write 1, the version that this program reads"));
        }
        let system = SystemId::new(&raw.system).map_err(|error| {
            self.error("system", error.to_string(), "write the system's short name, such as GA")
        })?;
        let scope = raw.scope.as_ref().map(|scope| Scope::new(&scope.province, &scope.city, &scope.district));
        let mut parents = Parents::default();
        let mut columns = Vec::with_capacity(raw.columns.len());
        let mut seen = BTreeSet::new();
        for column in raw.columns {
            if !seen.insert(column.column.clone()) {
                let key = format!("columns, {}", column.column);
                return Err(self.error(key, "the column stands twice", "keep one of the two"));
            }
            columns.push(self.column(column, system, scope.as_ref(), &raw.says_nothing, &mut parents)?);
        }
        let observed = self.observed(raw.observed)?;
        let key = self.key(raw.key, &columns)?;
        let delete = match raw.delete {
            DeleteFile::End => Delete::Always(Op::End),
            DeleteFile::Retract => Delete::Always(Op::Retract),
            DeleteFile::By { column, end, retract } => Delete::By { column, end, retract },
        };
        let mode = match raw.source.mode {
            ModeFile::Snapshot => Mode::Snapshot,
            ModeFile::Log { op, upsert, delete } => Mode::Log { op, upsert, delete },
        };
        let dwelling = match raw.dwelling {
            None => Dwelling::None,
            Some(DwellingFile::Column(column)) => Dwelling::Reference(column),
            Some(DwellingFile::Row) => Dwelling::Row,
        };
        let mut source = Source {
            file: raw.source.file,
            form: SourceForm::Table { table: String::new(), columns: Vec::new() },
            mode,
            key,
            locator: raw.source.locator,
            delete,
            version_column: raw.version_column,
            observed,
            household: raw.household,
            dwelling,
        };
        source.form = self.form(raw.source.layout, &source, &columns)?;
        self.columns_named(&source, &columns)?;
        let title = |names: Names| Title { zh: names.zh, en: names.en };
        Ok(Mapping {
            system,
            department: title(raw.department),
            form: title(raw.form),
            source,
            columns,
            parents,
        })
    }

    /// Refuses a key of the file that names a column which is none.
    fn columns_named(&self, source: &Source, columns: &[Column]) -> Result<(), MappingError> {
        let mut named: Vec<(&str, &String)> = Vec::new();
        named.extend(source.household.iter().map(|name| ("household", name)));
        if let Dwelling::Reference(name) = &source.dwelling {
            named.push(("dwelling, column", name));
        }
        if let SourceForm::File(Layout::Xlsx { fill_down, required_any, .. }) = &source.form {
            named.extend(fill_down.iter().map(|name| ("source, layout, xlsx, fill_down", name)));
            named.extend(required_any.iter().map(|name| ("source, layout, xlsx, required_any", name)));
        }
        for column in columns {
            if let Form::Code(CodeMap { section: Some(name), .. }) = &column.form {
                named.push(("columns, as, code, section", name));
            }
        }
        match named.into_iter().find(|(_, name)| !columns.iter().any(|column| column.name == **name)) {
            Some((key, name)) => {
                let reason = format!("{name} is not among the columns");
                Err(self.error(key, reason, "name a column of this mapping"))
            }
            None => Ok(()),
        }
    }

    fn key(&self, raw: KeyFile, columns: &[Column]) -> Result<Key, MappingError> {
        let identity = match raw {
            KeyFile::Column(column) => return Ok(Key::Column(column)),
            KeyFile::Identity(identity) => identity,
        };
        let mut found = Vec::new();
        for name in identity {
            let Some(column) = columns.iter().find(|column| column.name == name) else {
                let reason = format!("{name} is not among the columns");
                return Err(self.error("key, identity", reason, "name columns of this mapping"));
            };
            let names = matches!(column.form, Form::Name(_) | Form::CitizenId { .. });
            found.push(IdentityColumn { name, names });
        }
        if found.len() < 2 || !found.iter().any(|column| column.names) {
            let reason = "too few columns to tell rows apart";
            return Err(self.error(
                "key, identity",
                reason,
                "name two or more, one of them a name or an id number",
            ));
        }
        Ok(Key::Identity(found))
    }

    fn observed(&self, raw: ObservedFile) -> Result<Observed, MappingError> {
        let time = |text: &str| {
            observed::of_text(text).ok_or_else(|| {
                let reason = format!("{text} is no date");
                self.error("observed", reason, "write a date such as 2026-10-31, or a time with its offset")
            })
        };
        Ok(match raw {
            ObservedFile::Column { column, otherwise } => {
                let otherwise: Option<Timestamp> = otherwise.as_deref().map(time).transpose()?;
                Observed::Column { column, otherwise }
            }
            ObservedFile::Title { month: Some(month) } if !(1..=12).contains(&month) => {
                return Err(self.error("observed, title, month", "there is no such month", "write 1 to 12"));
            }
            ObservedFile::Title { month } => Observed::Title { month },
            ObservedFile::Attribute(name) => Observed::Attribute(name),
            ObservedFile::Constant(text) => Observed::Constant(time(&text)?),
        })
    }

    /// The layout, with every column that the mapping looks at.
    fn form(&self, raw: LayoutFile, source: &Source, columns: &[Column]) -> Result<SourceForm, MappingError> {
        let names = || {
            let mut names: Vec<String> = Vec::new();
            let of_row = source.row_columns().into_iter().map(str::to_owned);
            for name in of_row.chain(columns.iter().map(|column| column.name.clone())) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        };
        Ok(match raw {
            LayoutFile::Csv { encoding, separator } => {
                let separator = u8::try_from(separator).ok().filter(u8::is_ascii).ok_or_else(|| {
                    let reason = format!("{separator} is not one ASCII character");
                    self.error("source, layout, csv, separator", reason, "write , or ; or a tab")
                })?;
                SourceForm::File(Layout::Csv { encoding, separator })
            }
            LayoutFile::Xlsx { sheet, header_row, fill_down, required_any } => {
                SourceForm::File(Layout::Xlsx { sheet, header_row, fill_down, required_any })
            }
            LayoutFile::Ndjson => SourceForm::File(Layout::Ndjson { columns: names() }),
            LayoutFile::Xml { row } => SourceForm::File(Layout::Xml { row, columns: names() }),
            LayoutFile::Sqlite { table } => SourceForm::Table { table, columns: names() },
        })
    }

    fn column(
        &self,
        raw: ColumnFile,
        system: SystemId,
        scope: Option<&Scope>,
        says_nothing: &[Box<str>],
        parents: &mut Parents,
    ) -> Result<Column, MappingError> {
        let key = |what: &str| format!("columns, {}, {what}", raw.column);
        let element = self.dictionary.by_id(&raw.element).ok_or_else(|| {
            let reason = format!("the dictionary has no element {}", raw.element);
            self.error(key("element"), reason, "use an id of schemas/dictionary, or add the element there")
        })?;
        let class = match raw.class {
            ClassFile::Lossless => Class::Lossless,
            ClassFile::Lossy => Class::Lossy,
            ClassFile::Derived => Class::Derived,
        };
        let write = match raw.write {
            _ if !element.shared => Write::Never,
            WriteFile::Correct => Write::Correct,
            WriteFile::Complete => Write::Complete,
            WriteFile::Never => Write::Never,
        };
        if !raw.derive.is_empty() && class != Class::Derived {
            let hint = "make the class derived, or drop the rules";
            return Err(self.error(key("derive"), "only a derived column is computed", hint));
        }
        let mut derive = Vec::new();
        for rule in raw.derive {
            let (when, list) = self.coded(&rule.when).ok_or_else(|| {
                let reason = format!("{} is no element with codes", rule.when);
                self.error(key("derive, when"), reason, "name an element whose type is code or codes")
            })?;
            for code in &rule.is {
                if list.code(code).is_none() {
                    let reason = format!("the code list {} has no code {code}", list.name());
                    return Err(self.error(key("derive, is"), reason, "use codes of the element's list"));
                }
            }
            for code in list.codes() {
                for above in list.ancestors(&code.code) {
                    parents.0.push((when.number, code.code.clone(), above.code.clone()));
                }
            }
            derive.push(Derive { text: rule.write, when: when.number, codes: rule.is });
        }
        let form = self
            .column_form(raw.form, element, system, scope)
            .map_err(|(reason, hint)| self.error(key("as"), reason, hint))?;
        Ok(Column {
            element: element.number,
            entity: element.entity,
            class,
            write,
            form,
            derive,
            keep: raw.keep,
            chars_max: raw.chars_max,
            says_nothing: raw.says_nothing.unwrap_or_else(|| says_nothing.to_vec()),
            name: raw.column,
        })
    }

    fn coded(&self, id: &str) -> Option<(&Element, &CodeList)> {
        let element = self.dictionary.by_id(id)?;
        Some((element, self.dictionary.codes_of(element.number)?))
    }

    fn column_form(
        &self,
        raw: FormFile,
        element: &Element,
        system: SystemId,
        scope: Option<&Scope>,
    ) -> Result<Form, (String, &'static str)> {
        let list = || {
            self.dictionary.codes_of(element.number).ok_or_else(|| {
                (format!("{} has no code list", element.id), "use the form of the element's type")
            })
        };
        let scope = scope.cloned();
        let (form, holds) = match raw {
            FormFile::Text => (Form::Text, ValueType::Text),
            FormFile::Account { separator } => (Form::Account { separator }, ValueType::Text),
            FormFile::Name(style) => (Form::Name(style), ValueType::Name),
            FormFile::CitizenId(style) => {
                let zeros = if element.authority.contains(&system) { Zeros::Own } else { Zeros::Doubted };
                (Form::CitizenId { style, zeros }, ValueType::CitizenId)
            }
            FormFile::Date(style) => (Form::Date(style), ValueType::Date),
            FormFile::Phones(style) => (Form::Phones(style), ValueType::Phones),
            FormFile::Decimal(style) => (Form::Decimal(style), ValueType::Decimal),
            FormFile::Integer(style) => (Form::Integer(style), ValueType::Integer),
            FormFile::Address(style) => {
                let full = address::Style { from: address::Style::default().from, ..style.clone() };
                (Form::Address { style, full, scope }, ValueType::Address)
            }
            FormFile::Division(style) => (Form::Division { style, scope }, ValueType::Division),
            FormFile::Grid(style) => (Form::Grid(style), ValueType::Grid),
            FormFile::Reference => (Form::Reference(system), ValueType::Reference),
            FormFile::Code(codes) => (Form::Code(CodeMap::new(codes, list()?)?), ValueType::Code),
            FormFile::Codes(codes) => (Form::Codes(CodeMap::new(codes, list()?)?), ValueType::Codes),
            FormFile::Score(bands) => {
                let list = list()?;
                if let Some(band) = bands.iter().find(|band| list.code(&band.code).is_none()) {
                    let reason = format!("the code list {} has no code {}", list.name(), band.code);
                    return Err((reason, "use codes of the element's list"));
                }
                let band = |band: BandFile| Band { from: band.from, to: band.to, code: band.code };
                (Form::Score(bands.into_iter().map(band).collect()), ValueType::Code)
            }
        };
        if holds != element.value_type {
            let reason = format!("{} is of type {}", element.id, element.value_type.name());
            return Err((reason, "use the form of the element's type"));
        }
        Ok(form)
    }
}
