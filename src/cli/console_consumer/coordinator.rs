//! Records of the coordinators as JSON, one object each with nothing between them, as Kafka's formatters have them.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::wire::codec::{DecodeError, Reader};
use crate::wire::records::Record;
use crate::wire::stored::group::{GroupKey, GroupValue};
use crate::wire::stored::transaction::{TransactionKey, TransactionValue};

/// Appends to `out` what the formatter `class` prints of a record; nothing where the record is not of its kind.
pub(super) fn format(class: &str, record: &Record<'_>, out: &mut Vec<u8>) {
    let Some(key) = record.key.map(Bytes::copy_from_slice) else { return };
    let value = record.value.map(Bytes::copy_from_slice);
    let decoded = match class {
        "OffsetsMessageFormatter" => group(key, value, &[0, 1]),
        "GroupMetadataMessageFormatter" => group(key, value, &[2]),
        _ => transaction(key, value),
    };
    if let Ok(Some((kind, key, value))) = decoded {
        let json = json!({"key": {"type": kind, "data": key}, "value": value});
        out.extend_from_slice(json.to_string().as_bytes());
    }
}

/// The kind of a record, its key, and its value with its version.
type Decoded = Option<(i16, Value, Value)>;

fn with_version(
    value: Option<Bytes>,
    decode: impl FnOnce(Bytes, i16) -> Result<Value, DecodeError>,
) -> Result<Value, DecodeError> {
    let Some(bytes) = value else { return Ok(Value::Null) };
    let version = Reader::new(bytes.clone()).i16()?;
    Ok(json!({"version": version, "data": decode(bytes, version)?}))
}

fn group(key: Bytes, value: Option<Bytes>, kinds: &[i16]) -> Result<Decoded, DecodeError> {
    let key = GroupKey::decode(key)?;
    let kind = key.key();
    if !kinds.contains(&kind) {
        return Ok(None);
    }
    let value =
        with_version(
            value,
            |bytes, version| Ok(GroupValue::decode(kind, bytes)?.to_json(version)),
        )?;
    Ok(Some((kind, key.to_json(0), value)))
}

fn transaction(key: Bytes, value: Option<Bytes>) -> Result<Decoded, DecodeError> {
    let key = TransactionKey::decode(key)?;
    let kind = key.key();
    let value = with_version(value, |bytes, version| {
        Ok(TransactionValue::decode(kind, bytes)?.to_json(version))
    })?;
    Ok(Some((kind, key.to_json(0), value)))
}
