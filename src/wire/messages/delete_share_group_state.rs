//! DeleteShareGroupState (API 86), version 0. Deletes the state of share partitions; between brokers (KIP-932).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What DeleteShareGroupState asks.
    DeleteShareGroupStateRequest (0..=0, flexible 0) {
        group_id: String;
        topics: Vec<DeleteStateData>;
    }

    /// One of the `topics` of [`DeleteShareGroupStateRequest`].
    DeleteStateData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`DeleteStateData`].
    PartitionData {
        partition: i32;
    }

    /// What DeleteShareGroupState answers.
    DeleteShareGroupStateResponse (0..=0, flexible 0) {
        results: Vec<DeleteStateResult>;
    }

    /// One of the `results` of [`DeleteShareGroupStateResponse`].
    DeleteStateResult {
        topic_id: Uuid;
        partitions: Vec<PartitionResult>;
    }

    /// One of the `partitions` of [`DeleteStateResult`].
    PartitionResult {
        partition: i32;
        error_code: i16;
        error_message: Option<String>;
    }
}

request!(DeleteShareGroupState: DeleteShareGroupStateRequest => DeleteShareGroupStateResponse);
