//! The minimum-necessary table and the mappings speak of the same forms.

#![cfg(test)]

use std::collections::BTreeSet;
use yibiao_mapping::Mapping;
use yibiao_policy::Limits;
use yibiao_record::ElementId;
use yibiao_schema::Dictionary;

fn names(elements: impl Iterator<Item = ElementId>) -> BTreeSet<String> {
    elements.map(|number| Dictionary::shipped().element(number).unwrap().id.to_string()).collect()
}

#[test]
fn what_a_departments_form_asks_for_is_what_its_mapping_reads() {
    for mapping in Mapping::shipped() {
        let own = &Limits::shipped().department(mapping.system()).unwrap().own;
        let read = names(mapping.columns().iter().map(|column| column.element()));
        assert_eq!(names(own.iter().copied()), read, "{}", mapping.system());
    }
}

#[test]
fn every_department_of_the_table_with_a_form_has_a_mapping() {
    let with_a_form = Limits::shipped().departments().filter(|(_, row)| !row.own.is_empty());
    let limited: BTreeSet<_> = with_a_form.map(|(system, _)| system).collect();
    let mapped: BTreeSet<_> = Mapping::shipped().iter().map(Mapping::system).collect();
    assert_eq!(limited, mapped);
}
