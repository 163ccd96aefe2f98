//! Cutting a log at its end: what a new leader does not have, or everything.
//!
//! Readers first: segments and end are published as they will be before a file is cut, so that nobody is sent to bytes
//! that go. Then everything that is derived from the batches is brought back to `offset`: recovery point, epochs,
//! snapshots, producers. A crash in between leaves more than there should be, which the leader's epochs have cut again
//! once this node follows.
//!
//! Only the metadata log and copies on their way between log directories are truncated so far; a partition with
//! followers will be.

use super::files::remove_if_there;
use super::segment::Segment;
use super::{Log, names, recovery};
use crate::error::Error;
use crate::types::{Millis, Offset};

impl Log {
    /// Cuts the log so that it ends at `offset`: the batch that holds it goes, and all behind. Says whether there was
    /// anything to cut.
    pub fn truncate_to(&mut self, offset: Offset, now: Millis) -> Result<bool, Error> {
        self.check_usable()?;
        if offset >= self.log_end_offset() {
            return Ok(false);
        }
        let mut segments = self.view.segments().to_vec();
        if segments.first().is_some_and(|first| first.base_offset() > offset) {
            self.truncate_fully_and_start_at(offset, None, now)?;
            return Ok(true);
        }
        let kept = segments.partition_point(|segment| segment.base_offset() <= offset);
        let gone = segments.split_off(kept);
        let last =
            segments.last().expect("the first segment begins at the offset or before").clone();
        // A batch is never cut in two: the log then ends at `offset` all the same, and has a gap before it, as in
        // Kafka.
        let size = last.locate(offset, last.size())?.map_or(last.size(), |found| found.position);
        last.set_size(size);
        last.verified().cut(size);
        self.begin_active(last.clone(), now);
        self.view.set_segments(segments);
        // Records that were deleted may be cut too: the log then begins where it ends, as in Kafka.
        if offset < self.log_start_offset() {
            self.view.set_log_start_offset(offset);
        }
        self.publish_end(offset, 0);
        let is_trusted = offset <= self.recovery_point();
        let cut = || -> Result<(), Error> {
            last.cut(size, is_trusted)?;
            last.truncate_indexes(offset)?;
            if is_trusted {
                last.sync_aborted()?;
            }
            Ok(())
        };
        let cut =
            cut().and_then(|()| self.give_up(&gone, now)).and_then(|()| self.reload(offset, now));
        if cut.is_err() {
            self.fail();
        }
        self.assert_sound();
        cut.map(|()| true)
    }

    /// Makes everything but the segments agree with a log that ends at `offset` now.
    fn reload(&mut self, offset: Offset, now: Millis) -> Result<(), Error> {
        self.truncations += 1;
        self.view.set_recovery_point(self.recovery_point().min(offset));
        if self.change_epochs(|epochs| epochs.truncate_from_end(offset)) {
            self.store_epochs()?;
        }
        for behind in self.snapshots.split_off(&(offset + 1)) {
            remove_if_there(
                &*self.place.files,
                &self.dir().join(names::file(behind, names::SNAPSHOT)),
            )?;
        }
        let (segments, start) = (self.view.segments(), self.log_start_offset());
        let expiration_ms = self.settings.producer_id_expiration_ms;
        // What the batches behind `offset` did to a producer cannot be taken back one by one: only its last five are
        // remembered.
        self.producers = recovery::rebuild_producers(
            &self.place,
            &segments,
            &mut self.snapshots,
            start..offset,
            expiration_ms,
            now,
        )?;
        self.load_active()?;
        self.publish_all(self.view.high_watermark());
        Ok(())
    }

    /// Drops all records, to begin anew at `offset`. The log starts there too, or at `log_start_offset`.
    pub fn truncate_fully_and_start_at(
        &mut self,
        offset: Offset,
        log_start_offset: Option<Offset>,
        now: Millis,
    ) -> Result<(), Error> {
        self.check_usable()?;
        let begun = self.begin_at(offset, log_start_offset, now);
        if begun.is_err() {
            // The old segments may be given up and no other be there.
            self.fail();
        }
        self.assert_sound();
        begun
    }

    fn begin_at(
        &mut self,
        offset: Offset,
        log_start_offset: Option<Offset>,
        now: Millis,
    ) -> Result<(), Error> {
        let gone = self.view.segments();
        self.give_up(&gone, now)?;
        for left in std::mem::take(&mut self.snapshots) {
            remove_if_there(
                &*self.place.files,
                &self.dir().join(names::file(left, names::SNAPSHOT)),
            )?;
        }
        let segment = Segment::create(&self.place, offset)?;
        self.begin_active(segment.clone(), now);
        self.view.set_segments(vec![segment]);
        self.view.set_log_start_offset(log_start_offset.unwrap_or(offset));
        self.publish_end(offset, 0);
        self.truncations += 1;
        self.view.set_recovery_point(self.recovery_point().min(offset));
        self.producers.clear();
        self.change_epochs(|epochs| epochs.clear());
        self.store_epochs()?;
        self.publish_all(self.view.high_watermark());
        Ok(())
    }
}
