//! The ways in which a history may arrive: any order across keys, any batching.

use crate::Failure;
use crate::dice::Dice;
use crate::history::History;
use crate::intake::Intake;
use std::collections::{BTreeMap, BTreeSet};
use yibiao_record::{EntityId, SourceKey, Submission};
use yibiao_resolve::world::{Settings, Step, World, WorldInput};

/// One arrival: places of messages and decisions of a history, in batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    batches: Vec<Vec<Event>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Message(usize),
    Decision(usize),
}

/// What came of an arrival.
#[derive(Debug)]
pub struct Arrived {
    /// The world.
    pub world: World,
    /// What stands of each key.
    pub standing: BTreeMap<SourceKey, Submission>,
    /// The members of each entity, as the steps told them.
    pub told: BTreeMap<EntityId, Vec<SourceKey>>,
    /// How many batches there were.
    pub batches: usize,
}

impl Arrival {
    /// A random arrival: across keys in any order; per key in any order where the source has a version rule, in order
    /// otherwise; decisions anywhere; batches of 1 to `2^bits_max` events.
    pub fn random(history: &History, seed: u64, bits_max: usize) -> Arrival {
        let mut dice = Dice::new(seed);
        let mut events: Vec<Event> = (0..history.messages.len())
            .map(Event::Message)
            .chain((0..history.decisions.len()).map(Event::Decision))
            .collect();
        dice.shuffle(&mut events);
        keep_order_of_keys(history, &mut events);
        let mut batches = Vec::new();
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let bits = dice.below(bits_max + 1);
            let size = 1 + dice.below(1 << bits);
            let (batch, later) = rest.split_at(size.min(rest.len()));
            batches.push(batch.to_vec());
            rest = later;
        }
        Arrival { batches }
    }

    /// Gives the history to a world as it arrives.
    pub fn play(&self, history: &History) -> Result<Arrived, Failure> {
        let mut world = World::new(Settings::shipped())?;
        let mut intake = Intake::new(history.versioned.clone());
        let mut told = BTreeMap::new();
        for batch in &self.batches {
            let mut changed: BTreeSet<&SourceKey> = BTreeSet::new();
            let mut decisions = Vec::new();
            for event in batch {
                match event {
                    Event::Message(at) => {
                        let message = history.messages.get(*at);
                        changed.extend(
                            message
                                .filter(|message| intake.take(message).is_some())
                                .map(|message| &message.key),
                        );
                    }
                    Event::Decision(at) => decisions.extend(history.decisions.get(*at)),
                }
            }
            // Of several versions of a key in one batch a node gives the last.
            let rows = changed.into_iter().filter_map(|key| intake.standing().get(key));
            let inputs: Vec<WorldInput<'_>> = rows
                .map(|submission| WorldInput::Record { submission })
                .chain(decisions.into_iter().map(WorldInput::Decision))
                .collect();
            tell(&world.apply(&inputs), &mut told);
        }
        let standing = intake.standing().clone();
        Ok(Arrived { world, standing, told, batches: self.batches.len() })
    }
}

fn tell(steps: &[Step], told: &mut BTreeMap<EntityId, Vec<SourceKey>>) {
    for step in steps {
        if step.members.is_empty() {
            told.remove(&step.entity);
        } else {
            told.insert(step.entity, step.members.clone());
        }
    }
}

/// Puts the messages of each key whose source has no version rule back into their order, in the places that they got.
fn keep_order_of_keys(history: &History, events: &mut [Event]) {
    let mut places: BTreeMap<&SourceKey, Vec<(usize, usize)>> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        if let Event::Message(at) = event
            && let Some(message) = history.messages.get(*at)
            && !history.versioned.contains(&message.key.system)
        {
            places.entry(&message.key).or_default().push((place, *at));
        }
    }
    for of_key in places.into_values().filter(|of_key| of_key.len() > 1) {
        let mut messages: Vec<usize> = of_key.iter().map(|(_, message)| *message).collect();
        messages.sort_unstable();
        for ((place, _), message) in of_key.into_iter().zip(messages) {
            if let Some(event) = events.get_mut(place) {
                *event = Event::Message(message);
            }
        }
    }
}
