//! Memory for one unpacked block, which a thread keeps from one batch to the next.
//!
//! A new one for each batch would be filled with zeros first, and with page faults where the allocator has given the
//! old one back. What is large is not kept: only few batches have blocks of more than 64 KiB.

use std::cell::Cell;

/// A window of more bytes is not kept.
const KEPT_MAX: usize = 64 << 10;

thread_local! {
    /// Empty while somebody has it, and before the first.
    static KEPT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Bytes to unpack into. What is in them before that is of no meaning.
pub(super) struct Window(Vec<u8>);

impl Window {
    /// The thread's, or a new one where another reader of the thread has that.
    pub(super) fn take() -> Self {
        Self(KEPT.take())
    }

    /// Room for so many bytes.
    pub(super) fn room(&mut self, bytes: usize) -> &mut [u8] {
        if self.0.len() < bytes {
            self.0 = vec![0; bytes];
        }
        &mut self.0[..bytes]
    }

    /// The first of its bytes, as many as there was room for.
    pub(super) fn bytes(&self, length: usize) -> &[u8] {
        &self.0[..length]
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if (1..=KEPT_MAX).contains(&self.0.capacity()) {
            KEPT.set(std::mem::take(&mut self.0));
        }
    }
}
