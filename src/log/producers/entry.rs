//! What one producer did last: its epoch, its last five batches, its open transaction. Pure.
//!
//! Why five batches: `max.in.flight.requests.per.connection` of an idempotent producer is at most five, so a batch that
//! is sent again is one of the last five or was never written.
//!
//! Sequences count records, from 0 in each epoch, and wrap from 2³¹ − 1 to 0.

use super::verification::Verification;
use super::{BATCHES_MAX, Origin};
use crate::error::{ApiError, ErrorCode};
use crate::types::{Millis, Offset};
use crate::wire::records::{
    BatchHeader, NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP, decrement_sequence,
};

/// A batch that a producer appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendedBatch {
    /// The sequence of its last record.
    pub last_sequence: i32,
    /// The offset of its last record.
    pub last_offset: Offset,
    /// Its last offset, counted from its first.
    pub offset_delta: i32,
    /// Its newest timestamp.
    pub timestamp: Millis,
}

impl AppendedBatch {
    /// The sequence of its first record.
    pub const fn first_sequence(&self) -> i32 {
        decrement_sequence(self.last_sequence, self.offset_delta)
    }

    /// The offset of its first record.
    pub const fn first_offset(&self) -> Offset {
        self.last_offset - self.offset_delta as Offset
    }
}

/// What one producer did last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    /// Its epoch; −1 while nothing is known.
    pub epoch: i16,
    /// The epoch of the coordinator that wrote its last marker; −1 if none did.
    pub coordinator_epoch: i32,
    /// When it last wrote, by its own account or its coordinator's.
    pub last_timestamp: Millis,
    /// Where its open transaction begins.
    pub txn_first_offset: Option<Offset>,
    /// The last of the present epoch, oldest first; no allocation for what every producer has.
    batches: [AppendedBatch; BATCHES_MAX],
    /// How many of the slots are in use.
    count: u8,
}

impl Default for ProducerEntry {
    fn default() -> Self {
        Self {
            epoch: NO_PRODUCER_EPOCH,
            coordinator_epoch: -1,
            last_timestamp: NO_TIMESTAMP,
            txn_first_offset: None,
            batches: [AppendedBatch::default(); BATCHES_MAX],
            count: 0,
        }
    }
}

impl ProducerEntry {
    /// The batches that are remembered, oldest first: at most five, all of the present epoch.
    pub fn batches(&self) -> &[AppendedBatch] {
        &self.batches[..usize::from(self.count)]
    }

    /// The newest batch.
    pub fn last_batch(&self) -> Option<&AppendedBatch> {
        self.batches().last()
    }

    /// The sequence of the newest record; −1 if none is known.
    pub fn last_sequence(&self) -> i32 {
        self.last_batch().map_or(NO_SEQUENCE, |batch| batch.last_sequence)
    }

    /// The batch that `header` repeats.
    pub fn duplicate(&self, header: &BatchHeader) -> Option<AppendedBatch> {
        if header.producer_epoch != self.epoch {
            return None;
        }
        let same = |batch: &&AppendedBatch| {
            batch.first_sequence() == header.base_sequence
                && batch.last_sequence == header.last_sequence()
        };
        self.batches().iter().find(same).copied()
    }

    /// With another epoch sequences begin anew, and batches of the old one are no measure.
    fn set_epoch(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.count = 0;
        }
    }

    /// Remembers a batch of the present epoch.
    pub fn remember(&mut self, batch: AppendedBatch) {
        if usize::from(self.count) == BATCHES_MAX {
            self.batches.rotate_left(1);
            self.count -= 1;
        }
        self.batches[usize::from(self.count)] = batch;
        self.count += 1;
    }

    /// Takes in a batch of records at the offsets in `header`. Errors, none of which a replayed batch meets:
    /// `INVALID_PRODUCER_EPOCH`, `OUT_OF_ORDER_SEQUENCE_NUMBER`, `INVALID_TXN_STATE`. On error, nothing has changed.
    pub(super) fn append(
        &mut self,
        header: &BatchHeader,
        origin: Origin,
        verification: Option<&Verification>,
    ) -> Result<(), ApiError> {
        if origin != Origin::Replication {
            self.check_epoch(header, 0)?;
        }
        if origin == Origin::Client {
            self.check_verified_sequence(header, verification)?;
            self.check_sequence(header)?;
        }
        match self.txn_first_offset {
            Some(_) if !header.is_transactional() && origin != Origin::Replication => {
                return Err(refusal(
                    ErrorCode::InvalidTxnState,
                    header,
                    "expected a transactional write",
                ));
            }
            None if header.is_transactional() => self.txn_first_offset = Some(header.base_offset),
            _ => {}
        }
        self.set_epoch(header.producer_epoch);
        self.remember(AppendedBatch {
            last_sequence: header.last_sequence(),
            last_offset: header.last_offset(),
            offset_delta: header.last_offset_delta,
            timestamp: header.max_timestamp,
        });
        self.last_timestamp = header.max_timestamp;
        Ok(())
    }

    /// Takes in the marker that ends the open transaction, and says where that began, if there was one.
    /// `transaction_version` is that of the coordinator's request: from 2 on the epoch of a marker is above that of
    /// the transaction (KIP-890). Errors: `INVALID_PRODUCER_EPOCH`, `TRANSACTION_COORDINATOR_FENCED`.
    pub fn end_transaction(
        &mut self,
        header: &BatchHeader,
        coordinator_epoch: i32,
        transaction_version: i16,
        origin: Origin,
    ) -> Result<Option<Offset>, ApiError> {
        if origin != Origin::Replication {
            self.check_epoch(header, transaction_version)?;
            if self.coordinator_epoch > coordinator_epoch {
                let known = self.coordinator_epoch;
                let how = format!("coordinator epoch {coordinator_epoch} is older than {known}");
                return Err(refusal(ErrorCode::TransactionCoordinatorFenced, header, &how));
            }
        }
        self.set_epoch(header.producer_epoch);
        self.coordinator_epoch = coordinator_epoch;
        self.last_timestamp = header.max_timestamp;
        Ok(self.txn_first_offset.take())
    }

    fn check_epoch(&self, header: &BatchHeader, transaction_version: i16) -> Result<(), ApiError> {
        // Without a transaction to end, a marker is one that was sent again.
        let above = i16::from(transaction_version >= 2 && self.txn_first_offset.is_some());
        if header.producer_epoch < self.epoch.saturating_add(above) {
            let how = format!(
                "epoch {} is behind the last seen epoch {}",
                header.producer_epoch, self.epoch
            );
            return Err(refusal(ErrorCode::InvalidProducerEpoch, header, &how));
        }
        Ok(())
    }

    /// While a transaction is being verified, its first batch is not kept out by one behind it.
    fn check_verified_sequence(
        &self,
        header: &BatchHeader,
        verification: Option<&Verification>,
    ) -> Result<(), ApiError> {
        let sequence = header.base_sequence;
        match verification {
            Some(open) if !open.admits(sequence, self.batches().is_empty()) => {
                let how = format!("sequence {sequence} comes before others that are waited for");
                Err(refusal(ErrorCode::OutOfOrderSequenceNumber, header, &how))
            }
            _ => Ok(()),
        }
    }

    /// Whether the batch continues the producer's last; a new epoch begins at 0.
    fn check_sequence(&self, header: &BatchHeader) -> Result<(), ApiError> {
        // Of a producer that nothing is known of (its records may be deleted by now) any sequence is taken.
        if self.epoch == NO_PRODUCER_EPOCH {
            return Ok(());
        }
        let last =
            if header.producer_epoch == self.epoch { self.last_sequence() } else { NO_SEQUENCE };
        let next = header.base_sequence;
        if i64::from(next) == i64::from(last) + 1 || (next == 0 && last == i32::MAX) {
            return Ok(());
        }
        let how =
            format!("sequence {next} of epoch {} does not follow {last}", header.producer_epoch);
        Err(refusal(ErrorCode::OutOfOrderSequenceNumber, header, &how))
    }
}

/// The answer to a batch that may not be appended.
fn refusal(code: ErrorCode, header: &BatchHeader, how: &str) -> ApiError {
    ApiError::new(
        code,
        format!("producer {} at offset {}: {how}", header.producer_id, header.base_offset),
    )
}
