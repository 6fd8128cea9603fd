//! The published steps of entities as one subscription may see them, and the trait that sends them on.
//!
//! A receiver that keeps a table by entity id stays right by one rule: of each event in the order of positions, put
//! `record` under `entity`, and delete that row where there is no record. [`ChangeKind::Merged`] says besides where what
//! pointed to the row points now; a split's new rows come as events of their own.
//!
//! **Invariant:** an event is a function of the feed and of the policy: whoever asks again for the events after a
//! position, gets the same ones.

use crate::{Delivery, EdgeError, Finding, Outcome};
use std::fmt;
use std::future::Future;
use std::time::Duration;
use yibiao_record::{ChangeKind, ElementId, EntityId, SourceKey, Timestamp, Value};

/// One step of an entity, projected for one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeEvent {
    /// Its place in the feed, which is its id. Events of one subscription have rising positions with gaps: what lies in
    /// a gap was filtered.
    pub position: u64,
    /// Whose step it is.
    pub entity: EntityId,
    /// What happened, as this subscription sees it: an entity that comes into its view is created, and one that leaves
    /// it is retired.
    pub kind: ChangeKind,
    /// The time of the latest input that led to it.
    pub time: Timestamp,
    /// The elements that it receives and whose value is another now, sorted.
    pub changed: Vec<ElementId>,
    /// The entity after it; `None` where it is no more, or no more in view.
    pub record: Option<EventRecord>,
}

/// An entity as one subscription may see it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EventRecord {
    /// Its source records, sorted; empty where the subscription is not entitled to them.
    pub members: Vec<SourceKey>,
    /// Its canonical values, sorted by element. A masked one may be of another type than its element's.
    pub values: Vec<(ElementId, Value)>,
    /// The yes-or-no answers that the subscription receives and that are known, by name.
    pub flags: Vec<(&'static str, bool)>,
}

impl fmt::Debug for EventRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record of {} members, {} values", self.members.len(), self.values.len())
    }
}

/// A position of a feed, and what tells that feed from any other: two stores may number different changes alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedMark {
    /// The position.
    pub position: u64,
    /// A digest of the change there: letters and digits only.
    pub digest: Box<str>,
}

/// Events to be sent on, in the order of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventBatch {
    /// Where the receiver comes to with them: at least to the position of the last event.
    pub upto: FeedMark,
    /// The events.
    pub events: Vec<ChangeEvent>,
}

/// How a receiver that does not take an event is borne with. The pipeline waits; the adapter only tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The pause after the first failure; each failure in a row doubles it.
    pub first: Duration,
    /// The longest pause, unless the receiver asks for a longer one.
    pub longest: Duration,
    /// How long an event is tried before it counts as dead; `None`: for ever.
    pub give_up: Option<Duration>,
}

impl Patience {
    /// For ever, at least once a minute.
    pub const ENDLESS: Patience =
        Patience { first: Duration::from_millis(500), longest: Duration::from_secs(60), give_up: None };
}

/// The code of a dead letter that could not be put into the receiver's form.
pub const UNFIT: &str = "unfit";
/// The code of one that is longer than the receiver takes.
pub const TOO_LARGE: &str = "too_large";
/// The code of one that the receiver itself refused.
pub const REFUSED: &str = "refused";

/// An event as it goes to a receiver: what is kept of one that the receiver refuses.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// Why it cannot be delivered: [`UNFIT`] or [`TOO_LARGE`]; empty where only the receiver's own answer tells.
    pub code: &'static str,
    /// Where it goes: a topic, a host. No secret and no personal data.
    pub receiver: String,
    /// The key that it goes under.
    pub key: Vec<u8>,
    /// The headers that it goes with; none that hold a secret.
    pub headers: Vec<(String, String)>,
    /// Its bytes; empty where it cannot be encoded.
    pub body: Vec<u8>,
}

/// The headers of a dead letter, by the names that Kafka Connect gives them, so that its tools read them, and our reason
/// besides. In the place of the topic is the feed, of the offset the position there, of the connector the subscription.
pub fn error_headers(
    sender: &str,
    subscription: &str,
    position: u64,
    code: &str,
    reason: &str,
) -> Vec<(&'static str, String)> {
    let stage = if code == UNFIT { "VALUE_CONVERTER" } else { "TASK_PUT" };
    vec![
        ("__connect.errors.topic", "yibiao.changes".to_owned()),
        ("__connect.errors.partition", "0".to_owned()),
        ("__connect.errors.offset", position.to_string()),
        ("__connect.errors.connector.name", subscription.to_owned()),
        ("__connect.errors.task.id", "0".to_owned()),
        ("__connect.errors.stage", stage.to_owned()),
        ("__connect.errors.class.name", format!("yibiao.{sender}")),
        ("__connect.errors.exception.class.name", format!("yibiao.{code}")),
        ("__connect.errors.exception.message", reason.to_owned()),
        ("yibiao.reason", code.to_owned()),
    ]
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "letter to {} ({} bytes)", self.receiver, self.body.len())
    }
}

/// Sends the events of one subscription to a receiver.
///
/// **Contract:** one outcome per event, in order; events of one entity reach the receiver in their order: behind the first
/// event that it did not take, it takes none. An adapter whose [`delivery`](Self::delivery) is
/// [`Delivery::Transactional`] leaves out events up to its own [`last_applied`](Self::last_applied).
pub trait EventAdapter: Send + fmt::Debug {
    /// How it takes events.
    fn delivery(&self) -> Delivery;
    /// Most events of a batch. An adapter that is many holds few, so that receivers that hang cost little.
    fn events_max(&self) -> usize {
        1_000
    }
    /// How its receiver is borne with.
    fn patience(&self) -> Patience {
        Patience::ENDLESS
    }
    /// Why the last write left an event, without its content.
    fn trouble(&self) -> Option<String> {
        None
    }
    /// Whether receiver and rights are as needed.
    fn check(&self) -> impl Future<Output = Vec<Finding>> + Send;
    /// Where in the feed the receiver is known to have come, where it can tell.
    fn last_applied(&mut self) -> impl Future<Output = Result<Option<FeedMark>, EdgeError>> + Send;
    /// Writes a batch, empty or not, and notes its position where the receiver can.
    fn write(&mut self, batch: &EventBatch) -> impl Future<Output = Result<Vec<Outcome>, EdgeError>> + Send;
    /// Writes events once more that the receiver had refused, whatever its position is, which stays. One outcome per
    /// event, in order.
    fn rewrite(
        &mut self,
        events: Vec<ChangeEvent>,
    ) -> impl Future<Output = Result<Vec<Outcome>, EdgeError>> + Send {
        async { self.write(&EventBatch { upto: FeedMark::default(), events }).await }
    }
    /// An event as it is sent; the same each time. An adapter that does not say keeps its receiver's dead letters without
    /// their bytes.
    fn letter(&self, event: &ChangeEvent) -> Letter {
        let _ = event;
        Letter::default()
    }
    /// What it is called as the sender of dead letters: `adapter-kafka`.
    fn name(&self) -> &'static str {
        "adapter"
    }
}
