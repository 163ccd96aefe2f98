//! SyncGroup (14), versions 0-5: fetch the assignment of the generation; the leader brings everyone's.
//!
//! v3 added static members (KIP-345); from v5 the protocol's type and name must be there (KIP-559).
//!
//! Those who come before the leader wait for it. REBALANCE_IN_PROGRESS and ILLEGAL_GENERATION: join again.
//! UNKNOWN_MEMBER_ID: join anew. The leader's assignments are a record before anybody has them: a coordinator that dies
//! in between has told nobody anything that the next does not know.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};

pub(crate) async fn handle(call: Call, request: SyncGroupRequest) -> SyncGroupResponse {
    if call.version >= 5 && (request.protocol_type.is_none() || request.protocol_name.is_none()) {
        return refused(ErrorCode::InconsistentGroupProtocol);
    }
    let group_id = request.group_id.clone();
    if let Err(code) = call.check(&permissions::SYNC_GROUP, &group_id) {
        return refused(code);
    }
    match call.context.groups.ask(&group_id, GroupRequest::Sync(request)).await {
        Ok(GroupReply::Sync(response)) => response,
        Ok(_) => refused(ErrorCode::UnknownServerError),
        Err(code) => refused(code),
    }
}

fn refused(code: ErrorCode) -> SyncGroupResponse {
    SyncGroupResponse { error_code: code.code(), ..SyncGroupResponse::default() }
}
