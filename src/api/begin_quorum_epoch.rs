//! BeginQuorumEpoch (53), versions 0-1: a controller says that it leads the quorum (KIP-595).
//!
//! v1 names the voter that is told, and where the leader listens (KIP-853). Controllers' listeners only.
//!
//! Voters that hear nothing of a leader would stand for election themselves; this tells them before their first fetch.
//! FENCED_LEADER_EPOCH: the epoch is over, and the sender learns who leads now.

use super::context::Call;
use super::permissions;
use super::quorum::{Verdict, check_cluster, elect, only, told};
use crate::error::ErrorCode;
use crate::raft::quorum_actor::ElectionAsk;
use crate::raft::voters::ReplicaKey;
use crate::wire::messages::begin_quorum_epoch::{
    BeginQuorumEpochRequest, BeginQuorumEpochResponse, PartitionData,
};

pub(crate) async fn handle(
    call: Call,
    request: BeginQuorumEpochRequest,
) -> BeginQuorumEpochResponse {
    match asked(&call, &request) {
        Ok(ask) => told!(begin_quorum_epoch::BeginQuorumEpochResponse, elect(&call, ask).await),
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
