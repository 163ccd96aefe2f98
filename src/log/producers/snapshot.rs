//! `<offset>.snapshot`: the producers as they are at an offset, so that a start need not read the log.
//!
//! ```text
//! version i16 = 1 │ crc-32c u32 of all behind it │ count i32 │ count × 46 bytes:
//! producer id i64 │ epoch i16 │ last sequence i32 │ last offset i64 │ offset delta i32 │ timestamp i64
//! │ coordinator epoch i32 │ first offset of the open transaction i64, or −1
//! ```
//!
//! Only the newest batch of each producer is kept. The crc makes a torn file known; who meets one takes an older.

use super::entry::{AppendedBatch, ProducerEntry};
use crate::wire::records::checksum;

const VERSION: i16 = 1;
/// Where the bytes begin that the crc covers.
const ENTRIES_AT: usize = 6;
const ENTRY_SIZE: usize = 46;

/// The bytes of a snapshot of these producers.
pub fn encode<'a>(producers: impl ExactSizeIterator<Item = (i64, &'a ProducerEntry)>) -> Vec<u8> {
    let count = i32::try_from(producers.len()).expect("there is no memory for more producers");
    let mut bytes = Vec::with_capacity(ENTRIES_AT + 4 + producers.len() * ENTRY_SIZE);
    bytes.extend(VERSION.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(count.to_be_bytes());
    for (id, entry) in producers {
        let none = AppendedBatch { last_sequence: -1, last_offset: -1, ..AppendedBatch::default() };
        let last = entry.last_batch().unwrap_or(&none);
        bytes.extend(id.to_be_bytes());
        bytes.extend(entry.epoch.to_be_bytes());
        bytes.extend(last.last_sequence.to_be_bytes());
        bytes.extend(last.last_offset.to_be_bytes());
        bytes.extend(last.offset_delta.to_be_bytes());
        bytes.extend(entry.last_timestamp.to_be_bytes());
        bytes.extend(entry.coordinator_epoch.to_be_bytes());
        bytes.extend(entry.txn_first_offset.unwrap_or(-1).to_be_bytes());
    }
    let crc = checksum(&bytes[ENTRIES_AT..]);
    bytes[2..ENTRIES_AT].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The producers in a snapshot. Error: what is wrong with it.
pub fn decode(bytes: &[u8]) -> Result<Vec<(i64, ProducerEntry)>, String> {
    let mut head = Fields(bytes);
    let (Some(version), Some(crc)) = (head.i16(), head.i32()) else {
        return Err("cut short".into());
    };
    if version != VERSION {
        return Err(format!("version {version} is unknown"));
    }
    if checksum(head.0) != crc as u32 {
        return Err("the crc does not match".into());
    }
    let count = head.i32().and_then(|count| usize::try_from(count).ok()).ok_or("no count")?;
    if head.0.len() != count.saturating_mul(ENTRY_SIZE) {
        return Err(format!("{} bytes for {count} producers", head.0.len()));
    }
    let entries = head
        .0
        .chunks_exact(ENTRY_SIZE)
        .map(|chunk| entry(Fields(chunk)).ok_or_else(|| "cut short".into()));
    entries.collect()
}

fn entry(mut fields: Fields<'_>) -> Option<(i64, ProducerEntry)> {
    let id = fields.i64()?;
    let mut entry = ProducerEntry::default();
    entry.epoch = fields.i16()?;
    let (last_sequence, last_offset, offset_delta) = (fields.i32()?, fields.i64()?, fields.i32()?);
    entry.last_timestamp = fields.i64()?;
    entry.coordinator_epoch = fields.i32()?;
    entry.txn_first_offset = Some(fields.i64()?).filter(|offset| *offset >= 0);
    if last_offset >= 0 {
        entry.remember(AppendedBatch {
            last_sequence,
            last_offset,
            offset_delta,
            timestamp: entry.last_timestamp,
        });
    }
    Some((id, entry))
}

/// Big-endian integers, one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }
}
