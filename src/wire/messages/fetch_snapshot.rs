//! FetchSnapshot (API 59), versions 0-1. A piece of a snapshot of the metadata log (KIP-630).
//!
//! - 1: directories and endpoints (KIP-853).
//!
//! Kafka gives the parts of request and response the same names; the response's are `TopicSnapshotResponse`,
//! `PartitionSnapshotResponse` here.

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What FetchSnapshot asks.
    FetchSnapshotRequest (0..=1, flexible 0) {
        replica_id: i32 = -1;
        max_bytes: i32 = i32::MAX;
        topics: Vec<TopicSnapshot>;
        @0 cluster_id: Option<String>;
    }

    /// One of the `topics` of [`FetchSnapshotRequest`].
    TopicSnapshot {
        name: String;
        partitions: Vec<PartitionSnapshot>;
    }

    /// One of the `partitions` of [`TopicSnapshot`].
    PartitionSnapshot {
        partition: i32;
        current_leader_epoch: i32;
        snapshot_id: SnapshotId;
        position: i64;
        @0 [1.., ignorable] replica_directory_id: Uuid;
    }

    /// The `snapshot_id` of [`PartitionSnapshot`].
    SnapshotId {
        end_offset: i64;
        epoch: i32;
    }

    /// What FetchSnapshot answers.
    FetchSnapshotResponse (0..=1, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        topics: Vec<TopicSnapshotResponse>;
        @0 [1..] node_endpoints: Vec<NodeEndpoint>;
    }

    /// One of the `topics` of [`FetchSnapshotResponse`].
    TopicSnapshotResponse {
        name: String;
        partitions: Vec<PartitionSnapshotResponse>;
    }

    /// One of the `partitions` of [`TopicSnapshotResponse`].
    PartitionSnapshotResponse {
        index: i32;
        error_code: i16;
        snapshot_id: SnapshotId;
        size: i64;
        position: i64;
        unaligned_records: Bytes;
        @0 current_leader: LeaderIdAndEpoch;
    }

    /// The `current_leader` of [`PartitionSnapshotResponse`].
    LeaderIdAndEpoch {
        leader_id: i32;
        leader_epoch: i32;
    }

    /// One of the `node_endpoints` of [`FetchSnapshotResponse`].
    NodeEndpoint {
        node_id: i32;
        host: String;
        port: u16;
    }
}

request!(FetchSnapshot: FetchSnapshotRequest => FetchSnapshotResponse);
