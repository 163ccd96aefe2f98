//! The file system as the log sees it: a trait with two lives, the disk and a memory that can be broken on purpose.
//!
//! Nothing above this file knows which one it has. Never a decision about Kafka in here.
//!
//! # What a disk promises, as far as the log relies on it
//!
//! * A write is in the page cache once the call returns: the death of the process loses nothing, that of the machine
//!   anything that was not synced, in any order, torn anywhere.
//! * `fdatasync` makes content and size durable, but not the name of a file that is new: that takes
//!   [`Files::fsync_dir`].
//! * A rename replaces as a whole: after a power loss there is the old name or the new.
//! * A sync that failed may have dropped what it could not write, and the next one may say that all is well: so nothing
//!   is tried twice.

use std::fmt;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::types::Millis;

// The real file system.
pub mod disk;

// Files in memory, with faults.
pub mod memory;

// Files whose device is watched.
pub mod watched;

/// What a directory holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name within the directory.
    pub name: String,
    /// Whether it is a directory itself.
    pub is_dir: bool,
}

/// An open file. Reads and writes are at given positions, so that one handle serves many threads.
pub trait File: Send + Sync + fmt::Debug {
    /// Reads into `buffer` from `position`; fewer bytes than asked only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `position`.
    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.pwritev(&mut [IoSlice::new(bytes)], position)
    }

    /// Writes all of `slices`, one after the other, from `position` on. The slices are used up.
    fn pwritev(&self, slices: &mut [IoSlice<'_>], position: u64) -> io::Result<()>;

    /// Makes content and size durable.
    fn fdatasync(&self) -> io::Result<()>;

    /// Reserves room for `len` bytes from `position` on without changing the size. A file system that cannot is no
    /// error.
    fn allocate(&self, position: u64, len: u64) -> io::Result<()>;

    /// Cuts (or extends with zeros) to `len` bytes, and gives back room reserved beyond.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// The size in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether there is nothing in it.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The descriptor behind it, for those who let the kernel copy; none for files that are not on a disk.
    fn as_std(&self) -> Option<&Arc<std::fs::File>> {
        None
    }
}

/// A file system.
pub trait Files: Send + Sync + fmt::Debug {
    /// Opens an existing file for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    /// Opens a file for reading and writing, emptying or creating it.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    /// Gives a file or directory another name, replacing a file of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Creates a directory and those above it, unless they are there.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory and all that is in it.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// What is in a directory, in no particular order.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;

    /// Makes the names in a directory durable.
    fn fsync_dir(&self, dir: &Path) -> io::Result<()>;

    /// The size of a file in bytes.
    fn len(&self, path: &Path) -> io::Result<u64>;

    /// When a file's content changed last.
    fn modified(&self, path: &Path) -> io::Result<Millis>;

    /// Says when a file's content changed last: what is made from old files is no newer than they.
    fn set_modified(&self, path: &Path, time: Millis) -> io::Result<()>;

    /// Takes the lock file `path` for this process, as long as the handle lives; none if another process has it.
    fn lock(&self, path: &Path) -> io::Result<Option<Arc<dyn File>>>;

    /// All of a (small) file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let len = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; len];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// Reads exactly `buffer.len()` bytes from `position`; an end before that is `UnexpectedEof`.
pub fn read_exact_at(file: &dyn File, buffer: &mut [u8], position: u64) -> io::Result<()> {
    if file.read_at(buffer, position)? == buffer.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// How much of a replaced file is on the disk when that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: after a power loss the file may hold anything. For what is made anew when it is damaged.
    None,
    /// The content: after a power loss the file is the old one or the new, or where there was none, not there.
    Content,
    /// The content and the name: the file is the new one.
    All,
}

/// Replaces `path` as a whole: whoever reads it, even after the process has died, finds the old bytes or the new.
pub fn replace(
    files: &dyn Files,
    path: &Path,
    bytes: &[u8],
    durability: Durability,
) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    write_new(files, &temporary, bytes, durability)?;
    files.rename(&temporary, path)?;
    match path.parent() {
        Some(dir) if durability == Durability::All => files.fsync_dir(dir),
        _ => Ok(()),
    }
}

/// Writes a file that nobody reads yet: what a death leaves of it may be torn. Its name is left to the caller.
pub fn write_new(
    files: &dyn Files,
    path: &Path,
    bytes: &[u8],
    durability: Durability,
) -> io::Result<()> {
    let file = files.create(path)?;
    file.write_at(bytes, 0)?;
    if durability == Durability::None { Ok(()) } else { file.fdatasync() }
}

/// Removes a file; its absence is no error.
pub fn remove_if_there(files: &dyn Files, path: &Path) -> io::Result<()> {
    match files.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
