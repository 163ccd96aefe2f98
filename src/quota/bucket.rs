//! A bucket of tokens that fills at a quota's rate (KIP-599): what is taken beyond it is owed.

use super::rate::Shape;
use crate::types::Millis;

/// The tokens left; none before the first look, when the bucket is full.
#[derive(Debug, Default)]
pub(super) struct Bucket(Option<(Millis, f64)>);

impl Bucket {
    /// The tokens at `now`, below 0 where some are owed.
    pub(super) fn tokens(&mut self, limit: f64, shape: Shape, now: Millis) -> f64 {
        let full = shape.num as f64 * shape.window_ms as f64 / 1_000.0 * limit;
        let tokens = match self.0 {
            None => full,
            Some((then, tokens)) => {
                (tokens + limit * (now - then).max(0) as f64 / 1_000.0).min(full)
            }
        };
        self.0 = Some((now, tokens));
        tokens
    }

    /// Takes tokens, be they there or not.
    pub(super) fn take(&mut self, count: f64, limit: f64, shape: Shape, now: Millis) {
        let tokens = self.tokens(limit, shape, now) - count;
        self.0 = Some((now, tokens));
    }
}
