//! What brokers say of groups, classic and of consumers (KIP-848).

use std::collections::BTreeMap;

use crate::cli::groups::every_group;
use crate::cli::tool::log_error;
use crate::client::cluster::{CoordinatorKind, Node};
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::PartitionId;
use crate::wire::api_key::ApiKey;
use crate::wire::message::Message;
use crate::wire::messages::consumer_group_describe::{self, ConsumerGroupDescribeRequest};
use crate::wire::messages::describe_groups::{
    DescribeGroupsRequest, DescribedGroup, DescribedGroupMember,
};
use crate::wire::messages::list_groups::ListedGroup;
use crate::wire::stored::consumer_protocol::ConsumerProtocolAssignment;

/// A group in a list.
pub(super) struct Listed {
    pub(super) name: String,
    /// `Classic` or `Consumer`.
    pub(super) kind: String,
    pub(super) state: String,
}

/// Partitions by topic.
pub(super) type Assignment = BTreeMap<String, Vec<PartitionId>>;

/// A member of a group.
pub(super) struct Member {
    pub(super) id: String,
    pub(super) instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) host: String,
    pub(super) assignment: Assignment,
    pub(super) epoch: Option<i32>,
    pub(super) target: Option<Assignment>,
}

/// A group.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) assignor: String,
    pub(super) coordinator: Node,
    pub(super) members: Vec<Member>,
    /// The group's epoch and that of its target assignment; none of a classic group.
    pub(super) epochs: Option<(i32, i32)>,
}

impl Group {
    pub(super) fn is_inactive(&self) -> bool {
        matches!(self.state.as_str(), "Empty" | "Dead")
    }
}

/// Every group of consumers, by name.
pub(super) async fn listed(cluster: &mut Cluster) -> Result<Vec<Listed>, ClientError> {
    let of_consumers = |group: ListedGroup| {
        let kind = match group.group_type.to_ascii_lowercase().as_str() {
            "" | "classic" if ["", "consumer"].contains(&group.protocol_type.as_str()) => "Classic",
            "consumer" => "Consumer",
            _ => return None,
        };
        Some(Listed { name: group.group_id, kind: kind.to_owned(), state: group.group_state })
    };
    Ok(every_group(cluster).await?.into_iter().filter_map(of_consumers).collect())
}

/// What the coordinator says of a group. Error: GROUP_ID_NOT_FOUND.
pub(super) async fn described(cluster: &mut Cluster, name: &str) -> Result<Group, ClientError> {
    let node = cluster.coordinator(CoordinatorKind::Group, name).await?;
    let connection = cluster.group_coordinator(name).await?;
    if connection.supports(ApiKey::ConsumerGroupDescribe) {
        let request =
            ConsumerGroupDescribeRequest { group_ids: vec![name.to_owned()], ..Default::default() };
        let found = connection.ask(&request).await?.groups.into_iter().next();
        match found.map(|found| (ErrorCode::from_code(found.error_code), found)) {
            Some((Some(ErrorCode::None), found)) => return Ok(of_consumers(found, node)),
            // A classic group, or none at all.
            Some((Some(ErrorCode::GroupIdNotFound | ErrorCode::UnsupportedVersion), _)) | None => {}
            Some((code, found)) => {
                let code = code.unwrap_or(ErrorCode::UnknownServerError);
                let what = format!(
                    "[AdminClient clientId=adminclient-1] `ConsumerGroupDescribe` request for group id {name} failed due to unexpected error {}.",
                    code.name()
                );
                log_error(
                    &what,
                    "org.apache.kafka.clients.admin.internals.DescribeConsumerGroupsHandler",
                );
                return Err(ClientError::api(found.error_code, found.error_message));
            }
        }
    }
    let request = DescribeGroupsRequest { groups: vec![name.to_owned()], ..Default::default() };
    let found = connection.ask(&request).await?.groups.into_iter().next();
    let found = found.ok_or(ClientError::Api(ErrorCode::GroupIdNotFound.into()))?;
    ClientError::check(found.error_code, found.error_message.clone())?;
    if found.group_state == "Dead" {
        let message = format!("Group {name} not found.");
        return Err(ClientError::api(ErrorCode::GroupIdNotFound.code(), Some(message)));
    }
    Ok(classic(found, node))
}

fn classic(found: DescribedGroup, coordinator: Node) -> Group {
    let member = |member: DescribedGroupMember| {
        let assignment = ConsumerProtocolAssignment::decode_versioned(member.member_assignment);
        let topics = assignment.map(|(assignment, _)| assignment.assigned_partitions);
        let topics = topics.unwrap_or_default().into_iter();
        Member {
            id: member.member_id,
            instance_id: member.group_instance_id,
            client_id: member.client_id,
            host: member.client_host,
            assignment: topics.map(|topic| (topic.topic, sorted(topic.partitions))).collect(),
            epoch: None,
            target: None,
        }
    };
    Group {
        name: found.group_id,
        state: found.group_state,
        assignor: found.protocol_data,
        coordinator,
        members: found.members.into_iter().map(member).collect(),
        epochs: None,
    }
}

fn of_consumers(found: consumer_group_describe::DescribedGroup, coordinator: Node) -> Group {
    let assignment = |assignment: consumer_group_describe::Assignment| -> Assignment {
        let topics = assignment.topic_partitions.into_iter();
        topics.map(|topic| (topic.topic_name, sorted(topic.partitions))).collect()
    };
    let member = |member: consumer_group_describe::Member| Member {
        id: member.member_id,
        instance_id: member.instance_id,
        client_id: member.client_id,
        host: member.client_host,
        assignment: assignment(member.assignment),
        epoch: Some(member.member_epoch),
        target: Some(assignment(member.target_assignment)),
    };
    Group {
        name: found.group_id,
        state: found.group_state,
        assignor: found.assignor_name,
        coordinator,
        members: found.members.into_iter().map(member).collect(),
        epochs: Some((found.group_epoch, found.assignment_epoch)),
    }
}

fn sorted(mut partitions: Vec<PartitionId>) -> Vec<PartitionId> {
    partitions.sort_unstable();
    partitions
}

/// The groups that the options mean: those that are named, or all.
pub(super) async fn meant(
    cluster: &mut Cluster,
    given: &crate::cli::options::Given,
) -> Result<Vec<String>, ClientError> {
    if given.has("all-groups") {
        return Ok(listed(cluster).await?.into_iter().map(|group| group.name).collect());
    }
    Ok(given.values("group").into_iter().map(str::to_owned).collect())
}
