//! The real file system, through rustix. Never a buffer of our own: the page cache is the only one.
//!
//! Nothing is mapped into memory: an error of the disk is then an error of a call, and not a signal.

use std::fs;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rustix::fs::{FallocateFlags, FlockOperation};

use super::{Entry, File, Files};
use crate::types::Millis;

/// Slices that one call of `pwritev` takes (`IOV_MAX`).
const SLICES_MAX: usize = 1_024;

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// A file on the disk.
#[derive(Debug)]
struct DiskFile(Arc<fs::File>);

fn opened(file: fs::File) -> Arc<dyn File> {
    Arc::new(DiskFile(Arc::new(file)))
}

impl File for DiskFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match self.0.read_at(&mut buffer[read..], position + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, position)
    }

    fn pwritev(&self, mut slices: &mut [IoSlice<'_>], mut position: u64) -> io::Result<()> {
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            let some = &slices[..slices.len().min(SLICES_MAX)];
            match rustix::io::pwritev(&*self.0, some, position) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    position += written as u64;
                    IoSlice::advance_slices(&mut slices, written);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn fdatasync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn allocate(&self, position: u64, len: u64) -> io::Result<()> {
        use rustix::io::Errno;
        // The size stays, so that a reader of the file never meets zeros behind the last batch.
        match rustix::fs::fallocate(&*self.0, FallocateFlags::KEEP_SIZE, position, len) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            other => Ok(other?),
        }
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn as_std(&self) -> Option<&Arc<fs::File>> {
        Some(&self.0)
    }
}

impl Files for Disk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        fs::OpenOptions::new().read(true).write(true).open(path).map(opened)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map(opened)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            // A name that is not text is none of ours.
            let Ok(name) = entry.file_name().into_string() else { continue };
            entries.push(Entry { name, is_dir: entry.file_type()?.is_dir() });
        }
        Ok(entries)
    }

    fn fsync_dir(&self, dir: &Path) -> io::Result<()> {
        fs::File::open(dir)?.sync_all()
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn modified(&self, path: &Path) -> io::Result<Millis> {
        let since = fs::metadata(path)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX))
    }

    fn set_modified(&self, path: &Path, time: Millis) -> io::Result<()> {
        let since = std::time::Duration::from_millis(u64::try_from(time).unwrap_or(0));
        fs::OpenOptions::new().write(true).open(path)?.set_modified(UNIX_EPOCH + since)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Arc<dyn File>>> {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        // The kind of lock that Java takes, so that a Kafka on the same directory is kept out, and keeps us out.
        match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(opened(file))),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
