//! The two sparse indexes of a segment: offsets to positions, and timestamps to offsets.
//!
//! ```text
//! .index      relative offset u32 │ position u32         of a batch: its last offset, its first byte
//! .timeindex  timestamp i64 │ relative offset u32        the newest so far, and an offset of its batch
//! ```
//!
//! Offsets are relative to the segment's first. Neither is mapped into memory nor preallocated: a growing index keeps
//! what is not yet in its file, a resting one keeps nothing and is read when asked. A damaged index costs time, never
//! a wrong answer: what does not grow from entry to entry ends it, and whoever follows an entry checks what is there.
//!
//! An entry is due every `index.interval.bytes` (4 KiB) of records, and never for the first batch of a segment, which
//! is where a search begins anyhow. To find an offset: the last entry at or below it, then header by header from there.

use std::io;
use std::path::{Path, PathBuf};

use parking_lot::RwLock;

use super::files::Files;
use crate::types::Millis;

/// Entries that gather in memory before they are written: one page of the smaller kind.
const PENDING_MAX: usize = 512;

/// One entry of an index.
pub trait IndexEntry: Copy + std::fmt::Debug {
    /// Its size in the file, in bytes.
    const SIZE: usize;

    /// Reads one from exactly [`IndexEntry::SIZE`] bytes; none for what stands for the absence of an entry.
    fn decode(bytes: &[u8]) -> Option<Self>;

    /// Writes it behind what is in `out`.
    fn encode(self, out: &mut Vec<u8>);

    /// Whether it can come after `previous`.
    fn follows(self, previous: Self) -> bool;
}

/// A batch, by its last offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetEntry {
    /// The batch's last offset, counted from the segment's first.
    pub offset: u32,
    /// Where the batch begins in the segment, in bytes.
    pub position: u32,
}

/// The newest timestamp up to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// The timestamp.
    pub timestamp: Millis,
    /// An offset of the batch that has it, counted from the segment's first.
    pub offset: u32,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

impl IndexEntry for OffsetEntry {
    const SIZE: usize = 8;

    fn decode(bytes: &[u8]) -> Option<Self> {
        let entry = Self { offset: u32_at(bytes, 0)?, position: u32_at(bytes, 4)? };
        // The first batch needs no entry; zeros are what Kafka leaves behind when it crashes.
        (entry.position > 0).then_some(entry)
    }

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.offset.to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
    }

    fn follows(self, previous: Self) -> bool {
        self.offset > previous.offset && self.position > previous.position
    }
}

impl IndexEntry for TimeEntry {
    const SIZE: usize = 12;

    fn decode(bytes: &[u8]) -> Option<Self> {
        let timestamp = Millis::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
        let entry = Self { timestamp, offset: u32_at(bytes, 8)? };
        (timestamp > 0 || entry.offset > 0).then_some(entry)
    }

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.offset.to_be_bytes());
    }

    fn follows(self, previous: Self) -> bool {
        self.timestamp > previous.timestamp && self.offset >= previous.offset
    }
}

#[derive(Debug)]
struct State<E> {
    /// How many entries the file has; none while nobody has looked.
    stored: Option<usize>,
    /// Whether `entries` has those of the file too, or only those behind.
    loaded: bool,
    entries: Vec<E>,
    last: Option<E>,
    /// The file has more bytes than entries count.
    cut: bool,
}

/// An index: its entries as far as they are in memory. Which file they belong to, the caller says each time.
#[derive(Debug)]
pub struct Index<E>(RwLock<State<E>>);

impl<E: IndexEntry> Index<E> {
    /// The index of a new segment: no entries, and no file yet.
    pub fn empty() -> Self {
        Self(RwLock::new(State {
            stored: Some(0),
            loaded: true,
            entries: Vec::new(),
            last: None,
            cut: true,
        }))
    }

    /// An index whose file is looked at when it is first needed.
    pub fn resting() -> Self {
        Self(RwLock::new(State {
            stored: None,
            loaded: false,
            entries: Vec::new(),
            last: None,
            cut: false,
        }))
    }

    /// Asks `question` of all entries, reading the file at `path` if they are not in memory. The second answer is how
    /// many bytes of memory that took.
    pub fn ask<R>(
        &self,
        files: &dyn Files,
        path: impl FnOnce() -> PathBuf,
        question: impl FnOnce(&[E]) -> R,
    ) -> io::Result<(R, usize)> {
        let state = self.0.read();
        if state.loaded {
            return Ok((question(&state.entries), 0));
        }
        drop(state);
        let mut state = self.0.write();
        let before = state.entries.capacity();
        state.load(files, &path())?;
        let grown = state.entries.capacity().saturating_sub(before) * size_of::<E>();
        Ok((question(&state.entries), grown))
    }

    /// The newest entry.
    pub fn last(&self, files: &dyn Files, path: &Path) -> io::Result<Option<E>> {
        let state = self.0.read();
        if state.stored.is_some() {
            return Ok(state.last);
        }
        drop(state);
        let mut state = self.0.write();
        state.load(files, path)?;
        Ok(state.last)
    }

    /// Appends an entry, which is written to the file in good time.
    /// One that does not grow from the last is passed over: the newest timestamp is offered with each batch's entry,
    /// and has often not changed.
    pub fn push(&self, files: &dyn Files, path: impl Fn() -> PathBuf, entry: E) -> io::Result<()> {
        let mut state = self.0.write();
        if state.stored.is_none() {
            state.load(files, &path())?;
        }
        if state.last.is_some_and(|last| !entry.follows(last)) {
            return Ok(());
        }
        state.entries.push(entry);
        state.last = Some(entry);
        if state.pending().len() >= PENDING_MAX { state.store(files, &path()) } else { Ok(()) }
    }

    /// Writes what the file lacks, and cuts off what it has too much. Creates the file if need be.
    pub fn store(&self, files: &dyn Files, path: &Path) -> io::Result<()> {
        self.0.write().store(files, path)
    }

    /// Whether the file lacks something.
    pub fn is_stored(&self) -> bool {
        let state = self.0.read();
        state.stored.is_none() || (state.pending().is_empty() && !state.cut)
    }

    /// Gives back the memory of what is in the file, and says how many bytes that were.
    /// What is not yet written stays in memory, and is offered with what the file has when somebody asks.
    pub fn rest(&self) -> usize {
        let mut state = self.0.write();
        if !state.loaded {
            return 0;
        }
        let Some(stored) = state.stored else { return 0 };
        let before = state.entries.capacity();
        state.entries.drain(..stored);
        state.entries.shrink_to_fit();
        state.loaded = stored == 0;
        before.saturating_sub(state.entries.capacity()) * size_of::<E>()
    }

    /// How many entries there are; none while nobody has looked.
    pub fn len(&self) -> Option<usize> {
        let state = self.0.read();
        let stored = state.stored?;
        Some(if state.loaded { state.entries.len() } else { stored + state.entries.len() })
    }

    /// Whether there are none, as far as is known.
    pub fn is_empty(&self) -> bool {
        self.len().is_none_or(|len| len == 0)
    }

    /// Keeps the leading entries that `keep` says yes to.
    pub fn keep_while(
        &self,
        files: &dyn Files,
        path: &Path,
        keep: impl Fn(&E) -> bool,
    ) -> io::Result<()> {
        let mut state = self.0.write();
        state.load(files, path)?;
        let kept = state.entries.partition_point(keep);
        if kept < state.entries.len() {
            state.entries.truncate(kept);
            state.last = state.entries.last().copied();
            state.cut = true;
            state.stored = state.stored.map(|stored| stored.min(kept));
        }
        Ok(())
    }

    /// Forgets all entries, to begin anew.
    pub fn clear(&self) {
        *self.0.write() =
            State { stored: Some(0), loaded: true, entries: Vec::new(), last: None, cut: true };
    }

    #[cfg(test)]
    pub(crate) fn guard(&self) -> impl std::ops::Deref<Target = [E]> + '_ {
        parking_lot::RwLockReadGuard::map(self.0.read(), |state| state.entries.as_slice())
    }
}

impl<E: IndexEntry> State<E> {
    fn pending(&self) -> &[E] {
        let stored = if self.loaded { self.stored.unwrap_or(0) } else { 0 };
        self.entries.get(stored..).unwrap_or_default()
    }

    fn load(&mut self, files: &dyn Files, path: &Path) -> io::Result<()> {
        if self.loaded {
            return Ok(());
        }
        let bytes = match files.read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        // Once counted, entries behind the count are not believed: they are leftovers of a file that was longer.
        let limit = self.stored.unwrap_or(usize::MAX);
        let mut entries: Vec<E> = Vec::with_capacity(bytes.len() / E::SIZE);
        for chunk in bytes.chunks_exact(E::SIZE).take(limit) {
            match E::decode(chunk) {
                Some(entry) if entries.last().is_none_or(|last| entry.follows(*last)) => {
                    entries.push(entry)
                }
                _ => break,
            }
        }
        self.cut |= bytes.len() != entries.len() * E::SIZE;
        self.stored = Some(entries.len());
        entries.append(&mut self.entries);
        self.last = entries.last().copied();
        self.entries = entries;
        self.loaded = true;
        Ok(())
    }

    fn store(&mut self, files: &dyn Files, path: &Path) -> io::Result<()> {
        let Some(stored) = self.stored else { return Ok(()) };
        let pending = self.pending();
        let count = pending.len();
        if count == 0 && !self.cut {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(count * E::SIZE);
        pending.iter().for_each(|entry| entry.encode(&mut bytes));
        // Nothing of the file counts where nothing is stored: creating it anew empties it too.
        let file = if stored == 0 { files.create(path)? } else { files.open(path)? };
        let position = (stored * E::SIZE) as u64;
        if !bytes.is_empty() {
            file.write_at(&bytes, position)?;
        }
        if self.cut && stored > 0 {
            file.truncate(position + bytes.len() as u64)?;
        }
        self.cut = false;
        self.stored = Some(stored + count);
        if !self.loaded {
            self.entries.clear();
        }
        Ok(())
    }
}

/// The entry of the last batch that ends at `offset` or before.
pub fn floor_offset(entries: &[OffsetEntry], offset: u32) -> Option<OffsetEntry> {
    entries.partition_point(|entry| entry.offset <= offset).checked_sub(1).map(|at| entries[at])
}

/// The entry of the last batch that begins at `position` or before.
pub fn floor_position(entries: &[OffsetEntry], position: u32) -> Option<OffsetEntry> {
    entries.partition_point(|entry| entry.position <= position).checked_sub(1).map(|at| entries[at])
}

/// The last entry that is not newer than `timestamp`.
pub fn floor_timestamp(entries: &[TimeEntry], timestamp: Millis) -> Option<TimeEntry> {
    entries
        .partition_point(|entry| entry.timestamp <= timestamp)
        .checked_sub(1)
        .map(|at| entries[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::files::memory::MemoryFiles;

    fn entry(n: u32) -> OffsetEntry {
        OffsetEntry { offset: n * 10, position: n * 1_000 }
    }

    fn setup() -> (MemoryFiles, &'static Path) {
        let files = MemoryFiles::new();
        files.create_dir(Path::new("/d")).unwrap();
        (files, Path::new("/d/0.index"))
    }

    #[test]
    fn entries_are_stored_in_pages_and_read_back() {
        let (files, path) = setup();
        let index = Index::empty();
        for n in 1..=1_000 {
            index.push(&files, || path.into(), entry(n)).unwrap();
        }
        assert_eq!(files.len(path).unwrap(), 512 * 8);
        assert!(index.rest() > 0);
        assert_eq!(index.guard().len(), 488);
        assert_eq!(index.len(), Some(1_000));
        let found = index.ask(&files, || path.into(), |entries| floor_offset(entries, 77)).unwrap();
        assert_eq!(found.0, Some(entry(7)));
        assert!(found.1 > 0);
        index.store(&files, path).unwrap();
        assert_eq!(files.len(path).unwrap(), 8_000);
        let again = Index::<OffsetEntry>::resting();
        assert_eq!(again.last(&files, path).unwrap(), Some(entry(1_000)));
        again.keep_while(&files, path, |entry| entry.offset < 500).unwrap();
        again.push(&files, || path.into(), OffsetEntry { offset: 501, position: 60_000 }).unwrap();
        again.store(&files, path).unwrap();
        assert_eq!(files.len(path).unwrap(), 50 * 8);
    }

    #[test]
    fn a_resting_index_grows_without_being_read() {
        let (files, path) = setup();
        let index = Index::empty();
        (1..=600).for_each(|n| index.push(&files, || path.into(), entry(n)).unwrap());
        index.store(&files, path).unwrap();
        index.rest();
        (601..=1_500).for_each(|n| index.push(&files, || path.into(), entry(n)).unwrap());
        index.store(&files, path).unwrap();
        let (count, _) = index.ask(&files, || path.into(), <[_]>::len).unwrap();
        assert_eq!(count, 1_500);
        assert_eq!(files.len(path).unwrap(), 12_000);
    }

    #[test]
    fn damage_ends_the_index() {
        let (files, path) = setup();
        let mut bytes = Vec::new();
        (1..=5).for_each(|n| entry(n).encode(&mut bytes));
        bytes.extend([0; 100]);
        files.create(path).unwrap().write_at(&bytes, 0).unwrap();
        let index = Index::<OffsetEntry>::resting();
        assert_eq!(index.last(&files, path).unwrap(), Some(entry(5)));
        assert!(!index.is_stored());
        index.store(&files, path).unwrap();
        assert_eq!(files.len(path).unwrap(), 40);
        files.flip_bit(path, 16 * 8 + 3).unwrap();
        let index = Index::<OffsetEntry>::resting();
        assert!(index.ask(&files, || path.into(), <[_]>::len).unwrap().0 <= 3);
        assert_eq!(Index::<TimeEntry>::resting().last(&files, Path::new("/d/none")).unwrap(), None);
    }

    #[test]
    fn floors_are_found() {
        let entries = [entry(1), entry(2), entry(3)];
        assert_eq!(floor_offset(&entries, 9), None);
        assert_eq!(floor_offset(&entries, 20), Some(entry(2)));
        assert_eq!(floor_position(&entries, 2_999), Some(entry(2)));
        let times = [TimeEntry { timestamp: 5, offset: 0 }, TimeEntry { timestamp: 9, offset: 4 }];
        assert_eq!(floor_timestamp(&times, 4), None);
        assert_eq!(floor_timestamp(&times, 9), Some(times[1]));
    }
}
