//! DeleteGroups (42), versions 0-2: forget groups without members, and their offsets (KIP-229).
//!
//! NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND. A name that comes twice is answered once.

use std::collections::BTreeSet;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::wire::messages::delete_groups::{
    DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse,
};

pub(crate) async fn handle(call: Call, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut response = DeleteGroupsResponse::default();
    let mut seen = BTreeSet::new();
    for group_id in request.groups_names {
        if !seen.insert(group_id.clone()) {
            continue;
        }
        if let Err(code) = call.check(&permissions::DELETE_GROUPS, &group_id) {
            response.results.push(refused(group_id, code));
            continue;
        }
        let asked = GroupRequest::Delete { group_ids: vec![group_id.clone()] };
        let results = match call.context.groups.ask(&group_id, asked).await {
            Ok(GroupReply::Delete(results)) => results,
            Ok(_) => vec![refused(group_id, ErrorCode::UnknownServerError)],
            Err(code) => vec![refused(group_id, code)],
        };
        response.results.extend(results);
    }
    response
}

fn refused(group_id: String, code: ErrorCode) -> DeletableGroupResult {
    DeletableGroupResult { error_code: code.code(), group_id, ..DeletableGroupResult::default() }
}
