//! Whether a pair reaches the weak cut at all. Most candidates do not, which a few fields tell.
//!
//! **Invariant:** the answer is that of the whole comparison: a pair is given up only when no level of what is not
//! compared yet could lift it over the cut, and no rule could make it an edge.

use crate::{
    features::Packed,
    plan::{MISSING_BIT, Plan},
    score::{Outcome, Scorer, Values, crossed, run},
    spec::{Effect, Field},
};
use smallvec::SmallVec;

/// A field that both records have: when it is compared, which it is, and the values of each.
type Common<'a> = SmallVec<[(u8, Field, &'a [u32], &'a [u32]); 16]>;

/// What a pair may still weigh at most.
struct Bound {
    alone: i32,
    /// Per evidence group: without rarity, and with.
    groups: SmallVec<[(i32, i32); 4]>,
}

impl Bound {
    fn new(plan: &Plan, common: &Common<'_>) -> Self {
        let mut bound = Self { alone: plan.prior, groups: SmallVec::from_elem((0, 0), plan.groups.len()) };
        for (_, field, ..) in common {
            let field = plan.field(*field);
            bound.add(field.group, field.most_plain, field.most);
        }
        bound
    }

    fn add(&mut self, group: Option<usize>, plain: i32, most: i32) {
        match group.and_then(|group| self.groups.get_mut(group)) {
            Some((of_plain, of_all)) => {
                *of_plain += plain;
                // Where the best field counts alone, the sum of what is positive is more than it.
                *of_all += most.max(0);
            }
            None => self.alone += most,
        }
    }

    fn most(&self, plan: &Plan) -> i32 {
        let groups = self.groups.iter().zip(&plan.groups).map(|((plain, all), group)| match &group.model {
            Some(model) if *plain >= model.agrees_from => model.bits.max(*all),
            _ => *all,
        });
        self.alone + groups.sum::<i32>()
    }
}

impl Scorer {
    /// What a pair weighs, if the pair is an edge.
    pub(crate) fn edge(&mut self, plan: &Plan, values: &Values, a: &Packed, b: &Packed) -> Option<Outcome> {
        let mut common = common(plan, a, b);
        common.sort_unstable_by_key(|(rank, ..)| *rank);
        let mut bound = Bound::new(plan, &common);
        self.outcomes.clear();
        for (done, (_, at, of_a, of_b)) in common.iter().enumerate() {
            self.best(plan, values, *at, of_a, of_b);
            let swapped = plan
                .swaps
                .iter()
                .any(|(one, other)| (at == one || at == other) && crossed(a, b, *one, *other));
            if swapped {
                continue;
            }
            let (plain, most) = self.outcomes.last().map_or((0, 0), |outcome| {
                let level = usize::from(outcome.level);
                let within = plan.groups.iter().filter_map(|group| {
                    let within = group.within.get(usize::from(at.0))?.as_ref()?;
                    within.bits.get(level).copied()
                });
                (outcome.bits, within.fold(outcome.bits, i32::max) + outcome.rarity.max(0))
            });
            let field = plan.field(*at);
            // Rarity may take from the bits of an agreement, but not from those of one within a group.
            bound.take(field.group, (field.most_plain, field.most), (plain, most));
            let rest = common.get(done + 1..).unwrap_or_default();
            if bound.most(plan) < plan.cuts.weak && !self.rule_may_ask(plan, a, b, rest) {
                return None;
            }
        }
        self.swaps(plan, a, b);
        let outcome = self.finish(plan);
        let asked = matches!(outcome.effect, Some(Effect::Review | Effect::Join));
        (outcome.weight >= plan.cuts.weak || asked).then_some(outcome)
    }

    /// Whether a rule that makes an edge may hold, whatever the rest compares like.
    fn rule_may_ask(
        &self,
        plan: &Plan,
        a: &Packed,
        b: &Packed,
        rest: &[(u8, Field, &[u32], &[u32])],
    ) -> bool {
        let may = |field: Field, mask: u32| {
            let open = rest.iter().any(|(_, at, ..)| *at == field)
                || plan
                    .swaps
                    .iter()
                    .any(|(one, with)| (field == *one || field == *with) && crossed(a, b, *one, *with));
            let seen = self.outcomes.iter().find(|outcome| outcome.field == field);
            open || mask & seen.map_or(MISSING_BIT, |outcome| 1 << outcome.level) != 0
        };
        let asks = plan.rules.iter().filter(|rule| matches!(rule.effect, Effect::Review | Effect::Join));
        asks.into_iter().any(|rule| rule.when.iter().all(|(field, mask)| may(*field, *mask)))
    }
}

impl Bound {
    /// A field that might have weighed so much weighs so much.
    fn take(&mut self, group: Option<usize>, (plain_was, most_was): (i32, i32), (plain, most): (i32, i32)) {
        match group.and_then(|group| self.groups.get_mut(group)) {
            Some((of_plain, of_all)) => {
                *of_plain += plain - plain_was;
                *of_all += most.max(0) - most_was.max(0);
            }
            None => self.alone += most - most_was,
        }
    }
}

fn common<'a>(plan: &Plan, a: &'a Packed, b: &'a Packed) -> Common<'a> {
    let mut common = Common::new();
    let (mut left, mut right) = (a.raw(), b.raw());
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        let (at, other) = (x >> 26, y >> 26);
        let (of_a, rest) = run(left, at.min(other));
        left = rest;
        let (of_b, rest) = run(right, at.min(other));
        right = rest;
        let at_field = Field(u8::try_from(at).expect("invariant: six bits"));
        if at == other && plan.field(at_field).compared {
            common.push((plan.field(at_field).rank, at_field, of_a, of_b));
        }
    }
    common
}
