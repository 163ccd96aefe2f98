//! DescribeTopicPartitions (API 75), version 0. Topics page by page, with eligible leader replicas (KIP-966).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What DescribeTopicPartitions asks.
    DescribeTopicPartitionsRequest (0..=0, flexible 0) {
        topics: Vec<TopicRequest>;
        response_partition_limit: i32 = 2000;
        cursor: Option<Cursor>;
    }

    /// One of the `topics` of [`DescribeTopicPartitionsRequest`].
    TopicRequest {
        name: String;
    }

    /// The `cursor` of [`DescribeTopicPartitionsRequest`].
    Cursor {
        topic_name: String;
        partition_index: i32;
    }

    /// What DescribeTopicPartitions answers.
    DescribeTopicPartitionsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        topics: Vec<DescribeTopicPartitionsResponseTopic>;
        next_cursor: Option<Cursor>;
    }

    /// One of the `topics` of [`DescribeTopicPartitionsResponse`].
    DescribeTopicPartitionsResponseTopic {
        error_code: i16;
        name: Option<String> = Some(String::new());
        topic_id: Uuid;
        is_internal: bool;
        partitions: Vec<DescribeTopicPartitionsResponsePartition>;
        topic_authorized_operations: i32 = i32::MIN;
    }

    /// One of the `partitions` of [`DescribeTopicPartitionsResponseTopic`].
    DescribeTopicPartitionsResponsePartition {
        error_code: i16;
        partition_index: i32;
        leader_id: i32;
        leader_epoch: i32 = -1;
        replica_nodes: Vec<i32>;
        isr_nodes: Vec<i32>;
        eligible_leader_replicas: Option<Vec<i32>>;
        last_known_elr: Option<Vec<i32>>;
        offline_replicas: Vec<i32>;
    }
}

request!(DescribeTopicPartitions: DescribeTopicPartitionsRequest => DescribeTopicPartitionsResponse);
