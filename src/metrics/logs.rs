//! What is done to logs in the background: syncs and deletions.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Family;
use crate::types::Millis;

/// The counts of all logs together.
#[derive(Debug, Default)]
pub struct LogMetrics {
    flushes: AtomicU64,
    flush_ms: AtomicU64,
    deleted_segments: AtomicU64,
    deleted_bytes: AtomicU64,
}

impl LogMetrics {
    /// A log was synced, which took so long.
    pub fn flushed(&self, took_ms: Millis) {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.flush_ms.fetch_add(u64::try_from(took_ms).unwrap_or(0), Ordering::Relaxed);
    }

    /// Retention has deleted so much.
    pub fn deleted(&self, segments: usize, bytes: u64) {
        if segments > 0 {
            self.deleted_segments.fetch_add(segments as u64, Ordering::Relaxed);
            self.deleted_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(super) fn families(&self) -> Vec<Family> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        vec![
            Family::counter(
                "kafka_log_logflushstats_logflushrateandtimems_count",
                "Syncs of logs.",
                read(&self.flushes),
            ),
            Family::counter(
                "kafka_log_logflushstats_logflushrateandtimems_sum",
                "How long syncs of logs took, in ms.",
                read(&self.flush_ms),
            ),
            Family::counter(
                "vltava_log_retention_deleted_segments_total",
                "Segments that retention has deleted.",
                read(&self.deleted_segments),
            ),
            Family::counter(
                "vltava_log_retention_deleted_bytes_total",
                "Bytes that retention has deleted.",
                read(&self.deleted_bytes),
            ),
        ]
    }
}
