//! Batches of the metadata log: records to bytes, and bytes to what was committed. Never touches a file.
//!
//! A batch is atomic: it is committed, told and replayed as a whole. What must be atomic and is too large for one goes
//! between `BeginTransactionRecord` and `EndTransactionRecord` (KIP-868), which `metadata::loader` sees to.

use bytes::Bytes;

use crate::error::Error;
use crate::metadata::snapshot::BATCH_UNPACKED_MAX;
use crate::raft::control::Control;
use crate::raft::events::{CommittedBatch, VersionedRecord};
use crate::types::{LeaderEpoch, Millis, Offset};
use crate::wire::codec::EncodeError;
use crate::wire::records::{Batch, BatchBuilder, split};
use crate::wire::stored::metadata::MetadataRecord;

/// Records as they lie in the log. Error: a record says what its version has no place for.
pub fn encode_records(records: &[VersionedRecord]) -> Result<Vec<Bytes>, EncodeError> {
    records.iter().map(|(record, version)| record.encode(*version)).collect()
}

/// Records as one batch, the first at `first`.
pub fn encode(first: Offset, epoch: LeaderEpoch, now: Millis, records: &[Bytes]) -> Bytes {
    let mut batch = BatchBuilder::new().base_offset(first).partition_leader_epoch(epoch);
    for record in records {
        batch.append(now, None, Some(record));
    }
    batch.build()
}

/// A batch read back: what it tells followers of the metadata, and what it says of the quorum.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// For those who follow the metadata.
    pub batch: CommittedBatch,
    /// For the quorum itself.
    pub control: Vec<Control>,
}

fn corrupt(at: Offset, error: &dyn std::fmt::Display) -> Error {
    Error::Corrupt(format!("metadata log: batch at offset {at}: {error}"))
}

fn decode_one(batch: &Batch<'_>) -> Result<Decoded, Error> {
    let header = *batch.header();
    let at = header.base_offset;
    let mut decoded = Decoded {
        batch: CommittedBatch {
            first: at,
            last: header.last_offset(),
            epoch: header.partition_leader_epoch,
            timestamp: header.max_timestamp,
            bytes: header.size_in_bytes(),
            records: Vec::new(),
        },
        control: Vec::new(),
    };
    let payload = batch.payload(BATCH_UNPACKED_MAX).map_err(|error| corrupt(at, &error))?;
    for record in payload.records() {
        let record = record.map_err(|error| corrupt(at, &error))?;
        if header.is_control() {
            decoded.control.push(Control::decode(record.key, record.value)?);
        } else {
            let value = Bytes::copy_from_slice(record.value.unwrap_or_default());
            let record = MetadataRecord::decode(value).map_err(|error| corrupt(at, &error))?;
            decoded.batch.records.push(record);
        }
    }
    Ok(decoded)
}

/// The whole batches in `bytes`, decoded one by one; what is left of a batch at the end is left out.
///
/// Errors: bytes that are no batch, a wrong checksum, a record of an unknown type or version.
pub fn decode(bytes: &[u8]) -> impl Iterator<Item = Result<Decoded, Error>> {
    split(bytes).map(|batch| {
        let batch = batch.map_err(|error| corrupt(-1, &error))?;
        batch.check_crc().map_err(|error| corrupt(batch.header().base_offset, &error))?;
        decode_one(&batch)
    })
}

/// The epoch, first and last offset of each whole batch in `bytes`.
///
/// Errors: bytes that are no batch.
pub fn outline(bytes: &[u8]) -> Result<Vec<(LeaderEpoch, Offset, Offset)>, Error> {
    let headers = split(bytes).map(|batch| {
        let batch = batch.map_err(|error| corrupt(-1, &error))?;
        let header = batch.header();
        Ok((header.partition_leader_epoch, header.base_offset, header.last_offset()))
    });
    headers.collect()
}
