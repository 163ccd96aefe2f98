//! BeginQuorumEpoch (53), versions 0-1: a controller says that it leads the quorum (KIP-595).
//!
//! v1 names the voter that is told, and where the leader listens (KIP-853). Controllers' listeners only.
//!
//! Voters that hear nothing of a leader would stand for election themselves; this tells them before their first fetch.
//! FENCED_LEADER_EPOCH: the epoch is over, and the sender learns who leads now.

use super::context::Call;
use super::permissions;
use super::quorum::{Verdict, check_cluster, elect, only};
use crate::error::ErrorCode;
use crate::raft::quorum_actor::ElectionAsk;
use crate::raft::voters::ReplicaKey;
use crate::types::METADATA_TOPIC;
use crate::wire::messages::begin_quorum_epoch::{
    BeginQuorumEpochRequest, BeginQuorumEpochResponse, NodeEndpoint, PartitionData,
    PartitionDataResponse, TopicDataResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: BeginQuorumEpochRequest,
) -> BeginQuorumEpochResponse {
    match asked(&call, &request) {
        Ok(ask) => answer(elect(&call, ask).await),
        Err(error) => BeginQuorumEpochResponse { error_code: error.code(), ..Default::default() },
    }
}

fn asked(call: &Call, request: &BeginQuorumEpochRequest) -> Result<ElectionAsk, ErrorCode> {
    call.check_cluster(&permissions::BEGIN_QUORUM_EPOCH)?;
    check_cluster(&call.context, request.cluster_id.as_deref())?;
    let topics =
        request.topics.iter().map(|topic| (topic.topic_name.as_str(), &topic.partitions[..]));
    let partition: &PartitionData = only(topics, |partition| partition.partition_index)?;
    Ok(ElectionAsk::BeginEpoch {
        leader_id: partition.leader_id,
        epoch: partition.leader_epoch,
        voter: ReplicaKey::new(request.voter_id, partition.voter_directory_id),
    })
}

fn answer(verdict: Verdict) -> BeginQuorumEpochResponse {
    let Verdict { error_code, leader_id, leader_epoch, endpoint } = verdict;
    let partition =
        PartitionDataResponse { error_code, leader_id, leader_epoch, ..Default::default() };
    let node = |(node_id, host, port)| NodeEndpoint { node_id, host, port, ..Default::default() };
    BeginQuorumEpochResponse {
        topics: vec![TopicDataResponse {
            topic_name: METADATA_TOPIC.to_owned(),
            partitions: vec![partition],
            ..Default::default()
        }],
        node_endpoints: endpoint.map(node).into_iter().collect(),
        ..Default::default()
    }
}
