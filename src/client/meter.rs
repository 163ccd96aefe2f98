//! What is counted of one thing: in all, and over the last half minute to minute, as Kafka's clients tell it.
//!
//! The moments are handed in. Two windows are kept, so that a rate never rests on less than one.

use std::time::{Duration, Instant};

/// How long a window is; Kafka's `metrics.sample.window.ms`.
const WINDOW: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug)]
struct Sample {
    start: Instant,
    count: u64,
    sum: f64,
    max: f64,
}

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    count: u64,
    total: f64,
    /// The window that is written to, and the one before it.
    samples: [Option<Sample>; 2],
}

impl Meter {
    /// Takes in a value.
    pub fn record(&mut self, now: Instant, value: f64) {
        self.count += 1;
        self.total += value;
        let [current, before] = &mut self.samples;
        if let Some(old) = current.take_if(|sample| now.duration_since(sample.start) >= WINDOW) {
            *before = Some(old);
        }
        let fresh = Sample { start: now, count: 0, sum: 0.0, max: f64::NEG_INFINITY };
        let sample = current.get_or_insert(fresh);
        sample.count += 1;
        sample.sum += value;
        sample.max = sample.max.max(value);
    }

    /// The sum of all values.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// How many values there were.
    pub fn count(&self) -> f64 {
        self.count as f64
    }

    fn fresh(&self, now: Instant) -> impl Iterator<Item = &Sample> {
        self.samples
            .iter()
            .flatten()
            .filter(move |sample| now.duration_since(sample.start) < 2 * WINDOW)
    }

    /// How long the windows cover, in seconds; where that is less than one of them, one more.
    fn seconds(&self, now: Instant) -> f64 {
        let starts = self.fresh(now).map(|sample| sample.start);
        let covered = starts.min().map_or(Duration::ZERO, |start| now.duration_since(start));
        let whole = if covered < WINDOW { covered + WINDOW } else { covered };
        whole.as_secs_f64()
    }

    fn sum(&self, now: Instant) -> f64 {
        // Of nothing the sum of an iterator is −0.
        self.fresh(now).fold(0.0, |sum, sample| sum + sample.sum)
    }

    fn occurrences(&self, now: Instant) -> u64 {
        self.fresh(now).map(|sample| sample.count).sum()
    }

    /// The sum of the values in a second, of late.
    pub fn rate(&self, now: Instant) -> f64 {
        self.sum(now) / self.seconds(now)
    }

    /// The number of values in a second, of late.
    pub fn count_rate(&self, now: Instant) -> f64 {
        self.occurrences(now) as f64 / self.seconds(now)
    }

    /// The average of late; no number where there was no value.
    pub fn average(&self, now: Instant) -> f64 {
        let count = self.occurrences(now);
        if count == 0 { f64::NAN } else { self.sum(now) / count as f64 }
    }

    /// The largest value of late; no number where there was no value.
    pub fn max(&self, now: Instant) -> f64 {
        self.fresh(now).map(|sample| sample.max).fold(f64::NAN, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_rests_on_a_window_at_least() {
        let (start, mut meter) = (Instant::now(), Meter::default());
        assert!(meter.average(start).is_nan() && meter.max(start).is_nan());
        assert!(meter.rate(start) == 0.0 && meter.rate(start).is_sign_positive());
        meter.record(start, 10.0);
        meter.record(start, 20.0);
        assert!((meter.rate(start) - 1.0).abs() < 1e-9);
        assert!((meter.count_rate(start) - 2.0 / 30.0).abs() < 1e-9);
        assert!((meter.average(start) - 15.0).abs() < 1e-9 && meter.max(start) >= 20.0);
    }

    #[test]
    fn what_is_old_counts_in_all_only() {
        let (start, mut meter) = (Instant::now(), Meter::default());
        meter.record(start, 8.0);
        let later = start + WINDOW;
        meter.record(later, 2.0);
        assert!((meter.rate(later) - 10.0 / 30.0).abs() < 1e-9);
        let late = later + WINDOW;
        assert!((meter.average(late) - 2.0).abs() < 1e-9);
        assert!((meter.total() - 10.0).abs() < 1e-9 && (meter.count() - 2.0).abs() < 1e-9);
    }
}
