//! What a number or bytes of a foreign record mean, and how people write that.

use serde_json::Value as Json;
use yibiao_record::Timestamp;

/// What a whole number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Days since 1970.
    Days,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
}

/// What a schema, Avro's or Kafka Connect's, says that its numbers stand for.
pub fn meaning(schema: &Json) -> Option<Meaning> {
    let said = |key| schema.get(key).and_then(Json::as_str);
    match said("logicalType").or(said("connect.name")).or(said("name"))? {
        "date" | "io.debezium.time.Date" | "org.apache.kafka.connect.data.Date" => Some(Meaning::Days),
        "timestamp-millis"
        | "local-timestamp-millis"
        | "io.debezium.time.Timestamp"
        | "org.apache.kafka.connect.data.Timestamp" => Some(Meaning::Milliseconds),
        "timestamp-micros" | "local-timestamp-micros" | "io.debezium.time.MicroTimestamp" => {
            Some(Meaning::Microseconds)
        }
        _ => None,
    }
}

/// The scale that a schema gives its decimals; `None` where its bytes are no decimal.
pub fn scale(schema: &Json) -> Option<usize> {
    let said = |key| schema.get(key).and_then(Json::as_str);
    let decimal = said("logicalType") == Some("decimal")
        || [said("connect.name"), said("name")].contains(&Some("org.apache.kafka.connect.data.Decimal"));
    let parameters = ["parameters", "connect.parameters"].into_iter().find_map(|key| schema.get(key));
    let scale = schema.get("scale").or(parameters.and_then(|parameters| parameters.get("scale")));
    let scale = match scale {
        Some(Json::String(text)) => text.parse().ok(),
        Some(number) => number.as_u64(),
        None => None,
    };
    decimal.then(|| scale.and_then(|scale| usize::try_from(scale).ok()).unwrap_or(0))
}

/// What Debezium makes of a decimal of a column without a scale: a record of the scale and the bytes.
pub(crate) const VARIABLE_SCALE: &str = "io.debezium.data.VariableScaleDecimal";

/// Such a decimal as text; `None` where it is none.
pub fn variable_scale(scale: i64, raw: &[u8]) -> Option<String> {
    decimal(raw, usize::try_from(scale).ok()?)
}

/// A whole number as people write what it stands for. Times come out in UTC.
pub fn number(value: i64, meaning: Option<Meaning>) -> Json {
    let seconds = match meaning {
        None => return value.into(),
        Some(Meaning::Days) => value.checked_mul(86_400),
        Some(Meaning::Milliseconds) => Some(value.div_euclid(1_000)),
        Some(Meaning::Microseconds) => Some(value.div_euclid(1_000_000)),
    };
    let Some(seconds) = seconds else { return value.into() };
    let text = Timestamp(seconds).to_string();
    let day = text.split('T').next().unwrap_or_default();
    if meaning == Some(Meaning::Days) { day.into() } else { text.into() }
}

/// Bytes: a decimal of that scale as text, anything else as its hexadecimal digits.
pub fn bytes(bytes: &[u8], scale: Option<usize>) -> Json {
    scale.and_then(|scale| decimal(bytes, scale)).unwrap_or_else(|| hexadecimal(bytes)).into()
}

/// A big-endian two's complement number over a power of ten; `None` where it is longer than any amount can be.
fn decimal(bytes: &[u8], scale: usize) -> Option<String> {
    if bytes.len() > 16 || scale > 38 {
        return None;
    }
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    let start = if negative { -1 } else { 0 };
    let unscaled = bytes.iter().fold(start, |number: i128, byte| (number << 8) | i128::from(*byte));
    let digits = unscaled.unsigned_abs().to_string();
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, part) = digits.split_at_checked(digits.len() - scale)?;
    let sign = if negative { "-" } else { "" };
    Some(if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_a_signed_number_over_a_power_of_ten() {
        for (raw, scale, text) in [
            (vec![0x04, 0xd2], 2, "12.34"),
            (vec![0x05], 2, "0.05"),
            (vec![0xff], 0, "-1"),
            (vec![], 2, "0.00"),
        ] {
            assert_eq!(bytes(&raw, Some(scale)), Json::from(text));
        }
        assert_eq!(bytes(&[0xca, 0xfe], None), Json::from("cafe"));
    }

    #[test]
    fn days_before_1970_are_days() {
        assert_eq!(number(-1, Some(Meaning::Days)), Json::from("1969-12-31"));
        assert_eq!(number(-1, None), Json::from(-1));
        assert_eq!(number(1_000, Some(Meaning::Milliseconds)), Json::from("1970-01-01T00:00:01Z"));
    }
}
