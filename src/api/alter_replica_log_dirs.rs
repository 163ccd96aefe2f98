//! AlterReplicaLogDirs (34), versions 1-2: moves replicas between the log directories of this broker (KIP-113).
//!
//! The answer comes when the copying has begun. Back to where the replica is calls a move off.
//!
//! Until the copy has caught up the partition is served from where it is; then the two change places.
//! REPLICA_NOT_AVAILABLE: it is not here (Kafka says so too, but remembers where it shall go once it comes).
//! LOG_DIR_NOT_FOUND: the path is none of `log.dirs`. KAFKA_STORAGE_ERROR: it is offline.

use std::path::PathBuf;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::partition::mover_actor::AlterLogDir;
use crate::types::TopicPartition;
use crate::wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDir, AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult,
    AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AlterReplicaLogDirsRequest,
) -> AlterReplicaLogDirsResponse {
    let mut response = AlterReplicaLogDirsResponse::default();
    let refused = call.check_whole(&permissions::ALTER_REPLICA_LOG_DIRS).err();
    for dir in &request.dirs {
        for topic in &dir.topics {
            let mut partitions = Vec::new();
            for &partition_index in &topic.partitions {
                let code = match &refused {
                    Some(error) => error.code,
                    None => alter(&call, dir, &topic.name, partition_index).await,
                };
                partitions.push(AlterReplicaLogDirPartitionResult {
                    partition_index,
                    error_code: code.code(),
                    ..Default::default()
                });
            }
            response.results.push(AlterReplicaLogDirTopicResult {
                topic_name: topic.name.clone(),
                partitions,
                ..Default::default()
            });
        }
    }
    response
}

async fn alter(call: &Call, dir: &AlterReplicaLogDir, topic: &str, partition: i32) -> ErrorCode {
    let name = TopicPartition::new(topic, partition);
    let wanted = AlterLogDir { name, path: PathBuf::from(&dir.path) };
    match call.context.mover.ask(wanted).await {
        Ok(Ok(())) => ErrorCode::None,
        Ok(Err(code)) => code,
        Err(_) => ErrorCode::ReplicaNotAvailable,
    }
}
