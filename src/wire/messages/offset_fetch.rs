//! OffsetFetch (API 9), versions 1-10. What groups have committed.
//!
//! - 2: null asks for every topic; an error for the whole.
//! - 5: leader epochs (KIP-320).
//! - 6: compact and tagged (KIP-482).
//! - 7: refuses while a transaction is open (KIP-447).
//! - 8: several groups (KIP-709).
//! - 9: the member and its epoch (KIP-848).
//! - 10: topics by id (KIP-848).

use crate::types::Uuid;
use crate::wire::message::{message, request};

message! {
    /// What OffsetFetch asks.
    OffsetFetchRequest (1..=10, flexible 6) {
        [1..=7] group_id: String;
        [1..=7] topics: Option<Vec<OffsetFetchRequestTopic>> [null 2..] = Some(Vec::new());
        [8..] groups: Vec<OffsetFetchRequestGroup>;
        [7..] require_stable: bool;
    }

    /// One of the `topics` of [`OffsetFetchRequest`].
    OffsetFetchRequestTopic {
        name: String;
        partition_indexes: Vec<i32>;
    }

    /// One of the `groups` of [`OffsetFetchRequest`].
    OffsetFetchRequestGroup {
        group_id: String;
        [9.., ignorable] member_id: Option<String>;
        [9.., ignorable] member_epoch: i32 = -1;
        topics: Option<Vec<OffsetFetchRequestTopics>> = Some(Vec::new());
    }

    /// One of the `topics` of [`OffsetFetchRequestGroup`].
    OffsetFetchRequestTopics {
        [8..=9, ignorable] name: String;
        [10.., ignorable] topic_id: Uuid;
        partition_indexes: Vec<i32>;
    }

    /// What OffsetFetch answers.
    OffsetFetchResponse (1..=10, flexible 6) {
        [3.., ignorable] throttle_time_ms: i32;
        [1..=7] topics: Vec<OffsetFetchResponseTopic>;
        [2..=7, ignorable] error_code: i16;
        [8..] groups: Vec<OffsetFetchResponseGroup>;
    }

    /// One of the `topics` of [`OffsetFetchResponse`].
    OffsetFetchResponseTopic {
        name: String;
        partitions: Vec<OffsetFetchResponsePartition>;
    }

    /// One of the `partitions` of [`OffsetFetchResponseTopic`].
    OffsetFetchResponsePartition {
        partition_index: i32;
        committed_offset: i64;
        [5.., ignorable] committed_leader_epoch: i32 = -1;
        metadata: Option<String> = Some(String::new());
        error_code: i16;
    }

    /// One of the `groups` of [`OffsetFetchResponse`].
    OffsetFetchResponseGroup {
        group_id: String;
        topics: Vec<OffsetFetchResponseTopics>;
        error_code: i16;
    }

    /// One of the `topics` of [`OffsetFetchResponseGroup`].
    OffsetFetchResponseTopics {
        [8..=9, ignorable] name: String;
        [10.., ignorable] topic_id: Uuid;
        partitions: Vec<OffsetFetchResponsePartitions>;
    }

    /// One of the `partitions` of [`OffsetFetchResponseTopics`].
    OffsetFetchResponsePartitions {
        partition_index: i32;
        committed_offset: i64;
        committed_leader_epoch: i32 = -1;
        metadata: Option<String> = Some(String::new());
        error_code: i16;
    }
}

request!(OffsetFetch: OffsetFetchRequest => OffsetFetchResponse);
