//! EndQuorumEpoch (API 54), versions 0-1. The quorum's leader steps down (KIP-595).
//!
//! - 1: compact and tagged (KIP-482); successors by directory (KIP-853).
//!
//! Kafka gives the parts of request and response the same names; the response's are `TopicDataResponse`,
//! `PartitionDataResponse` here.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What EndQuorumEpoch asks.
    EndQuorumEpochRequest (0..=1, flexible 1) {
        cluster_id: Option<String>;
        topics: Vec<TopicData>;
        [1.., ignorable] leader_endpoints: Vec<LeaderEndpoint>;
    }

    /// One of the `topics` of [`EndQuorumEpochRequest`].
    TopicData {
        topic_name: String;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`TopicData`].
    PartitionData {
        partition_index: i32;
        leader_id: i32;
        leader_epoch: i32;
        [0, ignorable] preferred_successors: Vec<i32>;
        [1.., ignorable] preferred_candidates: Vec<ReplicaInfo>;
    }

    /// One of the `preferred_candidates` of [`PartitionData`].
    ReplicaInfo {
        candidate_id: i32;
        candidate_directory_id: Uuid;
    }

    /// One of the `leader_endpoints` of [`EndQuorumEpochRequest`].
    LeaderEndpoint {
        name: String;
        host: String;
        port: u16;
    }

    /// What EndQuorumEpoch answers.
    EndQuorumEpochResponse (0..=1, flexible 1) {
        error_code: i16;
        topics: Vec<TopicDataResponse>;
        @0 [1..] node_endpoints: Vec<NodeEndpoint>;
    }

    /// One of the `topics` of [`EndQuorumEpochResponse`].
    TopicDataResponse {
        topic_name: String;
        partitions: Vec<PartitionDataResponse>;
    }

    /// One of the `partitions` of [`TopicDataResponse`].
    PartitionDataResponse {
        partition_index: i32;
        error_code: i16;
        leader_id: i32;
        leader_epoch: i32;
    }

    /// One of the `node_endpoints` of [`EndQuorumEpochResponse`].
    NodeEndpoint {
        node_id: i32;
        host: String;
        port: u16;
    }
}

request!(EndQuorumEpoch: EndQuorumEpochRequest => EndQuorumEpochResponse);
