//! DescribeCluster (API 60), versions 0-2. The cluster's id, controller and brokers (KIP-700).
//!
//! - 1: of the controllers instead (KIP-919).
//! - 2: fenced brokers too (KIP-1073).

use crate::wire::message::{message, request};

message! {
    /// What DescribeCluster asks.
    DescribeClusterRequest (0..=2, flexible 0) {
        include_cluster_authorized_operations: bool;
        [1..] endpoint_type: i8 = 1;
        [2..] include_fenced_brokers: bool;
    }

    /// What DescribeCluster answers.
    DescribeClusterResponse (0..=2, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String>;
        [1..] endpoint_type: i8 = 1;
        cluster_id: String;
        controller_id: i32 = -1;
        brokers: Vec<DescribeClusterBroker>;
        cluster_authorized_operations: i32 = i32::MIN;
    }

    /// One of the `brokers` of [`DescribeClusterResponse`].
    DescribeClusterBroker {
        broker_id: i32;
        host: String;
        port: i32;
        rack: Option<String>;
        [2..] is_fenced: bool;
    }
}

request!(DescribeCluster: DescribeClusterRequest => DescribeClusterResponse);
