//! Idempotence and transactions: what each producer of a partition did last (KIP-98, KIP-360, KIP-890).
//!
//! An append is first staged, so that the batches of one group commit see each other, and then kept or dropped with
//! the write. The state itself does no input or output: [`snapshot`] gives it bytes, the log writes them.
//!
//! # What is held against what
//!
//! ```text
//! producer's batch    epoch ≥ the last one, sequence = the last one's + 1     else INVALID_PRODUCER_EPOCH,
//!                                                                             OUT_OF_ORDER_SEQUENCE_NUMBER
//!   the same again    one of the last five of this epoch: answered, not written again
//!   begins a txn      somebody vouches for it ([`Voucher`])                   else INVALID_TXN_STATE
//! coordinator's       epoch ≥ the last one (above it in version 2), and no
//!   marker            older coordinator                                       else TRANSACTION_COORDINATOR_FENCED
//! replication         nothing: the leader has checked
//! ```
//!
//! # How a transaction goes through here
//!
//! Its first batch gives the producer's entry a first offset and puts it among the *ongoing*; its marker takes both
//! away and puts it among the *unreplicated*, until the marker is committed. The first of both is where the last stable
//! offset stops. A producer is never forgotten while a transaction of it is open.

use std::collections::{BTreeMap, HashMap};

use crate::error::{ApiError, ErrorCode};
use crate::types::{Millis, Offset};
use crate::wire::records::{Batch, BatchHeader, ControlType, EndTxnMarker};

mod entry;
mod verification;

// The file format of the state.
pub mod snapshot;

pub use entry::{AppendedBatch, ProducerEntry};
use verification::Verifications;
pub use verification::{Beginning, Guard, Voucher};

/// How many batches of a producer are remembered: as many as it may have in flight.
const BATCHES_MAX: usize = 5;

/// Longest that a batch's control record can be: a key of 4 bytes, a value of 6, and generous overhead.
const CONTROL_MAX: usize = 1 << 10;

/// Who appends, and so how far it is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A producer: epoch and sequence are checked.
    #[default]
    Client,
    /// A coordinator of this cluster: the epoch is checked.
    Coordinator,
    /// A leader that has checked already, or the log itself, read again.
    Replication,
}

/// A transaction that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedTxn {
    /// Whose it was.
    pub producer_id: i64,
    /// Its first offset.
    pub first_offset: Offset,
    /// The offset of its marker.
    pub last_offset: Offset,
    /// Whether its records are to be skipped.
    pub aborted: bool,
}

/// What a control batch says about its producer's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The epoch of the coordinator that wrote it.
    pub coordinator_epoch: i32,
    /// Whether it aborts.
    pub aborted: bool,
}

/// The marker in a control batch; none in batches of other control records.
pub fn marker(batch: &Batch<'_>) -> Option<Marker> {
    let payload = batch.payload(CONTROL_MAX).ok()?;
    let record = payload.records().next()?.ok()?;
    let aborted = match ControlType::parse(record.key).ok()? {
        ControlType::Abort => true,
        ControlType::Commit => false,
        _ => return None,
    };
    let coordinator_epoch = EndTxnMarker::decode(record.value).ok()?.coordinator_epoch;
    Some(Marker { coordinator_epoch, aborted })
}

/// What becomes of a batch that is staged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staged {
    /// It may be appended.
    Fresh,
    /// It was appended before, as this batch.
    Duplicate(AppendedBatch),
}

/// A batch to stage: its header at its new offsets, and what its body says if it is a control batch.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The header, with the offsets that the batch would get.
    pub header: &'a BatchHeader,
    /// The marker, if the batch is one.
    pub marker: Option<Marker>,
    /// The transaction version of the request that brought the marker.
    pub transaction_version: i16,
    /// Why a transaction may begin here.
    pub voucher: Voucher,
    /// Who appends.
    pub origin: Origin,
}

/// The producers of one partition.
#[derive(Debug, Default)]
pub struct Producers {
    entries: HashMap<i64, ProducerEntry>,
    /// First offset → producer, of transactions without a marker.
    ongoing: BTreeMap<Offset, i64>,
    /// First offset → offset of the marker, of transactions whose marker is not yet below the high watermark.
    unreplicated: BTreeMap<Offset, Offset>,
    /// What producers become if the group is written.
    staged: HashMap<i64, ProducerEntry>,
    /// Transactions that end in what is staged.
    completed: Vec<CompletedTxn>,
    /// What the present append has staged over, to go back to.
    undo: Vec<(i64, Option<ProducerEntry>)>,
    /// How many there were before the present append.
    completed_before: usize,
    /// Questions to coordinators, which no snapshot keeps: after a start they are asked again.
    verifications: Verifications,
}

impl Producers {
    /// Begins to stage an append, which is all or nothing.
    pub fn begin(&mut self) {
        self.undo.clear();
        self.completed_before = self.completed.len();
    }

    /// Goes back to before [`Producers::begin`].
    pub fn undo(&mut self) {
        while let Some((id, before)) = self.undo.pop() {
            match before {
                Some(entry) => self.staged.insert(id, entry),
                None => self.staged.remove(&id),
            };
        }
        self.completed.truncate(self.completed_before);
    }

    /// Stages a batch that has a producer id. Errors: those of [`ProducerEntry::append`] and
    /// [`ProducerEntry::end_transaction`], and `INVALID_TXN_STATE` for a transaction that nobody has vouched for.
    pub fn stage(&mut self, candidate: &Candidate<'_>) -> Result<Staged, ApiError> {
        let header = candidate.header;
        let id = header.producer_id;
        let before = self.staged.get(&id).copied();
        let mut entry = before.or_else(|| self.entries.get(&id).copied()).unwrap_or_default();
        if candidate.origin == Origin::Client
            && let Some(duplicate) = entry.duplicate(header)
        {
            return Ok(Staged::Duplicate(duplicate));
        }
        match candidate.marker {
            Some(marker) => {
                let (epoch, version) = (marker.coordinator_epoch, candidate.transaction_version);
                let first = entry.end_transaction(header, epoch, version, candidate.origin)?;
                self.completed.extend(first.map(|first_offset| CompletedTxn {
                    producer_id: id,
                    first_offset,
                    last_offset: header.last_offset(),
                    aborted: marker.aborted,
                }));
            }
            // A control batch without records: its transaction is cleaned away.
            None if header.is_control() => return Ok(Staged::Fresh),
            None => {
                self.check_voucher(candidate, &entry)?;
                entry.append(header, candidate.origin, self.verifications.get(id))?;
            }
        }
        if header.is_transactional() {
            self.verifications.settle(header);
        }
        self.undo.push((id, before));
        self.staged.insert(id, entry);
        Ok(Staged::Fresh)
    }

    /// A transaction only begins where its coordinator knows of it. A producer that is fenced is told so instead.
    fn check_voucher(
        &self,
        candidate: &Candidate<'_>,
        entry: &ProducerEntry,
    ) -> Result<(), ApiError> {
        let header = candidate.header;
        let ongoing = entry.txn_first_offset.is_some() && entry.epoch == header.producer_epoch;
        if !header.is_transactional()
            || ongoing
            || candidate.origin == Origin::Replication
            || header.producer_epoch < entry.epoch
            || self.verifications.accept(header.producer_id, candidate.voucher)
        {
            return Ok(());
        }
        let text = "Record was not part of an ongoing transaction";
        Err(ApiError::new(ErrorCode::InvalidTxnState, text))
    }

    /// Begins to verify a transaction that may begin here: the guard to come back with once the coordinator has
    /// agreed, or none if the transaction is under way. Nothing may be staged. Error: `INVALID_PRODUCER_EPOCH`.
    pub fn verify(
        &mut self,
        beginning: &Beginning,
        now: Millis,
    ) -> Result<Option<Guard>, ApiError> {
        if let Some(entry) = self.entries.get(&beginning.producer_id) {
            if beginning.producer_epoch < entry.epoch {
                return Err(ErrorCode::InvalidProducerEpoch.into());
            }
            if entry.txn_first_offset.is_some() && beginning.producer_epoch == entry.epoch {
                return Ok(None);
            }
        }
        Ok(Some(self.verifications.ask(beginning, now)))
    }

    /// Keeps what was staged, as it is written now. Gives the transactions that ended, each with the last stable
    /// offset after its end.
    pub fn keep(&mut self) -> Vec<(CompletedTxn, Offset)> {
        for (id, entry) in self.staged.drain() {
            if let Some(first) = entry.txn_first_offset {
                self.ongoing.insert(first, id);
            }
            self.entries.insert(id, entry);
        }
        self.undo.clear();
        // A transaction that began and ended in one write was never entered, and one that ended is no longer its
        // producer's: both are entered here, so that each end finds its beginning.
        for txn in &self.completed {
            self.ongoing.insert(txn.first_offset, txn.producer_id);
        }
        let completed = std::mem::take(&mut self.completed);
        completed.into_iter().map(|txn| (txn, self.complete(&txn))).collect()
    }

    fn complete(&mut self, txn: &CompletedTxn) -> Offset {
        self.ongoing.remove(&txn.first_offset);
        self.unreplicated.insert(txn.first_offset, txn.last_offset);
        // The next transaction of the same producer may have begun in the same write: it is behind the marker.
        let mut others = self.ongoing.iter().filter(|(_, id)| **id != txn.producer_id);
        others.next().map_or(Offset::MAX, |(first, _)| *first).min(txn.last_offset + 1)
    }

    /// Forgets what was staged, as it could not be written.
    pub fn drop_staged(&mut self) {
        self.staged.clear();
        self.completed.clear();
        self.undo.clear();
    }

    /// Takes in a batch that is in the log already. Gives the transaction that it ends, and the last stable offset
    /// after that.
    pub fn replay(
        &mut self,
        header: &BatchHeader,
        marker: Option<Marker>,
    ) -> Option<(CompletedTxn, Offset)> {
        let candidate = Candidate {
            header,
            marker,
            transaction_version: 0,
            voucher: Voucher::Waived,
            origin: Origin::Replication,
        };
        self.stage(&candidate).ok()?;
        self.keep().pop()
    }

    /// Takes in a producer from a snapshot.
    pub fn load(&mut self, id: i64, entry: ProducerEntry) {
        if let Some(first) = entry.txn_first_offset {
            self.ongoing.insert(first, id);
        }
        self.entries.insert(id, entry);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Everything below `high_watermark` is committed now.
    pub fn high_watermark_moved(&mut self, high_watermark: Offset) {
        self.unreplicated.retain(|_, last| *last >= high_watermark);
    }

    /// The first offset of a transaction that is not decided, or whose end is not committed.
    pub fn first_unstable_offset(&self) -> Option<Offset> {
        let first = |map: Option<&Offset>| map.copied();
        [first(self.ongoing.keys().next()), first(self.unreplicated.keys().next())]
            .into_iter()
            .flatten()
            .min()
    }

    /// Forgets producers that have been silent for `expiration_ms` and have no open transaction.
    pub fn expire(&mut self, now: Millis, expiration_ms: Millis) {
        self.entries.retain(|_, entry| !is_expired(entry, now, expiration_ms));
        self.verifications.expire(now, expiration_ms);
    }

    /// The producers, by id and in no order.
    pub fn active(&self) -> impl ExactSizeIterator<Item = (i64, &ProducerEntry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// What producer `id` did last.
    pub fn get(&self, id: i64) -> Option<&ProducerEntry> {
        self.entries.get(&id)
    }

    /// Whether producer `id` has a transaction open in this epoch.
    pub fn has_transaction(&self, id: i64, epoch: i16) -> bool {
        self.get(id).is_some_and(|entry| entry.epoch == epoch && entry.txn_first_offset.is_some())
    }

    /// How many producers are known.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether none is known, and none has asked to begin a transaction.
    pub fn is_blank(&self) -> bool {
        self.is_empty() && self.verifications.is_unused()
    }
}

/// Whether a producer has been silent for so long that it is forgotten.
pub fn is_expired(entry: &ProducerEntry, now: Millis, expiration_ms: Millis) -> bool {
    entry.txn_first_offset.is_none() && now.saturating_sub(entry.last_timestamp) >= expiration_ms
}

#[cfg(test)]
mod tests;
