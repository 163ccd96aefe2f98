//! Making a log durable: what to sync, when, and the orderly close.
//!
//! What the kernel could not write it may have dropped: after a failed sync the log is unusable until it is opened
//! anew.
//!
//! A flush has three parts, so that the disk is waited for aside: the log prepares a [`FlushTask`] (which files, up to
//! which offset), anyone runs it, and the log is told ([`Log::flushed`]). Meanwhile it may be appended to, rolled and
//! truncated. What was appended is not covered; what was truncated is noticed by a count. Nothing counts as synced
//! before the log is told: a task may be dropped, and two may be under way, whichever comes first.
//!
//! The order within a task is that of what needs what: records first; then what can be made anew from them (indexes,
//! producers, epochs); names last, since a name without its content would be worse than neither.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::File;
use super::segment::{Place, Segment};
use super::{Log, names};
use crate::error::Error;
use crate::types::{Millis, Offset};

/// What has changed beside the records and is not known to be on the disk: when, as counted here.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    changes: u64,
    /// The names in the log's directory: a power loss may take a whole new segment, synced or not.
    names: Option<u64>,
    /// The directory's own name.
    dir: Option<u64>,
    epochs: Option<u64>,
    snapshots: BTreeMap<Offset, u64>,
}

impl Unsynced {
    fn change(&mut self) -> Option<u64> {
        self.changes += 1;
        Some(self.changes)
    }

    /// A name in the log's directory is new, or another's now.
    pub(super) fn names_changed(&mut self) {
        self.names = self.change();
    }

    /// The directory may be new.
    pub(super) fn dir_changed(&mut self) {
        self.dir = self.change();
    }

    /// The file of epochs was written, under a new name or not.
    pub(super) fn epochs_changed(&mut self) {
        self.epochs = self.change();
    }

    /// The producers' snapshot at `offset` was written.
    pub(super) fn snapshot_taken(&mut self, offset: Offset) {
        self.changes += 1;
        self.snapshots.insert(offset, self.changes);
    }

    /// Whether it is more than names.
    fn has_content(&self) -> bool {
        self.epochs.is_some() || !self.snapshots.is_empty()
    }

    /// All that had changed when `changes` were counted is on the disk; what has changed once more is not.
    fn synced(&mut self, changes: u64) {
        for changed in [&mut self.names, &mut self.dir, &mut self.epochs] {
            changed.take_if(|changed| *changed <= changes);
        }
        self.snapshots.retain(|_, changed| *changed > changes);
    }
}

/// Files to sync, apart from the log, so that a slow disk holds up nobody: run it anywhere, then tell the log.
#[derive(Debug)]
pub struct FlushTask {
    place: Arc<Place>,
    /// The records of every segment that is touched.
    data: Vec<Arc<dyn File>>,
    /// Segments that were closed since: their indexes are whole, and synced with them.
    sealed: Vec<Arc<Segment>>,
    /// Its other indexes are made anew where they are missing.
    active: Arc<Segment>,
    snapshots: Vec<PathBuf>,
    /// Whether the file of epochs was written since it was synced.
    epochs: bool,
    /// The log's directory where names have changed in it; and the one above, where the log's own is new.
    dirs: Vec<PathBuf>,
    up_to: Offset,
    /// How much had changed beside the records when this was prepared.
    changes: u64,
    /// How often the log had been truncated when this was prepared.
    truncations: u64,
}

impl FlushTask {
    /// Up to which offset the log is on the disk once this has run.
    pub const fn up_to(&self) -> Offset {
        self.up_to
    }

    /// Syncs. An error is final: what the kernel could not write it may have dropped.
    pub fn run(&self) -> Result<(), Error> {
        self.data.iter().try_for_each(|file| file.fdatasync())?;
        self.sealed.iter().try_for_each(|segment| segment.sync_indexes())?;
        self.active.sync_aborted()?;
        for path in &self.snapshots {
            match self.place.files.open(path) {
                Ok(file) => file.fdatasync()?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        if self.epochs {
            match self.place.files.open(&self.place.dir().join(names::LEADER_EPOCHS)) {
                Ok(file) => file.fdatasync()?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.dirs.iter().try_for_each(|dir| self.place.files.fsync_dir(dir))?)
    }
}

impl Log {
    /// What has to be synced so that all below `up_to` is on the disk; none if it is already.
    pub fn prepare_flush(&self, up_to: Offset) -> Result<Option<FlushTask>, Error> {
        let up_to = up_to.min(self.log_end_offset());
        let synced = self.recovery_point();
        if up_to <= synced {
            return Ok(None);
        }
        self.prepare_task(up_to, synced).map(Some)
    }

    fn prepare_task(&self, up_to: Offset, synced: Offset) -> Result<FlushTask, Error> {
        // From the segment that holds the first offset that is not synced: everything before it was synced when it was
        // closed, or with an earlier flush.
        let segments = self.view.segments();
        let first =
            segments.partition_point(|segment| segment.base_offset() <= synced).saturating_sub(1);
        let touched: Vec<_> =
            segments.iter().skip(first).filter(|segment| segment.base_offset() < up_to).collect();
        let data = touched.iter().map(|segment| segment.file()).collect::<io::Result<Vec<_>>>()?;
        let active = self.active.segment.base_offset();
        let sealed = touched
            .into_iter()
            .filter(|segment| segment.base_offset() != active)
            .cloned()
            .collect();
        let dir = self.dir();
        let mut dirs = Vec::new();
        if self.unsynced.names.is_some() {
            dirs.push(dir.to_path_buf());
        }
        if self.unsynced.dir.is_some() {
            dirs.extend(dir.parent().map(Path::to_owned));
        }
        let snapshots = self.unsynced.snapshots.keys();
        let snapshots =
            snapshots.map(|offset| dir.join(names::file(*offset, names::SNAPSHOT))).collect();
        Ok(FlushTask {
            place: self.place.clone(),
            data,
            sealed,
            active: self.active.segment.clone(),
            snapshots,
            epochs: self.unsynced.epochs.is_some(),
            dirs,
            up_to,
            changes: self.unsynced.changes,
            truncations: self.truncations,
        })
    }

    /// What has to be synced so that all closed segments are on the disk; none if they are already.
    pub fn prepare_flush_sealed(&self) -> Result<Option<FlushTask>, Error> {
        self.prepare_flush(self.active.segment.base_offset())
    }

    /// A task of [`Log::prepare_flush`] has run; `now` is when.
    pub fn flushed(&mut self, task: &FlushTask, now: Millis) {
        // A log that was truncated meanwhile may have grown again, and none of that is known to be on the disk.
        if task.truncations != self.truncations {
            return;
        }
        assert!(
            task.up_to() <= self.log_end_offset(),
            "{}: synced up to {}, behind the end",
            self.topic_partition,
            task.up_to()
        );
        self.unflushed = self.unflushed.min(self.log_end_offset() - task.up_to());
        self.unsynced.synced(task.changes);
        self.view.set_recovery_point(self.recovery_point().max(task.up_to()));
        self.last_flush = now;
    }

    /// Makes all below `up_to` durable. After an error the log is unusable.
    pub fn flush(&mut self, up_to: Offset, now: Millis) -> Result<(), Error> {
        self.check_usable()?;
        match self.prepare_flush(up_to)? {
            Some(task) => self.run(&task, now),
            None => Ok(()),
        }
    }

    fn run(&mut self, task: &FlushTask, now: Millis) -> Result<(), Error> {
        if let Err(error) = task.run() {
            self.fail();
            return Err(error);
        }
        self.flushed(task, now);
        Ok(())
    }

    /// Whether `flush.messages` or `flush.ms` wants what is not on the disk to be there before it is acknowledged.
    pub fn is_flush_due(&self, now: Millis) -> bool {
        // What was found when the log was opened counts: a resend of it is acknowledged as if it were written now.
        let unsynced = self.log_end_offset() - self.recovery_point();
        let waited_ms = now.saturating_sub(self.last_flush);
        unsynced >= self.settings.flush_messages
            || (unsynced > 0 && waited_ms >= self.settings.flush_ms)
    }

    /// Writes everything down that makes the next start quick, and makes it durable. The log may be used further.
    pub fn close(&mut self, now: Millis) -> Result<(), Error> {
        self.check_usable()?;
        self.seal()?;
        // At the end, not at a segment's beginning: the next start then reads no batch at all to know the producers.
        self.take_snapshot(self.log_end_offset())?;
        if !self.epochs_stored {
            self.store_epochs()?;
        }
        let (end, synced) = (self.log_end_offset(), self.recovery_point());
        // The snapshot may be all that is new: the next start asks it, and nothing else, who the producers are.
        if end > synced || self.unsynced.has_content() {
            let task = self.prepare_task(end, synced)?;
            self.run(&task, now)?;
        }
        self.active.segment.close_file();
        Ok(())
    }
}
