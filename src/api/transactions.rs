//! What the transaction coordinator and the APIs in front of it share: the way of a request to its shard, of markers to
//! the partitions' leaders, and producer ids. Decides nothing.
//!
//! A shard never waits for another node, so it cannot fetch a producer id: it answers `NeedsProducerId`, and is asked
//! the same again with one in hand. An id that is not needed in the end is lost, which costs nothing: there are 2⁶³.

use super::context::{Call, Context};
use super::{peers, write_txn_markers};
use crate::error::ErrorCode;
use crate::transaction::request::{TransactionReply, TransactionRequest};
use crate::types::NodeId;
use crate::wire::messages::write_txn_markers::{WriteTxnMarkersRequest, WriteTxnMarkersResponse};

/// Asks the shard of `transactional_id`, which may want a fresh producer id to answer.
pub(crate) async fn ask(
    call: &Call,
    transactional_id: &str,
    request: impl Fn(Option<i64>) -> TransactionRequest,
) -> Result<TransactionReply, ErrorCode> {
    // Once for what is unknown; again when somebody else was faster and used up the epochs.
    const ROUNDS: usize = 3;
    let mut fresh_id = None;
    for _ in 0..ROUNDS {
        match call.context.transactions.ask(transactional_id, request(fresh_id)).await? {
            TransactionReply::NeedsProducerId => {
                fresh_id = Some(fresh_producer_id(&call.context).await?);
            }
            TransactionReply::Refused(code) => return Err(code),
            reply => return Ok(reply),
        }
    }
    Err(ErrorCode::ConcurrentTransactions)
}

/// The word for a fenced producer that a client of an older version of an API knows (KIP-588).
pub(crate) fn fenced_before(first: i16, version: i16, code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::ProducerFenced if version < first => ErrorCode::InvalidProducerEpoch,
        code => code,
    }
}

/// Has markers written by the broker `leader`.
///
/// # Errors
/// What is to be tried again: the leader is not reached.
pub async fn send_markers(
    context: &Context,
    leader: NodeId,
    request: WriteTxnMarkersRequest,
) -> Result<WriteTxnMarkersResponse, ErrorCode> {
    if leader == context.node_id {
        return Ok(write_txn_markers::write(context, request).await);
    }
    peers::ask(context, leader, &request).await
}

/// A producer id that nobody has had.
///
/// # Errors
/// What is to be tried again: the controller gives none.
pub async fn fresh_producer_id(context: &Context) -> Result<i64, ErrorCode> {
    context.producer_ids.next(context).await
}
