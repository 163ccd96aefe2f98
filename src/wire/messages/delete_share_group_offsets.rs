//! DeleteShareGroupOffsets (API 92), version 0. Deletes where a share group begins (KIP-932).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What DeleteShareGroupOffsets asks.
    DeleteShareGroupOffsetsRequest (0..=0, flexible 0) {
        group_id: String;
        topics: Vec<DeleteShareGroupOffsetsRequestTopic>;
    }

    /// One of the `topics` of [`DeleteShareGroupOffsetsRequest`].
    DeleteShareGroupOffsetsRequestTopic {
        topic_name: String;
    }

    /// What DeleteShareGroupOffsets answers.
    DeleteShareGroupOffsetsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String>;
        responses: Vec<DeleteShareGroupOffsetsResponseTopic>;
    }

    /// One of the `responses` of [`DeleteShareGroupOffsetsResponse`].
    DeleteShareGroupOffsetsResponseTopic {
        topic_name: String;
        topic_id: Uuid;
        error_code: i16;
        error_message: Option<String>;
    }
}

request!(DeleteShareGroupOffsets: DeleteShareGroupOffsetsRequest => DeleteShareGroupOffsetsResponse);
