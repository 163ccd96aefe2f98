//! Making a log durable: what to sync, when, and the orderly close.
//!
//! What the kernel could not write it may have dropped: after a failed sync the log is unusable until it is opened
//! anew.
//!
//! A flush has three parts, so that the disk is waited for aside: the log prepares a [`FlushTask`] (which files, up to
//! which offset), anyone runs it, and the log is told ([`Log::flushed`]). Meanwhile it may be appended to, rolled and
//! truncated. What was appended is not covered; what was truncated is noticed by a count.
//!
//! The order within a task is that of what needs what: records first; then what can be made anew from them (indexes,
//! producers, epochs); names last, since a name without its content would be worse than neither.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::File;
use super::segment::{Place, Segment};
use super::{Log, names};
use crate::error::Error;
use crate::types::{Millis, Offset};

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
    pub fn prepare_flush(&mut self, up_to: Offset) -> Result<Option<FlushTask>, Error> {
        let up_to = up_to.min(self.log_end_offset());
        let synced = self.recovery_point();
        if up_to <= synced {
            return Ok(None);
        }
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
        if !self.names_synced {
            dirs.push(dir.to_path_buf());
        }
        if self.new_dir {
            dirs.extend(dir.parent().map(Path::to_owned));
        }
        // Taken over by the task. Who does not run it gives the log up as well, or it would count as durable what is
        // not.
        let unsynced = std::mem::take(&mut self.unsynced_snapshots);
        let snapshots = unsynced
            .into_iter()
            .map(|offset| dir.join(names::file(offset, names::SNAPSHOT)))
            .collect();
        let epochs = !self.epochs_synced;
        (self.names_synced, self.new_dir, self.epochs_synced) = (true, false, true);
        Ok(Some(FlushTask {
            place: self.place.clone(),
            data,
            sealed,
            active: self.active.segment.clone(),
            snapshots,
            epochs,
            dirs,
            up_to,
            truncations: self.truncations,
        }))
    }

    /// What has to be synced so that all closed segments are on the disk; none if they are already.
    pub fn prepare_flush_sealed(&mut self) -> Result<Option<FlushTask>, Error> {
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
        self.view.set_recovery_point(self.recovery_point().max(task.up_to()));
        self.last_flush = now;
    }

    /// Makes all below `up_to` durable. After an error the log is unusable.
    pub fn flush(&mut self, up_to: Offset, now: Millis) -> Result<(), Error> {
        self.check_usable()?;
        let Some(task) = self.prepare_flush(up_to)? else { return Ok(()) };
        if let Err(error) = task.run() {
            self.fail();
            return Err(error);
        }
        self.flushed(&task, now);
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
        self.flush(self.log_end_offset(), now)?;
        self.active.segment.close_file();
        Ok(())
    }
}
