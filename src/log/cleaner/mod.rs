//! Compaction: of each key the last value stays, in order, under its old offset (KIP-98, KIP-354, KIP-534).
//!
//! [`candidate`] says what of a log may be compacted and whether that is worth it. [`Work`] does it, a group of
//! segments at a time: it reads the segments as any reader does and writes files beside them, which the log's owner
//! puts in their place ([`Replacement`]). Never reads a clock, never changes a log, never holds more than one batch and
//! the map of keys in memory. A batch that is damaged ends the work: what a crc does not vouch for is not given
//! another.

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
