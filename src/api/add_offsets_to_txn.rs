//! AddOffsetsToTxn (25), versions 0–4: a transaction is about to commit offsets of a group. What is added is the
//! group's partition of `__consumer_offsets`. Clients from TxnOffsetCommit version 5 on leave this to the group
//! coordinator.
//!
//! Errors are those of AddPartitionsToTxn, of the one partition. It is the group's coordinator that will be told how
//! the transaction ended, by a marker in that partition; until then what TxnOffsetCommit brings only waits there.

use super::context::Call;
use super::find_coordinator::ensure_topic;
use super::permissions;
use super::transactions::{ask, fenced_before};
use crate::coordinator::shards::partition_for;
use crate::error::ErrorCode;
use crate::transaction::request::{TransactionReply, TransactionRequest};
use crate::types::{OFFSETS_TOPIC, TopicPartition};
use crate::wire::messages::add_offsets_to_txn::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};

pub(crate) async fn handle(call: Call, request: AddOffsetsToTxnRequest) -> AddOffsetsToTxnResponse {
    let code = add(&call, request).await.err().unwrap_or(ErrorCode::None);
    let error_code = fenced_before(2, call.version, code).code();
    AddOffsetsToTxnResponse { error_code, ..Default::default() }
}

async fn add(call: &Call, request: AddOffsetsToTxnRequest) -> Result<(), ErrorCode> {
    call.check(&permissions::ADD_OFFSETS, &request.transactional_id)?;
    call.check(&permissions::ADD_OFFSETS_GROUP, &request.group_id)?;
    let Some(topic) = ensure_topic(call, OFFSETS_TOPIC).await else {
        return Err(ErrorCode::CoordinatorNotAvailable);
    };
    let partition = partition_for(&request.group_id, topic.partitions.len());
    let reply = ask(call, &request.transactional_id, |_| TransactionRequest::AddPartitions {
        transactional_id: request.transactional_id.clone(),
        producer_id: request.producer_id,
        producer_epoch: request.producer_epoch,
        partitions: vec![TopicPartition { topic: OFFSETS_TOPIC.to_owned(), partition }],
        verify_only: false,
        client_version: 0,
    });
    match reply.await? {
        TransactionReply::AddPartitions(answers) => match answers.first() {
            Some((_, ErrorCode::None)) => Ok(()),
            Some((_, code)) => Err(*code),
            None => Err(ErrorCode::UnknownServerError),
        },
        reply => Err(reply.error()),
    }
}
