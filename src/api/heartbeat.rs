//! Heartbeat (12), versions 0-4: a member says that it is alive, and learns whether it must join again.
//!
//! v3 added static members (KIP-345).
//!
//! REBALANCE_IN_PROGRESS: join again; ILLEGAL_GENERATION and UNKNOWN_MEMBER_ID: it was given up in the meantime;
//! FENCED_INSTANCE_ID: another has taken its place.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};

pub(crate) async fn handle(call: Call, request: HeartbeatRequest) -> HeartbeatResponse {
    let group_id = request.group_id.clone();
    if let Err(code) = call.check(&permissions::HEARTBEAT, &group_id) {
        return HeartbeatResponse { error_code: code.code(), ..HeartbeatResponse::default() };
    }
    let code = match call.context.groups.ask(&group_id, GroupRequest::Heartbeat(request)).await {
        Ok(GroupReply::Heartbeat(response)) => return response,
        Ok(_) => ErrorCode::UnknownServerError,
        Err(code) => code,
    };
    HeartbeatResponse { error_code: code.code(), ..HeartbeatResponse::default() }
}
