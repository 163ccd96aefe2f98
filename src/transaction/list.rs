//! What there is to know of transactions, one by one and all together (KIP-664, KIP-994, KIP-1152). Changes nothing.

use super::machine::TransactionMachine;
use super::pattern::Pattern;
use super::state::Status;
use crate::error::ErrorCode;
use crate::types::Millis;
use crate::wire::messages::describe_transactions::{self, TopicData};
use crate::wire::messages::list_transactions::{
    ListTransactionsRequest, ListTransactionsResponse, TransactionState,
};

impl TransactionMachine {
    pub(super) fn describe(
        &self,
        transactional_id: String,
    ) -> describe_transactions::TransactionState {
        let refused = |transactional_id, code: ErrorCode| describe_transactions::TransactionState {
            error_code: code.code(),
            transactional_id,
            ..Default::default()
        };
        if transactional_id.is_empty() {
            return refused(transactional_id, ErrorCode::InvalidRequest);
        }
        let Some(known) = self.transactions.get(transactional_id.as_str()) else {
            return refused(transactional_id, ErrorCode::TransactionalIdNotFound);
        };
        let topic =
            |(topic, partitions): (&std::sync::Arc<str>, &std::collections::BTreeSet<i32>)| {
                TopicData {
                    topic: topic.to_string(),
                    partitions: partitions.iter().copied().collect(),
                    ..Default::default()
                }
            };
        describe_transactions::TransactionState {
            transactional_id,
            transaction_state: known.status.name().to_owned(),
            transaction_timeout_ms: known.timeout_ms,
            transaction_start_time_ms: known.started_ms,
            producer_id: known.producer_id,
            producer_epoch: known.producer_epoch,
            topics: known.partitions.iter().map(topic).collect(),
            ..Default::default()
        }
    }

    pub(super) fn list(
        &self,
        filters: &ListTransactionsRequest,
        now: Millis,
    ) -> ListTransactionsResponse {
        let mut response = ListTransactionsResponse::default();
        let text = filters.transactional_id_pattern.as_deref().unwrap_or_default();
        let Some(pattern) = Pattern::new(text) else {
            response.error_code = ErrorCode::InvalidRegularExpression.code();
            return response;
        };
        let is_unknown = |name: &&String| !Status::is_name(name);
        response.unknown_state_filters =
            filters.state_filters.iter().filter(is_unknown).cloned().collect();
        let min_ms = filters.duration_filter;
        for (id, one) in &self.transactions {
            let states = &filters.state_filters;
            let producers = &filters.producer_id_filters;
            let is_shown = (states.is_empty()
                || states.iter().any(|name| name == one.status.name()))
                && (producers.is_empty() || producers.contains(&one.producer_id))
                && (min_ms < 0 || now - one.started_ms > min_ms)
                && (text.is_empty() || pattern.matches(id));
            if is_shown {
                response.transaction_states.push(TransactionState {
                    transactional_id: id.to_string(),
                    producer_id: one.producer_id,
                    transaction_state: one.status.name().to_owned(),
                    ..Default::default()
                });
            }
        }
        response
    }
}
