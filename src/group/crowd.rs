//! How many members of consumer groups a node has, over all of its shards. How often those of them come who have
//! nothing to do is measured by that, for it is the node that has to answer them all. Never decides anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::types::Millis;

/// How old a count may be, in milliseconds.
const RECOUNT_MS: Millis = 1_000;

/// One shard's part in the count.
#[derive(Debug, Default)]
pub struct Crowd {
    all: Arc<AtomicUsize>,
    mine: usize,
    counted_at: Option<Millis>,
}

impl Crowd {
    /// The part of another shard of the same node, which has nobody yet.
    pub fn neighbour(&self) -> Self {
        Self { all: self.all.clone(), ..Self::default() }
    }

    /// How many members the node has. This shard's own are counted anew by `count` where they have not been of late.
    pub(super) fn all(&mut self, now: Millis, count: impl FnOnce() -> usize) -> usize {
        let is_due = |at| !(at..at + RECOUNT_MS).contains(&now);
        if self.counted_at.is_none_or(is_due) {
            self.counted_at = Some(now);
            let mine = count();
            self.all.fetch_add(mine, Ordering::Relaxed);
            self.all.fetch_sub(self.mine, Ordering::Relaxed);
            self.mine = mine;
        }
        self.all.load(Ordering::Relaxed)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.all.fetch_sub(self.mine, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_together_and_leave_nothing_behind() {
        let mut one = Crowd::default();
        let mut other = one.neighbour();
        assert_eq!(one.all(0, || 3), 3);
        assert_eq!(other.all(0, || 4), 7);
        assert_eq!(one.all(999, || panic!("it is too early")), 7);
        assert_eq!(one.all(1_000, || 1), 5);
        drop(other);
        assert_eq!(one.all(1_001, || panic!("it is too early")), 1);
        assert_eq!(one.all(5, || 2), 2, "a clock that was set back");
    }
}
