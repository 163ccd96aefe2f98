//! TxnOffsetCommit (28), versions 0–5: offsets of a group that count once a transaction is committed.
//!
//! v3 says whose member of the group commits (KIP-447); v4 tells a producer to abort (KIP-890); v5 adds the partition
//! of the group's offsets to the transaction by itself, where before AddOffsetsToTxn has done that.
//!
//! The offsets go into the group's partition as records of the transaction, and are held there beside those that count:
//! OffsetFetch with `require_stable` is refused for such a partition until the marker has come. Errors are those of
//! OffsetCommit, of a first write in a transaction (see `verification`), and ILLEGAL_GENERATION or UNKNOWN_MEMBER_ID
//! for a member that has lost its partitions: that is what keeps a zombie from committing what another has read since.

use std::collections::HashMap;

use super::context::Call;
use super::permissions;
use super::verification::{Supports, add_or_verify};
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest, commit_in_transaction_refused};
use crate::log::producers::{Beginning, Voucher};
use crate::metadata::Image;
use crate::types::{OFFSETS_TOPIC, TopicIdPartition, TopicPartition};
use crate::wire::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestTopic, TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use crate::wire::records::NO_SEQUENCE;

pub(crate) async fn handle(
    call: Call,
    mut request: TxnOffsetCommitRequest,
) -> TxnOffsetCommitResponse {
    let granted = call
        .check(&permissions::COMMIT_IN_TRANSACTION, &request.transactional_id)
        .and_then(|()| call.check(&permissions::COMMIT_IN_TRANSACTION_GROUP, &request.group_id));
    if let Err(code) = granted {
        return commit_in_transaction_refused(&request, code);
    }
    let mut response = TxnOffsetCommitResponse::default();
    let image = call.context.image();
    for mut topic in std::mem::take(&mut request.topics) {
        let refused = sift(&call, &image, &mut topic);
        if !refused.partitions.is_empty() {
            response.topics.push(refused);
        }
        if !topic.partitions.is_empty() {
            request.topics.push(topic);
        }
    }
    if !request.topics.is_empty() {
        merge(&mut response, commit(&call, request).await);
    }
    for partition in response.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        // Producers before 2.0 do not survive to be told the truth.
        if call.version < 2 && partition.error_code == ErrorCode::CoordinatorLoadInProgress.code() {
            partition.error_code = ErrorCode::CoordinatorNotAvailable.code();
        }
    }
    response
}

/// Takes out of a topic what does not exist or may not be read, with the error for that.
fn sift(
    call: &Call,
    image: &Image,
    topic: &mut TxnOffsetCommitRequestTopic,
) -> TxnOffsetCommitResponseTopic {
    let granted = call.check(&permissions::COMMIT_IN_TRANSACTION_TOPIC, &topic.name);
    let code = granted.err().unwrap_or(ErrorCode::UnknownTopicOrPartition);
    let known = image.topics.by_name(&topic.name).filter(|_| granted.is_ok());
    let gone = topic.partitions.extract_if(.., |partition| {
        known.is_none_or(|known| known.partition(partition.partition_index).is_none())
    });
    let refuse = |partition_index| TxnOffsetCommitResponsePartition {
        partition_index,
        error_code: code.code(),
        ..Default::default()
    };
    let partitions = gone.map(|partition| refuse(partition.partition_index)).collect();
    TxnOffsetCommitResponseTopic { name: topic.name.clone(), partitions, ..Default::default() }
}

async fn commit(call: &Call, request: TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    if request.group_id.is_empty() {
        return commit_in_transaction_refused(&request, ErrorCode::InvalidGroupId);
    }
    let voucher = match vouch(call, &request).await {
        Ok(voucher) => voucher,
        Err(code) => return commit_in_transaction_refused(&request, told(code)),
    };
    let group_id = request.group_id.clone();
    let otherwise = commit_in_transaction_refused(&request, ErrorCode::UnknownServerError);
    let asked = GroupRequest::CommitInTransaction { request, voucher };
    match call.context.groups.ask(&group_id, asked).await {
        Ok(GroupReply::CommitInTransaction(committed)) => committed,
        Ok(_) => otherwise,
        Err(code) => with_code(otherwise, code),
    }
}

/// Has the coordinator vouch for it where the transaction has nothing yet in the partition of the group's offsets.
async fn vouch(call: &Call, request: &TxnOffsetCommitRequest) -> Result<Voucher, ErrorCode> {
    let context = &call.context;
    let supports = Supports::in_txn_offset_commit(call.version);
    let enabled = context.config.load().transaction_partition_verification_enable();
    if !supports.add_partition() && !enabled {
        return Ok(Voucher::Waived);
    }
    let partition =
        context.groups.partition_for(&request.group_id).ok_or(ErrorCode::NotCoordinator)?;
    let topic_id = context.image().topics.id(OFFSETS_TOPIC).ok_or(ErrorCode::NotCoordinator)?;
    let id = TopicIdPartition { topic_id, partition };
    let replica = context.replica(&id).map_err(|_| ErrorCode::NotCoordinator)?;
    let beginning = Beginning {
        producer_id: request.producer_id,
        producer_epoch: request.producer_epoch,
        base_sequence: NO_SEQUENCE,
        supports_epoch_bump: supports.add_partition(),
    };
    let now = context.clock.now();
    // None is needed where the partition knows the transaction already; else the guard goes with the append.
    let verifying = replica.with_log(move |log| log.verify(&beginning, now)).await?;
    let Some(guard) = verifying.map_err(|error| error.code)? else { return Ok(Voucher::None) };
    let partition = TopicPartition::new(OFFSETS_TOPIC, partition);
    add_or_verify(context, &request.transactional_id, &beginning, partition, supports).await?;
    Ok(if enabled { Voucher::Guard(guard) } else { Voucher::Waived })
}

/// What a failed verification is called towards clients of a coordinator.
const fn told(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::NetworkException => ErrorCode::CoordinatorLoadInProgress,
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        code => code,
    }
}

fn with_code(mut response: TxnOffsetCommitResponse, code: ErrorCode) -> TxnOffsetCommitResponse {
    for partition in response.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.error_code = code.code();
    }
    response
}

/// Puts what was committed beside what was refused, topic by topic.
fn merge(response: &mut TxnOffsetCommitResponse, committed: TxnOffsetCommitResponse) {
    let refused = response.topics.iter().enumerate().rev();
    let mut places: HashMap<_, _> = refused.map(|(at, topic)| (topic.name.clone(), at)).collect();
    for topic in committed.topics {
        match places.get(&topic.name) {
            Some(&at) => response.topics[at].partitions.extend(topic.partitions),
            None => {
                places.insert(topic.name.clone(), response.topics.len());
                response.topics.push(topic);
            }
        }
    }
}
