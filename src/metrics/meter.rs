//! How often something happens: a count that only grows, and the rate of the last half minute or more, as Kafka's
//! `Meter` tells both.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::Family;
use crate::types::Millis;

/// How far back a rate looks at least, where there was a scrape so long ago, in ms.
const WINDOW_MS: Millis = 30_000;

/// A count, and what it was at two earlier scrapes.
#[derive(Debug, Default)]
pub struct Meter {
    count: AtomicU64,
    moments: Mutex<Option<[(Millis, u64); 2]>>,
}

impl Meter {
    /// It has happened so many times.
    pub fn add(&self, times: u64) {
        self.count.fetch_add(times, Ordering::Relaxed);
    }

    /// How often it has happened so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// How often a second since the older of two scrapes; 0 at the first.
    fn rate(&self, now: Millis) -> f64 {
        let count = self.count();
        let mut moments = self.moments.lock();
        let moments = moments.get_or_insert([(now, count); 2]);
        let (since, before) = moments[0];
        if now.saturating_sub(moments[1].0) >= WINDOW_MS {
            moments.swap(0, 1);
            moments[1] = (now, count);
        }
        let passed_ms = now.saturating_sub(since);
        if passed_ms > 0 { (count - before) as f64 * 1e3 / passed_ms as f64 } else { 0.0 }
    }

    /// The count and the rate under `name`, as Kafka's sensors have them.
    pub(super) fn families(&self, name: &str, help: &'static str, now: Millis) -> [Family; 2] {
        [
            Family::counter(&format!("{name}_count"), help, self.count() as f64),
            Family::gauge(&format!("{name}_rate"), help, self.rate(now)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_of_the_last_while_and_a_count_of_all_time() {
        let meter = Meter::default();
        meter.add(1_000);
        assert_eq!(meter.rate(0), 0.0);
        meter.add(100);
        assert_eq!(meter.rate(10_000), 10.0);
        assert_eq!(meter.rate(50_000), 2.0);
        // What was long ago counts no more.
        assert_eq!(
            (meter.rate(100_000), meter.rate(150_000), meter.rate(200_000)),
            (1.0, 0.0, 0.0)
        );
        assert_eq!(meter.count(), 1_100);
    }
}
