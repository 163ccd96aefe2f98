//! OffsetForLeaderEpoch (23), versions 2–4: where an epoch ended, so that a client can see that it was cut off
//! (KIP-320).
//!
//! A consumer asks after its leader has changed: if the epoch in which it read its last record ended at a smaller
//! offset than it has come to, what it read was cut off, and it goes back (or resets, or fails, as it is set up). −1
//! and −1: the epoch is older than all that is kept. FENCED_LEADER_EPOCH and UNKNOWN_LEADER_EPOCH judge
//! `current_leader_epoch`: which of the two sides knows less.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::types::{LeaderEpoch, Offset, TopicIdPartition, Uuid};
use crate::wire::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
    OffsetForLeaderTopicResult,
};

pub(crate) async fn handle(
    call: Call,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let mut response = OffsetForLeaderEpochResponse::default();
    let is_node = call.may_cluster(&permissions::EPOCH_END_AS_FOLLOWER);
    for topic in request.topics {
        let granted = match is_node {
            true => Ok(()),
            false => call.check(&permissions::EPOCH_END, &topic.topic),
        };
        let topic_id = call.context.image().topics.id(&topic.topic).unwrap_or(Uuid::ZERO);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in topic.partitions {
            let id = TopicIdPartition { topic_id, partition: wanted.partition };
            let found = match granted {
                Ok(()) => find(&call, id, wanted.current_leader_epoch, wanted.leader_epoch).await,
                Err(code) => Err(code),
            };
            let (leader_epoch, end_offset) = *found.as_ref().unwrap_or(&(-1, -1));
            partitions.push(EpochEndOffset {
                error_code: found.err().unwrap_or(ErrorCode::None).code(),
                partition: wanted.partition,
                leader_epoch,
                end_offset,
                ..Default::default()
            });
        }
        response.topics.push(OffsetForLeaderTopicResult {
            topic: topic.topic,
            partitions,
            ..Default::default()
        });
    }
    response
}

async fn find(
    call: &Call,
    id: TopicIdPartition,
    believed: LeaderEpoch,
    epoch: LeaderEpoch,
) -> Result<(LeaderEpoch, Offset), ErrorCode> {
    let replica = call.context.replica(&id)?;
    replica.check_leader(believed)?;
    let view = replica.view().await?;
    Ok(view.end_offset_for_epoch(epoch).unwrap_or((-1, -1)))
}
