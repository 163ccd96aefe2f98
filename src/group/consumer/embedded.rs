//! The consumers' protocol inside the classic one: what a member's metadata and assignment say, and how to say it.
//!
//! Never panics on what a client sent.
//!
//! The bytes are `ConsumerProtocolSubscription` and `ConsumerProtocolAssignment`, each behind an i16 of its version.
//! The classic protocol does not look into them; only a group that mixes both kinds of members has to.

use bytes::Bytes;

use super::member::{Owned, Target};
use crate::metadata::Image;
use crate::wire::codec::{DecodeError, Reader, Writer};
use crate::wire::message::Message;
use crate::wire::messages::consumer_group_heartbeat::TopicPartitions;
use crate::wire::stored::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, TopicPartition,
};

/// The newest version that is known; a newer one is read as this.
const NEWEST: i16 = 3;

fn version(reader: &mut Reader) -> Result<i16, DecodeError> {
    Ok(reader.i16()?.clamp(0, NEWEST))
}

/// What a member wants.
pub(super) fn subscription(metadata: &Bytes) -> Result<ConsumerProtocolSubscription, DecodeError> {
    let mut reader = Reader::new(metadata.clone());
    let version = version(&mut reader)?;
    ConsumerProtocolSubscription::decode(&mut reader, version)
}

/// What a member got, of topics that exist, as of an epoch.
pub(super) fn assignment(bytes: &Bytes, epoch: i32, image: &Image) -> Result<Owned, DecodeError> {
    let mut owned = Owned::new();
    if bytes.is_empty() {
        return Ok(owned);
    }
    let mut reader = Reader::new(bytes.clone());
    let version = version(&mut reader)?;
    let assignment = ConsumerProtocolAssignment::decode(&mut reader, version)?;
    for topic in assignment.assigned_partitions {
        if let Some(id) = image.topics.id(&topic.topic) {
            owned.insert(id, topic.partitions.into_iter().map(|id| (id, epoch)).collect());
        }
    }
    Ok(owned)
}

/// What a member owns, as a heartbeat would say it.
pub(super) fn owned(
    subscription: &ConsumerProtocolSubscription,
    image: &Image,
) -> Vec<TopicPartitions> {
    let topic = |topic: &TopicPartition| {
        Some(TopicPartitions {
            topic_id: image.topics.id(&topic.topic)?,
            partitions: topic.partitions.clone(),
            ..TopicPartitions::default()
        })
    };
    subscription.owned_partitions.iter().filter_map(topic).collect()
}

/// An assignment in the version that the member's metadata has.
pub(super) fn write_assignment(target: &Target, metadata: &Bytes, image: &Image) -> Bytes {
    let version = version(&mut Reader::new(metadata.clone())).unwrap_or(0);
    let topic = |(id, partitions): (&crate::types::TopicId, &std::collections::BTreeSet<i32>)| {
        let name = image.topics.name(*id)?;
        Some(TopicPartition {
            topic: name.as_ref().into(),
            partitions: partitions.iter().copied().collect(),
            ..TopicPartition::default()
        })
    };
    let assignment = ConsumerProtocolAssignment {
        assigned_partitions: target.iter().filter_map(topic).collect(),
        ..ConsumerProtocolAssignment::default()
    };
    let mut writer = Writer::new();
    writer.i16(version);
    assignment.encode(&mut writer, version).expect("names of topics fit");
    writer.freeze()
}

/// What is owned, without since when.
pub(super) fn target_of(owned: &Owned) -> Target {
    owned.iter().map(|(topic, ids)| (*topic, ids.keys().copied().collect())).collect()
}
