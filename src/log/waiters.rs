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
//! Both sides are sequentially consistent, so at least one sees the other: no wake-up is lost. A writer that has others
//! to tell first holds its wake-ups back ([`Waiters::hold`]); what it moves meanwhile may be seen, and wakes nobody.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeBounds;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

/// Those who wait for one of the offsets to pass theirs, lowest first; among equals, who came first.
type Parked = BTreeMap<(Offset, u64), Wake>;

#[derive(Debug, Default)]
struct Slots {
    log_end: Parked,
    high_watermark: Parked,
    last_stable: Parked,
    /// Never used again: a guard that outlives its wait takes nobody else's.
    next_ticket: u64,
}

impl Slots {
    const fn of(&mut self, watch: Watch) -> &mut Parked {
        match watch {
            Watch::LogEnd => &mut self.log_end,
            Watch::HighWatermark => &mut self.high_watermark,
            Watch::LastStable => &mut self.last_stable,
        }
    }
}

/// The waiters of one partition. A move asks those whose offset is passed, and nobody else.
#[derive(Debug, Default)]
pub struct Waiters {
    /// How many are parked: what a writer asks before it takes the lock.
    count: AtomicUsize,
    /// Whether the writer wakes nobody for now.
    held: AtomicBool,
    slots: Mutex<Slots>,
}

/// Keeps a waiter parked; dropping it gives up the wait.
#[derive(Debug)]
pub struct Guard {
    waiters: Arc<Waiters>,
    watch: Watch,
    /// The offset that it waits to be passed, and its ticket.
    key: (Offset, u64),
}

impl Guard {
    /// Whether it has not been woken yet.
    pub fn is_parked(&self) -> bool {
        self.waiters.slots.lock().of(self.watch).contains_key(&self.key)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.waiters.slots.lock().of(self.watch).remove(&self.key).is_some() {
            self.waiters.count.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Waiters {
    /// Parks until the watched offset is above `beyond`. Look at the offset once more after this.
    pub fn park(self: &Arc<Self>, watch: Watch, beyond: Offset, wake: Wake) -> Guard {
        let mut slots = self.slots.lock();
        let key = (beyond, slots.next_ticket);
        slots.next_ticket += 1;
        slots.of(watch).insert(key, wake);
        self.count.fetch_add(1, Ordering::SeqCst);
        Guard { waiters: self.clone(), watch, key }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// From now on [`Waiters::moved`] wakes nobody. The writer, who alone moves offsets, tells of what it has moved
    /// after [`Waiters::release`].
    pub(super) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Ends what [`Waiters::hold`] began.
    pub(super) fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
    }

    /// The watched offset has become `offset`: wakes those who waited for that.
    pub fn moved(&self, watch: Watch, offset: Offset) {
        if !self.is_empty() && !self.held.load(Ordering::SeqCst) {
            let mut slots = self.slots.lock();
            let woken = wake(slots.of(watch), ..(offset, 0), offset);
            self.count.fetch_sub(woken, Ordering::SeqCst);
        }
    }

    /// Wakes everyone, since the partition is no longer what it was: a new leader, or gone.
    pub fn wake_all(&self) {
        if !self.is_empty() {
            let mut slots = self.slots.lock();
            for watch in [Watch::LogEnd, Watch::HighWatermark, Watch::LastStable] {
                let woken = wake(slots.of(watch), .., -1);
                self.count.fetch_sub(woken, Ordering::SeqCst);
            }
        }
    }
}

/// Wakes those within a range, and takes out whose waiting ends: so many.
fn wake(parked: &mut Parked, passed: impl RangeBounds<(Offset, u64)>, offset: Offset) -> usize {
    let met = parked.range(passed).filter(|(_, wake)| wake.wake(offset));
    let woken: Vec<_> = met.map(|(key, _)| *key).collect();
    woken.iter().for_each(|key| drop(parked.remove(key)));
    woken.len()
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
        assert_eq!(waiters.slots.lock().log_end.len(), 1);
        waiters.wake_all();
        assert_eq!((seen.load(Ordering::SeqCst), waiters.len()), (-1, 1));
    }

    #[test]
    fn a_move_asks_those_alone_whose_offset_is_passed() {
        let waiters = Arc::new(Waiters::default());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let park = |watch, beyond| {
            let asked = asked.clone();
            let call = move |_| {
                asked.lock().push((watch, beyond));
                true
            };
            waiters.park(watch, beyond, Wake::Call(Box::new(call)))
        };
        let (ends, committed) = (Watch::LogEnd, Watch::HighWatermark);
        let guards =
            [(ends, 7), (ends, 3), (committed, 3), (ends, 8), (ends, 3)].map(|(w, at)| park(w, at));
        waiters.moved(ends, 8);
        assert_eq!(*asked.lock(), [(ends, 3), (ends, 3), (ends, 7)]);
        assert_eq!(waiters.len(), 2);
        assert_eq!(guards.map(|guard| guard.is_parked()), [false, false, true, true, false]);
        assert!(waiters.is_empty());
    }
}
