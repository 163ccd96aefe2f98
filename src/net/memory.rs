//! How much memory the requests of all connections may hold, from their first bytes to their answers.
//!
//! A connection pays for what it has, not for what a client announces, and small requests are free. Where all is taken,
//! a connection stops reading until another gives back; one alone may always go beyond, so that what is begun can end.
//! While connections stand that send large requests, buffers of those that are done serve the next. Never closes
//! anything itself.
//!
//! ```text
//! held by a connection     counted for
//! up to 64 KiB             nobody: ten thousand idle clients with small requests never meet this bound
//! more                     the connection, in the sum `held`, never beyond `max`
//! beyond `max`             the one that is overdrawn; without it, two that are half read could wait for each other
//! ```

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Waker};

use parking_lot::Mutex;

/// What there is where `queued.max.request.bytes` does not say: enough for any link, little for a machine.
const BYTES_MAX: usize = 32 << 20;
/// What any connection may hold without asking.
const FREE_BYTES: usize = 64 << 10;
/// Buffers have a multiple of that many bytes, so that one request's serves another that is a little larger.
const BUFFER_STEP: usize = 128 << 10;
/// How many bytes of buffers are kept for the next requests.
const SPARE_MAX: usize = 8 << 20;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct RequestMemory {
    /// In bytes, of all connections together.
    max: usize,
    /// How much of it is taken.
    held: AtomicUsize,
    /// Whether somebody goes beyond.
    overdrawn: AtomicBool,
    /// Who has stopped reading until something is given back. All are woken: who has room goes on.
    waiting: Mutex<Vec<Waker>>,
    /// Buffers that their requests are done with.
    spare: Mutex<Spare>,
}

/// Buffers for the next large requests.
#[derive(Debug, Default)]
struct Spare {
    /// The last is the warmest.
    buffers: Vec<Vec<u8>>,
    /// How many connections stand that have had one: the last of them takes all along.
    users: usize,
}

impl RequestMemory {
    pub(crate) fn new(max: Option<usize>) -> Arc<Self> {
        let (held, overdrawn) = (AtomicUsize::new(0), AtomicBool::new(false));
        let max = max.unwrap_or(BYTES_MAX);
        let (waiting, spare) = (Mutex::default(), Mutex::default());
        Arc::new(Self { max, held, overdrawn, waiting, spare })
    }

    /// A buffer of that many bytes or some more.
    fn buffer(self: &Arc<Self>, bytes: usize) -> Buffer {
        let spare = &mut self.spare.lock().buffers;
        let bytes = match spare.iter().rposition(|buffer| buffer.len() >= bytes) {
            Some(at) => spare.remove(at),
            None => vec![0; bytes.next_multiple_of(BUFFER_STEP)],
        };
        Buffer { bytes, memory: self.clone() }
    }

    /// Keeps a buffer for the next request, unless there are enough, or nobody is left to send one.
    fn put_aside(&self, buffer: Vec<u8>) {
        let Spare { buffers, users } = &mut *self.spare.lock();
        let aside: usize = buffers.iter().map(Vec::len).sum();
        if *users > 0 && aside + buffer.len() <= SPARE_MAX {
            buffers.push(buffer);
        }
    }

    fn take(&self, bytes: usize) -> bool {
        let add = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.max);
        self.held.fetch_update(Ordering::AcqRel, Ordering::Acquire, add).is_ok()
    }

    fn wake(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock());
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// One connection's share; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Arc<RequestMemory>,
    /// Its part of the sum, in bytes.
    held: usize,
    /// Whether it is the one that may go beyond.
    overdrawn: bool,
    /// Whether it has had a buffer.
    uses_buffers: bool,
}

impl Share {
    pub(crate) fn new(memory: Arc<RequestMemory>) -> Self {
        Self { memory, held: 0, overdrawn: false, uses_buffers: false }
    }

    /// Whether it holds more than is free.
    pub(crate) const fn is_held(&self) -> bool {
        self.held > 0 || self.overdrawn
    }

    /// Whether the connection may hold `bytes` in all; where not, it is woken when there is more.
    pub(crate) fn may_hold(&mut self, bytes: usize, cx: &mut Context<'_>) -> bool {
        if bytes <= FREE_BYTES || bytes <= self.held || self.overdrawn {
            return true;
        }
        if self.try_hold(bytes) {
            return true;
        }
        self.memory.waiting.lock().push(cx.waker().clone());
        // What was given back before the waker was there woke nobody.
        self.try_hold(bytes)
    }

    fn try_hold(&mut self, bytes: usize) -> bool {
        if self.memory.take(bytes - self.held) {
            self.held = bytes;
        } else if !self.memory.overdrawn.swap(true, Ordering::AcqRel) {
            self.overdrawn = true;
        } else {
            return false;
        }
        true
    }

    /// Memory for a request of that many bytes, which the share has been asked for.
    pub(crate) fn buffer(&mut self, bytes: usize) -> Buffer {
        if !std::mem::replace(&mut self.uses_buffers, true) {
            self.memory.spare.lock().users += 1;
        }
        self.memory.buffer(bytes)
    }

    /// Gives back what is beyond `bytes`.
    pub(crate) fn keep(&mut self, bytes: usize) {
        let bytes = if bytes <= FREE_BYTES { 0 } else { bytes };
        let more = bytes.saturating_sub(self.held);
        let given_back = self.held.saturating_sub(bytes);
        let settled = self.overdrawn && (more == 0 || self.memory.take(more));
        if given_back > 0 {
            let before = self.memory.held.fetch_sub(given_back, Ordering::AcqRel);
            debug_assert!(before >= given_back, "gives back {given_back} of {before} bytes");
        }
        if settled {
            self.overdrawn = false;
            self.memory.overdrawn.store(false, Ordering::Release);
        }
        self.held = if settled { bytes } else { self.held.min(bytes) };
        if given_back > 0 || settled {
            self.memory.wake();
        }
    }
}

/// Memory for one large request; those that come after use it again.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    memory: Arc<RequestMemory>,
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.memory.put_aside(std::mem::take(&mut self.bytes));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.keep(0);
        if self.uses_buffers {
            let mut spare = self.memory.spare.lock();
            spare.users -= 1;
            if spare.users == 0 {
                spare.buffers = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_serve_again_while_there_are_connections_that_want_them() {
        let memory = RequestMemory::new(Some(64 << 20));
        let mut share = Share::new(memory.clone());
        let spare = || memory.spare.lock().buffers.iter().map(Vec::len).collect::<Vec<_>>();
        assert!(share.may_hold(1 << 20, &mut Context::from_waker(Waker::noop())));
        let buffers: Vec<_> = (0..10).map(|n| share.buffer((1 << 20) - n)).collect();
        assert!(buffers.iter().all(|buffer| buffer.len() == 1 << 20));
        drop(buffers);
        assert_eq!(spare(), [1 << 20; SPARE_MAX >> 20]);
        let (one, other) = (share.buffer(1 << 20), share.buffer((1 << 20) + 1));
        assert_eq!((spare().len(), other.len()), ((SPARE_MAX >> 20) - 1, (1 << 20) + BUFFER_STEP));
        drop(one);
        share.keep(0);
        assert_eq!(spare().len(), SPARE_MAX >> 20, "the next is about to come");
        drop(share);
        assert!(spare().is_empty());
        drop(other);
        assert!(spare().is_empty(), "nobody is left to use it");
    }

    #[test]
    fn one_may_go_beyond_and_the_others_wait() {
        let memory = RequestMemory::new(Some(1 << 20));
        let mut cx = Context::from_waker(Waker::noop());
        let mut shares: Vec<_> = (0..4).map(|_| Share::new(memory.clone())).collect();
        assert!(shares[0].may_hold(FREE_BYTES, &mut cx) && !shares[0].is_held());
        assert!(shares[0].may_hold(900 << 10, &mut cx));
        assert!(shares[1].may_hold(200 << 10, &mut cx), "the one");
        assert!(shares[1].may_hold(90 << 20, &mut cx));
        assert!(!shares[2].may_hold(200 << 10, &mut cx));
        assert!(shares[3].may_hold(124 << 10, &mut cx));
        shares[0].keep(0);
        assert!(shares[2].may_hold(200 << 10, &mut cx));
        drop(shares);
        assert_eq!(memory.held.load(Ordering::Relaxed), 0);
        assert!(!memory.overdrawn.load(Ordering::Relaxed));
    }
}
