//! Which log is compacted next, how fast, and when one that could not be is tried again. Only the decisions.
//!
//! The state outlives the actor's lives, so that a successor neither takes a log that an earlier life's thread is still
//! at nor forgets which could not be compacted.

use std::collections::{HashMap, HashSet};

use crate::log::cleaner::Candidate;
use crate::types::{Millis, TopicIdPartition};

/// When a partition that could not be compacted is tried again, the first time; twice as long each time after.
const RETRY_MS: Millis = 60_000;
/// The longest that it waits.
const RETRY_MAX_MS: Millis = 60 * 60_000;
/// What may be read and written at once, in ms of the allowed rate.
const BURST_MS: f64 = 300.0;

/// A partition that could not be compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uncleanable {
    /// The log directory.
    pub(super) log_dir: usize,
    /// What there was to compact, in bytes.
    pub(super) bytes: u64,
    /// How often in a row.
    failures: u32,
    /// It is passed over until then.
    retry_at: Millis,
}

/// What is being compacted, and what cannot be.
#[derive(Debug, Default)]
pub(super) struct Registry {
    /// Taken, each by one thread; given back by a drop guard.
    running: HashSet<TopicIdPartition>,
    /// Kafka passes over such a partition until the next start; here it is tried again, ever more rarely.
    uncleanable: HashMap<TopicIdPartition, Uncleanable>,
}

impl Registry {
    /// Whether a partition may be looked at.
    pub(super) fn is_free(&self, id: &TopicIdPartition, now: Millis) -> bool {
        !self.running.contains(id)
            && self.uncleanable.get(id).is_none_or(|failed| failed.retry_at <= now)
    }

    /// How many are being compacted.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// Takes a partition for one that compacts it; false if another has it.
    pub(super) fn begin(&mut self, id: TopicIdPartition) -> bool {
        self.running.insert(id)
    }

    /// Whoever has taken a partition is done with it.
    pub(super) fn end(&mut self, id: &TopicIdPartition) {
        self.running.remove(id);
    }

    /// A partition was compacted.
    pub(super) fn succeeded(&mut self, id: &TopicIdPartition) {
        self.uncleanable.remove(id);
    }

    /// A partition could not be compacted; says in how many ms it is tried again.
    pub(super) fn failed(
        &mut self,
        id: TopicIdPartition,
        log_dir: usize,
        bytes: u64,
        now: Millis,
    ) -> Millis {
        let failures = self.uncleanable.get(&id).map_or(0, |before| before.failures + 1);
        let wait_ms = RETRY_MS.saturating_mul(1 << failures.min(16)).min(RETRY_MAX_MS);
        let retry_at = now.saturating_add(wait_ms);
        self.uncleanable.insert(id, Uncleanable { log_dir, bytes, failures, retry_at });
        wait_ms
    }

    /// Forgets partitions that are gone, and gives what cannot be compacted.
    pub(super) fn uncleanable(
        &mut self,
        is_here: impl Fn(&TopicIdPartition) -> bool,
    ) -> impl Iterator<Item = &Uncleanable> {
        self.uncleanable.retain(|id, _| is_here(id));
        self.uncleanable.values()
    }
}

/// Those that should be compacted, the dirtiest first.
pub(super) fn in_order<T>(mut found: Vec<(T, Candidate)>) -> Vec<(T, Candidate)> {
    found.sort_by(|one, other| other.1.ratio().total_cmp(&one.1.ratio()));
    found
}

/// Keeps all threads of the cleaner together to `log.cleaner.io.max.bytes.per.second`.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// When what was taken is paid for, in ms.
    paid_at: f64,
}

impl Throttle {
    /// Takes so many bytes at `now`, and says how many ms to wait after them.
    pub(super) fn take(&mut self, bytes: u64, rate: f64, now: Millis) -> Millis {
        if !(rate > 0.0 && rate < f64::MAX) {
            return 0;
        }
        let now = now as f64;
        // What was not used for longer than a burst is lost.
        self.paid_at = self.paid_at.max(now - BURST_MS) + bytes as f64 * 1_000.0 / rate;
        // A clock that was set back must not stop the cleaner for long.
        (self.paid_at - now).clamp(0.0, 10_000.0) as Millis
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Uuid;

    #[test]
    fn what_fails_is_tried_again_ever_more_seldom() {
        let mut registry = Registry::default();
        let id = TopicIdPartition { topic_id: Uuid::ONE, partition: 0 };
        assert!(registry.begin(id) && !registry.begin(id) && !registry.is_free(&id, 0));
        registry.end(&id);
        assert!(registry.is_free(&id, 0));
        let waits: Vec<_> = (0..8).map(|_| registry.failed(id, 0, 5, 0)).collect();
        assert_eq!(waits[..3], [60_000, 120_000, 240_000]);
        assert_eq!(waits[7], 3_600_000);
        assert!(!registry.is_free(&id, 3_599_999) && registry.is_free(&id, 3_600_000));
        assert_eq!(registry.uncleanable(|_| true).count(), 1);
        assert_eq!(registry.uncleanable(|_| false).count(), 0);
        assert!(registry.is_free(&id, 0));
    }

    #[test]
    fn the_rate_is_kept() {
        let mut throttle = Throttle::default();
        let (mut now, mut bytes) = (1_000_000, 0u64);
        while now < 1_010_000 {
            bytes += 64_000;
            now += throttle.take(64_000, 1_000_000.0, now).max(1);
        }
        assert!((9_900_000..10_500_000).contains(&bytes), "{bytes}");
        assert_eq!(Throttle::default().take(1 << 40, f64::MAX, 0), 0);
    }
}
