//! One stretch of a log: a file of batches, and the indexes into it. Shared by the writer and all readers.
//!
//! Only the writer appends, truncates and stores (`writing`). A segment opens its file when it is asked for, and may be
//! told to close it again at any time; whoever holds the handle keeps it.
//!
//! What is asked of it: where is the batch with this offset ([`Segment::locate`]), which is the last whole batch within
//! so many bytes ([`Segment::last_before`]), what is its newest timestamp, which transactions were aborted in it.

mod writing;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::Mutex;

use crate::error::Error;
use crate::log::cache::Cache;
use crate::log::files::{File, Files, remove_if_there};
use crate::log::index::{self, Index, OffsetEntry, TimeEntry};
use crate::log::names;
use crate::log::producers::{Producers, marker, snapshot};
use crate::log::scan::{Bad, Found, Scanner};
use crate::log::txn_index::{AbortedTxn, TxnIndex};
use crate::log::verify::Verified;
use crate::types::{Millis, Offset};
use crate::wire::records::NO_TIMESTAMP;

/// Where a log's files are: known to all its segments, and changed when the directory is renamed.
#[derive(Debug)]
pub struct Place {
    /// The file system.
    pub files: Arc<dyn Files>,
    /// What is open, node-wide.
    pub cache: Arc<Cache>,
    dir: ArcSwap<PathBuf>,
}

impl Place {
    /// The directory `dir` of `files`.
    pub fn new(files: Arc<dyn Files>, cache: Arc<Cache>, dir: PathBuf) -> Arc<Self> {
        Arc::new(Self { files, cache, dir: ArcSwap::from_pointee(dir) })
    }

    /// The directory's path.
    pub fn dir(&self) -> Arc<PathBuf> {
        self.dir.load_full()
    }

    pub(in crate::log) fn set_dir(&self, dir: PathBuf) {
        self.dir.store(Arc::new(dir));
    }
}

/// The newest timestamp of a segment, and the last offset of the batch it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The timestamp; −1 if no record has any.
    pub timestamp: Millis,
    /// The offset.
    pub offset: Offset,
}

#[derive(Debug)]
struct OpenFile(Arc<dyn File>);

/// One stretch of a log.
#[derive(Debug)]
pub struct Segment {
    place: Arc<Place>,
    base_offset: Offset,
    deleted: AtomicBool,
    file: ArcSwapOption<OpenFile>,
    used: AtomicBool,
    size: AtomicU64,
    offsets: Index<OffsetEntry>,
    times: Index<TimeEntry>,
    aborted: TxnIndex,
    newest: Mutex<Option<Newest>>,
    verified: Verified,
    /// Held while the files get the names of the deleted.
    renaming: Mutex<()>,
}

impl Segment {
    /// A segment without records, whose file is created now.
    pub fn create(place: &Arc<Place>, base_offset: Offset) -> Result<Arc<Self>, Error> {
        let segment = Arc::new(Self {
            offsets: Index::empty(),
            times: Index::empty(),
            aborted: TxnIndex::empty(),
            newest: Mutex::new(Some(Newest { timestamp: NO_TIMESTAMP, offset: base_offset })),
            ..Self::resting(place, base_offset, 0)
        });
        let path = segment.path(names::LOG);
        let file = place.files.create(&path).map_err(Error::io(path.display()))?;
        for suffix in [names::INDEX, names::TIME_INDEX, names::TXN_INDEX] {
            remove_if_there(&*place.files, &segment.path(suffix))?;
        }
        segment.keep_open(file);
        Ok(segment)
    }

    /// A segment whose file has `size` bytes. Nothing is opened.
    pub fn existing(place: &Arc<Place>, base_offset: Offset, size: u64) -> Arc<Self> {
        let verified = Verified::cold(size);
        Arc::new(Self { verified, ..Self::resting(place, base_offset, size) })
    }

    /// A segment whose file and indexes the cleaner has written, checked as it did.
    pub(in crate::log) fn cleaned(
        place: &Arc<Place>,
        base_offset: Offset,
        size: u64,
        newest: Newest,
    ) -> Arc<Self> {
        let newest = Mutex::new(Some(newest));
        Arc::new(Self { newest, ..Self::resting(place, base_offset, size) })
    }

    /// A segment whose files are there and were checked, and of which nothing is in memory.
    fn resting(place: &Arc<Place>, base_offset: Offset, size: u64) -> Self {
        Self {
            place: place.clone(),
            base_offset,
            deleted: AtomicBool::new(false),
            file: ArcSwapOption::empty(),
            used: AtomicBool::new(false),
            size: AtomicU64::new(size),
            offsets: Index::resting(),
            times: Index::resting(),
            aborted: TxnIndex::resting(),
            newest: Mutex::new(None),
            verified: Verified::cold(0),
            renaming: Mutex::default(),
        }
    }

    /// The offset it is named for: no record of it is below.
    pub const fn base_offset(&self) -> Offset {
        self.base_offset
    }

    /// Its records in bytes, as far as they are published.
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    pub(in crate::log) fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Release);
    }

    /// What of it is known to be sound.
    pub(in crate::log) const fn verified(&self) -> &Verified {
        &self.verified
    }

    /// The path of its file with `suffix`, as it is called now.
    pub fn path(&self, suffix: &str) -> PathBuf {
        let mut name = names::file(self.base_offset, suffix);
        if self.deleted.load(Ordering::Acquire) {
            name.push_str(names::DELETED);
        }
        self.place.dir().join(name)
    }

    /// The file of records, opened if it is not.
    pub fn file(self: &Arc<Self>) -> io::Result<Arc<dyn File>> {
        if let Some(open) = &*self.file.load() {
            if !self.used.load(Ordering::Relaxed) {
                self.used.store(true, Ordering::Relaxed);
            }
            return Ok(open.0.clone());
        }
        let file = self.open_file()?;
        self.keep_open(file.clone());
        Ok(file)
    }

    /// Opens the file under the name that it has now. The cleaner gives an old segment's name to another file, but not
    /// before the old one is marked as deleted: what was opened before that mark is the right one.
    fn open_file(&self) -> io::Result<Arc<dyn File>> {
        loop {
            let deleted = self.deleted.load(Ordering::Acquire);
            let path = self.path(names::LOG);
            let opened = self.place.files.open(&path);
            if self.deleted.load(Ordering::Acquire) != deleted || self.path(names::LOG) != path {
                continue;
            }
            match opened {
                // Between the two the file may have got the name of the deleted, or its directory another.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !deleted => {
                    let _renaming = self.renaming.lock();
                    return self.place.files.open(&self.path(names::LOG));
                }
                other => return other,
            }
        }
    }

    fn keep_open(self: &Arc<Self>, file: Arc<dyn File>) {
        self.file.store(Some(Arc::new(OpenFile(file))));
        self.place.cache.opened(self);
    }

    /// Lets go of the file. It opens again when it is needed.
    pub fn close_file(&self) {
        self.file.store(None);
    }

    /// Whether the file is open.
    pub fn is_open(&self) -> bool {
        self.file.load().is_some()
    }

    /// Whether it was used since this was asked last.
    pub(in crate::log) fn take_used(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed)
    }

    /// Gives back the memory of its indexes, as far as they are in their files.
    pub fn rest(&self) {
        self.offsets.rest();
        self.times.rest();
    }

    fn relative(&self, offset: Offset) -> u32 {
        u32::try_from(offset.saturating_sub(self.base_offset).max(0)).unwrap_or(u32::MAX)
    }

    fn ask_offsets<R>(
        self: &Arc<Self>,
        question: impl FnOnce(&[OffsetEntry]) -> R,
    ) -> io::Result<R> {
        let (answer, loaded) =
            self.offsets.ask(&*self.place.files, || self.path(names::INDEX), question)?;
        self.place.cache.loaded(self, loaded);
        Ok(answer)
    }

    /// Asks the time index.
    pub(in crate::log) fn ask_times<R>(
        self: &Arc<Self>,
        question: impl FnOnce(&[TimeEntry]) -> R,
    ) -> io::Result<R> {
        let (answer, loaded) =
            self.times.ask(&*self.place.files, || self.path(names::TIME_INDEX), question)?;
        self.place.cache.loaded(self, loaded);
        Ok(answer)
    }

    /// The first batch that ends at `offset` or behind, looking no further than byte `end`. None if there is none.
    pub fn locate(self: &Arc<Self>, offset: Offset, end: u64) -> Result<Option<Found>, Error> {
        let relative = self.relative(offset);
        let hint = self.ask_offsets(|entries| index::floor_offset(entries, relative))?;
        let file = self.file()?;
        self.walk(&*file, hint, end, |found| {
            (found.header.last_offset() >= offset).then_some(found)
        })
    }

    /// The last batch that ends at byte `limit` or before, among those that begin at `from` or behind. `from` must be
    /// where a batch begins, and there must be batches up to `limit`.
    pub fn last_before(self: &Arc<Self>, from: u64, limit: u64) -> Result<Option<Found>, Error> {
        let position = u32::try_from(limit).unwrap_or(u32::MAX);
        let hint =
            self.ask_offsets(|entries| index::floor_position(entries, position.saturating_sub(1)))?;
        let hint = hint.filter(|entry| u64::from(entry.position) > from);
        let mut last = None;
        let file = self.file()?;
        let (scanner, first) = self.scanner(&*file, hint, from, self.size());
        self.walk_on(scanner, first, |found| {
            if found.end() <= limit {
                last = Some(found);
            }
            (found.end() >= limit).then_some(())
        })?;
        // A single batch between two entries may be too large: then what is before the entry is the answer.
        match (last, hint) {
            (None, Some(hint)) if first.is_some() => {
                self.last_before(from, u64::from(hint.position))
            }
            (last, _) => Ok(last),
        }
    }

    /// Walks over headers from where `hint` points to `end`, until `stop` has an answer.
    fn walk<R>(
        &self,
        file: &dyn File,
        hint: Option<OffsetEntry>,
        end: u64,
        stop: impl FnMut(Found) -> Option<R>,
    ) -> Result<Option<R>, Error> {
        let (scanner, first) = self.scanner(file, hint, 0, end);
        self.walk_on(scanner, first, stop)
    }

    /// A scanner from where `hint` points, and the batch there, or from `otherwise`: an index entry that points
    /// elsewhere than to its batch is not followed.
    fn scanner<'a>(
        &self,
        file: &'a dyn File,
        hint: Option<OffsetEntry>,
        otherwise: u64,
        end: u64,
    ) -> (Scanner<'a>, Option<Found>) {
        if let Some(hint) = hint.filter(|hint| u64::from(hint.position) < end) {
            let mut scanner =
                Scanner::headers(file, u64::from(hint.position), end, self.base_offset);
            let first = scanner.next_header().ok().flatten();
            if first.is_some_and(|first| self.relative(first.header.last_offset()) == hint.offset) {
                return (scanner, first);
            }
            tracing::warn!(path = %self.path(names::INDEX).display(), ?hint, "index entry points nowhere");
        }
        (Scanner::headers(file, otherwise, end, self.base_offset), None)
    }

    fn walk_on<R>(
        &self,
        mut scanner: Scanner<'_>,
        first: Option<Found>,
        mut stop: impl FnMut(Found) -> Option<R>,
    ) -> Result<Option<R>, Error> {
        if let Some(answer) = first.and_then(&mut stop) {
            return Ok(Some(answer));
        }
        while let Some(found) =
            scanner.next_header().map_err(|bad| self.corrupt(scanner.position(), &bad))?
        {
            if let Some(answer) = stop(found) {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// The error that there is no batch at `position`, where one should be.
    pub(in crate::log) fn corrupt(&self, position: u64, bad: &Bad) -> Error {
        match bad {
            Bad::Io(error) => Error::Io(io::Error::new(error.kind(), error.to_string())),
            bad => Error::Corrupt(format!(
                "{} at byte {position}: {bad}. The file has been changed since it was written, and what is damaged is \
                 not served. Restore the file from a replica or a copy while the node is down, or let the log begin \
                 behind the damage (kafka-delete-records) to give these records up",
                self.path(names::LOG).display()
            )),
        }
    }

    /// The offset behind the last batch, by reading the end of the file; the base offset if there is none.
    pub(in crate::log) fn read_next_offset(self: &Arc<Self>) -> Result<Offset, Error> {
        let end = self.size();
        if end == 0 {
            return Ok(self.base_offset);
        }
        let hint = self.offsets.last(&*self.place.files, &self.path(names::INDEX))?;
        let mut next = self.base_offset;
        let file = self.file()?;
        self.walk(&*file, hint, end, |found| {
            next = found.header.next_offset();
            None::<()>
        })?;
        Ok(next)
    }

    /// The newest timestamp. Of a segment at rest it is the last entry of the time index.
    pub fn newest(&self) -> Result<Newest, Error> {
        let mut newest = self.newest.lock();
        if let Some(newest) = *newest {
            return Ok(newest);
        }
        let last = self.times.last(&*self.place.files, &self.path(names::TIME_INDEX))?;
        let read = match last {
            Some(last) => Newest {
                timestamp: last.timestamp,
                offset: self.base_offset + Offset::from(last.offset),
            },
            None => Newest { timestamp: NO_TIMESTAMP, offset: self.base_offset },
        };
        *newest = Some(read);
        Ok(read)
    }

    pub(in crate::log) fn set_newest(&self, newest: Newest) {
        *self.newest.lock() = Some(newest);
    }

    /// The newest timestamp, or when the file changed last if no record has any.
    pub fn newest_or_modified(&self) -> Result<Millis, Error> {
        match self.newest()?.timestamp {
            NO_TIMESTAMP => Ok(self.place.files.modified(&self.path(names::LOG))?),
            timestamp => Ok(timestamp),
        }
    }

    /// The transactions aborted in this segment, by the offsets of their markers.
    pub fn aborted(self: &Arc<Self>) -> Result<Arc<Vec<AbortedTxn>>, Error> {
        let truth = |found: &[AbortedTxn]| self.true_aborted(found);
        Ok(self.aborted.entries(&*self.place.files, &self.path(names::TXN_INDEX), &truth)?)
    }

    /// The transactions aborted in this segment as its batches have it, where those do not bear out what was found in
    /// the file. Only batches that are all sound are believed more than the file.
    fn true_aborted(self: &Arc<Self>, found: &[AbortedTxn]) -> io::Result<Option<Vec<AbortedTxn>>> {
        let told = self.find_aborted(false)?;
        if told.as_deref().is_none_or(|told| told == found) {
            return Ok(told);
        }
        self.find_aborted(true)
    }

    /// The transactions aborted in this segment as its batches have it, given the producers at its beginning. None if
    /// those are not known, or a batch is not `sound`.
    fn find_aborted(self: &Arc<Self>, sound: bool) -> io::Result<Option<Vec<AbortedTxn>>> {
        let snapshot = self.place.dir().join(names::file(self.base_offset, names::SNAPSHOT));
        let known = match self.place.files.read(&snapshot) {
            Ok(bytes) => snapshot::decode(&bytes).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut producers = Producers::default();
        match known {
            Some(known) => known.into_iter().for_each(|(id, entry)| producers.load(id, entry)),
            None if self.base_offset > 0 => return Ok(None),
            None => {}
        }
        let file = self.file()?;
        let mut scanner = match sound {
            true => Scanner::batches(&*file, 0, self.size(), self.base_offset),
            false => Scanner::headers(&*file, 0, self.size(), self.base_offset),
        };
        let mut aborted = Vec::new();
        loop {
            let found = match scanner.next_header() {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(Some(aborted)),
                Err(_) => return Ok(None),
            };
            let header = &found.header;
            let mut ended = None;
            if sound || header.is_control() {
                let Ok(batch) = scanner.batch(&found) else { return Ok(None) };
                if sound && batch.check_crc().is_err() {
                    return Ok(None);
                }
                ended = if header.is_control() { marker(&batch) } else { None };
            }
            if header.has_producer_id() {
                let ended = producers.replay(header, ended);
                aborted.extend(ended.and_then(|(txn, stable)| AbortedTxn::of(&txn, stable)));
            }
        }
    }
}
