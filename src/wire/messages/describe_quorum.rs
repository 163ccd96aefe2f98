//! DescribeQuorum (API 55), versions 0-2. Leader, voters and observers of the quorum (KIP-595).
//!
//! - 1: when each was last heard of (KIP-836).
//! - 2: directories and endpoints (KIP-853).
//!
//! Kafka gives the parts of request and response the same names; the response's are `TopicDataResponse`,
//! `PartitionDataResponse` here.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What DescribeQuorum asks.
    DescribeQuorumRequest (0..=2, flexible 0) {
        topics: Vec<TopicData>;
    }

    /// One of the `topics` of [`DescribeQuorumRequest`].
    TopicData {
        topic_name: String;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`TopicData`].
    PartitionData {
        partition_index: i32;
    }

    /// What DescribeQuorum answers.
    DescribeQuorumResponse (0..=2, flexible 0) {
        error_code: i16;
        [2.., ignorable] error_message: Option<String> = Some(String::new());
        topics: Vec<TopicDataResponse>;
        [2..] nodes: Vec<Node>;
    }

    /// One of the `topics` of [`DescribeQuorumResponse`].
    TopicDataResponse {
        topic_name: String;
        partitions: Vec<PartitionDataResponse>;
    }

    /// One of the `partitions` of [`TopicDataResponse`].
    PartitionDataResponse {
        partition_index: i32;
        error_code: i16;
        [2.., ignorable] error_message: Option<String> = Some(String::new());
        leader_id: i32;
        leader_epoch: i32;
        high_watermark: i64;
        current_voters: Vec<ReplicaState>;
        observers: Vec<ReplicaState>;
    }

    /// One of the `current_voters` of [`PartitionDataResponse`].
    ReplicaState {
        replica_id: i32;
        [2..] replica_directory_id: Uuid;
        log_end_offset: i64;
        [1.., ignorable] last_fetch_timestamp: i64 = -1;
        [1.., ignorable] last_caught_up_timestamp: i64 = -1;
    }

    /// One of the `nodes` of [`DescribeQuorumResponse`].
    Node {
        node_id: i32;
        listeners: Vec<Listener>;
    }

    /// One of the `listeners` of [`Node`].
    Listener {
        name: String;
        host: String;
        port: u16;
    }
}

request!(DescribeQuorum: DescribeQuorumRequest => DescribeQuorumResponse);
