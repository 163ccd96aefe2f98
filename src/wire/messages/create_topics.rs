//! CreateTopics (API 19), versions 2-7. Creates topics.
//!
//! - 4: defaults for partitions and replicas (KIP-464).
//! - 5: compact and tagged (KIP-482); the answer has the settings (KIP-525).
//! - 6: quotas may throttle it (KIP-599).
//! - 7: topic ids (KIP-516).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What CreateTopics asks.
    CreateTopicsRequest (2..=7, flexible 5) {
        topics: Vec<CreatableTopic>;
        timeout_ms: i32 = 60000;
        validate_only: bool;
    }

    /// One of the `topics` of [`CreateTopicsRequest`].
    CreatableTopic {
        name: String;
        num_partitions: i32;
        replication_factor: i16;
        assignments: Vec<CreatableReplicaAssignment>;
        configs: Vec<CreatableTopicConfig>;
    }

    /// One of the `assignments` of [`CreatableTopic`].
    CreatableReplicaAssignment {
        partition_index: i32;
        broker_ids: Vec<i32>;
    }

    /// One of the `configs` of [`CreatableTopic`].
    CreatableTopicConfig {
        name: String;
        value: Option<String> = Some(String::new());
    }

    /// What CreateTopics answers.
    CreateTopicsResponse (2..=7, flexible 5) {
        throttle_time_ms: i32;
        topics: Vec<CreatableTopicResult>;
    }

    /// One of the `topics` of [`CreateTopicsResponse`].
    CreatableTopicResult {
        name: String;
        [7.., ignorable] topic_id: Uuid;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        [5.., ignorable] num_partitions: i32 = -1;
        [5.., ignorable] replication_factor: i16 = -1;
        [5.., ignorable] configs: Option<Vec<CreatableTopicConfigs>> = Some(Vec::new());
        @0 [5.., ignorable] topic_config_error_code: i16;
    }

    /// One of the `configs` of [`CreatableTopicResult`].
    CreatableTopicConfigs {
        name: String;
        value: Option<String> = Some(String::new());
        read_only: bool;
        config_source: i8 = -1;
        is_sensitive: bool;
    }
}

request!(CreateTopics: CreateTopicsRequest => CreateTopicsResponse);
