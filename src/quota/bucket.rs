//! A bucket of tokens that fills at a quota's rate: what is taken beyond it is owed.
//!
//! Kafka holds clients to sums over sliding windows, which lets them burst, and then starves them until the burst is
//! out of the windows, again and again. A bucket lets through what the quota says, from the first second on.
//!
//! ```text
//!  full ┤‾‾‾‾‾‾‾\                      /‾‾   what one window brings: a burst of that size costs nothing
//!       │        \        silent     /
//!     0 ┼─────────\────────────────/──────
//!       │          \____________ /           owed: paid by the time that passes, `debt / limit` seconds
//!       └────────────────────────────────► time
//! ```

use crate::types::Millis;

/// How fast a bucket fills, and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill {
    /// Tokens a second.
    pub(super) limit: f64,
    /// The most tokens.
    pub(super) full: f64,
    /// The most that can be owed.
    pub(super) debt: f64,
}

impl Fill {
    /// A bucket that holds what comes in `full_ms`.
    pub(super) fn new(limit: f64, full_ms: Millis) -> Self {
        Self { limit, full: limit * full_ms as f64 / 1_000.0, debt: f64::INFINITY }
    }

    /// How long it takes until `tokens` have come, in ms.
    pub(super) fn time(&self, tokens: f64) -> Millis {
        (tokens / self.limit * 1_000.0).round() as Millis
    }
}

/// The tokens left; none before the first look, when the bucket is full.
#[derive(Debug, Default)]
pub(super) struct Bucket(Option<(Millis, f64)>);

impl Bucket {
    /// The tokens at `now`, below 0 where some are owed.
    pub(super) fn tokens(&mut self, fill: Fill, now: Millis) -> f64 {
        let tokens = match self.0 {
            None => fill.full,
            Some((then, tokens)) => {
                (tokens + fill.limit * (now - then).max(0) as f64 / 1_000.0).min(fill.full)
            }
        };
        self.0 = Some((now, tokens));
        tokens
    }

    /// Takes tokens, be they there or not: what is left.
    pub(super) fn take(&mut self, count: f64, fill: Fill, now: Millis) -> f64 {
        let left = (self.tokens(fill, now) - count).max(-fill.debt);
        self.0 = Some((now, left));
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_waited_for() {
        let (fill, mut bucket) = (Fill::new(10.0, 1_000), Bucket::default());
        assert_eq!(bucket.take(10.0, fill, 5_000), 0.0);
        assert_eq!(bucket.take(20.0, fill, 5_000), -20.0);
        assert_eq!(fill.time(20.0), 2_000);
        assert_eq!(bucket.tokens(fill, 7_000), 0.0);
        assert_eq!(bucket.tokens(fill, 60_000), 10.0);
        let little = Fill { debt: 5.0, ..fill };
        assert_eq!(bucket.take(1_000.0, little, 60_000), -5.0);
    }
}
