//! AddPartitionsToTxn (24), versions 0–5: what a transaction is about to write to.
//!
//! Until v3 a client adds partitions to its own transaction; from v4 a broker does so for clients, or only asks whether
//! partitions are in it, for several transactions at once (KIP-890).
//!
//! Errors of a partition: UNKNOWN_TOPIC_OR_PARTITION, TOPIC_AUTHORIZATION_FAILED, and OPERATION_NOT_ATTEMPTED for the
//! others, since either all are added or none; what the coordinator refuses is told to all of them.
//! INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED (before v2 INVALID_PRODUCER_EPOCH): somebody else has the id now.
//! CONCURRENT_TRANSACTIONS: the transaction before has not ended everywhere, and the client waits. For a broker that
//! only asks, TRANSACTION_ABORTABLE: it is not in there.

use std::collections::BTreeMap;

use super::context::Call;
use super::permissions;
use super::transactions::{ask, fenced_before};
use crate::error::ErrorCode;
use crate::transaction::request::{TransactionReply, TransactionRequest};
use crate::types::{TopicPartition, is_internal_topic};
use crate::wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    AddPartitionsToTxnResult, AddPartitionsToTxnTopic, AddPartitionsToTxnTopicResult,
    AddPartitionsToTxnTransaction,
};

/// The first version that is a broker's.
const BROKERS_FROM: i16 = 4;
/// The transaction version of clients for which the broker adds.
const BROKER_ADDS: i16 = 2;

pub(crate) async fn handle(
    call: Call,
    request: AddPartitionsToTxnRequest,
) -> AddPartitionsToTxnResponse {
    if call.version < BROKERS_FROM {
        let transaction = AddPartitionsToTxnTransaction {
            transactional_id: request.v3_and_below_transactional_id,
            producer_id: request.v3_and_below_producer_id,
            producer_epoch: request.v3_and_below_producer_epoch,
            topics: request.v3_and_below_topics,
            ..Default::default()
        };
        let results_by_topic_v3_and_below = add(&call, transaction).await;
        return AddPartitionsToTxnResponse { results_by_topic_v3_and_below, ..Default::default() };
    }
    if let Err(code) = call.check_cluster(&permissions::ADD_PARTITIONS_AS_BROKER) {
        return AddPartitionsToTxnResponse { error_code: code.code(), ..Default::default() };
    }
    let mut response = AddPartitionsToTxnResponse::default();
    for transaction in request.transactions {
        let transactional_id = transaction.transactional_id.clone();
        let topic_results = add(&call, transaction).await;
        let result =
            AddPartitionsToTxnResult { transactional_id, topic_results, ..Default::default() };
        response.results_by_transaction.push(result);
    }
    response
}

/// Adds the partitions of one transaction, all or none.
async fn add(
    call: &Call,
    transaction: AddPartitionsToTxnTransaction,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let AddPartitionsToTxnTransaction { transactional_id, topics, .. } = &transaction;
    let is_client = call.version < BROKERS_FROM;
    if is_client && let Err(code) = call.check(&permissions::ADD_PARTITIONS, transactional_id) {
        return results(named(topics).map(|one| (one, code)));
    }
    let image = call.context.image();
    let judge = |one: TopicPartition| {
        let may_write = !is_client
            || !is_internal_topic(&one.topic)
                && call.may(&permissions::ADD_PARTITIONS_TOPIC, &one.topic);
        let code = if !may_write {
            permissions::ADD_PARTITIONS_TOPIC.error
        } else if image.topics.partition(&one.topic, one.partition).is_none() {
            ErrorCode::UnknownTopicOrPartition
        } else {
            ErrorCode::None
        };
        (one, code)
    };
    let mut judged: BTreeMap<TopicPartition, ErrorCode> = named(topics).map(judge).collect();
    if judged.values().any(|code| *code != ErrorCode::None) {
        let attempted = judged.values_mut().filter(|code| **code == ErrorCode::None);
        attempted.for_each(|code| *code = ErrorCode::OperationNotAttempted);
        return results(judged.into_iter());
    }
    let partitions: Vec<TopicPartition> = judged.into_keys().collect();
    let reply = ask(call, transactional_id, |_| TransactionRequest::AddPartitions {
        transactional_id: transactional_id.clone(),
        producer_id: transaction.producer_id,
        producer_epoch: transaction.producer_epoch,
        partitions: partitions.clone(),
        verify_only: transaction.verify_only,
        client_version: if is_client { 0 } else { BROKER_ADDS },
    });
    match reply.await {
        Ok(TransactionReply::AddPartitions(answers)) => {
            let told = |(one, code)| (one, fenced_before(2, call.version, code));
            results(answers.into_iter().map(told))
        }
        Ok(reply) => results(partitions.into_iter().map(|one| (one, reply.error()))),
        Err(code) => results(partitions.into_iter().map(|one| (one, code))),
    }
}

fn named(topics: &[AddPartitionsToTxnTopic]) -> impl Iterator<Item = TopicPartition> {
    topics.iter().flat_map(|topic| {
        let of_topic =
            |partition: &i32| TopicPartition { topic: topic.name.clone(), partition: *partition };
        topic.partitions.iter().map(of_topic)
    })
}

fn results(
    answers: impl Iterator<Item = (TopicPartition, ErrorCode)>,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let mut by_topic: BTreeMap<String, Vec<AddPartitionsToTxnPartitionResult>> = BTreeMap::new();
    for (one, code) in answers {
        by_topic.entry(one.topic).or_default().push(AddPartitionsToTxnPartitionResult {
            partition_index: one.partition,
            partition_error_code: code.code(),
            ..Default::default()
        });
    }
    let result = |(name, results_by_partition)| AddPartitionsToTxnTopicResult {
        name,
        results_by_partition,
        ..Default::default()
    };
    by_topic.into_iter().map(result).collect()
}
