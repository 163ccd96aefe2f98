//! What assignors are asked and what they answer.
//!
//! Kafka's assignors walk over Java's hash maps and sets, so what they give depends on the order of those. The order is
//! made again here: the bucket of an element's hash in a table of the size that Java would choose.

use std::collections::HashMap;

use super::member::Target;
use crate::types::{PartitionId, TopicId};

/// An assignor that runs in the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignor {
    /// As even as can be, and sticky.
    Uniform,
    /// Ranges of each topic.
    Range,
}

impl Assignor {
    /// Its name in requests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }

    /// The assignor of a name or of one of Kafka's classes.
    pub fn find(name: &str) -> Option<Self> {
        let short = name.strip_prefix("org.apache.kafka.coordinator.group.assignor.");
        match (name, short) {
            ("uniform", _) | (_, Some("UniformAssignor")) => Some(Self::Uniform),
            ("range", _) | (_, Some("RangeAssignor")) => Some(Self::Range),
            _ => None,
        }
    }

    /// Assigns: one target for each member of `spec`, in their order.
    pub(crate) fn assign(self, spec: &Spec<'_>) -> Vec<Target> {
        if spec.members.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Uniform if spec.is_homogeneous => super::uniform::assign(spec),
            Self::Uniform => super::uniform_mixed::assign(spec),
            Self::Range => super::range::assign(spec),
        }
    }
}

/// A group as an assignor sees it.
#[derive(Debug)]
pub(crate) struct Spec<'a> {
    /// The members, in Java's order ([`java_order`]).
    pub(crate) members: Vec<SpecMember<'a>>,
    /// Whether all subscribe to the same topics.
    pub(crate) is_homogeneous: bool,
    /// How many partitions there are of each topic that anyone subscribes to.
    pub(crate) partitions: HashMap<TopicId, PartitionId>,
}

/// A member as an assignor sees it.
#[derive(Debug)]
pub(crate) struct SpecMember<'a> {
    /// Its name.
    pub(crate) id: &'a str,
    /// What a static member calls itself.
    pub(crate) instance_id: Option<&'a str>,
    /// The topics it subscribes to, that exist.
    pub(crate) topics: Vec<TopicId>,
    /// What it was to have so far.
    pub(crate) current: &'a Target,
}

/// Java's `String.hashCode`.
pub(crate) fn string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// The hash code of Kafka's Uuid.
fn uuid_hash(id: &TopicId) -> i32 {
    let number = u128::from_be_bytes(*id.as_bytes());
    let both = ((number >> 64) as u64) ^ (number as u64);
    ((both >> 32) as i32) ^ (both as i32)
}

fn bucket(hash: i32, capacity: usize) -> usize {
    let hash = hash as u32;
    (hash ^ (hash >> 16)) as usize & (capacity - 1)
}

/// The size of a table that has grown element by element from the default one.
fn grown_capacity(elements: usize) -> usize {
    let mut capacity = 16;
    while elements > capacity / 4 * 3 {
        capacity *= 2;
    }
    capacity
}

/// The size of a table made from a collection.
fn copied_capacity(elements: usize) -> usize {
    ((elements as f32 / 0.75) as usize + 1).max(16).next_power_of_two()
}

/// Sorts members as a HashMap by their names has them. Where buckets collide, by name.
pub(crate) fn java_order(members: &mut [SpecMember<'_>]) {
    let capacity = grown_capacity(members.len());
    members.sort_by(|a, b| {
        let place = |member: &SpecMember<'_>| bucket(string_hash(member.id), capacity);
        place(a).cmp(&place(b)).then_with(|| a.id.cmp(b.id))
    });
}

/// The order of topics in a HashSet made from a collection. Where buckets collide, that of the collection.
pub(crate) fn java_set_of_topics(topics: &[TopicId]) -> Vec<TopicId> {
    let capacity = copied_capacity(topics.len());
    let mut topics = topics.to_vec();
    topics.sort_by_key(|topic| bucket(uuid_hash(topic), capacity));
    topics
}

/// The order of names in a HashSet made from a list of them.
pub(crate) fn java_set_of_names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    let capacity = copied_capacity(names.len());
    names.sort_by_key(|name| bucket(string_hash(name), capacity));
    names
}

/// Kafka's uuids compare as two signed numbers.
pub(crate) fn signed(id: &TopicId) -> (i64, i64) {
    let number = u128::from_be_bytes(*id.as_bytes());
    ((number >> 64) as i64, number as i64)
}

/// The topics of an assignment in the order of a HashMap.
pub(crate) fn java_keys(target: &Target) -> Vec<TopicId> {
    let capacity = grown_capacity(target.len());
    let mut topics: Vec<TopicId> = target.keys().copied().collect();
    topics.sort_by_key(|topic| (bucket(uuid_hash(topic), capacity), signed(topic)));
    topics
}

/// Partitions in the order of a HashSet made from a collection.
pub(crate) fn java_partitions(partitions: impl Iterator<Item = PartitionId>) -> Vec<PartitionId> {
    let mut partitions: Vec<PartitionId> = partitions.collect();
    let capacity = copied_capacity(partitions.len());
    partitions.sort_by_key(|partition| (bucket(*partition, capacity), *partition));
    partitions
}
