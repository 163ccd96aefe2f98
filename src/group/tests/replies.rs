//! How the scripts show answers and records.

use bytes::Bytes;

use super::super::machine::{Group, GroupMachine};
use super::super::records::{self, Entry};
use super::super::request::GroupReply;
use super::consumer::scripting;
use super::shard::{BEGIN, Replies, short_name};
use crate::coordinator::machine::StoredRecord;
use crate::error::ErrorCode;
use crate::types::Millis;
use crate::wire::messages::describe_groups::DescribedGroup;
use crate::wire::messages::join_group::JoinGroupResponse;
use crate::wire::messages::leave_group::{LeaveGroupResponse, MemberResponse};
use crate::wire::messages::offset_fetch::OffsetFetchResponseGroup;

pub(super) fn code(code: i16) -> &'static str {
    ErrorCode::from_code(code).expect("an error that Kafka knows").name()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into()
}

/// An assignment by its partitions where it is one of consumers, else as text.
fn share(bytes: &Bytes) -> String {
    scripting::show_share(bytes).unwrap_or_else(|| format!("{:?}", text(bytes)))
}

pub(super) fn show(replies: &Replies) -> String {
    replies.iter().map(|(ticket, reply)| format!("#{} {}\n", ticket.0, show_one(reply))).collect()
}

fn show_one(reply: &GroupReply) -> String {
    match reply {
        GroupReply::Join(reply) => show_join(reply),
        GroupReply::Sync(reply) if reply.error_code != 0 => {
            format!("sync {}", code(reply.error_code))
        }
        GroupReply::Sync(reply) => format!(
            "sync assignment={} type={} protocol={}",
            share(&reply.assignment),
            reply.protocol_type.as_deref().unwrap_or("none"),
            reply.protocol_name.as_deref().unwrap_or("none"),
        ),
        GroupReply::Heartbeat(reply) => format!("heartbeat {}", code(reply.error_code)),
        GroupReply::ConsumerHeartbeat(reply) => scripting::show_beat(reply),
        GroupReply::DescribeConsumers(groups) => {
            groups.iter().map(scripting::show_described).collect::<Vec<_>>().join("\n")
        }
        GroupReply::Leave(reply) => show_leave(reply),
        GroupReply::List(reply) => {
            let groups = reply.groups.iter().map(|group| {
                format!(
                    "\n  {} {} {} {:?}",
                    group.group_id, group.group_type, group.group_state, group.protocol_type
                )
            });
            format!("list {}{}", code(reply.error_code), groups.collect::<String>())
        }
        GroupReply::Survey(groups) => format!("survey {groups:?}"),
        GroupReply::Describe(groups) => {
            groups.iter().map(show_described).collect::<Vec<_>>().join("\n")
        }
        GroupReply::Delete(results) => {
            let results = results
                .iter()
                .map(|result| format!(" {}={}", result.group_id, code(result.error_code)));
            format!("delete{}", results.collect::<String>())
        }
        GroupReply::CommitOffsets(reply) => {
            let topics = reply.topics.iter();
            let each = topics.flat_map(|topic| topic.partitions.iter().map(move |p| (topic, p)));
            let shown = each.map(|(topic, p)| told(&topic.name, p.partition_index, p.error_code));
            format!("commit{}", shown.collect::<String>())
        }
        GroupReply::CommitInTransaction(reply) => format!("commit in transaction {reply:?}"),
        GroupReply::FetchOffsets(reply) => show_fetch(reply),
        GroupReply::DeleteOffsets(reply) => {
            let topics = reply.topics.iter();
            let each = topics.flat_map(|topic| topic.partitions.iter().map(move |p| (topic, p)));
            let shown = each.map(|(topic, p)| told(&topic.name, p.partition_index, p.error_code));
            format!("delete-offsets {}{}", code(reply.error_code), shown.collect::<String>())
        }
    }
}

/// What became of one partition.
fn told(topic: &str, partition: i32, error_code: i16) -> String {
    format!(" {topic}-{partition}={}", code(error_code))
}

fn show_leave(reply: &LeaveGroupResponse) -> String {
    let member = |member: &MemberResponse| {
        let instance = member.group_instance_id.as_deref().map(|instance| format!("({instance})"));
        let name = short_name(&member.member_id);
        format!(" {name}{}={}", instance.unwrap_or_default(), code(member.error_code))
    };
    let members = reply.members.iter().map(member).collect::<String>();
    format!("leave {}{members}", code(reply.error_code))
}

fn show_join(reply: &JoinGroupResponse) -> String {
    let name = short_name(&reply.member_id);
    if reply.error_code != 0 {
        return format!("join {} member={name:?}", code(reply.error_code));
    }
    let members = reply.members.iter().map(|member| {
        let instance = member.group_instance_id.as_deref().map(|instance| format!("({instance})"));
        format!("{}{}", short_name(&member.member_id), instance.unwrap_or_default())
    });
    let members: Vec<String> = members.collect();
    format!(
        "join member={name} generation={} protocol={} leader={}{}{}",
        reply.generation_id,
        reply.protocol_name.as_deref().unwrap_or("none"),
        short_name(&reply.leader),
        if members.is_empty() { String::new() } else { format!(" members={}", members.join(",")) },
        if reply.skip_assignment { " skip-assignment" } else { "" },
    )
}

fn show_described(group: &DescribedGroup) -> String {
    let members = group.members.iter().map(|member| {
        format!(
            "\n  {}{} client={} host={} metadata={} assignment={}",
            short_name(&member.member_id),
            member
                .group_instance_id
                .as_deref()
                .map(|instance| format!("({instance})"))
                .unwrap_or_default(),
            member.client_id,
            member.client_host,
            member.member_metadata.len(),
            share(&member.member_assignment),
        )
    });
    format!(
        "describe {} {} {} type={:?} protocol={:?}{}{}",
        group.group_id,
        code(group.error_code),
        group.group_state,
        group.protocol_type,
        group.protocol_data,
        group.error_message.as_deref().map(|message| format!(" {message:?}")).unwrap_or_default(),
        members.collect::<String>(),
    )
}

fn show_fetch(reply: &OffsetFetchResponseGroup) -> String {
    let partitions =
        reply.topics.iter().flat_map(|topic| topic.partitions.iter().map(move |p| (topic, p)));
    let shown = partitions.map(|(topic, partition)| {
        let at = format!(" {}-{}", topic.name, partition.partition_index);
        let metadata = partition.metadata.as_deref().filter(|metadata| !metadata.is_empty());
        match partition.error_code {
            0 => format!(
                "{at}={}{}{}",
                partition.committed_offset,
                if partition.committed_leader_epoch < 0 {
                    String::new()
                } else {
                    format!("@{}", partition.committed_leader_epoch)
                },
                metadata.map(|metadata| format!("{metadata:?}")).unwrap_or_default()
            ),
            error => format!("{at}={}", code(error)),
        }
    });
    format!("fetch {}{}", code(reply.error_code), shown.collect::<String>())
}

/// Records as they were written, one a line.
pub(super) fn show_records<'a>(
    records: impl Iterator<Item = &'a (Millis, StoredRecord)>,
) -> String {
    records.map(|(_, record)| format!("> {}\n", show_record(record))).collect()
}

fn show_record(record: &StoredRecord) -> String {
    let Ok(entry) = records::parse(record) else { return "a record that cannot be read".into() };
    match entry {
        Entry::Offset { group, topic, partition, value: None } => {
            format!("offset {group} {topic}-{partition} gone")
        }
        Entry::Offset { group, topic, partition, value: Some(value) } => {
            let committed = value.at(0);
            let expires = committed.expire_timestamp.map(|at| format!(" expires={}", at - BEGIN));
            format!(
                "offset {group} {topic}-{partition}={}{}",
                committed.offset,
                expires.unwrap_or_default()
            )
        }
        Entry::Group { group, picture: None } => format!("group {group} gone"),
        Entry::Group { picture: Some(picture), .. } => show_group(&picture),
        Entry::Consumer { key, value, .. } => scripting::show_record(&key, value.as_ref()),
        Entry::Foreign { kind, group, record_type } => {
            let gone = if record.value.is_none() { " gone" } else { "" };
            format!("{} group {group} type={}{gone}", kind.name(), record_type.0)
        }
        Entry::Unknown(record_type) => format!("unknown type={record_type}"),
    }
}

/// What of a classic group is recorded.
pub(super) fn show_group(group: &super::super::classic::ClassicGroup) -> String {
    let members = group.members.values().map(|member| {
        let instance = member.instance_id.as_deref().map(|instance| format!("({instance})"));
        format!(
            " {}{}={}",
            short_name(&member.id),
            instance.unwrap_or_default(),
            share(&member.assignment)
        )
    });
    format!(
        "group {} {} generation={} type={} protocol={} leader={}{}",
        group.id,
        group.state.name(),
        group.generation,
        group.protocol_type.as_deref().unwrap_or("none"),
        group.protocol.as_deref().unwrap_or("none"),
        group.leader.as_deref().map_or_else(|| "none".into(), short_name),
        members.collect::<String>(),
    )
}

/// All that is recorded of a shard, in a form that can be compared.
pub(super) fn recorded(machine: &GroupMachine) -> Vec<String> {
    let mut shown = Vec::new();
    for group_id in machine.group_ids() {
        match machine.groups.get(&group_id) {
            Some(Group::Classic(group)) => shown.push(show_group(group)),
            Some(Group::Consumer(group)) => shown.push(format!("{group:?}")),
            Some(Group::Foreign(group)) => {
                shown.push(format!("{} group {group_id}", group.kind.name()))
            }
            None => {}
        }
    }
    let mut offsets: Vec<_> = machine.offsets.groups().collect();
    offsets.sort_by_key(|(group_id, _)| *group_id);
    for (group_id, topics) in offsets {
        for (topic, partitions) in topics {
            for (partition, committed) in partitions {
                shown.push(format!("{group_id} {topic}-{partition} {committed:?}"));
            }
        }
    }
    shown
}
