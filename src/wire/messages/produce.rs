//! Produce (API 0), versions 3-13. Appends record batches to partitions; with acks 0 there is no answer.
//!
//! - 3: transactional id (KIP-98).
//! - 5: the answer says where the log begins (KIP-107).
//! - 7: zstd may be used (KIP-110).
//! - 8: which records were bad (KIP-467).
//! - 9: compact and tagged (KIP-482).
//! - 10: the new leader comes with the error (KIP-951).
//! - 11: the transactional errors of KIP-890; 12: a produce adds its partitions to the transaction (KIP-890).
//! - 13: topics by id (KIP-516). Versions 0-2 are offered by ApiVersions for old clients, but not read.

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::codec::{Few, Text};
use crate::wire::message::{message, request};

message! {
    /// What Produce asks.
    ProduceRequest (3..=13, flexible 9) {
        transactional_id: Option<String>;
        acks: i16;
        timeout_ms: i32;
        topic_data: Few<TopicProduceData>;
    }

    /// One of the `topic_data` of [`ProduceRequest`].
    TopicProduceData {
        [3..=12, ignorable] name: Text;
        [13.., ignorable] topic_id: Uuid;
        partition_data: Few<PartitionProduceData>;
    }

    /// One of the `partition_data` of [`TopicProduceData`].
    PartitionProduceData {
        index: i32;
        records: Option<Bytes>;
    }

    /// What Produce answers.
    ProduceResponse (3..=13, flexible 9) {
        responses: Vec<TopicProduceResponse>;
        throttle_time_ms: i32;
        @0 [10..] node_endpoints: Vec<NodeEndpoint>;
    }

    /// One of the `responses` of [`ProduceResponse`].
    TopicProduceResponse {
        [3..=12, ignorable] name: Text;
        [13.., ignorable] topic_id: Uuid;
        partition_responses: Vec<PartitionProduceResponse>;
    }

    /// One of the `partition_responses` of [`TopicProduceResponse`].
    PartitionProduceResponse {
        index: i32;
        error_code: i16;
        base_offset: i64;
        log_append_time_ms: i64 = -1;
        [5.., ignorable] log_start_offset: i64 = -1;
        [8.., ignorable] record_errors: Vec<BatchIndexAndErrorMessage>;
        [8.., ignorable] error_message: Option<String>;
        @0 [10..] current_leader: LeaderIdAndEpoch;
    }

    /// One of the `record_errors` of [`PartitionProduceResponse`].
    BatchIndexAndErrorMessage {
        batch_index: i32;
        batch_index_error_message: Option<String>;
    }

    /// The `current_leader` of [`PartitionProduceResponse`].
    LeaderIdAndEpoch {
        leader_id: i32 = -1;
        leader_epoch: i32 = -1;
    }

    /// One of the `node_endpoints` of [`ProduceResponse`].
    NodeEndpoint {
        node_id: i32;
        host: String;
        port: i32;
        rack: Option<String>;
    }
}

request!(Produce: ProduceRequest => ProduceResponse);
