//! OffsetDelete (API 47), version 0. Deletes committed offsets of topics that the group no longer reads (KIP-496).

use crate::wire::message::{message, request};

message! {
    /// What OffsetDelete asks.
    OffsetDeleteRequest (0..=0) {
        group_id: String;
        topics: Vec<OffsetDeleteRequestTopic>;
    }

    /// One of the `topics` of [`OffsetDeleteRequest`].
    OffsetDeleteRequestTopic {
        name: String;
        partitions: Vec<OffsetDeleteRequestPartition>;
    }

    /// One of the `partitions` of [`OffsetDeleteRequestTopic`].
    OffsetDeleteRequestPartition {
        partition_index: i32;
    }

    /// What OffsetDelete answers.
    OffsetDeleteResponse (0..=0) {
        error_code: i16;
        throttle_time_ms: i32;
        topics: Vec<OffsetDeleteResponseTopic>;
    }

    /// One of the `topics` of [`OffsetDeleteResponse`].
    OffsetDeleteResponseTopic {
        name: String;
        partitions: Vec<OffsetDeleteResponsePartition>;
    }

    /// One of the `partitions` of [`OffsetDeleteResponseTopic`].
    OffsetDeleteResponsePartition {
        partition_index: i32;
        error_code: i16;
    }
}

request!(OffsetDelete: OffsetDeleteRequest => OffsetDeleteResponse);
