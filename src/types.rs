//! Identifiers and the few values that everything shares. Never behaviour.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A node of the cluster, whatever its roles (`node.id`).
pub type NodeId = i32;
/// The number of a partition within its topic.
pub type PartitionId = i32;
/// The position of a record in a partition.
pub type Offset = i64;
/// The reign of one leader of one partition.
pub type LeaderEpoch = i32;
/// Milliseconds since 1970, or a span of them.
pub type Millis = i64;

/// No leader, no node, no epoch: Kafka's −1.
pub const NONE: i32 = -1;

/// The topic of the cluster's metadata, kept by the quorum.
pub const METADATA_TOPIC: &str = "__cluster_metadata";
/// The topic of groups and their committed offsets.
pub const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// The topic of the transaction coordinators.
pub const TRANSACTION_TOPIC: &str = "__transaction_state";
/// The topic of the share coordinators.
pub const SHARE_TOPIC: &str = "__share_group_state";

/// Whether `topic` is one of those that clients may not write to.
pub fn is_internal_topic(topic: &str) -> bool {
    matches!(topic, OFFSETS_TOPIC | TRANSACTION_TOPIC | SHARE_TOPIC)
}

/// Kafka's uuid: 16 bytes, written as 22 characters of URL-safe base64.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

/// What names a topic for its whole life.
pub type TopicId = Uuid;

impl Uuid {
    /// The absent uuid.
    pub const ZERO: Self = Self([0; 16]);
    /// The id of `__cluster_metadata`, and of a log directory that is not yet assigned.
    pub const ONE: Self = Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

    /// A uuid from its bytes, most significant first.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, most significant first.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether this is the absent uuid.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// A version 4 uuid from `random` bytes (RFC 9562, section 5.4). None for those that Kafka keeps for itself or that
    /// would begin with a dash, which its tools take for an option.
    pub fn from_random(mut random: [u8; 16]) -> Option<Self> {
        random[6] = random[6] & 0x0f | 0x40;
        random[8] = random[8] & 0x3f | 0x80;
        let uuid = Self(random);
        (!uuid.to_string().starts_with('-')).then_some(uuid)
    }

    /// A new random uuid, from the system's source of randomness.
    pub fn random() -> Self {
        loop {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).expect("the system has a source of randomness");
            if let Some(uuid) = Self::from_random(bytes) {
                return uuid;
            }
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 22];
        URL_SAFE_NO_PAD.encode_slice(self.0, &mut text).expect("16 bytes are 22 characters");
        f.write_str(std::str::from_utf8(&text).expect("base64 is ascii"))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a uuid.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAUuid;

impl FromStr for Uuid {
    type Err = NotAUuid;

    fn from_str(text: &str) -> Result<Self, NotAUuid> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| NotAUuid)?;
        bytes.try_into().map(Self).map_err(|_| NotAUuid)
    }
}

/// A partition by the name of its topic, as the log's directories and most messages name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: PartitionId,
}

impl TopicPartition {
    /// The partition `partition` of `topic`.
    pub fn new(topic: impl Into<String>, partition: PartitionId) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A partition by the id of its topic: what metadata speaks of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopicIdPartition {
    /// The topic's id.
    pub topic_id: TopicId,
    /// The partition's number.
    pub partition: PartitionId,
}

/// What there is of partitions, gathered under their topics, as requests name them.
pub fn by_topic<'a, P>(
    each: impl IntoIterator<Item = (&'a TopicPartition, P)>,
) -> BTreeMap<&'a str, Vec<P>> {
    let mut topics: BTreeMap<&str, Vec<P>> = BTreeMap::new();
    for (place, what) in each {
        topics.entry(&place.topic).or_default().push(what);
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_has_kafkas_form() {
        assert_eq!(Uuid::ONE.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!("AAAAAAAAAAAAAAAAAAAAAQ".parse(), Ok(Uuid::ONE));
        assert_eq!("AAAA".parse::<Uuid>(), Err(NotAUuid));
        let random = Uuid::random();
        assert_eq!(random.to_string().parse(), Ok(random));
    }

    #[test]
    fn partitions_are_gathered_under_their_topics() {
        let places = [("b", 1), ("a", 0), ("b", 0)].map(|(name, n)| TopicPartition::new(name, n));
        let gathered = by_topic(places.iter().map(|place| (place, place.partition)));
        assert_eq!(gathered, BTreeMap::from([("a", vec![0]), ("b", vec![1, 0])]));
    }
}
