//! Keys and values of `__consumer_offsets`: what is written in the versions of Kafka 4.3, and what is read in all.
//!
//! A key is its type as an i16 and the key's fields; a value is its version as an i16 and the value's fields.
//!
//! | type | key | value |
//! |---|---|---|
//! | 0, 1 | group, topic, partition | the offset, leader epoch, metadata, time of the commit |
//! | 2 | group | a classic group's picture: protocol, generation, leader, members with subscriptions and assignments |
//! | 3–8, 16 | group, and member or nothing | parts of a consumer group: see [`super::consumer`] |
//! | 9–15 | group … | share groups |
//! | 17–23 | group … | streams groups |
//!
//! A record without a value is a tombstone. The topic is compacted by the whole key, so the last record of each key is
//! the state.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::classic::{ClassicGroup, State};
use super::foreign::GroupKind;
use super::member::Member;
use super::offsets::Committed;
use crate::coordinator::machine::StoredRecord;
use crate::types::{Offset, PartitionId};
use crate::wire::codec::{DecodeError, Reader, Writer};
use crate::wire::message::Message;
use crate::wire::messages::join_group::JoinGroupRequestProtocol;
use crate::wire::stored::group::{
    GroupKey, GroupMetadataKey, GroupMetadataValue, GroupValue, MemberMetadata, OffsetCommitKey,
    OffsetCommitValue,
};

/// How long a string in a record may be, in bytes.
const STRING_LEN_MAX: usize = i16::MAX as usize;

/// Whether a text fits into a record. Requests have the same bound, but not after what is no UTF-8 in them was
/// replaced.
pub(super) fn is_writable(text: &str) -> bool {
    text.len() <= STRING_LEN_MAX
}

/// Whether a text fits into a record with a random uuid behind it.
pub(super) fn is_nameable(text: &str) -> bool {
    const SUFFIX_LEN: usize = "-00000000-0000-4000-8000-000000000000".len();
    text.len() + SUFFIX_LEN <= STRING_LEN_MAX
}

/// The first field of every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordType(pub(super) i16);

impl RecordType {
    const LEGACY_OFFSET_COMMIT: Self = Self(0);
    const OFFSET_COMMIT: Self = Self(1);
    const GROUP_METADATA: Self = Self(2);

    /// Whether such a record stands for one member of a group of another protocol: ConsumerGroupMemberMetadata,
    /// ShareGroupMemberMetadata, StreamsGroupMemberMetadata.
    pub(super) const fn is_member(self) -> bool {
        matches!(self.0, 5 | 10 | 19)
    }

    /// The protocol whose groups have such records. Types 9 and 18 were given up before Kafka 4.1.
    const fn kind(self) -> Option<GroupKind> {
        match self.0 {
            3..=8 | 16 => Some(GroupKind::Consumer),
            9..=15 => Some(GroupKind::Share),
            17..=23 => Some(GroupKind::Streams),
            _ => None,
        }
    }
}

/// What a record says.
pub(super) enum Entry {
    /// An offset of a group; none when it is forgotten.
    Offset { group: String, topic: String, partition: PartitionId, value: Option<OffsetValue> },
    /// A classic group; none when it is forgotten.
    Group { group: String, picture: Option<Box<ClassicGroup>> },
    /// Some part of a consumer group; without a value it is forgotten.
    Consumer { group: String, key: GroupKey, value: Option<GroupValue> },
    /// Some part of a group of another protocol.
    Foreign { record_type: RecordType, kind: GroupKind, group: String },
    /// A type that Kafka 4.3 does not know.
    Unknown(i16),
}

/// An offset as it was written.
pub(super) struct OffsetValue(OffsetCommitValue);

impl OffsetValue {
    /// The offset that was committed by a record that lies at `record_offset`.
    pub(super) fn at(self, record_offset: Offset) -> Committed {
        let Self(value) = self;
        Committed {
            record_offset,
            offset: value.offset,
            leader_epoch: value.leader_epoch,
            metadata: value.metadata.into(),
            commit_timestamp: value.commit_timestamp,
            expire_timestamp: (value.expire_timestamp != -1).then_some(value.expire_timestamp),
            topic_id: value.topic_id,
        }
    }
}

/// Reads one record.
pub(super) fn parse(record: &StoredRecord) -> Result<Entry, DecodeError> {
    let mut key = Reader::new(record.key.clone());
    let record_type = RecordType(key.i16()?);
    match record_type {
        RecordType::LEGACY_OFFSET_COMMIT | RecordType::OFFSET_COMMIT => {
            let key = OffsetCommitKey::decode(&mut key, 0)?;
            let value = record.value.as_ref().map(offset_value).transpose()?;
            Ok(Entry::Offset {
                group: key.group,
                topic: key.topic,
                partition: key.partition,
                value,
            })
        }
        RecordType::GROUP_METADATA => {
            let group = GroupMetadataKey::decode(&mut key, 0)?.group;
            let picture = record.value.as_ref().map(|value| picture(&group, value)).transpose()?;
            Ok(Entry::Group { group, picture: picture.map(Box::new) })
        }
        other if other.kind() == Some(GroupKind::Consumer) => {
            let group = GroupMetadataKey::decode(&mut key, 0)?.group;
            let key = GroupKey::decode(record.key.clone())?;
            let value = record.value.clone();
            let value = value.map(|value| GroupValue::decode(other.0, value)).transpose()?;
            Ok(Entry::Consumer { group, key, value })
        }
        // Every key of theirs begins with the group's name, and none is flexible.
        other => match other.kind() {
            Some(kind) => {
                let group = GroupMetadataKey::decode(&mut key, 0)?.group;
                Ok(Entry::Foreign { record_type, kind, group })
            }
            None => Ok(Entry::Unknown(record_type.0)),
        },
    }
}

fn offset_value(value: &Bytes) -> Result<OffsetValue, DecodeError> {
    let mut reader = Reader::new(value.clone());
    let version = reader.i16()?;
    Ok(OffsetValue(OffsetCommitValue::decode(&mut reader, version)?))
}

/// A classic group as its record shows it: stable, or empty.
fn picture(group: &str, value: &Bytes) -> Result<ClassicGroup, DecodeError> {
    let mut reader = Reader::new(value.clone());
    let version = reader.i16()?;
    let value = GroupMetadataValue::decode(&mut reader, version)?;
    let mut group = ClassicGroup::new(group.into(), value.current_state_timestamp);
    if value.current_state_timestamp == -1 {
        group.state_since = None;
    }
    group.generation = value.generation;
    group.state = if value.members.is_empty() { State::Empty } else { State::Stable };
    for member in value.members {
        let member = read_member(member, value.protocol.as_deref());
        // Nobody writes a member twice. Where it stands there so all the same, the last picture of it holds.
        group.remove(&member.id);
        group.add(member, &value.protocol_type);
    }
    // The first member leads, unless the record names another: one that is a member.
    let leader = value.leader.as_deref().and_then(|id| group.members.get_key_value(id));
    if let Some((id, _)) = leader {
        group.leader = Some(id.clone());
    }
    group.protocol_type = Some(value.protocol_type).filter(|name| !name.is_empty());
    group.protocol = value.protocol;
    group.subscribed = group.subscriptions();
    Ok(group)
}

fn read_member(member: MemberMetadata, protocol: Option<&str>) -> Member {
    let is_old = member.rebalance_timeout == -1;
    let protocol = JoinGroupRequestProtocol {
        name: protocol.unwrap_or_default().into(),
        metadata: Bytes::copy_from_slice(&member.subscription),
        ..JoinGroupRequestProtocol::default()
    };
    Member {
        id: member.member_id.into(),
        instance_id: member.group_instance_id.map(Into::into),
        client_id: member.client_id,
        client_host: member.client_host,
        rebalance_timeout_ms: if is_old {
            member.session_timeout
        } else {
            member.rebalance_timeout
        },
        session_timeout_ms: member.session_timeout,
        protocols: vec![protocol],
        assignment: Bytes::copy_from_slice(&member.assignment),
        joining: None,
        syncing: None,
        is_new: false,
    }
}

/// The record of a classic group as it is now.
pub(super) fn group(group: &ClassicGroup) -> StoredRecord {
    let protocol = group.protocol.as_deref().unwrap_or_default();
    // A group that is being made may have members already; they are not written before they have assignments.
    let members = group.members.values().filter(|_| group.protocol.is_some());
    let write = |member: &Member| MemberMetadata {
        member_id: member.id.as_ref().into(),
        group_instance_id: member.instance_id.as_deref().map(Into::into),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        rebalance_timeout: member.rebalance_timeout_ms,
        session_timeout: member.session_timeout_ms,
        subscription: member.metadata(protocol),
        assignment: member.assignment.clone(),
        ..MemberMetadata::default()
    };
    let value = GroupMetadataValue {
        protocol_type: group.protocol_type.clone().unwrap_or_default(),
        generation: group.generation,
        protocol: group.protocol.clone(),
        leader: group.leader.as_deref().map(Into::into),
        current_state_timestamp: group.state_since.unwrap_or(-1),
        members: members.map(write).collect(),
        ..GroupMetadataValue::default()
    };
    const VERSION: i16 = 3;
    let mut writer = Writer::new();
    writer.i16(VERSION);
    value.encode(&mut writer, VERSION).expect("names too long to be written are refused");
    StoredRecord { key: group_key(&group.id), value: Some(writer.freeze()) }
}

/// What forgets a classic group.
pub(super) fn group_tombstone(group_id: &str) -> StoredRecord {
    StoredRecord { key: group_key(group_id), value: None }
}

fn group_key(group_id: &str) -> Bytes {
    let mut writer = Writer::new();
    writer.i16(RecordType::GROUP_METADATA.0);
    let key = GroupMetadataKey { group: group_id.into(), ..GroupMetadataKey::default() };
    key.encode(&mut writer, 0).expect("names too long to be written are refused");
    writer.freeze()
}

/// The record of a committed offset. Only version 1 has room for an expiry of its own, which old clients may ask for.
pub(super) fn offset(
    group_id: &str,
    topic: &str,
    partition: PartitionId,
    committed: &Committed,
) -> StoredRecord {
    let version = if committed.expire_timestamp.is_some() { 1 } else { 4 };
    let value = OffsetCommitValue {
        offset: committed.offset,
        leader_epoch: committed.leader_epoch,
        metadata: committed.metadata.as_ref().into(),
        commit_timestamp: committed.commit_timestamp,
        expire_timestamp: committed.expire_timestamp.unwrap_or(-1),
        topic_id: committed.topic_id,
        ..OffsetCommitValue::default()
    };
    let mut writer = Writer::new();
    writer.i16(version);
    value.encode(&mut writer, version).expect("metadata too long to be written is refused");
    StoredRecord { key: offset_key(group_id, topic, partition), value: Some(writer.freeze()) }
}

/// What forgets a committed offset.
pub(super) fn offset_tombstone(
    group_id: &str,
    topic: &str,
    partition: PartitionId,
) -> StoredRecord {
    StoredRecord { key: offset_key(group_id, topic, partition), value: None }
}

fn offset_key(group_id: &str, topic: &str, partition: PartitionId) -> Bytes {
    let mut writer = Writer::new();
    writer.i16(RecordType::OFFSET_COMMIT.0);
    let key = OffsetCommitKey {
        group: group_id.into(),
        topic: topic.into(),
        partition,
        ..OffsetCommitKey::default()
    };
    key.encode(&mut writer, 0).expect("names too long to be written are refused");
    writer.freeze()
}

/// The topics of a consumer's metadata. Every version begins as version 0 does: the version, and the topics.
pub(super) fn subscribed_topics(metadata: &Bytes) -> Option<BTreeSet<String>> {
    let mut reader = Reader::new(metadata.clone());
    reader.i16().ok().filter(|version| *version >= 0)?;
    let count = reader.i32().ok()?;
    let mut topics = BTreeSet::new();
    for _ in 0..count {
        let size = usize::try_from(reader.i16().ok()?).ok()?;
        topics.insert(String::from_utf8_lossy(reader.slice(size).ok()?).into());
    }
    Some(topics)
}
