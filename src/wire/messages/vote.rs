//! Vote (API 52), versions 0-2. A voter of the quorum wants to lead (KIP-595).
//!
//! - 1: voters by directory (KIP-853).
//! - 2: asks beforehand, without raising its epoch (KIP-996).
//!
//! Kafka gives the parts of request and response the same names; the response's are `TopicDataResponse`,
//! `PartitionDataResponse` here.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What Vote asks.
    VoteRequest (0..=2, flexible 0) {
        cluster_id: Option<String>;
        [1.., ignorable] voter_id: i32 = -1;
        topics: Vec<TopicData>;
    }

    /// One of the `topics` of [`VoteRequest`].
    TopicData {
        topic_name: String;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`TopicData`].
    PartitionData {
        partition_index: i32;
        replica_epoch: i32;
        replica_id: i32;
        [1.., ignorable] replica_directory_id: Uuid;
        [1.., ignorable] voter_directory_id: Uuid;
        last_offset_epoch: i32;
        last_offset: i64;
        [2..] pre_vote: bool;
    }

    /// What Vote answers.
    VoteResponse (0..=2, flexible 0) {
        error_code: i16;
        topics: Vec<TopicDataResponse>;
        @0 [1..] node_endpoints: Vec<NodeEndpoint>;
    }

    /// One of the `topics` of [`VoteResponse`].
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
        vote_granted: bool;
    }

    /// One of the `node_endpoints` of [`VoteResponse`].
    NodeEndpoint {
        node_id: i32;
        host: String;
        port: u16;
    }
}

request!(Vote: VoteRequest => VoteResponse);
