//! Gathering what one call shall write: many batches, each under a header of its own making.
//!
//! Small bodies are copied together, large ones handed to the kernel where they lie.
//!
//! ```text
//! base offset i64 │ length i32 │ leader epoch i32 │ magic i8 │ crc u32 │ attributes i16 │ …   of a batch (61 bytes)
//! ╰── ours ──────╯              ╰── ours ────────╯            ╰── of all that follows ───────────────────────────▶
//! ```
//!
//! So a batch gets its place without a new crc; only `message.timestamp.type=LogAppendTime` writes behind the crc, and
//! asks for another.

use std::io::IoSlice;
use std::ops::Range;

use bytes::Bytes;

use super::append::Appended;
use crate::types::Offset;
use crate::wire::records::{BatchHeader, checksum_of};

/// Bodies up to that many bytes are copied together rather than handed to the kernel one by one.
const COPY_MAX: usize = 2 << 10;
/// A group with more memory than that, in bytes, is not kept for the next.
const KEPT_MAX: usize = 4 << 20;

#[derive(Debug)]
enum Piece {
    Copied(Range<usize>),
    Body(Bytes),
}

/// What is to be written with one call.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Heads, and small bodies with them, one behind the other.
    copied: Vec<u8>,
    /// What to write, in order: ranges of `copied`, and bodies where they were received.
    pieces: Vec<Piece>,
    /// The headers as they are written, in order.
    pub(super) batches: Vec<BatchHeader>,
    /// The batches of the append at hand.
    pub(super) parsed: Vec<BatchHeader>,
    /// Which append of the call gets which answer once this is written.
    pub(super) results: Vec<(usize, Appended)>,
    /// Of all batches together.
    pub(super) bytes: u64,
    /// The offset that the next batch gets.
    pub(super) next_offset: Offset,
    /// What the segment's indexes hold, in bytes: nothing of the group is entered before all of it is written.
    pub(super) index_bytes: usize,
}

impl Group {
    /// Takes the batch in that lies at `at` in `records`, under the header that it shall have: other offsets and epoch,
    /// and where it is `stamped`, another time, which asks for another crc.
    pub(super) fn push(&mut self, header: &BatchHeader, records: &Bytes, at: usize, stamped: bool) {
        debug_assert!(header.base_offset >= self.next_offset, "offsets only grow");
        let (body, end) = (at + BatchHeader::SIZE, at + header.size_in_bytes());
        let large = end - body > COPY_MAX;
        let from = self.copied.len();
        self.copied.extend_from_slice(&records[at..if large { body } else { end }]);
        self.copied[from..from + 8].copy_from_slice(&header.base_offset.to_be_bytes());
        self.copied[from + 12..from + 16]
            .copy_from_slice(&header.partition_leader_epoch.to_be_bytes());
        if stamped {
            let rest = if large { &records[body..end] } else { &[] };
            stamp(header, &mut self.copied[from..], rest);
        }
        self.bytes += header.size_in_bytes() as u64;
        self.batches.push(*header);
        self.next_offset = header.next_offset();
        let copied = from..self.copied.len();
        match self.pieces.last_mut() {
            Some(Piece::Copied(range)) => range.end = copied.end,
            _ => self.pieces.push(Piece::Copied(copied)),
        }
        if large {
            self.pieces.push(Piece::Body(records.slice(body..end)));
        }
    }

    pub(super) fn slices(&self) -> Vec<IoSlice<'_>> {
        let slices = self.pieces.iter().map(|piece| match piece {
            Piece::Copied(range) => IoSlice::new(&self.copied[range.clone()]),
            Piece::Body(body) => IoSlice::new(body),
        });
        slices.collect()
    }

    /// Whether it is worth keeping for the next: memory that one large write took is not kept for small ones.
    pub(super) const fn is_modest(&self) -> bool {
        self.copied.capacity() <= KEPT_MAX
    }

    pub(super) fn clear(&mut self) {
        self.copied.clear();
        self.pieces.clear();
        self.batches.clear();
        self.results.clear();
        self.bytes = 0;
    }
}

/// Writes type and time of `header` into the batch that `copied` begins with and `rest` ends, and seals it anew.
fn stamp(header: &BatchHeader, copied: &mut [u8], rest: &[u8]) {
    let (attributes, time) = (BatchHeader::ATTRIBUTES_AT, BatchHeader::MAX_TIMESTAMP_AT);
    copied[attributes..attributes + 2].copy_from_slice(&header.attributes.to_be_bytes());
    copied[time..time + 8].copy_from_slice(&header.max_timestamp.to_be_bytes());
    let crc = checksum_of([&copied[attributes..], rest]);
    copied[BatchHeader::CRC_AT..attributes].copy_from_slice(&crc.to_be_bytes());
}
