//! How a transaction ends: because its producer says so, because it took too long, or because another has its id.
//!
//! Version 2 raises the epoch at each end, so that nothing that is late can touch what comes after (KIP-890): one who
//! asks again is known by the epoch before, and one who bears the present epoch speaks of the next transaction.

use tracing::{info, warn};

use super::machine::{Timer, TransactionMachine};
use super::request::{Producer, TransactionReply};
use super::state::{NO_PRODUCER_EPOCH, NO_PRODUCER_ID, Status, Transaction};
use crate::coordinator::machine::Decision;
use crate::error::ErrorCode;
use crate::types::Millis;

/// The transaction version from which on every end raises the epoch.
const EPOCH_BUMP: i16 = 2;

/// What EndTxn asks.
pub(super) struct End {
    pub(super) producer: Producer,
    pub(super) committed: bool,
    pub(super) client_version: i16,
    pub(super) fresh_id: Option<i64>,
}

/// What is to be done about it.
enum Verdict {
    /// End it.
    Prepare(Status),
    /// End what has not begun: only the epoch changes.
    PrepareEmpty,
    /// It is done already.
    AlreadyDone,
    Refused(ErrorCode),
}

/// What came of an end.
pub(super) enum Prepared {
    /// Who the producer will be.
    Producer(Producer),
    /// Nothing yet: the epochs are used up, and another id is needed.
    NeedsProducerId,
}

impl TransactionMachine {
    /// Ends a transaction as its producer asks.
    pub(super) fn end(
        &mut self,
        transactional_id: &str,
        end: &End,
        now: Millis,
        out: &mut Decision<Self>,
    ) -> TransactionReply {
        let refused = |code| TransactionReply::End(Err(code));
        if transactional_id.is_empty() {
            return refused(ErrorCode::InvalidRequest);
        }
        let Some(known) = self.transactions.get(transactional_id) else {
            return refused(ErrorCode::InvalidProducerIdMapping);
        };
        let raises = end.client_version >= EPOCH_BUMP;
        let verdict = if raises { raising(known, end) } else { plain(known, end) };
        let nobody = (NO_PRODUCER_ID, NO_PRODUCER_EPOCH);
        let (status, begun) = match verdict {
            Verdict::Refused(code) => {
                if code == ErrorCode::InvalidTxnState {
                    let status = known.status.name();
                    warn!(transactional_id, status, end.committed, "an end that cannot be");
                }
                return refused(code);
            }
            Verdict::AlreadyDone if raises => {
                return TransactionReply::End(Ok((known.producer_id, known.producer_epoch)));
            }
            Verdict::AlreadyDone => return TransactionReply::End(Ok(nobody)),
            Verdict::Prepare(status) => (status, true),
            Verdict::PrepareEmpty => (Status::PrepareAbort, false),
        };
        let mut next = known.next(status, now);
        if !begun {
            next.started_ms = now;
            next.partitions.clear();
        }
        next.client_version = if raises { end.client_version } else { 0 };
        match self.prepare(transactional_id, next, end.fresh_id, now, out) {
            Ok(Prepared::NeedsProducerId) => TransactionReply::NeedsProducerId,
            Ok(Prepared::Producer(producer)) => {
                TransactionReply::End(Ok(if raises { producer } else { nobody }))
            }
            Err(code) => refused(code),
        }
    }

    /// Aborts an open transaction against its producer's will, who is fenced by it.
    pub(super) fn abort_as_server(
        &mut self,
        transactional_id: &str,
        fresh_id: Option<i64>,
        now: Millis,
        out: &mut Decision<Self>,
    ) -> Result<Prepared, ErrorCode> {
        let Some(known) = self.transactions.get(transactional_id) else {
            return Err(ErrorCode::InvalidProducerIdMapping);
        };
        let mut next = known.next(Status::PrepareAbort, now);
        if self.level >= EPOCH_BUMP {
            next.client_version = self.level;
        } else {
            next.client_version = 0;
            // Before version 2 an end does not raise the epoch; but this one is to fence the producer.
            next.producer_epoch = known.producer_epoch.saturating_add(1);
            next.last_producer_epoch = NO_PRODUCER_EPOCH;
        }
        self.prepare(transactional_id, next, fresh_id, now, out)
    }

    /// Writes that `next` will end. Where nothing has to be marked, it ends in the same breath.
    fn prepare(
        &mut self,
        transactional_id: &str,
        mut next: Transaction,
        fresh_id: Option<i64>,
        now: Millis,
        out: &mut Decision<Self>,
    ) -> Result<Prepared, ErrorCode> {
        next.next_producer_id = NO_PRODUCER_ID;
        if next.client_version >= EPOCH_BUMP {
            if next.is_epoch_exhausted() {
                let Some(fresh_id) = fresh_id else { return Ok(Prepared::NeedsProducerId) };
                next.next_producer_id = fresh_id;
            }
            next.last_producer_epoch = next.producer_epoch;
            next.producer_epoch = next.producer_epoch.saturating_add(1);
        }
        let complete = complete(&next, now);
        self.write(transactional_id, &next, out)?;
        if next.partitions.is_empty() {
            self.write(transactional_id, &complete, out)?;
        } else {
            self.offer(transactional_id, &next, out);
        }
        Ok(Prepared::Producer((complete.producer_id, complete.producer_epoch)))
    }

    /// Aborts what took too long.
    pub(super) fn abort_timed_out(&mut self, now: Millis) -> Decision<Self> {
        let mut out = Decision::default();
        let late = |id: &&std::sync::Arc<str>| {
            self.transactions.get(&***id).is_some_and(|one| is_timed_out(one, now))
        };
        let late: Vec<_> = self.ongoing.iter().filter(late).cloned().collect();
        let mut next_look = now + self.settings.abort_interval_ms;
        for id in late {
            if self.is_full(&out) {
                next_look = now;
                break;
            }
            match self.abort_as_server(&id, None, now, &mut out) {
                Ok(Prepared::Producer(_)) => {
                    info!(transactional_id = &*id, "transaction timed out and is aborted");
                }
                Ok(Prepared::NeedsProducerId) => {
                    self.wanting_id.insert(id);
                }
                Err(code) => warn!(transactional_id = &*id, ?code, "a late transaction stays"),
            }
        }
        if !self.wanting_id.is_empty() {
            self.ask_for_id(&mut out);
        }
        out.timers.push((Timer::TimeOuts, Some(next_look)));
        out
    }

    /// Aborts one of those that waited for a producer id.
    pub(super) fn abort_with_fresh_id(
        &mut self,
        fresh_id: i64,
        now: Millis,
        out: &mut Decision<Self>,
    ) -> TransactionReply {
        let is_late = |one: &Transaction| is_timed_out(one, now);
        while let Some(id) = self.wanting_id.pop_first() {
            let is_ongoing = self.ongoing.contains(&id);
            if is_ongoing && self.transactions.get(&id).is_some_and(is_late) {
                if let Err(code) = self.abort_as_server(&id, Some(fresh_id), now, out) {
                    warn!(transactional_id = &*id, ?code, "a late transaction stays");
                }
                break;
            }
        }
        TransactionReply::Done
    }
}

/// Whether a transaction has been open for longer than its producer allowed, `transaction.timeout.ms`.
fn is_timed_out(one: &Transaction, now: Millis) -> bool {
    !one.is_two_phase() && one.started_ms.saturating_add(Millis::from(one.timeout_ms)) < now
}

/// How a transaction stands once its end is written everywhere.
pub(super) fn complete(prepared: &Transaction, now: Millis) -> Transaction {
    let status = match prepared.status {
        Status::PrepareCommit => Status::CompleteCommit,
        _ => Status::CompleteAbort,
    };
    let mut next = prepared.next(status, now);
    next.partitions.clear();
    if next.client_version >= EPOCH_BUMP && next.next_producer_id != NO_PRODUCER_ID {
        next.producer_id = next.next_producer_id;
        next.producer_epoch = 0;
    }
    next.next_producer_id = NO_PRODUCER_ID;
    next
}

/// Before version 2: a producer that asks twice is answered by how the transaction stands.
fn plain(known: &Transaction, end: &End) -> Verdict {
    let (producer_id, producer_epoch) = end.producer;
    if known.producer_id != producer_id {
        return Verdict::Refused(ErrorCode::InvalidProducerIdMapping);
    }
    if known.producer_epoch != producer_epoch {
        return Verdict::Refused(ErrorCode::ProducerFenced);
    }
    match (known.status, end.committed) {
        (Status::Ongoing, true) => Verdict::Prepare(Status::PrepareCommit),
        (Status::Ongoing, false) => Verdict::Prepare(Status::PrepareAbort),
        (Status::CompleteCommit, true) | (Status::CompleteAbort, false) => Verdict::AlreadyDone,
        (Status::PrepareCommit, true) | (Status::PrepareAbort, false) => {
            Verdict::Refused(ErrorCode::ConcurrentTransactions)
        }
        _ => Verdict::Refused(ErrorCode::InvalidTxnState),
    }
}

/// From version 2 on.
fn raising(known: &Transaction, end: &End) -> Verdict {
    let (producer_id, producer_epoch) = end.producer;
    // The end that is asked for used up the epochs, and another id was given.
    let after_rotation = known.previous_producer_id == producer_id
        && producer_epoch == i16::MAX - 1
        && known.producer_epoch == 0;
    // Only an end of this version has raised the epoch: after another, the epoch before is that of somebody else.
    let after_rise = known.client_version >= EPOCH_BUMP
        && producer_epoch.checked_add(1) == Some(known.producer_epoch);
    let is_present = producer_epoch == known.producer_epoch;
    let is_valid = match known.status {
        Status::Empty | Status::Ongoing => is_present,
        Status::PrepareCommit | Status::PrepareAbort => after_rise,
        Status::CompleteCommit | Status::CompleteAbort => {
            after_rise || after_rotation || is_present
        }
    };
    // It was promised this id, which is its own once the end before this one is written everywhere.
    if known.status.is_preparing() && end.producer == (known.next_producer_id, 0) {
        return Verdict::Refused(ErrorCode::ConcurrentTransactions);
    }
    if known.producer_id != producer_id && !after_rotation {
        return Verdict::Refused(ErrorCode::InvalidProducerIdMapping);
    }
    if !is_valid {
        return Verdict::Refused(ErrorCode::ProducerFenced);
    }
    let is_again = after_rise || after_rotation;
    match (known.status, end.committed) {
        (Status::Ongoing, true) => Verdict::Prepare(Status::PrepareCommit),
        (Status::Ongoing, false) => Verdict::Prepare(Status::PrepareAbort),
        (Status::CompleteCommit, true) | (Status::CompleteAbort, false) if is_again => {
            Verdict::AlreadyDone
        }
        (Status::CompleteCommit | Status::CompleteAbort, false) if !is_again => {
            Verdict::PrepareEmpty
        }
        (Status::PrepareCommit, true) | (Status::PrepareAbort, false) => {
            Verdict::Refused(ErrorCode::ConcurrentTransactions)
        }
        (Status::Empty, false) => Verdict::PrepareEmpty,
        _ => Verdict::Refused(ErrorCode::InvalidTxnState),
    }
}

#[cfg(test)]
mod tests {
    use super::{Transaction, is_timed_out};

    #[test]
    fn a_start_that_no_clock_ever_showed_is_borne() {
        let began = |started_ms| Transaction { started_ms, ..Transaction::new(1, 1_000, 0) };
        assert!(!is_timed_out(&began(i64::MAX), 5_000));
        assert!(is_timed_out(&began(i64::MIN), 5_000));
    }
}
