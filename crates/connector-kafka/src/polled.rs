//! One message as it was polled.

use crate::Settings;
use crate::decode::decode;
use crate::registry::Registry;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use yibiao_contract::{EdgeError, Message, MessageBody, TRACE_PARENT, TraceParent};
use yibiao_record::Timestamp;

/// A message by its partition.
pub(crate) struct Polled {
    pub(crate) partition: i32,
    pub(crate) message: Message,
    trace: Option<TraceParent>,
}

impl Polled {
    /// Fails where the registry does; whatever is wrong with the message is in its body.
    pub(crate) fn of(
        settings: &Settings,
        registry: &mut Registry,
        message: &BorrowedMessage<'_>,
    ) -> Result<Polled, EdgeError> {
        let (key, value) = (message.key(), message.payload());
        let bytes_max = settings.config.message_bytes_max;
        let length = value.map_or(0, <[u8]>::len);
        let (key, body) = if length > bytes_max {
            (None, MessageBody::Bad(format!("it has {length} bytes, more than `message_bytes_max`")))
        } else {
            decode(settings, registry, key, value)?
        };
        let at = Timestamp(message.timestamp().to_millis().unwrap_or(0).div_euclid(1_000));
        let raw = value.map(|value| value.get(..bytes_max).unwrap_or(value).to_vec()).unwrap_or_default();
        let locator = u64::try_from(message.offset()).unwrap_or(0);
        let read = Message { locator, key, at, raw, body };
        Ok(Polled { partition: message.partition(), message: read, trace: trace_of(message) })
    }

    /// Tells the log where a sender's trace goes on, where it sent one.
    pub(crate) fn tell_its_trace(&self, topic: &str) {
        if let Some(traceparent) = &self.trace {
            let (partition, offset) = (self.partition, self.message.locator);
            tracing::trace!(target: TRACE_PARENT, topic, partition, offset, %traceparent, "a message was read");
        }
    }
}

fn trace_of(message: &BorrowedMessage<'_>) -> Option<TraceParent> {
    let named = message.headers()?.iter().filter(|header| header.key == TRACE_PARENT);
    TraceParent::of(named.map(|header| header.value.unwrap_or_default()))
}
