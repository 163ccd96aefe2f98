//! What a leader changes about a batch in place.

use super::error::RecordsError;
use super::header::{BatchHeader, TimestampType, checksum};
use crate::types::{LeaderEpoch, Millis, Offset};

/// One whole batch in a buffer that may be written.
#[derive(Debug)]
pub struct BatchMut<'a> {
    header: BatchHeader,
    bytes: &'a mut [u8],
}

impl<'a> BatchMut<'a> {
    /// The batch that `bytes` begin with; none where they end before it does.
    pub fn parse(bytes: &'a mut [u8]) -> Result<Option<Self>, RecordsError> {
        let Some(header) = BatchHeader::parse(bytes)? else { return Ok(None) };
        Ok(bytes.get_mut(..header.size_in_bytes()).map(|bytes| Self { header, bytes }))
    }

    /// The head as it is by now.
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// Moves the batch to `offset`. The crc stays as it is.
    pub fn set_base_offset(&mut self, offset: Offset) {
        self.header.base_offset = offset;
        self.bytes[..8].copy_from_slice(&offset.to_be_bytes());
    }

    /// Says which leader appends it. The crc stays as it is.
    pub fn set_partition_leader_epoch(&mut self, epoch: LeaderEpoch) {
        self.header.partition_leader_epoch = epoch;
        self.bytes[BatchHeader::EPOCH_AT..][..4].copy_from_slice(&epoch.to_be_bytes());
    }

    /// Gives the latest timestamp and whose it is, and seals anew; does nothing where both are so already.
    pub fn set_max_timestamp(&mut self, kind: TimestampType, timestamp: Millis) {
        if self.header.timestamp_type() == kind && self.header.max_timestamp == timestamp {
            return;
        }
        self.header.set_timestamp_type(kind);
        self.header.max_timestamp = timestamp;
        let attributes = self.header.attributes.to_be_bytes();
        self.bytes[BatchHeader::ATTRIBUTES_AT..][..2].copy_from_slice(&attributes);
        self.bytes[BatchHeader::MAX_TIMESTAMP_AT..][..8].copy_from_slice(&timestamp.to_be_bytes());
        self.seal();
    }

    /// Makes the crc that of the bytes.
    pub fn seal(&mut self) {
        self.header.crc = checksum(&self.bytes[BatchHeader::ATTRIBUTES_AT..]);
        self.bytes[BatchHeader::CRC_AT..][..4].copy_from_slice(&self.header.crc.to_be_bytes());
    }
}
