//! ShareGroupHeartbeat (API 76), version 1. A member of a share group joins, stays, leaves, is assigned partitions
//! (KIP-932). Version 0 was a preview.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ShareGroupHeartbeat asks.
    ShareGroupHeartbeatRequest (1..=1, flexible 1) {
        group_id: String;
        member_id: String;
        member_epoch: i32;
        rack_id: Option<String>;
        subscribed_topic_names: Option<Vec<String>>;
    }

    /// What ShareGroupHeartbeat answers.
    ShareGroupHeartbeatResponse (1..=1, flexible 1) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String>;
        member_id: Option<String>;
        member_epoch: i32;
        heartbeat_interval_ms: i32;
        assignment: Option<Assignment>;
    }

    /// The `assignment` of [`ShareGroupHeartbeatResponse`].
    Assignment {
        topic_partitions: Vec<TopicPartitions>;
    }

    /// One of the `topic_partitions` of [`Assignment`].
    TopicPartitions {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }
}

request!(ShareGroupHeartbeat: ShareGroupHeartbeatRequest => ShareGroupHeartbeatResponse);
