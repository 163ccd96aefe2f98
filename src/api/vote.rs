//! Vote (52), versions 0-2: a candidate for the quorum's leadership wants a vote (KIP-595).
//!
//! v1 names the voter that is asked (KIP-853), v2 has the pre-vote (KIP-996). Controllers' listeners only.
//!
//! The candidate's log must be at least as long as the voter's: a later epoch at its end, or the same and no smaller
//! offset. A vote is on the disk before it is given, or a voter that restarts could vote twice in one epoch.

use super::context::Call;
use super::permissions;
use super::quorum::{Verdict, check_cluster, elect, only, told};
use crate::error::ErrorCode;
use crate::raft::quorum_actor::ElectionAsk;
use crate::raft::shape::OffsetAndEpoch;
use crate::raft::voters::ReplicaKey;
use crate::wire::messages::vote::{PartitionData, VoteRequest, VoteResponse};

pub(crate) async fn handle(call: Call, request: VoteRequest) -> VoteResponse {
    match asked(&call, &request) {
        Ok(ask) => told!(vote::VoteResponse, elect(&call, ask).await),
        Err(error) => VoteResponse { error_code: error.code(), ..Default::default() },
    }
}

fn asked(call: &Call, request: &VoteRequest) -> Result<ElectionAsk, ErrorCode> {
    call.check_cluster(&permissions::VOTE)?;
    check_cluster(&call.context, request.cluster_id.as_deref())?;
    let topics =
        request.topics.iter().map(|topic| (topic.topic_name.as_str(), &topic.partitions[..]));
    let partition: &PartitionData = only(topics, |partition| partition.partition_index)?;
    Ok(ElectionAsk::Vote {
        candidate: ReplicaKey::new(partition.replica_id, partition.replica_directory_id),
        epoch: partition.replica_epoch,
        last: OffsetAndEpoch::new(partition.last_offset, partition.last_offset_epoch),
        voter: ReplicaKey::new(request.voter_id, partition.voter_directory_id),
        pre_vote: partition.pre_vote,
    })
}
