//! Compaction: of each key the last value stays, in order, under its old offset (KIP-98, KIP-354, KIP-534).
//!
//! [`candidate`] says what of a log may be compacted and whether that is worth it. [`Work`] does it, a group of
//! segments at a time: it reads the segments as any reader does and writes files beside them, which the log's owner
//! puts in their place ([`Replacement`]). Never reads a clock, never changes a log, never holds more than one batch and
//! the map of keys in memory. A batch that is damaged ends the work: what a crc does not vouch for is not given
//! another.
//!
//! # A round
//!
//! ```text
//! offsets   0          first dirty          first uncleanable       active
//!           ├── clean ──┤├── dirty: mapped ──┤├─ too young, undecided ─┤├──
//!           ╰──── written anew, in groups ────╯
//! ```
//!
//! 1. [`candidate`]: where the three bounds lie, from the checkpoint of the last round and the settings.
//! 2. [`Work::begin`]: reads the dirty part and notes each key's last offset ([`OffsetMap`](offset_map)). If the map is
//!    full before its end, the round ends there and the next goes on: correct, only slower.
//! 3. [`Work::next`], group by group: a record of the clean *and* the dirty part stays if no later one of its key is in
//!    the map (`filter`).
//! 4. The log's owner exchanges the segments (`log::replace`), and notes [`Work::end`] as the new checkpoint.
//!
//! # What must stay true
//!
//! * A reader that has seen offset `n` finds the same records behind `n` as before, or later ones of their keys:
//!   offsets never change, order never changes.
//! * A tombstone (a key without a value) stays until `delete.retention.ms` after the round that first met it, so that a
//!   slow reader learns of it. The time is written into the batch (its delete horizon, KIP-534), which makes it
//!   independent of how often rounds come.
//! * A marker stays as long as any record of its transaction does, and then as long as a tombstone.
//! * The last batch of each living producer stays, emptied if need be: it holds the last sequence (KIP-98), which a
//!   start without a snapshot would not know otherwise.
//! * The batch before the first uncleanable offset stays as well, so that the segment's end does not move.

mod filter;
mod group;
mod offset_map;
mod output;
mod plan;
mod records;
mod transactions;
mod work;

pub use output::Replacement;
pub use plan::{Candidate, candidate};
pub(super) use work::LastRecord;
pub use work::{Basis, Limits, Stats, Work};

use std::io;

use crate::error::Error;

/// Told of bytes before they are read and after they are written: waits where there is a limit. False ends the work.
pub type Pace<'a> = &'a mut dyn FnMut(u64) -> bool;

/// The error of work that was told to end.
fn stopped() -> Error {
    Error::Io(io::ErrorKind::Interrupted.into())
}

/// Whether work was told to end, rather than failed.
pub fn is_stopped(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests;
