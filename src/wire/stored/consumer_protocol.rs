//! Schemas of consumer_protocol.

use bytes::Bytes;

use crate::wire::message::message;

message! {
    /// Kafka's ConsumerProtocolSubscription.
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

    /// Kafka's ConsumerProtocolAssignment.
    ConsumerProtocolAssignment (0..=3) {
        assigned_partitions: Vec<TopicPartition>;
        user_data: Option<Bytes>;
    }
}
