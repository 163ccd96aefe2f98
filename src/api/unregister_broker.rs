//! UnregisterBroker (64), version 0: forgets a broker that will not come back (KIP-631).

use super::context::Call;
use super::forward;
use super::permissions;
use crate::wire::messages::unregister_broker::{UnregisterBrokerRequest, UnregisterBrokerResponse};

pub(crate) async fn handle(
    call: Call,
    request: UnregisterBrokerRequest,
) -> UnregisterBrokerResponse {
    let answer = match call.check_cluster(&permissions::UNREGISTER_BROKER) {
        Ok(()) => forward::ask(&call, request, None).await,
        Err(code) => Err(code),
    };
    answer.unwrap_or_else(|code| UnregisterBrokerResponse {
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    })
}
