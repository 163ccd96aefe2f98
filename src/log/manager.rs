//! The log directories of a node: whose they are, what is in them, and how far each log is known to be good.
//!
//! Finding what is there reads names alone: no partition is opened before it is used, and its checkpoints are kept
//! for it until then. Never decides which partitions should be there.
//!
//! # From one life to the next
//!
//! 1. [`LogManager::open`]: lock, checkpoints, was the last stop clean? The marker is removed at once and durably, so
//!    that a crash from here on is known for one.
//! 2. [`LogManager::discover`]: which partitions lie where, by the names of directories.
//! 3. [`LogManager::open_log`], when a partition is first used. The marker speaks for the last life only: a log that is
//!    opened a second time in this one (its actor died) is checked.
//! 4. [`LogManager::note`] now and then, [`LogManager::write_checkpoints`] every few seconds.
//! 5. [`LogManager::closed`], for every log, and [`LogManager::clean_shutdown`]: checkpoints first, then the marker,
//!    which vouches for them; none where a log was not closed, or was left unchecked since a life that ended otherwise.
//!
//! One that fails is offline until the next start: its partitions are answered with `KAFKA_STORAGE_ERROR`, the others
//! go on (KIP-112). It fails where its device does, whoever finds that out ([`super::files::watched`]), and where it
//! cannot be listed or a checkpoint not be written; a full disk, or a want of descriptors or memory, takes nothing
//! offline. What else keeps one log from being opened concerns its partition alone.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cache::{Cache, Limits};
use super::checkpoint;
use super::files::watched::{Failures, WatchedFiles};
use super::files::{Durability, Files, remove_if_there, replace};
use super::log_dir::{self, CLEAN_SHUTDOWN, LogDir};
use super::names::{self, Directory};
use super::noted::FILES;
use super::settings::LogSettings;
use super::view::{LogOffsets, PartitionView};
use super::{Log, OpenOptions, Owner};
use crate::error::{Error, is_shortage};
use crate::types::{METADATA_TOPIC, Millis, Offset, TopicId, TopicPartition, Uuid};

/// A directory in a log directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// Which of the manager's log directories it is in.
    pub log_dir: usize,
    /// Its path.
    pub path: PathBuf,
    /// What it is for; never [`Directory::Other`].
    pub kind: Directory,
}

/// The log directories of a node.
#[derive(Debug)]
pub struct LogManager {
    files: Arc<dyn Files>,
    cache: Arc<Cache>,
    dirs: Vec<LogDir>,
    failures: Arc<Failures>,
    /// Of this life of the process.
    life: Uuid,
}

impl LogManager {
    /// Takes hold of the log directories `paths`, creating those that are not there. One that fails is offline.
    /// Errors: `Config` if another process holds one, or none is left; `Corrupt` for properties that are none; `Io` for
    /// a full disk or a want of descriptors.
    pub fn open(files: Arc<dyn Files>, paths: &[PathBuf], limits: Limits) -> Result<Self, Error> {
        let failures = Failures::new(paths);
        let files: Arc<dyn Files> = Arc::new(WatchedFiles::new(files, failures.clone()));
        let mut dirs = Vec::with_capacity(paths.len());
        for (at, path) in paths.iter().enumerate() {
            match log_dir::open(&*files, path, (at, &failures)) {
                Ok(dir) => dirs.push(dir),
                // To go on without it would leave its partitions behind for no good reason.
                Err(error) if error.is_shortage() => return Err(error),
                Err(Error::Io(error)) => {
                    failures.fail(at, &error);
                    dirs.push(log_dir::offline(path, (at, &failures)));
                }
                Err(error) => return Err(error),
            }
        }
        if dirs.iter().all(LogDir::is_offline) {
            return Err(Error::Config("none of the log directories (log.dirs) can be used".into()));
        }
        Ok(Self { files, cache: Cache::new(limits), dirs, failures, life: Uuid::random() })
    }

    /// The log directories, in the order they were given.
    pub fn dirs(&self) -> &[LogDir] {
        &self.dirs
    }

    /// Has `told` called whenever a log directory fails from now on, on whatever thread that happens.
    pub fn on_failure(&self, told: impl Fn() + Send + Sync + 'static) {
        self.failures.on_failure(told);
    }

    /// The file system, which gives up a log directory whose device breaks.
    pub const fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// What is open, node-wide.
    pub const fn cache(&self) -> &Arc<Cache> {
        &self.cache
    }

    /// What is in the log directories that are not offline. Opens nothing.
    pub fn discover(&self) -> Result<Vec<Discovered>, Error> {
        let mut found = Vec::new();
        for (log_dir, dir) in self.dirs.iter().enumerate().filter(|(_, dir)| !dir.is_offline()) {
            let entries = match self.files.list(&dir.path) {
                Ok(entries) => entries,
                Err(error) if is_shortage(&error) => return Err(error.into()),
                Err(error) => {
                    dir.set_offline(&error);
                    continue;
                }
            };
            for entry in entries.into_iter().filter(|entry| entry.is_dir) {
                let kind = names::directory(&entry.name);
                if kind != Directory::Other {
                    found.push(Discovered { log_dir, path: dir.path.join(entry.name), kind });
                }
            }
        }
        Ok(found)
    }

    /// The log directory that a new partition goes to, given how many each has: the emptiest that works.
    pub fn pick_dir(&self, partitions: &[usize]) -> Option<usize> {
        let usable = (0..self.dirs.len()).filter(|at| !self.dirs[*at].is_offline());
        usable.min_by_key(|at| partitions.get(*at).copied().unwrap_or(0))
    }

    /// Where a partition is, or would be, in a log directory.
    pub fn partition_path(&self, log_dir: usize, at: &TopicPartition) -> Option<PathBuf> {
        Some(self.dirs.get(log_dir)?.path.join(names::partition(at)))
    }

    /// Opens a partition's log in a log directory, or begins one there, with all that the checkpoints know of it. Until
    /// it is [closed](Self::closed) the directory's stop is not clean.
    pub fn open_log(
        &self,
        log_dir: usize,
        view: Arc<PartitionView>,
        settings: Arc<LogSettings>,
        owner: Owner,
        now: Millis,
    ) -> Result<Log, Error> {
        let at = view.topic_partition().clone();
        let dir = self.dirs.get(log_dir).filter(|dir| !dir.is_offline());
        let dir = dir.ok_or_else(|| {
            Error::Io(io::Error::other(format!("the log directory of {at} is offline")))
        })?;
        let mut noted = dir.noted.lock();
        if noted.over {
            return Err(Error::Io(io::Error::other(format!("{at} is not opened any more"))));
        }
        let known = noted.known(&at);
        noted.opened(&at);
        drop(noted);
        let options = OpenOptions {
            clean_shutdown: dir.clean_shutdown && !known.used,
            recovery_point: known.recovery_point,
            log_start_offset: known.log_start_offset,
            high_watermark: known.high_watermark,
            owner,
            life: self.life,
            cache: self.cache.clone(),
            now,
        };
        let path = dir.path.join(names::partition(&at));
        Log::open_for(view, self.files.clone(), &path, settings, &options)
    }

    /// Opens a log that lies under another name than its partition's in a log directory, or begins one there. Nothing
    /// is taken on trust: every batch is checked.
    pub fn open_aside(
        &self,
        log_dir: usize,
        name: &str,
        view: Arc<PartitionView>,
        settings: Arc<LogSettings>,
        topic_id: Option<TopicId>,
        now: Millis,
    ) -> Result<Log, Error> {
        let dir = self.dirs.get(log_dir).filter(|dir| !dir.is_offline());
        let offline = || Error::Io(io::Error::other(format!("the directory of {name} is offline")));
        let dir = dir.ok_or_else(offline)?;
        let options = OpenOptions {
            owner: Owner { topic_id, ..Owner::default() },
            life: self.life,
            cache: self.cache.clone(),
            now,
            ..OpenOptions::default()
        };
        let path = dir.path.join(name);
        Log::open_for(view, self.files.clone(), &path, settings, &options)
    }

    /// The log directory at `path`, as it was configured.
    pub fn find_dir(&self, path: &Path) -> Option<usize> {
        self.dirs.iter().position(|dir| dir.path() == path)
    }

    /// The id of a log directory, if it has any.
    pub fn directory_id(&self, log_dir: usize) -> Option<Uuid> {
        self.dirs.get(log_dir)?.properties()?.directory_id
    }

    /// Notes how far a log is, for the next checkpoint.
    pub fn note(&self, log_dir: usize, at: &TopicPartition, offsets: LogOffsets) {
        if let Some(dir) = self.dirs.get(log_dir) {
            dir.noted.lock().note(at, offsets);
        }
    }

    /// Notes that a log was closed, and how far it is.
    pub fn closed(&self, log_dir: usize, at: &TopicPartition, offsets: LogOffsets) {
        if let Some(dir) = self.dirs.get(log_dir) {
            let mut noted = dir.noted.lock();
            noted.note(at, offsets);
            noted.closed(at);
        }
    }

    /// Forgets a log that is no longer here.
    pub fn forget(&self, log_dir: usize, at: &TopicPartition) {
        if let Some(dir) = self.dirs.get(log_dir) {
            dir.noted.lock().forget(at);
        }
    }

    /// Up to where a log is compacted, as far as is known.
    pub fn cleaned(&self, log_dir: usize, at: &TopicPartition) -> Option<Offset> {
        self.dirs.get(log_dir)?.noted.lock().cleaned(at)
    }

    /// Notes up to where a log is compacted, for the next checkpoint.
    pub fn note_cleaned(&self, log_dir: usize, at: &TopicPartition, offset: Offset) {
        if let Some(dir) = self.dirs.get(log_dir) {
            dir.noted.lock().note_cleaned(at, offset);
        }
    }

    /// Whether a partition that nobody has open has closed segments behind where it is compacted. Reads names alone.
    pub fn may_be_dirty(&self, log_dir: usize, at: &TopicPartition) -> bool {
        let Some(path) = self.partition_path(log_dir, at) else { return false };
        let Ok(entries) = self.files.list(&path) else { return false };
        let bases = entries.iter().filter_map(|entry| names::offset(&entry.name, names::LOG));
        let bases: BTreeSet<_> = bases.collect();
        let active = bases.last().copied().unwrap_or(0);
        bases.len() > 1 && self.cleaned(log_dir, at).is_none_or(|end| end < active)
    }

    /// Writes all that was noted into the checkpoint files. A log directory where that fails is offline, but for a
    /// shortage.
    pub fn write_checkpoints(&self) {
        FILES.into_iter().for_each(|name| self.write_checkpoint(name));
    }

    /// Writes what was noted into the checkpoint files of that name, unless they say so already. A log directory where
    /// that fails is offline, but for a shortage.
    pub fn write_checkpoint(&self, name: &'static str) {
        for dir in self.dirs.iter().filter(|dir| !dir.is_offline()) {
            if let Err(error) = self.write_checkpoint_of(dir, name) {
                // The old one is there still, and the next attempt is soon.
                if error.is_shortage() {
                    tracing::warn!(path = %dir.path.display(), name, %error, "a checkpoint is written later");
                    continue;
                }
                dir.set_offline(&error);
            }
        }
    }

    /// One write of a file at a time; who notes meanwhile does not wait for the disk.
    fn write_checkpoint_of(&self, dir: &LogDir, name: &'static str) -> Result<(), Error> {
        let _writing = dir.writing.lock();
        let Some(text) = dir.noted.lock().take_text(name) else { return Ok(()) };
        let written = checkpoint::write(&*self.files, &dir.path.join(name), &text);
        if written.is_err() {
            dir.noted.lock().not_written(name);
        }
        written
    }

    /// Whether a partition's directory has records, or files that wait for their removal. Opens nothing.
    pub fn has_records(&self, log_dir: usize, at: &TopicPartition) -> io::Result<bool> {
        let Some(path) = self.partition_path(log_dir, at) else { return Ok(false) };
        for entry in self.files.list(&path)? {
            let waits = entry.name.ends_with(names::DELETED);
            if waits
                || entry.name.ends_with(names::LOG) && self.files.len(&path.join(&entry.name))? > 0
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How large a partition's log is that nobody has open, in bytes of records. Opens nothing.
    pub fn size_at_rest(&self, log_dir: usize, at: &TopicPartition) -> io::Result<u64> {
        let Some(path) = self.partition_path(log_dir, at) else { return Ok(0) };
        let entries = match self.files.list(&path) {
            // The partition is new, and its directory not made yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut logs = entries.iter().filter(|entry| entry.name.ends_with(names::LOG));
        logs.try_fold(0, |sum, entry| match self.files.len(&path.join(&entry.name)) {
            Ok(size) => Ok(sum + size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(sum),
            Err(error) => Err(error),
        })
    }

    /// Removes files that were given up. One that cannot be removed stays until its log is opened anew.
    pub fn remove_files(&self, paths: &[PathBuf]) {
        for path in paths {
            if let Err(error) = remove_if_there(&*self.files, path) {
                tracing::warn!(path = %path.display(), %error, "a file that was given up stays");
            }
        }
    }

    /// Gives a partition's directory, which nobody has open, the name that `named` makes for it; and gives the path.
    pub fn set_aside(
        &self,
        log_dir: usize,
        at: &TopicPartition,
        named: impl FnOnce(&TopicPartition) -> String,
    ) -> Result<PathBuf, Error> {
        let path = self.partition_path(log_dir, at);
        let path = path.ok_or_else(|| Error::Io(io::ErrorKind::NotFound.into()))?;
        let target = path.with_file_name(named(at));
        let renamed = self.files.rename(&path, &target);
        let synced = renamed.and_then(|()| match target.parent() {
            Some(parent) => self.files.fsync_dir(parent),
            None => Ok(()),
        });
        synced.map_err(Error::io(path.display()))?;
        Ok(target)
    }

    /// Says in the log directories that the stop is clean: in those where every log that was opened is closed, and none
    /// is left that the stop before this life would have had checked. Opens no log after this.
    pub fn clean_shutdown(&self, broker_epoch: i64) {
        let dirs = self.dirs.iter().enumerate().filter(|(_, dir)| !dir.is_offline());
        let clean: Vec<_> =
            dirs.filter(|(at, dir)| self.is_clean(*at, dir)).map(|(_, dir)| dir).collect();
        self.write_checkpoints();
        for dir in clean.into_iter().filter(|dir| !dir.is_offline()) {
            let text = format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}");
            if let Err(error) = replace(
                &*self.files,
                &dir.path.join(CLEAN_SHUTDOWN),
                text.as_bytes(),
                Durability::All,
            ) {
                tracing::error!(path = %dir.path.display(), %error, "the next start will not know of this stop");
            }
        }
    }

    /// Whether nothing in a log directory need be checked at the next start.
    fn is_clean(&self, log_dir: usize, dir: &LogDir) -> bool {
        let path = dir.path.display();
        let opened = {
            let mut noted = dir.noted.lock();
            noted.over = true;
            if let Some((logs, first)) = noted.unclosed() {
                tracing::warn!(%path, logs, %first, "logs were not closed: the next start checks this directory");
                return false;
            }
            noted.used()
        };
        // What nobody has opened in this life is as the last one has left it.
        if dir.clean_shutdown {
            return true;
        }
        let Ok(entries) = self.files.list(&dir.path) else { return false };
        let unchecked = entries.iter().find(|entry| match names::directory(&entry.name) {
            // The metadata log is checked whatever the marker says.
            Directory::Partition(at) if at.topic != METADATA_TOPIC && !opened.contains(&at) => {
                self.has_records(log_dir, &at).unwrap_or(true)
            }
            _ => false,
        });
        if let Some(first) = unchecked {
            tracing::info!(%path, first = first.name, "logs were not used since the node died: the next start checks");
        }
        unchecked.is_none()
    }

    /// Removes a directory, and all that is in it, that was renamed for that.
    pub fn remove_dir(&self, path: &Path) -> Result<(), Error> {
        self.files.remove_dir(path).map_err(Error::io(path.display()))
    }
}
