//! How fast copying may go: bytes that were copied are owed, and the rate pays them off. Never sleeps itself.

use crate::types::Millis;

/// One budget that all who copy share. What is owed is counted in bytes, so that a rate that is raised pays it off
/// sooner.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// Thousandths of bytes, which a rate in bytes a second pays off in whole numbers each millisecond.
    owed: i64,
    /// When that was owed.
    since: Millis,
}

impl Throttle {
    /// Takes note of `bytes` copied at `now`, where `rate` bytes a second are allowed.
    pub(super) fn spend(&mut self, bytes: usize, rate: i64, now: Millis) {
        if rate == i64::MAX {
            *self = Self::default();
            return;
        }
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.owed = self.owed(rate, now).saturating_add(bytes.saturating_mul(1_000));
        self.since = now;
    }

    /// How long to wait before the next bytes, in ms.
    pub(super) fn wait_ms(&self, rate: i64, now: Millis) -> Millis {
        if rate == i64::MAX { 0 } else { self.owed(rate, now) / rate.max(1) }
    }

    fn owed(&self, rate: i64, now: Millis) -> i64 {
        let paid = now.saturating_sub(self.since).max(0).saturating_mul(rate.max(1));
        self.owed.saturating_sub(paid).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_and_none_costs_nothing() {
        let mut throttle = Throttle::default();
        throttle.spend(1_000_000, i64::MAX, 0);
        assert_eq!(throttle.wait_ms(100, 0), 0);
        throttle.spend(1_000, 10_000, 5);
        assert_eq!(throttle.wait_ms(10_000, 5), 100);
        throttle.spend(1_000, 10_000, 55);
        assert_eq!((throttle.wait_ms(10_000, 55), throttle.wait_ms(i64::MAX, 55)), (150, 0));
        assert_eq!(throttle.wait_ms(10_000, 1_000), 0);
    }

    #[test]
    fn slow_rates_are_kept_too_and_a_raised_one_counts_at_once() {
        let mut throttle = Throttle::default();
        throttle.spend(1 << 20, 1_024, 0);
        assert_eq!(throttle.wait_ms(1_024, 0), 1_024_000);
        assert_eq!(throttle.wait_ms(1_024, 1_000_000), 24_000);
        assert_eq!(throttle.wait_ms(1 << 20, 0), 1_000);
    }
}
