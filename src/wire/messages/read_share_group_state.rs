//! ReadShareGroupState (API 84), version 0. The state of share partitions; between brokers (KIP-932).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ReadShareGroupState asks.
    ReadShareGroupStateRequest (0..=0, flexible 0) {
        group_id: String;
        topics: Vec<ReadStateData>;
    }

    /// One of the `topics` of [`ReadShareGroupStateRequest`].
    ReadStateData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`ReadStateData`].
    PartitionData {
        partition: i32;
        leader_epoch: i32;
    }

    /// What ReadShareGroupState answers.
    ReadShareGroupStateResponse (0..=0, flexible 0) {
        results: Vec<ReadStateResult>;
    }

    /// One of the `results` of [`ReadShareGroupStateResponse`].
    ReadStateResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }

    /// One of the `partitions` of [`ReadStateResult`].
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<String>;
        state_epoch: i32;
        start_offset: i64;
        state_batches: Vec<StateBatch>;
    }

    /// One of the `state_batches` of [`PartitionResult`].
    StateBatch {
        first_offset: i64;
        last_offset: i64;
        delivery_state: i8;
        delivery_count: i16;
    }
}

request!(ReadShareGroupState: ReadShareGroupStateRequest => ReadShareGroupStateResponse);
