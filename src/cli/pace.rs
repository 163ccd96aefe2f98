//! Holding a tool to so many records a second.

use std::time::{Duration, Instant};

/// See the module.
pub(super) struct Pace {
    start: Instant,
    per_second: f64,
}

impl Pace {
    /// A pace from now on; none holds back nothing.
    pub(super) fn new(per_second: Option<f64>) -> Self {
        Self { start: Instant::now(), per_second: per_second.unwrap_or(f64::INFINITY) }
    }

    /// When the record that follows `count` others may go; none is now.
    pub(super) fn next(&self, count: u64) -> Option<Instant> {
        if self.per_second.is_infinite() {
            return None;
        }
        let due = self.start + Duration::from_secs_f64(count as f64 / self.per_second);
        (due > Instant::now()).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_is_due_later() {
        assert_eq!(Pace::new(None).next(1_000_000), None);
        let slow = Pace::new(Some(0.01));
        assert!(slow.next(0).is_none() && slow.next(1).is_some());
    }
}
