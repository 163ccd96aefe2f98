//! What of a log may be compacted, and whether it should be now. Reads a few headers at most, and changes nothing.
//!
//! Kafka's names: `firstDirtyOffset` and `firstUncleanableDirtyOffset` of `LogCleanerManager.cleanableOffsets`; the
//! share is that of `LogToClean.cleanableRatio`.

use std::sync::Arc;

use super::super::segment::Segment;
use super::super::settings::LogSettings;
use super::super::view::PartitionView;
use crate::error::Error;
use crate::types::{Millis, Offset};

/// What may be compacted of a log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The first offset that was not compacted yet.
    pub first_dirty: Offset,
    /// The first offset that may not be compacted now; at the beginning of a segment.
    pub first_uncleanable: Offset,
    /// Bytes of segments that are compacted.
    pub clean_bytes: u64,
    /// Bytes of segments that may be compacted.
    pub cleanable_bytes: u64,
    /// For how long something should have been compacted already (`max.compaction.lag.ms`), in ms.
    pub overdue_ms: Millis,
    /// The checkpoint cannot be true, and should be `first_dirty`.
    pub reset: bool,
}

impl Candidate {
    /// The share of what may be compacted in all that is or may be, of 1.
    pub fn ratio(&self) -> f64 {
        match self.clean_bytes + self.cleanable_bytes {
            0 => 0.0,
            total => self.cleanable_bytes as f64 / total as f64,
        }
    }

    /// Whether it is worth the work, or has waited long enough.
    pub fn is_due(&self, settings: &LogSettings) -> bool {
        self.overdue_ms > 0 && self.cleanable_bytes > 0
            || self.ratio() > settings.min_cleanable_dirty_ratio
    }
}

/// The segments from the one that holds `from` up to `to`, where one begins.
fn between(segments: &[Arc<Segment>], from: Offset, to: Offset) -> &[Arc<Segment>] {
    let first = segments.partition_point(|segment| segment.base_offset() <= from).saturating_sub(1);
    let end = segments.partition_point(|segment| segment.base_offset() < to).max(first);
    &segments[first..end]
}

fn bytes(segments: &[Arc<Segment>]) -> u64 {
    segments.iter().map(|segment| segment.size()).sum()
}

/// What may be compacted of a log that was compacted up to `checkpoint`: not the active segment, nothing that is not
/// decided, nothing that is too young.
pub fn candidate(
    view: &PartitionView,
    settings: &LogSettings,
    checkpoint: Option<Offset>,
    now: Millis,
) -> Result<Candidate, Error> {
    let segments = view.segments();
    let start = view.log_start_offset();
    let known = checkpoint.unwrap_or(start);
    // The log was truncated, or records were deleted, since the checkpoint was written.
    let reset = known < start || known > view.log_end_offset();
    let first_dirty = if reset { start } else { known };
    let active = segments.last().map_or(first_dirty, |active| active.base_offset());
    // Behind the last stable offset nobody knows yet which records count.
    let mut limit = view.last_stable_offset().min(active);
    let closed = match first_dirty > active {
        true => &[],
        false => between(&segments, first_dirty, active),
    };
    if settings.min_compaction_lag_ms > 0 {
        for segment in closed {
            if segment.newest()?.timestamp > now.saturating_sub(settings.min_compaction_lag_ms) {
                limit = limit.min(segment.base_offset());
                break;
            }
        }
    }
    let limit = limit.max(first_dirty);
    let first_uncleanable = match limit > active {
        true => active,
        false => between(&segments, limit, active).first().map_or(active, |one| one.base_offset()),
    };
    let dirty = between(&segments, first_dirty.min(first_uncleanable), first_uncleanable);
    let clean = segments.partition_point(|segment| segment.base_offset() < first_dirty);
    Ok(Candidate {
        first_dirty,
        first_uncleanable,
        clean_bytes: bytes(&segments[..clean]),
        cleanable_bytes: match first_dirty < first_uncleanable {
            true => bytes(dirty),
            false => 0,
        },
        overdue_ms: overdue(closed, settings, now)?,
        reset,
    })
}

/// For how long the oldest of the segments should have been compacted already.
fn overdue(
    segments: &[Arc<Segment>],
    settings: &LogSettings,
    now: Millis,
) -> Result<Millis, Error> {
    let until = now.saturating_sub(settings.max_compaction_lag_ms.max(0));
    let mut earliest = Millis::MAX;
    // Nothing is older than time itself: most topics have no such limit.
    for segment in segments.iter().filter(|_| until > 0) {
        let first = segment.locate(segment.base_offset(), segment.size())?;
        let first = first.map(|first| first.header.max_timestamp).filter(|time| *time > 0);
        earliest = earliest.min(first.unwrap_or(Millis::MAX));
    }
    Ok(if earliest < until { until - earliest } else { 0 })
}
