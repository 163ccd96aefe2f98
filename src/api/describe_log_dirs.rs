//! DescribeLogDirs (35), versions 1–5: what lies in which log directory. v4 volume sizes (KIP-827), v5 cordoned.
//!
//! A replica that is being moved is told of twice: where it is, and, as `is_future_key`, where it will be, with how
//! many records it lacks. KAFKA_STORAGE_ERROR of a directory: it is offline.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::log::log_dir::LogDir;
use crate::log::manager::LogManager;
use crate::partition::future::Move;
use crate::partition::replica::Replica;
use crate::types::PartitionId;
use crate::wire::messages::describe_log_dirs::{
    DescribableLogDirTopic, DescribeLogDirsPartition, DescribeLogDirsRequest,
    DescribeLogDirsResponse, DescribeLogDirsResult, DescribeLogDirsTopic,
};

pub(crate) async fn handle(call: Call, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse {
    if let Err(code) = call.check_cluster(&permissions::DESCRIBE_LOG_DIRS) {
        return DescribeLogDirsResponse { error_code: code.code(), ..Default::default() };
    }
    let mut response = DescribeLogDirsResponse::default();
    let Some(logs) = &call.context.logs else { return response };
    let wanted = request.topics.as_deref().map(by_name);
    let is_wanted = |replica: &Replica| is_wanted(replica, wanted.as_ref());
    let replicas = call.context.partitions.all();
    for (index, dir) in logs.dirs().iter().enumerate() {
        let here = replicas.iter().filter(|replica| replica.log_dir() == index);
        let wanted: Vec<_> = here.filter(|replica| is_wanted(replica)).cloned().collect();
        let mut coming = call.context.partitions.moves();
        coming.retain(|one| one.to == index && is_wanted(&one.replica));
        response.results.push(describe(logs, dir, wanted, &coming).await);
    }
    response
}

/// The partitions that are asked for.
type Wanted<'a> = HashMap<&'a str, HashSet<PartitionId>>;

fn by_name(topics: &[DescribableLogDirTopic]) -> Wanted<'_> {
    let mut wanted = Wanted::new();
    for topic in topics {
        wanted.entry(&topic.topic).or_default().extend(&topic.partitions);
    }
    wanted
}

fn is_wanted(replica: &Replica, topics: Option<&Wanted<'_>>) -> bool {
    let Some(topics) = topics else { return true };
    let partitions = topics.get(replica.name.topic.as_str());
    partitions.is_some_and(|partitions| partitions.contains(&replica.name.partition))
}

async fn describe(
    logs: &Arc<LogManager>,
    dir: &LogDir,
    replicas: Vec<Arc<Replica>>,
    coming: &[Arc<Move>],
) -> DescribeLogDirsResult {
    let log_dir = dir.path().display().to_string();
    if dir.is_offline() {
        return DescribeLogDirsResult {
            error_code: ErrorCode::KafkaStorageError.code(),
            log_dir,
            ..Default::default()
        };
    }
    let mut topics: BTreeMap<String, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    for (replica, size) in sizes(logs, replicas).await {
        topics.entry(replica.name.topic.clone()).or_default().push(DescribeLogDirsPartition {
            partition_index: replica.name.partition,
            partition_size: i64::try_from(size).unwrap_or(i64::MAX),
            ..Default::default()
        });
    }
    for moving in coming {
        let replica = &moving.replica;
        let Ok(view) = replica.view().await else { continue };
        topics.entry(replica.name.topic.clone()).or_default().push(DescribeLogDirsPartition {
            partition_index: replica.name.partition,
            partition_size: i64::try_from(moving.view().size()).unwrap_or(i64::MAX),
            offset_lag: moving.lag(&view),
            is_future_key: true,
            ..Default::default()
        });
    }
    let topic = |(name, mut partitions): (String, Vec<DescribeLogDirsPartition>)| {
        partitions.sort_unstable_by_key(|partition| partition.partition_index);
        DescribeLogDirsTopic { name, partitions, ..Default::default() }
    };
    let (total_bytes, usable_bytes) = volume(dir);
    let topics = topics.into_iter().map(topic).collect();
    DescribeLogDirsResult { log_dir, topics, total_bytes, usable_bytes, ..Default::default() }
}

/// The replicas' sizes in bytes. A log that cannot be looked at has none to tell of; its partition is offline and says
/// so elsewhere. One at rest stays so: its files are asked for, one partition after the other, where nobody waits.
async fn sizes(logs: &Arc<LogManager>, replicas: Vec<Arc<Replica>>) -> Vec<(Arc<Replica>, u64)> {
    let logs = logs.clone();
    let looking = tokio::task::spawn_blocking(move || {
        let size = |replica: &Replica| match replica.open_view() {
            Some(view) => Some(view.size()),
            None if replica.is_offline() => None,
            None => logs.size_at_rest(replica.log_dir(), &replica.name).ok(),
        };
        let sized = replicas.into_iter().map(|replica| (size(&replica), replica));
        sized.filter_map(|(size, replica)| Some((replica, size?))).collect()
    });
    looking.await.unwrap_or_default()
}

/// The size of the volume and what is free of it; −1 where the system does not say.
fn volume(dir: &LogDir) -> (i64, i64) {
    let bytes =
        |blocks: u64, size: u64| i64::try_from(blocks.saturating_mul(size)).unwrap_or(i64::MAX);
    match rustix::fs::statvfs(dir.path()) {
        Ok(volume) => {
            (bytes(volume.f_blocks, volume.f_frsize), bytes(volume.f_bavail, volume.f_frsize))
        }
        Err(_) => (-1, -1),
    }
}
