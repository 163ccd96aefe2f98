//! BeginQuorumEpoch (API 53), versions 0-1. The quorum's new leader shows itself (KIP-595).
//!
//! - 1: compact and tagged (KIP-482); endpoints and directories (KIP-853).
//!
//! Kafka gives the parts of request and response the same names; the response's are `TopicDataResponse`,
//! `PartitionDataResponse` here.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What BeginQuorumEpoch asks.
    BeginQuorumEpochRequest (0..=1, flexible 1) {
        cluster_id: Option<String>;
        [1.., ignorable] voter_id: i32 = -1;
        topics: Vec<TopicData>;
        [1.., ignorable] leader_endpoints: Vec<LeaderEndpoint>;
    }

    /// One of the `topics` of [`BeginQuorumEpochRequest`].
    TopicData {
        topic_name: String;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`TopicData`].
    PartitionData {
        partition_index: i32;
        [1.., ignorable] voter_directory_id: Uuid;
        leader_id: i32;
        leader_epoch: i32;
    }

    /// One of the `leader_endpoints` of [`BeginQuorumEpochRequest`].
    LeaderEndpoint {
        name: String;
        host: String;
        port: u16;
    }

    /// What BeginQuorumEpoch answers.
    BeginQuorumEpochResponse (0..=1, flexible 1) {
        error_code: i16;
        topics: Vec<TopicDataResponse>;
        @0 [1..] node_endpoints: Vec<NodeEndpoint>;
    }

    /// One of the `topics` of [`BeginQuorumEpochResponse`].
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

    /// One of the `node_endpoints` of [`BeginQuorumEpochResponse`].
    NodeEndpoint {
        node_id: i32;
        host: String;
        port: u16;
    }
}

request!(BeginQuorumEpoch: BeginQuorumEpochRequest => BeginQuorumEpochResponse);
