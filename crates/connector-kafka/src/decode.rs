//! From a message's bytes to what it says of its row.

use crate::Settings;
use crate::config::Format;
use crate::registry::{Missing, Registry};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use yibiao_contract::{EdgeError, MessageBody};
use yibiao_format::json_cells;
use yibiao_schema::avro::plain;

/// What Debezium writes in place of a large value that did not change and that the database did not log.
const UNAVAILABLE: &str = "__debezium_unavailable_value";

/// The key and body of a message. Fails where the registry does; whatever is wrong with the message is in the body.
pub(crate) fn decode(
    settings: &Settings,
    registry: &mut Registry,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
) -> Result<(Option<String>, MessageBody), EdgeError> {
    let mut decoder = Decoder { settings, registry };
    let key = match key.map(|key| decoder.key(key)).transpose() {
        Ok(key) => key,
        Err(Missing::Message(reason)) => return Ok((None, MessageBody::Bad(format!("its key: {reason}")))),
        Err(Missing::Registry(error)) => return Err(error),
    };
    match value.map_or(Ok(MessageBody::Delete), |value| decoder.value(value)) {
        Ok(body) => Ok((key, body)),
        Err(Missing::Message(reason)) => Ok((key, MessageBody::Bad(reason))),
        Err(Missing::Registry(error)) => Err(error),
    }
}

struct Decoder<'a> {
    settings: &'a Settings,
    registry: &'a mut Registry,
}

fn fault(reason: &str) -> Missing {
    Missing::Message(reason.to_owned())
}

impl Decoder<'_> {
    fn key(&mut self, key: &[u8]) -> Result<String, Missing> {
        let read = match self.settings.config.format {
            Format::Json => Json::String(text(key)?),
            Format::Avro | Format::DebeziumAvro if key.first() == Some(&0) => self.avro(key)?,
            Format::Avro | Format::DebeziumAvro => Json::String(text(key)?),
            Format::DebeziumJson => json(key)?,
        };
        let (read, _) = payload(read);
        match read {
            Json::Object(fields) => {
                let parts: Vec<String> =
                    fields.values().map(key_text).collect::<Option<_>>().ok_or_else(nested)?;
                Ok(parts.join("|"))
            }
            other => key_text(&other).ok_or_else(nested),
        }
    }

    fn value(&mut self, value: &[u8]) -> Result<MessageBody, Missing> {
        match self.settings.config.format {
            Format::Json if value.trim_ascii() == b"null" => Ok(MessageBody::Delete),
            Format::Json => {
                json_cells(value, &self.settings.columns).map(MessageBody::Cells).map_err(Missing::Message)
            }
            Format::Avro => {
                let row = self.avro(value)?;
                self.row(row)
            }
            Format::DebeziumJson => {
                let (envelope, schema) = payload(json(value)?);
                let fields = schema.as_ref().and_then(|schema| schema.get("fields")).and_then(Json::as_array);
                let of_after =
                    fields.into_iter().flatten().find(|field| field.get("field") == Some(&"after".into()));
                self.envelope(envelope, of_after)
            }
            Format::DebeziumAvro => {
                let envelope = self.avro(value)?;
                self.envelope(envelope, None)
            }
        }
    }

    /// Confluent's framing: a zero, the schema's number, the record.
    fn avro(&mut self, bytes: &[u8]) -> Result<Json, Missing> {
        let framed = bytes.split_first_chunk::<5>();
        let Some(([0, a, b, c, d], record)) = framed else {
            return Err(fault("it does not begin with a zero byte and the number of its schema"));
        };
        let id = u32::from_be_bytes([*a, *b, *c, *d]);
        let schema = self.registry.schema(&self.settings.config, id)?;
        schema.read(record).map_err(|error| Missing::Message(format!("schema {id}: {error}")))
    }

    fn envelope(&self, envelope: Json, described: Option<&Json>) -> Result<MessageBody, Missing> {
        let Json::Object(mut envelope) = envelope else {
            return if envelope.is_null() {
                Ok(MessageBody::Delete)
            } else {
                Err(fault("it is no envelope of Debezium"))
            };
        };
        match envelope.get("op").and_then(Json::as_str) {
            Some("c" | "u" | "r") => {}
            Some("d") => return Ok(MessageBody::Delete),
            Some("t") => {
                return Err(fault("it empties the table, which says of no row why: delete the rows instead"));
            }
            _ => return Err(fault("its `op` is none of c, u, r and d")),
        }
        let Some(Json::Object(mut after)) = envelope.remove("after") else {
            return Err(fault("it has no `after`"));
        };
        let described = described.and_then(|after| after.get("fields")).and_then(Json::as_array);
        for field in described.into_iter().flatten() {
            let name = field.get("field").and_then(Json::as_str).unwrap_or_default();
            if let Some(value) = after.get_mut(name) {
                meant(value, plain::meaning(field), plain::scale(field));
            }
        }
        for name in &self.settings.config.days {
            if let Some(value) = after.get_mut(name) {
                meant(value, Some(plain::Meaning::Days), None);
            }
        }
        for (name, scale) in &self.settings.config.decimals {
            if let Some(value) = after.get_mut(name) {
                meant(value, None, Some(*scale));
            }
        }
        after.values_mut().for_each(scaled);
        if after.values().any(|value| value == UNAVAILABLE) {
            return Err(fault(
                "it lacks a value that did not change; give the table `replica identity full`",
            ));
        }
        self.row(Json::Object(after))
    }

    fn row(&self, row: Json) -> Result<MessageBody, Missing> {
        match row {
            Json::Null => Ok(MessageBody::Delete),
            Json::Object(fields) if fields.keys().any(|name| name.contains("_u")) => {
                let named = |(name, value)| (self.named(name), value);
                self.cells(&fields.into_iter().map(named).collect())
            }
            row => self.cells(&row),
        }
    }

    /// The column that a field is of: Avro's names have no Chinese, and Debezium's `avro_unicode` writes `_u59d3` for 姓.
    fn named(&self, field: String) -> String {
        if self.settings.columns.contains(&field) {
            return field;
        }
        let written = unescaped(&field);
        if self.settings.columns.contains(&written) { written } else { field }
    }

    fn cells(&self, row: &Json) -> Result<MessageBody, Missing> {
        json_cells(row.to_string().as_bytes(), &self.settings.columns)
            .map(MessageBody::Cells)
            .map_err(Missing::Message)
    }
}

/// Writes a value as people write what it stands for.
fn meant(value: &mut Json, meaning: Option<plain::Meaning>, scale: Option<usize>) {
    if let (Some(number), Some(_)) = (value.as_i64(), meaning) {
        *value = plain::number(number, meaning);
    } else if let (Json::String(text), Some(scale)) = (&*value, scale)
        && let Ok(bytes) = STANDARD.decode(text)
    {
        *value = plain::bytes(&bytes, Some(scale));
    }
}

/// A decimal that brings its own scale becomes text.
fn scaled(value: &mut Json) {
    let Json::Object(fields) = &*value else { return };
    let (Some(scale), Some(raw), 2) = (
        fields.get("scale").and_then(Json::as_i64),
        fields.get("value").and_then(Json::as_str),
        fields.len(),
    ) else {
        return;
    };
    if let Some(text) = STANDARD.decode(raw).ok().and_then(|raw| plain::variable_scale(scale, &raw)) {
        *value = text.into();
    }
}

/// Each `_u` with four hexadecimal digits as the character that it stands for.
fn unescaped(name: &str) -> String {
    let mut parts = name.split("_u");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escaped = part.split_at_checked(4).and_then(|(digits, rest)| {
            let number = u32::from_str_radix(digits, 16).ok()?;
            Some((char::from_u32(number)?, rest))
        });
        match escaped {
            Some((character, rest)) => {
                text.push(character);
                text.push_str(rest);
            }
            None => {
                text.push_str("_u");
                text.push_str(part);
            }
        }
    }
    text
}

/// What a JSON converter with schemas wraps, and the schema.
fn payload(read: Json) -> (Json, Option<Json>) {
    match read {
        Json::Object(mut wrapped)
            if wrapped.len() == 2 && wrapped.contains_key("schema") && wrapped.contains_key("payload") =>
        {
            let payload = wrapped.remove("payload").unwrap_or_default();
            (payload, wrapped.remove("schema"))
        }
        other => (other, None),
    }
}

fn key_text(part: &Json) -> Option<String> {
    match part {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn nested() -> Missing {
    fault("it is neither text nor a number, nor fields of these")
}

fn text(bytes: &[u8]) -> Result<String, Missing> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| fault("it is not UTF-8"))
}

/// Parses JSON; the library's own message may quote the value.
fn json(bytes: &[u8]) -> Result<Json, Missing> {
    serde_json::from_slice::<Json>(bytes).map_err(|_| fault("it is not JSON"))
}
