//! Judges records one by one, as a topic's settings want them, and collects what is wrong.

use super::header::{BatchHeader, NO_TIMESTAMP, TimestampType};
use super::record::Record;
use super::stream::PartialRecord;
use super::validate::{Options, Rejected};
use crate::error::ErrorCode;
use crate::types::{Millis, Offset};

/// One record that is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// Which of the batch's records, from 0.
    pub batch_index: i32,
    /// What about it.
    pub message: String,
}

/// Collects what is wrong with single records, and their latest timestamp.
pub(super) struct Inspector<'a> {
    options: &'a Options<'a>,
    claims_append_time: bool,
    index: i32,
    max_timestamp: Millis,
    out_of_time: bool,
    errors: Vec<RecordError>,
}

/// How many faulty records are told of: the answer stays small, whatever the batch.
const RECORD_ERRORS_MAX: usize = 1_000;

impl<'a> Inspector<'a> {
    pub(super) const fn new(header: &BatchHeader, options: &'a Options<'a>) -> Self {
        Self {
            options,
            claims_append_time: matches!(header.timestamp_type(), TimestampType::LogAppendTime),
            index: 0,
            max_timestamp: NO_TIMESTAMP,
            out_of_time: false,
            errors: Vec::new(),
        }
    }

    pub(super) const fn is_out_of_range(&self, timestamp: Millis) -> bool {
        let Options { now, timestamp_before_max_ms: before, timestamp_after_max_ms: after, .. } =
            self.options;
        timestamp != NO_TIMESTAMP
            && (now.wrapping_sub(timestamp) > *before || timestamp.wrapping_sub(*now) > *after)
    }

    /// Judges a record that was read whole.
    #[inline]
    pub(super) fn see(&mut self, record: &Record<'_>) {
        let Record { offset, timestamp, key, value, .. } = *record;
        self.judge(offset, timestamp, key.is_some(), || {
            let (key, value) = (key.map_or(0, <[u8]>::len), value.map_or(0, <[u8]>::len));
            format!("DefaultRecord(offset={offset}, timestamp={timestamp}, key={key} bytes, value={value} bytes)")
        });
    }

    /// Judges a record whose bytes were passed over.
    #[inline]
    pub(super) fn see_partial(&mut self, record: &PartialRecord) {
        let PartialRecord { offset, timestamp, key_size: key, value_size: value } = *record;
        self.judge(offset, timestamp, key >= 0, || {
            format!("PartialDefaultRecord(offset={offset}, timestamp={timestamp}, key={key} bytes, value={value} bytes)")
        });
    }

    #[inline]
    fn judge(
        &mut self,
        offset: Offset,
        timestamp: Millis,
        has_key: bool,
        describe: impl Fn() -> String,
    ) {
        let create_time = self.options.timestamp_type == TimestampType::CreateTime;
        if self.options.compacted && !has_key {
            let (topic, partition) = (self.options.topic, self.options.partition);
            let what = "Compacted topic cannot accept message without key in topic partition";
            self.fail(format!("{what} {topic}-{partition}"));
        } else if create_time && self.is_out_of_range(timestamp) {
            self.out_of_time = true;
            let earliest = self.options.now.wrapping_sub(self.options.timestamp_before_max_ms);
            let latest = self.options.now.wrapping_add(self.options.timestamp_after_max_ms);
            self.fail(format!(
                "Timestamp {timestamp} of message with offset {offset} is out of range. The timestamp should be \
                 within [{earliest}, {latest}]"
            ));
        } else if self.claims_append_time && !(create_time && timestamp != NO_TIMESTAMP) {
            self.out_of_time = true;
            let what = "Producer should not set timestamp type to LogAppendTime.";
            self.fail(format!("Invalid timestamp type in message {}. {what}", describe()));
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.index = self.index.saturating_add(1);
    }

    fn fail(&mut self, message: String) {
        if self.errors.len() < RECORD_ERRORS_MAX {
            self.errors.push(RecordError { batch_index: self.index, message });
        }
    }

    pub(super) fn finish(self) -> Result<Millis, Rejected> {
        if self.errors.is_empty() {
            return Ok(self.max_timestamp);
        }
        let (code, message) = if self.out_of_time {
            let message =
                "One or more records have been rejected due to invalid timestamp".to_owned();
            (ErrorCode::InvalidTimestamp, message)
        } else {
            let show = |error: &RecordError| {
                format!(
                    "RecordError(batchIndex={}, message='{}')",
                    error.batch_index, error.message
                )
            };
            let shown: Vec<_> = self.errors.iter().take(3).map(show).collect();
            let message = format!(
                "One or more records have been rejected due to {} record errors in total, and only showing the first \
                 three errors at most: [{}]",
                self.errors.len(),
                shown.join(", ")
            );
            (ErrorCode::InvalidRecord, message)
        };
        Err(Rejected { code, message, record_errors: self.errors })
    }
}
