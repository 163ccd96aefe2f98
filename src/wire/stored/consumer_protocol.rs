//! What the members of a classic group of consumers tell their leader, and what it tells them. Brokers carry it
//! unread, but for describing groups and for migrating them to KIP-848. Both begin with their version, an i16; a
//! newer version is read as the newest known, by whoever must.

use bytes::Bytes;

use crate::wire::message::message;

message! {
    /// What a member wants (1: what it owns, KIP-429; 2: since when, KIP-792; 3: its rack, KIP-881).
    ConsumerProtocolSubscription (0..=3) {
        topics: Vec<String>;
        user_data: Option<Bytes>;
        [1.., ignorable] owned_partitions: Vec<TopicPartition>;
        [2.., ignorable] generation_id: i32 = -1;
        [3.., ignorable] rack_id: Option<String>;
    }

    /// One of the `owned_partitions` of [`ConsumerProtocolSubscription`].
    TopicPartition {
        topic: String;
        partitions: Vec<i32>;
    }

    /// What a member gets.
    ConsumerProtocolAssignment (0..=3) {
        assigned_partitions: Vec<TopicPartition>;
        user_data: Option<Bytes>;
    }
}
