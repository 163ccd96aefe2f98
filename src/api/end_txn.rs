//! EndTxn (26), versions 0–5: commit or abort. From v5 the epoch rises with each end, and the answer says to what
//! (KIP-890). The answer comes when the end is decided; the markers follow.
//!
//! To commit what is committed already is no error, and neither is to abort twice: an answer may have been lost. To do
//! the other is INVALID_TXN_STATE. PRODUCER_FENCED (before v2 INVALID_PRODUCER_EPOCH), INVALID_PRODUCER_ID_MAPPING:
//! another has taken over. CONCURRENT_TRANSACTIONS: an end is being decided or written; the client asks again.

use super::context::Call;
use super::permissions;
use super::transactions::{ask, fenced_before};
use crate::error::ErrorCode;
use crate::transaction::request::{Producer, TransactionReply, TransactionRequest};
use crate::transaction::state::{NO_PRODUCER_EPOCH, NO_PRODUCER_ID};
use crate::wire::messages::end_txn::{EndTxnRequest, EndTxnResponse};

/// The first version of clients whose epoch rises at each end.
const EPOCH_RISES_FROM: i16 = 5;

pub(crate) async fn handle(call: Call, request: EndTxnRequest) -> EndTxnResponse {
    let (code, (producer_id, producer_epoch)) = match end(&call, &request).await {
        Ok(producer) => (ErrorCode::None, producer),
        Err(code) => (code, (NO_PRODUCER_ID, NO_PRODUCER_EPOCH)),
    };
    let error_code = fenced_before(2, call.version, code).code();
    EndTxnResponse { error_code, producer_id, producer_epoch, ..Default::default() }
}

async fn end(call: &Call, request: &EndTxnRequest) -> Result<Producer, ErrorCode> {
    let transactional_id = &request.transactional_id;
    call.check(&permissions::END_TRANSACTION, transactional_id)?;
    let reply = ask(call, transactional_id, |fresh_id| TransactionRequest::End {
        transactional_id: transactional_id.clone(),
        producer_id: request.producer_id,
        producer_epoch: request.producer_epoch,
        committed: request.committed,
        client_version: if call.version >= EPOCH_RISES_FROM { 2 } else { 0 },
        fresh_id,
    });
    match reply.await? {
        TransactionReply::End(producer) => producer,
        reply => Err(reply.error()),
    }
}
