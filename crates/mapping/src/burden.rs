//! How much is asked of those who fill in the forms, and how much is left to ask: `120 -> 47 -> 41 -> 14` for the six
//! forms of the demo.
//!
//! Each figure follows from the mappings and the dictionary by a rule:
//! - **items**: the columns of all forms;
//! - **elements**: the distinct elements that they hold, when nothing is asked twice;
//! - **after derivation**: those that do not follow from others ([`Origin::Derived`]);
//! - **left to key**: those that no connected department rules on *and* supplies. An element that identifies
//!   ([`Origin::Key`]) is left: it is how a record is found. One ruled by a department that is not connected
//!   ([`Origin::OutsideAuthority`]) is left, and so is what is known only in the field.
//!
//! The research behind the demo counts `120 -> 45 -> 39 -> 14`. The dictionary splits two of those elements (income
//! per month and per year, assistance and monitoring categories), because each pair is two measures and not two
//! spellings; all four have an authority among the six. So two more are distinct and none more is left to key.

use crate::column::Class;
use crate::mapping::Mapping;
use std::collections::BTreeSet;
use yibiao_record::ElementId;
use yibiao_schema::{Dictionary, Element, Origin};

/// Items asked against items left to key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burden {
    /// Columns of all forms.
    pub items: usize,
    /// Distinct elements among them.
    pub elements: usize,
    /// Those that cannot be computed from others.
    pub after_derivation: usize,
    /// Those that no connected department rules on and supplies.
    pub left_to_key: usize,
}

/// The figures for a set of forms.
pub fn burden(mappings: &[Mapping], dictionary: &Dictionary) -> Burden {
    let columns = || mappings.iter().flat_map(|mapping| &mapping.columns);
    let asked: BTreeSet<ElementId> = columns().map(|column| column.element).collect();
    let asked: Vec<&Element> = asked.into_iter().filter_map(|element| dictionary.element(element)).collect();
    let underived = || asked.iter().filter(|element| element.origin != Origin::Derived);
    let supplied = |element: &Element| {
        mappings.iter().any(|mapping| {
            element.authority.contains(&mapping.system)
                && mapping
                    .columns
                    .iter()
                    .any(|column| column.element == element.number && column.class != Class::Derived)
        })
    };
    let left = underived().filter(|element| element.origin != Origin::Authority || !supplied(element));
    Burden {
        items: columns().count(),
        elements: asked.len(),
        after_derivation: underived().count(),
        left_to_key: left.count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn six() -> Vec<Mapping> {
        Mapping::shipped().to_vec()
    }

    fn figures(mappings: &[Mapping]) -> [usize; 4] {
        let burden = burden(mappings, Dictionary::shipped());
        [burden.items, burden.elements, burden.after_derivation, burden.left_to_key]
    }

    #[test]
    fn the_six_forms_ask_120_items_and_14_elements_are_left_to_key() {
        assert_eq!(figures(&six()), [120, 47, 41, 14]);
    }

    #[test]
    fn the_figures_follow_a_column_that_is_dropped() {
        let without = |system: &str, column: &str| {
            let mut mappings = six();
            for mapping in mappings.iter_mut().filter(|mapping| mapping.system().as_str() == system) {
                mapping.columns.retain(|other| other.name() != column);
            }
            figures(&mappings)
        };
        // Asked elsewhere too.
        assert_eq!(without("NY", "姓名"), [119, 47, 41, 14]);
        // Asked nowhere else, ruled by the department that no longer asks.
        assert_eq!(without("ZJ", "area_m2"), [119, 46, 40, 14]);
        // Asked nowhere else, known only in the field.
        assert_eq!(without("GA", "WHCDDM"), [119, 47, 41, 14]);
        // Its authority no longer supplies it, and another form still asks.
        assert_eq!(without("ZJ", "structure"), [119, 47, 41, 15]);
    }

    #[test]
    fn a_single_form_leaves_what_its_own_department_does_not_rule_on() {
        let ga: Vec<_> = six().into_iter().filter(|mapping| mapping.system().as_str() == "GA").collect();
        let figures = figures(&ga);
        assert_eq!(figures[..2], [18, 18]);
        assert!(figures[3] < figures[2]);
    }
}
