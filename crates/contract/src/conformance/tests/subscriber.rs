//! A receiver of events in memory whose adapter does everything right, but for one fault, named after the check that
//! finds it.

use super::receiver::{error, findings, named, patience};
use crate::conformance::{Cannot, EventFixture, Received, Trouble};
use crate::{
    ChangeEvent, Delivery, EdgeError, EventAdapter, EventBatch, EventRecord, FeedMark, Finding, Outcome,
};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use yibiao_record::{ElementId, Name, Value};

#[derive(Default)]
struct State {
    events: Vec<Received>,
    mark: Option<FeedMark>,
    /// Rises with each adapter that asks for the position: earlier ones are shut out.
    epoch: u64,
    trouble: Option<Trouble>,
    half: bool,
}

pub(super) struct SubscriberFixture {
    state: Arc<Mutex<State>>,
    fault: &'static str,
}

impl SubscriberFixture {
    pub(super) fn new(fault: &'static str) -> SubscriberFixture {
        SubscriberFixture { state: Arc::default(), fault }
    }
}

impl EventFixture for SubscriberFixture {
    type Adapter = Subscriber;

    fn subject(&self) -> String {
        "memory".to_owned()
    }

    fn empty(&mut self) -> Result<(), Cannot> {
        *self.state.lock().unwrap() = State::default();
        Ok(())
    }

    fn connect(&mut self) -> Subscriber {
        let state = Arc::clone(&self.state);
        Subscriber { state, fault: self.fault, epoch: 0, last: None, name: String::new() }
    }

    fn name(&self, name: &str) -> (ElementId, Value) {
        (ElementId(1), Value::Name(Name::plain(name)))
    }

    fn look(&mut self) -> Vec<Received> {
        self.state.lock().unwrap().events.clone()
    }

    fn unfit(&self, event: ChangeEvent) -> Result<ChangeEvent, Cannot> {
        // It takes names only.
        let values = vec![(ElementId(1), Value::Text("x".into()))];
        Ok(ChangeEvent { record: Some(EventRecord { values, ..EventRecord::default() }), ..event })
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<(), Cannot> {
        self.state.lock().unwrap().trouble = Some(trouble);
        Ok(())
    }

    fn mend(&mut self) {
        self.state.lock().unwrap().trouble = None;
    }

    fn patience(&self) -> Duration {
        patience(self.fault)
    }
}

pub(super) struct Subscriber {
    state: Arc<Mutex<State>>,
    fault: &'static str,
    epoch: u64,
    last: Option<u64>,
    name: String,
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "subscriber in memory {}", if self.fault == "quiet" { &self.name } else { "" })
    }
}

impl Subscriber {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn is(&self, fault: &str) -> bool {
        self.fault == fault
    }
}

/// The name in an event's record; an error where it holds anything else.
fn name_of(event: &ChangeEvent) -> Result<Option<String>, ()> {
    match event.record.as_ref().map(|record| record.values.as_slice()) {
        None => Ok(None),
        Some([(_, Value::Name(name))]) => Ok(Some(name.full.to_string())),
        Some(_) => Err(()),
    }
}

impl EventAdapter for Subscriber {
    fn delivery(&self) -> Delivery {
        Delivery::Transactional
    }

    async fn check(&self) -> Vec<Finding> {
        findings(self.fault, self.state().trouble)
    }

    async fn last_applied(&mut self) -> Result<Option<FeedMark>, EdgeError> {
        let mut state = self.state.lock().unwrap();
        state.epoch += 1;
        self.epoch = state.epoch;
        let mark = state.mark.clone();
        Ok(if self.fault == "position" {
            mark.map(|mark| FeedMark { digest: "".into(), ..mark })
        } else {
            mark
        })
    }

    async fn write(&mut self, batch: &EventBatch) -> Result<Vec<Outcome>, EdgeError> {
        let trouble = self.state().trouble;
        if let Some(trouble) = trouble {
            return match self.is(named(trouble)) {
                true if trouble == Trouble::Hanging => std::future::pending().await,
                true if trouble == Trouble::Refusing => {
                    Ok(vec![Outcome::Reject("it may not".to_owned()); batch.events.len()])
                }
                true => Ok(vec![Outcome::Delivered; batch.events.len()]),
                false => Err(error(self.fault)),
            };
        }
        if self.is("given-up") {
            let half = std::mem::replace(&mut self.state().half, true);
            tokio::task::yield_now().await;
            let mut state = self.state();
            state.half = false;
            if half {
                let position = 1;
                state.events.push(Received { position, entity: "P-00000002".to_owned(), name: None });
            }
        }
        let mut state = self.state.lock().unwrap();
        if state.epoch != self.epoch && self.fault != "fenced" {
            return Err(error(self.fault));
        }
        let applied = state.mark.as_ref().map_or(0, |mark| mark.position);
        let all = match self.fault {
            "twice" => self.last == Some(batch.upto.position),
            "redeliver" => self.last.is_none() && applied == batch.upto.position,
            "overlap" => batch.upto.position > applied,
            _ => false,
        };
        let (mut outcomes, mut new) = (Vec::new(), Vec::new());
        for (place, event) in batch.events.iter().enumerate() {
            let name = match name_of(event) {
                Ok(name) => name,
                Err(()) if self.fault == "refuse-one" => None,
                Err(()) => {
                    outcomes.push(Outcome::Reject("it holds no name".to_owned()));
                    continue;
                }
            };
            outcomes.push(Outcome::Delivered);
            let dropped = (self.fault == "delivered" && place + 1 == batch.events.len())
                || (self.fault == "many" && place >= 100)
                || (event.position <= applied && !all);
            if dropped {
                continue;
            }
            self.name = name.clone().unwrap_or_default();
            let name = name.map(|name| match self.fault {
                "values" => name.replace(|letter: char| letter > '\u{ffff}', "?"),
                _ => name,
            });
            new.push(Received { position: event.position, entity: event.entity.to_string(), name });
        }
        if self.fault == "order" {
            new.reverse();
        }
        state.events.extend(new);
        if !(self.fault == "empty-batch" && batch.events.is_empty()) {
            state.mark = Some(batch.upto.clone());
        }
        self.last = Some(batch.upto.position);
        if self.fault == "outcomes" {
            outcomes.pop();
        }
        Ok(outcomes)
    }
}
