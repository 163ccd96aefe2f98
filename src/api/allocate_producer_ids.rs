//! AllocateProducerIds (67), version 0: a broker takes the next thousand producer ids (KIP-730).

use super::context::Call;
use super::forward;
use crate::wire::messages::allocate_producer_ids::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: AllocateProducerIdsRequest,
) -> AllocateProducerIdsResponse {
    forward::ask(&call, request, None).await.unwrap_or_else(|code| AllocateProducerIdsResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
