//! DescribeGroups (15), versions 0-6: what there is to know of classic groups.
//!
//! v3 added the operations that the client may do (KIP-430); v4 static members (KIP-345); from v6 a group that is
//! not there is an error, with a message (KIP-1043).
//!
//! A group that is not there is `Dead` and no error before v6. NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS; of a
//! group of another kind nothing is told but that it is not a classic one.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::security::vocabulary::ResourceType;
use crate::wire::messages::describe_groups::{
    DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup,
};

pub(crate) async fn handle(call: Call, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let mut response = DescribeGroupsResponse::default();
    for group_id in request.groups {
        if let Err(code) = call.check(&permissions::DESCRIBE_GROUPS, &group_id) {
            response.groups.push(refused(group_id, code));
            continue;
        }
        let asked =
            GroupRequest::Describe { group_ids: vec![group_id.clone()], version: call.version };
        let described = match call.context.groups.ask(&group_id, asked).await {
            Ok(GroupReply::Describe(groups)) => groups,
            Ok(_) => vec![refused(group_id, ErrorCode::UnknownServerError)],
            Err(code) => vec![refused(group_id, code)],
        };
        response.groups.extend(described);
    }
    if call.version >= 3 && request.include_authorized_operations {
        for group in response.groups.iter_mut().filter(|group| group.error_code == 0) {
            group.authorized_operations = call.operations(ResourceType::Group, &group.group_id);
        }
    }
    response
}

fn refused(group_id: String, code: ErrorCode) -> DescribedGroup {
    DescribedGroup { error_code: code.code(), group_id, ..DescribedGroup::default() }
}
