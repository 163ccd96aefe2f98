//! What readers share: a partition's offsets, its segments, its epochs, and who waits for more.
//!
//! The log publishes here; everyone else reads, from any thread, without asking the log. Positions come before
//! offsets: whoever sees an offset finds the bytes below it.
//!
//! Order of the stores: segment sizes, then the list of segments, then the end, then the high watermark. A reader that
//! sees the later sees the earlier. Where two must change at once (an exchange by the cleaner, a log that is opened
//! anew) the lock on `ends` is held over both, and [`PartitionView::read`] takes its picture under it.

mod reading;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use parking_lot::{Mutex, RwLock};

pub use reading::{FetchData, RecordsSlice};

use crate::log::epochs::{EpochEntry, Epochs};
use crate::log::segment::Segment;
use crate::log::waiters::{Waiters, Watch};
use crate::types::{LeaderEpoch, NONE, Offset, TopicPartition};

/// Where the log ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::log) struct End {
    pub(in crate::log) offset: Offset,
    pub(in crate::log) segment: Offset,
    pub(in crate::log) position: u64,
}

/// How many of its latest ends a log remembers: readers at the end ask for the batches between two of them.
const ENDS_MAX: usize = 32;

/// Where the log ends, and where it has ended lately: there a batch begins, and nobody need look for it.
#[derive(Debug, Default)]
struct Ends {
    now: End,
    /// Oldest first. No memory while nothing is appended: most partitions of a node rest.
    before: VecDeque<End>,
}

impl Ends {
    fn advance(&mut self, end: End) {
        if end.offset < self.now.offset {
            self.before.clear();
        } else if end != self.now {
            if self.before.len() == ENDS_MAX {
                self.before.pop_front();
            }
            self.before.push_back(self.now);
        }
        self.now = end;
    }

    /// Where the first batch that ends at `offset` or behind begins, if it is remembered. Of two places, the later.
    fn find(&self, offset: Offset) -> Option<End> {
        if offset == self.now.offset {
            return Some(self.now);
        }
        let latest_first = self.before.iter().rev();
        latest_first
            .copied()
            .take_while(|end| end.offset >= offset)
            .find(|end| end.offset == offset)
    }
}

/// What has to be written down so that the next start need not look: see [`PartitionView::offsets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOffsets {
    /// Up to where the log is known to be on the disk.
    pub recovery_point: Offset,
    /// Where the log starts, unless at 0. Kafka leaves it out where the first segment says the same; but a power loss
    /// may bring segments back that were deleted.
    pub log_start_offset: Option<Offset>,
    /// The high watermark.
    pub high_watermark: Offset,
}

/// One partition as readers see it.
#[derive(Debug)]
pub struct PartitionView {
    topic_partition: TopicPartition,
    log_start_offset: AtomicI64,
    high_watermark: AtomicI64,
    /// The first offset that is not stable; `i64::MAX` if all are.
    first_unstable_offset: AtomicI64,
    log_end_offset: AtomicI64,
    recovery_point: AtomicI64,
    /// What is below was found on the disk.
    cold_end: AtomicI64,
    leader_epoch: AtomicI32,
    leader: AtomicBool,
    offline: AtomicBool,
    bytes: AtomicU64,
    producers: AtomicUsize,
    ends: Mutex<Ends>,
    segments: ArcSwap<Vec<Arc<Segment>>>,
    epochs: RwLock<Epochs>,
    waiters: Arc<Waiters>,
}

impl PartitionView {
    /// A view of a log that is not open yet: it starts and ends at 0, and nobody leads it.
    pub fn new(topic_partition: TopicPartition) -> Arc<Self> {
        Arc::new(Self {
            topic_partition,
            log_start_offset: AtomicI64::new(0),
            high_watermark: AtomicI64::new(0),
            first_unstable_offset: AtomicI64::new(Offset::MAX),
            log_end_offset: AtomicI64::new(0),
            recovery_point: AtomicI64::new(0),
            cold_end: AtomicI64::new(0),
            leader_epoch: AtomicI32::new(NONE),
            leader: AtomicBool::new(false),
            offline: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
            producers: AtomicUsize::new(0),
            ends: Mutex::default(),
            segments: ArcSwap::default(),
            epochs: RwLock::default(),
            waiters: Arc::default(),
        })
    }

    /// Which partition this is.
    pub const fn topic_partition(&self) -> &TopicPartition {
        &self.topic_partition
    }

    /// The first offset that may be read.
    pub fn log_start_offset(&self) -> Offset {
        self.log_start_offset.load(Ordering::SeqCst)
    }

    /// The offset behind the last committed record.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark.load(Ordering::SeqCst)
    }

    /// The offset behind the last record that is committed and in no open transaction.
    pub fn last_stable_offset(&self) -> Offset {
        self.first_unstable_offset.load(Ordering::SeqCst).min(self.high_watermark())
    }

    /// The offset behind the last record.
    pub fn log_end_offset(&self) -> Offset {
        self.log_end_offset.load(Ordering::SeqCst)
    }

    /// Up to where the log is known to be on the disk.
    pub fn recovery_point(&self) -> Offset {
        self.recovery_point.load(Ordering::SeqCst)
    }

    pub(in crate::log) fn set_recovery_point(&self, offset: Offset) {
        self.recovery_point.store(offset, Ordering::SeqCst);
    }

    /// Whether there are closed segments that are not known to be on the disk.
    pub fn has_unsynced_segments(&self) -> bool {
        let segments = self.segments.load();
        segments.last().is_some_and(|active| active.base_offset() > self.recovery_point())
    }

    /// What belongs into the checkpoint files.
    pub fn offsets(&self) -> LogOffsets {
        LogOffsets {
            recovery_point: self.recovery_point(),
            log_start_offset: Some(self.log_start_offset()).filter(|start| *start > 0),
            high_watermark: self.high_watermark(),
        }
    }

    /// The offset that a watcher watches.
    pub fn offset(&self, watch: Watch) -> Offset {
        match watch {
            Watch::LogEnd => self.log_end_offset(),
            Watch::HighWatermark => self.high_watermark(),
            Watch::LastStable => self.last_stable_offset(),
        }
    }

    /// The leader's epoch as the metadata has it; −1 before it says.
    pub fn leader_epoch(&self) -> LeaderEpoch {
        self.leader_epoch.load(Ordering::SeqCst)
    }

    /// Whether this node leads the partition.
    pub fn is_leader(&self) -> bool {
        self.leader.load(Ordering::SeqCst)
    }

    /// Whether the log directory has failed.
    pub fn is_offline(&self) -> bool {
        self.offline.load(Ordering::SeqCst)
    }

    /// Bytes of records appended since the log was opened: tells waiters how much has come.
    pub fn appended_bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many producers are known.
    pub fn producers(&self) -> usize {
        self.producers.load(Ordering::Relaxed)
    }

    pub(in crate::log) fn set_producers(&self, producers: usize) {
        self.producers.store(producers, Ordering::Relaxed);
    }

    /// Who waits.
    pub const fn waiters(&self) -> &Arc<Waiters> {
        &self.waiters
    }

    /// The segments, oldest first.
    pub fn segments(&self) -> Arc<Vec<Arc<Segment>>> {
        self.segments.load_full()
    }

    /// Bytes of records on the disk.
    pub fn size(&self) -> u64 {
        self.segments.load().iter().map(|segment| segment.size()).sum()
    }

    /// Says who leads, and wakes all waiters if that has changed. For the partition's owner.
    pub fn set_leader(&self, leader: bool, epoch: LeaderEpoch) {
        let before = self.leader_epoch.swap(epoch, Ordering::SeqCst);
        if self.leader.swap(leader, Ordering::SeqCst) != leader || before != epoch {
            self.waiters.wake_all();
        }
    }

    /// Says whether the log directory has failed, and wakes all waiters if it has. For the partition's owner.
    pub fn set_offline(&self, offline: bool) {
        self.offline.store(offline, Ordering::SeqCst);
        if offline {
            self.waiters.wake_all();
        }
    }

    /// Moves the high watermark and wakes whom that concerns. For the partition's owner, who asks its log
    /// (`Log::set_high_watermark`), which knows of transactions.
    pub fn set_high_watermark(&self, offset: Offset) {
        let stable = self.last_stable_offset();
        self.high_watermark.store(offset, Ordering::SeqCst);
        self.waiters.moved(Watch::HighWatermark, offset);
        self.stable_moved(stable);
    }

    pub(in crate::log) fn set_first_unstable_offset(&self, offset: Option<Offset>) {
        let stable = self.last_stable_offset();
        self.first_unstable_offset.store(offset.unwrap_or(Offset::MAX), Ordering::SeqCst);
        self.stable_moved(stable);
    }

    /// Lets `change` move offsets and tell of them, and wakes only then who waits for them.
    pub(in crate::log) fn waking_last(&self, change: impl FnOnce()) {
        /// Whatever becomes of the change, waiters do not stay asleep.
        struct Held<'a>(&'a PartitionView);
        impl Drop for Held<'_> {
            fn drop(&mut self) {
                let (view, waiters) = (self.0, &self.0.waiters);
                waiters.release();
                waiters.moved(Watch::LogEnd, view.log_end_offset());
                waiters.moved(Watch::HighWatermark, view.high_watermark());
                waiters.moved(Watch::LastStable, view.last_stable_offset());
            }
        }
        self.waiters.hold();
        let _held = Held(self);
        change();
    }

    fn stable_moved(&self, before: Offset) {
        let now = self.last_stable_offset();
        if now > before {
            self.waiters.moved(Watch::LastStable, now);
        }
    }

    pub(in crate::log) fn set_log_start_offset(&self, offset: Offset) {
        self.log_start_offset.store(offset, Ordering::SeqCst);
    }

    pub(in crate::log) fn set_end(&self, end: End, appended: u64) {
        self.ends.lock().advance(end);
        self.bytes.fetch_add(appended, Ordering::Relaxed);
        self.log_end_offset.store(end.offset, Ordering::SeqCst);
        self.waiters.moved(Watch::LogEnd, end.offset);
    }

    /// Takes on the files of a log that was just opened: where batches lie in others is forgotten with them.
    pub(in crate::log) fn begin(&self, segments: Vec<Arc<Segment>>, end: End) {
        let mut ends = self.ends.lock();
        *ends = Ends { now: end, ..Ends::default() };
        self.segments.store(Arc::new(segments));
        self.log_end_offset.store(end.offset, Ordering::SeqCst);
        drop(ends);
        self.waiters.moved(Watch::LogEnd, end.offset);
    }

    pub(in crate::log) fn set_segments(&self, segments: Vec<Arc<Segment>>) {
        self.segments.store(Arc::new(segments));
    }

    /// Publishes a list in which the cleaner has exchanged segments. What is remembered of places in the old ones is
    /// forgotten in the same step.
    pub(in crate::log) fn replace_segments(&self, segments: Vec<Arc<Segment>>) {
        let mut ends = self.ends.lock();
        ends.before.clear();
        self.segments.store(Arc::new(segments));
    }

    pub(in crate::log) fn change_epochs<R>(&self, change: impl FnOnce(&mut Epochs) -> R) -> R {
        change(&mut self.epochs.write())
    }

    /// The leader epochs of the log's records.
    pub fn epochs(&self) -> Epochs {
        self.epochs.read().clone()
    }

    /// The newest leader epoch: of the log's records, or of the leader that has not written yet.
    pub fn latest_epoch(&self) -> Option<EpochEntry> {
        self.unwritten_epoch().or_else(|| self.epochs.read().latest())
    }

    /// The epoch of a leader that has not written yet: it begins at the end, though no file says so.
    fn unwritten_epoch(&self) -> Option<EpochEntry> {
        let epoch = self.leader_epoch();
        let is_new =
            self.is_leader() && self.epochs.read().latest().is_none_or(|known| known.epoch < epoch);
        is_new.then(|| EpochEntry { epoch, start_offset: self.log_end_offset() })
    }

    /// The oldest leader epoch that the log has.
    pub fn earliest_epoch(&self) -> Option<EpochEntry> {
        self.epochs.read().earliest()
    }

    /// Who led when the record at `offset` was written.
    pub fn epoch_for_offset(&self, offset: Offset) -> Option<LeaderEpoch> {
        match self.unwritten_epoch() {
            Some(unwritten) if offset >= unwritten.start_offset => Some(unwritten.epoch),
            _ => self.epochs.read().epoch_for_offset(offset),
        }
    }

    /// Where `epoch` ends: the largest known epoch not above it, and the first offset that is not of that any more.
    pub fn end_offset_for_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        match self.unwritten_epoch() {
            Some(unwritten) if epoch == unwritten.epoch => Some((epoch, unwritten.start_offset)),
            _ => self.epochs.read().end_offset_for(epoch, self.log_end_offset()),
        }
    }

    /// Whether what a read at `offset` finds first is checked before: that reads a file, and wants a thread that may
    /// wait for the disk.
    pub fn is_cold(&self, offset: Offset) -> bool {
        if offset >= self.cold_end.load(Ordering::Relaxed) {
            return false;
        }
        let segments = self.segments.load();
        let at = segments.partition_point(|segment| segment.base_offset() <= offset);
        segments.get(at.saturating_sub(1)).is_some_and(|segment| segment.verified().is_cold())
    }

    /// Says that what is below `offset` was found on the disk, not appended.
    pub(in crate::log) fn set_cold_end(&self, offset: Offset) {
        self.cold_end.store(offset, Ordering::Relaxed);
    }
}
