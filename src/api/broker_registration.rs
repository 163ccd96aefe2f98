//! BrokerRegistration (62), versions 0-4: a broker begins a life (KIP-631). Controllers' listeners only.
//!
//! The answer is the broker's epoch, the offset of its record: what it does as this life is told from what was sent by
//! an earlier one. DUPLICATE_BROKER_REGISTRATION: another with this id is alive, so the broker waits for its session to
//! end. INCONSISTENT_CLUSTER_ID, UNSUPPORTED_VERSION (it lacks a feature that the cluster uses): it gives up.

use super::context::Call;
use super::forward;
use super::permissions;
use crate::wire::messages::broker_registration::{
    BrokerRegistrationRequest, BrokerRegistrationResponse,
};

pub(crate) async fn handle(
    call: Call,
    request: BrokerRegistrationRequest,
) -> BrokerRegistrationResponse {
    let answer = match call.check_cluster(&permissions::BROKER_REGISTRATION) {
        Ok(()) => forward::ask(&call, request, None).await,
        Err(code) => Err(code),
    };
    answer.unwrap_or_else(|code| BrokerRegistrationResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
