//! What a topic's configuration says about its logs: plain values, already resolved. Never parses anything.
//!
//! Who resolves them is `config`: a topic's own value, else the broker's dynamic one, else `server.properties`, else
//! Kafka's default. A change reaches a log through `Log::update_config`, between two appends.

use crate::types::Millis;

/// The settings of one log, under the names of Kafka's topic configuration. −1 means no limit where Kafka means so.
#[derive(Clone, Debug, PartialEq)]
pub struct LogSettings {
    /// `segment.bytes`: a segment that would grow beyond is closed and a new one begun.
    pub segment_bytes: u32,
    /// `segment.ms`: a segment whose first record is older is closed at the next append.
    pub segment_ms: Millis,
    /// `segment.jitter.ms`: up to how much earlier, so that not all logs roll at once.
    pub segment_jitter_ms: Millis,
    /// `segment.index.bytes`: how large an index may grow before its segment is closed.
    pub segment_index_bytes: u32,
    /// `index.interval.bytes`: how many bytes of records one index entry stands for.
    pub index_interval_bytes: u32,
    /// `retention.ms`: records older than that are deleted, a segment at a time.
    pub retention_ms: Millis,
    /// `retention.bytes`: segments beyond that many bytes are deleted.
    pub retention_bytes: i64,
    /// `cleanup.policy` has `delete`.
    pub delete: bool,
    /// `cleanup.policy` has `compact`.
    pub compact: bool,
    /// `delete.retention.ms`: how long tombstones and markers stay once the cleaner has met them.
    pub delete_retention_ms: Millis,
    /// `min.compaction.lag.ms`: how long a record is not compacted.
    pub min_compaction_lag_ms: Millis,
    /// `max.compaction.lag.ms`: when a record is compacted at the latest.
    pub max_compaction_lag_ms: Millis,
    /// `min.cleanable.dirty.ratio`: how much of a log is not compacted before it is worth it, as a share of 1.
    pub min_cleanable_dirty_ratio: f64,
    /// `file.delete.delay.ms`: how long a file stays after it was given up, for those who still read it.
    pub file_delete_delay_ms: Millis,
    /// `flush.messages`: sync after that many records.
    pub flush_messages: i64,
    /// `flush.ms`: sync records that are older than that.
    pub flush_ms: Millis,
    /// `max.message.bytes`: the largest batch.
    pub max_message_bytes: u32,
    /// `preallocate`: reserve a whole segment at once.
    pub preallocate: bool,
    /// `message.timestamp.type` is `LogAppendTime`.
    pub log_append_time: bool,
    /// `producer.id.expiration.ms`: when a silent producer is forgotten.
    pub producer_id_expiration_ms: Millis,
}

impl Default for LogSettings {
    fn default() -> Self {
        const DAY_MS: Millis = 24 * 60 * 60 * 1_000;
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY_MS,
            segment_jitter_ms: 0,
            segment_index_bytes: 10 << 20,
            index_interval_bytes: 4_096,
            retention_ms: 7 * DAY_MS,
            retention_bytes: -1,
            delete: true,
            compact: false,
            delete_retention_ms: DAY_MS,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            min_cleanable_dirty_ratio: 0.5,
            file_delete_delay_ms: 60_000,
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
            max_message_bytes: 1_048_588,
            preallocate: false,
            log_append_time: false,
            producer_id_expiration_ms: DAY_MS,
        }
    }
}

impl LogSettings {
    /// `segment.ms` as it counts: what must be compacted by a time may not stay in the active segment until then.
    pub fn max_segment_ms(&self) -> Millis {
        match self.compact && self.max_compaction_lag_ms > 0 {
            true => self.segment_ms.min(self.max_compaction_lag_ms),
            false => self.segment_ms,
        }
    }
}
