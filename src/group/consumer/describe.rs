//! ConsumerGroupDescribe: what there is to know of consumer groups.

use crate::error::ErrorCode;
use crate::group::machine::{Group, GroupMachine};
use crate::metadata::Image;
use crate::types::{PartitionId, TopicId};
use crate::wire::messages::consumer_group_describe::{
    Assignment, DescribedGroup, Member as DescribedMember, TopicPartitions,
};

use super::group::ConsumerGroup;
use super::member::Member;

impl GroupMachine {
    /// What there is to know of one group.
    pub(in crate::group) fn describe_consumer(&self, group_id: &str) -> DescribedGroup {
        let message = match self.groups.get(group_id) {
            Some(Group::Consumer(group)) => {
                let default = self.settings.consumer.assignor().name();
                return described(group, &self.image, default);
            }
            Some(_) => format!("Group {group_id} is not a consumer group."),
            None => format!("Group {group_id} not found."),
        };
        DescribedGroup {
            group_id: group_id.into(),
            error_code: ErrorCode::GroupIdNotFound.code(),
            error_message: Some(message),
            ..DescribedGroup::default()
        }
    }
}

fn described(group: &ConsumerGroup, image: &Image, default: &str) -> DescribedGroup {
    DescribedGroup {
        group_id: group.id.as_ref().into(),
        group_state: group.state().name().into(),
        group_epoch: group.epoch,
        assignment_epoch: group.assignment_epoch,
        assignor_name: group.assignor_name().unwrap_or(default).into(),
        members: group.members.values().map(|member| member_of(group, member, image)).collect(),
        ..DescribedGroup::default()
    }
}

fn member_of(group: &ConsumerGroup, member: &Member, image: &Image) -> DescribedMember {
    let said = &member.subscription;
    let assigned = member
        .current
        .assigned
        .iter()
        .map(|(topic, partitions)| (*topic, partitions.keys().copied().collect()));
    let target = group.target(&member.id).into_iter().flatten();
    let target = target.map(|(topic, partitions)| (*topic, partitions.iter().copied().collect()));
    DescribedMember {
        member_id: member.id.as_ref().into(),
        instance_id: said.instance_id.as_deref().map(Into::into),
        rack_id: said.rack_id.clone(),
        member_epoch: member.current.epoch,
        client_id: said.client_id.clone(),
        client_host: said.client_host.clone(),
        subscribed_topic_names: said.topics.iter().cloned().collect(),
        subscribed_topic_regex: Some(said.regex.clone()).filter(|regex| !regex.is_empty()),
        assignment: assignment(assigned, image),
        target_assignment: assignment(target, image),
        member_type: i8::from(!member.is_classic()),
        ..DescribedMember::default()
    }
}

/// Partitions of topics that still exist.
fn assignment(
    topics: impl Iterator<Item = (TopicId, Vec<PartitionId>)>,
    image: &Image,
) -> Assignment {
    let topic = |(topic_id, partitions): (TopicId, Vec<PartitionId>)| {
        let name = image.topics.name(topic_id)?;
        Some(TopicPartitions {
            topic_id,
            topic_name: name.as_ref().into(),
            partitions,
            ..TopicPartitions::default()
        })
    };
    Assignment { topic_partitions: topics.filter_map(topic).collect(), ..Assignment::default() }
}
