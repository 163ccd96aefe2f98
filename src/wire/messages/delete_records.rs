//! DeleteRecords (API 21), versions 0-2. Deletes what lies before an offset (KIP-107).
//!
//! - 2: compact and tagged (KIP-482).

use crate::wire::message::{message, request};

message! {
    /// What DeleteRecords asks.
    DeleteRecordsRequest (0..=2, flexible 2) {
        topics: Vec<DeleteRecordsTopic>;
        timeout_ms: i32;
    }

    /// One of the `topics` of [`DeleteRecordsRequest`].
    DeleteRecordsTopic {
        name: String;
        partitions: Vec<DeleteRecordsPartition>;
    }

    /// One of the `partitions` of [`DeleteRecordsTopic`].
    DeleteRecordsPartition {
        partition_index: i32;
        offset: i64;
    }

    /// What DeleteRecords answers.
    DeleteRecordsResponse (0..=2, flexible 2) {
        throttle_time_ms: i32;
        topics: Vec<DeleteRecordsTopicResult>;
    }

    /// One of the `topics` of [`DeleteRecordsResponse`].
    DeleteRecordsTopicResult {
        name: String;
        partitions: Vec<DeleteRecordsPartitionResult>;
    }

    /// One of the `partitions` of [`DeleteRecordsTopicResult`].
    DeleteRecordsPartitionResult {
        partition_index: i32;
        low_watermark: i64;
        error_code: i16;
    }
}

request!(DeleteRecords: DeleteRecordsRequest => DeleteRecordsResponse);
