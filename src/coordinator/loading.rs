//! Replaying a shard's partition into its machine. Never writes.
//!
//! To the log's end, not to the high watermark: on the only replica both are the same, and a shard begins with a
//! partition that nobody else writes to.

use std::sync::Arc;

use bytes::Bytes;

use super::machine::{Machine, StoredRecord};
use crate::error::ErrorCode;
use crate::partition::replica::Replica;
use crate::types::Offset;
use crate::wire::records::{self, Batch, ControlType, RecordsError};

/// How much is read at a time, after which others on the thread have their turn (`offsets.load.buffer.size` is 5 MiB).
const CHUNK_BYTES: usize = 1 << 20;
/// What one batch may unpack to.
const UNPACKED_BYTES_MAX: usize = 256 << 20;

/// Applies every record of the partition; the offset after the last.
pub(super) async fn replay<M: Machine>(
    replica: &Arc<Replica>,
    machine: &mut M,
) -> Result<Offset, ErrorCode> {
    let view = replica.view().await?;
    let (mut next, end) = (view.log_start_offset(), view.log_end_offset());
    while next < end {
        let chunk = replica.read_bytes(next, CHUNK_BYTES).await?;
        let before = next;
        for batch in records::split(&chunk) {
            let batch = batch.map_err(|error| corrupt(replica, &error))?;
            next = batch.header().next_offset();
            apply(&batch, machine).map_err(|error| corrupt(replica, &error))?;
        }
        if next == before {
            return Err(ErrorCode::CorruptMessage);
        }
        tokio::task::yield_now().await;
    }
    Ok(end)
}

fn apply<M: Machine>(batch: &Batch<'_>, machine: &mut M) -> Result<(), RecordsError> {
    let header = batch.header();
    for record in batch.payload(UNPACKED_BYTES_MAX)?.records() {
        let record = record?;
        if header.is_control() {
            match ControlType::parse(record.key)? {
                ControlType::Commit => machine.end_transaction(header.producer_id, true),
                ControlType::Abort => machine.end_transaction(header.producer_id, false),
                _ => {}
            }
            continue;
        }
        let Some(key) = record.key else { continue };
        let value = record.value.map(Bytes::copy_from_slice);
        let stored = StoredRecord { key: Bytes::copy_from_slice(key), value };
        if header.is_transactional() {
            machine.apply_transactional(
                record.offset,
                record.timestamp,
                header.producer_id,
                &stored,
            );
        } else {
            machine.apply(record.offset, record.timestamp, &stored);
        }
    }
    Ok(())
}

fn corrupt(replica: &Replica, error: &RecordsError) -> ErrorCode {
    tracing::error!(partition = %replica.name, %error, "the shard cannot be replayed");
    ErrorCode::CorruptMessage
}
