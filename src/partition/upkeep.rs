//! When the work is due that keeps logs in order: retention, silent producers, syncs, checkpoints. Only the decision.
//!
//! Kafka's keys and their defaults: `log.retention.check.interval.ms` 5 min, `producer.id.expiration.check.interval.ms`
//! 10 min, `log.flush.scheduler.interval.ms` never, `log.flush.offset.checkpoint.interval.ms` and
//! `log.flush.start.offset.checkpoint.interval.ms` 1 min, `replica.high.watermark.checkpoint.interval.ms` 5 s.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::types::Millis;

/// How often closed segments are looked for that are not on the disk yet.
const SEALED_INTERVAL_MS: Millis = 5_000;

/// Work that is done at intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// Delete what is too old or too much.
    Retention,
    /// Forget producers that have been silent for long.
    Producers,
    /// Sync logs whose `flush.ms` has passed.
    Flush,
    /// Sync closed segments, so that no start need look at them.
    Sealed,
    /// Write down up to where logs are on the disk.
    RecoveryPoints,
    /// Write down where logs start.
    StartOffsets,
    /// Write down what is committed.
    HighWatermarks,
}

impl Task {
    const ALL: [Self; 7] = [
        Self::Retention,
        Self::Producers,
        Self::Flush,
        Self::Sealed,
        Self::RecoveryPoints,
        Self::StartOffsets,
        Self::HighWatermarks,
    ];

    /// How often, in ms.
    fn interval_ms(self, config: &Config) -> Millis {
        let interval_ms = match self {
            Self::Retention => config.log_retention_check_interval_ms(),
            Self::Producers => Millis::from(config.producer_id_expiration_check_interval_ms()),
            Self::Flush => config.log_flush_scheduler_interval_ms(),
            Self::Sealed => SEALED_INTERVAL_MS,
            Self::RecoveryPoints => Millis::from(config.log_flush_offset_checkpoint_interval_ms()),
            Self::StartOffsets => {
                Millis::from(config.log_flush_start_offset_checkpoint_interval_ms())
            }
            Self::HighWatermarks => config.replica_high_watermark_checkpoint_interval_ms(),
        };
        interval_ms.max(1)
    }

    /// When for the first time, counted from the start: as Kafka does, not while a node starts.
    fn first_ms(self, config: &Config) -> Millis {
        match self {
            Self::Producers | Self::Sealed | Self::HighWatermarks => self.interval_ms(config),
            _ => config.log_initial_task_delay_ms(),
        }
    }
}

/// What is due when.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Every task, and when next.
    due: BTreeMap<Task, Millis>,
}

impl Schedule {
    /// Begins at `now`.
    pub(super) fn new(config: &Config, now: Millis) -> Self {
        let first = |task: Task| (task, now.saturating_add(task.first_ms(config)));
        Self { due: Task::ALL.into_iter().map(first).collect() }
    }

    /// What is due at `now`. Each is due again an interval later, however late it was.
    pub(super) fn take(&mut self, config: &Config, now: Millis) -> Vec<Task> {
        let mut taken = Vec::new();
        for (task, due) in &mut self.due {
            if *due <= now {
                *due = now.saturating_add(task.interval_ms(config));
                taken.push(*task);
            }
        }
        taken
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Millis {
        self.due.values().copied().min().unwrap_or(Millis::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_at_its_interval_and_not_while_a_node_starts() {
        let config = Config::combined([("log.retention.check.interval.ms", "100000")]);
        let mut schedule = Schedule::new(&config, 0);
        let mut done: BTreeMap<Task, Vec<Millis>> = BTreeMap::new();
        let mut now = 0;
        while now <= 240_000 {
            let taken = schedule.take(&config, now);
            taken.into_iter().for_each(|task| done.entry(task).or_default().push(now));
            now = schedule.next();
        }
        assert_eq!(done[&Task::Retention], [30_000, 130_000, 230_000]);
        assert_eq!(done[&Task::RecoveryPoints], [30_000, 90_000, 150_000, 210_000]);
        assert_eq!(done[&Task::HighWatermarks].len(), 48);
        // The scheduler's interval has no end, unless it is set.
        assert_eq!(done[&Task::Flush], [30_000]);
        assert!(!done.contains_key(&Task::Producers));
        // A clock that leaps does not bring all the rounds that were missed.
        let late = schedule.take(&config, 10_000_000);
        assert_eq!(late.len(), 6);
        assert!(schedule.take(&config, 10_000_000).is_empty());
    }
}
