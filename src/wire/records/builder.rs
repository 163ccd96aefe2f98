//! Makes batches: for the coordinators and the metadata log, for recompression and compaction, for clients and tests.

use std::io::Write;

use bytes::Bytes;

use super::header::{BatchHeader, NO_TIMESTAMP, TimestampType, checksum};
use super::record::RecordHeader;
use super::varint::{varint_size, varlong_size, write_varint, write_varlong};
use crate::types::{LeaderEpoch, Millis, Offset};
use crate::wire::compression::{Codec, Compression, Compressor};

const MEMORY: &str = "memory takes every write, and every level is a level";

/// A batch in the making. Settings come before the first record.
pub struct BatchBuilder {
    header: BatchHeader,
    compression: Compression,
    append_time: Option<Millis>,
    delete_horizon: Option<Millis>,
    next_delta: i32,
    last_delta: Option<i32>,
    compressor: Option<Compressor>,
    scratch: Vec<u8>,
    uncompressed: usize,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchBuilder {
    /// A batch at offset 0, of no leader and no producer, uncompressed, its records with times of their own.
    pub fn new() -> Self {
        Self {
            header: BatchHeader::default(),
            compression: Compression::default(),
            append_time: None,
            delete_horizon: None,
            next_delta: 0,
            last_delta: None,
            compressor: None,
            scratch: Vec::new(),
            uncompressed: BatchHeader::SIZE,
        }
    }

    /// A batch that takes offset, leader, producer, flags and times from `header`, and its records from elsewhere.
    pub fn like(header: &BatchHeader, compression: Compression) -> Self {
        let mut builder = Self::new().compression(compression);
        builder.header = BatchHeader {
            last_offset_delta: -1,
            base_timestamp: NO_TIMESTAMP,
            max_timestamp: NO_TIMESTAMP,
            records_count: 0,
            ..*header
        };
        builder.header.set_timestamp_type(header.timestamp_type());
        builder.header.set_has_delete_horizon(false);
        builder.append_time = (header.timestamp_type() == TimestampType::LogAppendTime)
            .then_some(header.max_timestamp);
        builder.delete_horizon = header.delete_horizon_ms();
        builder
    }

    /// Where the batch begins.
    pub fn base_offset(mut self, offset: Offset) -> Self {
        self.header.base_offset = offset;
        self
    }

    /// Whose reign it is appended under.
    pub fn partition_leader_epoch(mut self, epoch: LeaderEpoch) -> Self {
        self.header.partition_leader_epoch = epoch;
        self
    }

    /// How to pack the records.
    pub fn compression(mut self, compression: impl Into<Compression>) -> Self {
        self.compression = compression.into();
        self
    }

    /// The idempotent producer, its epoch, and the sequence of the first record.
    pub fn producer(mut self, id: i64, epoch: i16, base_sequence: i32) -> Self {
        self.header.producer_id = id;
        self.header.producer_epoch = epoch;
        self.header.base_sequence = base_sequence;
        self
    }

    /// Whether the records are part of a transaction.
    pub fn transactional(mut self, on: bool) -> Self {
        self.header.set_transactional(on);
        self
    }

    /// Whether the records are the brokers' own.
    pub fn control(mut self, on: bool) -> Self {
        self.header.set_control(on);
        self
    }

    /// Gives all records the time of the append.
    pub fn log_append_time(mut self, time: Millis) -> Self {
        self.append_time = Some(time);
        self
    }

    /// Says when the batch's tombstones and markers may go (KIP-534).
    pub fn delete_horizon(mut self, horizon: Option<Millis>) -> Self {
        self.delete_horizon = horizon;
        self
    }

    /// Ends the batch at `offset` whatever its last record: compaction keeps the ends of batches.
    pub fn last_offset(mut self, offset: Offset) -> Self {
        self.last_delta = i32::try_from(offset.wrapping_sub(self.header.base_offset)).ok();
        self
    }

    /// Appends a record at the next offset.
    pub fn append(&mut self, timestamp: Millis, key: Option<&[u8]>, value: Option<&[u8]>) {
        self.append_with(self.next_delta, timestamp, key, value, [].into_iter());
    }

    /// Appends a record with headers at the next offset.
    pub fn append_with_headers<'h>(
        &mut self,
        timestamp: Millis,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: impl ExactSizeIterator<Item = RecordHeader<'h>> + Clone,
    ) {
        self.append_with(self.next_delta, timestamp, key, value, headers);
    }

    /// Appends `record` at its own offset, which must not be before one that is already there.
    pub fn append_record(&mut self, record: &super::Record<'_>) {
        let delta = i32::try_from(record.offset.wrapping_sub(self.header.base_offset))
            .unwrap_or(self.next_delta);
        self.append_with(delta, record.timestamp, record.key, record.value, record.headers);
    }

    /// Appends `record` at the next offset, whatever its own.
    pub fn append_renumbered(&mut self, record: &super::Record<'_>) {
        self.append_with(
            self.next_delta,
            record.timestamp,
            record.key,
            record.value,
            record.headers,
        );
    }

    fn append_with<'h>(
        &mut self,
        delta: i32,
        timestamp: Millis,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: impl ExactSizeIterator<Item = RecordHeader<'h>> + Clone,
    ) {
        self.begin(timestamp);
        self.header.max_timestamp = self.header.max_timestamp.max(timestamp);
        self.header.last_offset_delta = delta;
        self.header.records_count += 1;
        self.next_delta = delta.saturating_add(1);
        let timestamp_delta = timestamp.wrapping_sub(self.header.base_timestamp);
        let size = 1
            + varlong_size(timestamp_delta)
            + varint_size(delta)
            + field_size(key)
            + field_size(value)
            + varint_size(length(headers.len()))
            + headers
                .clone()
                .map(|header| field_size(Some(header.key)) + field_size(header.value))
                .sum::<usize>();
        let out = &mut self.scratch;
        let before = out.len();
        write_varint(out, length(size));
        out.push(0);
        write_varlong(out, timestamp_delta);
        write_varint(out, delta);
        write_field(out, key);
        write_field(out, value);
        write_varint(out, length(headers.len()));
        for header in headers {
            write_field(out, Some(header.key));
            write_field(out, header.value);
        }
        self.uncompressed += out.len() - before;
        if let Some(compressor) = &mut self.compressor {
            compressor.write_all(out).expect(MEMORY);
            out.clear();
        }
    }

    /// Uncompressed, the scratch is the batch; compressed, the compressor holds it.
    fn begin(&mut self, first_timestamp: Millis) {
        if self.header.records_count > 0 {
            return;
        }
        self.header.base_timestamp = self.delete_horizon.unwrap_or(first_timestamp);
        let room = vec![0; BatchHeader::SIZE];
        if self.compression.codec == Codec::None {
            self.scratch = room;
        } else {
            self.compressor = Some(Compressor::new(self.compression, room).expect(MEMORY));
        }
    }

    /// How many records there are.
    pub const fn len(&self) -> usize {
        self.header.records_count as usize
    }

    /// Whether there is no record yet.
    pub const fn is_empty(&self) -> bool {
        self.header.records_count == 0
    }

    /// The size that the batch would have uncompressed, so far.
    pub const fn uncompressed_size(&self) -> usize {
        self.uncompressed
    }

    /// The size that the batch has at least, so far.
    pub fn size_so_far(&self) -> usize {
        self.compressor.as_ref().map_or(self.uncompressed, Compressor::written)
    }

    /// The batch, sealed. Without a record it is a header alone.
    pub fn build(mut self) -> Bytes {
        self.begin(NO_TIMESTAMP);
        let mut bytes = match self.compressor.take() {
            Some(_) if self.is_empty() => vec![0; BatchHeader::SIZE],
            Some(compressor) => compressor.finish().expect(MEMORY),
            None => self.scratch,
        };
        let header = &mut self.header;
        header.set_codec(self.compression.codec);
        header.set_has_delete_horizon(self.delete_horizon.is_some());
        if let Some(time) = self.append_time {
            header.set_timestamp_type(TimestampType::LogAppendTime);
            header.max_timestamp = time;
        }
        header.last_offset_delta = self.last_delta.unwrap_or(header.last_offset_delta);
        seal_into(header, &mut bytes);
        bytes.into()
    }
}

/// A batch without records that keeps `header`'s offsets, producer and times: what compaction leaves of a producer's
/// last batch.
pub fn empty_batch(header: &BatchHeader) -> Bytes {
    let mut bytes = vec![0; BatchHeader::SIZE];
    let timestamp = header.max_timestamp;
    let mut empty = BatchHeader { base_timestamp: timestamp, records_count: 0, ..*header };
    empty.set_timestamp_type(header.timestamp_type());
    empty.set_codec(Codec::None);
    empty.set_has_delete_horizon(false);
    seal_into(&mut empty, &mut bytes);
    bytes.into()
}

/// Writes `header` over the room that `bytes` begin with, with the length and the crc that are right for them.
fn seal_into(header: &mut BatchHeader, bytes: &mut [u8]) {
    header.batch_length = length(bytes.len() - 12);
    bytes[..BatchHeader::SIZE].copy_from_slice(&header.encode());
    header.crc = checksum(&bytes[BatchHeader::ATTRIBUTES_AT..]);
    bytes[..BatchHeader::SIZE].copy_from_slice(&header.encode());
}

fn length(length: usize) -> i32 {
    i32::try_from(length).expect("a batch is below 2 GiB")
}

fn field_size(field: Option<&[u8]>) -> usize {
    field.map_or(varint_size(-1), |bytes| varint_size(length(bytes.len())) + bytes.len())
}

fn write_field(out: &mut Vec<u8>, field: Option<&[u8]>) {
    match field {
        None => write_varint(out, -1),
        Some(bytes) => {
            write_varint(out, length(bytes.len()));
            out.extend_from_slice(bytes);
        }
    }
}
