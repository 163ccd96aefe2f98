//! WriteShareGroupState (API 85), versions 0-1. Writes the state of share partitions; between brokers (KIP-932).
//!
//! - 1: how many deliveries are complete, for the lag (KIP-1226).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What WriteShareGroupState asks.
    WriteShareGroupStateRequest (0..=1, flexible 0) {
        group_id: String;
        topics: Vec<WriteStateData>;
    }

    /// One of the `topics` of [`WriteShareGroupStateRequest`].
    WriteStateData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`WriteStateData`].
    PartitionData {
        partition: i32;
        state_epoch: i32;
        leader_epoch: i32;
        start_offset: i64;
        [1.., ignorable] delivery_complete_count: i32 = -1;
        state_batches: Vec<StateBatch>;
    }

    /// One of the `state_batches` of [`PartitionData`].
    StateBatch {
        first_offset: i64;
        last_offset: i64;
        delivery_state: i8;
        delivery_count: i16;
    }

    /// What WriteShareGroupState answers.
    WriteShareGroupStateResponse (0..=1, flexible 0) {
        results: Vec<WriteStateResult>;
    }

    /// One of the `results` of [`WriteShareGroupStateResponse`].
    WriteStateResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }

    /// One of the `partitions` of [`WriteStateResult`].
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<String>;
    }
}

request!(WriteShareGroupState: WriteShareGroupStateRequest => WriteShareGroupStateResponse);
