//! DeleteTopics (API 20), versions 1-6. Deletes topics.
//!
//! - 4: compact and tagged (KIP-482).
//! - 5: messages with errors; quotas may throttle it (KIP-599).
//! - 6: topics by id (KIP-516).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What DeleteTopics asks.
    DeleteTopicsRequest (1..=6, flexible 4) {
        [6..] topics: Vec<DeleteTopicState>;
        [1..=5, ignorable] topic_names: Vec<String>;
        timeout_ms: i32;
    }

    /// One of the `topics` of [`DeleteTopicsRequest`].
    DeleteTopicState {
        name: Option<String>;
        topic_id: Uuid;
    }

    /// What DeleteTopics answers.
    DeleteTopicsResponse (1..=6, flexible 4) {
        throttle_time_ms: i32;
        responses: Vec<DeletableTopicResult>;
    }

    /// One of the `responses` of [`DeleteTopicsResponse`].
    DeletableTopicResult {
        name: Option<String> [null 6..] = Some(String::new());
        [6.., ignorable] topic_id: Uuid;
        error_code: i16;
        [5.., ignorable] error_message: Option<String>;
    }
}

request!(DeleteTopics: DeleteTopicsRequest => DeleteTopicsResponse);
