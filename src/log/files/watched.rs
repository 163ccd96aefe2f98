//! Files whose device is watched: an error that says that it is broken gives up the whole log directory at once, as
//! Kafka's `LogDirFailureChannel` has it, whoever it was that read or wrote.
//!
//! Only what the device says counts. A full disk, too many open files or a file that is not there is for whoever asked.
//! Never tries anything again, and never keeps a call from the file system below.

use std::fmt;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::io::Errno;

use super::{Entry, File, Files};
use crate::types::Millis;

/// Told that a directory has failed.
type Told = Box<dyn Fn() + Send + Sync>;

/// Which of some directories have failed. Once failed is failed, until the next start.
pub struct Failures {
    dirs: Vec<(PathBuf, AtomicBool)>,
    told: OnceLock<Told>,
}

impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.dirs).finish()
    }
}

/// Whether an error is one of the device, not of what was asked of it.
fn is_of_device(error: &io::Error) -> bool {
    let broken = [Errno::IO, Errno::NXIO, Errno::NODEV, Errno::ROFS, Errno::STALE, Errno::UCLEAN];
    let code = error.raw_os_error();
    broken.iter().any(|errno| code == Some(errno.raw_os_error()))
}

impl Failures {
    /// Nothing has failed yet.
    pub fn new(dirs: &[PathBuf]) -> Arc<Self> {
        let dirs = dirs.iter().map(|dir| (dir.clone(), AtomicBool::new(false))).collect();
        Arc::new(Self { dirs, told: OnceLock::new() })
    }

    /// Whether the directory at this place has failed.
    pub fn has_failed(&self, at: usize) -> bool {
        self.dirs.get(at).is_none_or(|(_, failed)| failed.load(Ordering::SeqCst))
    }

    /// Gives a directory up; who wants to know is told of it once.
    pub fn fail(&self, at: usize, why: &dyn fmt::Display) {
        let Some((path, failed)) = self.dirs.get(at) else { return };
        if failed.swap(true, Ordering::SeqCst) {
            return;
        }
        tracing::error!(path = %path.display(), error = %why, "log directory is offline");
        if let Some(told) = self.told.get() {
            told();
        }
    }

    /// Has `told` called whenever a directory fails, on whatever thread that happens. Once.
    pub fn on_failure(&self, told: impl Fn() + Send + Sync + 'static) {
        // The one who came first is told.
        let _ = self.told.set(Box::new(told));
    }

    /// The directory that holds `path`: the innermost, should one lie in another.
    fn holder(&self, path: &Path) -> Option<usize> {
        let holders = self.dirs.iter().enumerate().filter(|(_, (dir, _))| path.starts_with(dir));
        holders.max_by_key(|(_, (dir, _))| dir.as_os_str().len()).map(|(at, _)| at)
    }

    fn heed<T>(&self, at: Option<usize>, result: io::Result<T>) -> io::Result<T> {
        if let (Err(error), Some(at)) = (&result, at)
            && is_of_device(error)
        {
            self.fail(at, error);
        }
        result
    }
}

/// See the module.
#[derive(Debug)]
pub struct WatchedFiles {
    files: Arc<dyn Files>,
    failures: Arc<Failures>,
}

impl WatchedFiles {
    /// Watches `files`; `failures` are told of what breaks.
    pub fn new(files: Arc<dyn Files>, failures: Arc<Failures>) -> Self {
        Self { files, failures }
    }

    fn call<T>(
        &self,
        path: &Path,
        call: impl FnOnce(&dyn Files) -> io::Result<T>,
    ) -> io::Result<T> {
        let result = call(&*self.files);
        if result.is_ok() {
            return result;
        }
        self.failures.heed(self.failures.holder(path), result)
    }

    fn watched(&self, path: &Path, file: Arc<dyn File>) -> Arc<dyn File> {
        let (holder, failures) = (self.failures.holder(path), self.failures.clone());
        Arc::new(WatchedFile { file, holder, failures })
    }
}

impl Files for WatchedFiles {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.call(path, |files| files.open(path)).map(|file| self.watched(path, file))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.call(path, |files| files.create(path)).map(|file| self.watched(path, file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(from, |files| files.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(path, |files| files.remove(path))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.call(path, |files| files.create_dir(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.call(path, |files| files.remove_dir(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.call(dir, |files| files.list(dir))
    }

    fn fsync_dir(&self, dir: &Path) -> io::Result<()> {
        self.call(dir, |files| files.fsync_dir(dir))
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        self.call(path, |files| files.len(path))
    }

    fn modified(&self, path: &Path) -> io::Result<Millis> {
        self.call(path, |files| files.modified(path))
    }

    fn set_modified(&self, path: &Path, time: Millis) -> io::Result<()> {
        self.call(path, |files| files.set_modified(path, time))
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Arc<dyn File>>> {
        self.call(path, |files| files.lock(path))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.call(path, |files| files.read(path))
    }
}

#[derive(Debug)]
struct WatchedFile {
    file: Arc<dyn File>,
    holder: Option<usize>,
    failures: Arc<Failures>,
}

impl WatchedFile {
    fn heed<T>(&self, result: io::Result<T>) -> io::Result<T> {
        self.failures.heed(self.holder, result)
    }
}

impl File for WatchedFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.heed(self.file.read_at(buffer, position))
    }

    fn pwritev(&self, slices: &mut [IoSlice<'_>], position: u64) -> io::Result<()> {
        self.heed(self.file.pwritev(slices, position))
    }

    fn fdatasync(&self) -> io::Result<()> {
        self.heed(self.file.fdatasync())
    }

    fn allocate(&self, position: u64, len: u64) -> io::Result<()> {
        self.heed(self.file.allocate(position, len))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.heed(self.file.truncate(len))
    }

    fn len(&self) -> io::Result<u64> {
        self.heed(self.file.len())
    }

    fn as_std(&self) -> Option<&Arc<std::fs::File>> {
        self.file.as_std()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::super::memory::{Call, MemoryFiles};
    use super::*;

    #[test]
    fn only_the_device_takes_its_directory_offline_and_whoever_it_is_that_finds_out() {
        let memory = MemoryFiles::new();
        let dirs = [PathBuf::from("/one"), PathBuf::from("/one/more")];
        let failures = Failures::new(&dirs);
        let told = Arc::new(AtomicUsize::new(0));
        let count = told.clone();
        failures.on_failure(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let files = WatchedFiles::new(Arc::new(memory.clone()), failures.clone());
        dirs.iter().for_each(|dir| files.create_dir(dir).unwrap());
        let file = files.create(Path::new("/one/more/file")).unwrap();
        let has_failed = || [failures.has_failed(0), failures.has_failed(1)];

        memory.fail_next(Call::Write, io::ErrorKind::StorageFull);
        assert!(file.write_at(b"1", 0).is_err());
        assert!(files.open(Path::new("/one/nothing")).is_err());
        assert_eq!((has_failed(), told.load(Ordering::SeqCst)), ([false, false], 0));

        memory.break_under(Some(&dirs[1]));
        assert!(file.read_at(&mut [0], 0).is_err());
        assert_eq!((has_failed(), told.load(Ordering::SeqCst)), ([false, true], 1));

        memory.break_under(Some(&dirs[0]));
        assert!(files.open(Path::new("/one/other")).is_err());
        assert_eq!((has_failed(), told.load(Ordering::SeqCst)), ([true, true], 2));
        assert!(files.open(Path::new("/one/other")).is_err());
        assert_eq!(told.load(Ordering::SeqCst), 2);
    }
}
