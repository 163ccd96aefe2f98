//! EndQuorumEpoch (54), versions 0-1: a controller says that it leads the quorum no longer (KIP-595).
//!
//! v1 names candidates with their directories (KIP-853). Controllers' listeners only.
//!
//! So nobody has to wait until its fetches run out of time: those that the leader prefers stand at once.

use super::context::Call;
use super::permissions;
use super::quorum::{Verdict, check_cluster, elect, only, told};
use crate::error::ErrorCode;
use crate::raft::quorum_actor::ElectionAsk;
use crate::wire::messages::end_quorum_epoch::{
    EndQuorumEpochRequest, EndQuorumEpochResponse, PartitionData,
};

pub(crate) async fn handle(call: Call, request: EndQuorumEpochRequest) -> EndQuorumEpochResponse {
    match asked(&call, &request) {
        Ok(ask) => told!(end_quorum_epoch::EndQuorumEpochResponse, elect(&call, ask).await),
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
