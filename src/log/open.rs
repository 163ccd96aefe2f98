//! Opening a log: what is known of it beforehand, and the writer that is put together from what the directory holds.
//! What it holds, and what is to be done about it, is found out in `recovery`.

use std::path::Path;
use std::sync::Arc;

use super::Log;
use super::cache::Cache;
use super::files::Files;
use super::flush::Unsynced;
use super::recovery::{self, Loaded};
use super::segment::Place;
use super::settings::LogSettings;
use super::view::{End, PartitionView};
use crate::error::Error;
use crate::types::{LeaderEpoch, Millis, Offset, TopicId, TopicPartition, Uuid};

/// What is known of a log before it is opened.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Whether everything was closed in order: then nothing is checked.
    pub clean_shutdown: bool,
    /// Up to where the log is known to be on the disk.
    pub recovery_point: Offset,
    /// Where the log starts, if that is behind its first segment's first offset.
    pub log_start_offset: Offset,
    /// The high watermark that was last written down.
    pub high_watermark: Offset,
    /// Whose it is.
    pub owner: Owner,
    /// Names what is being made in this life of the process apart from what others have left half made.
    pub life: Uuid,
    /// What is open, node-wide.
    pub cache: Arc<Cache>,
    /// The time.
    pub now: Millis,
}

/// Whose log it is, as the metadata has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owner {
    /// The topic's id, to be checked against the directory's, or given to a directory that has none.
    pub topic_id: Option<TopicId>,
    /// The epoch of the leader that opens the log: it begins where it finds the log, not only with what it writes.
    pub leader_epoch: Option<LeaderEpoch>,
}

impl Log {
    /// Opens the log in the directory `dir`, or begins one there. After a clean shutdown this reads a handful of
    /// small files; after any other stop it checks what was written behind the recovery point. No file stays open.
    /// Errors: `Io`, `Corrupt`, `INCONSISTENT_TOPIC_ID`.
    pub fn open(
        files: Arc<dyn Files>,
        dir: &Path,
        topic_partition: TopicPartition,
        settings: Arc<LogSettings>,
        options: &OpenOptions,
    ) -> Result<Self, Error> {
        let view = PartitionView::new(topic_partition);
        Self::open_for(view, files, dir, settings, options)
    }

    /// Opens a log for a view that readers may have already.
    pub fn open_for(
        view: Arc<PartitionView>,
        files: Arc<dyn Files>,
        dir: &Path,
        settings: Arc<LogSettings>,
        options: &OpenOptions,
    ) -> Result<Self, Error> {
        let place = Place::new(files, options.cache.clone(), dir.to_owned());
        let loaded = recovery::load(&place, view.topic_partition(), &settings, options)?;
        let mut log = Self::assemble(view, place, settings, options, loaded);
        if let Some(id) = options.owner.topic_id {
            log.assign_topic_id(id)?;
        }
        if let Some(epoch) = options.owner.leader_epoch {
            log.assign_epoch(epoch, log.log_end_offset())?;
        }
        log.publish_all(options.high_watermark);
        log.assert_sound();
        Ok(log)
    }

    /// Whether it is as if it were just made: letting go of it loses nothing, and opening it again finds the same.
    pub fn is_blank(&self) -> bool {
        self.log_end_offset() == 0
            && self.size() == 0
            && self.producers.is_blank()
            && self.deletions.is_empty()
            && !self.replacing
            && !self.is_failed()
    }

    /// Lets go of a blank log: readers keep no files of it.
    pub fn let_go(self) {
        debug_assert!(self.is_blank(), "{}: let go with records", self.topic_partition);
        self.view.begin(Vec::new(), End { offset: 0, segment: 0, position: 0 });
    }
}

/// What of a log that was opened need not be on the disk: what a life before this one has written may be in the page
/// cache alone.
pub(super) fn doubtful(loaded: &Loaded, options: &OpenOptions) -> Unsynced {
    let mut unsynced = Unsynced::default();
    let is_known = options.clean_shutdown && !loaded.new_dir;
    // An empty log may never have been synced at all, however it was closed.
    if !is_known || loaded.recovery_point == 0 {
        unsynced.names_changed();
        unsynced.dir_changed();
    }
    if !is_known || !loaded.epochs_stored {
        unsynced.epochs_changed();
    }
    if !is_known {
        let taken = loaded.snapshots.range(loaded.recovery_point..);
        taken.for_each(|offset| unsynced.snapshot_taken(*offset));
    }
    unsynced
}
