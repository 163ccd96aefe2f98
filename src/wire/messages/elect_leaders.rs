//! ElectLeaders (API 43), versions 0-2. Elects the preferred leaders, or any (KIP-183).
//!
//! - 1: unclean elections (KIP-460).
//! - 2: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What ElectLeaders asks.
    ElectLeadersRequest (0..=2, flexible 2) {
        [1..] election_type: i8;
        topic_partitions: Option<Vec<TopicPartitions>> = Some(Vec::new());
        timeout_ms: i32 = 60000;
    }

    /// One of the `topic_partitions` of [`ElectLeadersRequest`].
    TopicPartitions {
        topic: String;
        partitions: Vec<i32>;
    }

    /// What ElectLeaders answers.
    ElectLeadersResponse (0..=2, flexible 2) {
        throttle_time_ms: i32;
        [1..] error_code: i16;
        replica_election_results: Vec<ReplicaElectionResult>;
    }

    /// One of the `replica_election_results` of [`ElectLeadersResponse`].
    ReplicaElectionResult {
        topic: String;
        partition_result: Vec<PartitionResult>;
    }

    /// One of the `partition_result` of [`ReplicaElectionResult`].
    PartitionResult {
        partition_id: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(ElectLeaders: ElectLeadersRequest => ElectLeadersResponse);
