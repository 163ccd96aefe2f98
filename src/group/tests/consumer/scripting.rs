//! What golden scripts say of consumer groups: how their requests are read, and their answers and records shown.
//!
//! A topic's id is its name, filled up with zeros, so that records can be shown by name without any metadata. `a/2` is
//! a topic by the name of `a` that has been made anew.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use goldenscript::ArgumentConsumer;

use super::super::replies::code;
use super::super::shard::{BEGIN, full_name, short_name};
use crate::group::consumer::heartbeat::ConsumerHeartbeat;
use crate::group::consumer::member::MemberState;
use crate::group::request::{GroupRequest, RequestContext};
use crate::metadata::Image;
use crate::metadata::topics::{PartitionRegistration, TopicImage};
use crate::types::{TopicId, Uuid};
use crate::wire::codec::{Reader, Writer};
use crate::wire::message::Message;
use crate::wire::messages::consumer_group_describe::{Assignment as Described, DescribedGroup};
use crate::wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicPartitions,
};
use crate::wire::stored::consumer_protocol::{ConsumerProtocolAssignment, TopicPartition};
use crate::wire::stored::group::{
    ConsumerGroupCurrentMemberAssignmentValue, ConsumerGroupMemberMetadataValue, GroupKey,
    GroupValue,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn topic_id(name: &str) -> TopicId {
    let (name, round) = name.split_once('/').unwrap_or((name, "0"));
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    bytes[15] = round.parse().unwrap_or(0);
    Uuid::from_bytes(bytes)
}

fn topic_name(id: TopicId) -> String {
    let bytes = id.as_bytes();
    let name: String = bytes[..15].iter().take_while(|b| **b != 0).map(|b| *b as char).collect();
    match bytes[15] {
        0 => name,
        round => format!("{name}/{round}"),
    }
}

/// `a=4` for a topic of four partitions.
pub(in crate::group::tests) fn cluster(
    args: &mut ArgumentConsumer<'_>,
    before: &Image,
) -> Outcome<Arc<Image>> {
    let mut image = Image::default();
    image.provenance.offset = before.provenance.offset + 1;
    for argument in args.rest_key() {
        let bare = argument.name().split('/').next().unwrap_or_default();
        let mut topic = TopicImage::new(bare, topic_id(argument.name()));
        for id in 0..argument.parse()? {
            topic.partitions.insert(id, PartitionRegistration::default());
        }
        image.topics.insert(topic);
    }
    Ok(Arc::new(image))
}

/// `a-0,a-1,b-0` by topic.
fn by_topic(text: &str) -> Outcome<Vec<(String, Vec<i32>)>> {
    let mut topics: Vec<(String, Vec<i32>)> = Vec::new();
    for one in text.split(',').filter(|one| !one.is_empty()) {
        let (topic, partition) = one.rsplit_once('-').ok_or("topic-partition")?;
        let partition = partition.parse()?;
        match topics.last_mut().filter(|(last, _)| last == topic) {
            Some((_, partitions)) => partitions.push(partition),
            None => topics.push((topic.into(), vec![partition])),
        }
    }
    Ok(topics)
}

fn word(args: &mut ArgumentConsumer<'_>) -> Outcome<String> {
    Ok(args.next_pos().ok_or("something is missing")?.value.clone())
}

/// `beat GROUP MEMBER epoch=2`: what is not said is left out, but for what a newcomer must say.
pub(in crate::group::tests) fn beat(args: &mut ArgumentConsumer<'_>) -> Outcome<GroupRequest> {
    let (group_id, member_id) = (word(args)?, full_name(&word(args)?));
    let member_epoch: i32 = args.lookup_parse("epoch")?.unwrap_or(0);
    let is_new = member_epoch == 0;
    let mut text = |name: &str| args.lookup(name).map(|argument| argument.value.clone());
    let list = |text: String| text.split(',').filter(|t| !t.is_empty()).map(Into::into).collect();
    let owned = match text("owned").as_deref() {
        Some("unsaid") => None,
        Some("none") => Some(Vec::new()),
        Some(said) => Some(by_topic(said)?),
        None => is_new.then(Vec::new),
    };
    let topic = |(topic, partitions): (String, Vec<i32>)| TopicPartitions {
        topic_id: topic_id(&topic),
        partitions,
        ..TopicPartitions::default()
    };
    let request = ConsumerGroupHeartbeatRequest {
        group_id,
        member_id,
        member_epoch,
        instance_id: text("instance"),
        rack_id: text("rack"),
        subscribed_topic_names: text("topics").map(list),
        subscribed_topic_regex: text("regex"),
        server_assignor: text("assignor"),
        topic_partitions: owned.map(|owned| owned.into_iter().map(topic).collect()),
        rebalance_timeout_ms: args.lookup_parse("rebalance")?.unwrap_or(if is_new {
            30_000
        } else {
            -1
        }),
        ..ConsumerGroupHeartbeatRequest::default()
    };
    let context = RequestContext {
        version: args.lookup_parse("version")?.unwrap_or(1),
        client_id: "c".into(),
        client_host: "/127.0.0.1".into(),
    };
    let asked = ConsumerHeartbeat { request, context, ..ConsumerHeartbeat::default() };
    Ok(GroupRequest::ConsumerHeartbeat(Box::new(asked)))
}

/// What a leader of a classic group gives to a member, in the consumers' protocol.
pub(in crate::group::tests) fn share(text: &str) -> Outcome<Bytes> {
    let topic = |(topic, partitions)| TopicPartition { topic, partitions, ..Default::default() };
    let assignment = ConsumerProtocolAssignment {
        assigned_partitions: by_topic(text)?.into_iter().map(topic).collect(),
        ..ConsumerProtocolAssignment::default()
    };
    let mut writer = Writer::new();
    writer.i16(1);
    assignment.encode(&mut writer, 1)?;
    Ok(writer.freeze())
}

/// What a classic member was given, where it is in the consumers' protocol.
pub(in crate::group::tests) fn show_share(bytes: &Bytes) -> Option<String> {
    let mut reader = Reader::new(bytes.clone());
    let version = reader.i16().ok().filter(|version| (0..=3).contains(version))?;
    let assignment = ConsumerProtocolAssignment::decode(&mut reader, version).ok()?;
    let topics = assignment.assigned_partitions.iter();
    Some(listed(topics.map(|topic| (topic.topic.clone(), topic.partitions.as_slice()))))
}

fn listed<'a>(topics: impl Iterator<Item = (String, &'a [i32])>) -> String {
    let of_topic = |(topic, ids): (String, &[i32])| {
        ids.iter().map(|id| format!("{topic}-{id}")).collect::<Vec<_>>()
    };
    let all: Vec<String> = topics.flat_map(of_topic).collect();
    if all.is_empty() { "none".into() } else { all.join(",") }
}

fn option(name: &str, value: Option<&str>) -> String {
    match value.filter(|value| !value.is_empty()) {
        Some(value) => format!(" {name}={value}"),
        None => String::new(),
    }
}

pub(in crate::group::tests) fn show_beat(reply: &ConsumerGroupHeartbeatResponse) -> String {
    if reply.error_code != 0 {
        let message = reply.error_message.as_deref().unwrap_or_default();
        return format!("beat {} {message:?}", code(reply.error_code));
    }
    let assigned = reply.assignment.as_ref().map(|assignment| {
        let topics = assignment.topic_partitions.iter();
        listed(topics.map(|topic| (topic_name(topic.topic_id), topic.partitions.as_slice())))
    });
    format!(
        "beat member={} epoch={} interval={}{}",
        short_name(reply.member_id.as_deref().unwrap_or_default()),
        reply.member_epoch,
        reply.heartbeat_interval_ms,
        option("assigned", assigned.as_deref()),
    )
}

pub(in crate::group::tests) fn show_described(group: &DescribedGroup) -> String {
    if group.error_code != 0 {
        return format!(
            "describe {} {} {:?}",
            group.group_id,
            code(group.error_code),
            group.error_message.as_deref().unwrap_or_default()
        );
    }
    let partitions = |described: &Described| {
        let topics = described.topic_partitions.iter();
        listed(topics.map(|topic| (topic.topic_name.clone(), topic.partitions.as_slice())))
    };
    let members = group.members.iter().map(|member| {
        format!(
            "\n  {}{} epoch={} topics={}{}{} has {} is to have {}",
            short_name(&member.member_id),
            option("instance", member.instance_id.as_deref()),
            member.member_epoch,
            member.subscribed_topic_names.join(","),
            option("regex", member.subscribed_topic_regex.as_deref()),
            if member.member_type == 0 { " classic" } else { "" },
            partitions(&member.assignment),
            partitions(&member.target_assignment),
        )
    });
    format!(
        "describe {} {} epoch={} assigned={} by {}{}",
        group.group_id,
        group.group_state,
        group.group_epoch,
        group.assignment_epoch,
        group.assignor_name,
        members.collect::<String>(),
    )
}

/// A record of a consumer group.
pub(in crate::group::tests) fn show_record(key: &GroupKey, value: Option<&GroupValue>) -> String {
    match key {
        GroupKey::ConsumerGroupMetadata(key) => {
            format!("epoch {}{}", key.group_id, show_value(value))
        }
        GroupKey::ConsumerGroupTargetAssignmentMetadata(key) => {
            format!("assignment {}{}", key.group_id, show_value(value))
        }
        GroupKey::ConsumerGroupMemberMetadata(key) => {
            format!("member {} {}{}", key.group_id, short_name(&key.member_id), show_value(value))
        }
        GroupKey::ConsumerGroupTargetAssignmentMember(key) => {
            format!("target {} {}{}", key.group_id, short_name(&key.member_id), show_value(value))
        }
        GroupKey::ConsumerGroupCurrentMemberAssignment(key) => {
            format!("current {} {}{}", key.group_id, short_name(&key.member_id), show_value(value))
        }
        GroupKey::ConsumerGroupRegularExpression(key) => {
            format!("regex {} {}{}", key.group_id, key.regular_expression, show_value(value))
        }
        key => format!("{key:?}{}", show_value(value)),
    }
}

fn show_value(value: Option<&GroupValue>) -> String {
    match value {
        None => " gone".into(),
        Some(GroupValue::ConsumerGroupMetadata(value)) => {
            let is_read = if value.metadata_hash == 0 { " of nothing" } else { "" };
            format!(" {}{is_read}", value.epoch)
        }
        Some(GroupValue::ConsumerGroupTargetAssignmentMetadata(value)) => {
            format!(" {} at={}", value.assignment_epoch, value.assignment_timestamp - BEGIN)
        }
        Some(GroupValue::ConsumerGroupMemberMetadata(value)) => show_said(value),
        Some(GroupValue::ConsumerGroupTargetAssignmentMember(value)) => {
            let topics = value.topic_partitions.iter();
            let topics =
                topics.map(|topic| (topic_name(topic.topic_id), topic.partitions.as_slice()));
            format!(" {}", listed(topics))
        }
        Some(GroupValue::ConsumerGroupCurrentMemberAssignment(value)) => show_current(value),
        Some(GroupValue::ConsumerGroupRegularExpression(value)) => {
            format!(" topics={}", value.topics.join(","))
        }
        Some(value) => format!(" {value:?}"),
    }
}

fn show_said(value: &ConsumerGroupMemberMetadataValue) -> String {
    format!(
        "{}{} topics={}{}{} rebalance={}{}",
        option("instance", value.instance_id.as_deref()),
        option("rack", value.rack_id.as_deref()),
        value.subscribed_topic_names.join(","),
        option("regex", value.subscribed_topic_regex.as_deref()),
        option("assignor", value.server_assignor.as_deref()),
        value.rebalance_timeout_ms,
        if value.classic_member_metadata.is_some() { " classic" } else { "" },
    )
}

fn show_current(value: &ConsumerGroupCurrentMemberAssignmentValue) -> String {
    let owned = |topics: &[crate::wire::stored::group::TopicPartitions]| {
        let since = |topic: &crate::wire::stored::group::TopicPartitions| {
            let epochs = topic.assignment_epochs.iter().flatten();
            let of_topic = topic.partitions.iter().zip(epochs);
            let name = topic_name(topic.topic_id);
            of_topic.map(|(id, epoch)| format!("{name}-{id}@{epoch}")).collect::<Vec<_>>()
        };
        let all: Vec<String> = topics.iter().flat_map(since).collect();
        if all.is_empty() { "none".into() } else { all.join(",") }
    };
    let revoking = match value.partitions_pending_revocation.as_slice() {
        [] => String::new(),
        topics => format!(" revoking={}", owned(topics)),
    };
    format!(
        " {} after {} {:?} has={}{revoking}",
        value.member_epoch,
        value.previous_member_epoch,
        MemberState::from_code(value.state),
        owned(&value.assigned_partitions),
    )
}
