//! A spec and a model, checked and resolved to numbers: what the hot loops read.

use crate::{
    features::pool_kind,
    levels::levels,
    model::{FieldModel, GroupModel, Model, RARITY_BITS_MAX, WithinModel},
    spec::{Cuts, Effect, Field, Kind, Spec, Take},
};
use smallvec::SmallVec;

/// A spec, or a model for it, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// More fields than a record can hold.
    #[error("a spec has at most {} fields", Spec::FIELDS_MAX)]
    TooManyFields,
    /// Two fields of one name.
    #[error("two fields are named {0:?}")]
    RepeatedField(Box<str>),
    /// A key, rule or swap names a field that is not there.
    #[error("there is no field {0:?}")]
    UnknownField(Box<str>),
    /// A rule names a level that the field's kind does not have.
    #[error("field {field:?} has no level {level:?}")]
    UnknownLevel {
        /// The field.
        field: Box<str>,
        /// The level.
        level: Box<str>,
    },
    /// The model has other levels than the field's kind, or none.
    #[error("the model does not fit field {0:?}")]
    ModelMismatch(Box<str>),
    /// A pair that would not be an edge could merge.
    #[error("the cuts must be ordered: floor <= review <= auto <= ceiling")]
    Cuts,
    /// A cap below two allows no candidates.
    #[error("the cap of a key must be at least 2")]
    Cap,
}

pub(crate) struct PlanField {
    pub(crate) kind: Kind,
    pub(crate) pool: usize,
    pub(crate) group: Option<usize>,
    pub(crate) compared: bool,
    pub(crate) bits: SmallVec<[i32; 8]>,
    /// Bit per level: rarity counts.
    pub(crate) exact: u32,
    /// The most that the field can weigh, rarity and groups considered.
    pub(crate) most: i32,
    /// The most that it can weigh without rarity.
    pub(crate) most_plain: i32,
    /// When it is compared, of all fields: those that tell most apart come first.
    pub(crate) rank: u8,
    pub(crate) model: Option<FieldModel>,
}

pub(crate) struct PlanGroup {
    pub(crate) name: Box<str>,
    pub(crate) model: Option<GroupModel>,
    /// Per field of the spec, its weights where the group agrees.
    pub(crate) within: Vec<Option<WithinModel>>,
}

impl PlanGroup {
    fn new(spec: &Spec, model: &Model, name: Box<str>) -> Self {
        let model = model.groups.get(&name).cloned();
        let within = |field: &crate::spec::FieldSpec| model.as_ref()?.within.get(&field.name).cloned();
        Self { within: spec.fields.iter().map(within).collect(), name, model }
    }
}

pub(crate) struct PlanPart {
    pub(crate) field: Field,
    pub(crate) take: Take,
}

pub(crate) struct PlanKey {
    /// The key itself, then each refinement.
    pub(crate) steps: Vec<Vec<PlanPart>>,
    pub(crate) individuating: bool,
}

pub(crate) struct PlanRule {
    /// Field and bit per level; bit 31 is a missing value.
    pub(crate) when: Vec<(Field, u32)>,
    pub(crate) effect: Effect,
}

/// The bit of a missing value in a rule's mask.
pub(crate) const MISSING_BIT: u32 = 1 << 31;

pub(crate) struct Plan {
    pub(crate) fields: Vec<PlanField>,
    pub(crate) keys: Vec<PlanKey>,
    pub(crate) rules: Vec<PlanRule>,
    /// Fields that are sometimes swapped.
    pub(crate) swaps: Vec<(Field, Field)>,
    pub(crate) pools: usize,
    pub(crate) groups: Vec<PlanGroup>,
    pub(crate) prior: i32,
    pub(crate) cap: usize,
    pub(crate) cuts: Cuts,
}

impl Plan {
    pub(crate) fn new(spec: &Spec, model: &Model) -> Result<Self, SpecError> {
        check(spec)?;
        let (mut pools, mut groups): (Vec<Kind>, Vec<Box<str>>) = (Vec::new(), Vec::new());
        let mut fields = Vec::new();
        for field in &spec.fields {
            let pool = place(&mut pools, pool_kind(field.kind));
            let group = field.group.as_ref().map(|group| place(&mut groups, group.clone()));
            let weights = model.fields.get(&field.name).filter(|_| field.compared);
            if field.compared && weights.is_none_or(|model| model.levels.len() != levels(field.kind).len()) {
                return Err(SpecError::ModelMismatch(field.name.clone()));
            }
            let exact = levels(field.kind).iter().enumerate().filter(|(_, level)| level.exact);
            fields.push(PlanField {
                kind: field.kind,
                pool,
                group,
                compared: field.compared,
                bits: weights.iter().flat_map(|model| &model.levels).map(|level| level.bits).collect(),
                exact: exact.fold(0, |mask, (at, _)| mask | 1 << at),
                most: 0,
                most_plain: 0,
                rank: 0,
                model: weights
                    .filter(|model| model.frequencies.is_some() || field.kind == Kind::HanName)
                    .cloned(),
            });
        }
        let groups: Vec<PlanGroup> =
            groups.into_iter().map(|name| PlanGroup::new(spec, model, name)).collect();
        set_bounds(&mut fields, &groups);
        let swaps = spec.fields.iter().filter_map(|field| {
            field.swaps_with.as_ref().and_then(|other| Some((spec.field(&field.name)?, spec.field(other)?)))
        });
        Ok(Self {
            fields,
            keys: keys(spec)?,
            rules: rules(spec)?,
            swaps: swaps.collect(),
            pools: pools.len(),
            groups,
            prior: model.prior,
            cap: usize::try_from(spec.cap).unwrap_or(usize::MAX),
            cuts: spec.cuts,
        })
    }

    pub(crate) fn field(&self, field: Field) -> &PlanField {
        self.fields.get(usize::from(field.0)).expect("invariant: a field of this spec")
    }
}

fn set_bounds(fields: &mut [PlanField], groups: &[PlanGroup]) {
    let mut spans: Vec<(i32, usize)> = Vec::new();
    for (at, field) in fields.iter_mut().enumerate() {
        let within = groups.iter().filter_map(|group| group.within.get(at)?.as_ref());
        let bits = |level: usize| field.bits.get(level).copied().unwrap_or(0);
        let rarity = |level: usize| {
            if field.model.is_some() && field.exact >> level & 1 == 1 { RARITY_BITS_MAX } else { 0 }
        };
        let most = (0..field.bits.len()).map(|level| bits(level) + rarity(level)).max().unwrap_or(0);
        let most_within =
            within.flat_map(|within| &within.bits).max().map_or(most, |bits| bits + RARITY_BITS_MAX);
        field.most = most.max(most_within);
        field.most_plain = field.bits.iter().copied().max().unwrap_or(0);
        let least = field.bits.iter().copied().min().unwrap_or(0);
        spans.push((least - field.most_plain, at));
    }
    spans.sort_unstable();
    for (rank, (_, at)) in spans.into_iter().enumerate() {
        if let Some(field) = fields.get_mut(at) {
            field.rank = u8::try_from(rank).unwrap_or(u8::MAX);
        }
    }
}

/// The place of an item in a list, to which it is added if new.
fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|other| *other == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

fn check(spec: &Spec) -> Result<(), SpecError> {
    if spec.fields.len() > Spec::FIELDS_MAX {
        return Err(SpecError::TooManyFields);
    }
    for (at, field) in spec.fields.iter().enumerate() {
        if spec.fields.iter().skip(at + 1).any(|other| other.name == field.name) {
            return Err(SpecError::RepeatedField(field.name.clone()));
        }
        if let Some(other) = &field.swaps_with {
            named(spec, other)?;
        }
    }
    let Cuts { floor, review, auto, ceiling, .. } = spec.cuts;
    if !(floor <= review && review <= auto && auto <= ceiling) {
        return Err(SpecError::Cuts);
    }
    if spec.cap < 2 {
        return Err(SpecError::Cap);
    }
    Ok(())
}

fn named(spec: &Spec, name: &str) -> Result<Field, SpecError> {
    spec.field(name).ok_or_else(|| SpecError::UnknownField(name.into()))
}

fn keys(spec: &Spec) -> Result<Vec<PlanKey>, SpecError> {
    let step = |parts: &crate::spec::KeyExpression| {
        let part =
            |part: &crate::spec::Part| Ok(PlanPart { field: named(spec, &part.field)?, take: part.take });
        parts.0.iter().map(part).collect::<Result<Vec<_>, SpecError>>()
    };
    let key = |key: &crate::spec::KeySpec| {
        Ok(PlanKey {
            steps: std::iter::once(&key.on).chain(&key.refine).map(step).collect::<Result<_, _>>()?,
            individuating: key.individuating,
        })
    };
    spec.keys.iter().map(key).collect()
}

fn rules(spec: &Spec) -> Result<Vec<PlanRule>, SpecError> {
    let mut rules = Vec::new();
    for rule in &spec.rules {
        let mut when = Vec::new();
        for condition in &rule.when {
            let field = named(spec, &condition.field)?;
            let kind = spec.fields.get(usize::from(field.0)).map(|field| field.kind);
            let mut mask = 0;
            for name in &condition.levels {
                let at = kind.into_iter().flat_map(levels).position(|level| level.name == &**name);
                mask |= match at {
                    _ if &**name == "missing" => MISSING_BIT,
                    Some(at) => 1 << at,
                    None => {
                        let (field, level) = (condition.field.clone(), name.clone());
                        return Err(SpecError::UnknownLevel { field, level });
                    }
                };
            }
            when.push((field, mask));
        }
        rules.push(PlanRule { when, effect: rule.effect });
    }
    Ok(rules)
}
