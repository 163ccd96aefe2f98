//! AlterReplicaLogDirs (API 34), versions 1-2. Moves replicas between the disks of a broker (KIP-113).
//!
//! - 2: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What AlterReplicaLogDirs asks.
    AlterReplicaLogDirsRequest (1..=2, flexible 2) {
        dirs: Vec<AlterReplicaLogDir>;
    }

    /// One of the `dirs` of [`AlterReplicaLogDirsRequest`].
    AlterReplicaLogDir {
        path: String;
        topics: Vec<AlterReplicaLogDirTopic>;
    }

    /// One of the `topics` of [`AlterReplicaLogDir`].
    AlterReplicaLogDirTopic {
        name: String;
        partitions: Vec<i32>;
    }

    /// What AlterReplicaLogDirs answers.
    AlterReplicaLogDirsResponse (1..=2, flexible 2) {
        throttle_time_ms: i32;
        results: Vec<AlterReplicaLogDirTopicResult>;
    }

    /// One of the `results` of [`AlterReplicaLogDirsResponse`].
    AlterReplicaLogDirTopicResult {
        topic_name: String;
        partitions: Vec<AlterReplicaLogDirPartitionResult>;
    }

    /// One of the `partitions` of [`AlterReplicaLogDirTopicResult`].
    AlterReplicaLogDirPartitionResult {
        partition_index: i32;
        error_code: i16;
    }
}

request!(AlterReplicaLogDirs: AlterReplicaLogDirsRequest => AlterReplicaLogDirsResponse);
