//! The elements: what each means, its type and code list, who rules on it, and how it is graded.

use crate::{CodeList, DictionaryError, read_yaml};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use yibiao_record::{ElementId, EntityKind, SystemId, Value};

/// How an element is graded. There is no default: an element without a class does not load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Says nothing about a person by itself.
    Neither,
    /// Personal information.
    Personal,
    /// Sensitive personal information (PIPL art. 28): may leave only on a stated legal basis.
    Sensitive,
}

impl Class {
    /// The name, as in schemas and reports.
    pub fn name(self) -> &'static str {
        match self {
            Class::Neither => "neither",
            Class::Personal => "personal",
            Class::Sensitive => "sensitive",
        }
    }
}

/// Where an element's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// It identifies its subject.
    Key,
    /// A department among the connected ones rules on it.
    Authority,
    /// A department that is not connected rules on it.
    OutsideAuthority,
    /// It follows from other elements, so nobody need be asked.
    Derived,
    /// It is known only in the field.
    Field,
}

/// The type of an element's values, as [`Value`] has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// [`Value::Text`]
    Text,
    /// [`Value::Name`]
    Name,
    /// [`Value::Code`]
    Code,
    /// [`Value::Codes`]
    Codes,
    /// [`Value::Date`]
    Date,
    /// [`Value::Decimal`]
    Decimal,
    /// [`Value::Integer`]
    Integer,
    /// [`Value::Bool`]
    Boolean,
    /// [`Value::Id`]
    CitizenId,
    /// [`Value::Phones`]
    Phones,
    /// [`Value::Address`]
    Address,
    /// [`Value::Division`]
    Division,
    /// [`Value::Grid`]
    Grid,
    /// [`Value::Reference`]
    Reference,
}

impl ValueType {
    /// The name, as [`Value::type_name`] gives it.
    pub fn name(self) -> &'static str {
        match self {
            ValueType::Text => "text",
            ValueType::Name => "name",
            ValueType::Code => "code",
            ValueType::Codes => "codes",
            ValueType::Date => "date",
            ValueType::Decimal => "decimal",
            ValueType::Integer => "integer",
            ValueType::Boolean => "boolean",
            ValueType::CitizenId => "citizen_id",
            ValueType::Phones => "phones",
            ValueType::Address => "address",
            ValueType::Division => "division",
            ValueType::Grid => "grid",
            ValueType::Reference => "reference",
        }
    }

    /// Whether a value is of this type. [`Value::Unparsed`] is of none.
    pub fn holds(self, value: &Value) -> bool {
        self.name() == value.type_name()
    }
}

/// One element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its permanent number.
    pub number: ElementId,
    /// Its name in mappings, schemas and subscriptions.
    pub id: String,
    /// Its name, Chinese.
    pub zh: String,
    /// Its name, English.
    pub en: String,
    /// What it is about.
    pub entity: EntityKind,
    /// The type of its values.
    pub value_type: ValueType,
    /// The code list of its values, where they are codes.
    pub codes: Option<String>,
    /// The unit of its values, where they have one.
    pub unit: Option<String>,
    /// Where its values come from.
    pub origin: Origin,
    /// How it is graded.
    pub class: Class,
    /// Who rules on it, first rank first; none: the most recent observation rules.
    pub authority: Vec<SystemId>,
    /// Whether a department's own value may be replaced by another's.
    pub shared: bool,
    /// What else a reader should know.
    pub note: Option<String>,
}

/// All elements and code lists.
#[derive(Clone, Debug)]
pub struct Dictionary {
    version: u32,
    elements: Vec<Element>,
    by_id: BTreeMap<String, usize>,
    /// Sorted by name.
    lists: Vec<CodeList>,
    /// For each element, the place of its code list.
    list_of: Vec<Option<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDictionary {
    version: u32,
    elements: Vec<RawElement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawElement {
    number: u16,
    id: String,
    zh: String,
    en: String,
    entity: String,
    #[serde(rename = "type")]
    value_type: ValueType,
    #[serde(default)]
    codes: Option<String>,
    #[serde(default)]
    unit: Option<String>,
    origin: String,
    class: String,
    authority: Vec<String>,
    #[serde(default = "yes")]
    shared: bool,
    #[serde(default)]
    note: Option<String>,
}

fn yes() -> bool {
    true
}

macro_rules! shipped_lists {
    ($($name:literal),* $(,)?) => {
        &[$((
            concat!("schemas/codes/", $name, ".yaml"),
            include_str!(concat!("../../../schemas/codes/", $name, ".yaml")),
        )),*]
    };
}

const SHIPPED_DICTIONARY: (&str, &str) =
    ("schemas/dictionary/elements.v1.yaml", include_str!("../../../schemas/dictionary/elements.v1.yaml"));

const SHIPPED_LISTS: &[(&str, &str)] = shipped_lists![
    "assistance",
    "disability_level",
    "disability_type",
    "education",
    "ethnicity",
    "hazard_status",
    "health_status",
    "house_structure",
    "house_use",
    "icd10",
    "kinship",
    "living_arrangement",
    "marital_status",
    "monitor_category",
    "return_risk",
    "safety_grade",
    "self_care",
    "sex",
];

impl Dictionary {
    /// The dictionary that ships with this version.
    pub fn shipped() -> &'static Dictionary {
        static SHIPPED: OnceLock<Dictionary> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            Dictionary::parse_yaml(SHIPPED_DICTIONARY, SHIPPED_LISTS)
                .expect("invariant: the shipped dictionary loads, which a test checks")
        })
    }

    /// Reads and checks a dictionary and its code lists, each given as file name and text.
    pub fn parse_yaml(elements: (&str, &str), lists: &[(&str, &str)]) -> Result<Dictionary, DictionaryError> {
        let mut read = BTreeMap::new();
        for (file, text) in lists {
            let list = CodeList::parse_yaml(file, text)?;
            if let Some(list) = read.insert(list.name().to_owned(), list) {
                let reason = format!("the list {} is given twice", list.name());
                return Err(DictionaryError::new(file, "list", reason, "give each list one file"));
            }
        }
        let (file, text) = elements;
        let raw: RawDictionary = read_yaml(file, text)?;
        let mut elements =
            raw.elements.into_iter().map(|raw| raw.check(file, &read)).collect::<Result<Vec<_>, _>>()?;
        elements.sort_by_key(|element| element.number);
        let mut by_id = BTreeMap::new();
        for (at, element) in elements.iter().enumerate() {
            let same_number =
                at > 0 && elements.get(at - 1).is_some_and(|last| last.number == element.number);
            if same_number || by_id.insert(element.id.clone(), at).is_some() {
                return Err(DictionaryError::new(
                    file,
                    format!("element {}", element.id),
                    "its number or its id stands twice",
                    "give a new element the next free number and an id of its own; neither is ever used again",
                ));
            }
        }
        let lists: Vec<CodeList> = read.into_values().collect();
        let place = |name: &str| lists.binary_search_by(|list| list.name().cmp(name)).ok();
        let list_of = elements.iter().map(|element| element.codes.as_deref().and_then(place)).collect();
        Ok(Dictionary { version: raw.version, elements, by_id, lists, list_of })
    }

    /// Its version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The elements, in the order of their numbers.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = &Element> {
        self.elements.iter()
    }

    /// The element of that number.
    pub fn element(&self, number: ElementId) -> Option<&Element> {
        self.place(number).and_then(|at| self.elements.get(at))
    }

    fn place(&self, number: ElementId) -> Option<usize> {
        // Numbers are dense but for what was retired, so that an element stands at its number or before.
        let guess = usize::from(number.0).checked_sub(1)?;
        if self.elements.get(guess).is_some_and(|element| element.number == number) {
            return Some(guess);
        }
        self.elements.binary_search_by_key(&number, |element| element.number).ok()
    }

    /// The element of that id.
    pub fn by_id(&self, id: &str) -> Option<&Element> {
        self.by_id.get(id).and_then(|at| self.elements.get(*at))
    }

    /// The code lists, by name.
    pub fn code_lists(&self) -> impl Iterator<Item = &CodeList> {
        self.lists.iter()
    }

    /// The code list of that name.
    pub fn code_list(&self, name: &str) -> Option<&CodeList> {
        self.lists.iter().find(|list| list.name() == name)
    }

    /// The code list of an element's values.
    pub fn codes_of(&self, element: ElementId) -> Option<&CodeList> {
        (*self.list_of.get(self.place(element)?)?).and_then(|at| self.lists.get(at))
    }

    /// Whether `fine` says everything that `coarse` says, or more: [`Value::refines`], and a code refines its
    /// ancestors in the element's code list.
    pub fn refines(&self, element: ElementId, fine: &Value, coarse: &Value) -> bool {
        let below = |fine: &str, coarse: &str| {
            fine == coarse || self.codes_of(element).is_some_and(|list| list.refines(fine, coarse))
        };
        match (fine, coarse) {
            (Value::Code(fine), Value::Code(coarse)) => below(fine, coarse),
            (Value::Codes(fine), Value::Codes(coarse)) => {
                coarse.iter().all(|coarse| fine.iter().any(|fine| below(fine, coarse)))
            }
            (fine, coarse) => fine.refines(coarse),
        }
    }
}

impl RawElement {
    fn check(self, file: &str, lists: &BTreeMap<String, CodeList>) -> Result<Element, DictionaryError> {
        let wrong = |key: &str, reason: String, hint: &'static str| {
            DictionaryError::new(file, format!("element {}, {key}", self.id), reason, hint)
        };
        let entity = EntityKind::by_name(&self.entity).ok_or_else(|| {
            wrong(
                "entity",
                format!("there is no entity {}", self.entity),
                "write person, household or dwelling",
            )
        })?;
        let origin = match self.origin.as_str() {
            "KEY" => Origin::Key,
            "AUTH" => Origin::Authority,
            "AUTHX" => Origin::OutsideAuthority,
            "DERIVED" => Origin::Derived,
            "FIELD" => Origin::Field,
            other => {
                let hint = "write KEY, AUTH, AUTHX, DERIVED or FIELD";
                return Err(wrong("origin", format!("there is no origin {other}"), hint));
            }
        };
        let class = match self.class.as_str() {
            "P" => Class::Personal,
            "S" => Class::Sensitive,
            "N" => Class::Neither,
            other => {
                let hint = "grade it P (personal), S (sensitive) or N (neither)";
                return Err(wrong("class", format!("there is no class {other}"), hint));
            }
        };
        let authority =
            self.authority.iter().map(|name| SystemId::new(name)).collect::<Result<Vec<_>, _>>().map_err(
                |error| wrong("authority", error.to_string(), "name the systems as the configuration does"),
            )?;
        let coded = matches!(self.value_type, ValueType::Code | ValueType::Codes);
        match &self.codes {
            None if coded => {
                return Err(wrong("codes", "a coded element has no code list".into(), "name its list"));
            }
            Some(list) if coded && !lists.contains_key(list) => {
                let reason = format!("there is no code list {list}");
                return Err(wrong("codes", reason, "add the list to schemas/codes/, or name another"));
            }
            Some(_) if !coded => {
                let reason = format!("a {} has no code list", self.value_type.name());
                return Err(wrong("codes", reason, "remove the key, or make the type code or codes"));
            }
            _ => {}
        }
        Ok(Element {
            number: ElementId(self.number),
            id: self.id,
            zh: self.zh,
            en: self.en,
            entity,
            value_type: self.value_type,
            codes: self.codes,
            unit: self.unit,
            origin,
            class,
            authority,
            shared: self.shared,
            note: self.note,
        })
    }
}

#[cfg(test)]
mod tests;
