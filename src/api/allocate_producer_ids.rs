//! AllocateProducerIds (67), version 0: a broker takes the next thousand producer ids (KIP-730).
//!
//! A block is a record before it is told: what has been given out is never given out again, whoever is the controller.

use super::context::Call;
use super::forward;
use super::permissions;
use crate::wire::messages::allocate_producer_ids::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AllocateProducerIdsRequest,
) -> AllocateProducerIdsResponse {
    let answer = match call.check_cluster(&permissions::ALLOCATE_PRODUCER_IDS) {
        Ok(()) => forward::ask(&call, request, None).await,
        Err(code) => Err(code),
    };
    answer.unwrap_or_else(|code| AllocateProducerIdsResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
