//! Rulings of stewards as labels: they move what is learnt, and judge what was learnt.

use super::Labels;
use crate::features::Features;
use crate::model::Model;
use crate::plan::{Plan, SpecError};
use crate::score::{Scorer, Values};
use crate::spec::Spec;

/// A ruling on two records.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// The one record.
    pub left: &'a Features,
    /// The other.
    pub right: &'a Features,
    /// They are one entity; else they are two.
    pub linked: bool,
}

/// How a model stands to rulings, pair by pair.
pub(super) fn judge(spec: &Spec, model: &Model, labels: &[Label<'_>]) -> Result<Labels, SpecError> {
    let plan = Plan::new(spec, model)?;
    let (mut values, mut scorer) = (Values::new(&plan), Scorer::new(&plan));
    let mut judged = Labels::default();
    for label in labels {
        let (left, right) = (values.pack(&plan, label.left), values.pack(&plan, label.right));
        let weight = scorer.score(&plan, &values, &left, &right).weight;
        if label.linked {
            judged.linked += 1;
            judged.linked_below += u64::from(weight < plan.cuts.review);
        } else {
            judged.parted += 1;
            judged.parted_above += u64::from(weight >= plan.cuts.auto);
        }
    }
    Ok(judged)
}
