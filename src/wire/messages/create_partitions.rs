//! CreatePartitions (API 37), versions 0-3. Adds partitions to topics (KIP-195).
//!
//! - 2: compact and tagged (KIP-482).
//! - 3: quotas may throttle it (KIP-599).

use crate::wire::message::{message, request};

message! {
    /// What CreatePartitions asks.
    CreatePartitionsRequest (0..=3, flexible 2) {
        topics: Vec<CreatePartitionsTopic>;
        timeout_ms: i32;
        validate_only: bool;
    }

    /// One of the `topics` of [`CreatePartitionsRequest`].
    CreatePartitionsTopic {
        name: String;
        count: i32;
        assignments: Option<Vec<CreatePartitionsAssignment>> = Some(Vec::new());
    }

    /// One of the `assignments` of [`CreatePartitionsTopic`].
    CreatePartitionsAssignment {
        broker_ids: Vec<i32>;
    }

    /// What CreatePartitions answers.
    CreatePartitionsResponse (0..=3, flexible 2) {
        throttle_time_ms: i32;
        results: Vec<CreatePartitionsTopicResult>;
    }

    /// One of the `results` of [`CreatePartitionsResponse`].
    CreatePartitionsTopicResult {
        name: String;
        error_code: i16;
        error_message: Option<String>;
    }
}

request!(CreatePartitions: CreatePartitionsRequest => CreatePartitionsResponse);
