//! BrokerRegistration (62), versions 0-4: a broker begins a life (KIP-631). Controllers' listeners only.

use super::context::Call;
use super::forward;
use crate::wire::messages::broker_registration::{
    BrokerRegistrationRequest, BrokerRegistrationResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: BrokerRegistrationRequest,
) -> BrokerRegistrationResponse {
    forward::ask(&call, request, None).await.unwrap_or_else(|code| BrokerRegistrationResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
