//! AlterReplicaLogDirs (34), versions 1-2: moves replicas between the log directories of this broker (KIP-113).
//!
//! Caveat: a replica that is already there is accepted; to move one is refused with `UNSUPPORTED_VERSION`.

use std::path::Path;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::types::TopicPartition;
use crate::wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult, AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AlterReplicaLogDirsRequest,
) -> AlterReplicaLogDirsResponse {
    let mut response = AlterReplicaLogDirsResponse::default();
    let refused = call.check_whole(&permissions::ALTER_REPLICA_LOG_DIRS).err();
    for dir in &request.dirs {
        for topic in &dir.topics {
            let result = |partition_index| {
                let place = TopicPartition::new(topic.name.clone(), partition_index);
                AlterReplicaLogDirPartitionResult {
                    partition_index,
                    error_code: match &refused {
                        Some(error) => error.code.code(),
                        None => check(&call, &dir.path, &place).code(),
                    },
                    ..Default::default()
                }
            };
            response.results.push(AlterReplicaLogDirTopicResult {
                topic_name: topic.name.clone(),
                partitions: topic.partitions.iter().copied().map(result).collect(),
                ..Default::default()
            });
        }
    }
    response
}

/// Whether the replica of `place` is in the directory at `path`, or why it cannot be.
fn check(call: &Call, path: &str, place: &TopicPartition) -> ErrorCode {
    let Some(logs) = &call.context.logs else { return ErrorCode::ReplicaNotAvailable };
    let dirs = logs.dirs().iter();
    let Some((index, dir)) = dirs.enumerate().find(|(_, dir)| dir.path() == Path::new(path)) else {
        return ErrorCode::LogDirNotFound;
    };
    let replicas = call.context.partitions.all();
    let replica = replicas.iter().find(|replica| replica.name == *place);
    match replica {
        _ if dir.is_offline() => ErrorCode::KafkaStorageError,
        None => ErrorCode::ReplicaNotAvailable,
        Some(replica) if replica.log_dir == index => ErrorCode::None,
        Some(_) => {
            tracing::warn!(%place, to = path, "refused to move a replica: it must stay where it is");
            ErrorCode::UnsupportedVersion
        }
    }
}
