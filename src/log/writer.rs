//! The log of one partition, in the hands of its one writer: what it knows, rolling, leader epochs, the files at rest.
//!
//! Never decides what is committed: the partition's owner moves the high watermark. Never reads a clock, and never
//! waits for anything but the file system.
//!
//! Opening is in `open` and `recovery`; appending in [`super::append`], `follow` and `commit`; syncing and closing in
//! [`super::flush`]; what takes segments out of use in [`super::retention`], `truncate` and `replace`. All of them end
//! with `assert_sound`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::epochs::{self, Epochs};
use super::files::remove_if_there;
use super::flush::Unsynced;
use super::group::Group;
use super::names;
use super::open::{OpenOptions, doubtful};
use super::partition_metadata;
use super::producers::{ProducerEntry, Producers, snapshot};
use super::recovery::Loaded;
use super::segment::{Newest, Place, Segment};
use super::settings::LogSettings;
use super::view::{End, LogOffsets, PartitionView};
use crate::error::{ApiError, Error, ErrorCode};
use crate::types::{LeaderEpoch, Millis, NONE, Offset, TopicId, TopicPartition, Uuid};

/// The writer's knowledge of the segment that it appends to.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) segment: Arc<Segment>,
    pub(super) newest: Newest,
    /// The newest timestamp of the first batch.
    pub(super) first_timestamp: Option<Millis>,
    /// When it became the active one; after a start, that start.
    pub(super) created: Millis,
    /// Bytes since the last index entry.
    pub(super) since_index: u64,
    /// Up to where room is reserved.
    pub(super) allocated: u64,
    /// How much earlier than `segment.ms` it is closed.
    pub(super) jitter_ms: Millis,
}

/// Files that are given up and removed when it is time.
#[derive(Debug)]
pub(super) struct Deletion {
    pub(super) due: Millis,
    pub(super) paths: Vec<PathBuf>,
}

/// The log of one partition.
#[derive(Debug)]
pub struct Log {
    pub(super) topic_partition: TopicPartition,
    pub(super) place: Arc<Place>,
    pub(super) settings: Arc<LogSettings>,
    pub(super) view: Arc<PartitionView>,
    pub(super) active: Active,
    pub(super) producers: Producers,
    /// Counts truncations: a sync that was prepared before one says nothing about what came after.
    pub(super) truncations: u64,
    /// Of the records, or noted by the leader before its first: spares a look into the view at each append.
    pub(super) latest_epoch: LeaderEpoch,
    /// Renamed to `.deleted`, and not yet removed. Forgotten when the process dies: opening removes such files.
    pub(super) deletions: Vec<Deletion>,
    /// What is gathered for one write; empty, and without memory, between two calls.
    pub(super) group: Group,
    /// Records appended since the last sync; when the first of them came, [`Log::is_flush_due`] begins to count time.
    pub(super) unflushed: i64,
    pub(super) last_flush: Millis,
    /// Offsets that there are producer snapshots for.
    pub(super) snapshots: BTreeSet<Offset>,
    /// What of the files beside the records is not known to be on the disk.
    pub(super) unsynced: Unsynced,
    /// As `partition.metadata` says, once it was read.
    topic_id: Option<TopicId>,
    /// Whether `leader-epoch-checkpoint` has what memory has.
    pub(super) epochs_stored: bool,
    /// Whether finished work of the cleaner is about to take the place of segments.
    pub(super) replacing: bool,
    /// An error left unknown what is on the disk: nothing is written any more. Reading goes on.
    failed: bool,
}

impl Log {
    /// Puts a log together from what its directory holds.
    pub(super) fn assemble(
        view: Arc<PartitionView>,
        place: Arc<Place>,
        settings: Arc<LogSettings>,
        options: &OpenOptions,
        loaded: Loaded,
    ) -> Self {
        let segment = loaded.segments.last().expect("loading leaves a segment").clone();
        let end = End {
            offset: loaded.log_end_offset,
            segment: segment.base_offset(),
            position: segment.size(),
        };
        let latest_epoch = loaded.epochs.latest().map_or(NONE, |entry| entry.epoch);
        let unsynced = doubtful(&loaded, options);
        view.change_epochs(|epochs| *epochs = loaded.epochs);
        view.set_log_start_offset(loaded.log_start_offset);
        view.begin(loaded.segments, end);
        view.set_recovery_point(loaded.recovery_point);
        view.set_cold_end(loaded.log_end_offset);
        let mut log = Self {
            topic_partition: view.topic_partition().clone(),
            place,
            settings,
            view,
            active: Active {
                newest: Newest { timestamp: -1, offset: segment.base_offset() },
                segment,
                first_timestamp: None,
                created: options.now,
                since_index: 0,
                allocated: 0,
                jitter_ms: 0,
            },
            producers: loaded.producers,
            truncations: 0,
            latest_epoch,
            deletions: Vec::new(),
            group: Group::default(),
            unflushed: 0,
            last_flush: options.now,
            snapshots: loaded.snapshots,
            unsynced,
            topic_id: loaded.topic_id,
            epochs_stored: loaded.epochs_stored,
            replacing: false,
            failed: false,
        };
        log.active.jitter_ms = log.jitter();
        log
    }

    pub(super) fn publish_all(&mut self, high_watermark: Offset) {
        self.publish_unstable();
        self.set_high_watermark(high_watermark);
    }

    /// What readers share.
    pub const fn view(&self) -> &Arc<PartitionView> {
        &self.view
    }

    /// Which partition this is.
    pub const fn topic_partition(&self) -> &TopicPartition {
        &self.topic_partition
    }

    /// The directory, as it is called now.
    pub fn dir(&self) -> Arc<PathBuf> {
        self.place.dir()
    }

    /// The offset behind the last record.
    pub fn log_end_offset(&self) -> Offset {
        self.view.log_end_offset()
    }

    /// The first offset that may be read.
    pub fn log_start_offset(&self) -> Offset {
        self.view.log_start_offset()
    }

    /// Bytes of records on the disk.
    pub fn size(&self) -> u64 {
        self.view.size()
    }

    /// Up to where the log is known to be on the disk.
    pub fn recovery_point(&self) -> Offset {
        self.view.recovery_point()
    }

    /// What belongs into the checkpoint files.
    pub fn offsets(&self) -> LogOffsets {
        self.view.offsets()
    }

    /// The settings that it goes by.
    pub const fn settings(&self) -> &Arc<LogSettings> {
        &self.settings
    }

    /// Goes by other settings from now on.
    pub fn update_config(&mut self, settings: Arc<LogSettings>) {
        self.settings = settings;
        self.active.jitter_ms = self.jitter();
    }

    /// The id of the topic that the directory belongs to, if it says.
    pub fn topic_id(&mut self) -> Result<Option<TopicId>, Error> {
        if self.topic_id.is_none() {
            self.topic_id = partition_metadata::read(&*self.place.files, &self.dir())?;
        }
        Ok(self.topic_id)
    }

    /// Says which topic the directory belongs to. Error: `INCONSISTENT_TOPIC_ID` if it belongs to another already.
    pub fn assign_topic_id(&mut self, id: TopicId) -> Result<(), Error> {
        match self.topic_id()? {
            Some(known) if known == id => Ok(()),
            Some(known) => {
                let text =
                    format!("{} belongs to topic id {known}, not {id}", self.dir().display());
                Err(ApiError::new(ErrorCode::InconsistentTopicId, text).into())
            }
            None => {
                partition_metadata::write(&*self.place.files, &self.dir(), id)?;
                self.topic_id = Some(id);
                self.unsynced.names_changed();
                Ok(())
            }
        }
    }

    /// The producers that are known, for DescribeProducers.
    pub fn active_producers(&self) -> impl ExactSizeIterator<Item = (i64, &ProducerEntry)> {
        self.producers.active()
    }

    /// The state of the producers.
    pub const fn producers(&self) -> &Producers {
        &self.producers
    }

    /// Moves the high watermark, which never exceeds the log end offset, and with it the last stable offset.
    pub fn set_high_watermark(&mut self, offset: Offset) {
        // Kafka's checkpoint of it may be behind the log's start, or ahead of what a crash has left.
        let offset = offset.clamp(self.log_start_offset(), self.log_end_offset());
        self.producers.high_watermark_moved(offset);
        // In this order the last stable offset moves once.
        self.view.set_high_watermark(offset);
        self.publish_unstable();
    }

    /// Moves the high watermark, and has `tell` tell those whose records it passes before it wakes who waits for it: a
    /// producer's answer shall not stand behind the way of its records to all consumers.
    pub fn advance(&mut self, offset: Offset, tell: impl FnOnce()) {
        let view = self.view.clone();
        view.waking_last(|| {
            self.set_high_watermark(offset);
            tell();
        });
    }

    /// Tells readers of what the producers have open, and how many there are.
    pub(super) fn publish_unstable(&self) {
        self.view.set_producers(self.producers.len());
        let start = self.log_start_offset();
        self.view.set_first_unstable_offset(
            self.producers.first_unstable_offset().map(|offset| offset.max(start)),
        );
    }

    /// Error: `KAFKA_STORAGE_ERROR` once the log has failed.
    pub(super) fn check_usable(&self) -> Result<(), Error> {
        if self.failed {
            let text = format!("the log of {} has failed", self.topic_partition);
            return Err(ApiError::new(ErrorCode::KafkaStorageError, text).into());
        }
        Ok(())
    }

    /// Whether an input or output error has made the log unusable; opening it anew recovers.
    pub const fn is_failed(&self) -> bool {
        self.failed
    }

    /// Makes the log unusable: for whoever runs a [`super::flush::FlushTask`] that fails.
    pub fn fail(&mut self) {
        self.failed = true;
    }

    /// Notes that the leader of `epoch` begins at the log's end, or at `offset`.
    pub fn assign_epoch(&mut self, epoch: LeaderEpoch, offset: Offset) -> Result<(), Error> {
        if self.latest_epoch == epoch {
            return Ok(());
        }
        let before = self.view.epochs();
        if !self.change_epochs(|epochs| epochs.assign(epoch, offset)) {
            return Ok(());
        }
        let stored = self.store_epochs();
        if stored.is_err() {
            // Who tries again is to write it: the file must not lack an epoch that there are batches of.
            self.change_epochs(|epochs| *epochs = before);
        }
        stored
    }

    /// Changes the epochs in memory; see [`Log::store_epochs`].
    pub(super) fn change_epochs<R>(&mut self, change: impl FnOnce(&mut Epochs) -> R) -> R {
        let changed = self.view.change_epochs(change);
        self.latest_epoch = self.view.latest_epoch().map_or(NONE, |entry| entry.epoch);
        changed
    }

    /// Forgets epochs of batches that were to be appended and are not. The file may know of them until it is written
    /// again, or the next start forgets them as well.
    pub(super) fn drop_unwritten_epochs(&mut self) {
        let end = self.log_end_offset();
        if self.change_epochs(|epochs| epochs.truncate_from_end(end)) {
            self.epochs_stored = false;
        }
    }

    pub(super) fn store_epochs(&mut self) -> Result<(), Error> {
        epochs::write(&*self.place.files, &self.dir(), &self.view.epochs())?;
        self.epochs_stored = true;
        self.unsynced.epochs_changed();
        self.unsynced.names_changed();
        Ok(())
    }

    /// How much earlier than `segment.ms` the segment rolls: fixed for a segment, different between logs.
    fn jitter(&self) -> Millis {
        let most = self.settings.segment_jitter_ms.min(self.settings.segment_ms);
        if most <= 0 {
            return 0;
        }
        let name = self.topic_partition.to_string();
        let seed = self.active.segment.base_offset() as u64;
        let hash = name.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (hash >> 1) as Millis % most
    }

    /// Closes the segment that is written to and begins another, at the log's end or at `base_offset` if that is
    /// behind. Does nothing while the segment is empty and well placed.
    pub fn roll(&mut self, base_offset: Option<Offset>, now: Millis) -> Result<(), Error> {
        let base = base_offset.unwrap_or(0).max(self.log_end_offset());
        let old = self.active.segment.clone();
        if old.size() == 0 && old.base_offset() == base {
            return Ok(());
        }
        // Closed means: no room reserved behind it, indexes whole in their files. It is never written to again.
        self.seal()?;
        let segment = self.create_segment(base)?;
        let mut segments = self.view.segments().to_vec();
        if old.size() == 0 {
            segments.pop();
            // Not before there is another to append to.
            if let Err(error) = self.give_up(std::slice::from_ref(&old), now) {
                self.fail();
                return Err(error);
            }
        }
        segments.push(segment.clone());
        self.begin_active(segment, now);
        self.view.set_segments(segments);
        self.publish_end(self.log_end_offset(), 0);
        self.assert_sound();
        Ok(())
    }

    /// The segment at `base`, and the producers at its beginning before anyone appends to it: a check of that segment
    /// begins with them. What an error leaves of it would lie in the midst of what is appended later: it goes, or the
    /// log fails.
    fn create_segment(&mut self, base: Offset) -> Result<Arc<Segment>, Error> {
        let created = Segment::create(&self.place, base)
            .and_then(|segment| self.take_snapshot(base).map(|()| segment));
        if created.is_err() {
            let (dir, files) = (self.dir(), &self.place.files);
            let mut left =
                [names::LOG, names::SNAPSHOT].map(|suffix| names::file(base, suffix)).into_iter();
            if left.any(|name| remove_if_there(&**files, &dir.join(name)).is_err()) {
                self.fail();
            }
        }
        created
    }

    pub(super) fn begin_active(&mut self, segment: Arc<Segment>, now: Millis) {
        self.unsynced.names_changed();
        self.active = Active {
            newest: Newest { timestamp: -1, offset: segment.base_offset() },
            segment,
            first_timestamp: None,
            created: now,
            since_index: 0,
            allocated: 0,
            jitter_ms: 0,
        };
        self.active.jitter_ms = self.jitter();
    }

    /// Holds what must be true of every log between two calls; the whole of it in builds that look for defects.
    pub(super) fn assert_sound(&self) {
        let (start, end) = (self.log_start_offset(), self.log_end_offset());
        assert!(start <= end, "{}: begins at {start} and ends at {end}", self.topic_partition);
        if cfg!(debug_assertions) && !self.failed {
            let view = &self.view;
            let (committed, stable) = (view.high_watermark(), view.last_stable_offset());
            assert!(stable <= committed && committed <= end, "{stable} <= {committed} <= {end}");
            assert!(self.recovery_point() <= end, "on the disk is more than there is");
            let segments = view.segments();
            let in_order =
                segments.windows(2).all(|pair| pair[0].base_offset() < pair[1].base_offset());
            assert!(in_order, "{}: segments in disorder", self.topic_partition);
            let last = segments.last().map(|segment| segment.base_offset());
            assert_eq!(last, Some(self.active.segment.base_offset()), "another is written to");
            let latest = view.epochs().latest();
            assert!(
                latest.is_none_or(|entry| entry.start_offset <= end),
                "an epoch begins behind the end"
            );
        }
    }

    pub(super) fn publish_end(&self, offset: Offset, appended: u64) {
        let segment = &self.active.segment;
        let end = End { offset, segment: segment.base_offset(), position: segment.size() };
        self.view.set_end(end, appended);
    }

    /// Brings the active segment's files into the form that they have at rest.
    pub(super) fn seal(&mut self) -> Result<(), Error> {
        let segment = &self.active.segment;
        if self.active.allocated > segment.size() {
            segment.cut(segment.size(), self.recovery_point() >= self.log_end_offset())?;
            self.active.allocated = 0;
        }
        segment.store_indexes()
    }

    /// Writes down the producers as they are at `offset`, unless that has been done.
    pub(super) fn take_snapshot(&mut self, offset: Offset) -> Result<(), Error> {
        if self.snapshots.last().is_some_and(|last| *last >= offset) {
            return Ok(());
        }
        let bytes = snapshot::encode(self.producers.active());
        let path = self.dir().join(names::file(offset, names::SNAPSHOT));
        self.place.files.create(&path)?.write_at(&bytes, 0)?;
        self.snapshots.insert(offset);
        self.unsynced.snapshot_taken(offset);
        self.unsynced.names_changed();
        Ok(())
    }

    /// Lets go of every file and of the indexes' memory, without writing anything: what a killed process would leave.
    pub fn abandon(self) {
        self.view.segments().iter().for_each(|segment| segment.close_file());
    }

    /// Renames the directory to what marks it for removal, and gives the new path. Nobody opens it as a log after
    /// that.
    pub fn rename_for_delete(&mut self, unique: Uuid) -> Result<PathBuf, Error> {
        self.rename_dir(&names::deleted(&self.topic_partition, unique))
    }

    /// Renames the directory, within the same log directory.
    pub fn rename_dir(&mut self, name: &str) -> Result<PathBuf, Error> {
        let dir = self.dir();
        let target = dir.with_file_name(name);
        self.place.files.rename(&dir, &target).map_err(Error::io(dir.display()))?;
        // Segments open under the new path from here on, and files that wait for their removal have moved along.
        self.place.set_dir(target.clone());
        self.deletions.iter_mut().flat_map(|deletion| &mut deletion.paths).for_each(|path| {
            if let Some(name) = path.file_name() {
                *path = target.join(name);
            }
        });
        Ok(target)
    }

    /// Takes segments out of use: their files are renamed now and removed after a while.
    pub(super) fn give_up(&mut self, segments: &[Arc<Segment>], now: Millis) -> Result<(), Error> {
        let mut paths = Vec::new();
        let dir = self.dir();
        for segment in segments {
            paths.extend(segment.mark_deleted()?);
            if self.snapshots.remove(&segment.base_offset()) {
                let name = names::file(segment.base_offset(), names::SNAPSHOT);
                let target = dir.join(format!("{name}{}", names::DELETED));
                self.place.files.rename(&dir.join(name), &target)?;
                paths.push(target);
            }
        }
        if !paths.is_empty() {
            self.deletions.push(Deletion {
                due: now.saturating_add(self.settings.file_delete_delay_ms),
                paths,
            });
        }
        Ok(())
    }
}
