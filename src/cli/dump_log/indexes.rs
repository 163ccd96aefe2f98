//! The indexes beside a segment: by offset, by time, of aborted transactions.

use std::fs;
use std::path::Path;

use super::batches::{LogFile, batch, failure};
use super::options::number;
use super::{Dump, Failure, absolute, base_offset, complain, exception, not_found, sibling};

const OFFSET_ENTRY: usize = 8;
const TIME_ENTRY: usize = 12;
const ABORTED_TXN: usize = 34;
const CORRUPT: &str = "org.apache.kafka.storage.internals.log.CorruptIndexException";
/// What the records of one batch may unpack to.
const UNPACKED_MAX: usize = i32::MAX as usize;

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|_| not_found(file))
}

fn i32_at(entry: &[u8], at: usize) -> i32 {
    entry
        .get(at..)
        .and_then(|bytes| bytes.first_chunk())
        .map_or(0, |bytes| i32::from_be_bytes(*bytes))
}

fn i64_at(entry: &[u8], at: usize) -> i64 {
    entry
        .get(at..)
        .and_then(|bytes| bytes.first_chunk())
        .map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

/// The entries of an offset index: an offset and where the batch that it ends begins.
struct OffsetIndex {
    base: i64,
    bytes: Vec<u8>,
}

impl OffsetIndex {
    fn entry(&self, entry: &[u8]) -> (i64, u64) {
        (self.base + i64::from(i32_at(entry, 0)), u64::from(i32_at(entry, 4) as u32))
    }

    /// Where to look for `offset`.
    fn lookup(&self, offset: i64) -> u64 {
        let count = self.bytes.len() / OFFSET_ENTRY;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = (low + high) / 2;
            if self.entry(&self.bytes[middle * OFFSET_ENTRY..]).0 <= offset {
                low = middle + 1
            } else {
                high = middle
            }
        }
        low.checked_sub(1).map_or(0, |last| self.entry(&self.bytes[last * OFFSET_ENTRY..]).1)
    }
}

impl Dump<'_> {
    /// Prints an offset index, and holds it against its log.
    pub(super) fn offset_index(&mut self, file: &Path) -> Result<(), Failure> {
        let max_message_size = self.options.max_message_size.as_deref();
        let limit =
            number("max-message-size", max_message_size, 5 << 20).map_err(Failure::Exception)?;
        let base = base_offset(file)?;
        let log_path = sibling(file, "log");
        let mut log = LogFile::open(&log_path, u64::MAX)?;
        let index = OffsetIndex { base, bytes: read(file)? };
        let entries = index.bytes.chunks_exact(OFFSET_ENTRY);
        let Some(last) = entries.clone().next_back() else {
            writeln!(self.out, "{} is empty.", file.display())?;
            return Ok(());
        };
        if self.options.index_sanity_check {
            check_offset_index(file, &index, index.entry(last).0)?;
            writeln!(self.out, "{} passed sanity check.", file.display())?;
            return Ok(());
        }
        for (number, entry) in entries.enumerate() {
            let (offset, position) = index.entry(entry);
            if offset == base && number > 0 {
                return Ok(()); // room made ahead, which a crash leaves behind
            }
            log.slice(position, u64::try_from(limit).unwrap_or(0))?;
            let found = log.read(position)?;
            let found = found
                .ok_or_else(|| Failure::Exception("java.util.NoSuchElementException".to_owned()))?;
            let last_offset = batch(&found)?.header().last_offset();
            if last_offset != offset {
                complain(&mut self.complaints.index, file, (offset, last_offset));
            }
            if !self.options.verify_index_only {
                writeln!(self.out, "offset: {offset} position: {position}")?;
            }
        }
        Ok(())
    }

    /// Prints a time index, and holds it against its log.
    pub(super) fn time_index(&mut self, file: &Path) -> Result<(), Failure> {
        let base = base_offset(file)?;
        let (log_path, index_path) = (sibling(file, "log"), sibling(file, "index"));
        let log = LogFile::open(&log_path, u64::MAX)?;
        let index = OffsetIndex { base, bytes: read(&index_path)? };
        let bytes = read(file)?;
        if self.options.index_sanity_check {
            check_time_index(file, base, &bytes)?;
            writeln!(self.out, "{} passed sanity check.", file.display())?;
            return Ok(());
        }
        let mut before = -1;
        for (number, entry) in bytes.chunks_exact(TIME_ENTRY).enumerate() {
            let (timestamp, offset) = (i64_at(entry, 0), base + i64::from(i32_at(entry, 8)));
            if offset == base && number > 0 {
                return Ok(());
            }
            self.check_time(file, &log, index.lookup(offset), (timestamp, offset, before))?;
            if !self.options.verify_index_only {
                writeln!(self.out, "timestamp: {timestamp} offset: {offset}")?;
            }
            before = timestamp;
        }
        Ok(())
    }

    /// Whether a batch at or behind `position` ends with the entry's offset and has its timestamp.
    fn check_time(
        &mut self,
        file: &Path,
        log: &LogFile<'_>,
        mut position: u64,
        (timestamp, offset, before): (i64, i64, i64),
    ) -> Result<(), Failure> {
        while let Some(bytes) = log.read(position)? {
            let found = batch(&bytes)?;
            let last_offset = found.header().last_offset();
            position += bytes.len() as u64;
            if last_offset < offset {
                continue;
            }
            if last_offset > offset {
                complain(&mut self.complaints.missing, file, (offset, last_offset));
                return Ok(());
            }
            let mut max_timestamp = -1;
            for record in found.payload(UNPACKED_MAX).map_err(failure)?.records() {
                max_timestamp = record.map_err(failure)?.timestamp.max(max_timestamp);
            }
            if max_timestamp != timestamp {
                complain(&mut self.complaints.timestamp, file, (timestamp, max_timestamp));
            }
            if before >= timestamp {
                complain(&mut self.complaints.order, file, (timestamp, before));
            }
            return Ok(());
        }
        complain(&mut self.complaints.missing, file, (offset, -1));
        Ok(())
    }

    /// Prints the aborted transactions of a segment. A file that is not there has none.
    pub(super) fn transaction_index(&mut self, file: &Path) -> Result<(), Failure> {
        base_offset(file)?;
        let Ok(bytes) = fs::read(file) else { return Ok(()) };
        for entry in bytes.chunks_exact(ABORTED_TXN) {
            let version = i32_at(entry, 0) >> 16;
            if version > 0 {
                let what = format!(
                    "Unexpected aborted transaction version {version} in transaction index"
                );
                let index =
                    format!("TransactionIndex(file={}), current version is 0", absolute(file));
                return Err(exception(
                    "org.apache.kafka.common.KafkaException",
                    format!("{what} {index}"),
                ));
            }
            writeln!(
                self.out,
                "version: {version} producerId: {} firstOffset: {} lastOffset: {} lastStableOffset: {}",
                i64_at(entry, 2),
                i64_at(entry, 10),
                i64_at(entry, 18),
                i64_at(entry, 26),
            )?;
        }
        Ok(())
    }
}

fn check_offset_index(file: &Path, index: &OffsetIndex, last_offset: i64) -> Result<(), Failure> {
    let (name, base, length) = (absolute(file), index.base, index.bytes.len());
    if last_offset < base {
        let what = format!(
            "Corrupt index found, index file ({name}) has non-zero size but the last offset"
        );
        return Err(exception(
            CORRUPT,
            format!("{what} is {last_offset} which is less than the base offset {base}"),
        ));
    }
    if !length.is_multiple_of(OFFSET_ENTRY) {
        let what = format!(
            "Index file {name} is corrupt, found {length} bytes which is neither positive nor a multiple"
        );
        return Err(exception(CORRUPT, format!("{what} of {OFFSET_ENTRY}")));
    }
    Ok(())
}

fn check_time_index(file: &Path, base: i64, bytes: &[u8]) -> Result<(), Failure> {
    let (name, length) = (absolute(file), bytes.len());
    let mut entries = bytes.chunks_exact(TIME_ENTRY);
    if let (Some(first), last) = (entries.clone().next(), entries.next_back().unwrap_or_default()) {
        let (first, last_timestamp, last_offset) =
            (i64_at(first, 0), i64_at(last, 0), base + i64::from(i32_at(last, 8)));
        let what = format!(
            "Corrupt time index found, time index file ({name}) has non-zero size but the last"
        );
        if last_timestamp < first {
            let how = format!(
                "timestamp is {last_timestamp} which is less than the first timestamp {first}"
            );
            return Err(exception(CORRUPT, format!("{what} {how}")));
        }
        if last_offset < base {
            let how = format!("offset is {last_offset} which is less than the first offset {base}");
            return Err(exception(CORRUPT, format!("{what} {how}")));
        }
    }
    if !length.is_multiple_of(TIME_ENTRY) {
        let what = format!(
            "Time index file {name} is corrupt, found {length} bytes which is neither positive nor a"
        );
        return Err(exception(CORRUPT, format!("{what} multiple of {TIME_ENTRY}")));
    }
    Ok(())
}
