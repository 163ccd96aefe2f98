//! JoinGroup (11), versions 0-9: become a member of a classic group, or say that one still is.
//!
//! The answer comes when all members have come, or the group will wait no longer. v1 added the rebalance timeout;
//! v4 asks a newcomer to come again with the name it was given (KIP-394); v5 added static members (KIP-345); v7
//! tells the protocol's type and leaves out its name where there is none; v8 added the reason (KIP-800); v9 tells a
//! leader that comes back to leave the assignments as they are (KIP-814).
//!
//! MEMBER_ID_REQUIRED with the id to come again with; UNKNOWN_MEMBER_ID: forget the id and join anew;
//! FENCED_INSTANCE_ID: another has this instance id now, so stop; REBALANCE_IN_PROGRESS: come again at once;
//! INCONSISTENT_GROUP_PROTOCOL: no strategy that all members know; INVALID_SESSION_TIMEOUT, GROUP_MAX_SIZE_REACHED,
//! INVALID_GROUP_ID: fatal for the client.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest, RequestContext};
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse};

pub(crate) async fn handle(call: Call, request: JoinGroupRequest) -> JoinGroupResponse {
    let (version, group_id) = (call.version, request.group_id.clone());
    let context = RequestContext {
        version,
        client_id: call.client_id.as_deref().unwrap_or_default().to_owned(),
        client_host: call.session.client_host(),
    };
    if let Err(code) = call.check(&permissions::JOIN_GROUP, &group_id) {
        return refused(version, code);
    }
    let asked = GroupRequest::Join { request, context };
    match call.context.groups.ask(&group_id, asked).await {
        Ok(GroupReply::Join(response)) => named(version, response),
        Ok(_) => refused(version, ErrorCode::UnknownServerError),
        Err(code) => refused(version, code),
    }
}

fn refused(version: i16, code: ErrorCode) -> JoinGroupResponse {
    named(version, JoinGroupResponse { error_code: code.code(), ..JoinGroupResponse::default() })
}

/// Before version 7 a protocol that is not there is an empty name; from then on, none.
fn named(version: i16, mut response: JoinGroupResponse) -> JoinGroupResponse {
    let name = response.protocol_name.take().filter(|name| !name.is_empty());
    response.protocol_name = if version < 7 { Some(name.unwrap_or_default()) } else { name };
    response
}
