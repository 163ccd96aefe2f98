//! ListGroups, DescribeGroups, DeleteGroups: what tools ask of groups.
//!
//! Answered from memory, which is ahead of the records: a group whose first record is not committed yet is told of all
//! the same. A group is deleted by tombstones, of its offsets first; only their return takes it away.

use std::sync::Arc;

use crate::error::ErrorCode;
use crate::types::PartitionId;
use crate::wire::messages::delete_groups::DeletableGroupResult;
use crate::wire::messages::describe_groups::DescribedGroup;
use crate::wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse, ListedGroup};

use super::classic::{CONSUMER, ClassicGroup, State};
use super::foreign::GroupKind;
use super::machine::{Group, GroupMachine};
use super::offsets::Committed;
use super::records;
use super::request::Surveyed;
use super::step::Step;

/// The state that stands for a group that is not there.
const DEAD: &str = "Dead";

impl GroupMachine {
    /// The groups in one of the states and of one of the types asked for; no state or type means all. By name.
    pub(super) fn list(&self, request: &ListGroupsRequest) -> ListGroupsResponse {
        let states: Vec<String> =
            request.states_filter.iter().map(|state| state.trim().to_lowercase()).collect();
        let types: Vec<String> =
            request.types_filter.iter().map(|kind| kind.to_lowercase()).collect();
        let passes = |group: &&Group| {
            (states.is_empty() || states.contains(&group.state_name().to_lowercase()))
                && (types.is_empty() || types.iter().any(|kind| kind == group.kind().name()))
        };
        let mut groups: Vec<ListedGroup> =
            self.groups.values().filter(passes).map(listed).collect();
        groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
        ListGroupsResponse { groups, ..ListGroupsResponse::default() }
    }

    /// How every group stands.
    pub(super) fn survey(&self) -> Vec<Surveyed> {
        let surveyed = |(id, group): (&Arc<str>, &Group)| {
            let topics = self.offsets.of_group(id).into_iter().flatten();
            let offsets = topics.flat_map(|(topic, partitions)| {
                let offset = |(partition, committed): (&PartitionId, &Committed)| {
                    (topic.clone(), *partition, committed.offset)
                };
                partitions.iter().map(offset)
            });
            Surveyed {
                group_id: id.clone(),
                state: group.state_name(),
                protocol: group.kind().name(),
                members: match group {
                    Group::Classic(group) => group.members.len(),
                    Group::Consumer(group) => group.members.len(),
                    Group::Foreign(_) => 0,
                },
                offsets: offsets.collect(),
            }
        };
        self.groups.iter().map(surveyed).collect()
    }

    /// What there is to know of a classic group.
    pub(super) fn describe(&self, group_id: &str, version: i16) -> DescribedGroup {
        let message = match self.groups.get(group_id) {
            Some(Group::Classic(group)) => return described(group),
            Some(_) => format!("Group {group_id} is not a classic group."),
            None => format!("Group {group_id} not found."),
        };
        let mut answer = DescribedGroup {
            group_id: group_id.into(),
            group_state: DEAD.into(),
            ..DescribedGroup::default()
        };
        if version >= 6 {
            answer.error_code = ErrorCode::GroupIdNotFound.code();
            answer.error_message = Some(message);
        }
        answer
    }

    /// Deletes a group without members, with its offsets.
    pub(super) fn delete(&mut self, group_id: &str, step: &mut Step) -> DeletableGroupResult {
        let checked = self.check_delete(group_id);
        let code = checked.and_then(|()| self.bury_offsets(group_id, step)).err();
        let code = code.unwrap_or(ErrorCode::None);
        if code == ErrorCode::None {
            self.bury(group_id, step);
        }
        DeletableGroupResult {
            group_id: group_id.into(),
            error_code: code.code(),
            ..DeletableGroupResult::default()
        }
    }

    /// Writes tombstones for all offsets of a group, or none where they are more than a batch holds.
    fn bury_offsets(&self, group_id: &str, step: &mut Step) -> Result<(), ErrorCode> {
        let before = step.out.records.len();
        for (topic, partition) in self.offsets.partitions(group_id) {
            step.record(records::offset_tombstone(group_id, &topic, partition));
            if step.is_too_large() {
                step.go_back_to(before);
                return Err(ErrorCode::UnknownServerError);
            }
        }
        step.metrics.deletions.add((step.out.records.len() - before) as u64);
        Ok(())
    }

    fn check_delete(&self, group_id: &str) -> Result<(), ErrorCode> {
        match self.groups.get(group_id) {
            None => Err(ErrorCode::GroupIdNotFound),
            Some(group) if !group.is_empty() => Err(ErrorCode::NonEmptyGroup),
            // Its state is kept by the share coordinator as well.
            Some(group) if group.kind() == GroupKind::Share => Err(ErrorCode::UnsupportedVersion),
            Some(_) => Ok(()),
        }
    }

    /// Writes what deletes a group itself.
    pub(super) fn bury(&mut self, group_id: &str, step: &mut Step) {
        match self.groups.get(group_id) {
            Some(Group::Classic(_)) => step.record(records::group_tombstone(group_id)),
            Some(Group::Consumer(group)) => group.tombstones(&mut step.out.records),
            Some(Group::Foreign(group)) => step.out.records.extend(group.tombstones()),
            None => {}
        }
        // The group in memory is ahead of its records.
        if let Some(Group::Consumer(_)) = self.groups.get(group_id) {
            self.groups.remove(group_id);
        }
    }
}

fn listed(group: &Group) -> ListedGroup {
    let (group_id, protocol_type) = match group {
        Group::Classic(group) => (&group.id, group.protocol_type.clone().unwrap_or_default()),
        Group::Consumer(group) => (&group.id, CONSUMER.into()),
        Group::Foreign(group) => (&group.id, group.kind.name().into()),
    };
    ListedGroup {
        group_id: group_id.as_ref().into(),
        protocol_type,
        group_state: group.state_name().into(),
        group_type: group.kind().name().into(),
        ..ListedGroup::default()
    }
}

fn described(group: &ClassicGroup) -> DescribedGroup {
    let protocol = if group.state == State::Stable { group.protocol.as_deref() } else { None };
    DescribedGroup {
        group_id: group.id.as_ref().into(),
        group_state: group.state.name().into(),
        protocol_type: group.protocol_type.clone().unwrap_or_default(),
        protocol_data: protocol.unwrap_or_default().into(),
        members: group.members.values().map(|member| member.described(protocol)).collect(),
        ..DescribedGroup::default()
    }
}
