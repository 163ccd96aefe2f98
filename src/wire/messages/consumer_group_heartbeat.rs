//! ConsumerGroupHeartbeat (API 68), versions 0-1. A member of a consumer group joins, stays, leaves, is assigned
//! partitions (KIP-848).
//!
//! - 1: subscription by pattern; the member chooses its own id.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ConsumerGroupHeartbeat asks.
    ConsumerGroupHeartbeatRequest (0..=1, flexible 0) {
        group_id: String;
        member_id: String;
        member_epoch: i32;
        instance_id: Option<String>;
        rack_id: Option<String>;
        rebalance_timeout_ms: i32 = -1;
        subscribed_topic_names: Option<Vec<String>>;
        [1..] subscribed_topic_regex: Option<String>;
        server_assignor: Option<String>;
        topic_partitions: Option<Vec<TopicPartitions>>;
    }

    /// One of the `topic_partitions` of [`ConsumerGroupHeartbeatRequest`].
    TopicPartitions {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// What ConsumerGroupHeartbeat answers.
    ConsumerGroupHeartbeatResponse (0..=1, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String>;
        member_id: Option<String>;
        member_epoch: i32;
        heartbeat_interval_ms: i32;
        assignment: Option<Assignment>;
    }

    /// The `assignment` of [`ConsumerGroupHeartbeatResponse`].
    Assignment {
        topic_partitions: Vec<TopicPartitions>;
    }
}

request!(ConsumerGroupHeartbeat: ConsumerGroupHeartbeatRequest => ConsumerGroupHeartbeatResponse);
