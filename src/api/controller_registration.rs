//! ControllerRegistration (70), version 0: a controller says where it listens and what it can do (KIP-919).

use super::context::Call;
use super::forward;
use crate::wire::messages::controller_registration::{
    ControllerRegistrationRequest, ControllerRegistrationResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: ControllerRegistrationRequest,
) -> ControllerRegistrationResponse {
    forward::ask(&call, request, None).await.unwrap_or_else(|code| ControllerRegistrationResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
