//! ListGroups (16), versions 0-5: the groups that this node coordinates.
//!
//! v4 added states and a filter by them (KIP-518); v5 types and a filter by those (KIP-848).
//!
//! As for ListTransactions, one shard that is still loading refuses the whole.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse, ListedGroup};

pub(crate) async fn handle(call: Call, request: ListGroupsRequest) -> ListGroupsResponse {
    let sees_all = call.may_cluster(&permissions::LIST_ALL_GROUPS);
    let mut all = ListGroupsResponse::default();
    for answer in call.context.groups.ask_all(|| GroupRequest::List(request.clone())).await {
        let response = match answer {
            Ok(GroupReply::List(response)) => response,
            Ok(_) => refused(ErrorCode::UnknownServerError),
            Err(code) => refused(code),
        };
        match ErrorCode::from_code(response.error_code) {
            Some(ErrorCode::None) => {
                let shown = |group: &ListedGroup| {
                    sees_all || call.may(&permissions::LIST_GROUPS, &group.group_id)
                };
                all.groups.extend(response.groups.into_iter().filter(shown));
            }
            // The shard has moved: whoever has it now lists its groups.
            Some(ErrorCode::NotCoordinator) => {}
            _ => return ListGroupsResponse { groups: Vec::new(), ..response },
        }
    }
    all
}

fn refused(code: ErrorCode) -> ListGroupsResponse {
    ListGroupsResponse { error_code: code.code(), ..ListGroupsResponse::default() }
}
