//! InitProducerId (22), versions 0–5: an id for an idempotent producer.
//!
//! Transactions are not there yet: a transactional id is refused with `TRANSACTIONAL_ID_AUTHORIZATION_FAILED`, which every
//! client takes as final, rather than kept waiting for a coordinator that will not come.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

pub(crate) async fn handle(call: Call, request: InitProducerIdRequest) -> InitProducerIdResponse {
    match initialise(&call, &request).await {
        Ok(producer_id) => {
            InitProducerIdResponse { producer_id, producer_epoch: 0, ..Default::default() }
        }
        Err(code) => InitProducerIdResponse {
            error_code: code.code(),
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        },
    }
}

async fn initialise(call: &Call, request: &InitProducerIdRequest) -> Result<i64, ErrorCode> {
    match request.transactional_id.as_deref() {
        Some(id) => call.check(&permissions::INIT_TRANSACTION, id)?,
        None => {
            let granted = call.may_cluster(&permissions::INIT_PRODUCER)
                || call.may_any(&permissions::INIT_PRODUCER_ANY_TOPIC);
            if !granted {
                return Err(permissions::INIT_PRODUCER.error);
            }
        }
    }
    let max_timeout_ms = call.context.config.load().transaction_max_timeout_ms();
    match request.transactional_id.as_deref() {
        None => call.context.producer_ids.next(&call.context).await,
        Some("") => Err(ErrorCode::InvalidRequest),
        Some(_) if !(1..=max_timeout_ms).contains(&request.transaction_timeout_ms) => {
            Err(ErrorCode::InvalidTransactionTimeout)
        }
        Some(_) => Err(ErrorCode::TransactionalIdAuthorizationFailed),
    }
}
