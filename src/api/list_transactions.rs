//! ListTransactions (66), versions 0–2: the transactions that this node coordinates (KIP-664).
//!
//! v1 filters by how long they have run (KIP-994), v2 by a pattern of their ids (KIP-1152).
//!
//! All shards are asked; COORDINATOR_LOAD_IN_PROGRESS of one refuses the whole, since a list with gaps looks complete.
//! A state that nobody knows is no error: it is told back. INVALID_REGULAR_EXPRESSION.

use std::sync::Arc;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::transaction::list::Filters;
use crate::transaction::request::{TransactionReply, TransactionRequest};
use crate::wire::messages::list_transactions::{
    ListTransactionsRequest, ListTransactionsResponse, TransactionState,
};

pub(crate) async fn handle(
    call: Call,
    request: ListTransactionsRequest,
) -> ListTransactionsResponse {
    let refused = |code: ErrorCode| ListTransactionsResponse {
        error_code: code.code(),
        ..ListTransactionsResponse::default()
    };
    let unknown_state_filters = Filters::unknown_states(&request);
    let filters = match Filters::new(request) {
        Ok(filters) => Arc::new(filters),
        Err(code) => return refused(code),
    };
    let mut all = ListTransactionsResponse { unknown_state_filters, ..Default::default() };
    let ask = || TransactionRequest::List(filters.clone());
    for answer in call.context.transactions.ask_all(ask).await {
        let found = match answer {
            Ok(TransactionReply::List(found)) => found,
            // The shard has moved: whoever has it now lists its transactions.
            Err(ErrorCode::NotCoordinator) => continue,
            Ok(reply) => return refused(reply.error()),
            Err(code) => return refused(code),
        };
        let is_shown = |one: &TransactionState| {
            call.may(&permissions::LIST_TRANSACTIONS, &one.transactional_id)
        };
        all.transaction_states.extend(found.into_iter().filter(is_shown));
    }
    all
}
