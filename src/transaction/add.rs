//! What a transaction holds: adding to it, and asking whether it does (KIP-98, KIP-890).
//!
//! Two ways in. Clients before version 2 send AddPartitionsToTxn before they produce; the broker that leads the
//! partition only asks (`verify_only`) whether they did. Clients of version 2 just produce, and that broker adds the
//! partition for them. Either way no transaction begins in a partition that its coordinator does not know of, so none
//! can hang.

use super::machine::TransactionMachine;
use super::request::{Producer, TransactionReply};
use super::state::{Partitions, Status, Transaction};
use crate::coordinator::machine::Decision;
use crate::error::ErrorCode;
use crate::types::{Millis, TopicPartition};

/// Who adds.
#[derive(Clone, Copy)]
pub(super) struct Client {
    pub(super) producer: Producer,
    /// The transaction version that it speaks.
    pub(super) version: i16,
}

impl TransactionMachine {
    /// The transaction of a producer that may change it.
    fn open_to(
        &self,
        transactional_id: &str,
        (producer_id, producer_epoch): Producer,
    ) -> Result<&Transaction, ErrorCode> {
        if transactional_id.is_empty() {
            return Err(ErrorCode::InvalidRequest);
        }
        let Some(known) = self.transactions.get(transactional_id) else {
            return Err(ErrorCode::InvalidProducerIdMapping);
        };
        if known.producer_id != producer_id {
            Err(ErrorCode::InvalidProducerIdMapping)
        } else if known.producer_epoch != producer_epoch {
            Err(ErrorCode::ProducerFenced)
        } else if known.status.is_preparing() {
            Err(ErrorCode::ConcurrentTransactions)
        } else {
            Ok(known)
        }
    }

    /// Says which partitions the transaction holds.
    pub(super) fn verify(
        &self,
        transactional_id: &str,
        producer: Producer,
        partitions: Vec<TopicPartition>,
    ) -> TransactionReply {
        let known = self.open_to(transactional_id, producer);
        let judge = |one: TopicPartition| {
            let code = match &known {
                Err(code) => *code,
                Ok(known) if known.holds(&one.topic, one.partition) => ErrorCode::None,
                Ok(_) => ErrorCode::TransactionAbortable,
            };
            (one, code)
        };
        TransactionReply::AddPartitions(partitions.into_iter().map(judge).collect())
    }

    /// Adds partitions; the first of them begin the transaction.
    pub(super) fn add(
        &mut self,
        transactional_id: &str,
        client: Client,
        partitions: Vec<TopicPartition>,
        now: Millis,
        out: &mut Decision<Self>,
    ) -> TransactionReply {
        let is_ending = |known: &Transaction| known.status.is_preparing();
        let known = match self.transactions.get(transactional_id) {
            // Before anything is said of the producer: where its epochs were used up, it may bear the id already that
            // is its own only once the end is written everywhere.
            Some(known) if is_ending(known) => Err(ErrorCode::ConcurrentTransactions),
            _ => self.open_to(transactional_id, client.producer),
        };
        let added = known.map(|known| {
            let is_open = known.status == Status::Ongoing;
            let is_held = |one: &TopicPartition| known.holds(&one.topic, one.partition);
            // Nothing is written for what is known: a producer that sends to one partition adds it once.
            let is_news = !is_open || !partitions.iter().all(is_held);
            is_news.then(|| with(known, client.version, &partitions, now))
        });
        let code = match added {
            Err(code) => code,
            Ok(None) => ErrorCode::None,
            Ok(Some(next)) => match self.write(transactional_id, &next, out) {
                Ok(()) => ErrorCode::None,
                Err(code) => code,
            },
        };
        TransactionReply::AddPartitions(partitions.into_iter().map(|one| (one, code)).collect())
    }
}

/// The transaction with `added` in it.
fn with(known: &Transaction, version: i16, added: &[TopicPartition], now: Millis) -> Transaction {
    let mut next = known.next(Status::Ongoing, now);
    if known.status != Status::Ongoing {
        next.started_ms = now;
        next.partitions = Partitions::new();
    }
    next.client_version = version;
    for one in added {
        let topic = next.partitions.entry(one.topic.as_str().into()).or_default();
        topic.insert(one.partition);
    }
    next
}
