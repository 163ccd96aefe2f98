//! Judges records one by one, as a topic's settings want them, and collects what is wrong.

use super::header::{BatchHeader, NO_TIMESTAMP, TimestampType};
use super::record::PartialRecord;
use super::validate::{Options, Rejected};
use crate::error::ErrorCode;
use crate::types::Millis;

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

    #[inline(always)]
    pub(super) const fn is_out_of_range(&self, timestamp: Millis) -> bool {
        let Options { now, timestamp_before_max_ms: before, timestamp_after_max_ms: after, .. } =
            self.options;
        timestamp != NO_TIMESTAMP
            && (now.wrapping_sub(timestamp) > *before || timestamp.wrapping_sub(*now) > *after)
    }

    /// Judges the next record, which Kafka has in an object of `class`.
    #[inline(always)]
    pub(super) fn see(&mut self, record: PartialRecord, class: &str) {
        let create_time = matches!(self.options.timestamp_type, TimestampType::CreateTime);
        let keyless = self.options.compacted && record.key_size < 0;
        let untimely = create_time && self.is_out_of_range(record.timestamp);
        if keyless || untimely || self.claims_append_time {
            self.doubt(record, class, keyless, untimely);
        }
        self.max_timestamp = self.max_timestamp.max(record.timestamp);
        self.index = self.index.wrapping_add(1);
    }

    #[cold]
    fn doubt(&mut self, record: PartialRecord, class: &str, keyless: bool, untimely: bool) {
        let PartialRecord { offset, timestamp, key_size: key, value_size: value } = record;
        if keyless {
            let (topic, partition) = (self.options.topic, self.options.partition);
            let what = "Compacted topic cannot accept message without key in topic partition";
            self.fail(format!("{what} {topic}-{partition}"));
        } else if untimely {
            self.out_of_time = true;
            let earliest = self.options.now.wrapping_sub(self.options.timestamp_before_max_ms);
            let latest = self.options.now.wrapping_add(self.options.timestamp_after_max_ms);
            self.fail(format!(
                "Timestamp {timestamp} of message with offset {offset} is out of range. The timestamp should be \
                 within [{earliest}, {latest}]"
            ));
        } else if self.options.timestamp_type != TimestampType::CreateTime
            || timestamp == NO_TIMESTAMP
        {
            self.out_of_time = true;
            let (key, value) =
                if class == "DefaultRecord" { (key.max(0), value.max(0)) } else { (key, value) };
            self.fail(format!(
                "Invalid timestamp type in message {class}(offset={offset}, timestamp={timestamp}, key={key} bytes, \
                 value={value} bytes). Producer should not set timestamp type to LogAppendTime."
            ));
        }
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
