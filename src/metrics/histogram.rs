//! How long things took: counts in buckets that grow by a quarter, so that a measurement costs two atomic adds.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

/// Four to each doubling of microseconds, up to over an hour.
const BUCKETS: usize = 128;

/// Counts of durations.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: array::from_fn(|_| AtomicU64::new(0)), sum_us: AtomicU64::new(0) }
    }
}

/// The counts of one moment.
pub(super) type Counts = [u64; BUCKETS];

/// The bucket of `us`: its leading three bits.
fn bucket(us: u64) -> usize {
    if us < 4 {
        return us as usize;
    }
    let doublings = us.ilog2() as usize;
    let quarter = (us >> (doublings - 2)) as usize & 3;
    (doublings * 4 - 4 + quarter).min(BUCKETS - 1)
}

/// The middle of a bucket, in µs.
fn middle(bucket: usize) -> f64 {
    if bucket < 4 {
        return bucket as f64;
    }
    let (doublings, quarter) = (bucket / 4 + 1, bucket % 4);
    let width = (1u64 << (doublings - 2)) as f64;
    (4.5 + quarter as f64) * width
}

impl Histogram {
    pub(super) fn record(&self, us: u64) {
        self.buckets[bucket(us)].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        array::from_fn(|at| self.buckets[at].load(Ordering::Relaxed))
    }

    /// All durations together, in ms.
    pub(super) fn sum_ms(&self) -> f64 {
        self.sum_us.load(Ordering::Relaxed) as f64 / 1e3
    }
}

/// How many durations `counts` has.
pub(super) fn count(counts: &Counts) -> u64 {
    counts.iter().sum()
}

/// What came between two moments.
pub(super) fn since(before: &Counts, now: &Counts) -> Counts {
    array::from_fn(|at| now[at].saturating_sub(before[at]))
}

/// The duration that `quantile` of all are not above, in ms; 0 when there are none.
pub(super) fn quantile_ms(counts: &Counts, quantile: f64) -> f64 {
    let wanted = (count(counts) as f64 * quantile).ceil().max(1.0) as u64;
    let mut seen = 0;
    for (at, some) in counts.iter().enumerate() {
        seen += some;
        if seen >= wanted {
            return middle(at) / 1e3;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_an_eighth() {
        let histogram = Histogram::default();
        (1..=10_000u64).for_each(|ms| histogram.record(ms * 1_000));
        let counts = histogram.counts();
        assert_eq!(count(&counts), 10_000);
        for (quantile, ms) in [(0.5, 5_000.0), (0.99, 9_900.0), (0.01, 100.0)] {
            let told = quantile_ms(&counts, quantile);
            assert!((told - ms).abs() <= ms / 8.0, "{quantile}: {told}");
        }
        assert_eq!(quantile_ms(&since(&counts, &counts), 0.5), 0.0);
        let mut last = 0;
        for us in 0..100_000 {
            assert!(bucket(us) == last || bucket(us) == last + 1, "{us}");
            last = bucket(us);
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }
}
