//! How a record is printed: which parts of it, and what stands between them (`DefaultMessageFormatter`).

use crate::cli::tool::{Properties, property};
use crate::types::{Millis, Offset, PartitionId};
use crate::wire::records::TimestampType;

/// A record with what is known of its place.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) partition: PartitionId,
    pub(super) offset: Offset,
    pub(super) timestamp: Millis,
    pub(super) timestamp_type: TimestampType,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<(String, Option<Vec<u8>>)>,
}

/// See the module.
pub(super) struct Formatter {
    class: String,
    timestamp: bool,
    key: bool,
    value: bool,
    partition: bool,
    offset: bool,
    delivery: bool,
    epoch: bool,
    headers: bool,
    key_separator: Vec<u8>,
    line_separator: Vec<u8>,
    headers_separator: Vec<u8>,
    null_literal: Vec<u8>,
    key_kind: Kind,
    value_kind: Kind,
    headers_kind: Kind,
}

/// What bytes are read as.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Uuid,
}

impl Kind {
    fn of(properties: &Properties, name: &str) -> Self {
        let class = property(properties, name).unwrap_or_default();
        match class.rsplit('.').next().unwrap_or_default() {
            "LongDeserializer" | "IntegerDeserializer" | "ShortDeserializer" => Self::Integer,
            "UUIDDeserializer" => Self::Uuid,
            _ => Self::Text,
        }
    }

    fn print(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Integer if bytes.len() <= 8 && !bytes.is_empty() => {
                let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
                let number =
                    bytes.iter().fold(sign, |number: i64, byte| number << 8 | i64::from(*byte));
                number.to_string().into_bytes()
            }
            Self::Text | Self::Uuid | Self::Integer => bytes.to_vec(),
        }
    }
}

impl Formatter {
    pub(super) fn new(class: &str, properties: &Properties) -> Self {
        let flag = |name, default| {
            property(properties, name)
                .map_or(default, |text| text.trim().eq_ignore_ascii_case("true"))
        };
        let text =
            |name, default: &str| property(properties, name).unwrap_or(default).as_bytes().to_vec();
        Self {
            class: class.to_owned(),
            timestamp: flag("print.timestamp", false),
            key: flag("print.key", false),
            value: flag("print.value", true),
            partition: flag("print.partition", false),
            offset: flag("print.offset", false),
            delivery: flag("print.delivery", false),
            epoch: flag("print.epoch", false),
            headers: flag("print.headers", false),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null_literal: text("null.literal", "null"),
            key_kind: Kind::of(properties, "key.deserializer"),
            value_kind: Kind::of(properties, "value.deserializer"),
            headers_kind: Kind::of(properties, "headers.deserializer"),
        }
    }

    /// What is printed of `message`.
    pub(super) fn format(&self, message: &Message) -> Vec<u8> {
        match self.class.as_str() {
            "NoOpMessageFormatter" => return Vec::new(),
            "LoggingMessageFormatter" => self.log(message),
            _ => {}
        }
        let mut parts: Vec<Vec<u8>> = Vec::new();
        if self.timestamp {
            parts.push(match message.timestamp {
                -1 => b"NO_TIMESTAMP".to_vec(),
                time => format!("{}:{time}", message.timestamp_type.name()).into_bytes(),
            });
        }
        if self.partition {
            parts.push(format!("Partition:{}", message.partition).into_bytes());
        }
        if self.offset {
            parts.push(format!("Offset:{}", message.offset).into_bytes());
        }
        if self.delivery {
            parts.push(b"Delivery:NOT_PRESENT".to_vec());
        }
        if self.epoch {
            parts.push(b"Epoch:NOT_PRESENT".to_vec());
        }
        if self.headers {
            parts.push(self.print_headers(message));
        }
        if self.key {
            parts.push(self.print(message.key.as_deref(), self.key_kind));
        }
        if self.value {
            parts.push(self.print(message.value.as_deref(), self.value_kind));
        }
        if parts.is_empty() {
            return Vec::new();
        }
        let mut text = parts.join(self.key_separator.as_slice());
        text.extend_from_slice(&self.line_separator);
        text
    }

    fn print(&self, bytes: Option<&[u8]>, kind: Kind) -> Vec<u8> {
        bytes.map_or_else(|| self.null_literal.clone(), |bytes| kind.print(bytes))
    }

    fn print_headers(&self, message: &Message) -> Vec<u8> {
        if message.headers.is_empty() {
            return b"NO_HEADERS".to_vec();
        }
        let headers = message.headers.iter().map(|(name, value)| {
            let mut text = name.clone().into_bytes();
            text.push(b':');
            text.extend(self.print(value.as_deref(), self.headers_kind));
            text
        });
        headers.collect::<Vec<_>>().join(self.headers_separator.as_slice())
    }

    fn log(&self, message: &Message) {
        let text = |bytes: &Option<Vec<u8>>| {
            bytes
                .as_ref()
                .map_or("null".into(), |bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        tracing::info!(
            "{}:{}, key:{}, value:{}",
            message.timestamp_type.name(),
            message.timestamp,
            text(&message.key),
            text(&message.value)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(properties: &[(&str, &str)]) -> String {
        let owned = properties.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let message = Message {
            topic: "t".to_owned(),
            partition: 1,
            offset: 7,
            timestamp: 5,
            timestamp_type: TimestampType::CreateTime,
            key: None,
            value: Some(b"v".to_vec()),
            headers: vec![("a".into(), Some(b"1".to_vec())), ("b".into(), None)],
        };
        let text = Formatter::new("DefaultMessageFormatter", &owned.collect()).format(&message);
        String::from_utf8(text).expect("it is text")
    }

    #[test]
    fn parts_in_order() {
        assert_eq!(format(&[]), "v\n");
        let all = [
            "print.timestamp",
            "print.partition",
            "print.offset",
            "print.delivery",
            "print.epoch",
            "print.headers",
            "print.key",
        ];
        assert_eq!(
            format(&all.map(|name| (name, "true"))),
            "CreateTime:5\tPartition:1\tOffset:7\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\ta:1,b:null\tnull\tv\n"
        );
        assert_eq!(
            format(&[
                ("print.key", "true"),
                ("key.separator", "@"),
                ("line.separator", "!"),
                ("null.literal", "NULL")
            ]),
            "NULL@v!"
        );
    }

    #[test]
    fn numbers() {
        assert_eq!(Kind::Integer.print(&(-2_i64).to_be_bytes()), b"-2");
        assert_eq!(Kind::Integer.print(&300_i32.to_be_bytes()), b"300");
    }
}
