//! InitProducerId (22), versions 0–6: an id for a producer, idempotent or transactional.
//!
//! v3 goes on after an error with the id it has (KIP-360), v4 tells who is fenced (KIP-588), v6 is that of two-phase
//! commit (KIP-939), of which Kafka 4.3 has the time-out that never ends and not the rest; it is not offered.
//!
//! With a transactional id, who asks takes it over: the epoch rises, whoever had it is fenced, and an open transaction
//! is aborted first (CONCURRENT_TRANSACTIONS until that is done, upon which clients ask again). Without one, any id
//! will do. INVALID_TRANSACTION_TIMEOUT: more than `transaction.max.timeout.ms`. INVALID_REQUEST: an empty
//! transactional id, or an id without an epoch. COORDINATOR_LOAD_IN_PROGRESS: the controller gives no ids just now.

use super::context::Call;
use super::permissions;
use super::transactions::{ask, fenced_before};
use crate::error::ErrorCode;
use crate::transaction::request::{Producer, TransactionReply, TransactionRequest};
use crate::transaction::state::{NO_PRODUCER_EPOCH, NO_PRODUCER_ID};
use crate::wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

pub(crate) async fn handle(call: Call, request: InitProducerIdRequest) -> InitProducerIdResponse {
    match initialise(&call, &request).await {
        Ok((producer_id, producer_epoch)) => {
            InitProducerIdResponse { producer_id, producer_epoch, ..Default::default() }
        }
        Err(code) => InitProducerIdResponse {
            error_code: fenced_before(4, call.version, code).code(),
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            ..Default::default()
        },
    }
}

async fn initialise(call: &Call, request: &InitProducerIdRequest) -> Result<Producer, ErrorCode> {
    let Some(id) = request.transactional_id.as_deref() else {
        let granted = call.may_cluster(&permissions::INIT_PRODUCER)
            || call.may_any(&permissions::INIT_PRODUCER_ANY_TOPIC);
        if !granted {
            return Err(permissions::INIT_PRODUCER.error);
        }
        expected(request)?;
        return Ok((call.context.producer_ids.next(&call.context).await?, 0));
    };
    call.check(&permissions::INIT_TRANSACTION, id)?;
    if request.enable2_pc {
        call.check(&permissions::INIT_TWO_PHASE, id)?;
    }
    let expected = expected(request)?;
    if id.is_empty() {
        return Err(ErrorCode::InvalidRequest);
    }
    let timeout_ms = timeout_ms(call, request)?;
    let reply = ask(call, id, |fresh_id| TransactionRequest::Init {
        transactional_id: id.to_owned(),
        timeout_ms,
        expected,
        fresh_id,
    });
    match reply.await? {
        TransactionReply::Init(producer) => producer,
        reply => Err(reply.error()),
    }
}

/// Who the producer says to be already.
fn expected(request: &InitProducerIdRequest) -> Result<Option<Producer>, ErrorCode> {
    let (id, epoch) = (request.producer_id, request.producer_epoch);
    match (id == NO_PRODUCER_ID, epoch == NO_PRODUCER_EPOCH) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some((id, epoch))),
        _ => Err(ErrorCode::InvalidRequest),
    }
}

fn timeout_ms(call: &Call, request: &InitProducerIdRequest) -> Result<i32, ErrorCode> {
    let config = call.context.config.load();
    if request.enable2_pc && !config.transaction_two_phase_commit_enable() {
        return Err(ErrorCode::TransactionalIdAuthorizationFailed);
    }
    if request.keep_prepared_txn {
        return Err(ErrorCode::UnsupportedVersion);
    }
    let asked_ms = request.transaction_timeout_ms;
    let max_ms = if request.enable2_pc { i32::MAX } else { config.transaction_max_timeout_ms() };
    if !(1..=max_ms).contains(&asked_ms) {
        return Err(ErrorCode::InvalidTransactionTimeout);
    }
    Ok(if request.enable2_pc { i32::MAX } else { asked_ms })
}
