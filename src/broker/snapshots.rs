//! When a snapshot of the metadata is due: after so many bytes of log, or after so long. Only the decision.

use crate::types::Millis;

/// Counts towards the next snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotSchedule {
    /// `metadata.log.max.record.bytes.between.snapshots`.
    bytes_max: u64,
    /// `metadata.log.max.snapshot.interval.ms`; none when it is 0.
    interval_ms: Option<Millis>,
    /// Committed since the last one, in the log's bytes.
    bytes: u64,
    last: Millis,
}

impl SnapshotSchedule {
    /// A schedule that begins at `now`; the settings are those of the same names, 0 turns the interval off.
    pub fn new(bytes_max: i64, interval_ms: Millis, now: Millis) -> Self {
        let bytes_max = u64::try_from(bytes_max).unwrap_or(0).max(1);
        Self {
            bytes_max,
            interval_ms: (interval_ms > 0).then_some(interval_ms),
            bytes: 0,
            last: now,
        }
    }

    /// A state was loaded that `bytes` of log were read for, or are not covered by a snapshot.
    pub const fn loaded(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    /// So much was committed.
    pub const fn committed(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether a snapshot is due; begins counting anew if so.
    pub fn take(&mut self, now: Millis) -> bool {
        let waited = self.interval_ms.is_some_and(|interval| now - self.last >= interval);
        let due = self.bytes >= self.bytes_max || waited && self.bytes > 0;
        if due {
            (self.bytes, self.last) = (0, now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_or_time_make_a_snapshot_due() {
        let mut schedule = SnapshotSchedule::new(100, 1_000, 0);
        assert!(!schedule.take(5_000), "nothing new");
        schedule.committed(99);
        assert!(!schedule.take(999));
        schedule.committed(1);
        assert!(schedule.take(999) && !schedule.take(999));
        schedule.committed(1);
        assert!(!schedule.take(1_998) && schedule.take(1_999));
        let mut never_by_time = SnapshotSchedule::new(100, 0, 0);
        never_by_time.loaded(99);
        assert!(!never_by_time.take(Millis::MAX));
    }
}
