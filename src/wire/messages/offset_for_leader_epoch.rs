//! OffsetForLeaderEpoch (API 23), versions 2-4. Where a leader epoch ended (KIP-101).
//!
//! - 2: the leader epoch that the client believes in (KIP-320).
//! - 3: who asks (KIP-392).
//! - 4: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What OffsetForLeaderEpoch asks.
    OffsetForLeaderEpochRequest (2..=4, flexible 4) {
        [3.., ignorable] replica_id: i32 = -2;
        topics: Vec<OffsetForLeaderTopic>;
    }

    /// One of the `topics` of [`OffsetForLeaderEpochRequest`].
    OffsetForLeaderTopic {
        topic: String;
        partitions: Vec<OffsetForLeaderPartition>;
    }

    /// One of the `partitions` of [`OffsetForLeaderTopic`].
    OffsetForLeaderPartition {
        partition: i32;
        current_leader_epoch: i32 = -1;
        leader_epoch: i32;
    }

    /// What OffsetForLeaderEpoch answers.
    OffsetForLeaderEpochResponse (2..=4, flexible 4) {
        throttle_time_ms: i32;
        topics: Vec<OffsetForLeaderTopicResult>;
    }

    /// One of the `topics` of [`OffsetForLeaderEpochResponse`].
    OffsetForLeaderTopicResult {
        topic: String;
        partitions: Vec<EpochEndOffset>;
    }

    /// One of the `partitions` of [`OffsetForLeaderTopicResult`].
    EpochEndOffset {
        error_code: i16;
        partition: i32;
        leader_epoch: i32 = -1;
        end_offset: i64 = -1;
    }
}

request!(OffsetForLeaderEpoch: OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse);
