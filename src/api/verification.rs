//! Asks a transaction's coordinator whether it knows that a partition is part of it, or has it added (KIP-890): before
//! the first batch of a transaction is appended to a partition, never after that.
//!
//! Without it a batch that was delayed on its way could open a transaction after the coordinator has ended it: nobody
//! would ever end it again, and readers of committed records would hang at it. So the first batch of a transaction in
//! each partition waits for the coordinator's word:
//!
//! ```text
//! batch ─► the partition's producers: in a transaction there already? ── yes ─► appended
//!                │ no
//!                ▼
//!          a guard is kept ─► coordinator: is it added (v0–11)? add it (v12) ─► yes: appended under the guard
//!                │                                                        └─► no: refused, see `told`
//!                └─ a marker that comes first takes the guard away: the batch is refused
//! ```
//!
//! ```text
//! the client speaks     not in the transaction     not decided yet (CONCURRENT_TRANSACTIONS)
//! Produce v0–10         INVALID_TXN_STATE          waits a little, then NOT_ENOUGH_REPLICAS: it tries again
//! Produce v11           TRANSACTION_ABORTABLE      the same
//! Produce v12–          is added now               waits a little, then CONCURRENT_TRANSACTIONS
//! ```

use std::time::Duration;

use tokio::time::Instant;

use super::context::Context;
use super::peers;
use crate::error::{ApiError, ErrorCode};
use crate::log::producers::Beginning;
use crate::transaction::request::{TransactionReply, TransactionRequest};
use crate::types::{TRANSACTION_TOPIC, TopicPartition};
use crate::wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
};

/// What the client of a request understands, by the request's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Supports {
    /// The errors of old.
    OldErrors,
    /// TRANSACTION_ABORTABLE.
    Abortable,
    /// That the broker adds partitions by itself, and so that epochs rise with every transaction.
    AddPartition,
}

impl Supports {
    /// Of a Produce request.
    pub(crate) const fn in_produce(version: i16) -> Self {
        match version {
            12.. => Self::AddPartition,
            11 => Self::Abortable,
            _ => Self::OldErrors,
        }
    }

    /// Of a TxnOffsetCommit request.
    pub(crate) const fn in_txn_offset_commit(version: i16) -> Self {
        match version {
            5.. => Self::AddPartition,
            4 => Self::Abortable,
            _ => Self::OldErrors,
        }
    }

    pub(crate) const fn add_partition(self) -> bool {
        matches!(self, Self::AddPartition)
    }
}

/// Has the partition added to the transaction that begins, or sees whether it was.
pub(crate) async fn add_or_verify(
    context: &Context,
    transactional_id: &str,
    beginning: &Beginning,
    partition: TopicPartition,
    supports: Supports,
) -> Result<(), ErrorCode> {
    let began = Instant::now();
    let code = ask(context, transactional_id, beginning, partition, supports).await;
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    context.metrics.transactions.verified(took_us, code == ErrorCode::None);
    match code {
        ErrorCode::None => Ok(()),
        // A partition's leader knows epochs and nothing of transactional ids: this is its word for the same.
        ErrorCode::ProducerFenced => Err(ErrorCode::InvalidProducerEpoch),
        ErrorCode::TransactionAbortable if supports == Supports::OldErrors => {
            Err(ErrorCode::InvalidTxnState)
        }
        code => Err(code),
    }
}

/// What the coordinator says, here or on the node that it is on.
async fn ask(
    context: &Context,
    transactional_id: &str,
    beginning: &Beginning,
    partition: TopicPartition,
    supports: Supports,
) -> ErrorCode {
    let leader = || {
        let shard = context.transactions.partition_for(transactional_id)?;
        context.image().topics.partition(TRANSACTION_TOPIC, shard)?.leader()
    };
    match leader() {
        Some(leader) if leader != context.node_id => {
            let question = question(transactional_id, beginning, partition, supports);
            match peers::ask(context, leader, &question).await {
                Ok(response) => answer(&response),
                // It may be there again in a moment, or another in its place.
                Err(ErrorCode::BrokerNotAvailable) => ErrorCode::CoordinatorNotAvailable,
                Err(code) => code,
            }
        }
        _ => {
            let request = TransactionRequest::AddPartitions {
                transactional_id: transactional_id.to_owned(),
                producer_id: beginning.producer_id,
                producer_epoch: beginning.producer_epoch,
                partitions: vec![partition],
                // An old client has sent AddPartitionsToTxn before: nothing may be added on the strength of a batch.
                verify_only: !supports.add_partition(),
                client_version: if supports.add_partition() { 2 } else { 0 },
            };
            match context.transactions.ask(transactional_id, request).await {
                Ok(TransactionReply::AddPartitions(results)) => {
                    results.first().map_or(ErrorCode::UnknownServerError, |(_, code)| *code)
                }
                Ok(reply) => reply.error(),
                Err(code) => code,
            }
        }
    }
}

/// The same question to a coordinator on another node.
fn question(
    transactional_id: &str,
    beginning: &Beginning,
    partition: TopicPartition,
    supports: Supports,
) -> AddPartitionsToTxnRequest {
    let topic = AddPartitionsToTxnTopic {
        name: partition.topic,
        partitions: vec![partition.partition],
        ..Default::default()
    };
    let transaction = AddPartitionsToTxnTransaction {
        transactional_id: transactional_id.to_owned(),
        producer_id: beginning.producer_id,
        producer_epoch: beginning.producer_epoch,
        verify_only: !supports.add_partition(),
        topics: vec![topic],
        ..Default::default()
    };
    AddPartitionsToTxnRequest { transactions: vec![transaction], ..Default::default() }
}

/// What its answer says of the one partition that was asked about.
fn answer(response: &AddPartitionsToTxnResponse) -> ErrorCode {
    let result = || {
        let transaction = response.results_by_transaction.first()?;
        let result = transaction.topic_results.first()?.results_by_partition.first()?;
        Some(result.partition_error_code)
    };
    let code = match response.error_code {
        0 => result(),
        code => Some(code),
    };
    code.and_then(ErrorCode::from_code).unwrap_or(ErrorCode::UnknownServerError)
}

/// The same for a Produce request. A transaction that is being completed is waited for, a little: as a rule its markers
/// are written within a millisecond or two, so the first looks come sooner than the settings say.
pub(crate) async fn add_or_verify_patiently(
    context: &Context,
    transactional_id: &str,
    beginning: &Beginning,
    partition: TopicPartition,
    supports: Supports,
) -> Result<(), ApiError> {
    let config = context.config.load_full();
    let longest_ms = config.add_partitions_to_txn_retry_backoff_ms().max(1).unsigned_abs();
    let mut pause_ms = 1;
    let patience_ms = config.add_partitions_to_txn_retry_backoff_max_ms();
    let begun = context.clock.now();
    // Pauses double from 1 ms, since the markers of the transaction before are being written just now.
    loop {
        let answer =
            add_or_verify(context, transactional_id, beginning, partition.clone(), supports).await;
        let may_wait = context.clock.now() - begun < i64::from(patience_ms);
        match answer {
            Err(ErrorCode::ConcurrentTransactions) if may_wait => {
                tokio::time::sleep(Duration::from_millis(u64::from(pause_ms))).await;
                pause_ms = longest_ms.min(pause_ms * 2);
            }
            answer => return answer.map_err(|code| told(code, supports)),
        }
    }
}

/// What the first batch of a transaction is refused with, if its partition was not added to the transaction.
const NOT_ADDED: &str = "Partition was not added to the transaction";

/// What the failure is called in the answer to a Produce request. Old clients retry on NOT_ENOUGH_REPLICAS without a
/// look at the metadata.
fn told(code: ErrorCode, supports: Supports) -> ApiError {
    let again = match code {
        ErrorCode::InvalidTxnState => return ApiError::new(code, NOT_ADDED),
        ErrorCode::NetworkException
        | ErrorCode::CoordinatorLoadInProgress
        | ErrorCode::CoordinatorNotAvailable
        | ErrorCode::NotCoordinator => true,
        ErrorCode::ConcurrentTransactions => !supports.add_partition(),
        _ => false,
    };
    if !again {
        return code.into();
    }
    let text = format!(
        "Unable to verify the partition has been added to the transaction. Underlying error: {}",
        code.name()
    );
    ApiError::new(ErrorCode::NotEnoughReplicas, text)
}

/// Whether clients are told the words of an error of an append: those of a failed verification, as Kafka has it.
pub(crate) fn is_told(error: &ApiError) -> bool {
    match error.code {
        ErrorCode::NotEnoughReplicas => true,
        ErrorCode::InvalidTxnState => error.message.as_deref() == Some(NOT_ADDED),
        _ => false,
    }
}
