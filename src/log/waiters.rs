//! Who waits for a partition to grow: long polls, followers, acknowledgements.
//!
//! A waiter first parks and then looks once more, so that nothing that happens in between is missed. Waking costs one
//! load while nobody waits. Timeouts are the waiter's own affair: it drops its guard.
//!
//! ```text
//! waiter                          writer
//! park: count += 1                offset := n
//! look: offset > beyond?          count > 0?  then wake whom it concerns
//! ```
//!
//! Both sides are sequentially consistent, so at least one sees the other: no wake-up is lost.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

use crate::types::Offset;

/// Which of a partition's offsets is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The log end offset: for followers.
    LogEnd,
    /// The high watermark: for acknowledgements, and consumers in `read_uncommitted`.
    HighWatermark,
    /// The last stable offset: for consumers in `read_committed`.
    LastStable,
}

/// What happens to a waiter whose offset is reached, or whose partition changes under it.
pub enum Wake {
    /// Its task is woken, once.
    Task(Waker),
    /// This is called with the offset that was reached. It is quick, and calls back into no log. True ends the
    /// waiting; false waits for the next move.
    Call(Box<dyn Fn(Offset) -> bool + Send + Sync>),
}

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Task(_) => "Task",
            Self::Call(_) => "Call",
        })
    }
}

impl Wake {
    fn wake(&self, offset: Offset) -> bool {
        match self {
            Self::Task(waker) => {
                waker.wake_by_ref();
                true
            }
            Self::Call(call) => call(offset),
        }
    }
}

#[derive(Debug)]
struct Parked {
    watch: Watch,
    /// It waits for an offset above this one.
    beyond: Offset,
    wake: Wake,
}

#[derive(Debug, Default)]
struct Slots {
    /// By slot, each with the ticket of its guard: a slot is used again, a ticket never, so that a guard which outlives
    /// its wait takes nobody else's.
    parked: Vec<Option<(u64, Parked)>>,
    /// Slots that are empty.
    free: Vec<usize>,
    next_ticket: u64,
}

/// The waiters of one partition.
#[derive(Debug, Default)]
pub struct Waiters {
    /// How many are parked: what a writer asks before it takes the lock.
    count: AtomicUsize,
    slots: Mutex<Slots>,
}

/// Keeps a waiter parked; dropping it gives up the wait.
#[derive(Debug)]
pub struct Guard {
    waiters: Arc<Waiters>,
    slot: usize,
    ticket: u64,
}

impl Guard {
    /// Whether it has not been woken yet.
    pub fn is_parked(&self) -> bool {
        self.waiters.slots.lock().holds(self)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut slots = self.waiters.slots.lock();
        if slots.holds(self) {
            slots.take(self.slot);
            self.waiters.count.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Slots {
    fn holds(&self, guard: &Guard) -> bool {
        self.parked[guard.slot].as_ref().is_some_and(|(ticket, _)| *ticket == guard.ticket)
    }

    fn take(&mut self, slot: usize) -> Option<Parked> {
        let taken = self.parked[slot].take();
        debug_assert!(taken.is_some(), "slot {slot} was empty already");
        self.free.push(slot);
        taken.map(|(_, parked)| parked)
    }
}

impl Waiters {
    /// Parks until the watched offset is above `beyond`. Look at the offset once more after this.
    pub fn park(self: &Arc<Self>, watch: Watch, beyond: Offset, wake: Wake) -> Guard {
        let mut slots = self.slots.lock();
        let ticket = slots.next_ticket;
        slots.next_ticket += 1;
        let parked = Some((ticket, Parked { watch, beyond, wake }));
        let slot = match slots.free.pop() {
            Some(slot) => {
                slots.parked[slot] = parked;
                slot
            }
            None => {
                slots.parked.push(parked);
                slots.parked.len() - 1
            }
        };
        self.count.fetch_add(1, Ordering::SeqCst);
        Guard { waiters: self.clone(), slot, ticket }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The watched offset has become `offset`: wakes those who waited for that.
    pub fn moved(&self, watch: Watch, offset: Offset) {
        if !self.is_empty() {
            self.wake_where(offset, |parked| parked.watch == watch && parked.beyond < offset);
        }
    }

    /// Wakes everyone, since the partition is no longer what it was: a new leader, or gone.
    pub fn wake_all(&self) {
        if !self.is_empty() {
            self.wake_where(-1, |_| true);
        }
    }

    fn wake_where(&self, offset: Offset, met: impl Fn(&Parked) -> bool) {
        let mut slots = self.slots.lock();
        for slot in 0..slots.parked.len() {
            if slots.parked[slot]
                .as_ref()
                .is_some_and(|(_, parked)| met(parked) && parked.wake.wake(offset))
            {
                slots.take(slot);
                self.count.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;

    fn counter() -> (Arc<AtomicI64>, Wake) {
        let seen = Arc::new(AtomicI64::new(0));
        let inside = seen.clone();
        let wake = Wake::Call(Box::new(move |offset| {
            inside.store(offset, Ordering::SeqCst);
            offset >= 10
        }));
        (seen, wake)
    }

    #[test]
    fn waiters_wake_when_their_offset_is_passed() {
        let waiters = Arc::new(Waiters::default());
        let (seen, wake) = counter();
        let guard = waiters.park(Watch::HighWatermark, 5, wake);
        waiters.moved(Watch::LogEnd, 100);
        waiters.moved(Watch::HighWatermark, 5);
        assert_eq!(seen.load(Ordering::SeqCst), 0);
        waiters.moved(Watch::HighWatermark, 6);
        assert_eq!((seen.load(Ordering::SeqCst), waiters.len()), (6, 1));
        assert!(guard.is_parked());
        waiters.moved(Watch::HighWatermark, 12);
        assert_eq!((seen.load(Ordering::SeqCst), waiters.len()), (12, 0));
        assert!(!guard.is_parked());
        drop(guard);
        assert!(waiters.is_empty());
    }

    #[test]
    fn a_dropped_guard_waits_no_more() {
        let waiters = Arc::new(Waiters::default());
        let guards: Vec<_> = (0..10)
            .map(|_| waiters.park(Watch::LogEnd, 0, Wake::Task(Waker::noop().clone())))
            .collect();
        assert_eq!(waiters.len(), 10);
        drop(guards);
        assert!(waiters.is_empty());
        let (seen, wake) = counter();
        let _guard = waiters.park(Watch::LogEnd, 0, wake);
        assert_eq!(waiters.slots.lock().parked.len(), 10);
        waiters.wake_all();
        assert_eq!((seen.load(Ordering::SeqCst), waiters.len()), (-1, 1));
    }
}
