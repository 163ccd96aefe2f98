//! A rate over sliding windows, as Kafka measures it: sums of the last few windows over the time that they span.

use std::collections::VecDeque;

use crate::types::Millis;

/// How many windows there are, and how long each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) num: i64,
    pub(super) window_ms: Millis,
}

impl Shape {
    /// From a number of windows and the seconds of each.
    pub(super) fn new((num, seconds): (i32, i32)) -> Self {
        Self { num: i64::from(num.max(1)), window_ms: Millis::from(seconds.max(1)) * 1_000 }
    }
}

#[derive(Debug)]
struct Window {
    began: Millis,
    last: Millis,
    sum: f64,
}

/// What was recorded of late.
#[derive(Debug, Default)]
pub(super) struct Rate {
    windows: VecDeque<Window>,
}

impl Rate {
    /// Adds to the window of `now`.
    pub(super) fn record(&mut self, value: f64, shape: Shape, now: Millis) {
        match self.windows.back_mut() {
            Some(window) if now - window.began < shape.window_ms => {
                window.sum += value;
                window.last = now;
            }
            _ => self.windows.push_back(Window { began: now, last: now, sum: value }),
        }
        self.purge(shape, now);
    }

    /// By second.
    pub(super) fn measure(&mut self, shape: Shape, now: Millis) -> f64 {
        self.purge(shape, now);
        let sum: f64 = self.windows.iter().map(|window| window.sum).sum();
        sum * 1_000.0 / self.span_ms(shape, now) as f64
    }

    /// The time that the windows span. Less than all of them but one is never taken to have passed: what comes first
    /// would look like a great deal.
    pub(super) fn span_ms(&self, shape: Shape, now: Millis) -> Millis {
        let elapsed = self.windows.front().map_or(0, |oldest| now - oldest.began);
        let missing = (shape.num - 1 - elapsed / shape.window_ms).max(0);
        (elapsed + missing * shape.window_ms).max(1)
    }

    fn purge(&mut self, shape: Shape, now: Millis) {
        let age = shape.num * shape.window_ms;
        while self.windows.front().is_some_and(|oldest| now - oldest.last >= age) {
            self.windows.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { num: 11, window_ms: 1_000 };

    #[test]
    fn what_comes_first_is_spread_over_all_windows_but_one() {
        let mut rate = Rate::default();
        rate.record(1_000.0, SHAPE, 5_000);
        assert_eq!(rate.span_ms(SHAPE, 5_000), 10_000);
        assert!((rate.measure(SHAPE, 5_000) - 100.0).abs() < 1e-9);
        assert!((rate.measure(SHAPE, 5_500) - 1_000.0 / 10.5).abs() < 1e-9);
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let mut rate = Rate::default();
        for second in 0..100 {
            rate.record(7.0, SHAPE, second * 1_000);
            assert!(rate.windows.len() <= 12);
        }
        assert!((rate.measure(SHAPE, 99_999) - 7.0).abs() < 0.1, "{}", rate.measure(SHAPE, 99_999));
        assert_eq!(rate.measure(SHAPE, 111_000), 0.0);
    }
}
