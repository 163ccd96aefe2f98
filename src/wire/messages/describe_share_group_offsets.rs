//! DescribeShareGroupOffsets (API 90), versions 0-1. Where share groups begin (KIP-932).
//!
//! - 1: their lag (KIP-1226).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What DescribeShareGroupOffsets asks.
    DescribeShareGroupOffsetsRequest (0..=1, flexible 0) {
        groups: Vec<DescribeShareGroupOffsetsRequestGroup>;
    }

    /// One of the `groups` of [`DescribeShareGroupOffsetsRequest`].
    DescribeShareGroupOffsetsRequestGroup {
        group_id: String;
        topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic>> = Some(Vec::new());
    }

    /// One of the `topics` of [`DescribeShareGroupOffsetsRequestGroup`].
    DescribeShareGroupOffsetsRequestTopic {
        topic_name: String;
        partitions: Vec<i32>;
    }

    /// What DescribeShareGroupOffsets answers.
    DescribeShareGroupOffsetsResponse (0..=1, flexible 0) {
        throttle_time_ms: i32;
        groups: Vec<DescribeShareGroupOffsetsResponseGroup>;
    }

    /// One of the `groups` of [`DescribeShareGroupOffsetsResponse`].
    DescribeShareGroupOffsetsResponseGroup {
        group_id: String;
        topics: Vec<DescribeShareGroupOffsetsResponseTopic>;
        error_code: i16;
        error_message: Option<String>;
    }

    /// One of the `topics` of [`DescribeShareGroupOffsetsResponseGroup`].
    DescribeShareGroupOffsetsResponseTopic {
        topic_name: String;
        topic_id: Uuid;
        partitions: Vec<DescribeShareGroupOffsetsResponsePartition>;
    }

    /// One of the `partitions` of [`DescribeShareGroupOffsetsResponseTopic`].
    DescribeShareGroupOffsetsResponsePartition {
        partition_index: i32;
        start_offset: i64;
        leader_epoch: i32;
        [1.., ignorable] lag: i64 = -1;
        error_code: i16;
        error_message: Option<String>;
    }
}

request!(DescribeShareGroupOffsets: DescribeShareGroupOffsetsRequest => DescribeShareGroupOffsetsResponse);
