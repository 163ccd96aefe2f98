//! The aborted transactions of a segment, which consumers in `read_committed` skip.
//!
//! ```text
//! .txnindex   version i16 = 0 │ producer id i64 │ first offset i64 │ last offset i64 │ last stable offset i64
//! ```
//!
//! Written as transactions abort, which is rare; a segment without any has no file. There is no checksum in it: what a
//! process finds on the disk is held against the segment's batches when it is first needed, and made anew from them
//! where the two differ.
//!
//! A reader that was given offsets `a` to `b` needs every entry with first offset < `b` and last offset ≥ `a`. It may
//! stop at an entry whose last stable offset is at `b` or behind: when that marker was written nothing older was open,
//! so no later marker ends a transaction that began before `b`. That is what the fourth field is for.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

use super::files::Files;
use super::producers::CompletedTxn;
use crate::types::Offset;

/// The size of an entry in the file, in bytes.
const SIZE: usize = 34;

/// A transaction that was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbortedTxn {
    /// Whose it was.
    pub producer_id: i64,
    /// Its first offset in this partition.
    pub first_offset: Offset,
    /// The offset of its marker.
    pub last_offset: Offset,
    /// The last stable offset once the marker was written.
    pub last_stable_offset: Offset,
}

impl AbortedTxn {
    /// The entry of a transaction that has ended, if it was aborted.
    pub fn of(txn: &CompletedTxn, last_stable_offset: Offset) -> Option<Self> {
        let CompletedTxn { producer_id, first_offset, last_offset, aborted } = *txn;
        aborted.then_some(Self { producer_id, first_offset, last_offset, last_stable_offset })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let version = i16::from_be_bytes(bytes.get(..2)?.try_into().ok()?);
        let at =
            |from: usize| Some(i64::from_be_bytes(bytes.get(from..from + 8)?.try_into().ok()?));
        let entry = Self {
            producer_id: at(2)?,
            first_offset: at(10)?,
            last_offset: at(18)?,
            last_stable_offset: at(26)?,
        };
        // No marker comes first; zeros are what a power loss leaves of an entry.
        (version == 0 && entry.last_offset > 0).then_some(entry)
    }

    fn encode(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        let fields =
            [self.producer_id, self.first_offset, self.last_offset, self.last_stable_offset];
        for (slot, field) in bytes[2..].chunks_exact_mut(8).zip(fields) {
            slot.copy_from_slice(&field.to_be_bytes());
        }
        bytes
    }
}

/// The index of one segment, read when it is first needed.
#[derive(Debug)]
pub struct TxnIndex {
    entries: RwLock<Option<Arc<Vec<AbortedTxn>>>>,
    /// The file was changed since it was synced.
    dirty: AtomicBool,
}

/// What the batches of a segment say of its aborted transactions, given what its file says; none if they do not tell.
pub type Truth<'a> = &'a dyn Fn(&[AbortedTxn]) -> io::Result<Option<Vec<AbortedTxn>>>;

impl TxnIndex {
    /// The index of a new segment.
    pub fn empty() -> Self {
        Self { entries: RwLock::new(Some(Arc::default())), dirty: AtomicBool::new(false) }
    }

    /// An index whose file, if there is one, is looked at when it is first needed.
    pub fn resting() -> Self {
        Self { entries: RwLock::new(None), dirty: AtomicBool::new(false) }
    }

    /// All entries, by their last offset. Those of a file that says otherwise than the batches do are replaced.
    pub fn entries(
        &self,
        files: &dyn Files,
        path: &Path,
        truth: Truth<'_>,
    ) -> io::Result<Arc<Vec<AbortedTxn>>> {
        if let Some(entries) = &*self.entries.read() {
            return Ok(entries.clone());
        }
        let mut kept = self.entries.write();
        if let Some(entries) = &*kept {
            return Ok(entries.clone());
        }
        let bytes = match files.read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(kept.insert(Arc::default()).clone());
            }
            Err(error) => return Err(error),
        };
        let found = Self::parse(&bytes);
        let entries = match truth(&found)? {
            Some(true_entries) if true_entries != found || bytes.len() != found.len() * SIZE => {
                tracing::info!(path = %path.display(), "making the index of aborted transactions anew from the batches");
                let anew: Vec<u8> = true_entries.iter().flat_map(AbortedTxn::encode).collect();
                let file = files.create(path)?;
                file.write_at(&anew, 0)?;
                file.truncate(anew.len() as u64)?;
                self.dirty.store(true, Ordering::Release);
                true_entries
            }
            _ => found,
        };
        Ok(kept.insert(Arc::new(entries)).clone())
    }

    /// The entries in a file, up to the first that cannot be one.
    fn parse(bytes: &[u8]) -> Vec<AbortedTxn> {
        let mut entries: Vec<AbortedTxn> = Vec::new();
        for entry in bytes.chunks_exact(SIZE).map_while(AbortedTxn::decode) {
            if entries.last().is_some_and(|last| last.last_offset >= entry.last_offset) {
                break;
            }
            entries.push(entry);
        }
        entries
    }

    /// Appends an entry, to the file too. One that is already there is left alone.
    pub fn append(
        &self,
        files: &dyn Files,
        path: &Path,
        truth: Truth<'_>,
        entry: AbortedTxn,
    ) -> io::Result<()> {
        let entries = self.entries(files, path, truth)?;
        if entries.last().is_some_and(|last| last.last_offset >= entry.last_offset) {
            return Ok(());
        }
        self.dirty.store(true, Ordering::Release);
        let file = if entries.is_empty() { files.create(path)? } else { files.open(path)? };
        file.write_at(&entry.encode(), (entries.len() * SIZE) as u64)?;
        let mut entries = Arc::unwrap_or_clone(entries);
        entries.push(entry);
        *self.entries.write() = Some(Arc::new(entries));
        Ok(())
    }

    /// Forgets transactions that ended at `offset` or behind, in the file too.
    pub fn truncate(
        &self,
        files: &dyn Files,
        path: &Path,
        truth: Truth<'_>,
        offset: Offset,
    ) -> io::Result<()> {
        let entries = self.entries(files, path, truth)?;
        let kept = entries.partition_point(|entry| entry.last_offset < offset);
        let size = (kept * SIZE) as u64;
        match files.len(path) {
            // Behind the last entry there may be what a power loss has left of others.
            Ok(len) if len > size => {
                self.dirty.store(true, Ordering::Release);
                files.open(path)?.truncate(size)?;
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if kept < entries.len() {
            *self.entries.write() = Some(Arc::new(entries[..kept].to_vec()));
        }
        Ok(())
    }

    /// Counts the file as changed: nobody knows whether it is on the disk.
    pub fn doubt(&self) {
        self.dirty.store(true, Ordering::Release);
    }

    /// Makes the file durable, if it was changed.
    pub fn sync(&self, files: &dyn Files, path: impl FnOnce() -> PathBuf) -> io::Result<()> {
        if !self.dirty.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        match files.open(&path()).and_then(|file| file.fdatasync()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::files::memory::MemoryFiles;

    #[test]
    fn entries_survive_and_can_be_cut() {
        let files = MemoryFiles::new();
        files.create_dir(Path::new("/d")).unwrap();
        let path = Path::new("/d/0.txnindex");
        let entry = |n| AbortedTxn {
            producer_id: n,
            first_offset: n,
            last_offset: n * 10,
            last_stable_offset: n * 10 + 1,
        };
        let index = TxnIndex::empty();
        let unknown: Truth<'_> = &|_| Ok(None);
        (1..=3).for_each(|n| index.append(&files, path, unknown, entry(n)).unwrap());
        index.append(&files, path, unknown, entry(2)).unwrap();
        index.sync(&files, || path.to_owned()).unwrap();
        assert_eq!(files.len(path).unwrap(), 3 * 34);
        let index = TxnIndex::resting();
        assert_eq!(*index.entries(&files, path, unknown).unwrap(), [entry(1), entry(2), entry(3)]);
        index.truncate(&files, path, unknown, 20).unwrap();
        assert_eq!(*index.entries(&files, path, unknown).unwrap(), [entry(1)]);
        assert_eq!(files.len(path).unwrap(), 34);
        let none = TxnIndex::resting().entries(&files, Path::new("/d/none"), unknown).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn what_the_batches_do_not_bear_out_is_made_anew() {
        let files = MemoryFiles::new();
        files.create_dir(Path::new("/d")).unwrap();
        let path = Path::new("/d/0.txnindex");
        let entry =
            AbortedTxn { producer_id: 1, first_offset: 2, last_offset: 3, last_stable_offset: 4 };
        let truth: Truth<'_> = &|_| Ok(Some(vec![entry]));
        for damaged in [vec![], vec![0; 34], vec![0; 7], [entry.encode(), [9; 34]].concat()] {
            let file = files.create(path).unwrap();
            file.truncate(0).unwrap();
            file.write_at(&damaged, 0).unwrap();
            assert_eq!(*TxnIndex::resting().entries(&files, path, truth).unwrap(), [entry]);
            assert_eq!(files.read(path).unwrap(), entry.encode());
        }
    }
}
