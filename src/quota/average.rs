//! The mean of what was recorded in the last minute, for the metrics of throttle times.

use crate::types::Millis;

const WINDOW_MS: Millis = 30_000;

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    began: Millis,
    sum: f64,
    count: u32,
}

/// Two windows of half a minute.
#[derive(Debug, Default)]
pub(super) struct Average {
    older: Window,
    newer: Window,
}

impl Average {
    pub(super) fn record(&mut self, value: f64, now: Millis) {
        if now - self.newer.began >= WINDOW_MS {
            self.older = self.newer;
            self.newer = Window { began: now, ..Window::default() };
        }
        self.newer.sum += value;
        self.newer.count += 1;
    }

    /// 0 where nothing was recorded.
    pub(super) fn measure(&self, now: Millis) -> f64 {
        let recent = [self.older, self.newer];
        let recent = recent.iter().filter(|window| now - window.began < 2 * WINDOW_MS);
        let (sum, count) =
            recent.fold((0.0, 0), |(sum, count), window| (sum + window.sum, count + window.count));
        if count == 0 { 0.0 } else { sum / f64::from(count) }
    }
}
