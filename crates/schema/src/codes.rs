//! Code lists: the canonical codes of an element, which code refines which, and the dialects that departments write.
//!
//! **Invariant:** within a list, codes are distinct and the parents form a forest.

use crate::{DictionaryError, read_yaml};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A code list in its canonical edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeList {
    name: String,
    zh: String,
    en: String,
    standard: String,
    edition: String,
    source: String,
    codes: Vec<Code>,
    places: BTreeMap<Box<str>, usize>,
    dialects: Vec<Dialect>,
}

/// One code of a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The code, as it is stored.
    pub code: Box<str>,
    /// Its meaning, Chinese.
    pub zh: Box<str>,
    /// Its meaning, English.
    pub en: Box<str>,
    /// The coarser code that it refines.
    #[serde(default)]
    pub parent: Option<Box<str>>,
    /// What else a reader should know.
    #[serde(default)]
    pub note: Option<Box<str>>,
}

/// Another edition of a list, or a department's own way with it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// Its name in mappings.
    pub id: Box<str>,
    /// Its name, Chinese.
    pub zh: Box<str>,
    /// Where it comes from.
    pub source: Box<str>,
    map: BTreeMap<Box<str>, Box<str>>,
}

impl Dialect {
    /// The canonical code of a dialect's code, where the two differ or the dialect lists it.
    pub fn canonical(&self, code: &str) -> Option<&str> {
        self.map.get(code).map(|code| &**code)
    }

    /// What the dialect writes, and the canonical code of each.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.map.iter().map(|(from, to)| (&**from, &**to))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    list: String,
    zh: String,
    en: String,
    standard: String,
    edition: String,
    source: String,
    codes: Vec<Code>,
    #[serde(default)]
    dialects: Vec<Dialect>,
}

impl CodeList {
    /// Reads and checks a list. `file` is its name in errors.
    pub fn parse_yaml(file: &str, text: &str) -> Result<CodeList, DictionaryError> {
        let raw: RawList = read_yaml(file, text)?;
        let mut places = BTreeMap::new();
        for (at, code) in raw.codes.iter().enumerate() {
            if code.code.is_empty() || code.code.trim() != &*code.code {
                return Err(DictionaryError::new(
                    file,
                    format!("code number {}", at + 1),
                    "the code is empty or padded",
                    "write the code without spaces, in quotes",
                ));
            }
            if places.insert(code.code.clone(), at).is_some() {
                return Err(DictionaryError::new(
                    file,
                    format!("code {}", code.code),
                    "it is listed twice",
                    "keep one of the two; a code has one meaning for good",
                ));
            }
        }
        let list = CodeList {
            name: raw.list,
            zh: raw.zh,
            en: raw.en,
            standard: raw.standard,
            edition: raw.edition,
            source: raw.source,
            codes: raw.codes,
            places,
            dialects: raw.dialects,
        };
        list.check(file)?;
        Ok(list)
    }

    fn check(&self, file: &str) -> Result<(), DictionaryError> {
        for code in &self.codes {
            let key = || format!("code {}, parent", code.code);
            let mut above = code.parent.as_deref();
            let mut steps = 0;
            while let Some(parent) = above {
                steps += 1;
                let Some(parent) = self.code(parent) else {
                    let reason = format!("the list has no code {parent}");
                    return Err(DictionaryError::new(
                        file,
                        key(),
                        reason,
                        "add the coarser code, or name another",
                    ));
                };
                if steps > self.codes.len() {
                    let hint = "let the coarsest code have no parent";
                    return Err(DictionaryError::new(file, key(), "the parents run in a circle", hint));
                }
                above = parent.parent.as_deref();
            }
        }
        for dialect in &self.dialects {
            for (from, to) in dialect.pairs() {
                if self.code(to).is_none() {
                    return Err(DictionaryError::new(
                        file,
                        format!("dialect {}, code {from}", dialect.id),
                        format!("the list has no code {to}"),
                        "map it to a code of the list",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Its name in the dictionary.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name, Chinese.
    pub fn zh(&self) -> &str {
        &self.zh
    }

    /// Its name, English.
    pub fn en(&self) -> &str {
        &self.en
    }

    /// The standard that it follows.
    pub fn standard(&self) -> &str {
        &self.standard
    }

    /// The edition of that standard.
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// Where the codes were taken from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The codes, in the list's order.
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// One code.
    pub fn code(&self, code: &str) -> Option<&Code> {
        self.places.get(code).and_then(|at| self.codes.get(*at))
    }

    /// The code with that Chinese meaning.
    pub fn by_zh(&self, zh: &str) -> Option<&Code> {
        self.codes.iter().find(|code| &*code.zh == zh)
    }

    /// Other editions and dialects.
    pub fn dialects(&self) -> &[Dialect] {
        &self.dialects
    }

    /// One of them.
    pub fn dialect(&self, id: &str) -> Option<&Dialect> {
        self.dialects.iter().find(|dialect| &*dialect.id == id)
    }

    /// The coarser codes of a code, nearest first.
    pub fn ancestors<'list>(&'list self, code: &str) -> impl Iterator<Item = &'list Code> {
        let parent = |code: &Code| code.parent.as_deref().and_then(|parent| self.code(parent));
        std::iter::successors(self.code(code).and_then(parent), move |code| parent(code))
    }

    /// Whether `fine` is `coarse` or lies below it.
    pub fn refines(&self, fine: &str, coarse: &str) -> bool {
        fine == coarse || self.ancestors(fine).any(|code| &*code.code == coarse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(codes: &str) -> Result<CodeList, DictionaryError> {
        let head = "list: t\nzh: 试\nen: t\nstandard: s\nedition: '1'\nsource: s\n";
        CodeList::parse_yaml("t.yaml", &format!("{head}{codes}"))
    }

    #[track_caller]
    fn refused(codes: &str, expected: &str) {
        assert_eq!(list(codes).unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_code_refines_its_ancestors_and_no_one_else() {
        let list = list(
            "codes:\n- {code: a, zh: 甲, en: a}\n- {code: b, zh: 乙, en: b, parent: a}\n- {code: c, zh: 丙, en: c, parent: b}\n",
        )
        .unwrap();
        assert!(list.refines("c", "a") && list.refines("c", "b") && list.refines("c", "c"));
        assert!(!list.refines("a", "c") && !list.refines("b", "c") && !list.refines("x", "a"));
        assert_eq!(list.ancestors("c").map(|code| &*code.code).collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn a_code_stands_once() {
        refused(
            "codes: [{code: a, zh: 甲, en: a}, {code: a, zh: 乙, en: b}]\n",
            "cannot load t.yaml: code a: it is listed twice; keep one of the two; a code has one meaning for good",
        );
    }

    #[test]
    fn parents_exist_and_do_not_run_in_a_circle() {
        refused(
            "codes: [{code: a, zh: 甲, en: a, parent: z}]\n",
            "cannot load t.yaml: code a, parent: the list has no code z; add the coarser code, or name another",
        );
        refused(
            "codes: [{code: a, zh: 甲, en: a, parent: b}, {code: b, zh: 乙, en: b, parent: a}]\n",
            "cannot load t.yaml: code a, parent: the parents run in a circle; let the coarsest code have no parent",
        );
    }

    #[test]
    fn a_dialect_maps_to_codes_of_the_list() {
        refused(
            "codes: [{code: a, zh: 甲, en: a}]\ndialects: [{id: d, zh: 丁, source: s, map: {'1': z}}]\n",
            "cannot load t.yaml: dialect d, code 1: the list has no code z; map it to a code of the list",
        );
    }
}
