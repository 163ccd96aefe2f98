//! DescribeTransactions (API 65), version 0. State of transactions (KIP-664).

use crate::wire::message::{message, request};

message! {
    /// What DescribeTransactions asks.
    DescribeTransactionsRequest (0..=0, flexible 0) {
        transactional_ids: Vec<String>;
    }

    /// What DescribeTransactions answers.
    DescribeTransactionsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        transaction_states: Vec<TransactionState>;
    }

    /// One of the `transaction_states` of [`DescribeTransactionsResponse`].
    TransactionState {
        error_code: i16;
        transactional_id: String;
        transaction_state: String;
        transaction_timeout_ms: i32;
        transaction_start_time_ms: i64;
        producer_id: i64;
        producer_epoch: i16;
        topics: Vec<TopicData>;
    }

    /// One of the `topics` of [`TransactionState`].
    TopicData {
        topic: String;
        partitions: Vec<i32>;
    }
}

request!(DescribeTransactions: DescribeTransactionsRequest => DescribeTransactionsResponse);
