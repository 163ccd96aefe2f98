//! FetchSnapshot (59), versions 0-1: a part of a snapshot of the metadata log, for a replica that is too far behind
//! (KIP-630). v1 names the fetching directory (KIP-853). Controllers' listeners only.
//!
//! A part begins at a byte and ends anywhere, also within a batch: the fetcher writes what comes to a file, and reads
//! it when it has all of `size`. SNAPSHOT_NOT_FOUND: a newer one has taken its place, and the fetcher begins again;
//! POSITION_OUT_OF_RANGE; INVALID_REQUEST, FENCED_LEADER_EPOCH and the like as for a fetch.

use super::context::Call;
use super::permissions;
use super::quorum::{check_cluster, leader, leader_endpoint};
use crate::error::ErrorCode;
use crate::raft::quorum_actor::{SnapshotAsk, SnapshotPart};
use crate::raft::shape::OffsetAndEpoch;
use crate::types::METADATA_TOPIC;
use crate::wire::messages::fetch_snapshot::{
    FetchSnapshotRequest, FetchSnapshotResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionSnapshot,
    PartitionSnapshotResponse, TopicSnapshotResponse,
};

pub(crate) async fn handle(call: Call, request: FetchSnapshotRequest) -> FetchSnapshotResponse {
    let whole =
        |code: ErrorCode| FetchSnapshotResponse { error_code: code.code(), ..Default::default() };
    if let Err(code) = call.check_cluster(&permissions::FETCH_SNAPSHOT) {
        return whole(code);
    }
    if let Err(code) = check_cluster(&call.context, request.cluster_id.as_deref()) {
        return whole(code);
    }
    let [topic] = &request.topics[..] else { return whole(ErrorCode::InvalidRequest) };
    let [partition] = &topic.partitions[..] else { return whole(ErrorCode::InvalidRequest) };
    if topic.name != METADATA_TOPIC || partition.partition != 0 {
        let refused = part_of(partition, Err(ErrorCode::UnknownTopicOrPartition));
        return answer(&call, &topic.name, refused);
    }
    let part = match u64::try_from(partition.position) {
        Err(_) => Err(ErrorCode::PositionOutOfRange),
        Ok(position) => {
            let (offset, epoch) = (partition.snapshot_id.end_offset, partition.snapshot_id.epoch);
            let ask = SnapshotAsk {
                epoch: partition.current_leader_epoch,
                snapshot: OffsetAndEpoch::new(offset, epoch),
                position,
                max_bytes: usize::try_from(request.max_bytes).unwrap_or(0),
            };
            call.context.quorum.fetch_snapshot(ask).await
        }
    };
    let (leader_id, leader_epoch) = leader(&call);
    let current_leader = LeaderIdAndEpoch { leader_id, leader_epoch, ..Default::default() };
    let part = PartitionSnapshotResponse { current_leader, ..part_of(partition, part) };
    answer(&call, METADATA_TOPIC, part)
}

fn part_of(
    asked: &PartitionSnapshot,
    part: Result<SnapshotPart, ErrorCode>,
) -> PartitionSnapshotResponse {
    let base = PartitionSnapshotResponse {
        index: asked.partition,
        snapshot_id: asked.snapshot_id.clone(),
        ..Default::default()
    };
    match part {
        Err(code) => PartitionSnapshotResponse { error_code: code.code(), ..base },
        Ok(part) => PartitionSnapshotResponse {
            size: i64::try_from(part.size).unwrap_or(i64::MAX),
            position: asked.position,
            unaligned_records: part.bytes,
            ..base
        },
    }
}

fn answer(call: &Call, topic: &str, part: PartitionSnapshotResponse) -> FetchSnapshotResponse {
    let node = |(node_id, host, port)| NodeEndpoint { node_id, host, port, ..Default::default() };
    let endpoint = leader_endpoint(call).filter(|_| call.version >= 1);
    FetchSnapshotResponse {
        topics: vec![TopicSnapshotResponse {
            name: topic.to_owned(),
            partitions: vec![part],
            ..Default::default()
        }],
        node_endpoints: endpoint.map(node).into_iter().collect(),
        ..Default::default()
    }
}
