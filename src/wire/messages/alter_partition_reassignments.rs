//! AlterPartitionReassignments (API 45), versions 0-1. Moves partitions to other brokers, or stops that (KIP-455).
//!
//! - 1: may forbid a change of the replication factor (KIP-860).

use crate::wire::message::{message, request};

message! {
    /// What AlterPartitionReassignments asks.
    AlterPartitionReassignmentsRequest (0..=1, flexible 0) {
        timeout_ms: i32 = 60000;
        [1..] allow_replication_factor_change: bool = true;
        topics: Vec<ReassignableTopic>;
    }

    /// One of the `topics` of [`AlterPartitionReassignmentsRequest`].
    ReassignableTopic {
        name: String;
        partitions: Vec<ReassignablePartition>;
    }

    /// One of the `partitions` of [`ReassignableTopic`].
    ReassignablePartition {
        partition_index: i32;
        replicas: Option<Vec<i32>>;
    }

    /// What AlterPartitionReassignments answers.
    AlterPartitionReassignmentsResponse (0..=1, flexible 0) {
        throttle_time_ms: i32;
        [1.., ignorable] allow_replication_factor_change: bool = true;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        responses: Vec<ReassignableTopicResponse>;
    }

    /// One of the `responses` of [`AlterPartitionReassignmentsResponse`].
    ReassignableTopicResponse {
        name: String;
        partitions: Vec<ReassignablePartitionResponse>;
    }

    /// One of the `partitions` of [`ReassignableTopicResponse`].
    ReassignablePartitionResponse {
        partition_index: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(AlterPartitionReassignments: AlterPartitionReassignmentsRequest => AlterPartitionReassignmentsResponse);
