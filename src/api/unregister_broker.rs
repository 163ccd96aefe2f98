//! UnregisterBroker (64), version 0: forgets a broker that will not come back (KIP-631).
//!
//! For a broker that will never come back: until then it is remembered, and counts as fenced.

use super::context::Call;
use super::forward;
use super::permissions;
use crate::error::ApiError;
use crate::wire::messages::unregister_broker::{UnregisterBrokerRequest, UnregisterBrokerResponse};

pub(crate) async fn handle(
    call: Call,
    request: UnregisterBrokerRequest,
) -> UnregisterBrokerResponse {
    let answer = match call.check_whole(&permissions::UNREGISTER_BROKER) {
        Ok(()) => forward::ask(&call, request, None).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| UnregisterBrokerResponse {
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        ..Default::default()
    })
}
