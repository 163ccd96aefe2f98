//! How fast copying may go: bytes that were copied push the moment from which the next may be. Never sleeps itself.

use crate::types::Millis;

/// Most that a slow rate may be behind, in ms: whoever raises the rate need not wait for what the old one asked.
const DEBT_MAX_MS: Millis = 60_000;

/// One budget that all who copy share.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// When all bytes so far are paid for.
    free_at: Millis,
}

impl Throttle {
    /// Takes note of `bytes` copied at `now`, where `rate` bytes a second are allowed.
    pub(super) fn spend(&mut self, bytes: usize, rate: i64, now: Millis) {
        if rate == i64::MAX || bytes == 0 {
            return;
        }
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let takes_ms = bytes.saturating_mul(1_000) / rate.max(1);
        self.free_at = self.free_at.max(now).saturating_add(takes_ms.min(DEBT_MAX_MS));
    }

    /// How long to wait before the next bytes, in ms.
    pub(super) fn wait_ms(&self, rate: i64, now: Millis) -> Millis {
        if rate == i64::MAX { 0 } else { self.free_at.saturating_sub(now).max(0) }
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
}
