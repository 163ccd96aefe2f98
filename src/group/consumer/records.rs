//! Keys and values of consumer groups, as Kafka 4.3 writes them.
//!
//! ```text
//! type  3 group                → epoch, hash of the topics         ConsumerGroupMetadata
//!       4 group                → (before 4.1: the topics' partitions; only tombstones are written)
//!       5 group, member        → what it says of itself            ConsumerGroupMemberMetadata
//!       6 group                → assignment epoch, when            ConsumerGroupTargetAssignmentMetadata
//!       7 group, member        → what it is to have                ConsumerGroupTargetAssignmentMember
//!       8 group, member        → what it has, epoch, state         ConsumerGroupCurrentMemberAssignment
//!      16 group, expression    → the topics it stands for          ConsumerGroupRegularExpression
//! ```

use std::collections::BTreeMap;

use super::member::{ClassicProtocol, Current, Member, MemberState, Owned, Subscription, Target};
use super::regex::Resolved;
use crate::coordinator::machine::StoredRecord;
use crate::types::Millis;
use crate::wire::stored::group::{
    ClassicMemberMetadata, ClassicProtocol as StoredProtocol,
    ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue, ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue, ConsumerGroupPartitionMetadataKey,
    ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue,
    ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue,
    ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue, GroupKey,
    GroupValue, TopicPartition, TopicPartitions,
};

fn stored(key: &GroupKey, value: Option<&GroupValue>) -> StoredRecord {
    StoredRecord {
        key: key.encode().expect("names too long to be written are refused"),
        value: value
            .map(|value| value.encode(0).expect("names too long to be written are refused")),
    }
}

fn metadata_key(group_id: &str) -> GroupKey {
    GroupKey::ConsumerGroupMetadata(ConsumerGroupMetadataKey {
        group_id: group_id.into(),
        ..Default::default()
    })
}

/// The group's epoch, and the hash of what it reads.
pub(super) fn epoch(group_id: &str, epoch: i32, metadata_hash: i64) -> StoredRecord {
    let value = ConsumerGroupMetadataValue { epoch, metadata_hash, ..Default::default() };
    stored(&metadata_key(group_id), Some(&GroupValue::ConsumerGroupMetadata(value)))
}

/// What forgets the group.
pub(super) fn epoch_tombstone(group_id: &str) -> StoredRecord {
    stored(&metadata_key(group_id), None)
}

/// What forgets the topics that Kafka before 4.1 wrote down with the group.
pub(super) fn partition_metadata_tombstone(group_id: &str) -> StoredRecord {
    let key = ConsumerGroupPartitionMetadataKey { group_id: group_id.into(), ..Default::default() };
    stored(&GroupKey::ConsumerGroupPartitionMetadata(key), None)
}

fn member_key(group_id: &str, member_id: &str) -> GroupKey {
    GroupKey::ConsumerGroupMemberMetadata(ConsumerGroupMemberMetadataKey {
        group_id: group_id.into(),
        member_id: member_id.into(),
        ..Default::default()
    })
}

/// What a member says of itself.
pub(super) fn member(group_id: &str, member: &Member) -> StoredRecord {
    let said = &member.subscription;
    let classic = said.classic.as_ref().map(|classic| ClassicMemberMetadata {
        session_timeout_ms: classic.session_timeout_ms,
        supported_protocols: classic
            .protocols
            .iter()
            .map(|(name, metadata)| StoredProtocol {
                name: name.clone(),
                metadata: metadata.clone(),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    });
    let value = ConsumerGroupMemberMetadataValue {
        instance_id: said.instance_id.as_deref().map(Into::into),
        rack_id: said.rack_id.clone(),
        client_id: said.client_id.clone(),
        client_host: said.client_host.clone(),
        subscribed_topic_names: said.topics.iter().cloned().collect(),
        subscribed_topic_regex: Some(said.regex.clone()),
        rebalance_timeout_ms: said.rebalance_timeout_ms,
        server_assignor: said.assignor.clone(),
        classic_member_metadata: classic,
        ..Default::default()
    };
    let value = GroupValue::ConsumerGroupMemberMetadata(value);
    stored(&member_key(group_id, &member.id), Some(&value))
}

/// What forgets a member.
pub(super) fn member_tombstone(group_id: &str, member_id: &str) -> StoredRecord {
    stored(&member_key(group_id, member_id), None)
}

/// What a record says that a member says of itself.
pub(super) fn read_member(value: ConsumerGroupMemberMetadataValue) -> Subscription {
    Subscription {
        instance_id: value.instance_id.map(Into::into),
        rack_id: value.rack_id,
        client_id: value.client_id,
        client_host: value.client_host,
        topics: value.subscribed_topic_names.into_iter().collect(),
        regex: value.subscribed_topic_regex.unwrap_or_default(),
        rebalance_timeout_ms: value.rebalance_timeout_ms,
        assignor: value.server_assignor,
        classic: value.classic_member_metadata.map(|classic| ClassicProtocol {
            session_timeout_ms: classic.session_timeout_ms,
            protocols: classic
                .supported_protocols
                .into_iter()
                .map(|protocol| (protocol.name, bytes::Bytes::copy_from_slice(&protocol.metadata)))
                .collect(),
        }),
    }
}

fn target_epoch_key(group_id: &str) -> GroupKey {
    GroupKey::ConsumerGroupTargetAssignmentMetadata(ConsumerGroupTargetAssignmentMetadataKey {
        group_id: group_id.into(),
        ..Default::default()
    })
}

/// The epoch of the target assignment, and when it was made.
pub(super) fn target_epoch(group_id: &str, epoch: i32, timestamp: Millis) -> StoredRecord {
    let value = ConsumerGroupTargetAssignmentMetadataValue {
        assignment_epoch: epoch,
        assignment_timestamp: timestamp,
        ..Default::default()
    };
    let value = GroupValue::ConsumerGroupTargetAssignmentMetadata(value);
    stored(&target_epoch_key(group_id), Some(&value))
}

/// What forgets the target assignment's epoch.
pub(super) fn target_epoch_tombstone(group_id: &str) -> StoredRecord {
    stored(&target_epoch_key(group_id), None)
}

fn target_key(group_id: &str, member_id: &str) -> GroupKey {
    GroupKey::ConsumerGroupTargetAssignmentMember(ConsumerGroupTargetAssignmentMemberKey {
        group_id: group_id.into(),
        member_id: member_id.into(),
        ..Default::default()
    })
}

/// What a member is to have.
pub(super) fn target(group_id: &str, member_id: &str, target: &Target) -> StoredRecord {
    let topics = target.iter().map(|(topic_id, partitions)| TopicPartition {
        topic_id: *topic_id,
        partitions: partitions.iter().copied().collect(),
        ..Default::default()
    });
    let value = ConsumerGroupTargetAssignmentMemberValue {
        topic_partitions: topics.collect(),
        ..Default::default()
    };
    let value = GroupValue::ConsumerGroupTargetAssignmentMember(value);
    stored(&target_key(group_id, member_id), Some(&value))
}

/// What forgets a member's target.
pub(super) fn target_tombstone(group_id: &str, member_id: &str) -> StoredRecord {
    stored(&target_key(group_id, member_id), None)
}

/// What a record says that a member is to have.
pub(super) fn read_target(value: ConsumerGroupTargetAssignmentMemberValue) -> Target {
    let topics = value.topic_partitions.into_iter();
    topics.map(|topic| (topic.topic_id, topic.partitions.into_iter().collect())).collect()
}

fn current_key(group_id: &str, member_id: &str) -> GroupKey {
    GroupKey::ConsumerGroupCurrentMemberAssignment(ConsumerGroupCurrentMemberAssignmentKey {
        group_id: group_id.into(),
        member_id: member_id.into(),
        ..Default::default()
    })
}

/// How far a member has come.
pub(super) fn current(group_id: &str, member_id: &str, current: &Current) -> StoredRecord {
    let value = ConsumerGroupCurrentMemberAssignmentValue {
        member_epoch: current.epoch,
        previous_member_epoch: current.previous_epoch,
        state: current.state.code(),
        assigned_partitions: write_owned(&current.assigned),
        partitions_pending_revocation: write_owned(&current.revoking),
        ..Default::default()
    };
    let value = GroupValue::ConsumerGroupCurrentMemberAssignment(value);
    stored(&current_key(group_id, member_id), Some(&value))
}

/// What forgets how far a member has come.
pub(super) fn current_tombstone(group_id: &str, member_id: &str) -> StoredRecord {
    stored(&current_key(group_id, member_id), None)
}

/// How far a record says that a member has come.
pub(super) fn read_current(value: ConsumerGroupCurrentMemberAssignmentValue) -> Current {
    Current {
        epoch: value.member_epoch,
        previous_epoch: value.previous_member_epoch,
        state: MemberState::from_code(value.state),
        assigned: read_owned(value.assigned_partitions, value.member_epoch),
        revoking: read_owned(value.partitions_pending_revocation, value.member_epoch),
    }
}

fn write_owned(owned: &Owned) -> Vec<TopicPartitions> {
    let topics = owned.iter().map(|(topic_id, partitions)| TopicPartitions {
        topic_id: *topic_id,
        partitions: partitions.keys().copied().collect(),
        assignment_epochs: Some(partitions.values().copied().collect()),
        ..Default::default()
    });
    topics.collect()
}

/// Before 4.3 no epochs were written: the member's own stands for them.
fn read_owned(topics: Vec<TopicPartitions>, epoch: i32) -> Owned {
    let mut owned = Owned::new();
    for topic in topics {
        let epochs = topic.assignment_epochs.unwrap_or_default();
        let since = |at: usize| epochs.get(at).copied().unwrap_or(epoch);
        let partitions: BTreeMap<i32, i32> =
            topic.partitions.iter().enumerate().map(|(at, id)| (*id, since(at))).collect();
        owned.insert(topic.topic_id, partitions);
    }
    owned
}

fn regex_key(group_id: &str, expression: &str) -> GroupKey {
    GroupKey::ConsumerGroupRegularExpression(ConsumerGroupRegularExpressionKey {
        group_id: group_id.into(),
        regular_expression: expression.into(),
        ..Default::default()
    })
}

/// What a regular expression stands for.
pub(super) fn regex(group_id: &str, expression: &str, resolved: &Resolved) -> StoredRecord {
    let value = ConsumerGroupRegularExpressionValue {
        topics: resolved.topics.iter().cloned().collect(),
        version: resolved.version,
        timestamp: resolved.timestamp,
        ..Default::default()
    };
    let value = GroupValue::ConsumerGroupRegularExpression(value);
    stored(&regex_key(group_id, expression), Some(&value))
}

/// What forgets a regular expression.
pub(super) fn regex_tombstone(group_id: &str, expression: &str) -> StoredRecord {
    stored(&regex_key(group_id, expression), None)
}
