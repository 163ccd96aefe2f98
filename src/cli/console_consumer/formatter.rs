//! How a record is printed: which parts of it, and what stands between them (`DefaultMessageFormatter`).

use std::io::Write;

use super::coordinator;
use crate::cli::tool::{Properties, property};
use crate::types::PartitionId;
use crate::wire::records::{Record, TimestampType};

/// A record with what is known of its place.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: PartitionId,
    pub(super) timestamp_type: TimestampType,
    pub(super) record: Record<'a>,
}

/// The formatters there are.
const CLASSES: [&str; 6] = [
    "DefaultMessageFormatter",
    "LoggingMessageFormatter",
    "NoOpMessageFormatter",
    "OffsetsMessageFormatter",
    "GroupMetadataMessageFormatter",
    "TransactionLogMessageFormatter",
];

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

    fn print(self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Integer if bytes.len() <= 8 && !bytes.is_empty() => {
                let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
                let number =
                    bytes.iter().fold(sign, |number: i64, byte| number << 8 | i64::from(*byte));
                let _ = write!(out, "{number}");
            }
            Self::Text | Self::Uuid | Self::Integer => out.extend_from_slice(bytes),
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

    /// Whether there is a formatter of that name, its package left out.
    pub(super) fn is_known(class: &str) -> bool {
        CLASSES.contains(&class)
    }

    /// Appends to `out` what is printed of `message`.
    pub(super) fn format(&self, message: &Message<'_>, out: &mut Vec<u8>) {
        match self.class.as_str() {
            "NoOpMessageFormatter" => return,
            "LoggingMessageFormatter" => self.log(message),
            "DefaultMessageFormatter" => {}
            class => return coordinator::format(class, &message.record, out),
        }
        let start = out.len();
        let record = &message.record;
        if self.timestamp {
            match record.timestamp {
                -1 => out.extend_from_slice(b"NO_TIMESTAMP"),
                time => {
                    let _ = write!(out, "{}:{time}", message.timestamp_type.name());
                }
            }
            self.end_part(out);
        }
        if self.partition {
            let _ = write!(out, "Partition:{}", message.partition);
            self.end_part(out);
        }
        if self.offset {
            let _ = write!(out, "Offset:{}", record.offset);
            self.end_part(out);
        }
        for (wanted, part) in [(self.delivery, "Delivery"), (self.epoch, "Epoch")] {
            if wanted {
                let _ = write!(out, "{part}:NOT_PRESENT");
                self.end_part(out);
            }
        }
        if self.headers {
            self.print_headers(record, out);
            self.end_part(out);
        }
        if self.key {
            self.print(record.key, self.key_kind, out);
            self.end_part(out);
        }
        if self.value {
            self.print(record.value, self.value_kind, out);
            self.end_part(out);
        }
        if out.len() > start {
            // Instead of the separator behind the last part.
            out.truncate(out.len() - self.key_separator.len());
            out.extend_from_slice(&self.line_separator);
        }
    }

    fn end_part(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key_separator);
    }

    fn print(&self, bytes: Option<&[u8]>, kind: Kind, out: &mut Vec<u8>) {
        match bytes {
            Some(bytes) => kind.print(bytes, out),
            None => out.extend_from_slice(&self.null_literal),
        }
    }

    fn print_headers(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        if record.headers.is_empty() {
            out.extend_from_slice(b"NO_HEADERS");
        }
        for (number, header) in record.headers.enumerate() {
            if number > 0 {
                out.extend_from_slice(&self.headers_separator);
            }
            out.extend_from_slice(header.key);
            out.push(b':');
            self.print(header.value, self.headers_kind, out);
        }
    }

    fn log(&self, message: &Message<'_>) {
        let text = |bytes: Option<&[u8]>| {
            bytes.map_or("null".into(), |bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        let record = &message.record;
        tracing::info!(
            topic = message.topic,
            "{}:{}, key:{}, value:{}",
            message.timestamp_type.name(),
            record.timestamp,
            text(record.key),
            text(record.value)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::records::{Batch, BatchBuilder, RecordHeader};

    fn format(properties: &[(&str, &str)]) -> String {
        let owned = properties.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let formatter = Formatter::new("DefaultMessageFormatter", &owned.collect());
        let mut builder = BatchBuilder::new().base_offset(7);
        let headers = [
            RecordHeader { key: b"a", value: Some(b"1") },
            RecordHeader { key: b"b", value: None },
        ];
        builder.append_with_headers(5, None, Some(b"v"), headers.into_iter());
        let bytes = builder.build();
        let batch = Batch::parse(&bytes).expect("a batch").expect("a whole one");
        let payload = batch.payload(1 << 20).expect("plain");
        let record = payload.records().next().expect("a record").expect("a good one");
        let timestamp_type = TimestampType::CreateTime;
        let message = Message { topic: "t", partition: 1, timestamp_type, record };
        let mut out = Vec::new();
        formatter.format(&message, &mut out);
        String::from_utf8(out).expect("it is text")
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
        let print = |bytes: &[u8]| {
            let mut out = Vec::new();
            Kind::Integer.print(bytes, &mut out);
            out
        };
        assert_eq!(print(&(-2_i64).to_be_bytes()), b"-2");
        assert_eq!(print(&300_i32.to_be_bytes()), b"300");
    }
}
