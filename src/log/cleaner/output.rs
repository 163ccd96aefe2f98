//! The files that the cleaner writes, and how they take the place of what they were made from.
//!
//! ```text
//! .cleaned   being written            a new start removes them
//! .swap      whole and on the disk    a new start removes what they were made from, and finishes
//! ```
//!
//! Records get a new name last on the way to `.swap`, and first on the way from there: at each step there is one answer
//! to what the segment is.
//!
//! The file is given the time of the last segment it was made from: retention by time looks at that where no record has
//! a timestamp.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::files::{File, remove_if_there};
use super::super::index::{Index, OffsetEntry, TimeEntry};
use super::super::names::{self, CLEANED, INDEX, LOG, SWAP, TIME_INDEX, TXN_INDEX};
use super::super::segment::{Newest, Place, Segment};
use super::super::txn_index::{AbortedTxn, TxnIndex};
use crate::error::Error;
use crate::types::{Millis, Offset};
use crate::wire::records::{BatchHeader, NO_TIMESTAMP};

/// Bytes that gather before they are written.
const BUFFER: usize = 1 << 20;

/// In the order in which they become `.swap`.
const SUFFIXES: [&str; 4] = [TXN_INDEX, TIME_INDEX, INDEX, LOG];

fn path(place: &Place, base_offset: Offset, suffix: &str, stage: &str) -> PathBuf {
    place.dir().join(format!("{}{stage}", names::file(base_offset, suffix)))
}

/// A segment that is being written.
pub(super) struct Output {
    place: Arc<Place>,
    base_offset: Offset,
    interval: u64,
    file: Arc<dyn File>,
    buffer: Vec<u8>,
    written: u64,
    offsets: Index<OffsetEntry>,
    times: Index<TimeEntry>,
    aborted: TxnIndex,
    newest: Newest,
    since_index: u64,
}

impl Output {
    /// Begins a segment at `base_offset`, with an index entry each `interval` bytes.
    pub(super) fn create(
        place: &Arc<Place>,
        base_offset: Offset,
        interval: u64,
    ) -> Result<Self, Error> {
        let log = path(place, base_offset, LOG, CLEANED);
        let file = place.files.create(&log).map_err(Error::io(log.display()))?;
        Ok(Self {
            place: place.clone(),
            base_offset,
            interval,
            file,
            buffer: Vec::with_capacity(BUFFER),
            written: 0,
            offsets: Index::empty(),
            times: Index::empty(),
            aborted: TxnIndex::empty(),
            newest: Newest { timestamp: NO_TIMESTAMP, offset: base_offset },
            since_index: 0,
        })
    }

    fn path(&self, suffix: &str) -> PathBuf {
        path(&self.place, self.base_offset, suffix, CLEANED)
    }

    fn relative(&self, offset: Offset) -> u32 {
        u32::try_from((offset - self.base_offset).max(0)).unwrap_or(u32::MAX)
    }

    /// Appends a batch.
    pub(super) fn push(&mut self, header: &BatchHeader, bytes: &[u8]) -> Result<(), Error> {
        if header.max_timestamp > self.newest.timestamp {
            self.newest = Newest { timestamp: header.max_timestamp, offset: header.last_offset() };
        }
        if self.since_index > self.interval {
            let position = u32::try_from(self.size()).unwrap_or(u32::MAX);
            let entry = OffsetEntry { offset: self.relative(header.last_offset()), position };
            self.offsets.push(&*self.place.files, || self.path(INDEX), entry)?;
            self.index_newest()?;
            self.since_index = 0;
        }
        self.since_index += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER { self.write() } else { Ok(()) }
    }

    /// Enters the newest timestamp so far; the index passes over one that it has.
    fn index_newest(&self) -> io::Result<()> {
        if self.newest.timestamp < 0 {
            return Ok(());
        }
        let Newest { timestamp, offset } = self.newest;
        let entry = TimeEntry { timestamp, offset: self.relative(offset) };
        self.times.push(&*self.place.files, || self.path(TIME_INDEX), entry)
    }

    /// Notes that a transaction is aborted of which there are records still.
    pub(super) fn aborted(&self, entry: AbortedTxn) -> io::Result<()> {
        self.aborted.append(&*self.place.files, &self.path(TXN_INDEX), &|_| Ok(None), entry)
    }

    /// How many bytes of records there are.
    pub(super) fn size(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn write(&mut self) -> Result<(), Error> {
        self.file
            .write_at(&self.buffer, self.written)
            .map_err(Error::io(self.path(LOG).display()))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Brings everything onto the disk. The file is as old as `modified`.
    pub(super) fn finish(
        mut self,
        segments: Vec<Arc<Segment>>,
        modified: Millis,
    ) -> Result<Replacement, Error> {
        self.write()?;
        self.index_newest()?;
        let files = &*self.place.files;
        self.offsets.store(files, &self.path(INDEX))?;
        self.times.store(files, &self.path(TIME_INDEX))?;
        for suffix in [INDEX, TIME_INDEX] {
            files.open(&self.path(suffix))?.fdatasync()?;
        }
        self.aborted.sync(files, || self.path(TXN_INDEX))?;
        files.set_modified(&self.path(LOG), modified)?;
        self.file.fdatasync()?;
        Ok(Replacement {
            place: self.place.clone(),
            base_offset: self.base_offset,
            size: self.written,
            newest: self.newest,
            segments,
        })
    }

    /// Removes what was written.
    pub(super) fn discard(self) {
        remove(&self.place, self.base_offset, CLEANED);
    }
}

/// Removes the files of one stage; what stays is removed by the next work or the next start.
fn remove(place: &Place, base_offset: Offset, stage: &str) {
    for suffix in SUFFIXES {
        let path = path(place, base_offset, suffix, stage);
        if let Err(error) = remove_if_there(&*place.files, &path) {
            tracing::warn!(path = %path.display(), %error, "unfinished work of the cleaner stays");
        }
    }
}

/// A finished segment, and those that it was made from.
#[derive(Debug)]
pub struct Replacement {
    place: Arc<Place>,
    base_offset: Offset,
    size: u64,
    newest: Newest,
    segments: Vec<Arc<Segment>>,
}

impl Replacement {
    /// What it was made from.
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// Its records in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The new segment, once its files have their final names.
    pub(in super::super) fn segment(&self) -> Arc<Segment> {
        Segment::cleaned(&self.place, self.base_offset, self.size, self.newest)
    }

    /// Says by name that everything is there.
    pub(in super::super) fn to_swap(&self) -> Result<(), Error> {
        for suffix in SUFFIXES {
            self.rename(suffix, CLEANED, SWAP)?;
        }
        Ok(())
    }

    /// Gives the files their final names, which nobody else has any more.
    pub(in super::super) fn to_segment(&self) -> Result<(), Error> {
        for suffix in SUFFIXES.into_iter().rev() {
            self.rename(suffix, SWAP, "")?;
        }
        Ok(())
    }

    fn rename(&self, suffix: &str, from: &str, to: &str) -> Result<(), Error> {
        let path = |stage| path(&self.place, self.base_offset, suffix, stage);
        match self.place.files.rename(&path(from), &path(to)) {
            // Few segments have aborted transactions.
            Err(error) if suffix == TXN_INDEX && error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(Error::io(path(from).display())),
        }
    }

    /// Makes the names durable: waits for the disk.
    pub fn sync_names(&self) -> Result<(), Error> {
        let dir = self.place.dir();
        self.place.files.fsync_dir(&dir).map_err(Error::io(dir.display()))
    }

    /// Removes what was written, as nobody wants it any more. Not for use once it has become the segment.
    pub fn discard(&self) {
        [SWAP, CLEANED].into_iter().for_each(|stage| remove(&self.place, self.base_offset, stage));
    }
}
