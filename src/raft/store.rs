//! The files of the metadata log: its segments, its snapshots, `quorum-state`. Does what it is told; decides nothing
//! but what of the past may be deleted.
//!
//! ```text
//! __cluster_metadata-0/
//!   00000000000000000000.log, .index, …    the log, as any partition's
//!   00000000000000004711-0000000003.checkpoint   a snapshot: all below 4711, the last record of epoch 3
//!   quorum-state                           the election state
//!   partition.metadata                     the fixed topic id
//! ```
//!
//! `00000000000000000000-0000000000.checkpoint` is what formatting writes: the first records of a cluster, before there
//! is anybody to lead it. It stands for no part of the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Error;
use crate::log::cache::Cache;
use crate::log::files::{Durability, File, Files, remove_if_there, replace};
use crate::log::flush::FlushTask;
use crate::log::settings::LogSettings;
use crate::log::{Log, OpenOptions, names, partition_metadata};
use crate::metadata::loader::Loader;
use crate::metadata::snapshot::{self, SnapshotId};
use crate::metadata::{Image, Provenance};
use crate::raft::batch::{self, Decoded};
use crate::raft::control::{Control, voters_of};
use crate::raft::events::CommittedBatch;
use crate::raft::quorum_state::{self, ElectionState};
use crate::raft::shape::{OffsetAndEpoch, Shape};
use crate::raft::voters::VoterSet;
use crate::types::{METADATA_TOPIC, Millis, NONE, Offset, TopicPartition, Uuid};
use crate::wire::records::split;

/// How much is read from the log at once.
const READ_BYTES: usize = 1 << 20;
/// How long a deleted segment's file stays (`internal.metadata.delete.delay.millis`).
const DELETE_DELAY_MS: Millis = 60_000;

/// How the files are kept.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// `metadata.log.segment.bytes`.
    pub segment_bytes: u32,
    /// `metadata.log.segment.ms`.
    pub segment_ms: Millis,
    /// `metadata.max.retention.bytes`; negative for no bound.
    pub retention_bytes: i64,
    /// `metadata.max.retention.ms`; negative for no bound.
    pub retention_ms: Millis,
}

/// What was found on opening.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The election state.
    pub state: ElectionState,
    /// The outline of the log.
    pub shape: Shape,
    /// The voters, as log and snapshots have them; none if they are configuration.
    pub voters: Option<VoterSet>,
    /// Whether the voters are only in the snapshot of formatting.
    pub bootstrap: bool,
}

/// The files of the metadata log, in the hands of their one writer.
#[derive(Debug)]
pub struct Store {
    files: Arc<dyn Files>,
    dir: PathBuf,
    log: Log,
    settings: StoreSettings,
    /// Oldest first.
    snapshots: Vec<SnapshotId>,
    /// 0: voters are configuration; 1: they are in the log (KIP-853).
    kraft_version: i16,
}

const fn position(id: SnapshotId) -> OffsetAndEpoch {
    OffsetAndEpoch::new(id.offset, id.epoch)
}

/// The snapshot that a position names.
pub const fn snapshot_id(at: OffsetAndEpoch) -> SnapshotId {
    SnapshotId { offset: at.offset, epoch: at.epoch }
}

impl Store {
    /// Opens the metadata log in `log_dir` (`metadata.log.dir`), or begins one there.
    ///
    /// Errors: `Io`; `Corrupt` for an election state that cannot be read, or a log that lacks what no snapshot has.
    pub fn open(
        files: Arc<dyn Files>,
        log_dir: &Path,
        cache: Arc<Cache>,
        settings: StoreSettings,
        now: Millis,
    ) -> Result<(Self, Opened), Error> {
        let partition = TopicPartition::new(METADATA_TOPIC, 0);
        let dir = log_dir.join(names::partition(&partition));
        if files.list(&dir).is_err() {
            files.create_dir(&dir).map_err(Error::io(dir.display()))?;
            files.fsync_dir(log_dir).map_err(Error::io(log_dir.display()))?;
        }
        name_topic(&*files, &dir)?;
        let snapshots = snapshot::list(&*files, &dir)?;
        let latest = snapshots.last().copied();
        let log_settings = LogSettings {
            segment_bytes: settings.segment_bytes,
            segment_ms: settings.segment_ms,
            // Only what a snapshot covers may go, and that is decided here.
            retention_ms: -1,
            retention_bytes: -1,
            file_delete_delay_ms: DELETE_DELAY_MS,
            max_message_bytes: u32::MAX,
            ..LogSettings::default()
        };
        let options = OpenOptions {
            // What a snapshot covers was on the disk before it was made.
            recovery_point: latest.map_or(0, |id| id.offset),
            cache,
            now,
            ..OpenOptions::default()
        };
        let log = Log::open(files.clone(), &dir, partition, Arc::new(log_settings), &options)?;
        let mut store = Self { files, dir, log, settings, snapshots, kraft_version: 0 };
        // In a directory that is locked by this process, so nobody is writing one.
        store.remove_leftovers()?;
        // The process ended between the snapshot's rename and the new beginning of the log.
        if let Some(latest) = latest.filter(|latest| latest.offset > store.log.log_end_offset()) {
            store.restart_at(position(latest), now)?;
        }
        store.check_whole()?;
        let (voters, bootstrap) = store.find_voters()?;
        let state = store.read_state()?;
        let opened = Opened { state, shape: store.shape(), voters, bootstrap };
        Ok((store, opened))
    }

    /// The level of `kraft.version`.
    pub const fn kraft_version(&self) -> i16 {
        self.kraft_version
    }

    /// The level of `kraft.version` has changed.
    pub const fn set_kraft_version(&mut self, version: i16) {
        self.kraft_version = version;
    }

    /// How many bytes of the log no snapshot covers; about, since only whole segments are measured.
    pub fn uncovered_bytes(&self) -> u64 {
        let covered = self.snapshots.last().map_or(0, |latest| latest.offset);
        let segments = self.log.view().segments();
        let first =
            segments.partition_point(|segment| segment.base_offset() <= covered).saturating_sub(1);
        let at =
            segments.get(first).and_then(|segment| segment.locate(covered, segment.size()).ok()?);
        let before = at.map_or(0, |found| found.position);
        segments
            .iter()
            .skip(first)
            .map(|segment| segment.size())
            .sum::<u64>()
            .saturating_sub(before)
    }

    /// The log's writer.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file system.
    pub const fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// Halves of snapshots that were being written when the process ended, here or by Kafka.
    fn remove_leftovers(&self) -> Result<(), Error> {
        for entry in self.files.list(&self.dir)? {
            let name = &entry.name;
            let half = name.ends_with(".checkpoint.part") || name.ends_with(".checkpoint.tmp");
            if half || name.ends_with(".checkpoint.deleted") {
                remove_if_there(&*self.files, &self.dir.join(name))?;
            }
        }
        Ok(())
    }

    fn check_whole(&self) -> Result<(), Error> {
        let start = self.log.log_start_offset();
        let covered = self.snapshots.last().map_or(0, |latest| latest.offset);
        if start > covered {
            let dir = self.dir.display();
            let text = format!(
                "{dir}: the log begins at {start}, and the latest snapshot ends at {covered}"
            );
            return Err(Error::Corrupt(text));
        }
        Ok(())
    }

    fn shape(&self) -> Shape {
        let epochs = self.log.view().epochs();
        let epochs =
            epochs.entries().iter().map(|entry| (entry.epoch, entry.start_offset)).collect();
        let ends = self.snapshots.first().zip(self.snapshots.last());
        Shape {
            start: self.log.log_start_offset(),
            end: self.log.log_end_offset(),
            synced: self.log.recovery_point().min(self.log.log_end_offset()),
            epochs,
            snapshots: ends.map(|(oldest, latest)| (position(*oldest), position(*latest))),
        }
    }

    /// The latest voters of the log, else of the latest snapshot; and whether they are only in that of formatting.
    fn find_voters(&mut self) -> Result<(Option<VoterSet>, bool), Error> {
        let (mut voters, mut bootstrap) = (None, false);
        let mut from = self.log.log_start_offset();
        if let Some(&latest) = self.snapshots.last() {
            let contents = self.snapshot_contents(latest)?;
            self.kraft_version = contents.kraft_version;
            voters = contents.voters.map(voters_of);
            bootstrap = voters.is_some() && latest == SnapshotId::BOOTSTRAP;
            from = from.max(latest.offset);
        }
        self.visit_control(from, |store, control| match control {
            Control::KraftVersion(version) => store.kraft_version = version,
            Control::Voters(found) => (voters, bootstrap) = (Some(found), false),
            Control::Other => {}
        })?;
        Ok((voters.filter(|_| self.kraft_version > 0), bootstrap))
    }

    /// What a snapshot says beside its records, from its first batch.
    fn snapshot_contents(&self, id: SnapshotId) -> Result<snapshot::Contents, Error> {
        let bytes = snapshot::read(&*self.files, &self.dir, id)?;
        snapshot::decode(&bytes, |_| Ok(()))
    }

    fn visit_control(
        &mut self,
        mut from: Offset,
        mut each: impl FnMut(&mut Self, Control),
    ) -> Result<(), Error> {
        let end = self.log.log_end_offset();
        while from < end {
            let data = self.log.view().read(from, READ_BYTES, true, end)?;
            let bytes = data.to_vec()?;
            let control = split(&bytes).flatten().filter(|batch| batch.header().is_control());
            for batch in control.filter(|batch| batch.header().base_offset >= from) {
                for decoded in batch::decode(batch.bytes()) {
                    decoded?.control.into_iter().for_each(|control| each(self, control));
                }
            }
            if data.next_offset <= from {
                break;
            }
            from = data.next_offset;
        }
        Ok(())
    }

    fn read_state(&self) -> Result<ElectionState, Error> {
        let path = self.dir.join(quorum_state::FILE);
        match self.files.read(&path) {
            Ok(text) => ElectionState::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(ElectionState::default())
            }
            Err(error) => Err(Error::io(path.display())(error)),
        }
    }

    /// Makes the election state durable.
    pub fn write_state(&self, state: ElectionState, voters: &VoterSet) -> Result<(), Error> {
        let path = self.dir.join(quorum_state::FILE);
        let text = state.to_text(self.kraft_version, voters);
        replace(&*self.files, &path, text.as_bytes(), Durability::All)
            .map_err(Error::io(path.display()))
    }

    /// Appends whole batches that have their offsets and epochs.
    pub fn append(&mut self, batches: &Bytes, now: Millis) -> Result<(), Error> {
        self.log.append_as_follower(batches, NONE, now).map(drop)
    }

    /// What has to be synced for all of the log to be durable.
    pub fn prepare_flush(&mut self) -> Result<Option<FlushTask>, Error> {
        self.log.prepare_flush(self.log.log_end_offset())
    }

    /// A task has run.
    pub fn flushed(&mut self, task: &FlushTask, now: Millis) {
        self.log.flushed(task, now);
    }

    /// Syncs all of the log at once, here.
    pub fn flush(&mut self, now: Millis) -> Result<Offset, Error> {
        self.log.flush(self.log.log_end_offset(), now)?;
        Ok(self.log.log_end_offset())
    }

    /// Cuts the log.
    pub fn truncate(&mut self, to: Offset, now: Millis) -> Result<(), Error> {
        self.log.truncate_to(to, now).map(drop)
    }

    /// Drops the log, to begin anew behind a snapshot.
    pub fn restart_at(&mut self, snapshot: OffsetAndEpoch, now: Millis) -> Result<(), Error> {
        self.log.truncate_fully_and_start_at(snapshot.offset, None, now)?;
        self.snapshots = snapshot::list(&*self.files, &self.dir)?;
        Ok(())
    }

    /// Moves the high watermark that readers see.
    pub fn set_high_watermark(&mut self, offset: Offset) {
        self.log.set_high_watermark(offset);
    }

    /// Some of the batches from `from` on, up to `up_to`; none at the end.
    ///
    /// Errors: `Io`, `Corrupt`.
    pub fn read(&self, from: Offset, up_to: Offset) -> Result<Vec<Decoded>, Error> {
        let data = self.log.view().read(from, READ_BYTES, true, up_to)?;
        let bytes = data.to_vec()?;
        let mut batches = Vec::new();
        for decoded in batch::decode(&bytes) {
            let decoded = decoded?;
            if decoded.batch.last >= from {
                batches.push(decoded);
            }
        }
        Ok(batches)
    }

    /// The metadata as committed up to `high_watermark`: the latest snapshot before it, and the log since. If a
    /// transaction is open there, what was before it.
    ///
    /// Errors: `Io`, `Corrupt`.
    pub fn load(&self, high_watermark: Offset) -> Result<Image, Error> {
        let usable = self.snapshots.iter().rfind(|id| id.offset <= high_watermark);
        let mut loader = Loader::default();
        let mut from = 0;
        if let Some(&id) = usable.filter(|id| **id != SnapshotId::BOOTSTRAP) {
            let bytes = snapshot::read(&*self.files, &self.dir, id)?;
            loader = Loader::new(snapshot::image(&bytes, id)?.0);
            from = id.offset;
        }
        let mut end = None;
        while from < high_watermark {
            let batches = self.read(from, high_watermark)?;
            let Some(last) = batches.last().map(|last| last.batch.last) else { break };
            for decoded in &batches {
                replay(&mut loader, &decoded.batch)?;
                end = Some(provenance(&decoded.batch));
            }
            from = last + 1;
        }
        Ok(end
            .and_then(|end| loader.take(end))
            .map_or_else(|| loader.image().clone(), |(image, _)| image))
    }

    /// Takes note of a snapshot that was written into the directory.
    pub fn add_snapshot(&mut self, id: SnapshotId) {
        if let Err(at) = self.snapshots.binary_search(&id) {
            self.snapshots.insert(at, id);
        }
    }

    /// The snapshots, oldest first.
    pub fn snapshots(&self) -> &[SnapshotId] {
        &self.snapshots
    }

    /// Deletes the oldest snapshots, and the log that the next one covers, while there is too much or it is too old.
    /// The latest snapshot stays. The log's new start, and the oldest snapshot left, if anything went.
    ///
    /// Errors: `Io`.
    pub fn clean(&mut self, now: Millis) -> Result<Option<(Offset, OffsetAndEpoch)>, Error> {
        let mut changed = None;
        while let [oldest, next, ..] = self.snapshots[..] {
            if !self.is_excess(oldest, now)? {
                break;
            }
            // First the log, then the snapshot: in between there is a snapshot too many, which harms nobody.
            self.log.delete_records(next.offset)?;
            snapshot::remove(&*self.files, &self.dir, oldest)?;
            self.snapshots.remove(0);
            changed = Some((self.log.log_start_offset(), position(next)));
        }
        self.log.retention(now)?;
        Ok(changed)
    }

    fn is_excess(&self, oldest: SnapshotId, now: Millis) -> Result<bool, Error> {
        if let Ok(most) = u64::try_from(self.settings.retention_bytes) {
            let mut size = self.log.size();
            for id in &self.snapshots {
                size += self.files.len(&self.dir.join(id.file_name()))?;
            }
            if size > most {
                return Ok(true);
            }
        }
        if self.settings.retention_ms < 0 {
            return Ok(false);
        }
        let written = self.snapshot_contents(oldest)?.last_contained_log_timestamp;
        Ok(now - written > self.settings.retention_ms)
    }

    /// A file that a snapshot is fetched into, piece by piece.
    pub fn begin_snapshot(&self, id: SnapshotId) -> Result<Arc<dyn File>, Error> {
        let path = self.part(id);
        self.files.create(&path).map_err(Error::io(path.display()))
    }

    fn part(&self, id: SnapshotId) -> PathBuf {
        self.dir.join(format!("{}.part", id.file_name()))
    }

    /// All pieces are there: checks the snapshot, and begins the log anew behind it. Its voters, if it has any.
    ///
    /// Errors: `Corrupt` if it is not whole, `Io`.
    pub fn finish_snapshot(
        &mut self,
        id: SnapshotId,
        now: Millis,
    ) -> Result<Option<VoterSet>, Error> {
        let part = self.part(id);
        let bytes = self.files.read(&part).map_err(Error::io(part.display()))?;
        let contents = snapshot::decode(&bytes, |_| Ok(()))?;
        self.files.open(&part)?.fdatasync()?;
        self.files.rename(&part, &self.dir.join(id.file_name()))?;
        self.files.fsync_dir(&self.dir)?;
        self.restart_at(position(id), now)?;
        self.kraft_version = contents.kraft_version;
        Ok(contents.voters.map(voters_of))
    }

    /// Brings everything into the form that the next start is quick with.
    pub fn close(&mut self, now: Millis) -> Result<(), Error> {
        self.log.close(now)
    }
}

/// Says whose directory this is, unless it is said. Everybody knows it: what a loss of power left of it does not
/// matter.
fn name_topic(files: &dyn Files, dir: &Path) -> Result<(), Error> {
    if partition_metadata::read(files, dir).is_ok_and(|id| id == Some(Uuid::ONE)) {
        return Ok(());
    }
    remove_if_there(files, &dir.join(names::PARTITION_METADATA))
        .map_err(Error::io(dir.display()))?;
    partition_metadata::write(files, dir, Uuid::ONE)
}

/// Up to where an image reaches that holds `batch`.
pub const fn provenance(batch: &CommittedBatch) -> Provenance {
    Provenance { offset: batch.last, epoch: batch.epoch, timestamp: batch.timestamp }
}

/// Replays a batch's records.
///
/// Errors: `Corrupt` for a record that does not fit.
pub fn replay(loader: &mut Loader, batch: &CommittedBatch) -> Result<(), Error> {
    batch.records.iter().try_for_each(|record| loader.replay(record))
}
