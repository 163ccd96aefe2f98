//! DescribeProducers (API 61), version 0. Idempotent and transactional producers of partitions (KIP-664).

use crate::wire::message::{message, request};

message! {
    /// What DescribeProducers asks.
    DescribeProducersRequest (0..=0, flexible 0) {
        topics: Vec<TopicRequest>;
    }

    /// One of the `topics` of [`DescribeProducersRequest`].
    TopicRequest {
        name: String;
        partition_indexes: Vec<i32>;
    }

    /// What DescribeProducers answers.
    DescribeProducersResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        topics: Vec<TopicResponse>;
    }

    /// One of the `topics` of [`DescribeProducersResponse`].
    TopicResponse {
        name: String;
        partitions: Vec<PartitionResponse>;
    }

    /// One of the `partitions` of [`TopicResponse`].
    PartitionResponse {
        partition_index: i32;
        error_code: i16;
        error_message: Option<String>;
        active_producers: Vec<ProducerState>;
    }

    /// One of the `active_producers` of [`PartitionResponse`].
    ProducerState {
        producer_id: i64;
        producer_epoch: i32;
        last_sequence: i32 = -1;
        last_timestamp: i64 = -1;
        coordinator_epoch: i32;
        current_txn_start_offset: i64 = -1;
    }
}

request!(DescribeProducers: DescribeProducersRequest => DescribeProducersResponse);
