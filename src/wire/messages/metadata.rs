//! Metadata (API 3), versions 0-13. Brokers, topics, partitions and who leads them.
//!
//! - 1: null asks for every topic, an empty list for none; controller, racks.
//! - 2: the cluster's id (KIP-78).
//! - 4: whether to create missing topics.
//! - 5: replicas whose disk is gone (KIP-112).
//! - 7: leader epochs (KIP-320).
//! - 8: authorized operations (KIP-430); of the cluster only up to 10 (KIP-700).
//! - 9: compact and tagged (KIP-482).
//! - 10: topic ids in the answer, 12: in the request (KIP-516).
//! - 13: an error for the whole, to send a client back to its bootstrap servers (KIP-1102).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What Metadata asks.
    MetadataRequest (0..=13, flexible 9) {
        topics: Option<Vec<MetadataRequestTopic>> [null 1..] = Some(Vec::new());
        [4..] allow_auto_topic_creation: bool = true;
        [8..=10] include_cluster_authorized_operations: bool;
        [8..] include_topic_authorized_operations: bool;
    }

    /// One of the `topics` of [`MetadataRequest`].
    MetadataRequestTopic {
        [10.., ignorable] topic_id: Uuid;
        name: Option<String> [null 10..] = Some(String::new());
    }

    /// What Metadata answers.
    MetadataResponse (0..=13, flexible 9) {
        [3.., ignorable] throttle_time_ms: i32;
        brokers: Vec<MetadataResponseBroker>;
        [2.., ignorable] cluster_id: Option<String>;
        [1.., ignorable] controller_id: i32 = -1;
        topics: Vec<MetadataResponseTopic>;
        [8..=10] cluster_authorized_operations: i32 = i32::MIN;
        [13.., ignorable] error_code: i16;
    }

    /// One of the `brokers` of [`MetadataResponse`].
    MetadataResponseBroker {
        node_id: i32;
        host: String;
        port: i32;
        [1.., ignorable] rack: Option<String>;
    }

    /// One of the `topics` of [`MetadataResponse`].
    MetadataResponseTopic {
        error_code: i16;
        name: Option<String> [null 12..] = Some(String::new());
        [10.., ignorable] topic_id: Uuid;
        [1.., ignorable] is_internal: bool;
        partitions: Vec<MetadataResponsePartition>;
        [8..] topic_authorized_operations: i32 = i32::MIN;
    }

    /// One of the `partitions` of [`MetadataResponseTopic`].
    MetadataResponsePartition {
        error_code: i16;
        partition_index: i32;
        leader_id: i32;
        [7.., ignorable] leader_epoch: i32 = -1;
        replica_nodes: Vec<i32>;
        isr_nodes: Vec<i32>;
        [5.., ignorable] offline_replicas: Vec<i32>;
    }
}

request!(Metadata: MetadataRequest => MetadataResponse);
