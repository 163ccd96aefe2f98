//! ShareAcknowledge (API 79), versions 1-2. A share group's member acknowledges records (KIP-932). Version 0 was a
//! preview.
//!
//! - 2: a lock may be renewed (KIP-1222).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What ShareAcknowledge asks.
    ShareAcknowledgeRequest (1..=2, flexible 1) {
        group_id: Option<String>;
        member_id: Option<String> = Some(String::new());
        share_session_epoch: i32;
        [2..] is_renew_ack: bool;
        topics: Vec<AcknowledgeTopic>;
    }

    /// One of the `topics` of [`ShareAcknowledgeRequest`].
    AcknowledgeTopic {
        topic_id: Uuid;
        partitions: Vec<AcknowledgePartition>;
    }

    /// One of the `partitions` of [`AcknowledgeTopic`].
    AcknowledgePartition {
        partition_index: i32;
        acknowledgement_batches: Vec<AcknowledgementBatch>;
    }

    /// One of the `acknowledgement_batches` of [`AcknowledgePartition`].
    AcknowledgementBatch {
        first_offset: i64;
        last_offset: i64;
        acknowledge_types: Vec<i8>;
    }

    /// What ShareAcknowledge answers.
    ShareAcknowledgeResponse (1..=2, flexible 1) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String>;
        [2.., ignorable] acquisition_lock_timeout_ms: i32;
        responses: Vec<ShareAcknowledgeTopicResponse>;
        node_endpoints: Vec<NodeEndpoint>;
    }

    /// One of the `responses` of [`ShareAcknowledgeResponse`].
    ShareAcknowledgeTopicResponse {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`ShareAcknowledgeTopicResponse`].
    PartitionData {
        partition_index: i32;
        error_code: i16;
        error_message: Option<String>;
        current_leader: LeaderIdAndEpoch;
    }

    /// The `current_leader` of [`PartitionData`].
    LeaderIdAndEpoch {
        leader_id: i32;
        leader_epoch: i32;
    }

    /// One of the `node_endpoints` of [`ShareAcknowledgeResponse`].
    NodeEndpoint {
        node_id: i32;
        host: String;
        port: i32;
        rack: Option<String>;
    }
}

request!(ShareAcknowledge: ShareAcknowledgeRequest => ShareAcknowledgeResponse);
