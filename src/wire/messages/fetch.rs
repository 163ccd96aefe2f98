//! Fetch (API 1), versions 4-18. Asks for records, for consumers and followers alike.
//!
//! - 4: isolation level and aborted transactions (KIP-98).
//! - 5: where the log begins (KIP-107).
//! - 7: sessions, which name changes only (KIP-227).
//! - 9: the leader epoch that the client believes in (KIP-320).
//! - 10: zstd may be used (KIP-110).
//! - 11: the rack, and a closer replica to read from (KIP-392).
//! - 12: compact and tagged (KIP-482); for the quorum: diverging epochs, snapshots (KIP-595, KIP-630).
//! - 13: topics by id (KIP-516).
//! - 14: offsets may have moved to tiered storage (KIP-405).
//! - 15: the broker epoch of a follower (KIP-903).
//! - 16: the new leader comes with the error (KIP-951).
//! - 17: the directory of a voter (KIP-853).
//! - 18: the high watermark that a follower knows of (KIP-1166).

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What Fetch asks.
    FetchRequest (4..=18, flexible 12) {
        [4..=14] replica_id: i32 = -1;
        max_wait_ms: i32;
        min_bytes: i32;
        max_bytes: i32 = i32::MAX;
        isolation_level: i8;
        [7.., ignorable] session_id: i32;
        [7.., ignorable] session_epoch: i32 = -1;
        topics: Vec<FetchTopic>;
        [7..] forgotten_topics_data: Vec<ForgottenTopic>;
        [11.., ignorable] rack_id: String;
        @0 [12.., ignorable] cluster_id: Option<String>;
        @1 [15..] replica_state: ReplicaState;
    }

    /// One of the `topics` of [`FetchRequest`].
    FetchTopic {
        [4..=12, ignorable] topic: String;
        [13.., ignorable] topic_id: Uuid;
        partitions: Vec<FetchPartition>;
    }

    /// One of the `partitions` of [`FetchTopic`].
    FetchPartition {
        partition: i32;
        [9.., ignorable] current_leader_epoch: i32 = -1;
        fetch_offset: i64;
        [12..] last_fetched_epoch: i32 = -1;
        [5.., ignorable] log_start_offset: i64 = -1;
        partition_max_bytes: i32;
        @0 [17.., ignorable] replica_directory_id: Uuid;
        @1 [18.., ignorable] high_watermark: i64 = i64::MAX;
    }

    /// One of the `forgotten_topics_data` of [`FetchRequest`].
    ForgottenTopic {
        [7..=12, ignorable] topic: String;
        [13.., ignorable] topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// The `replica_state` of [`FetchRequest`].
    ReplicaState {
        replica_id: i32 = -1;
        replica_epoch: i64 = -1;
    }

    /// What Fetch answers.
    FetchResponse (4..=18, flexible 12) {
        throttle_time_ms: i32;
        [7.., ignorable] error_code: i16;
        [7..] session_id: i32;
        responses: Vec<FetchableTopicResponse>;
        @0 [16..] node_endpoints: Vec<NodeEndpoint>;
    }

    /// One of the `responses` of [`FetchResponse`].
    FetchableTopicResponse {
        [4..=12, ignorable] topic: String;
        [13.., ignorable] topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`FetchableTopicResponse`].
    PartitionData {
        partition_index: i32;
        error_code: i16;
        high_watermark: i64;
        last_stable_offset: i64 = -1;
        [5.., ignorable] log_start_offset: i64 = -1;
        aborted_transactions: Option<Vec<AbortedTransaction>> = Some(Vec::new());
        [11..] preferred_read_replica: i32 = -1;
        records: Option<Bytes>;
        @0 [12..] diverging_epoch: EpochEndOffset;
        @1 [12..] current_leader: LeaderIdAndEpoch;
        @2 [12..] snapshot_id: SnapshotId;
    }

    /// One of the `aborted_transactions` of [`PartitionData`].
    AbortedTransaction {
        producer_id: i64;
        first_offset: i64;
    }

    /// The `diverging_epoch` of [`PartitionData`].
    EpochEndOffset {
        epoch: i32 = -1;
        end_offset: i64 = -1;
    }

    /// The `current_leader` of [`PartitionData`].
    LeaderIdAndEpoch {
        leader_id: i32 = -1;
        leader_epoch: i32 = -1;
    }

    /// The `snapshot_id` of [`PartitionData`].
    SnapshotId {
        end_offset: i64 = -1;
        epoch: i32 = -1;
    }

    /// One of the `node_endpoints` of [`FetchResponse`].
    NodeEndpoint {
        node_id: i32;
        host: String;
        port: i32;
        rack: Option<String>;
    }
}

request!(Fetch: FetchRequest => FetchResponse);
