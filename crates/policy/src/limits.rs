//! What each department may be given at most.

use crate::rule::{read_yaml, version_error};
use crate::{Flag, PolicyError, Refusal, RuleId};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use yibiao_record::{ElementId, SystemId};
use yibiao_schema::Dictionary;

/// The minimum-necessary table: one row per department.
#[derive(Clone, Debug)]
pub struct Limits {
    departments: BTreeMap<SystemId, Department>,
}

/// A department's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its name, Chinese.
    pub zh: String,
    /// The matter that it works on.
    pub matter: String,
    /// Basic (基本), in cooperation (配合), or withdrawn to a higher level (收回).
    pub kind: String,
    /// The elements that its own form asks for.
    pub own: BTreeSet<ElementId>,
    /// The elements that it may be given beyond those.
    pub grants: BTreeSet<ElementId>,
    /// The answers that it may be given in place of the facts behind them.
    pub flags: BTreeSet<Flag>,
    /// What it is never given, each with the group's name and the purpose that lifts the refusal, where one does.
    pub refused: BTreeMap<ElementId, (String, Option<String>)>,
    /// The elements that it is given masked only.
    pub masked: BTreeSet<ElementId>,
    /// Whether it may be told which source records an entity is made of.
    pub members: bool,
    /// The longest that a subscription of it may run, in days.
    pub longest_days: Option<u32>,
    /// Whether what was delivered must be destroyed when the subscription ends.
    pub destroy: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    version: u32,
    groups: BTreeMap<String, Vec<String>>,
    departments: Vec<RawDepartment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDepartment {
    department: String,
    zh: String,
    matter: String,
    kind: String,
    own: Vec<String>,
    grants: Vec<String>,
    #[serde(default)]
    flags: Vec<Flag>,
    #[serde(default)]
    masked: Vec<String>,
    #[serde(default)]
    members: bool,
    #[serde(default)]
    longest_days: Option<u32>,
    #[serde(default)]
    destroy: bool,
    refused: Vec<RawRefused>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRefused {
    group: String,
    #[serde(default)]
    unless_purpose: Option<String>,
}

impl Limits {
    /// The table that ships with this version.
    pub fn shipped() -> &'static Limits {
        static SHIPPED: OnceLock<Limits> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            Limits::parse_yaml(
                "schemas/policy/limits.v1.yaml",
                include_str!("../../../schemas/policy/limits.v1.yaml"),
                Dictionary::shipped(),
            )
            .expect("invariant: the shipped limits load, which a test checks")
        })
    }

    /// Reads and checks a table. `file` is its name in errors.
    pub fn parse_yaml(file: &str, text: &str, dictionary: &Dictionary) -> Result<Limits, PolicyError> {
        let raw: RawLimits = read_yaml(file, text)?;
        if raw.version != 1 {
            return Err(version_error(file, raw.version));
        }
        let mut reader = Reader { dictionary, refusals: Vec::new() };
        let groups: BTreeMap<String, Vec<ElementId>> = raw
            .groups
            .into_iter()
            .map(|(name, ids)| {
                let elements = reader.elements(&format!("group {name}"), &ids);
                (name, elements)
            })
            .collect();
        let mut departments = BTreeMap::new();
        for raw in raw.departments {
            let key = format!("department {}", raw.department);
            match SystemId::new(&raw.department) {
                Err(error) => {
                    reader.refuse(RuleId::Form, &key, error.to_string(), "use the system's short name")
                }
                Ok(system) => {
                    let row = reader.department(&key, raw, &groups);
                    if departments.insert(system, row).is_some() {
                        reader.refuse(
                            RuleId::DoubleId,
                            &key,
                            "it has two rows".into(),
                            "merge them into one",
                        );
                    }
                }
            }
        }
        if reader.refusals.is_empty() {
            Ok(Limits { departments })
        } else {
            Err(PolicyError { file: file.to_owned(), refusals: reader.refusals })
        }
    }

    /// A department's row.
    pub fn department(&self, system: SystemId) -> Option<&Department> {
        self.departments.get(&system)
    }

    /// All rows, by system.
    pub fn departments(&self) -> impl Iterator<Item = (SystemId, &Department)> {
        self.departments.iter().map(|(system, row)| (*system, row))
    }
}

struct Reader<'dictionary> {
    dictionary: &'dictionary Dictionary,
    refusals: Vec<Refusal>,
}

impl Reader<'_> {
    fn refuse(&mut self, rule: RuleId, key: &str, reason: String, hint: &'static str) {
        self.refusals.push(Refusal { rule, key: key.to_owned(), reason, hint });
    }

    fn elements<C: FromIterator<ElementId>>(&mut self, key: &str, ids: &[String]) -> C {
        let mut found = Vec::new();
        for id in ids {
            match self.dictionary.by_id(id) {
                Some(element) => found.push(element.number),
                None => self.refuse(
                    RuleId::UngradedElement,
                    key,
                    format!("the dictionary has no element {id}"),
                    "name an element of schemas/dictionary/",
                ),
            }
        }
        found.into_iter().collect()
    }

    fn department(
        &mut self,
        key: &str,
        raw: RawDepartment,
        groups: &BTreeMap<String, Vec<ElementId>>,
    ) -> Department {
        let mut refused = BTreeMap::new();
        for RawRefused { group, unless_purpose } in raw.refused {
            match groups.get(&group) {
                None => {
                    let reason = format!("there is no group {group}");
                    self.refuse(RuleId::Form, &format!("{key}, refused"), reason, "define it under `groups`");
                }
                Some(elements) => {
                    let of = |element: &ElementId| (*element, (group.clone(), unless_purpose.clone()));
                    refused.extend(elements.iter().map(of));
                }
            }
        }
        Department {
            own: self.elements(&format!("{key}, own"), &raw.own),
            grants: self.elements(&format!("{key}, grants"), &raw.grants),
            masked: self.elements(&format!("{key}, masked"), &raw.masked),
            zh: raw.zh,
            matter: raw.matter,
            kind: raw.kind,
            flags: raw.flags.into_iter().collect(),
            refused,
            members: raw.members,
            longest_days: raw.longest_days,
            destroy: raw.destroy,
        }
    }
}
