//! What a column writes for each canonical code, and back.
//!
//! **Invariant:** a text that no spelling knows is [`Unmapped`]: it is never guessed, and its row goes to the
//! quarantine.
//! **Invariant:** within a spelling, texts and codes match one to one, so what is written is read as it was.

use crate::file::{CodeFile, SpellingFile};
use crate::normal::{Reading, codes, flag, text};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use yibiao_format::Cell;
use yibiao_record::Value;
use yibiao_schema::CodeList;

type Lookup<V> = HashMap<Box<str>, V, FxBuildHasher>;

/// A text that the code map does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unmapped;

/// How a column spells the codes of a list.
#[derive(Clone, Debug)]
pub(crate) struct CodeMap {
    edition: String,
    /// Text to code, and which spelling it belongs to.
    read: Lookup<(Box<str>, usize)>,
    /// Code to text, by spelling.
    write: Vec<Lookup<Box<str>>>,
    /// The coarser codes of each code, nearest first.
    ancestors: Lookup<Vec<Box<str>>>,
    /// The codes of a yes and of a no.
    flags: Option<(Box<str>, Box<str>)>,
    pub(crate) separator: Box<str>,
    pub(crate) number: bool,
    pub(crate) section: Option<String>,
}

impl CodeMap {
    /// Checks the written form against the list. The error says what is wrong and what to do.
    pub(crate) fn new(file: CodeFile, list: &CodeList) -> Result<CodeMap, (String, &'static str)> {
        let mut map = CodeMap {
            edition: file.edition,
            read: Lookup::default(),
            write: Vec::new(),
            ancestors: Lookup::default(),
            flags: file.flags.map(|flags| (flags.yes, flags.no)),
            separator: file.separator.unwrap_or_else(|| ",".into()),
            number: file.number,
            section: file.section,
        };
        for code in list.codes() {
            let above: Vec<_> = list.ancestors(&code.code).map(|code| code.code.clone()).collect();
            if !above.is_empty() {
                map.ancestors.insert(code.code.clone(), above);
            }
        }
        for (at, spelling) in file.spellings.iter().enumerate() {
            map.add_spelling(at, spelling, list)?;
        }
        if map.write.iter().all(|spelling| spelling.is_empty()) {
            return Err((
                "it spells no code".into(),
                "give at least one spelling with codes, names or values",
            ));
        }
        if let Some((yes, no)) = &map.flags {
            known(list, yes)?;
            known(list, no)?;
        }
        for (local, code) in file.also {
            known(list, &code)?;
            map.read.entry(text::key(&local).into()).or_insert((code, 0));
        }
        Ok(map)
    }

    fn add_spelling(
        &mut self,
        at: usize,
        spelling: &SpellingFile,
        list: &CodeList,
    ) -> Result<(), (String, &'static str)> {
        // Values go first, so that the rules below leave alone what they settle.
        let mut pairs: Vec<(Box<str>, Box<str>)> =
            spelling.values.iter().map(|(local, code)| (local.clone(), code.clone())).collect();
        if let Some(id) = &spelling.dialect {
            let dialect = list.dialect(id).ok_or_else(|| {
                (format!("the code list {} has no dialect {id}", list.name()), "name one that the list has")
            })?;
            pairs.extend(dialect.pairs().map(|(local, code)| (local.into(), code.into())));
        }
        let settled = pairs.len();
        for code in list.codes() {
            let name = spelling.without.as_deref().and_then(|end| code.zh.strip_suffix(end));
            let name = name.filter(|name| !name.is_empty()).map_or_else(|| code.zh.clone(), Box::from);
            let locals = [(spelling.codes, code.code.clone()), (spelling.names, name)];
            for local in locals.into_iter().filter_map(|(wanted, local)| wanted.then_some(local)) {
                let taken = pairs.iter().take(settled).any(|(from, to)| *from == local || *to == code.code);
                if !taken {
                    pairs.push((local, code.code.clone()));
                }
            }
        }
        let mut write = Lookup::default();
        for (local, code) in pairs {
            known(list, &code)?;
            if write.insert(code.clone(), local.clone()).is_some() {
                let hint = "keep the one that is written, and list the other under also";
                return Err((format!("code {code} has two spellings"), hint));
            }
            let key = text::key(&local);
            if key != *local {
                self.read.entry(key.into()).or_insert((code.clone(), at));
            }
            if self.read.get(&local).is_some_and(|(other, _)| *other != code) {
                return Err((format!("{local} stands for two codes"), "let each text mean one code"));
            }
            self.read.entry(local).or_insert((code, at));
        }
        self.write.push(write);
        Ok(())
    }

    /// The code list's edition that the column follows.
    pub(crate) fn edition(&self) -> &str {
        &self.edition
    }

    /// The code of a trimmed text, and the spelling that it belongs to.
    pub(crate) fn read(&self, local: &str) -> Result<(&str, usize), Unmapped> {
        if let Some((code, spelling)) = self.read.get(local) {
            return Ok((code, *spelling));
        }
        self.read.get(&*text::key(local)).map(|(code, spelling)| (&**code, *spelling)).ok_or(Unmapped)
    }

    /// The code of a cell that says yes or no, where the column does.
    pub(crate) fn read_flag(&self, cell: &Cell) -> Result<&str, Unmapped> {
        let (yes, no) = self.flags.as_ref().ok_or(Unmapped)?;
        match flag::parse(cell) {
            Ok(Some(Reading { value: Value::Bool(truth), .. })) => Ok(if truth { yes } else { no }),
            _ => Err(Unmapped),
        }
    }

    /// The codes of a cell that may hold several: sorted, without repeats.
    pub(crate) fn read_set(&self, cell: &str) -> Result<Vec<Box<str>>, Unmapped> {
        let mut found = Vec::new();
        for item in codes::split(cell) {
            found.push(self.read(item)?.0.into());
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Which spelling a cell keeps to, where it tells.
    pub(crate) fn spelling_of(&self, local: &str) -> Option<usize> {
        if self.write.len() < 2 {
            return None;
        }
        self.read(local).ok().map(|(_, spelling)| spelling)
    }

    /// The text for a code in a spelling; where `coarser` allows it, that of its nearest coarser code.
    pub(crate) fn write(&self, code: &str, spelling: usize, coarser: bool) -> Option<&str> {
        let texts = self.write.get(spelling).or_else(|| self.write.first())?;
        let above = self.ancestors.get(code).filter(|_| coarser);
        std::iter::once(code)
            .chain(above.into_iter().flatten().map(|code| &**code))
            .find_map(|code| texts.get(code).map(|text| &**text))
    }

    /// Whether `fine` is `coarse` or lies below it.
    pub(crate) fn refines(&self, fine: &str, coarse: &str) -> bool {
        fine == coarse
            || self.ancestors.get(fine).is_some_and(|above| above.iter().any(|code| **code == *coarse))
    }
}

fn known(list: &CodeList, code: &str) -> Result<(), (String, &'static str)> {
    match list.code(code) {
        Some(_) => Ok(()),
        None => {
            let reason = format!("the code list {} has no code {code}", list.name());
            Err((reason, "map to a code of the list, or add the code to schemas/codes/"))
        }
    }
}
