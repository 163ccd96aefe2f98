//! Transactions in a shard's partition: records that are part of one, and the markers that end them.
//!
//! The partition may refuse both (the producer is fenced, or nobody has vouched for it), so the shard waits for its
//! word before it does anything else: what is refused was never applied, and the offsets of what follows stay right.
//!
//! That makes these the only requests that hold up a shard for the time of an append. They are few: offsets committed
//! in transactions, and one marker for each such transaction.

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{AsyncContext, Context, Handler, Message};
use bytes::Bytes;
use tokio::sync::oneshot;

use super::actor::{Shard, Work};
use super::machine::{Machine, StoredRecord, Ticket, Transaction};
use crate::config::TimestampType;
use crate::error::ErrorCode;
use crate::partition::append::{Append, AppendResult, Appended, Voucher};
use crate::partition::replica::Replica;
use crate::types::{Millis, Offset};
use crate::wire::records::{BatchBuilder, ControlType, EndTxnMarker, NO_SEQUENCE};

/// The end of a producer's transaction in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Whose transaction ends.
    pub producer_id: i64,
    /// The epoch of the marker.
    pub producer_epoch: i16,
    /// The epoch of the coordinator that decided.
    pub coordinator_epoch: i32,
    /// Whether its records count.
    pub is_committed: bool,
    /// The transaction version that the producer speaks: from 2 on, the marker's epoch is above the transaction's.
    pub transaction_version: i16,
}

impl End {
    fn batch(&self, replica: &Replica, now: Millis) -> Bytes {
        let kind = if self.is_committed { ControlType::Commit } else { ControlType::Abort };
        let value = EndTxnMarker { coordinator_epoch: self.coordinator_epoch }.encode();
        let mut batch = BatchBuilder::new()
            .producer(self.producer_id, self.producer_epoch, NO_SEQUENCE)
            .transactional(true)
            .control(true);
        if replica.settings().config.message_timestamp_type == TimestampType::LogAppendTime {
            batch = batch.log_append_time(now);
        }
        batch.append(now, Some(&kind.key()), Some(&value));
        batch.build()
    }

    /// An append of the marker to a partition, and where its answer will be.
    pub fn append(
        &self,
        replica: &Replica,
        now: Millis,
    ) -> (Append, oneshot::Receiver<AppendResult>) {
        let (reply, answer) = oneshot::channel();
        let append = Append {
            transaction_version: self.transaction_version,
            ..Append::from_coordinator(self.batch(replica, now), reply)
        };
        (append, answer)
    }
}

/// Asks a shard to write a marker.
pub struct EndTransaction {
    /// What it says.
    pub end: End,
    /// Where the answer goes, once the marker is committed.
    pub reply: oneshot::Sender<Result<(), ErrorCode>>,
}

impl Message for EndTransaction {
    type Result = ();
}

impl<M: Machine> Handler<EndTransaction> for Shard<M> {
    type Result = ();

    fn handle(&mut self, end: EndTransaction, ctx: &mut Context<Self>) {
        self.take_on(Work::End(end), ctx);
    }
}

/// Whether the partition has refused an append and is as it was; after anything else nobody knows what it holds.
const fn is_refusal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::InvalidProducerEpoch
            | ErrorCode::InvalidTxnState
            | ErrorCode::TransactionCoordinatorFenced
            | ErrorCode::OutOfOrderSequenceNumber
            | ErrorCode::RecordListTooLarge
    )
}

impl<M: Machine> Shard<M> {
    /// Sends the records of a transaction to the partition; they are applied, and the replies sent, when it has them.
    pub(super) fn append_in_transaction(
        &mut self,
        records: Vec<StoredRecord>,
        mut replies: Vec<(Ticket, M::Reply)>,
        transaction: Transaction,
        ctx: &mut Context<Self>,
    ) {
        let Transaction { producer_id, producer_epoch, voucher } = transaction;
        let now = self.spec.clock.now();
        let mut batch = BatchBuilder::new()
            .producer(producer_id, producer_epoch, NO_SEQUENCE)
            .transactional(true);
        for record in &records {
            batch.append(now, Some(&record.key), record.value.as_deref());
        }
        let (reply, answer) = oneshot::channel();
        let append = Append { voucher, ..Append::from_coordinator(batch.build(), reply) };
        self.send(append, answer, ctx, move |shard, outcome| {
            match outcome {
                Ok(base) => {
                    let Some(machine) = shard.machine() else { return };
                    for (record, offset) in records.iter().zip(base..) {
                        machine.apply_transactional(offset, now, producer_id, record);
                    }
                }
                Err(code) => {
                    replies.iter_mut().for_each(|(_, reply)| M::append_refused(reply, code));
                }
            }
            shard.answer(replies);
        });
    }

    /// Writes a marker, and tells the machine what it means.
    pub(super) fn end_transaction(&mut self, order: EndTransaction, ctx: &mut Context<Self>) {
        let EndTransaction { end, reply } = order;
        let (append, answer) = end.append(&self.spec.replica, self.spec.clock.now());
        let append = Append { voucher: Voucher::Waived, ..append };
        self.send(append, answer, ctx, move |shard, outcome| {
            if let (Ok(_), Some(machine)) = (outcome, shard.machine()) {
                machine.end_transaction(end.producer_id, end.is_committed);
            }
            // The one who asked may have gone, which is no news to anybody.
            let _ = reply.send(outcome.map(drop));
        });
    }

    /// Sends an append that may be refused, and does nothing else until `then` was told its first offset, or why not.
    fn send(
        &mut self,
        append: Append,
        answer: oneshot::Receiver<AppendResult>,
        ctx: &mut Context<Self>,
        then: impl FnOnce(&mut Self, Result<Offset, ErrorCode>) + 'static,
    ) {
        if self.spec.replica.append(append).is_err() {
            return self.fail(ctx, "the partition takes no append");
        }
        self.is_waiting = true;
        ctx.wait(wrap_future::<_, Self>(answer).map(|answer, shard, ctx| {
            shard.is_waiting = false;
            match answer {
                Ok(Ok(Appended { base_offset, last_offset, .. }))
                    if base_offset == shard.next_offset =>
                {
                    shard.next_offset = last_offset + 1;
                    then(shard, Ok(base_offset));
                    shard.committed(last_offset + 1, ctx);
                }
                Ok(Ok(_)) => return shard.fail(ctx, "somebody else writes to the partition"),
                Ok(Err(error)) if is_refusal(error.code) => then(shard, Err(error.code)),
                Ok(Err(_)) | Err(_) => return shard.fail(ctx, "an append failed"),
            }
            shard.go_on(ctx);
        }));
    }
}
