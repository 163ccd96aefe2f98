//! EndQuorumEpoch (54), versions 0-1: a controller says that it leads the quorum no longer (KIP-595).
//!
//! v1 names candidates with their directories (KIP-853). Controllers' listeners only.
//!
//! So nobody has to wait until its fetches run out of time: those that the leader prefers stand at once.

use super::context::Call;
use super::permissions;
use super::quorum::{Verdict, check_cluster, elect, only};
use crate::error::ErrorCode;
use crate::raft::quorum_actor::ElectionAsk;
use crate::types::METADATA_TOPIC;
use crate::wire::messages::end_quorum_epoch::{
    EndQuorumEpochRequest, EndQuorumEpochResponse, NodeEndpoint, PartitionData,
    PartitionDataResponse, TopicDataResponse,
};

pub(crate) async fn handle(call: Call, request: EndQuorumEpochRequest) -> EndQuorumEpochResponse {
    match asked(&call, &request) {
        Ok(ask) => answer(elect(&call, ask).await),
        Err(error) => EndQuorumEpochResponse { error_code: error.code(), ..Default::default() },
    }
}

fn asked(call: &Call, request: &EndQuorumEpochRequest) -> Result<ElectionAsk, ErrorCode> {
    call.check_cluster(&permissions::END_QUORUM_EPOCH)?;
    check_cluster(&call.context, request.cluster_id.as_deref())?;
    let topics =
        request.topics.iter().map(|topic| (topic.topic_name.as_str(), &topic.partitions[..]));
    let partition: &PartitionData = only(topics, |partition| partition.partition_index)?;
    Ok(ElectionAsk::EndEpoch { leader_id: partition.leader_id, epoch: partition.leader_epoch })
}

fn answer(verdict: Verdict) -> EndQuorumEpochResponse {
    let Verdict { error_code, leader_id, leader_epoch, endpoint } = verdict;
    let partition =
        PartitionDataResponse { error_code, leader_id, leader_epoch, ..Default::default() };
    let node = |(node_id, host, port)| NodeEndpoint { node_id, host, port, ..Default::default() };
    EndQuorumEpochResponse {
        topics: vec![TopicDataResponse {
            topic_name: METADATA_TOPIC.to_owned(),
            partitions: vec![partition],
            ..Default::default()
        }],
        node_endpoints: endpoint.map(node).into_iter().collect(),
        ..Default::default()
    }
}
