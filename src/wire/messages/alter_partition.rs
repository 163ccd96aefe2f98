//! AlterPartition (API 56), versions 2-3. A leader changes its partition's ISR (KIP-497).
//!
//! - 2: topics by id (KIP-516).
//! - 3: replicas with their broker epoch (KIP-903).
//!
//! Kafka gives the parts of request and response the same names; the response's are `TopicDataResponse`,
//! `PartitionDataResponse` here.

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What AlterPartition asks.
    AlterPartitionRequest (2..=3, flexible 2) {
        broker_id: i32;
        broker_epoch: i64 = -1;
        topics: Vec<TopicData>;
    }

    /// One of the `topics` of [`AlterPartitionRequest`].
    TopicData {
        topic_id: Uuid;
        partitions: Vec<PartitionData>;
    }

    /// One of the `partitions` of [`TopicData`].
    PartitionData {
        partition_index: i32;
        leader_epoch: i32;
        [2] new_isr: Vec<i32>;
        [3..] new_isr_with_epochs: Vec<BrokerState>;
        leader_recovery_state: i8;
        partition_epoch: i32;
    }

    /// One of the `new_isr_with_epochs` of [`PartitionData`].
    BrokerState {
        broker_id: i32;
        broker_epoch: i64 = -1;
    }

    /// What AlterPartition answers.
    AlterPartitionResponse (2..=3, flexible 2) {
        throttle_time_ms: i32;
        error_code: i16;
        topics: Vec<TopicDataResponse>;
    }

    /// One of the `topics` of [`AlterPartitionResponse`].
    TopicDataResponse {
        topic_id: Uuid;
        partitions: Vec<PartitionDataResponse>;
    }

    /// One of the `partitions` of [`TopicDataResponse`].
    PartitionDataResponse {
        partition_index: i32;
        error_code: i16;
        leader_id: i32;
        leader_epoch: i32;
        isr: Vec<i32>;
        leader_recovery_state: i8;
        partition_epoch: i32;
    }
}

request!(AlterPartition: AlterPartitionRequest => AlterPartitionResponse);
