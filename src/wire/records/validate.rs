//! What a leader does with records before it appends them. A pure function of the bytes, the topic's settings and the
//! time: no log, no clock.
//!
//! It runs where the request is read and needs to know nothing of the log, which gives offset and leader epoch later:
//! twelve bytes that the crc does not cover.
//!
//! The cheap road is the common one. An uncompressed batch is walked without a copy; a compressed one that is stored as
//! it came is judged by its header and crc, unless the topic or [`Depth::Records`] wants to see its records; only a
//! change of codec builds it anew. What Kafka answers with −1, because a decompressor of its failed, is
//! `INVALID_RECORD` here.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::batch::{Batch, split};
use super::builder::BatchBuilder;
use super::error::RecordsError;
use super::header::{BatchHeader, LOG_OVERHEAD, MAGIC_END, NO_TIMESTAMP, TimestampType, i32_at};
use super::inspect::{Inspector, RecordError};
use super::mutate::BatchMut;
use super::stream::RecordStream;
use crate::error::{ApiError, ErrorCode};
use crate::types::{Millis, PartitionId};
use crate::wire::compression::{Codec, Compression};

/// Who wants to append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A producer: everything about the batch is doubted.
    Client,
    /// A coordinator of this broker: its offsets, counts and control records are its own affair.
    Coordinator,
}

/// How closely compressed records are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Header and crc, as long as nothing needs more.
    #[default]
    Headers,
    /// Every record, as Kafka does.
    Records,
}

/// The topic's `compression.type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// As the producer packed them.
    #[default]
    Producer,
    /// With this.
    To(Compression),
}

/// What the topic wants of its records.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// The topic's name, for the messages.
    pub topic: &'a str,
    /// The partition, for the messages.
    pub partition: PartitionId,
    /// Who appends.
    pub origin: Origin,
    /// `compression.type` with its level.
    pub compression: Target,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: Millis,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: Millis,
    /// `max.message.bytes`.
    pub max_message_bytes: i32,
    /// `segment.bytes`.
    pub segment_bytes: i32,
    /// Whether `cleanup.policy` has `compact`, so that every record needs a key.
    pub compacted: bool,
    /// How closely to look.
    pub depth: Depth,
    /// What a batch may unpack to, in bytes.
    pub max_unpacked_bytes: usize,
    /// What a single record of a compressed batch may unpack to, in bytes.
    pub max_record_bytes: usize,
    /// The time.
    pub now: Millis,
}

impl<'a> Options<'a> {
    /// A topic with every setting at its default.
    pub fn new(topic: &'a str, partition: PartitionId, now: Millis) -> Self {
        Self {
            topic,
            partition,
            origin: Origin::Client,
            compression: Target::Producer,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            max_message_bytes: 1_048_588,
            segment_bytes: 1 << 30,
            compacted: false,
            depth: Depth::Headers,
            max_unpacked_bytes: i32::MAX as usize,
            max_record_bytes: i32::MAX as usize,
            now,
        }
    }
}

/// Records that may not be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// What the producer is told.
    pub code: ErrorCode,
    /// Why, for the log; see [`Self::client_message`].
    pub message: String,
    /// The records at fault, where single ones are.
    pub record_errors: Vec<RecordError>,
}

impl Rejected {
    fn new(code: ErrorCode, message: String) -> Self {
        Self { code, message, record_errors: Vec::new() }
    }

    /// The message that goes out: Kafka gives one only beside record errors.
    pub fn client_message(&self) -> Option<&str> {
        (!self.record_errors.is_empty()).then_some(&self.message)
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Rejected {}

impl From<RecordsError> for Rejected {
    fn from(error: RecordsError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<Rejected> for ApiError {
    fn from(rejected: Rejected) -> Self {
        Self { code: rejected.code, message: Some(rejected.message) }
    }
}

/// One batch that may be appended. What is left is to give it offset and leader epoch, which the crc does not cover.
#[derive(Clone, Debug)]
pub struct Validated {
    /// The batch's bytes: those of the request wherever nothing had to change.
    pub bytes: Bytes,
    /// Its head: as it is in the bytes.
    pub header: BatchHeader,
    /// The time of the append that the producer is told; −1 where records keep their own.
    pub log_append_time: Millis,
}

/// What a produce request's version asks of a partition's records, before anything about the partition is known.
pub fn check_request(records: &[u8], version: i16) -> Result<(), Rejected> {
    let refuse = |code, what: &str| {
        Err(Rejected::new(code, format!("Produce requests with version {version} {what}")))
    };
    if is_one_batch(records) && version >= 7 {
        return Ok(());
    }
    let mut batches = split(records);
    let first = match batches.next() {
        None => {
            return refuse(
                ErrorCode::InvalidRecord,
                "must have at least one record batch per partition",
            );
        }
        Some(Err(RecordsError::OldMagic(_))) => {
            let what = "are only allowed to contain record batches with magic version 2";
            return refuse(ErrorCode::InvalidRecord, what);
        }
        Some(first) => first?,
    };
    if version < 7 && first.header().codec() == Ok(Codec::Zstd) {
        return refuse(
            ErrorCode::UnsupportedCompressionType,
            "are not allowed to use ZStandard compression",
        );
    }
    match batches.next() {
        None => Ok(()),
        Some(Err(error)) if !matches!(error, RecordsError::OldMagic(_)) => Err(error.into()),
        Some(_) => refuse(
            ErrorCode::InvalidRecord,
            "are only allowed to contain exactly one record batch per partition",
        ),
    }
}

/// Whether the bytes end with the first batch, of the only format there is, as they should: told without a look at the
/// rest of its header.
fn is_one_batch(records: &[u8]) -> bool {
    let Some(head) = records.first_chunk::<{ BatchHeader::SIZE }>() else { return false };
    let length = usize::try_from(i32_at(head, 8)).ok();
    head[MAGIC_END - 1] as i8 == BatchHeader::MAGIC
        && length.and_then(|length| length.checked_add(LOG_OVERHEAD)) == Some(records.len())
}

/// Judges `records`, and makes of them what the topic stores. A cut-off batch behind the first is dropped.
pub fn check(mut records: Bytes, options: &Options<'_>) -> Result<Validated, Rejected> {
    let batch = only_batch(&records, options)?;
    check_header(batch.header(), options)?;
    let source = batch.header().codec()?;
    let target = match options.compression {
        // control records are never packed
        Target::To(_) if source == Codec::None && batch.header().is_control() => source.into(),
        Target::To(target) => target,
        Target::Producer => source.into(),
    };
    let header = *batch.header();
    let validated = if source == target.codec {
        let max_timestamp = match source {
            Codec::None => walk_plain(&batch, options)?,
            _ => walk_packed(&batch, options)?,
        };
        records.truncate(header.size_in_bytes());
        in_place(records, header, max_timestamp, options)?
    } else {
        rebuild(&batch, target, options)?
    };
    check_segment(&validated, options)?;
    Ok(validated)
}

/// The one batch there may be, its crc and size in order.
fn only_batch<'r>(records: &'r [u8], options: &Options<'_>) -> Result<Batch<'r>, Rejected> {
    let mut only = None;
    for (index, batch) in split(records).enumerate() {
        let batch = batch?;
        check_frame(&batch, options)?;
        if index > 0 {
            let message = "Compressed outer record has more than one batch".to_owned();
            return Err(Rejected::new(ErrorCode::InvalidRecord, message));
        }
        only = Some(batch);
    }
    only.ok_or_else(|| {
        Rejected::new(ErrorCode::InvalidRecord, "There is no whole record batch".to_owned())
    })
}

fn check_frame(batch: &Batch<'_>, options: &Options<'_>) -> Result<(), Rejected> {
    let Options { topic, partition, max_message_bytes: limit, .. } = options;
    let header = batch.header();
    if options.origin == Origin::Client && header.base_offset != 0 {
        let message = format!(
            "The baseOffset of the record batch in the append to {topic}-{partition} should be 0, but it is {}",
            header.base_offset
        );
        return Err(Rejected::new(ErrorCode::InvalidRecord, message));
    }
    let size = header.size_in_bytes();
    if is_over(size, *limit) {
        let message = format!(
            "The record batch size in the append to {topic}-{partition} is {size} bytes which exceeds the maximum \
             configured value of {limit})."
        );
        return Err(Rejected::new(ErrorCode::MessageTooLarge, message));
    }
    if batch.check_crc().is_err() {
        let message = format!(
            "Record is corrupt (stored crc = {}) in topic partition {topic}-{partition}.",
            header.crc
        );
        return Err(Rejected::new(ErrorCode::CorruptMessage, message));
    }
    Ok(())
}

fn is_over(size: usize, limit: i32) -> bool {
    usize::try_from(limit).is_ok_and(|limit| size > limit)
}

/// What a producer's header must and must not say.
fn check_header(header: &BatchHeader, options: &Options<'_>) -> Result<(), Rejected> {
    if options.origin != Origin::Client {
        return Ok(());
    }
    let (base, last, count) = (header.base_offset, header.last_offset(), header.records_count);
    let range = last.wrapping_sub(base).wrapping_add(1);
    let fault = if range <= 0 {
        format!("Batch has an invalid offset range: [{base}, {last}]")
    } else if count <= 0 {
        format!("Invalid reported count for record batch: {count}")
    } else if range != i64::from(count) {
        format!("Inconsistent batch offset range [{base}, {last}] and count of records {count}")
    } else if header.is_control() {
        "Clients are not allowed to write control records".to_owned()
    } else if header.has_producer_id() && header.base_sequence < 0 {
        let (sequence, id) = (header.base_sequence, header.producer_id);
        format!("Invalid sequence number {sequence} in record batch with producerId {id}")
    } else {
        return Ok(());
    };
    let message = format!("{fault} in topic partition {}-{}", options.topic, options.partition);
    Err(Rejected::new(ErrorCode::InvalidRecord, message))
}

/// Walks uncompressed records. Their latest timestamp.
fn walk_plain(batch: &Batch<'_>, options: &Options<'_>) -> Result<Millis, Rejected> {
    let mut inspector = Inspector::new(batch.header(), options);
    batch.payload(0)?.records().walk(|record| inspector.see(record, "DefaultRecord"))?;
    inspector.finish()
}

/// Looks at compressed records as far as need be. Their latest timestamp.
///
/// Offsets that are not 0, 1, 2 and so on are refused, as Kafka does by failing: it then wants to number them anew, of
/// records whose keys and values it has skipped. Only a change of codec numbers records anew.
fn walk_packed(batch: &Batch<'_>, options: &Options<'_>) -> Result<Millis, Rejected> {
    let header = batch.header();
    if !needs_records(header, options) {
        return Ok(header.max_timestamp);
    }
    let mut inspector = Inspector::new(header, options);
    let mut stream = stream(batch, options)?;
    let mut in_order = true;
    let mut expected = header.base_offset;
    stream.walk(|partial| {
        in_order &= partial.offset == expected;
        expected = expected.wrapping_add(1);
        inspector.see(partial, "PartialDefaultRecord");
    })?;
    let max_timestamp = inspector.finish()?;
    if !in_order {
        let (topic, partition) = (options.topic, options.partition);
        let message = format!(
            "The offsets of compressed records are not in sequence in topic partition {topic}-{partition}"
        );
        return Err(Rejected::new(ErrorCode::InvalidRecord, message));
    }
    Ok(max_timestamp)
}

/// The records of a compressed batch, held to what the topic lets them unpack to.
fn stream<'r>(batch: &Batch<'r>, options: &Options<'_>) -> Result<RecordStream<'r>, Rejected> {
    Ok(batch.stream(options.max_unpacked_bytes)?.max_record_bytes(options.max_record_bytes))
}

/// Whether a compressed batch cannot be judged by its header.
fn needs_records(header: &BatchHeader, options: &Options<'_>) -> bool {
    let create_time = options.timestamp_type == TimestampType::CreateTime;
    options.depth == Depth::Records
        || options.compacted
        || header.timestamp_type() == TimestampType::LogAppendTime
        || create_time && options.timestamp_before_max_ms != i64::MAX
        || create_time && Inspector::new(header, options).is_out_of_range(header.max_timestamp)
}

/// Keeps the batch as it came but for its times. Where those change, it is copied if others still hold its bytes.
fn in_place(
    batch: Bytes,
    header: BatchHeader,
    max_timestamp: Millis,
    options: &Options<'_>,
) -> Result<Validated, Rejected> {
    let kind = options.timestamp_type;
    let (max_timestamp, log_append_time) = match kind {
        TimestampType::CreateTime => (max_timestamp, NO_TIMESTAMP),
        TimestampType::LogAppendTime => (options.now, options.now),
    };
    if header.timestamp_type() == kind && header.max_timestamp == max_timestamp {
        return Ok(Validated { bytes: batch, header, log_append_time });
    }
    let mut bytes = batch.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    let mut changed = BatchMut::parse(&mut bytes)?.expect("a whole batch was parsed here before");
    changed.set_max_timestamp(kind, max_timestamp);
    let header = *changed.header();
    Ok(Validated { bytes: bytes.freeze(), header, log_append_time })
}

/// Packs the batch's records anew, in memory for one record and the result.
fn rebuild(
    batch: &Batch<'_>,
    target: Compression,
    options: &Options<'_>,
) -> Result<Validated, Rejected> {
    let Options { topic, partition, max_message_bytes: limit, .. } = options;
    let too_large = |size: usize| {
        let message = format!(
            "Message batch size is {size} bytes in append to partition {topic}-{partition} which exceeds the maximum \
             configured size of {limit}."
        );
        Rejected::new(ErrorCode::MessageTooLarge, message)
    };
    let mut inspector = Inspector::new(batch.header(), options);
    let mut builder = rebuilt(batch.header(), target, options);
    let mut stream = stream(batch, options)?;
    while let Some(record) = stream.next_record()? {
        inspector.see(record.partial(), "DefaultRecord");
        builder.append_renumbered(&record);
        if is_over(builder.size_so_far(), *limit) {
            return Err(too_large(builder.size_so_far()));
        }
    }
    inspector.finish()?;
    let bytes = builder.build();
    if is_over(bytes.len(), *limit) {
        return Err(too_large(bytes.len()));
    }
    let header = BatchHeader::parse(&bytes)?.expect("a batch just built has a header");
    let append_time = options.timestamp_type == TimestampType::LogAppendTime;
    Ok(Validated {
        bytes,
        header,
        log_append_time: if append_time { options.now } else { NO_TIMESTAMP },
    })
}

fn rebuilt(header: &BatchHeader, target: Compression, options: &Options<'_>) -> BatchBuilder {
    let builder = BatchBuilder::new()
        .compression(target)
        .producer(header.producer_id, header.producer_epoch, header.base_sequence)
        .transactional(header.is_transactional())
        .control(header.is_control());
    match options.timestamp_type {
        TimestampType::CreateTime => builder,
        TimestampType::LogAppendTime => builder.log_append_time(options.now),
    }
}

fn check_segment(validated: &Validated, options: &Options<'_>) -> Result<(), Rejected> {
    let (size, limit) = (validated.bytes.len(), options.segment_bytes);
    if !is_over(size, limit) {
        return Ok(());
    }
    let message = format!(
        "Message batch size is {size} bytes in append to partition {}-{}, which exceeds the maximum configured segment \
         size of {limit}.",
        options.topic, options.partition
    );
    Err(Rejected::new(ErrorCode::RecordListTooLarge, message))
}
