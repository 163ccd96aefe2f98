//! How long records took, as Kafka's tool tells it.

use std::time::{Duration, Instant};

use crate::cli::say;

/// How many latencies are kept at most; of more records every so-many-th is.
const SAMPLES_MAX: u64 = 500_000;

/// Sums over a time.
#[derive(Default)]
struct Sums {
    count: u64,
    bytes: u64,
    latency_ms: u64,
    max_ms: u32,
}

impl Sums {
    fn add(&mut self, count: u64, bytes: u64, latency_ms: u32) {
        self.count += count;
        self.bytes += bytes;
        self.latency_ms += count * u64::from(latency_ms);
        self.max_ms = self.max_ms.max(latency_ms);
    }

    /// Records and megabytes a second, and the average latency.
    fn rates(&self, elapsed: Duration) -> (f64, f64, f64) {
        let seconds = elapsed.as_secs_f64().max(0.001);
        let megabytes = self.bytes as f64 / (1024.0 * 1024.0);
        let average = self.latency_ms as f64 / self.count.max(1) as f64;
        (self.count as f64 / seconds, megabytes / seconds, average)
    }
}

/// See the module.
pub(super) struct Stats {
    start: Instant,
    sampling: u64,
    seen: u64,
    samples: Vec<u32>,
    total: Sums,
    window: Sums,
    window_start: Instant,
    interval: Duration,
    steady: bool,
}

impl Stats {
    /// For `records` to come; a line each `interval`.
    pub(super) fn new(records: u64, interval: Duration, steady: bool) -> Self {
        let now = Instant::now();
        Self {
            start: now,
            sampling: records.div_ceil(SAMPLES_MAX).max(1),
            seen: 0,
            samples: Vec::with_capacity(usize::try_from(records.min(SAMPLES_MAX)).unwrap_or(0)),
            total: Sums::default(),
            window: Sums::default(),
            window_start: now,
            interval,
            steady,
        }
    }

    /// Takes in records of one batch that were sent together: as many, with their bytes, and how long they took.
    pub(super) fn add(&mut self, count: u64, bytes: u64, latency_ms: u32) {
        self.total.add(count, bytes, latency_ms);
        self.window.add(count, bytes, latency_ms);
        let before = self.seen.div_ceil(self.sampling);
        self.seen += count;
        let sampled = self.seen.div_ceil(self.sampling) - before;
        self.samples.extend((0..sampled).map(|_| latency_ms));
    }

    /// A line about the time since the last one, when it is time.
    pub(super) fn tell_in_time(&mut self) {
        let elapsed = self.window_start.elapsed();
        if elapsed < self.interval {
            return;
        }
        let window = std::mem::take(&mut self.window);
        self.window_start = Instant::now();
        let (records, megabytes, average) = window.rates(elapsed);
        let steady = self.name();
        say(&format!(
            "{}{steady} records sent, {records:.1} records/sec ({megabytes:.2} MB/sec), {average:.1} ms avg latency, \
             {:.1} ms max latency.\n",
            window.count,
            f64::from(window.max_ms)
        ));
    }

    fn name(&self) -> &'static str {
        if self.steady { " steady state" } else { "" }
    }

    /// The line about all of it.
    pub(super) fn tell_total(&mut self) {
        self.samples.sort_unstable();
        let at = |part: f64| {
            let index = (self.samples.len() as f64 * part) as usize;
            self.samples.get(index).copied().unwrap_or(0)
        };
        let (records, megabytes, average) = self.total.rates(self.start.elapsed());
        let steady = self.name();
        say(&format!(
            "{}{steady} records sent, {records:.6} records/sec ({megabytes:.2} MB/sec), {average:.2} ms avg latency, \
             {:.2} ms max latency, {} ms 50th, {} ms 95th, {} ms 99th, {} ms 99.9th.\n",
            self.total.count,
            f64::from(self.total.max_ms),
            at(0.5),
            at(0.95),
            at(0.99),
            at(0.999)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_so_many_th_is_kept() {
        let mut stats = Stats::new(2 * SAMPLES_MAX, Duration::MAX, false);
        stats.add(3, 300, 5);
        stats.add(1, 100, 7);
        assert_eq!(stats.samples, [5, 5]);
        assert_eq!((stats.total.count, stats.total.max_ms), (4, 7));
        let (_, _, average) = stats.total.rates(Duration::from_secs(1));
        assert!((average - 5.5).abs() < 1e-9);
    }
}
