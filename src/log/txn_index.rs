//! The aborted transactions of a segment, which consumers in `read_committed` skip.
//!
//! ```text
//! .txnindex   version i16 = 0 │ producer id i64 │ first offset i64 │ last offset i64 │ last stable offset i64
//! ```
//!
//! Written as transactions abort, which is rare; a segment without any has no file.

use std::io;
use std::path::Path;
use std::sync::Arc;

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

    /// What the index says of a transaction that ended, if it was aborted.
    pub(super) fn of(txn: &CompletedTxn, last_stable_offset: Offset) -> Option<Self> {
        txn.aborted.then_some(Self {
            producer_id: txn.producer_id,
            first_offset: txn.first_offset,
            last_offset: txn.last_offset,
            last_stable_offset,
        })
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
pub struct TxnIndex(RwLock<Option<Arc<Vec<AbortedTxn>>>>);

impl TxnIndex {
    /// The index of a new segment.
    pub fn empty() -> Self {
        Self(RwLock::new(Some(Arc::default())))
    }

    /// An index whose file, if there is one, is looked at when it is first needed.
    pub fn resting() -> Self {
        Self(RwLock::new(None))
    }

    /// All entries, by their last offset.
    pub fn entries(&self, files: &dyn Files, path: &Path) -> io::Result<Arc<Vec<AbortedTxn>>> {
        if let Some(entries) = &*self.0.read() {
            return Ok(entries.clone());
        }
        let bytes = match files.read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut entries: Vec<AbortedTxn> = Vec::new();
        for entry in bytes.chunks_exact(SIZE).map_while(AbortedTxn::decode) {
            if entries.last().is_some_and(|last| last.last_offset >= entry.last_offset) {
                break;
            }
            entries.push(entry);
        }
        let entries = Arc::new(entries);
        *self.0.write() = Some(entries.clone());
        Ok(entries)
    }

    /// Appends an entry, to the file too. One that is already there is left alone.
    pub fn append(&self, files: &dyn Files, path: &Path, entry: AbortedTxn) -> io::Result<()> {
        let entries = self.entries(files, path)?;
        if entries.last().is_some_and(|last| last.last_offset >= entry.last_offset) {
            return Ok(());
        }
        let file = if entries.is_empty() { files.create(path)? } else { files.open(path)? };
        file.write_at(&entry.encode(), (entries.len() * SIZE) as u64)?;
        let mut entries = Arc::unwrap_or_clone(entries);
        entries.push(entry);
        *self.0.write() = Some(Arc::new(entries));
        Ok(())
    }

    /// Forgets transactions that ended at `offset` or behind, in the file too.
    pub fn truncate(&self, files: &dyn Files, path: &Path, offset: Offset) -> io::Result<()> {
        let entries = self.entries(files, path)?;
        let kept = entries.partition_point(|entry| entry.last_offset < offset);
        let size = (kept * SIZE) as u64;
        match files.len(path) {
            // Behind the last entry there may be what a power loss has left of others.
            Ok(len) if len > size => files.open(path)?.truncate(size)?,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if kept < entries.len() {
            *self.0.write() = Some(Arc::new(entries[..kept].to_vec()));
        }
        Ok(())
    }

    /// Makes the file durable, if there is one.
    pub fn sync(&self, files: &dyn Files, path: &Path) -> io::Result<()> {
        match &*self.0.read() {
            Some(entries) if !entries.is_empty() => files.open(path)?.fdatasync(),
            _ => Ok(()),
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
        (1..=3).for_each(|n| index.append(&files, path, entry(n)).unwrap());
        index.append(&files, path, entry(2)).unwrap();
        index.sync(&files, path).unwrap();
        assert_eq!(files.len(path).unwrap(), 3 * 34);
        let index = TxnIndex::resting();
        assert_eq!(*index.entries(&files, path).unwrap(), [entry(1), entry(2), entry(3)]);
        index.truncate(&files, path, 20).unwrap();
        assert_eq!(*index.entries(&files, path).unwrap(), [entry(1)]);
        assert_eq!(files.len(path).unwrap(), 34);
        assert!(TxnIndex::resting().entries(&files, Path::new("/d/none")).unwrap().is_empty());
    }
}
