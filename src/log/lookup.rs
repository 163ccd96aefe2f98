//! Finding offsets by time, for ListOffsets. Any thread may ask; nothing here asks the writer.
//!
//! Timestamps are the producers' own and need not grow, so no search can halve. Each segment knows its newest; the
//! first that is new enough is looked into, from the time index's last entry below the time that is wanted, batch by
//! batch. Only a batch whose newest is new enough is unpacked.

use std::sync::Arc;

use super::index::floor_timestamp;
use super::scan::Scanner;
use super::segment::Segment;
use super::view::PartitionView;
use crate::error::Error;
use crate::types::{LeaderEpoch, Millis, Offset};
use crate::wire::records::{Batch, NO_TIMESTAMP, PartialRecord};

/// What a batch may unpack to while a record of it is looked for.
const UNPACKED_MAX: usize = i32::MAX as usize;

/// A record, found by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOffset {
    /// Its timestamp.
    pub timestamp: Millis,
    /// Its offset.
    pub offset: Offset,
    /// The epoch of the leader that appended it; −1 if the batch does not say.
    pub leader_epoch: LeaderEpoch,
}

impl PartitionView {
    /// The first record that is not older than `timestamp`. It may be above the high watermark.
    pub fn offset_for_timestamp(&self, timestamp: Millis) -> Result<Option<TimedOffset>, Error> {
        let start = self.log_start_offset();
        for segment in self.segments().iter() {
            if segment.newest()?.timestamp < timestamp {
                continue;
            }
            if let Some(found) = first_since(segment, timestamp, start)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The first record that has the newest timestamp of all.
    pub fn offset_for_max_timestamp(&self) -> Result<Option<TimedOffset>, Error> {
        let mut best: Option<(Millis, Offset, Arc<Segment>)> = None;
        for segment in self.segments().iter() {
            let newest = segment.newest()?;
            if newest.timestamp > best.as_ref().map_or(NO_TIMESTAMP, |best| best.0) {
                best = Some((newest.timestamp, newest.offset, segment.clone()));
            }
        }
        let Some((timestamp, offset, segment)) = best else { return Ok(None) };
        find(&segment, offset, |record| record.timestamp == timestamp)
    }
}

fn first_since(
    segment: &Arc<Segment>,
    timestamp: Millis,
    start: Offset,
) -> Result<Option<TimedOffset>, Error> {
    let floor = segment.ask_times(|entries| floor_timestamp(entries, timestamp))?;
    let from = floor
        .map_or(segment.base_offset(), |entry| segment.base_offset() + Offset::from(entry.offset));
    find(segment, from.max(start), |record| record.timestamp >= timestamp && record.offset >= start)
}

/// The first record, among the batches from `offset` on, that `wanted` says yes to.
fn find(
    segment: &Arc<Segment>,
    offset: Offset,
    wanted: impl Fn(&PartialRecord) -> bool,
) -> Result<Option<TimedOffset>, Error> {
    let size = segment.size();
    let Some(first) = segment.locate(offset, size)? else { return Ok(None) };
    let file = segment.file()?;
    let mut scanner = Scanner::headers(&*file, first.position, size, segment.base_offset());
    while let Some(found) =
        scanner.next_header().map_err(|bad| segment.corrupt(scanner.position(), &bad))?
    {
        // The newest record stands for all: if it is not wanted by its time, none is.
        let newest = PartialRecord {
            offset: Offset::MAX,
            timestamp: found.header.max_timestamp,
            key_size: -1,
            value_size: -1,
        };
        if !wanted(&newest) {
            continue;
        }
        let batch = scanner.batch(&found).map_err(|bad| segment.corrupt(found.position, &bad))?;
        if segment.verified().is_cold() {
            batch.check_crc().map_err(|bad| segment.corrupt(found.position, &bad.into()))?;
        }
        if let Some(record) = first_record(&batch, &wanted)? {
            let leader_epoch = found.header.partition_leader_epoch;
            return Ok(Some(TimedOffset {
                timestamp: record.timestamp,
                offset: record.offset,
                leader_epoch,
            }));
        }
    }
    Ok(None)
}

fn first_record(
    batch: &Batch<'_>,
    wanted: impl Fn(&PartialRecord) -> bool,
) -> Result<Option<PartialRecord>, Error> {
    let mut records = batch.stream(UNPACKED_MAX)?;
    while let Some(record) = records.next_partial()? {
        if wanted(&record) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}
