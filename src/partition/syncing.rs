//! Where an append that must be synced waits for the disk: beside its thread, or on it. Pure; the times are passed in.
//!
//! A sync aside costs two changes of thread, which together take as long as a good disk does. A partition that is the
//! only one of its thread to sync, and has little to write, is better served where it is; but whoever else lives on
//! that thread waits along. So the disk must have been quick of late, and the first time that it is slow, or that two
//! partitions sync at once, syncs go aside again.

use std::time::{Duration, Instant};

use crate::types::TopicIdPartition;

/// The mean of the last syncs above which the disk is not waited for on a thread that serves.
const QUICK: Duration = Duration::from_micros(400);

/// How long another partition's sync speaks against one of this thread: those of ten partitions overlap aside.
const CROWDED: Duration = Duration::from_millis(20);

/// Bytes that are not waited for on a thread that serves: of more the disk's share is the larger.
const BYTES_MAX: usize = 64 * 1024;

/// What one thread's partitions have found their disks to be like.
#[derive(Debug)]
pub(super) struct Syncing {
    /// The mean time of a sync, the last ones counting most; unknown disks are slow.
    mean: Duration,
    /// Who synced last, and who before that was somebody else, when.
    last: Option<TopicIdPartition>,
    other_at: Option<Instant>,
}

impl Default for Syncing {
    fn default() -> Self {
        Self { mean: QUICK * 2, last: None, other_at: None }
    }
}

impl Syncing {
    /// Whether `partition` may sync so many bytes on its thread.
    pub(super) fn is_here(
        &mut self,
        partition: TopicIdPartition,
        bytes: usize,
        now: Instant,
    ) -> bool {
        if self.last.replace(partition).is_some_and(|last| last != partition) {
            self.other_at = Some(now);
        }
        let alone = self.other_at.is_none_or(|at| now.duration_since(at) > CROWDED);
        alone && bytes <= BYTES_MAX && self.mean < QUICK
    }

    /// A sync took so long, here or aside.
    pub(super) fn took(&mut self, time: Duration) {
        // One that was interrupted must not speak against the next hundred.
        self.mean = (self.mean * 7 + time.min(QUICK * 16)) / 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Uuid;

    fn partition(partition: i32) -> TopicIdPartition {
        TopicIdPartition { topic_id: Uuid::ONE, partition }
    }

    fn after(began: Instant, millis: u64) -> Instant {
        began + Duration::from_millis(millis)
    }

    #[test]
    fn the_disk_must_have_been_quick() {
        let began = Instant::now();
        let mut syncing = Syncing::default();
        assert!(!syncing.is_here(partition(0), 1000, after(began, 0)), "a disk that nobody knows");
        (0..16).for_each(|_| syncing.took(Duration::from_micros(200)));
        assert!(syncing.is_here(partition(0), 1000, after(began, 1)));
        syncing.took(Duration::from_millis(7));
        assert!(!syncing.is_here(partition(0), 1000, after(began, 2)), "one slow sync is enough");
        (0..16).for_each(|_| syncing.took(Duration::from_micros(200)));
        assert!(syncing.is_here(partition(0), 1000, after(began, 3)), "and is forgotten in time");
        syncing.took(Duration::from_secs(3600));
        (0..40).for_each(|_| syncing.took(Duration::from_micros(200)));
        assert!(syncing.is_here(partition(0), 1000, after(began, 4)), "however slow it was");
    }

    #[test]
    fn two_partitions_at_once_and_many_bytes_go_aside() {
        let began = Instant::now();
        let mut syncing = Syncing { mean: Duration::ZERO, ..Syncing::default() };
        assert!(syncing.is_here(partition(0), BYTES_MAX, after(began, 0)));
        assert!(!syncing.is_here(partition(0), BYTES_MAX + 1, after(began, 1)));
        assert!(!syncing.is_here(partition(1), 1, after(began, 2)), "another was here before it");
        assert!(!syncing.is_here(partition(1), 1, after(began, 20)));
        assert!(syncing.is_here(partition(1), 1, after(began, 23)), "the other has fallen silent");
    }
}
