//! What transactions wait for: the word of their coordinators, and the markers at their end.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::histogram::{self, Counts, Histogram};
use super::{Family, Sample};
use crate::types::Millis;

/// How far back the quantiles look at least, where there was a scrape so long ago, in ms.
const WINDOW_MS: Millis = 5 * 60_000;
/// The quantiles of Kafka's histograms.
const QUANTILES: [&str; 6] = ["0.5", "0.75", "0.95", "0.98", "0.99", "0.999"];

/// The times at which there was something to count from, an older and a newer one.
type Moments = [(Millis, Counts); 2];

/// The counts of all transactions together.
#[derive(Debug)]
pub struct TransactionMetrics {
    verifications: Histogram,
    failures: AtomicU64,
    moments: Mutex<Moments>,
    /// Transactions that wait for a marker which a partition did not take.
    retried: AtomicUsize,
    /// Transactions with a partition that nobody leads.
    without_leader: AtomicUsize,
    /// Transactions whose markers are being written.
    under_way: AtomicUsize,
    markers: AtomicU64,
}

impl Default for TransactionMetrics {
    fn default() -> Self {
        Self {
            verifications: Histogram::default(),
            failures: AtomicU64::new(0),
            moments: Mutex::new([(0, [0; 128]); 2]),
            retried: AtomicUsize::new(0),
            without_leader: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            markers: AtomicU64::new(0),
        }
    }
}

/// How many transactions of one delivery of markers wait, and for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// For their markers to be written.
    pub under_way: usize,
    /// For a marker that was not taken, and is sent again.
    pub retried: usize,
    /// For a partition that nobody leads.
    pub without_leader: usize,
}

impl TransactionMetrics {
    /// A coordinator was asked whether it knows of a partition, or to add it, and answered after so long.
    pub fn verified(&self, took_us: u64, agreed: bool) {
        self.verifications.record(took_us);
        self.failures.fetch_add(u64::from(!agreed), Ordering::Relaxed);
    }

    /// So many markers are in their partitions.
    pub fn marked(&self, markers: usize) {
        self.markers.fetch_add(markers as u64, Ordering::Relaxed);
    }

    /// What a delivery waits for has changed.
    pub fn wait_for(&self, before: Waiting, now: Waiting) {
        let change = |count: &AtomicUsize, before: usize, now: usize| {
            count.fetch_add(now, Ordering::Relaxed);
            count.fetch_sub(before, Ordering::Relaxed);
        };
        change(&self.under_way, before.under_way, now.under_way);
        change(&self.retried, before.retried, now.retried);
        change(&self.without_leader, before.without_leader, now.without_leader);
    }

    /// Quantiles over the last minutes: since the older of two moments, which are moved on at scrapes.
    fn quantiles(&self, counts: &Counts, now: Millis) -> Vec<Sample> {
        let mut moments = self.moments.lock();
        let lately = histogram::since(&moments[0].1, counts);
        if now.saturating_sub(moments[1].0) >= WINDOW_MS {
            moments.swap(0, 1);
            moments[1] = (now, *counts);
        }
        let sample = |quantile: &str| Sample {
            labels: vec![("quantile", quantile.to_owned())],
            value: histogram::quantile_ms(&lately, quantile.parse().unwrap_or(0.5)),
        };
        QUANTILES.into_iter().map(sample).collect()
    }

    pub(super) fn families(&self, now: Millis) -> Vec<Family> {
        let counts = self.verifications.counts();
        let verification = |name: &str| format!("kafka_server_addpartitionstotxnmanager_{name}");
        let channel = |name: &str| {
            format!("kafka_coordinator_transaction_transactionmarkerchannelmanager_{name}")
        };
        let waits = |name: String, help, count: &AtomicUsize| {
            Family::gauge(&name, help, count.load(Ordering::Relaxed) as f64)
        };
        vec![
            Family::counter(
                &verification("verificationfailurerate_count"),
                "Times that a coordinator did not agree to a transaction's partition.",
                self.failures.load(Ordering::Relaxed) as f64,
            ),
            Family::counter(
                &verification("verificationtimems_count"),
                "Times that a coordinator was asked about a transaction's partition.",
                histogram::count(&counts) as f64,
            ),
            Family::counter(
                &verification("verificationtimems_sum"),
                "How long coordinators took to answer that, in ms, all together.",
                self.verifications.sum_ms(),
            ),
            Family {
                name: verification("verificationtimems"),
                help: "How long coordinators took to answer that lately, in ms.",
                is_counter: false,
                samples: self.quantiles(&counts, now),
            },
            waits(
                channel("unknowndestinationqueuesize"),
                "Ended transactions with a partition that nobody leads.",
                &self.without_leader,
            ),
            waits(
                channel("logappendretryqueuesize"),
                "Ended transactions with a marker that is sent again.",
                &self.retried,
            ),
            waits(
                "vltava_transaction_markers_under_way".to_owned(),
                "Ended transactions whose markers are being written.",
                &self.under_way,
            ),
            Family::counter(
                "vltava_transaction_markers_written_total",
                "Markers that transactions of this coordinator have in their partitions.",
                self.markers.load(Ordering::Relaxed) as f64,
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifications_are_timed_and_waiting_transactions_counted_while_they_wait() {
        let metrics = TransactionMetrics::default();
        metrics.verified(2_000, true);
        metrics.verified(2_000, false);
        let (nothing, some) =
            (Waiting::default(), Waiting { under_way: 3, retried: 1, without_leader: 2 });
        metrics.wait_for(nothing, some);
        let value = |name: &str| {
            let families = metrics.families(0);
            let found = families.into_iter().find(|family| family.name.ends_with(name));
            found.and_then(|family| family.samples.first().map(|sample| sample.value))
        };
        assert_eq!(value("_verificationfailurerate_count"), Some(1.0));
        assert_eq!(value("_verificationtimems_count"), Some(2.0));
        assert_eq!(value("_verificationtimems_sum"), Some(4.0));
        assert!(value("_verificationtimems").is_some_and(|ms| (1.7..2.3).contains(&ms)));
        assert_eq!(value("_unknowndestinationqueuesize"), Some(2.0));
        assert_eq!(value("_logappendretryqueuesize"), Some(1.0));
        assert_eq!(value("_markers_under_way"), Some(3.0));
        metrics.wait_for(some, nothing);
        assert_eq!(value("_markers_under_way"), Some(0.0));
    }
}
