//! OffsetCommit (API 8), versions 2-10. Commits a group's offsets.
//!
//! - 5: no retention time of its own (KIP-211).
//! - 6: leader epochs (KIP-320).
//! - 7: static members (KIP-345).
//! - 8: compact and tagged (KIP-482).
//! - 9: the members of KIP-848, whose epoch stands where the generation did.
//! - 10: topics by id (KIP-848).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What OffsetCommit asks.
    OffsetCommitRequest (2..=10, flexible 8) {
        group_id: String;
        generation_id_or_member_epoch: i32 = -1;
        member_id: String;
        [7..] group_instance_id: Option<String>;
        [2..=4, ignorable] retention_time_ms: i64 = -1;
        topics: Vec<OffsetCommitRequestTopic>;
    }

    /// One of the `topics` of [`OffsetCommitRequest`].
    OffsetCommitRequestTopic {
        [2..=9, ignorable] name: String;
        [10.., ignorable] topic_id: Uuid;
        partitions: Vec<OffsetCommitRequestPartition>;
    }

    /// One of the `partitions` of [`OffsetCommitRequestTopic`].
    OffsetCommitRequestPartition {
        partition_index: i32;
        committed_offset: i64;
        [6.., ignorable] committed_leader_epoch: i32 = -1;
        committed_metadata: Option<String> = Some(String::new());
    }

    /// What OffsetCommit answers.
    OffsetCommitResponse (2..=10, flexible 8) {
        [3.., ignorable] throttle_time_ms: i32;
        topics: Vec<OffsetCommitResponseTopic>;
    }

    /// One of the `topics` of [`OffsetCommitResponse`].
    OffsetCommitResponseTopic {
        [2..=9, ignorable] name: String;
        [10.., ignorable] topic_id: Uuid;
        partitions: Vec<OffsetCommitResponsePartition>;
    }

    /// One of the `partitions` of [`OffsetCommitResponseTopic`].
    OffsetCommitResponsePartition {
        partition_index: i32;
        error_code: i16;
    }
}

request!(OffsetCommit: OffsetCommitRequest => OffsetCommitResponse);
