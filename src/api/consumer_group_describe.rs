//! ConsumerGroupDescribe (69), versions 0-1: what there is to know of consumer groups (KIP-848).
//!
//! v1 tells which protocol a member speaks (KIP-1099). A group with topics that the caller may not know of is not told
//! of.
//!
//! GROUP_ID_NOT_FOUND also for a group of another kind. UNSUPPORTED_VERSION while the protocol is switched off.

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::security::vocabulary::ResourceType;
use crate::wire::messages::consumer_group_describe::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribedGroup,
};

pub(crate) async fn handle(
    call: Call,
    request: ConsumerGroupDescribeRequest,
) -> ConsumerGroupDescribeResponse {
    let mut response = ConsumerGroupDescribeResponse::default();
    for group_id in request.group_ids {
        if !call.serves_consumer_groups() {
            response.groups.push(refused(group_id, ErrorCode::UnsupportedVersion));
            continue;
        }
        if let Err(code) = call.check(&permissions::CONSUMER_DESCRIBE, &group_id) {
            response.groups.push(refused(group_id, code));
            continue;
        }
        let asked = GroupRequest::DescribeConsumers { group_ids: vec![group_id.clone()] };
        let described = match call.context.groups.ask(&group_id, asked).await {
            Ok(GroupReply::DescribeConsumers(groups)) => groups,
            Ok(_) => vec![refused(group_id, ErrorCode::UnknownServerError)],
            Err(code) => vec![refused(group_id, code)],
        };
        response.groups.extend(described.into_iter().map(|group| veil(&call, group)));
    }
    if request.include_authorized_operations {
        for group in response.groups.iter_mut().filter(|group| group.error_code == 0) {
            group.authorized_operations = call.operations(ResourceType::Group, &group.group_id);
        }
    }
    response
}

/// Hides a group whose members have topics that the caller may not know of.
fn veil(call: &Call, group: DescribedGroup) -> DescribedGroup {
    let assignments =
        group.members.iter().flat_map(|member| [&member.assignment, &member.target_assignment]);
    let is_seen = assignments
        .flat_map(|assignment| &assignment.topic_partitions)
        .all(|topic| call.may(&permissions::CONSUMER_DESCRIBE_TOPIC, &topic.topic_name));
    if is_seen {
        return group;
    }
    DescribedGroup {
        error_code: ErrorCode::TopicAuthorizationFailed.code(),
        error_message: Some(
            "The group has described topic(s) that the client is not authorized to describe."
                .into(),
        ),
        members: Vec::new(),
        ..group
    }
}

fn refused(group_id: String, code: ErrorCode) -> DescribedGroup {
    DescribedGroup { error_code: code.code(), group_id, ..DescribedGroup::default() }
}
