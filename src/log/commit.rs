//! The end of an append, a leader's or a follower's: one `pwritev`; then indexes and producers; then the end that
//! readers see. Never judges what it writes; its leader epochs are known before it.
//!
//! A full disk leaves no trace. A process that dies within the write leaves a torn batch behind the published end,
//! which the next start cuts off; nobody was answered yet.

use std::io;

use super::Log;
use super::files::File;
use super::segment::Newest;
use super::txn_index::AbortedTxn;
use crate::error::{Error, is_shortage};
use crate::types::Millis;

/// A segment of that many bytes is worth reserving room for.
const ALLOCATE_FROM: u64 = 1 << 20;
/// Most that is reserved at once, in bytes.
const ALLOCATE_MAX: u64 = 64 << 20;

impl Log {
    /// Writes the group, and only then lets anyone see it.
    pub(super) fn commit_group(&mut self, now: Millis) -> Result<(), Error> {
        if self.group.batches.is_empty() {
            return Ok(());
        }
        debug_assert_eq!(
            self.group.slices().iter().map(|slice| slice.len() as u64).sum::<u64>(),
            self.group.bytes,
            "what is written is what was gathered"
        );
        debug_assert!(
            self.group.next_offset > self.log_end_offset(),
            "a group that is written moves the end"
        );
        let position = self.active.segment.size();
        let file = match self.active.segment.file() {
            Ok(file) => file,
            Err(error) => return Err(self.not_opened(error)),
        };
        self.reserve(&*file, position + self.group.bytes);
        if let Err(error) = file.pwritev(&mut self.group.slices(), position) {
            return Err(self.write_failed(position, error));
        }
        // The bytes are there. If the indexes or the aborted transactions cannot be written behind them, memory and
        // disk are no longer known to agree.
        let published = self.publish_group(position);
        if published.is_err() {
            self.fail();
        }
        if self.unflushed == 0 {
            self.last_flush = now;
        }
        let records = self.group.next_offset - self.log_end_offset();
        self.unflushed += records;
        published?;
        // Last: whoever sees this end finds the bytes, the indexes and the producers' state below it.
        self.publish_end(self.group.next_offset, self.group.bytes);
        Ok(())
    }

    /// Takes back a write that was not begun.
    fn not_opened(&mut self, error: io::Error) -> Error {
        self.producers.drop_staged();
        if !is_shortage(&error) {
            self.fail();
        }
        Error::io(format_args!("appending to {}", self.topic_partition))(error)
    }

    /// Takes back a write that failed. A full disk is an everyday thing, and the file is as before once the half that
    /// was written is cut off. After any other error, or where the cut fails as well, nobody knows what the file holds.
    fn write_failed(&mut self, position: u64, error: io::Error) -> Error {
        // Nobody learns of these batches; their sequences may come again.
        self.producers.drop_staged();
        let full = error.kind() == io::ErrorKind::StorageFull;
        let restored = self.active.segment.file().and_then(|file| file.truncate(position));
        self.active.allocated = 0;
        if !full || restored.is_err() {
            self.fail();
        }
        Error::io(format_args!("appending to {}", self.topic_partition))(error)
    }

    /// Enters the group, which is written, into indexes and producers.
    fn publish_group(&mut self, mut position: u64) -> Result<(), Error> {
        let group = std::mem::take(&mut self.group.batches);
        let segment = self.active.segment.clone();
        let interval = u64::from(self.settings.index_interval_bytes);
        for header in &group {
            if header.max_timestamp > self.active.newest.timestamp {
                self.active.newest =
                    Newest { timestamp: header.max_timestamp, offset: header.last_offset() };
            }
            self.active.first_timestamp.get_or_insert(header.max_timestamp);
            if self.active.since_index > interval {
                segment.index(header.last_offset(), position, self.active.newest)?;
                self.active.since_index = 0;
            }
            let size = header.size_in_bytes() as u64;
            self.active.since_index += size;
            position += size;
        }
        self.group.batches = group;
        segment.set_newest(self.active.newest);
        segment.set_size(position);
        // The producers come behind the indexes: `keep` gives the last stable offset after each end, which goes into
        // the entry.
        let completed = self.producers.keep();
        for aborted in completed.iter().filter_map(|(txn, stable)| AbortedTxn::of(txn, *stable)) {
            segment.append_aborted(aborted)?;
            // The file may be a new one.
            self.unsynced.names_changed();
        }
        self.publish_unstable();
        Ok(())
    }

    /// Reserves room ahead of a segment that is growing, so that the file system need not find it write by write.
    fn reserve(&mut self, file: &dyn File, end: u64) {
        let size = self.active.segment.size();
        let worth = size >= ALLOCATE_FROM || self.settings.preallocate;
        if !worth || end <= self.active.allocated {
            return;
        }
        let most = u64::from(self.settings.segment_bytes);
        let step =
            if self.settings.preallocate { most } else { size.clamp(ALLOCATE_FROM, ALLOCATE_MAX) };
        let from = self.active.allocated.max(size);
        let to = (end + step).min(most.max(end));
        // Where there is no room to reserve, the write will say so.
        let reserved = file.allocate(from, to - from).is_ok();
        self.active.allocated = if reserved { to } else { end };
    }
}
