//! ListOffsets (API 2), versions 1-11. The offset at a timestamp, the first, the last.
//!
//! - 1: one offset, with its timestamp (KIP-79).
//! - 2: isolation level (KIP-98).
//! - 4: leader epochs (KIP-320).
//! - 6: compact and tagged (KIP-482).
//! - 7: the record of the greatest timestamp (KIP-734).
//! - 8: the first offset on the broker's own disk, 9: the last one in tiered storage (KIP-405, KIP-1005).
//! - 10: a timeout for reading tiered storage (KIP-1075).
//! - 11: the earliest offset not yet in tiered storage (KIP-1023).

use crate::wire::message::{message, request};

message! {
    /// What ListOffsets asks.
    ListOffsetsRequest (1..=11, flexible 6) {
        replica_id: i32;
        [2..] isolation_level: i8;
        topics: Vec<ListOffsetsTopic>;
        [10.., ignorable] timeout_ms: i32;
    }

    /// One of the `topics` of [`ListOffsetsRequest`].
    ListOffsetsTopic {
        name: String;
        partitions: Vec<ListOffsetsPartition>;
    }

    /// One of the `partitions` of [`ListOffsetsTopic`].
    ListOffsetsPartition {
        partition_index: i32;
        [4.., ignorable] current_leader_epoch: i32 = -1;
        timestamp: i64;
    }

    /// What ListOffsets answers.
    ListOffsetsResponse (1..=11, flexible 6) {
        [2.., ignorable] throttle_time_ms: i32;
        topics: Vec<ListOffsetsTopicResponse>;
    }

    /// One of the `topics` of [`ListOffsetsResponse`].
    ListOffsetsTopicResponse {
        name: String;
        partitions: Vec<ListOffsetsPartitionResponse>;
    }

    /// One of the `partitions` of [`ListOffsetsTopicResponse`].
    ListOffsetsPartitionResponse {
        partition_index: i32;
        error_code: i16;
        timestamp: i64 = -1;
        offset: i64 = -1;
        [4..] leader_epoch: i32 = -1;
    }
}

request!(ListOffsets: ListOffsetsRequest => ListOffsetsResponse);
