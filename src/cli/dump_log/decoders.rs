//! Keys and values as text: as they are, or as the records of a coordinator or of the cluster's metadata.

use bytes::Bytes;
use serde_json::{Value, json};

use super::batches::failure;
use super::{Failure, exception, remote};
use crate::wire::codec::{DecodeError, Reader};
use crate::wire::message::Message;
use crate::wire::records::{ControlType, Record, RecordsError};
use crate::wire::stored::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription,
};
use crate::wire::stored::group::{GroupKey, GroupMetadataValue, GroupValue};
use crate::wire::stored::metadata::MetadataRecord;
use crate::wire::stored::raft::{
    KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord,
    VotersRecord,
};
use crate::wire::stored::share::{ShareKey, ShareValue};
use crate::wire::stored::transaction::{TransactionKey, TransactionValue};

/// What the records are taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Decoder {
    /// UTF-8.
    #[default]
    Text,
    /// Records of `__consumer_offsets`.
    Offsets,
    /// Records of `__transaction_state`.
    TransactionLog,
    /// Records of `__cluster_metadata`.
    ClusterMetadata,
    /// Records of `__remote_log_metadata`.
    RemoteLogMetadata,
    /// Records of `__share_group_state`.
    ShareGroupState,
}

impl Decoder {
    /// Those that have an option of their own; where several are given, the first here is taken.
    pub(super) const ALL: [Self; 5] = [
        Self::Offsets,
        Self::TransactionLog,
        Self::ClusterMetadata,
        Self::RemoteLogMetadata,
        Self::ShareGroupState,
    ];

    /// The option's name.
    pub(super) const fn option(self) -> &'static str {
        match self {
            Self::Text => "print-data-log",
            Self::Offsets => "offsets-decoder",
            Self::TransactionLog => "transaction-log-decoder",
            Self::ClusterMetadata => "cluster-metadata-decoder",
            Self::RemoteLogMetadata => "remote-log-metadata-decoder",
            Self::ShareGroupState => "share-group-state-decoder",
        }
    }
}

/// What is printed for a key and a value.
type Printed = (Option<String>, Option<String>);

/// A record's key and value as `decoder` prints them.
pub(super) fn print(decoder: Decoder, record: &Record<'_>) -> Result<Printed, Failure> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match decoder {
        Decoder::Text => Ok((record.key.map(text), record.value.map(text))),
        Decoder::Offsets => coordinator(record, group),
        Decoder::TransactionLog => coordinator(record, transaction),
        Decoder::ShareGroupState => coordinator(record, share),
        Decoder::ClusterMetadata => {
            let printed = metadata(record.value);
            let offset = record.offset;
            Ok((
                None,
                Some(
                    printed.unwrap_or_else(|error| format!("Error at {offset}, skipping. {error}")),
                ),
            ))
        }
        Decoder::RemoteLogMetadata => {
            let printed = remote::describe(record.value);
            let offset = record.offset;
            Ok((
                None,
                Some(printed.unwrap_or_else(|error| {
                    format!("Error at offset {offset}, skipping. {error}")
                })),
            ))
        }
    }
}

fn metadata(value: Option<&[u8]>) -> Result<String, String> {
    let value =
        value.filter(|value| !value.is_empty()).ok_or("Error while reading frame version")?;
    let decoded = MetadataRecord::decode_with_version(Bytes::copy_from_slice(value));
    let (record, version) = decoded.map_err(|error| match error {
        DecodeError::Frame(frame) => remote::frame_error(frame),
        error => error.to_string(),
    })?;
    let name = screaming(record.name());
    let data = in_order(record.name(), record.to_json(version));
    Ok(json!({"type": name, "version": version, "data": data}).to_string())
}

/// Puts tagged fields where Kafka's schema of the message has them, if that is not at its end.
fn in_order(message: &str, json: Value) -> Value {
    // each field, and the one that it follows unless that is left out
    let moved: &[(&str, &[&str])] = match message {
        "PartitionRecord" => &[("leaderRecoveryState", &["leader"])],
        "PartitionChangeRecord" => {
            &[("eligibleLeaderReplicas", &["directories"]), ("lastKnownElr", &[])]
        }
        "ShareSnapshotValue" | "ShareUpdateValue" => &[("deliveryCompleteCount", &["startOffset"])],
        "TransactionLogValue" => &[
            ("previousProducerId", &["producerId"]),
            ("nextProducerId", &["previousProducerId", "producerId"]),
            ("nextProducerEpoch", &["producerEpoch"]),
        ],
        _ => return json,
    };
    let Value::Object(mut fields) = json else { return json };
    for (name, after) in moved {
        let Some(value) = fields.shift_remove(*name) else { continue };
        let place = after.iter().find_map(|after| fields.keys().position(|field| field == after));
        fields.shift_insert(
            place.map_or(fields.len(), |place| place + 1),
            (*name).to_owned(),
            value,
        );
    }
    Value::Object(fields)
}

/// `TopicRecord` as Kafka's enums have it: `TOPIC_RECORD`.
fn screaming(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for (place, letter) in name.char_indices() {
        if place > 0 && letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

/// A coordinator's key and value in JSON: type and data of the key, then data of the value in its version.
type Decoded = (i16, Value, Option<Value>);

/// The version that a coordinator's value begins with.
fn version_of(value: &Bytes) -> Result<i16, DecodeError> {
    Reader::new(value.clone()).i16()
}

/// From the bytes of a key, and of a value with its version, to what is printed.
type Decode = fn(Bytes, Option<(Bytes, i16)>) -> Result<Decoded, DecodeError>;

fn coordinator(record: &Record<'_>, decode: Decode) -> Result<Printed, Failure> {
    let offset = record.offset;
    let Some(key) = record.key else {
        let what =
            format!("Failed to decode message at offset {offset} using the specified decoder");
        return Err(exception(
            "java.lang.RuntimeException",
            format!("{what} (message had a missing key)"),
        ));
    };
    let version = record.value.map(|value| version_of(&Bytes::copy_from_slice(value))).transpose();
    let decoded = version.and_then(|version| {
        let value = record.value.map(Bytes::copy_from_slice).zip(version);
        decode(Bytes::copy_from_slice(key), value)
            .map(|decoded| (decoded, version.unwrap_or_default()))
    });
    Ok(match decoded {
        Ok(((kind, key, value), version)) => {
            let key = json!({"type": kind.to_string(), "data": key}).to_string();
            let value = value
                .map(|value| json!({"version": version.to_string(), "data": value}).to_string());
            (Some(key), Some(value.unwrap_or_else(|| "<DELETE>".to_owned())))
        }
        Err(DecodeError::UnknownType(kind)) => {
            (Some(format!("Unknown record type {kind} at offset {offset}, skipping.")), None)
        }
        Err(error) => (Some(format!("Error at offset {offset}, skipping. {error}")), None),
    })
}

fn transaction(key: Bytes, value: Option<(Bytes, i16)>) -> Result<Decoded, DecodeError> {
    let key = TransactionKey::decode(key)?;
    let value = match value {
        Some((bytes, version)) => {
            let value = TransactionValue::decode(key.key(), bytes)?;
            Some(in_order(value.name(), value.to_json(version)))
        }
        None => None,
    };
    Ok((key.key(), key.to_json(0), value))
}

fn share(key: Bytes, value: Option<(Bytes, i16)>) -> Result<Decoded, DecodeError> {
    let key = ShareKey::decode(key)?;
    let value = match value {
        Some((bytes, version)) => {
            let value = ShareValue::decode(key.key(), bytes)?;
            Some(in_order(value.name(), value.to_json(version)))
        }
        None => None,
    };
    Ok((key.key(), key.to_json(0), value))
}

fn group(key: Bytes, value: Option<(Bytes, i16)>) -> Result<Decoded, DecodeError> {
    let key = GroupKey::decode(key)?;
    let value = match value {
        Some((bytes, version)) => Some(match GroupValue::decode(key.key(), bytes)? {
            GroupValue::GroupMetadata(group) => classic_group(&group, version),
            value => value.to_json(version),
        }),
        None => None,
    };
    Ok((key.key(), key.to_json(0), value))
}

/// A classic group whose members' opaque bytes are read where they are those of consumers.
fn classic_group(group: &GroupMetadataValue, version: i16) -> Value {
    let mut json = group.to_json(version);
    if group.protocol_type != "consumer" {
        return json;
    }
    for (place, member) in group.members.iter().enumerate() {
        for (name, printed) in [
            ("subscription", opaque::<ConsumerProtocolSubscription>(&member.subscription)),
            ("assignment", opaque::<ConsumerProtocolAssignment>(&member.assignment)),
        ] {
            let slot = json.pointer_mut(&format!("/members/{place}/{name}"));
            if let (Some(slot), Ok(printed)) = (slot, printed) {
                *slot = printed;
            }
        }
    }
    json
}

/// A message behind its version, which may be of a later Kafka.
fn opaque<M: Message>(bytes: &Bytes) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes.clone());
    let version = reader.i16()?;
    let known = version.min(*M::VERSIONS.end());
    Ok(M::decode(&mut reader, known)?.to_json(known))
}

/// A control record that is not a transaction's marker.
pub(super) fn control(kind: ControlType, value: Option<&[u8]>) -> Result<String, Failure> {
    let value = Bytes::copy_from_slice(value.unwrap_or_default());
    Ok(match kind {
        ControlType::LeaderChange => {
            format!(" LeaderChange: {}", quorum::<LeaderChangeMessage>(value)?)
        }
        ControlType::SnapshotHeader => {
            format!(" SnapshotHeader {}", quorum::<SnapshotHeaderRecord>(value)?)
        }
        ControlType::SnapshotFooter => {
            format!(" SnapshotFooter {}", quorum::<SnapshotFooterRecord>(value)?)
        }
        ControlType::KraftVersion => {
            format!(" KRaftVersion {}", quorum::<KRaftVersionRecord>(value)?)
        }
        ControlType::KraftVoters => format!(" KRaftVoters {}", quorum::<VotersRecord>(value)?),
        kind => format!(" controlType: {}({})", kind.name(), kind.id()),
    })
}

/// A control record's value, which holds its own version in front, as a field of its own.
fn quorum<M: Message>(value: Bytes) -> Result<Value, Failure> {
    let version =
        version_of(&value).unwrap_or_default().clamp(*M::VERSIONS.start(), *M::VERSIONS.end());
    let decoded = M::decode(&mut Reader::new(value), version);
    let message =
        decoded.map_err(|error| failure(RecordsError::Record(error.to_string().into())))?;
    Ok(message.to_json(version))
}
