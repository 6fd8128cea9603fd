//! What the dictionary refuses, and which value refines which.

use super::*;
use crate::element;

const ELEMENT: &str = "version: 1\nelements:\n  - {number: 1, id: a, zh: 甲, en: a, entity: person, type: text, origin: FIELD, class: P, authority: []}\n";

#[track_caller]
fn refused(from: &str, to: &str, expected: &str) {
    let text = ELEMENT.replace(from, to);
    assert_ne!(text, ELEMENT, "the edit did not apply");
    assert_eq!(Dictionary::parse_yaml(("e.yaml", &text), &[]).unwrap_err().to_string(), expected);
}

#[test]
fn the_shipped_dictionary_loads() {
    let dictionary = Dictionary::parse_yaml(SHIPPED_DICTIONARY, SHIPPED_LISTS).unwrap();
    assert_eq!(dictionary.elements().len(), 47);
    let count = |class| dictionary.elements().filter(|element| element.class == class).count();
    assert_eq!([Class::Sensitive, Class::Personal, Class::Neither].map(count), [13, 22, 12]);
}

#[test]
fn every_shipped_code_list_is_used() {
    let dictionary = Dictionary::shipped();
    for list in dictionary.code_lists() {
        let used = dictionary.elements().any(|element| element.codes.as_deref() == Some(list.name()));
        assert!(used, "{}", list.name());
    }
}

#[test]
fn an_ungraded_element_does_not_load() {
    let ungraded = ELEMENT.replace(" class: P,", "");
    assert!(Dictionary::parse_yaml(("e.yaml", &ungraded), &[]).is_err());
    refused(
        "class: P",
        "class: ''",
        "cannot load e.yaml: element a, class: there is no class ; grade it P (personal), S (sensitive) or N \
         (neither)",
    );
}

#[test]
fn a_coded_element_names_a_list_that_exists() {
    refused(
        "type: text",
        "type: code",
        "cannot load e.yaml: element a, codes: a coded element has no code list; name its list",
    );
    refused(
        "type: text",
        "type: code, codes: nope",
        "cannot load e.yaml: element a, codes: there is no code list nope; add the list to schemas/codes/, or \
         name another",
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_place() {
    let text = ELEMENT.replace("class: P", "class: P, colour: red");
    let error = Dictionary::parse_yaml(("e.yaml", &text), &[]).unwrap_err().to_string();
    assert!(error.starts_with("cannot load e.yaml: line 3, column "), "{error}");
    assert!(error.contains("colour"), "{error}");
}

#[test]
fn a_number_is_given_once() {
    let second = ELEMENT.lines().last().unwrap().replace("id: a", "id: b");
    let error = Dictionary::parse_yaml(("e.yaml", &format!("{ELEMENT}{second}\n")), &[]).unwrap_err();
    assert!(error.to_string().contains("its number or its id stands twice"));
}

#[test]
fn a_value_type_is_named_as_its_values_are() {
    assert!(ValueType::Integer.holds(&Value::Integer(1)));
    assert!(!ValueType::Integer.holds(&Value::Unparsed("1".into())));
}

#[test]
fn a_grade_refines_safe_or_unsafe() {
    let code = |code: &str| Value::Code(code.into());
    let refines =
        |fine, coarse| Dictionary::shipped().refines(element::SAFETY_GRADE, &code(fine), &code(coarse));
    assert!(refines("C", "unsafe") && refines("D", "unsafe") && refines("A", "safe"));
    assert!(!refines("C", "safe") && !refines("unsafe", "C") && !refines("C", "D"));
}

#[test]
fn a_set_refines_one_whose_every_code_it_reaches() {
    let codes = |codes: &[&str]| Value::Codes(codes.iter().map(|code| (*code).into()).collect());
    let refines = |fine: &[&str], coarse: &[&str]| {
        Dictionary::shipped().refines(element::ASSISTANCE_CATEGORY, &codes(fine), &codes(coarse))
    };
    assert!(refines(&["112", "210"], &["110"]));
    assert!(refines(&["112"], &[]));
    assert!(!refines(&["112"], &["110", "210"]));
    assert!(!refines(&["110"], &["112"]));
}

#[test]
fn the_health_records_five_is_a_physical_disability() {
    let list = Dictionary::shipped().code_list("disability_type").unwrap();
    let canonical = list.dialect("health_record").unwrap().canonical("5").unwrap();
    assert_eq!(&*list.code(canonical).unwrap().zh, "肢体残疾");
    assert_eq!(&*list.code("5").unwrap().zh, "智力残疾");
}

#[test]
fn refinement_of_codes_is_an_order() {
    for list in Dictionary::shipped().code_lists() {
        let codes = || list.codes().iter().map(|code| &*code.code);
        for a in codes() {
            assert!(list.refines(a, a), "{} {a}", list.name());
            for b in codes().filter(|b| list.refines(a, b)) {
                assert!(a == b || !list.refines(b, a), "{} {a} {b}", list.name());
                for c in codes().filter(|c| list.refines(b, c)) {
                    assert!(list.refines(a, c), "{} {a} {b} {c}", list.name());
                }
            }
        }
    }
}
