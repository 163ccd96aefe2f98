//! What only the writer does to a segment: entering batches into its indexes, storing and truncating those, and taking
//! the segment out of use. Writes no records: the log does.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Newest, Segment};
use crate::error::Error;
use crate::log::index::{OffsetEntry, TimeEntry};
use crate::log::names;
use crate::log::scan::{Found, Scanner};
use crate::log::txn_index::AbortedTxn;
use crate::types::Offset;
use crate::wire::records::NO_TIMESTAMP;

impl Segment {
    /// Enters a batch into the indexes.
    pub(in crate::log) fn index(
        &self,
        last_offset: Offset,
        position: u64,
        newest: Newest,
    ) -> io::Result<()> {
        let files = &*self.place.files;
        if let Ok(position) = u32::try_from(position) {
            let entry = OffsetEntry { offset: self.relative(last_offset), position };
            if position > 0 {
                self.offsets.push(files, || self.path(names::INDEX), entry)?;
            }
        }
        self.index_newest(newest)
    }

    fn index_newest(&self, newest: Newest) -> io::Result<()> {
        if newest.timestamp < 0 {
            return Ok(());
        }
        let entry = TimeEntry { timestamp: newest.timestamp, offset: self.relative(newest.offset) };
        self.times.push(&*self.place.files, || self.path(names::TIME_INDEX), entry)
    }

    /// How many entries the fuller of the two indexes has, in bytes of its file; as far as is known.
    pub(in crate::log) fn index_bytes(&self) -> usize {
        let offsets = self.offsets.len().unwrap_or(0) * 8;
        offsets.max(self.times.len().unwrap_or(0) * 12)
    }

    /// Cuts the file of records off at `size`; durably if the log then ends where it `is_trusted`, at the recovery
    /// point or below. No flush syncs that again: were the segment closed next and the power lost, what was cut off
    /// would be back, in the middle of the log and torn. The same goes for the aborted transactions.
    pub(in crate::log) fn cut(self: &Arc<Self>, size: u64, is_trusted: bool) -> io::Result<()> {
        let file = self.file()?;
        file.truncate(size)?;
        if is_trusted { file.fdatasync() } else { Ok(()) }
    }

    /// Notes that a transaction was aborted.
    pub(in crate::log) fn append_aborted(self: &Arc<Self>, entry: AbortedTxn) -> io::Result<()> {
        let truth = |found: &[AbortedTxn]| self.true_aborted(found);
        self.aborted.append(&*self.place.files, &self.path(names::TXN_INDEX), &truth, entry)
    }

    /// Forgets transactions that ended at `offset` or behind.
    pub(in crate::log) fn truncate_aborted(self: &Arc<Self>, offset: Offset) -> io::Result<()> {
        let truth = |found: &[AbortedTxn]| self.true_aborted(found);
        self.aborted.truncate(&*self.place.files, &self.path(names::TXN_INDEX), &truth, offset)
    }

    /// Has the next sync include the aborted transactions, whatever is known of them.
    pub(in crate::log) fn doubt_aborted(&self) {
        self.aborted.doubt();
    }

    /// Makes the aborted transactions durable.
    pub(in crate::log) fn sync_aborted(&self) -> io::Result<()> {
        self.aborted.sync(&*self.place.files, || self.path(names::TXN_INDEX))
    }

    /// Writes what the index files lack, the newest timestamp included, so that the segment can rest.
    pub(in crate::log) fn store_indexes(&self) -> Result<(), Error> {
        let files = &*self.place.files;
        let newest = *self.newest.lock();
        if let Some(newest) = newest {
            self.index_newest(newest)?;
        }
        self.offsets.store(files, &self.path(names::INDEX))?;
        self.times.store(files, &self.path(names::TIME_INDEX))?;
        Ok(())
    }

    /// Makes the index files durable.
    pub(in crate::log) fn sync_indexes(&self) -> io::Result<()> {
        let files = &*self.place.files;
        for suffix in [names::INDEX, names::TIME_INDEX] {
            match files.open(&self.path(suffix)) {
                Ok(file) => file.fdatasync()?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        self.sync_aborted()
    }

    /// Forgets index entries of batches that end at `offset` or behind.
    pub(in crate::log) fn truncate_indexes(self: &Arc<Self>, offset: Offset) -> Result<(), Error> {
        let files = &*self.place.files;
        let relative = self.relative(offset);
        self.offsets
            .keep_while(files, &self.path(names::INDEX), |entry| entry.offset < relative)?;
        self.times
            .keep_while(files, &self.path(names::TIME_INDEX), |entry| entry.offset < relative)?;
        self.truncate_aborted(offset)?;
        *self.newest.lock() = None;
        Ok(())
    }

    /// Forgets all index entries, to enter every batch anew. Aborted transactions stay.
    pub(in crate::log) fn clear_indexes(&self) {
        self.offsets.clear();
        self.times.clear();
        self.set_newest(Newest { timestamp: NO_TIMESTAMP, offset: self.base_offset });
    }

    /// The last index entry for a batch below `offset` that is true, and the batch; the entries behind it go.
    pub(in crate::log) fn trust_indexes_to(
        self: &Arc<Self>,
        offset: Offset,
    ) -> Result<Option<Found>, Error> {
        self.truncate_indexes_only(offset)?;
        let last = self.offsets.last(&*self.place.files, &self.path(names::INDEX))?;
        let Some(entry) = last else { return Ok(None) };
        let file = self.file()?;
        let mut scanner =
            Scanner::headers(&*file, u64::from(entry.position), self.size(), self.base_offset);
        let found = scanner.next_header().ok().flatten();
        Ok(found.filter(|found| self.relative(found.header.last_offset()) == entry.offset))
    }

    fn truncate_indexes_only(&self, offset: Offset) -> Result<(), Error> {
        let files = &*self.place.files;
        let relative = self.relative(offset);
        self.offsets
            .keep_while(files, &self.path(names::INDEX), |entry| entry.offset < relative)?;
        let last =
            self.offsets.last(files, &self.path(names::INDEX))?.map_or(0, |entry| entry.offset);
        self.times
            .keep_while(files, &self.path(names::TIME_INDEX), |entry| entry.offset <= last)?;
        *self.newest.lock() = None;
        Ok(())
    }

    /// Renames the files, so that they are gone after a restart, and says what they are called now.
    pub(in crate::log) fn mark_deleted(&self) -> io::Result<Vec<PathBuf>> {
        let mut renamed = Vec::new();
        let _renaming = self.renaming.lock();
        if self.deleted.load(Ordering::Acquire) {
            return Ok(renamed);
        }
        let dir = self.place.dir();
        for suffix in names::SEGMENT_SUFFIXES {
            let name = names::file(self.base_offset, suffix);
            let target = dir.join(format!("{name}{}", names::DELETED));
            match self.place.files.rename(&dir.join(name), &target) {
                Ok(()) => renamed.push(target),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        self.deleted.store(true, Ordering::Release);
        Ok(renamed)
    }
}
