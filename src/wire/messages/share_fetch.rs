//! ShareFetch (API 78), versions 1-2. A share group's member acquires records, and acknowledges others (KIP-932).
//! Version 0 was a preview.
//!
//! - 2: a lock may be renewed (KIP-1222); how strictly the record limit is kept (KIP-1206).

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ShareFetch asks.
    ShareFetchRequest (1..=2, flexible 1) {
        group_id: Option<String>;
        member_id: Option<String> = Some(String::new());
        share_session_epoch: i32;
        max_wait_ms: i32;
        min_bytes: i32;
        max_bytes: i32 = i32::MAX;
        max_records: i32;
        batch_size: i32;
        [2.., ignorable] share_acquire_mode: i8;
        [2..] is_renew_ack: bool;
        topics: Vec<FetchTopic>;
        forgotten_topics_data: Vec<ForgottenTopic>;
    }

    /// One of the `topics` of [`ShareFetchRequest`].
    FetchTopic {
        topic_id: Uuid;
        partitions: Vec<FetchPartition>;
    }

    /// One of the `partitions` of [`FetchTopic`].
    FetchPartition {
        partition_index: i32;
        acknowledgement_batches: Vec<AcknowledgementBatch>;
    }

    /// One of the `acknowledgement_batches` of [`FetchPartition`].
    AcknowledgementBatch {
        first_offset: i64;
        last_offset: i64;
        acknowledge_types: Vec<i8>;
    }

    /// One of the `forgotten_topics_data` of [`ShareFetchRequest`].
    ForgottenTopic {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// What ShareFetch answers.
    ShareFetchResponse (1..=2, flexible 1) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String>;
        acquisition_lock_timeout_ms: i32;
        responses: Vec<ShareFetchableTopicResponse>;
        node_endpoints: Vec<NodeEndpoint>;
    }

    /// One of the `responses` of [`ShareFetchResponse`].
    ShareFetchableTopicResponse {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`ShareFetchableTopicResponse`].
    PartitionData {
        partition_index: i32;
        error_code: i16;
        error_message: Option<String>;
        acknowledge_error_code: i16;
        acknowledge_error_message: Option<String>;
        current_leader: LeaderIdAndEpoch;
        records: Bytes;
        acquired_records: Vec<AcquiredRecords>;
    }

    /// The `current_leader` of [`PartitionData`].
    LeaderIdAndEpoch {
        leader_id: i32;
        leader_epoch: i32;
    }

    /// One of the `acquired_records` of [`PartitionData`].
    AcquiredRecords {
        first_offset: i64;
        last_offset: i64;
        delivery_count: i16;
    }

    /// One of the `node_endpoints` of [`ShareFetchResponse`].
    NodeEndpoint {
        node_id: i32;
        host: String;
        port: i32;
        rack: Option<String>;
    }
}

request!(ShareFetch: ShareFetchRequest => ShareFetchResponse);
