//! ListPartitionReassignments (API 46), version 0. Which partitions are being moved (KIP-455).

use crate::wire::message::{message, request};

message! {
    /// What ListPartitionReassignments asks.
    ListPartitionReassignmentsRequest (0..=0, flexible 0) {
        timeout_ms: i32 = 60000;
        topics: Option<Vec<ListPartitionReassignmentsTopics>>;
    }

    /// One of the `topics` of [`ListPartitionReassignmentsRequest`].
    ListPartitionReassignmentsTopics {
        name: String;
        partition_indexes: Vec<i32>;
    }

    /// What ListPartitionReassignments answers.
    ListPartitionReassignmentsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        topics: Vec<OngoingTopicReassignment>;
    }

    /// One of the `topics` of [`ListPartitionReassignmentsResponse`].
    OngoingTopicReassignment {
        name: String;
        partitions: Vec<OngoingPartitionReassignment>;
    }

    /// One of the `partitions` of [`OngoingTopicReassignment`].
    OngoingPartitionReassignment {
        partition_index: i32;
        replicas: Vec<i32>;
        adding_replicas: Vec<i32>;
        removing_replicas: Vec<i32>;
    }
}

request!(ListPartitionReassignments: ListPartitionReassignmentsRequest => ListPartitionReassignmentsResponse);
