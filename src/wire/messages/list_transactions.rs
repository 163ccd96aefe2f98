//! ListTransactions (API 66), versions 0-2. Transactions of a coordinator (KIP-664).
//!
//! - 1: those that run for longer than (KIP-994).
//! - 2: by a pattern of the id (KIP-1152).

use crate::wire::message::{message, request};

message! {
    /// What ListTransactions asks.
    ListTransactionsRequest (0..=2, flexible 0) {
        state_filters: Vec<String>;
        producer_id_filters: Vec<i64>;
        [1..] duration_filter: i64 = -1;
        [2..] transactional_id_pattern: Option<String>;
    }

    /// What ListTransactions answers.
    ListTransactionsResponse (0..=2, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        unknown_state_filters: Vec<String>;
        transaction_states: Vec<TransactionState>;
    }

    /// One of the `transaction_states` of [`ListTransactionsResponse`].
    TransactionState {
        transactional_id: String;
        producer_id: i64;
        transaction_state: String;
    }
}

request!(ListTransactions: ListTransactionsRequest => ListTransactionsResponse);
