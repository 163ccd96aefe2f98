//! InitializeShareGroupState (API 83), version 0. Begins the state of share partitions; between brokers (KIP-932).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What InitializeShareGroupState asks.
    InitializeShareGroupStateRequest (0..=0, flexible 0) {
        group_id: String;
        topics: Vec<InitializeStateData>;
    }

    /// One of the `topics` of [`InitializeShareGroupStateRequest`].
    InitializeStateData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`InitializeStateData`].
    PartitionData {
        partition: i32;
        state_epoch: i32;
        start_offset: i64;
    }

    /// What InitializeShareGroupState answers.
    InitializeShareGroupStateResponse (0..=0, flexible 0) {
        results: Vec<InitializeStateResult>;
    }

    /// One of the `results` of [`InitializeShareGroupStateResponse`].
    InitializeStateResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }

    /// One of the `partitions` of [`InitializeStateResult`].
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<String>;
    }
}

request!(InitializeShareGroupState: InitializeShareGroupStateRequest => InitializeShareGroupStateResponse);
