//! Appending as a follower: batches that have their offsets and epochs already. Never gives any, and never refuses a
//! batch for what its producer did: the leader has judged that.

use bytes::Bytes;

use super::Log;
use super::append::{Appended, PendingAppend, Size};
use super::producers::Origin;
use crate::error::{ApiError, Error, ErrorCode};
use crate::types::{LeaderEpoch, Millis, NONE, Offset};
use crate::wire::records::{BatchHeader, NO_TIMESTAMP, RecordsError, split};

impl Log {
    /// Appends batches that have their offsets and epochs already: what a leader has sent, or the quorum's own.
    /// Batches of an epoch above `leader_epoch_max` (−1: any) end it, since they are of a leader that is not known
    /// yet. None if that leaves nothing. Errors: `CORRUPT_MESSAGE`, `INVALID_RECORD`, `OFFSET_OUT_OF_RANGE` if they
    /// do not continue the log.
    pub fn append_as_follower(
        &mut self,
        records: &Bytes,
        leader_epoch_max: LeaderEpoch,
        now: Millis,
    ) -> Result<Option<Appended>, Error> {
        self.check_usable()?;
        self.group = self.place.cache.take_group();
        // Half of a leader's batches may be refused and the rest never come: what was gathered is dropped with the
        // error, unless a roll has written it already. Then it is in the log, in order, and will be continued.
        let first = self.collect(records, leader_epoch_max, now).and_then(|first| {
            self.commit_group(now)?;
            Ok(first)
        });
        let last_offset = self.group.next_offset - 1;
        self.place.cache.put_group(std::mem::take(&mut self.group));
        // Nothing unless an error has left some.
        self.producers.drop_staged();
        if first.is_err() {
            self.drop_unwritten_epochs();
        }
        let Some(base_offset) = first? else { return Ok(None) };
        if self.is_flush_due(now) {
            self.flush(self.log_end_offset(), now)?;
        }
        let (append_time, log_start_offset) = (NO_TIMESTAMP, self.log_start_offset());
        Ok(Some(Appended {
            base_offset,
            last_offset,
            append_time,
            log_start_offset,
            duplicate: false,
        }))
    }

    /// Puts a leader's batches into the group, and gives the offset of the first.
    fn collect(
        &mut self,
        records: &Bytes,
        epoch_max: LeaderEpoch,
        now: Millis,
    ) -> Result<Option<Offset>, Error> {
        self.begin_group()?;
        let refuse = |error: RecordsError| ApiError::new(error.code(), error.to_string());
        let mut first = None;
        let mut at = 0;
        for batch in split(records) {
            let batch = batch.map_err(refuse)?;
            batch.check_crc().map_err(refuse)?;
            let header = *batch.header();
            if epoch_max != NONE && header.partition_leader_epoch > epoch_max {
                break;
            }
            if header.base_offset < self.group.next_offset || header.last_offset_delta < 0 {
                let text = format!(
                    "offset {} does not continue {}",
                    header.base_offset, self.group.next_offset
                );
                return Err(ApiError::new(ErrorCode::OffsetOutOfRange, text).into());
            }
            self.make_room(&header, now)?;
            self.assign_epoch(header.partition_leader_epoch, header.base_offset)?;
            if header.has_producer_id() {
                let append = PendingAppend::new(Bytes::new(), Origin::Replication);
                self.stage(&append, &header, batch.bytes())?;
            }
            first.get_or_insert(header.base_offset);
            self.group.push(&header, records, at, false);
            at += header.size_in_bytes();
        }
        Ok(first)
    }

    /// Rolls before a batch that does not fit, once what came before it is written.
    fn make_room(&mut self, header: &BatchHeader, now: Millis) -> Result<(), Error> {
        let size = Size {
            bytes: header.size_in_bytes() as u64,
            max_timestamp: header.max_timestamp,
            offsets: Offset::from(header.last_offset_delta) + 1,
        };
        if self.should_roll(&size, header.base_offset, now) {
            self.commit_group(now)?;
            self.group.clear();
            self.roll(Some(header.base_offset), now)?;
            self.begin_group()?;
            self.group.next_offset = header.base_offset;
        }
        Ok(())
    }
}
