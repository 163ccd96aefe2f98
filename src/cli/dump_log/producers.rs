//! Snapshots of a partition's producers.
//!
//! ```text
//!  version 2 │ crc 4, of all that follows │ count 4 │ entries of 46: producer 8, epoch 2, last sequence 4,
//!  last offset 8, offset delta 4, timestamp 8, coordinator epoch 4, first offset of the open transaction 8
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{Dump, Failure, not_found};
use crate::wire::records::{checksum, decrement_sequence};

const ENTRY: usize = 46;
const CRC_END: usize = 6;
const HEAD: usize = 10;

impl Dump<'_> {
    /// Prints a snapshot's producers; a snapshot that is not in order is said to be so, which is no failure.
    pub(super) fn producer_snapshot(&mut self, file: &Path) -> Result<(), Failure> {
        let bytes = fs::read(file).map_err(|_| not_found(file))?;
        match entries(&bytes) {
            Ok(entries) => {
                for entry in entries.chunks_exact(ENTRY) {
                    writeln!(self.out, "{}", describe(entry))?;
                }
            }
            Err(fault) => {
                self.out.flush()?;
                writeln!(self.err, "{fault}")?;
            }
        }
        Ok(())
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or([0; N])
}

fn entries(bytes: &[u8]) -> Result<&[u8], String> {
    if bytes.len() < HEAD {
        return Err("Snapshot failed schema validation: the file is too short".to_owned());
    }
    let version = i16::from_be_bytes(number(bytes, 0));
    if version != 1 {
        return Err(format!("Snapshot contained an unknown file version {version}"));
    }
    let (stored, computed) = (u32::from_be_bytes(number(bytes, 2)), checksum(&bytes[CRC_END..]));
    if stored != computed {
        return Err(format!(
            "Snapshot is corrupt (CRC is no longer valid). Stored crc: {stored}, computed crc: {computed}"
        ));
    }
    let count = usize::try_from(i32::from_be_bytes(number(bytes, CRC_END))).unwrap_or(usize::MAX);
    let end = count.checked_mul(ENTRY).and_then(|length| length.checked_add(HEAD));
    let entries = end.and_then(|end| bytes.get(HEAD..end));
    entries
        .ok_or_else(|| format!("Snapshot failed schema validation: no room for {count} producers"))
}

fn describe(entry: &[u8]) -> String {
    let last_sequence = i32::from_be_bytes(number(entry, 10));
    let last_offset = i64::from_be_bytes(number(entry, 14));
    let offset_delta = i32::from_be_bytes(number(entry, 22));
    let timestamp = i64::from_be_bytes(number(entry, 26));
    let open_since = i64::from_be_bytes(number(entry, 38));
    let open_since = if open_since < 0 {
        "OptionalLong.empty".to_owned()
    } else {
        format!("OptionalLong[{open_since}]")
    };
    let mut line = format!(
        "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {open_since} lastTimestamp: \
         {timestamp}",
        i64::from_be_bytes(number(entry, 0)),
        i16::from_be_bytes(number(entry, 8)),
        i32::from_be_bytes(number(entry, 34)),
    );
    if last_offset >= 0 {
        let first_sequence = decrement_sequence(last_sequence, offset_delta);
        let _ = write!(
            line,
            " firstSequence: {first_sequence} lastSequence: {last_sequence} lastOffset: {last_offset} offsetDelta: \
             {offset_delta} timestamp: {timestamp}"
        );
    }
    line
}
