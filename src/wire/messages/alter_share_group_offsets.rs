//! AlterShareGroupOffsets (API 91), version 0. Sets where a share group begins (KIP-932).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What AlterShareGroupOffsets asks.
    AlterShareGroupOffsetsRequest (0..=0, flexible 0) {
        group_id: String;
        topics: Vec<AlterShareGroupOffsetsRequestTopic>;
    }

    /// One of the `topics` of [`AlterShareGroupOffsetsRequest`].
    AlterShareGroupOffsetsRequestTopic {
        topic_name: String;
        partitions: Vec<AlterShareGroupOffsetsRequestPartition>;
    }

    /// One of the `partitions` of [`AlterShareGroupOffsetsRequestTopic`].
    AlterShareGroupOffsetsRequestPartition {
        partition_index: i32;
        start_offset: i64;
    }

    /// What AlterShareGroupOffsets answers.
    AlterShareGroupOffsetsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String>;
        responses: Vec<AlterShareGroupOffsetsResponseTopic>;
    }

    /// One of the `responses` of [`AlterShareGroupOffsetsResponse`].
    AlterShareGroupOffsetsResponseTopic {
        topic_name: String;
        topic_id: Uuid;
        partitions: Vec<AlterShareGroupOffsetsResponsePartition>;
    }

    /// One of the `partitions` of [`AlterShareGroupOffsetsResponseTopic`].
    AlterShareGroupOffsetsResponsePartition {
        partition_index: i32;
        error_code: i16;
        error_message: Option<String>;
    }
}

request!(AlterShareGroupOffsets: AlterShareGroupOffsetsRequest => AlterShareGroupOffsetsResponse);
