//! How many logs are opened at a time: `num.recovery.threads.per.data.dir` in each log directory. More would stand in
//! each other's way in the directory that they share, and take a thread each. Never says which log comes first.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Turns to open a log.
#[derive(Debug)]
pub(super) struct Opening {
    dirs: Vec<Arc<Semaphore>>,
    /// Turns in each directory.
    each: Mutex<usize>,
    /// Whose turn it is to be made, of all partitions that nobody has asked for yet.
    making: Semaphore,
}

impl Opening {
    /// `each` turns, at least one, in every one of so many directories.
    pub(super) fn new(dirs: usize, each: usize) -> Arc<Self> {
        let each = each.max(1);
        let dirs = (0..dirs).map(|_| Arc::new(Semaphore::new(each))).collect();
        Arc::new(Self { dirs, each: Mutex::new(each), making: Semaphore::new(1) })
    }

    /// Waits for a turn in a directory, which lasts until it is dropped; none where there is no such directory.
    pub(super) async fn turn(&self, log_dir: usize) -> Option<OwnedSemaphorePermit> {
        // It is never closed, which would be the only error.
        self.dirs.get(log_dir)?.clone().acquire_owned().await.ok()
    }

    /// Waits until a partition may be made that nobody has asked for yet: one at a time, so that those that somebody
    /// asks for find a turn.
    pub(super) async fn making_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.making.acquire().await.ok()
    }

    /// Another number of turns. Of fewer, those that are taken now are gone once they have ended.
    pub(super) fn set(&self, each: usize) {
        let each = each.max(1);
        let before = std::mem::replace(&mut *self.each.lock(), each);
        for dir in &self.dirs {
            dir.add_permits(each.saturating_sub(before));
            for _ in each..before {
                let dir = dir.clone();
                tokio::spawn(async move {
                    if let Ok(turn) = dir.acquire_owned().await {
                        turn.forget();
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_are_as_many_as_the_configuration_says() {
        let opening = Opening::new(2, 2);
        let taken = (opening.turn(0).await, opening.turn(0).await);
        assert_eq!(opening.dirs[0].available_permits(), 0);
        let other = opening.turn(1).await;
        opening.set(3);
        let third = opening.turn(0).await;
        assert!(third.is_some() && other.is_some() && opening.turn(2).await.is_none());
        opening.set(1);
        drop((taken, third, other));
        while opening.dirs.iter().any(|dir| dir.available_permits() != 1) {
            tokio::task::yield_now().await;
        }
        assert!(opening.turn(0).await.is_some());
    }
}
