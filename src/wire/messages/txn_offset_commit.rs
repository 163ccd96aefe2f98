//! TxnOffsetCommit (API 28), versions 0-5. Commits a group's offsets within a transaction (KIP-98).
//!
//! - 2: leader epochs (KIP-320).
//! - 3: compact and tagged (KIP-482); the member and its generation (KIP-447).
//! - 4: the transactional errors of KIP-890. 5: adds the offsets to the transaction itself (KIP-890).

use crate::wire::message::{message, request};

message! {
    /// What TxnOffsetCommit asks.
    TxnOffsetCommitRequest (0..=5, flexible 3) {
        transactional_id: String;
        group_id: String;
        producer_id: i64;
        producer_epoch: i16;
        [3..] generation_id: i32 = -1;
        [3..] member_id: String;
        [3..] group_instance_id: Option<String>;
        topics: Vec<TxnOffsetCommitRequestTopic>;
    }

    /// One of the `topics` of [`TxnOffsetCommitRequest`].
    TxnOffsetCommitRequestTopic {
        name: String;
        partitions: Vec<TxnOffsetCommitRequestPartition>;
    }

    /// One of the `partitions` of [`TxnOffsetCommitRequestTopic`].
    TxnOffsetCommitRequestPartition {
        partition_index: i32;
        committed_offset: i64;
        [2.., ignorable] committed_leader_epoch: i32 = -1;
        committed_metadata: Option<String> = Some(String::new());
    }

    /// What TxnOffsetCommit answers.
    TxnOffsetCommitResponse (0..=5, flexible 3) {
        throttle_time_ms: i32;
        topics: Vec<TxnOffsetCommitResponseTopic>;
    }

    /// One of the `topics` of [`TxnOffsetCommitResponse`].
    TxnOffsetCommitResponseTopic {
        name: String;
        partitions: Vec<TxnOffsetCommitResponsePartition>;
    }

    /// One of the `partitions` of [`TxnOffsetCommitResponseTopic`].
    TxnOffsetCommitResponsePartition {
        partition_index: i32;
        error_code: i16;
    }
}

request!(TxnOffsetCommit: TxnOffsetCommitRequest => TxnOffsetCommitResponse);
