//! Whole logs: on memory, with faults, beside a model, and beside Kafka's own files.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::append::{Appended, PendingAppend};
use super::files::Files;
use super::files::memory::{Call, MemoryFiles};
use super::producers::Origin;
use super::settings::LogSettings;
use super::{Log, OpenOptions, Owner};
use crate::error::{ApiError, Error, ErrorCode};
use crate::random::Random;
use crate::types::{Millis, Offset, TopicPartition};
use crate::wire::records::{BatchBuilder, ControlType, EndTxnMarker, split};

mod basics;
mod cold;
mod committed;
mod crash;
mod damage;
mod failures;
mod kafka;
mod manager;
mod model;
mod stable;
mod transactions;

pub(super) const NOW: Millis = 1_700_000_000_000;
pub(super) const EPOCH: i32 = 3;

/// The directory that the logs of these tests are in.
pub(super) fn dir() -> &'static Path {
    Path::new("/logs/t-0")
}

pub(super) fn memory() -> MemoryFiles {
    let files = MemoryFiles::new();
    files.create_dir(Path::new("/logs")).unwrap();
    files.fsync_dir(Path::new("/")).unwrap();
    files
}

/// Makes what comes next fail, perhaps: a call, or a disk that is nearly full.
pub(super) fn break_something(files: &MemoryFiles, random: &mut Random) {
    const CALLS: [Call; 9] = [
        Call::Open,
        Call::Create,
        Call::Read,
        Call::Write,
        Call::Truncate,
        Call::Sync,
        Call::SyncDir,
        Call::Rename,
        Call::List,
    ];
    match random.below(4) {
        0 => drop(files.set_capacity(Some(files.used() + random.below(600) as u64))),
        _ => files.fail_next(*random.one(&CALLS), std::io::ErrorKind::Other),
    }
}

pub(super) fn open_with(files: &MemoryFiles, settings: LogSettings, options: &OpenOptions) -> Log {
    let at = TopicPartition::new("t", 0);
    Log::open(Arc::new(files.clone()), dir(), at, Arc::new(settings), options).unwrap()
}

pub(super) fn open(files: &MemoryFiles, settings: LogSettings) -> Log {
    open_with(files, settings, &OpenOptions { now: NOW, ..OpenOptions::default() })
}

/// Settings under which a few records fill a segment.
pub(super) fn small() -> LogSettings {
    LogSettings { segment_bytes: 1_000, index_interval_bytes: 100, ..LogSettings::default() }
}

/// A batch of `count` records whose values are `size` bytes.
pub(super) fn batch(count: usize, size: usize, timestamp: Millis) -> Bytes {
    let mut builder = BatchBuilder::new();
    for n in 0..count {
        builder.append(timestamp + n as Millis, Some(b"key"), Some(&vec![b'v'; size]));
    }
    builder.build()
}

pub(super) fn producer_batch(
    id: i64,
    epoch: i16,
    sequence: i32,
    count: usize,
    transactional: bool,
) -> Bytes {
    let mut builder =
        BatchBuilder::new().producer(id, epoch, sequence).transactional(transactional);
    for n in 0..count {
        builder.append(NOW + n as Millis, None, Some(b"value"));
    }
    builder.build()
}

pub(super) fn marker_batch(
    id: i64,
    epoch: i16,
    kind: ControlType,
    coordinator_epoch: i32,
) -> Bytes {
    let mut builder = BatchBuilder::new().producer(id, epoch, -1).transactional(true).control(true);
    builder.append(NOW, Some(&kind.key()), Some(&EndTxnMarker { coordinator_epoch }.encode()));
    builder.build()
}

/// Appends one batch, as a client, and commits it.
pub(super) fn append(log: &mut Log, records: Bytes) -> Result<Appended, ApiError> {
    append_as(log, records, Origin::Client)
}

pub(super) fn append_as(
    log: &mut Log,
    records: Bytes,
    origin: Origin,
) -> Result<Appended, ApiError> {
    let mut appends = [PendingAppend::new(records, origin)];
    log.append_as_leader(&mut appends, EPOCH, NOW).unwrap();
    log.set_high_watermark(log.log_end_offset());
    appends[0].result.take().unwrap()
}

/// The base and last offsets of everything from `offset` on.
pub(super) fn offsets(log: &Log, offset: Offset) -> Vec<(Offset, Offset)> {
    let data = log.view().read(offset, usize::MAX, true, Offset::MAX).unwrap();
    let mut bytes = data.to_vec().unwrap();
    let mut next = data.next_offset;
    while next < log.log_end_offset() {
        let more = log.view().read(next, usize::MAX, true, Offset::MAX).unwrap();
        assert!(!more.is_empty());
        bytes.extend(more.to_vec().unwrap());
        next = more.next_offset;
    }
    let batches = split(&bytes).map(|batch| {
        let batch = batch.unwrap();
        batch.check_crc().unwrap();
        (batch.header().base_offset, batch.header().last_offset())
    });
    batches.collect()
}

pub(super) fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorCode {
    result.unwrap_err().code()
}
