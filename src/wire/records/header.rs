//! The 61 bytes in front of a batch's records, parsed and encoded.

use crc_fast::CrcAlgorithm;

use super::error::RecordsError;
use crate::types::{LeaderEpoch, Millis, Offset};
use crate::wire::compression::Codec;

/// No producer: the batch is not idempotent.
pub const NO_PRODUCER_ID: i64 = -1;
/// No producer, hence no epoch of it.
pub const NO_PRODUCER_EPOCH: i16 = -1;
/// No producer, hence no sequence.
pub const NO_SEQUENCE: i32 = -1;
/// No time is known.
pub const NO_TIMESTAMP: Millis = -1;

const CODEC_MASK: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
const DELETE_HORIZON: i16 = 0x40;

/// Where the length begins to count, and so the shortest prefix that tells a batch's size.
pub(super) const LOG_OVERHEAD: usize = 12;
pub(super) const MAGIC_END: usize = 17;
/// The least that formats 0 to 2 have behind their length.
const LENGTH_MIN: i32 = 14;

/// Who gave the records of a batch their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// The producer, record by record.
    #[default]
    CreateTime,
    /// The leader, once for the batch.
    LogAppendTime,
}

impl TimestampType {
    /// Kafka's name, as in `message.timestamp.type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateTime => "CreateTime",
            Self::LogAppendTime => "LogAppendTime",
        }
    }

    /// The type of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::CreateTime, Self::LogAppendTime].into_iter().find(|kind| kind.name() == name)
    }
}

/// The head of a batch of format 2. Nothing about it has been judged beyond length and magic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// The offset of the first record, compacted away or not.
    pub base_offset: Offset,
    /// The batch's bytes from byte 12 on.
    pub batch_length: i32,
    /// The leader that appended it; −1 before any did.
    pub partition_leader_epoch: LeaderEpoch,
    /// CRC-32C of everything from the attributes on.
    pub crc: u32,
    /// Codec, timestamp type and flags; better asked through the methods.
    pub attributes: i16,
    /// The last offset, counted from the first.
    pub last_offset_delta: i32,
    /// What the records' timestamps count from; with [`Self::has_delete_horizon`], the horizon.
    pub base_timestamp: Millis,
    /// The latest of the records' timestamps, or the time of the append.
    pub max_timestamp: Millis,
    /// The idempotent producer; −1 is none.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The sequence of the first record; −1 is none.
    pub base_sequence: i32,
    /// How many records follow.
    pub records_count: i32,
}

impl Default for BatchHeader {
    fn default() -> Self {
        Self {
            base_offset: 0,
            batch_length: (Self::SIZE - LOG_OVERHEAD) as i32,
            partition_leader_epoch: -1,
            crc: 0,
            attributes: 0,
            last_offset_delta: -1,
            base_timestamp: NO_TIMESTAMP,
            max_timestamp: NO_TIMESTAMP,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            base_sequence: NO_SEQUENCE,
            records_count: 0,
        }
    }
}

impl BatchHeader {
    /// The header's own size in bytes.
    pub const SIZE: usize = 61;
    /// The only format there is.
    pub const MAGIC: i8 = 2;

    pub(super) const EPOCH_AT: usize = 12;
    pub(crate) const CRC_AT: usize = 17;
    pub(crate) const ATTRIBUTES_AT: usize = 21;
    pub(crate) const MAX_TIMESTAMP_AT: usize = 35;

    /// The header that `bytes` begin with, which need not hold its whole batch. None where they end too early to tell.
    /// Errors: [`RecordsError::Length`], `TooLong`, `Magic`, `OldMagic`, `Header`.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, RecordsError> {
        let Some(overhead) = bytes.first_chunk::<LOG_OVERHEAD>() else { return Ok(None) };
        let batch_length = i32_at(overhead, 8);
        if batch_length < LENGTH_MIN {
            return Err(RecordsError::Length(batch_length));
        }
        if batch_length > i32::MAX - LOG_OVERHEAD as i32 {
            return Err(RecordsError::TooLong(batch_length));
        }
        let Some(front) = bytes.first_chunk::<MAGIC_END>() else { return Ok(None) };
        match front[MAGIC_END - 1] as i8 {
            Self::MAGIC => {}
            old @ 0..2 => return Err(RecordsError::OldMagic(old)),
            magic => return Err(RecordsError::Magic(magic)),
        }
        if (batch_length as usize) < Self::SIZE - LOG_OVERHEAD {
            return Err(RecordsError::Header(batch_length as usize + LOG_OVERHEAD));
        }
        Ok(bytes.first_chunk().map(Self::decode))
    }

    fn decode(bytes: &[u8; Self::SIZE]) -> Self {
        Self {
            base_offset: i64_at(bytes, 0),
            batch_length: i32_at(bytes, 8),
            partition_leader_epoch: i32_at(bytes, Self::EPOCH_AT),
            crc: i32_at(bytes, Self::CRC_AT) as u32,
            attributes: i16_at(bytes, Self::ATTRIBUTES_AT),
            last_offset_delta: i32_at(bytes, 23),
            base_timestamp: i64_at(bytes, 27),
            max_timestamp: i64_at(bytes, Self::MAX_TIMESTAMP_AT),
            producer_id: i64_at(bytes, 43),
            producer_epoch: i16_at(bytes, 51),
            base_sequence: i32_at(bytes, 53),
            records_count: i32_at(bytes, 57),
        }
    }

    /// The header as bytes, with the crc that it has.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..8].copy_from_slice(&self.base_offset.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.batch_length.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.partition_leader_epoch.to_be_bytes());
        bytes[16] = Self::MAGIC as u8;
        bytes[17..21].copy_from_slice(&self.crc.to_be_bytes());
        bytes[21..23].copy_from_slice(&self.attributes.to_be_bytes());
        bytes[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        bytes[27..35].copy_from_slice(&self.base_timestamp.to_be_bytes());
        bytes[35..43].copy_from_slice(&self.max_timestamp.to_be_bytes());
        bytes[43..51].copy_from_slice(&self.producer_id.to_be_bytes());
        bytes[51..53].copy_from_slice(&self.producer_epoch.to_be_bytes());
        bytes[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        bytes[57..61].copy_from_slice(&self.records_count.to_be_bytes());
        bytes
    }

    /// The whole batch's size in bytes, this header included.
    pub const fn size_in_bytes(&self) -> usize {
        self.batch_length as usize + LOG_OVERHEAD
    }

    /// The offset of the last record, compacted away or not.
    pub const fn last_offset(&self) -> Offset {
        self.base_offset.wrapping_add(self.last_offset_delta as i64)
    }

    /// The offset of the batch behind this one.
    pub const fn next_offset(&self) -> Offset {
        self.last_offset().wrapping_add(1)
    }

    /// The sequence of the last record; −1 without a producer.
    pub const fn last_sequence(&self) -> i32 {
        if self.base_sequence == NO_SEQUENCE {
            return NO_SEQUENCE;
        }
        increment_sequence(self.base_sequence, self.last_offset_delta)
    }

    /// How the records are packed. Error: [`RecordsError::Codec`].
    pub const fn codec(&self) -> Result<Codec, RecordsError> {
        let id = (self.attributes & CODEC_MASK) as u8;
        match Codec::from_id(id) {
            Some(codec) => Ok(codec),
            None => Err(RecordsError::Codec(id)),
        }
    }

    /// Who gave the records their time.
    pub const fn timestamp_type(&self) -> TimestampType {
        if self.attributes & LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Whether the records are part of a transaction.
    pub const fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// Whether the records are of the brokers' own: markers, leader changes.
    pub const fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    /// Whether the cleaner has said when the batch's tombstones and markers may go (KIP-534).
    pub const fn has_delete_horizon(&self) -> bool {
        self.attributes & DELETE_HORIZON != 0
    }

    /// When the batch's tombstones and markers may go.
    pub const fn delete_horizon_ms(&self) -> Option<Millis> {
        if self.has_delete_horizon() { Some(self.base_timestamp) } else { None }
    }

    /// Whether an idempotent producer wrote this.
    pub const fn has_producer_id(&self) -> bool {
        self.producer_id > NO_PRODUCER_ID
    }

    /// Sets the codec in the attributes.
    pub const fn set_codec(&mut self, codec: Codec) {
        self.attributes = self.attributes & !CODEC_MASK | codec as i16;
    }

    /// Sets the timestamp type in the attributes, and clears the bits that have no meaning, as Kafka does.
    pub const fn set_timestamp_type(&mut self, kind: TimestampType) {
        self.attributes &= CODEC_MASK | TRANSACTIONAL | CONTROL | DELETE_HORIZON;
        if matches!(kind, TimestampType::LogAppendTime) {
            self.attributes |= LOG_APPEND_TIME;
        }
    }

    /// Sets or clears the mark of a transaction.
    pub const fn set_transactional(&mut self, on: bool) {
        self.set_flag(TRANSACTIONAL, on);
    }

    /// Sets or clears the mark of control records.
    pub const fn set_control(&mut self, on: bool) {
        self.set_flag(CONTROL, on);
    }

    /// Sets or clears the mark that makes the base timestamp a delete horizon.
    pub const fn set_has_delete_horizon(&mut self, on: bool) {
        self.set_flag(DELETE_HORIZON, on);
    }

    const fn set_flag(&mut self, flag: i16, on: bool) {
        if on {
            self.attributes |= flag;
        } else {
            self.attributes &= !flag;
        }
    }
}

/// The sequence `by` after `sequence`: 2^31 − 1 is followed by 0.
pub const fn increment_sequence(sequence: i32, by: i32) -> i32 {
    ((sequence as i64 + by as i64) & i32::MAX as i64) as i32
}

/// The sequence `by` before `sequence`: 0 follows 2^31 − 1.
pub const fn decrement_sequence(sequence: i32, by: i32) -> i32 {
    ((sequence as i64 - by as i64) & i32::MAX as i64) as i32
}

/// The CRC-32C of the bytes of all `parts`, one after the other.
pub fn checksum_of(parts: [&[u8]; 2]) -> u32 {
    let mut digest = crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi);
    parts.into_iter().for_each(|part| digest.update(part));
    digest.finalize() as u32
}

/// The CRC-32C of `bytes`.
pub fn checksum(bytes: &[u8]) -> u32 {
    crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

/// Reads an integer at a place that the array's length is known to hold.
fn i64_at<const N: usize>(bytes: &[u8; N], at: usize) -> i64 {
    i64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

pub(super) fn i32_at<const N: usize>(bytes: &[u8; N], at: usize) -> i32 {
    i32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn i16_at<const N: usize>(bytes: &[u8; N], at: usize) -> i16 {
    i16::from_be_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}
