//! DescribeTransactions (65), version 0: how transactions stand (KIP-664). Topics that the client may not see are left
//! out.
//!
//! TRANSACTIONAL_ID_NOT_FOUND, and NOT_COORDINATOR where another node's partition has it.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::transaction::request::{TransactionReply, TransactionRequest};
use crate::wire::messages::describe_transactions::{
    DescribeTransactionsRequest, DescribeTransactionsResponse, TransactionState,
};

pub(crate) async fn handle(
    call: Call,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let mut response = DescribeTransactionsResponse::default();
    for transactional_id in request.transactional_ids {
        let mut described = match describe(&call, &transactional_id).await {
            Ok(described) => described,
            Err(code) => {
                TransactionState { error_code: code.code(), transactional_id, ..Default::default() }
            }
        };
        let is_shown = |topic: &str| call.may(&permissions::DESCRIBE_TRANSACTION_TOPICS, topic);
        described.topics.retain(|topic| is_shown(&topic.topic));
        response.transaction_states.push(described);
    }
    response
}

async fn describe(call: &Call, transactional_id: &str) -> Result<TransactionState, ErrorCode> {
    call.check(&permissions::DESCRIBE_TRANSACTIONS, transactional_id)?;
    if transactional_id.is_empty() {
        return Err(ErrorCode::InvalidRequest);
    }
    let request = TransactionRequest::Describe { transactional_id: transactional_id.to_owned() };
    match call.context.transactions.ask(transactional_id, request).await? {
        TransactionReply::Describe(described) => Ok(described),
        reply => Err(reply.error()),
    }
}
