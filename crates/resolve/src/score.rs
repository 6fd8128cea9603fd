//! The weight of a pair: a sum of integers over the fields' levels, correlated fields counted once.
//!
//! **Invariant:** symmetric, and a function of the two records' values and the plan.

use crate::{
    compare::{compare, worth_remembering},
    features::{Features, Packed, Pool, pool_kind},
    plan::{MISSING_BIT, Plan, PlanField},
    spec::{Effect, Field, Spec},
};

/// All distinct values, by pool, and how much their rarity adds, by field.
pub(crate) struct Values {
    pools: Vec<Pool>,
    rarity: Vec<Vec<i32>>,
}

/// Not computed yet.
const UNSET: i32 = i32::MIN;

impl Values {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut pools = Vec::new();
        pools.resize_with(plan.pools, Pool::default);
        Self { pools, rarity: vec![Vec::new(); plan.fields.len()] }
    }

    /// A record's values, each interned.
    pub(crate) fn pack(&mut self, plan: &Plan, features: &Features) -> Packed {
        Packed::new(features.0.iter().map(|(at, text)| {
            let field = plan.field(*at);
            let pool = self.pools.get_mut(field.pool).expect("invariant: a pool per plan");
            let number = pool.intern(pool_kind(field.kind), text);
            if let (Some(model), Some(rarity)) = (&field.model, self.rarity.get_mut(usize::from(at.0))) {
                let slot = usize::try_from(number).expect("invariant: 26 bits");
                if rarity.len() <= slot {
                    rarity.resize(slot + 1, UNSET);
                }
                if let Some(bits) = rarity.get_mut(slot).filter(|bits| **bits == UNSET) {
                    *bits = pool
                        .get(number)
                        .derived
                        .rarity()
                        .map_or_else(|| model.rarity(text), |own| model.rarity_of(own));
                }
            }
            (*at, number)
        }))
    }

    pub(crate) fn value(&self, field: &PlanField, number: u32) -> &crate::features::Value {
        self.pools.get(field.pool).expect("invariant: a pool per plan").get(number)
    }

    fn rarity(&self, field: Field, number: u32) -> i32 {
        let of_field = self.rarity.get(usize::from(field.0));
        let bits = of_field.zip(usize::try_from(number).ok()).and_then(|(bits, at)| bits.get(at));
        bits.copied().filter(|bits| *bits != UNSET).unwrap_or(0)
    }

    /// Distinct values in all pools.
    pub(crate) fn len(&self) -> usize {
        self.pools.iter().map(Pool::len).sum()
    }
}

/// Levels of value pairs that were compared lately. Names repeat, so most comparisons are found here.
pub(crate) struct Memo {
    slots: Vec<(u64, u8)>,
}

const MEMO_SLOTS_LOG2: u32 = 16;

impl Memo {
    pub(crate) fn new() -> Self {
        Self { slots: vec![(u64::MAX, 0); 1 << MEMO_SLOTS_LOG2] }
    }

    fn level(&mut self, values: &Values, field: &PlanField, a: u32, b: u32) -> u8 {
        if a == b || !worth_remembering(field.kind) {
            return compare(pool_kind(field.kind), values.value(field, a), values.value(field, b));
        }
        let pool = u64::try_from(field.pool).expect("invariant: few pools");
        let key = pool << 52 | u64::from(a.min(b)) << 26 | u64::from(a.max(b));
        let slot = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - MEMO_SLOTS_LOG2);
        let slot = usize::try_from(slot).ok().and_then(|slot| self.slots.get_mut(slot));
        let slot = slot.expect("invariant: a slot number has MEMO_SLOTS_LOG2 bits");
        if slot.0 != key {
            let level = compare(pool_kind(field.kind), values.value(field, a), values.value(field, b));
            *slot = (key, level);
        }
        slot.1
    }
}

/// How a field of a pair compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldOutcome {
    pub(crate) field: Field,
    pub(crate) level: u8,
    pub(crate) bits: i32,
    pub(crate) rarity: i32,
    pub(crate) values: (u32, u32),
}

/// What a pair weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) weight: i32,
    pub(crate) effect: Option<Effect>,
}

/// Scores pairs. Holds the memo, so it is not shared between threads.
pub(crate) struct Scorer {
    memo: Memo,
    pub(crate) outcomes: Vec<FieldOutcome>,
    groups: Vec<i32>,
}

impl Scorer {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            memo: Memo::new(),
            outcomes: Vec::with_capacity(Spec::FIELDS_MAX),
            groups: vec![0; plan.groups.len()],
        }
    }

    /// The weight of a pair.
    pub(crate) fn score(&mut self, plan: &Plan, values: &Values, a: &Packed, b: &Packed) -> Outcome {
        self.compare(plan, values, a, b);
        self.finish(plan)
    }

    /// The weight of the pair whose fields were compared last.
    pub(crate) fn finish(&mut self, plan: &Plan) -> Outcome {
        let total = self.total(plan);
        let effect = self.effect(plan);
        let mut weight = total.clamp(plan.cuts.floor, plan.cuts.ceiling);
        if effect == Some(Effect::Join) {
            weight = weight.max(plan.cuts.auto);
        }
        Outcome { weight, effect }
    }

    /// The fields of the pair scored last, as they counted.
    pub(crate) fn outcomes(&self) -> &[FieldOutcome] {
        &self.outcomes
    }

    /// What each evidence group of the pair scored last counted.
    pub(crate) fn groups(&self) -> &[i32] {
        &self.groups
    }

    /// The sum of the evidence, before rules and limits.
    fn total(&mut self, plan: &Plan) -> i32 {
        for (at, (group, sum)) in plan.groups.iter().zip(&mut self.groups).enumerate() {
            let of_group = |outcome: &&mut FieldOutcome| plan.field(outcome.field).group == Some(at);
            let bits = |outcome: &FieldOutcome| outcome.bits + outcome.rarity;
            let outcomes = self.outcomes.iter_mut().filter(of_group);
            let Some(model) = &group.model else {
                *sum = outcomes.map(|outcome| bits(outcome)).max().unwrap_or(0);
                continue;
            };
            let (plain, all) =
                outcomes.fold((0, 0), |(plain, all), outcome| (plain + outcome.bits, all + bits(outcome)));
            *sum = if plain >= model.agrees_from { model.bits } else { all };
            if plain < model.agrees_from {
                continue;
            }
            for outcome in &mut self.outcomes {
                let within = group.within.get(usize::from(outcome.field.0)).and_then(Option::as_ref);
                if let Some(within) = within {
                    outcome.bits = within.bits.get(usize::from(outcome.level)).copied().unwrap_or(0);
                    outcome.rarity = if within.rarity { outcome.rarity } else { 0 };
                }
            }
        }
        let alone = self.outcomes.iter().filter(|outcome| plan.field(outcome.field).group.is_none());
        plan.prior
            + alone.map(|outcome| outcome.bits + outcome.rarity).sum::<i32>()
            + self.groups.iter().sum::<i32>()
    }

    /// The levels of all fields that both records have; valid until the next call.
    pub(crate) fn compare(
        &mut self,
        plan: &Plan,
        values: &Values,
        a: &Packed,
        b: &Packed,
    ) -> &[FieldOutcome] {
        self.outcomes.clear();
        let (mut left, mut right) = (a.raw(), b.raw());
        while let (Some(x), Some(y)) = (left.first(), right.first()) {
            let (at, other) = (x >> 26, y >> 26);
            let (of_a, rest) = run(left, at.min(other));
            left = rest;
            let (of_b, rest) = run(right, at.min(other));
            right = rest;
            if at == other {
                let at = Field(u8::try_from(at).expect("invariant: six bits"));
                self.best(plan, values, at, of_a, of_b);
            }
        }
        self.swaps(plan, a, b);
        &self.outcomes
    }

    /// The best agreement between any of a record's values and any of the other's.
    pub(crate) fn best(&mut self, plan: &Plan, values: &Values, at: Field, of_a: &[u32], of_b: &[u32]) {
        let field = plan.field(at);
        if !field.compared {
            return;
        }
        let mut best: Option<FieldOutcome> = None;
        for x in of_a {
            for y in of_b {
                let (x, y) = (x & NUMBER_MASK, y & NUMBER_MASK);
                let level = self.memo.level(values, field, x, y);
                let bits = field.bits.get(usize::from(level)).copied().unwrap_or(0);
                let rare = field.exact >> level & 1 == 1;
                // Values of an exact level may differ in writing; the commoner tells how rare the agreement is.
                let rarity = if rare { values.rarity(at, x).min(values.rarity(at, y)) } else { 0 };
                let better =
                    best.is_none_or(|best| (bits + rarity, best.level) > (best.bits + best.rarity, level));
                if better {
                    best = Some(FieldOutcome { field: at, level, bits, rarity, values: (x, y) });
                }
            }
        }
        self.outcomes.extend(best);
    }

    /// Sees fields that are swapped.
    pub(crate) fn swaps(&mut self, plan: &Plan, a: &Packed, b: &Packed) {
        for (field, with) in &plan.swaps {
            self.swap(plan, a, b, *field, *with);
        }
    }

    /// Where each record's one field holds what the other's other field holds, that counts once, for the first.
    fn swap(&mut self, plan: &Plan, a: &Packed, b: &Packed, field: Field, with: Field) {
        let agrees = |outcome: &FieldOutcome| outcome.field == field && outcome.level == 0;
        if self.outcomes.iter().any(agrees) || !crossed(a, b, field, with) {
            return;
        }
        self.outcomes.retain(|outcome| outcome.field != with);
        let bits = plan.field(field).bits.get(usize::from(SWAPPED)).copied().unwrap_or(0);
        for outcome in self.outcomes.iter_mut().filter(|outcome| outcome.field == field) {
            *outcome = FieldOutcome { level: SWAPPED, bits, rarity: 0, ..*outcome };
        }
    }

    fn effect(&self, plan: &Plan) -> Option<Effect> {
        let level_of = |field: Field| {
            let found = self.outcomes.iter().find(|outcome| outcome.field == field);
            found.map_or(MISSING_BIT, |outcome| 1 << outcome.level)
        };
        let holds = |rule: &&crate::plan::PlanRule| {
            rule.when.iter().all(|(field, mask)| mask & level_of(*field) != 0)
        };
        let strength = |effect: Effect| match effect {
            Effect::Join => 0,
            Effect::Veto => 1,
            Effect::Review => 2,
            Effect::Part => 3,
        };
        plan.rules.iter().filter(holds).map(|rule| rule.effect).max_by_key(|effect| strength(*effect))
    }
}

/// The level of swapped names, see [`crate::levels`].
const SWAPPED: u8 = 1;

const NUMBER_MASK: u32 = (1 << 26) - 1;

/// Whether each record's one field holds what the other's other field holds.
pub(crate) fn crossed(a: &Packed, b: &Packed, field: Field, with: Field) -> bool {
    let half = |a: &Packed, b: &Packed| a.of(field).any(|x| b.of(with).any(|y| x == y));
    half(a, b) && half(b, a)
}

/// The leading values of a field, and the rest.
pub(crate) fn run(values: &[u32], field: u32) -> (&[u32], &[u32]) {
    let count = values.iter().take_while(|value| **value >> 26 == field).count();
    values.split_at(count)
}
