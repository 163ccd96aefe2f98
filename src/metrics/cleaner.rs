//! What the log cleaner is at: how much is dirty, how long it takes, what it cannot clean.

use parking_lot::Mutex;

use super::{Family, Sample};
use crate::types::Millis;

/// What one compaction did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cleaned {
    /// How long it took, in ms.
    pub took_ms: Millis,
    /// Bytes read, for the map of keys and to be written anew.
    pub read_bytes: u64,
    /// Bytes of segments that were read to be written anew.
    pub recopied_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// How full the map of keys was, as a share of 1.
    pub map_utilization: f64,
}

#[derive(Debug, Default)]
struct State {
    last: Cleaned,
    runs: u64,
    read_bytes: u64,
    written_bytes: u64,
    max_dirty_ratio: f64,
    max_delay_ms: Millis,
    last_look: Option<Millis>,
    uncleanable: Vec<(String, u64, u64)>,
}

/// The numbers of the cleaner.
#[derive(Debug, Default)]
pub struct CleanerMetrics(Mutex<State>);

impl CleanerMetrics {
    /// All logs were looked at: the dirtiest, and the longest delay of what should have been compacted.
    pub fn looked(&self, now: Millis, max_dirty_ratio: f64, max_delay_ms: Millis) {
        let mut state = self.0.lock();
        (state.last_look, state.max_dirty_ratio) = (Some(now), max_dirty_ratio);
        state.max_delay_ms = max_delay_ms;
    }

    /// A log was compacted.
    pub fn cleaned(&self, done: Cleaned) {
        let mut state = self.0.lock();
        state.last = done;
        state.runs += 1;
        state.read_bytes += done.read_bytes;
        state.written_bytes += done.written_bytes;
    }

    /// What cannot be compacted for now: by log directory, partitions and bytes.
    pub fn uncleanable(&self, by_dir: Vec<(String, u64, u64)>) {
        self.0.lock().uncleanable = by_dir;
    }

    pub(super) fn families(&self, now: Millis) -> Vec<Family> {
        let state = self.0.lock();
        let mut families = state.gauges(now);
        let counter = |name: &str, help, value: u64| {
            Family::counter(&format!("vltava_log_cleaner_{name}"), help, value as f64)
        };
        families.extend([
            counter("runs_total", "Compactions.", state.runs),
            counter("read_bytes_total", "Bytes that the cleaner has read.", state.read_bytes),
            counter("written_bytes_total", "Bytes that it has written.", state.written_bytes),
        ]);
        families.extend(state.of_dirs());
        families
    }
}

fn percent(share: f64) -> f64 {
    (share * 100.0).floor()
}

impl State {
    fn gauges(&self, now: Millis) -> Vec<Family> {
        let recopied = match self.last.recopied_bytes {
            0 => 0.0,
            bytes => percent(self.last.written_bytes as f64 / bytes as f64),
        };
        let since = self.last_look.map_or(0, |last| now.saturating_sub(last)) as f64;
        let secs = |ms: Millis| (ms / 1_000) as f64;
        let (dirty, fill) = (percent(self.max_dirty_ratio), percent(self.last.map_utilization));
        let told = [
            ("cleaner_recopy_percent", "What the last compaction kept.", recopied),
            ("max_clean_time_secs", "How long the last one took.", secs(self.last.took_ms)),
            ("max_buffer_utilization_percent", "How full its map of keys was.", fill),
            (
                "max_compaction_delay_secs",
                "What is overdue, for how long.",
                secs(self.max_delay_ms),
            ),
            ("deadthreadcount", "Threads that have died; they start again.", 0.0),
            ("max_dirty_percent", "The dirty share of the dirtiest log.", dirty),
        ];
        let gauge = |prefix: &str, name, help, value| {
            Family::gauge(&format!("kafka_log_{prefix}_{name}"), help, value)
        };
        let mut families: Vec<_> =
            told.map(|(name, help, value)| gauge("logcleaner", name, help, value)).into();
        let told = [
            ("max_dirty_percent", "The dirty share of the dirtiest log.", dirty),
            ("time_since_last_run_ms", "Since all logs were looked at last.", since),
        ];
        families
            .extend(told.map(|(name, help, value)| gauge("logcleanermanager", name, help, value)));
        families
    }

    fn of_dirs(&self) -> [Family; 2] {
        let of = |name: &str, help, value: fn(&(String, u64, u64)) -> u64| Family {
            name: format!("kafka_log_logcleanermanager_{name}"),
            help,
            is_counter: false,
            samples: self
                .uncleanable
                .iter()
                .map(|dir| Sample {
                    labels: vec![("logDirectory", dir.0.clone())],
                    value: value(dir) as f64,
                })
                .collect(),
        };
        [
            of("uncleanable_partitions_count", "Partitions to be tried again.", |dir| dir.1),
            of("uncleanable_bytes", "What there was to compact of them.", |dir| dir.2),
        ]
    }
}
