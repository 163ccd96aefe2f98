//! InitProducerId: who may use a transactional id from now on (KIP-98, KIP-360, KIP-588).
//!
//! ```text
//! nothing known                    a fresh id, epoch 0
//! Empty, Complete…                 the same id, the next epoch: whoever had it is fenced
//! the same, as a producer goes on  the same (KIP-360); asked again, the same answer again
//! Ongoing                          aborted first, and CONCURRENT_TRANSACTIONS: ask again
//! Prepare…                         CONCURRENT_TRANSACTIONS
//! epochs used up                   a fresh id, epoch 0
//! ```

use tracing::info;

use super::end::Prepared;
use super::machine::TransactionMachine;
use super::records;
use super::request::{Producer, TransactionReply};
use super::state::{NO_PRODUCER_EPOCH, Partitions, Status, Transaction, is_epoch_exhausted};
use crate::coordinator::machine::Decision;
use crate::error::ErrorCode;
use crate::types::Millis;

/// Who the producer becomes.
enum Next {
    /// Another epoch of the same id.
    Epoch {
        epoch: i16,
        last: i16,
    },
    /// Another id: the epochs of the old are used up.
    Rotation,
    /// The transaction that is open must end first.
    Fence,
    Refused(ErrorCode),
}

impl TransactionMachine {
    pub(super) fn init(
        &mut self,
        transactional_id: &str,
        timeout_ms: i32,
        expected: Option<Producer>,
        fresh_id: Option<i64>,
        now: Millis,
        out: &mut Decision<Self>,
    ) -> TransactionReply {
        if transactional_id.is_empty() {
            return TransactionReply::Init(Err(ErrorCode::InvalidRequest));
        }
        if !records::is_writable(transactional_id) {
            return TransactionReply::Init(Err(ErrorCode::UnknownServerError));
        }
        let known = match (self.transactions.get(transactional_id), fresh_id) {
            (Some(known), _) => known.clone(),
            (None, Some(fresh_id)) => Transaction::new(fresh_id, timeout_ms, now),
            (None, None) => return TransactionReply::NeedsProducerId,
        };
        let mut next = known.next(Status::Empty, now);
        next.timeout_ms = timeout_ms;
        next.partitions = Partitions::new();
        next.started_ms = -1;
        match next_producer(&known, expected) {
            Next::Refused(code) => return TransactionReply::Init(Err(code)),
            Next::Fence => return self.fence(transactional_id, fresh_id, now, out),
            Next::Epoch { epoch, last } => {
                next.producer_epoch = epoch;
                next.last_producer_epoch = last;
            }
            Next::Rotation => {
                let Some(fresh_id) = fresh_id else { return TransactionReply::NeedsProducerId };
                next.producer_id = fresh_id;
                next.producer_epoch = 0;
                let goes_on = expected.is_some();
                next.last_producer_epoch =
                    if goes_on { known.producer_epoch } else { NO_PRODUCER_EPOCH };
            }
        }
        let producer = (next.producer_id, next.producer_epoch);
        let written = self.write(transactional_id, &next, out);
        info!(
            transactional_id,
            producer_id = producer.0,
            producer_epoch = producer.1,
            "transactional id initialized"
        );
        TransactionReply::Init(written.map(|()| producer))
    }

    /// Aborts the open transaction of one who is about to be replaced, who must ask again.
    fn fence(
        &mut self,
        transactional_id: &str,
        fresh_id: Option<i64>,
        now: Millis,
        out: &mut Decision<Self>,
    ) -> TransactionReply {
        match self.abort_as_server(transactional_id, fresh_id, now, out) {
            Ok(Prepared::NeedsProducerId) => TransactionReply::NeedsProducerId,
            Ok(Prepared::Producer(_)) => {
                TransactionReply::Init(Err(ErrorCode::ConcurrentTransactions))
            }
            Err(code) => TransactionReply::Init(Err(code)),
        }
    }
}

fn next_producer(known: &Transaction, expected: Option<Producer>) -> Next {
    let is_valid = |(producer_id, epoch): Producer| {
        known.producer_epoch == NO_PRODUCER_EPOCH
            || producer_id == known.producer_id
            || (producer_id == known.previous_producer_id && is_epoch_exhausted(epoch))
    };
    // First of all: who goes on may bear an id already that is its own only once the end is written everywhere.
    if known.status.is_preparing() {
        return Next::Refused(ErrorCode::ConcurrentTransactions);
    }
    if !expected.is_none_or(is_valid) {
        return Next::Refused(ErrorCode::ProducerFenced);
    }
    if known.status == Status::Ongoing {
        return Next::Fence;
    }
    if known.is_epoch_exhausted() && expected.is_none_or(|(_, epoch)| epoch == known.producer_epoch)
    {
        return Next::Rotation;
    }
    let raised = known.producer_epoch.saturating_add(1);
    match expected {
        None => Next::Epoch { epoch: raised, last: NO_PRODUCER_EPOCH },
        Some((_, epoch))
            if known.producer_epoch == NO_PRODUCER_EPOCH || epoch == known.producer_epoch =>
        {
            Next::Epoch { epoch: raised, last: known.producer_epoch }
        }
        // It was told once, and asks again.
        Some((_, epoch)) if epoch == known.last_producer_epoch => {
            Next::Epoch { epoch: known.producer_epoch, last: known.last_producer_epoch }
        }
        Some(_) => Next::Refused(ErrorCode::ProducerFenced),
    }
}
