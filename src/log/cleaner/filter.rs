//! What is kept of one batch, to the byte: all of it as it is, some records under the old head, or the head alone.
//!
//! A batch from which nothing goes is copied byte for byte, so that a log which is clean costs no compression. One from
//! which something goes is built anew under the old head: same offsets at both ends, same producer, same sequence of
//! the last record, another crc.

use bytes::Bytes;

use super::offset_map::OffsetMap;
use super::records::each;
use crate::types::Millis;
use crate::wire::compression::Compression;
use crate::wire::records::{Batch, BatchBuilder, Record, RecordsError, empty_batch};

/// What is kept of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// The batch as it is.
    Whole,
    /// This in its place.
    Other(Bytes),
    /// Nothing.
    Nothing,
}

/// What was decided about a batch before its records were looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Verdict {
    /// None of its records counts.
    pub(super) discard: bool,
    /// Its head stays though no record does: for its producer's last sequence, or as the end of what was compacted.
    pub(super) keep_head: bool,
    /// It is a marker with nothing left to decide: its horizon begins now.
    pub(super) idle_marker: bool,
}

/// What goes for all batches of a round.
pub(super) struct Rules<'a> {
    pub(super) map: &'a OffsetMap,
    pub(super) now: Millis,
    pub(super) delete_retention_ms: Millis,
}

impl Rules<'_> {
    /// Whether a record of data is kept. `expired` says that the horizon of its batch has passed.
    fn keeps(&self, record: &Record<'_>, expired: bool) -> bool {
        // The map was full before it came here: nobody knows what is behind.
        if record.offset > self.map.latest() {
            return true;
        }
        // Without a key it cannot have been accepted while the topic was compacted.
        let Some(key) = record.key else { return false };
        // A key of the clean part that did not come again is in no map, and stays.
        let is_latest = self.map.get(key).is_none_or(|latest| record.offset >= latest);
        is_latest && (record.value.is_some() || !expired)
    }

    /// What is kept of a batch.
    pub(super) fn filter(&self, batch: &Batch<'_>, verdict: Verdict) -> Result<Kept, RecordsError> {
        let header = batch.header();
        let nothing = || match verdict.keep_head {
            true => Kept::Other(empty_batch(header)),
            false => Kept::Nothing,
        };
        if verdict.discard {
            return Ok(nothing());
        }
        let expired = header.delete_horizon_ms().is_some_and(|horizon| self.now >= horizon);
        let keeps = |record: &Record<'_>| header.is_control() || self.keeps(record, expired);
        let (mut kept, mut seen, mut tombstones) = (0, 0, false);
        each(batch, |record| {
            seen += 1;
            if keeps(record) {
                kept += 1;
                tombstones |= record.value.is_none();
            }
            true
        })?;
        if kept == 0 {
            return Ok(nothing());
        }
        // Told once, by the first round that meets it. Later rounds keep what stands there.
        let begins = (tombstones || verdict.idle_marker) && !header.has_delete_horizon();
        if kept == seen && !begins {
            return Ok(Kept::Whole);
        }
        let horizon = match begins {
            true => Some(self.now.saturating_add(self.delete_retention_ms)),
            false => header.delete_horizon_ms(),
        };
        let mut builder = BatchBuilder::like(header, Compression::from(header.codec()?))
            .delete_horizon(horizon)
            .last_offset(header.last_offset());
        each(batch, |record| {
            if keeps(record) {
                builder.append_record(record);
            }
            true
        })?;
        Ok(Kept::Other(builder.build()))
    }
}
