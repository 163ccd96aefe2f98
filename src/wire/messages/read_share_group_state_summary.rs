//! ReadShareGroupStateSummary (API 87), versions 0-1. Only the start of share partitions; between brokers
//! (KIP-932).
//!
//! - 1: how many deliveries are complete, for the lag (KIP-1226).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ReadShareGroupStateSummary asks.
    ReadShareGroupStateSummaryRequest (0..=1, flexible 0) {
        group_id: String;
        topics: Vec<ReadStateSummaryData>;
    }

    /// One of the `topics` of [`ReadShareGroupStateSummaryRequest`].
    ReadStateSummaryData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`ReadStateSummaryData`].
    PartitionData {
        partition: i32;
        leader_epoch: i32;
    }

    /// What ReadShareGroupStateSummary answers.
    ReadShareGroupStateSummaryResponse (0..=1, flexible 0) {
        results: Vec<ReadStateSummaryResult>;
    }

    /// One of the `results` of [`ReadShareGroupStateSummaryResponse`].
    ReadStateSummaryResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }

    /// One of the `partitions` of [`ReadStateSummaryResult`].
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<String>;
        state_epoch: i32;
        leader_epoch: i32;
        start_offset: i64;
        [1.., ignorable] delivery_complete_count: i32 = -1;
    }
}

request!(ReadShareGroupStateSummary: ReadShareGroupStateSummaryRequest => ReadShareGroupStateSummaryResponse);
