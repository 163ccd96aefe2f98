//! Deleting from the front of a log: what is too old, what is too much, what was asked to go.
//!
//! Whole segments only, and never one that is not committed. Files are renamed at once and removed after
//! `file.delete.delay.ms`, for those who are still reading.
//!
//! Three reasons, looked at in this order: below the log's start (asked for, whatever the policy), beyond
//! `retention.bytes`, older than `retention.ms` by the newest timestamp of the segment. From the front only, so that
//! what is left is one stretch; the first segment that stays ends the round. The active segment goes too when all of it
//! is due: it is rolled first.
//!
//! Kafka keeps uncommitted segments as this does (`deletionUpperBoundOffset`). A segment that goes takes the producers'
//! snapshot at its beginning along.

use std::path::PathBuf;
use std::sync::Arc;

use super::Log;
use super::files::remove_if_there;
use super::segment::Segment;
use super::writer::Deletion;
use crate::error::{ApiError, Error, ErrorCode};
use crate::types::{Millis, Offset};

/// What a round of retention did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Segments taken out of use.
    pub segments: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files removed for good that earlier rounds had taken out of use.
    pub files_removed: usize,
}

impl Log {
    /// Lets the log start at `offset`, on request of a client (DeleteRecords) or a leader, and gives where it starts.
    /// The bytes go with the next round of retention. Error: `OFFSET_OUT_OF_RANGE` above the high watermark.
    pub fn delete_records(&mut self, offset: Offset) -> Result<Offset, Error> {
        self.check_usable()?;
        if offset > self.view.high_watermark() {
            let text = format!(
                "Cannot increment the log start offset to {offset} of partition {} since it is larger than the high \
                 watermark {}",
                self.topic_partition,
                self.view.high_watermark()
            );
            return Err(ApiError::new(ErrorCode::OffsetOutOfRange, text).into());
        }
        self.advance_start(offset)?;
        Ok(self.log_start_offset())
    }

    /// Moves the log's start forwards, and what depends on it. Nothing is deleted: the segments below are due with the
    /// next round, and a crash before the checkpoint is written brings them back until then.
    fn advance_start(&mut self, offset: Offset) -> Result<(), Error> {
        if offset <= self.log_start_offset() {
            return Ok(());
        }
        assert!(
            offset <= self.log_end_offset(),
            "{}: would start at {offset}, behind its end",
            self.topic_partition
        );
        self.view.set_log_start_offset(offset);
        let fewer = self.change_epochs(|epochs| epochs.truncate_from_start(offset));
        // A transaction whose marker is no longer there holds nobody up.
        self.producers.high_watermark_moved(offset);
        self.publish_unstable();
        if fewer { self.store_epochs() } else { Ok(()) }
    }

    /// Takes segments out of use that are below the log's start or, if the topic's policy is to delete, beyond its
    /// time or size; and removes for good what has waited long enough.
    pub fn retention(&mut self, now: Millis) -> Result<Retained, Error> {
        self.check_usable()?;
        let files_removed = self.remove_due(now)?;
        Ok(Retained { files_removed, ..self.retain(now)? })
    }

    /// Takes segments out of use, and removes nothing: see [`Log::take_due`].
    pub fn retain(&mut self, now: Millis) -> Result<Retained, Error> {
        self.check_usable()?;
        let mut done = Retained::default();
        // What the cleaner has made of segments may not come back after they are deleted: the next round is soon.
        if self.replacing {
            return Ok(done);
        }
        let start = self.log_start_offset();
        self.delete_front(now, &mut done, |_, next| {
            Ok(next.is_some_and(|next| next.base_offset() <= start))
        })?;
        if self.settings.delete {
            self.delete_by_size(now, &mut done)?;
            self.delete_by_time(now, &mut done)?;
        }
        Ok(done)
    }

    fn delete_by_size(&mut self, now: Millis, done: &mut Retained) -> Result<(), Error> {
        let Ok(limit) = u64::try_from(self.settings.retention_bytes) else { return Ok(()) };
        // A segment goes only if what is left still has `retention.bytes`: a log is rather too large than too small.
        let Some(mut excess) = self.size().checked_sub(limit) else { return Ok(()) };
        self.delete_front(now, done, |segment, _| {
            let fits = excess.checked_sub(segment.size());
            excess = fits.unwrap_or(excess);
            Ok(fits.is_some())
        })
    }

    fn delete_by_time(&mut self, now: Millis, done: &mut Retained) -> Result<(), Error> {
        let limit = self.settings.retention_ms;
        if limit < 0 {
            return Ok(());
        }
        self.delete_front(now, done, |segment, _| {
            Ok(now.saturating_sub(segment.newest_or_modified()?) > limit)
        })
    }

    /// Takes segments out of use from the front, as long as they are committed and `goes` says so of them, given the
    /// next.
    fn delete_front(
        &mut self,
        now: Millis,
        done: &mut Retained,
        mut goes: impl FnMut(&Segment, Option<&Arc<Segment>>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut segments = self.view.segments().to_vec();
        let committed = self.view.high_watermark();
        let mut count = 0;
        for (at, segment) in segments.iter().enumerate() {
            let next = segments.get(at + 1);
            let end = next.map_or(self.log_end_offset(), |next| next.base_offset());
            let last_and_empty = next.is_none() && segment.size() == 0;
            if committed < end || last_and_empty || !goes(segment, next)? {
                break;
            }
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        if count == segments.len() {
            match self.roll(None, now) {
                Ok(()) => segments = self.view.segments().to_vec(),
                // Nothing can be written on a full disk, but what is removed makes room: all but the last goes.
                Err(error) if count > 1 && error.is_disk_full() => count -= 1,
                Err(error) => return Err(error),
            }
        }
        let kept = segments.split_off(count);
        let start = kept.first().map_or(self.log_end_offset(), |first| first.base_offset());
        assert!(
            start <= committed,
            "{}: would delete up to {start}, committed is {committed}",
            self.topic_partition
        );
        // Readers first: who asks for what is going gets an error, not a missing file.
        if let Err(error) = self.advance_start(start) {
            // The file of epochs holds too many then, which costs nothing; deleting is what a full disk needs.
            if !error.is_disk_full() {
                return Err(error);
            }
            self.epochs_stored = false;
        }
        self.view.set_segments(kept);
        done.segments += segments.len();
        done.bytes += segments.iter().map(|segment| segment.size()).sum::<u64>();
        tracing::info!(partition = %self.topic_partition, segments = segments.len(), start, "deleted segments");
        self.assert_sound();
        self.give_up(&segments, now)
    }

    /// Removes files for good that have waited for `file.delete.delay.ms`.
    pub fn remove_due(&mut self, now: Millis) -> Result<usize, Error> {
        let paths = self.take_due(now);
        for path in &paths {
            remove_if_there(&*self.place.files, path)?;
        }
        Ok(paths.len())
    }

    /// The files that have waited for `file.delete.delay.ms`: whoever takes them removes them, on a thread that nobody
    /// waits for. What is left of them goes when the log is opened.
    pub fn take_due(&mut self, now: Millis) -> Vec<PathBuf> {
        let (due, waiting): (Vec<Deletion>, _) = std::mem::take(&mut self.deletions)
            .into_iter()
            .partition(|deletion| deletion.due <= now);
        self.deletions = waiting;
        due.into_iter().flat_map(|deletion| deletion.paths).collect()
    }

    /// When the next files are due to be removed for good.
    pub fn next_removal(&self) -> Option<Millis> {
        self.deletions.iter().map(|deletion| deletion.due).min()
    }

    /// Forgets producers that have been silent for long.
    pub fn expire_producers(&mut self, now: Millis) {
        self.producers.expire(now, self.settings.producer_id_expiration_ms);
        self.view.set_producers(self.producers.len());
    }
}
