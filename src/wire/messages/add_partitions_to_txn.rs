//! AddPartitionsToTxn (API 24), versions 0-5. Adds partitions to a transaction (KIP-98).
//!
//! - 3: compact and tagged (KIP-482).
//! - 4: several transactions, from brokers only, and whether they are open (KIP-890).
//! - 5: the transactional errors of KIP-890.

use crate::wire::message::{message, request};

message! {
    /// What AddPartitionsToTxn asks.
    AddPartitionsToTxnRequest (0..=5, flexible 3) {
        [4..] transactions: Vec<AddPartitionsToTxnTransaction>;
        [0..=3] v3_and_below_transactional_id: String;
        [0..=3] v3_and_below_producer_id: i64;
        [0..=3] v3_and_below_producer_epoch: i16;
        [0..=3] v3_and_below_topics: Vec<AddPartitionsToTxnTopic>;
    }

    /// One of the `transactions` of [`AddPartitionsToTxnRequest`].
    AddPartitionsToTxnTransaction {
        transactional_id: String;
        producer_id: i64;
        producer_epoch: i16;
        verify_only: bool;
        topics: Vec<AddPartitionsToTxnTopic>;
    }

    /// One of the `topics` of [`AddPartitionsToTxnTransaction`].
    AddPartitionsToTxnTopic {
        name: String;
        partitions: Vec<i32>;
    }

    /// What AddPartitionsToTxn answers.
    AddPartitionsToTxnResponse (0..=5, flexible 3) {
        throttle_time_ms: i32;
        [4.., ignorable] error_code: i16;
        [4..] results_by_transaction: Vec<AddPartitionsToTxnResult>;
        [0..=3] results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult>;
    }

    /// One of the `results_by_transaction` of [`AddPartitionsToTxnResponse`].
    AddPartitionsToTxnResult {
        transactional_id: String;
        topic_results: Vec<AddPartitionsToTxnTopicResult>;
    }

    /// One of the `topic_results` of [`AddPartitionsToTxnResult`].
    AddPartitionsToTxnTopicResult {
        name: String;
        results_by_partition: Vec<AddPartitionsToTxnPartitionResult>;
    }

    /// One of the `results_by_partition` of [`AddPartitionsToTxnTopicResult`].
    AddPartitionsToTxnPartitionResult {
        partition_index: i32;
        partition_error_code: i16;
    }
}

request!(AddPartitionsToTxn: AddPartitionsToTxnRequest => AddPartitionsToTxnResponse);
