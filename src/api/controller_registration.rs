//! ControllerRegistration (70), version 0: a controller says where it listens and what it can do (KIP-919).

use super::context::Call;
use super::forward;
use super::permissions;
use crate::wire::messages::controller_registration::{
    ControllerRegistrationRequest, ControllerRegistrationResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: ControllerRegistrationRequest,
) -> ControllerRegistrationResponse {
    let answer = match call.check_cluster(&permissions::CONTROLLER_REGISTRATION) {
        Ok(()) => forward::ask(&call, request, None).await,
        Err(code) => Err(code),
    };
    answer.unwrap_or_else(|code| ControllerRegistrationResponse {
        error_code: code.code(),
        error_message: Some(code.message().to_owned()),
        ..Default::default()
    })
}
