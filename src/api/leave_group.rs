//! LeaveGroup (13), versions 0-5: members leave, or are removed by their instance ids.
//!
//! From v3 several at once (KIP-345), each with an error of its own; v5 added the reason (KIP-800).
//!
//! UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID of a member. A static member is never removed by its own leaving, but only by
//! its instance id: that its place outlives it is what it is for.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::wire::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};

pub(crate) async fn handle(call: Call, mut request: LeaveGroupRequest) -> LeaveGroupResponse {
    if call.version < 3 {
        let member_id = std::mem::take(&mut request.member_id);
        request.members = vec![MemberIdentity { member_id, ..MemberIdentity::default() }];
    }
    let group_id = request.group_id.clone();
    if let Err(code) = call.check(&permissions::LEAVE_GROUP, &group_id) {
        return refused(code);
    }
    match call.context.groups.ask(&group_id, GroupRequest::Leave(request)).await {
        Ok(GroupReply::Leave(response)) if call.version < 3 => alone(response),
        Ok(GroupReply::Leave(response)) => response,
        Ok(_) => refused(ErrorCode::UnknownServerError),
        Err(code) => refused(code),
    }
}

/// Before version 3 the one member's error is the answer's.
fn alone(mut response: LeaveGroupResponse) -> LeaveGroupResponse {
    if let Some(member) = response.members.pop()
        && response.error_code == 0
    {
        response.error_code = member.error_code;
    }
    LeaveGroupResponse { error_code: response.error_code, ..LeaveGroupResponse::default() }
}

fn refused(code: ErrorCode) -> LeaveGroupResponse {
    LeaveGroupResponse { error_code: code.code(), ..LeaveGroupResponse::default() }
}
