//! Segments of logs and snapshots of metadata: batches and the records in them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::options::number;
use super::{Dump, Failure, base_offset, complain, decoders, exception, file_name, not_found};
use crate::cli::progress::Progress;
use crate::wire::records::{Batch, BatchHeader, ControlType, EndTxnMarker, Record, RecordsError};

/// The bytes in front of a batch that tell its size and its format.
const FRONT: u64 = 17;
const LOG_OVERHEAD: u64 = 12;
const RECORD_OVERHEAD: i32 = 14;
/// What the records of one batch may unpack to.
const UNPACKED_MAX: usize = i32::MAX as usize;

/// A log's file, read batch by batch.
pub(super) struct LogFile<'f> {
    file: File,
    path: &'f Path,
    /// Behind the last byte that is looked at.
    end: u64,
    /// The file's size in bytes.
    pub(super) size: u64,
}

impl<'f> LogFile<'f> {
    /// Opens `path`, to look at no more than its first `max_bytes`.
    pub(super) fn open(path: &'f Path, max_bytes: u64) -> Result<Self, Failure> {
        let opened = File::open(path)
            .and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
        let (file, size) = opened.map_err(|_| not_found(path))?;
        Ok(Self { file, path, end: size.min(max_bytes), size })
    }

    /// The same file, of which only the `bytes` from `position` on are looked at.
    pub(super) fn slice(&mut self, position: u64, bytes: u64) -> Result<(), Failure> {
        if position > self.size {
            let file = self.path.display();
            let what = format!("FileRecords(size={0}, file={file}, start=0, end={0})", self.size);
            let message = format!("Slice from position {position} exceeds end position of {what}");
            return Err(exception("java.lang.IllegalArgumentException", message));
        }
        self.end = self.size.min(position.saturating_add(bytes));
        Ok(())
    }

    /// The bytes of the batch at `position`; none where no whole batch is left.
    pub(super) fn read(&self, position: u64) -> Result<Option<Vec<u8>>, Failure> {
        if position.saturating_add(FRONT) >= self.end {
            return Ok(None);
        }
        let mut front = [0; FRONT as usize];
        self.file.read_exact_at(&mut front, position).map_err(|error| self.unreadable(&error))?;
        let length = i32::from_be_bytes([front[8], front[9], front[10], front[11]]);
        let Some(length) = u64::try_from(length).ok().filter(|_| length >= RECORD_OVERHEAD) else {
            let what = format!(
                "Found record size {length} smaller than minimum record overhead ({RECORD_OVERHEAD})"
            );
            let message = format!("{what} in file {}.", self.path.display());
            return Err(exception(
                "org.apache.kafka.common.errors.CorruptRecordException",
                message,
            ));
        };
        if position + LOG_OVERHEAD + length > self.end {
            return Ok(None);
        }
        let mut bytes = vec![0; (LOG_OVERHEAD + length) as usize];
        self.file.read_exact_at(&mut bytes, position).map_err(|error| self.unreadable(&error))?;
        Ok(Some(bytes))
    }

    fn unreadable(&self, error: &std::io::Error) -> Failure {
        exception("java.io.IOException", format_args!("{}: {error}", self.path.display()))
    }
}

/// The batch that `bytes` are.
pub(super) fn batch(bytes: &[u8]) -> Result<Batch<'_>, Failure> {
    Batch::parse(bytes)
        .map_err(failure)?
        .ok_or_else(|| exception("java.io.EOFException", "the batch is cut off"))
}

/// What Java would throw.
pub(super) fn failure(error: RecordsError) -> Failure {
    let class = match error {
        RecordsError::Codec(_) => "java.lang.IllegalArgumentException",
        RecordsError::Decompress(_) | RecordsError::TooMuch(_) => {
            "org.apache.kafka.common.KafkaException"
        }
        RecordsError::Record(_) => "org.apache.kafka.common.InvalidRecordException",
        _ => "org.apache.kafka.common.errors.CorruptRecordException",
    };
    exception(class, error)
}

impl Dump<'_> {
    /// Prints a log's or a snapshot's batches, and their records if they are asked for.
    pub(super) fn log(&mut self, file: &Path) -> Result<(), Failure> {
        let max_bytes = self.options.max_bytes.as_deref();
        let max_bytes = number("max-bytes", max_bytes, i32::MAX).map_err(Failure::Exception)?;
        if let Some(class) = self.options.foreign_class.as_ref() {
            let message = format!(
                "Failed to load decoder class\nCaused by: java.lang.ClassNotFoundException: {class}"
            );
            return Err(exception("java.lang.RuntimeException", message));
        }
        self.head(file)?;
        let log = LogFile::open(file, u64::try_from(max_bytes).unwrap_or(0))?;
        let (mut position, mut last_offset) = (0, -1);
        let mut progress = Progress::beside_output("KiB", log.size / 1024);
        while let Some(bytes) = log.read(position)? {
            let batch = batch(&bytes)?;
            writeln!(self.out, "{}", describe(&batch, position)?)?;
            if self.options.deep_iteration || self.options.print_data_log {
                self.records(&batch, file, &mut last_offset)?;
            }
            position += bytes.len() as u64;
            progress.at(position / 1024);
        }
        progress.end();
        if max_bytes == i32::MAX && log.size > position {
            let trailing = log.size - position;
            writeln!(self.out, "Found {trailing} invalid bytes at the end of {}", file_name(file))?;
        }
        Ok(())
    }

    fn head(&mut self, file: &Path) -> Result<(), Failure> {
        let name = file_name(file);
        if name.ends_with(".log") {
            writeln!(self.out, "Log starting offset: {}", base_offset(file)?)?;
        } else if name == "bootstrap.checkpoint" {
            writeln!(self.out, "KRaft bootstrap snapshot")?;
        } else {
            let (offset, epoch) = snapshot_id(name)?;
            writeln!(self.out, "Snapshot end offset: {offset}, epoch: {epoch}")?;
        }
        Ok(())
    }

    fn records(
        &mut self,
        batch: &Batch<'_>,
        file: &Path,
        last_offset: &mut i64,
    ) -> Result<(), Failure> {
        let payload = batch.payload(UNPACKED_MAX).map_err(failure)?;
        for record in payload.records() {
            let record = record.map_err(failure)?;
            if record.offset != last_offset.wrapping_add(1) {
                complain(&mut self.complaints.gaps, file, (*last_offset, record.offset));
            }
            *last_offset = record.offset;
            let mut line = String::new();
            if !self.options.skip_record_metadata {
                line = describe_record(batch.header(), &record)?;
            }
            if self.options.print_data_log && !batch.header().is_control() {
                let mut prefix = if self.options.skip_record_metadata { "| " } else { " " };
                let printed = decoders::print(self.options.decoder, &record);
                let (key, value) = printed.inspect_err(|_| {
                    let _ = write!(self.out, "{line}");
                })?;
                if let Some(key) = key {
                    line = line + prefix + "key: " + &key;
                    prefix = " ";
                }
                if let Some(value) = value {
                    line = line + prefix + "payload: " + &value;
                }
            }
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

/// Offset and epoch of a snapshot's name: twenty digits, a dash, ten digits.
fn snapshot_id(name: &str) -> Result<(i64, i32), Failure> {
    let part = |from: usize, to: usize| {
        name.get(from..to).ok_or_else(|| {
            let message = format!("begin {from}, end {to}, length {}", name.len());
            exception("java.lang.StringIndexOutOfBoundsException", message)
        })
    };
    let bad = |text: &str| {
        exception("java.lang.NumberFormatException", format!("For input string: \"{text}\""))
    };
    let (offset, epoch) = (part(0, 20)?, part(21, 31)?);
    Ok((offset.parse().map_err(|_| bad(offset))?, epoch.parse().map_err(|_| bad(epoch))?))
}

fn optional(value: Option<i64>) -> String {
    value.map_or_else(|| "OptionalLong.empty".to_owned(), |value| format!("OptionalLong[{value}]"))
}

fn describe(batch: &Batch<'_>, position: u64) -> Result<String, Failure> {
    let header = batch.header();
    Ok(format!(
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} producerEpoch: {} \
         partitionLeaderEpoch: {} isTransactional: {} isControl: {} deleteHorizonMs: {} position: {position} {}: {} \
         size: {} magic: {} compresscodec: {} crc: {} isvalid: {}",
        header.base_offset,
        header.last_offset(),
        header.records_count,
        header.base_sequence,
        header.last_sequence(),
        header.producer_id,
        header.producer_epoch,
        header.partition_leader_epoch,
        header.is_transactional(),
        header.is_control(),
        optional(header.delete_horizon_ms()),
        header.timestamp_type().name(),
        header.max_timestamp,
        header.size_in_bytes(),
        BatchHeader::MAGIC,
        header.codec().map_err(failure)?.name(),
        header.crc,
        batch.check_crc().is_ok(),
    ))
}

fn describe_record(batch: &BatchHeader, record: &Record<'_>) -> Result<String, Failure> {
    let size = |field: Option<&[u8]>| field.map_or(-1, |bytes| bytes.len() as i64);
    let headers: Vec<_> = record.headers.map(|header| header.key_text()).collect();
    let mut line = format!(
        "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [{}]",
        record.offset,
        batch.timestamp_type().name(),
        record.timestamp,
        size(record.key),
        size(record.value),
        record.sequence,
        headers.join(","),
    );
    if batch.is_control() {
        line += &describe_control(record)?;
    }
    Ok(line)
}

fn describe_control(record: &Record<'_>) -> Result<String, Failure> {
    let kind = ControlType::parse(record.key).map_err(failure)?;
    Ok(match kind {
        ControlType::Abort | ControlType::Commit => {
            let epoch = EndTxnMarker::decode(record.value).map_err(failure)?.coordinator_epoch;
            format!(" endTxnMarker: {} coordinatorEpoch: {epoch}", kind.name())
        }
        ControlType::Unknown(id) => format!(" controlType: {}({id})", kind.name()),
        kind => decoders::control(kind, record.value)?,
    })
}
