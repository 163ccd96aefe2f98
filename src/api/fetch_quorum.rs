//! Fetch (1) on controllers' listeners: brokers and controllers follow the metadata log (KIP-595).
//!
//! Versions as everywhere. Only the one partition of `__cluster_metadata` is served here, whole and uncommitted records
//! included: who fetches it knows the high watermark.
//!
//! What is told instead of records: where the logs part (the fetcher cuts its own and asks again), or which snapshot to
//! fetch, where the log begins behind what is asked for. Errors of the whole are INCONSISTENT_CLUSTER_ID and
//! INVALID_REQUEST; the partition's, beside which the leader is told, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH,
//! NOT_LEADER_OR_FOLLOWER. No sessions here: there is one partition.

use bytes::Bytes;

use super::context::Call;
use super::permissions;
use super::quorum::{check_cluster, leader, leader_endpoint};
use crate::error::ErrorCode;
use crate::raft::quorum_actor::{FetchAnswer, FetchAsk, FetchOutcome};
use crate::raft::shape::OffsetAndEpoch;
use crate::raft::voters::ReplicaKey;
use crate::types::{METADATA_TOPIC, Millis, Uuid};
use crate::wire::messages::fetch::{
    EpochEndOffset, FetchPartition, FetchRequest, FetchResponse, FetchTopic,
    FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData, SnapshotId,
};

/// The most that is sent at once, in bytes, whatever is asked.
const BYTES_MAX: usize = 8 << 20;

pub(crate) async fn handle(call: Call, request: FetchRequest) -> FetchResponse {
    let whole = |code: ErrorCode| FetchResponse { error_code: code.code(), ..Default::default() };
    if let Err(code) = call.check_cluster(&permissions::FETCH_METADATA) {
        return whole(code);
    }
    if let Err(code) = check_cluster(&call.context, request.cluster_id.as_deref()) {
        return whole(code);
    }
    let [topic] = &request.topics[..] else { return whole(ErrorCode::InvalidRequest) };
    let [partition] = &topic.partitions[..] else { return whole(ErrorCode::InvalidRequest) };
    let named = if call.version >= 13 {
        topic.topic_id == Uuid::ONE
    } else {
        topic.topic == METADATA_TOPIC
    };
    if !named || partition.partition != 0 {
        return whole(ErrorCode::InvalidRequest);
    }
    let nonsense = partition.fetch_offset < 0
        || partition.last_fetched_epoch < 0
        || partition.current_leader_epoch < 0
        || request.max_wait_ms < 0;
    let data = if nonsense {
        let log_start_offset =
            call.context.quorum.view().map_or(-1, |view| view.log_start_offset());
        let error_code = ErrorCode::InvalidRequest.code();
        let records = Some(Bytes::new());
        PartitionData {
            error_code,
            high_watermark: -1,
            log_start_offset,
            records,
            ..Default::default()
        }
    } else {
        let ask = asked(&call, &request, partition);
        partition_data(call.context.quorum.fetch(ask).await)
    };
    answer(&call, topic, data)
}

fn asked(call: &Call, request: &FetchRequest, partition: &FetchPartition) -> FetchAsk {
    let id = if call.version >= 15 { request.replica_state.replica_id } else { request.replica_id };
    FetchAsk {
        replica: (id >= 0).then_some(ReplicaKey::new(id, partition.replica_directory_id)),
        epoch: partition.current_leader_epoch,
        position: OffsetAndEpoch::new(partition.fetch_offset, partition.last_fetched_epoch),
        max_bytes: usize::try_from(request.max_bytes).unwrap_or(0).min(BYTES_MAX),
        max_wait_ms: Millis::from(request.max_wait_ms),
    }
}

fn partition_data(answer: FetchAnswer) -> PartitionData {
    let mut data = PartitionData {
        high_watermark: answer.high_watermark,
        log_start_offset: answer.log_start,
        records: Some(Bytes::new()),
        ..Default::default()
    };
    match answer.outcome {
        Ok(FetchOutcome::Records(found)) => match found.to_vec() {
            Ok(bytes) => data.records = Some(bytes.into()),
            Err(error) => {
                tracing::error!(%error, "cannot read the metadata log");
                data.error_code = ErrorCode::KafkaStorageError.code();
            }
        },
        Ok(FetchOutcome::Diverging(end)) => {
            data.diverging_epoch =
                EpochEndOffset { epoch: end.epoch, end_offset: end.offset, ..Default::default() };
        }
        Ok(FetchOutcome::Snapshot(id)) => {
            data.snapshot_id =
                SnapshotId { epoch: id.epoch, end_offset: id.offset, ..Default::default() };
        }
        Err(code) => {
            data.error_code = code.code();
            data.high_watermark = -1;
        }
    }
    data
}

fn answer(call: &Call, topic: &FetchTopic, data: PartitionData) -> FetchResponse {
    let (leader_id, leader_epoch) = leader(call);
    let mut data = data;
    let mut node_endpoints = Vec::new();
    if call.version >= 12 {
        data.current_leader = LeaderIdAndEpoch { leader_id, leader_epoch, ..Default::default() };
    } else {
        // Older fetchers know nothing of these: they see no records and try again.
        (data.diverging_epoch, data.snapshot_id) = Default::default();
    }
    if let Some((node_id, host, port)) = leader_endpoint(call).filter(|_| call.version >= 16) {
        node_endpoints =
            vec![NodeEndpoint { node_id, host, port: port.into(), ..Default::default() }];
    }
    FetchResponse {
        responses: vec![FetchableTopicResponse {
            topic: topic.topic.clone(),
            topic_id: topic.topic_id,
            partitions: vec![data],
            ..Default::default()
        }],
        node_endpoints,
        ..Default::default()
    }
}
