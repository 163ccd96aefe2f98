//! What there is to know of transactions, one by one and all together (KIP-664, KIP-994, KIP-1152). Changes nothing.
//!
//! Filters of different kinds must all be met, of one kind any. A state that nobody knows is told of and matches
//! nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::Regex;

use super::machine::TransactionMachine;
use super::state::{Status, Transaction};
use crate::error::ErrorCode;
use crate::re2;
use crate::types::Millis;
use crate::wire::messages::describe_transactions::{self, TopicData};
use crate::wire::messages::list_transactions::{ListTransactionsRequest, TransactionState};

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
        let topic = |(topic, partitions): (&Arc<str>, &BTreeSet<i32>)| TopicData {
            topic: topic.to_string(),
            partitions: partitions.iter().copied().collect(),
            ..Default::default()
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

    pub(super) fn list(&self, filters: &Filters, now: Millis) -> Vec<TransactionState> {
        let shown = |(id, one): (&Arc<str>, &Transaction)| {
            filters.pass(id, one, now).then(|| TransactionState {
                transactional_id: id.to_string(),
                producer_id: one.producer_id,
                transaction_state: one.status.name().to_owned(),
                ..Default::default()
            })
        };
        self.transactions.iter().filter_map(shown).collect()
    }
}

/// Which transactions are listed.
#[derive(Debug)]
pub struct Filters {
    request: ListTransactionsRequest,
    pattern: Option<Regex>,
}

impl Filters {
    /// The filters of a request.
    ///
    /// # Errors
    /// `INVALID_REGULAR_EXPRESSION`.
    pub fn new(request: ListTransactionsRequest) -> Result<Self, ErrorCode> {
        let text = request.transactional_id_pattern.as_deref().filter(|text| !text.is_empty());
        let pattern = text
            .map(|text| re2::compile(text).map_err(|_| ErrorCode::InvalidRegularExpression))
            .transpose()?;
        Ok(Self { request, pattern })
    }

    /// The names of states in a request that are none.
    pub fn unknown_states(request: &ListTransactionsRequest) -> Vec<String> {
        let is_unknown = |name: &&String| !Status::is_name(name);
        request.state_filters.iter().filter(is_unknown).cloned().collect()
    }

    fn pass(&self, id: &str, one: &Transaction, now: Millis) -> bool {
        let Self { request, pattern } = self;
        let (states, producers) = (&request.state_filters, &request.producer_id_filters);
        let ran_ms = now.saturating_sub(one.started_ms);
        (states.is_empty() || states.iter().any(|name| name == one.status.name()))
            && (producers.is_empty() || producers.contains(&one.producer_id))
            && (request.duration_filter < 0 || ran_ms > request.duration_filter)
            && pattern.as_ref().is_none_or(|pattern| pattern.is_match(id))
    }
}
