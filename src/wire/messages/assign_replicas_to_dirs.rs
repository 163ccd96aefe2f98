//! AssignReplicasToDirs (API 73), version 0. A broker says on which disk its replicas are (KIP-858).
//!
//! Kafka gives the parts of request and response the same names; the response's are `DirectoryDataResponse`,
//! `TopicDataResponse`, `PartitionDataResponse` here.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What AssignReplicasToDirs asks.
    AssignReplicasToDirsRequest (0..=0, flexible 0) {
        broker_id: i32;
        broker_epoch: i64 = -1;
        directories: Vec<DirectoryData>;
    }

    /// One of the `directories` of [`AssignReplicasToDirsRequest`].
    DirectoryData {
        id: Uuid;
        topics: Vec<TopicData>;
    }

    /// One of the `topics` of [`DirectoryData`].
    TopicData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`TopicData`].
    PartitionData {
        partition_index: i32;
    }

    /// What AssignReplicasToDirs answers.
    AssignReplicasToDirsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        directories: Vec<DirectoryDataResponse>;
    }

    /// One of the `directories` of [`AssignReplicasToDirsResponse`].
    DirectoryDataResponse {
        id: Uuid;
        topics: Vec<TopicDataResponse>;
    }

    /// One of the `topics` of [`DirectoryDataResponse`].
    TopicDataResponse {
        topic_id: Uuid;
        partitions: Vec<PartitionDataResponse>;
    }

    /// One of the `partitions` of [`TopicDataResponse`].
    PartitionDataResponse {
        partition_index: i32;
        error_code: i16;
    }
}

request!(AssignReplicasToDirs: AssignReplicasToDirsRequest => AssignReplicasToDirsResponse);
