//! DescribeLogDirs (API 35), versions 1-5. Disks of a broker and what lies on them (KIP-113).
//!
//! - 2: compact and tagged (KIP-482).
//! - 3: an error for the whole.
//! - 4: room on the disk (KIP-827).
//! - 5: whether the disk takes new replicas (KIP-1066).

use crate::wire::message::{message, request};

message! {
    /// What DescribeLogDirs asks.
    DescribeLogDirsRequest (1..=5, flexible 2) {
        topics: Option<Vec<DescribableLogDirTopic>> = Some(Vec::new());
    }

    /// One of the `topics` of [`DescribeLogDirsRequest`].
    DescribableLogDirTopic {
        topic: String;
        partitions: Vec<i32>;
    }

    /// What DescribeLogDirs answers.
    DescribeLogDirsResponse (1..=5, flexible 2) {
        throttle_time_ms: i32;
        [3.., ignorable] error_code: i16;
        results: Vec<DescribeLogDirsResult>;
    }

    /// One of the `results` of [`DescribeLogDirsResponse`].
    DescribeLogDirsResult {
        error_code: i16;
        log_dir: String;
        topics: Vec<DescribeLogDirsTopic>;
        [4.., ignorable] total_bytes: i64 = -1;
        [4.., ignorable] usable_bytes: i64 = -1;
        [5.., ignorable] is_cordoned: bool;
    }

    /// One of the `topics` of [`DescribeLogDirsResult`].
    DescribeLogDirsTopic {
        name: String;
        partitions: Vec<DescribeLogDirsPartition>;
    }

    /// One of the `partitions` of [`DescribeLogDirsTopic`].
    DescribeLogDirsPartition {
        partition_index: i32;
        partition_size: i64;
        offset_lag: i64;
        is_future_key: bool;
    }
}

request!(DescribeLogDirs: DescribeLogDirsRequest => DescribeLogDirsResponse);
