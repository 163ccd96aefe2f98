//! Golden scripts: one for each part of the protocol, in `scripts/`. `UPDATE_GOLDENFILES=1` writes them anew.
//!
//! Members go by short names: `c-1` is the first member that was ever named, of the client `c`. Lines that begin
//! with `>` are records; lines that begin with `#` are answers, by the number of the request.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use goldenscript::{ArgumentConsumer, Command, Runner};

use super::super::machine::Group;
use super::super::request::{GroupRequest, RequestContext};
use super::super::settings::Settings;
use super::consumer::scripting;
use super::replies::{show, show_group, show_records};
use super::shard::{BEGIN, Replies, Shard, full_name, subscription};
use crate::coordinator::machine::{Machine, StoredRecord};
use crate::metadata::Image;
use crate::metadata::topics::TopicImage;
use crate::testing::{Outcome, bytes, named, number, scripts, word};
use crate::types::Uuid;
use crate::wire::messages::heartbeat::HeartbeatRequest;
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use crate::wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use crate::wire::messages::list_groups::ListGroupsRequest;
use crate::wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use crate::wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use crate::wire::messages::offset_fetch::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

struct Script {
    shard: Shard,
    shown: usize,
}

impl Script {
    fn new() -> Self {
        Self { shard: Shard::new(Settings::default()), shown: 0 }
    }

    fn ask(&mut self, request: GroupRequest) -> String {
        let replies = self.shard.ask(request);
        let ticket = self.shard.last();
        let mut out = self.after(&replies);
        if self.shard.open.contains(&ticket) {
            writeln!(out, "#{} waits", ticket.0).expect("a string takes all");
        }
        out
    }

    fn after(&mut self, replies: &Replies) -> String {
        let records = show_records(self.shard.log.iter().skip(self.shown));
        self.shown = self.shard.log.len();
        records + &show(replies)
    }
}

fn join(args: &mut ArgumentConsumer<'_>) -> Outcome<GroupRequest> {
    let group_id = word(args)?;
    let protocol_type = named(args, "type").unwrap_or_else(|| "consumer".into());
    let protocols = named(args, "protocols").unwrap_or_else(|| "range:t".into());
    let protocol = |text: &str| {
        let (name, topics) = text.split_once(':').unwrap_or((text, ""));
        let topics: Vec<&str> = topics.split('+').filter(|topic| !topic.is_empty()).collect();
        let metadata = if protocol_type == "consumer" {
            subscription(&topics)
        } else {
            Bytes::from(topics.concat())
        };
        JoinGroupRequestProtocol { name: name.into(), metadata, ..Default::default() }
    };
    let protocols = protocols.split(',').filter(|text| !text.is_empty()).map(protocol).collect();
    let context = RequestContext {
        version: number(args, "version", 9)?,
        client_id: named(args, "client").unwrap_or_else(|| "c".into()),
        client_host: "/127.0.0.1".into(),
    };
    let request = JoinGroupRequest {
        group_id,
        session_timeout_ms: number(args, "session", 10_000)?,
        rebalance_timeout_ms: number(args, "rebalance", 60_000)?,
        member_id: full_name(&named(args, "member").unwrap_or_default()),
        group_instance_id: named(args, "instance"),
        protocol_type,
        protocols,
        ..Default::default()
    };
    Ok(GroupRequest::Join { request, context })
}

fn sync(args: &mut ArgumentConsumer<'_>) -> Outcome<GroupRequest> {
    let group_id = word(args)?;
    let member_id = full_name(&word(args)?);
    let generation_id = word(args)?.parse()?;
    let shares = named(args, "assign").unwrap_or_default();
    let share = |text: &str| {
        let (member, assignment) = text.split_once(':').unwrap_or((text, ""));
        let assignment = Bytes::copy_from_slice(assignment.as_bytes());
        SyncGroupRequestAssignment {
            member_id: full_name(member),
            assignment,
            ..Default::default()
        }
    };
    let mut assignments: Vec<_> =
        shares.split(',').filter(|text| !text.is_empty()).map(share).collect();
    // What the leader takes for itself, in the consumers' own protocol.
    if let Some(owned) = named(args, "consume") {
        let assignment = scripting::share(&owned)?;
        let member_id = member_id.clone();
        assignments.push(SyncGroupRequestAssignment {
            member_id,
            assignment,
            ..Default::default()
        });
    }
    Ok(GroupRequest::Sync(SyncGroupRequest {
        group_id,
        generation_id,
        member_id,
        group_instance_id: named(args, "instance"),
        protocol_type: named(args, "type"),
        protocol_name: named(args, "protocol"),
        assignments,
        ..Default::default()
    }))
}

fn heartbeat(args: &mut ArgumentConsumer<'_>) -> Outcome<GroupRequest> {
    Ok(GroupRequest::Heartbeat(HeartbeatRequest {
        group_id: word(args)?,
        member_id: full_name(&word(args)?),
        generation_id: word(args)?.parse()?,
        group_instance_id: named(args, "instance"),
        ..Default::default()
    }))
}

/// `c-1` leaves under its name, `c-1/i` under both names, `/i` is removed by its instance id.
fn leave(args: &mut ArgumentConsumer<'_>) -> Outcome<GroupRequest> {
    let group_id = word(args)?;
    let member = |text: &str| {
        let (member, instance) =
            text.split_once('/').map_or((text, None), |(member, i)| (member, Some(i)));
        let group_instance_id = instance.map(Into::into);
        MemberIdentity { member_id: full_name(member), group_instance_id, ..Default::default() }
    };
    let members = args.rest_pos().iter().map(|argument| member(&argument.value)).collect();
    Ok(GroupRequest::Leave(LeaveGroupRequest { group_id, members, ..Default::default() }))
}

fn partition(text: &str) -> Outcome<(String, i32)> {
    let (topic, partition) = text.rsplit_once('-').ok_or("topic-partition")?;
    Ok((topic.into(), partition.parse()?))
}

/// `t-0=7` for each offset.
fn commit(args: &mut ArgumentConsumer<'_>) -> Outcome<GroupRequest> {
    let group_id = word(args)?;
    let mut request = OffsetCommitRequest {
        group_id,
        member_id: full_name(&named(args, "member").unwrap_or_default()),
        generation_id_or_member_epoch: number(args, "generation", -1)?,
        group_instance_id: named(args, "instance"),
        retention_time_ms: number(args, "retention", -1)?,
        ..Default::default()
    };
    let version = number(args, "version", 9)?;
    let metadata = named(args, "metadata");
    let topic_id = number(args, "id", 0u8)?;
    for argument in args.rest_key() {
        let (topic, partition_index) = partition(argument.name())?;
        let partition = OffsetCommitRequestPartition {
            partition_index,
            committed_offset: argument.parse()?,
            committed_metadata: metadata.clone(),
            ..Default::default()
        };
        let topic_id = Uuid::from_bytes([topic_id; 16]);
        let partitions = vec![partition];
        request.topics.push(OffsetCommitRequestTopic {
            name: topic,
            topic_id,
            partitions,
            ..Default::default()
        });
    }
    Ok(GroupRequest::CommitOffsets { request, version })
}

/// `t-0` for each partition; none for all.
fn fetch(args: &mut ArgumentConsumer<'_>) -> Outcome<GroupRequest> {
    let mut request = OffsetFetchRequestGroup { group_id: word(args)?, ..Default::default() };
    request.member_id = named(args, "member").map(|member| full_name(&member));
    request.member_epoch = number(args, "epoch", -1)?;
    let require_stable = number(args, "stable", false)?;
    let topic_id = Uuid::from_bytes([number(args, "id", 0u8)?; 16]);
    let mut topics = Vec::new();
    for argument in args.rest_pos() {
        let (topic, partition) = partition(&argument.value)?;
        let partition_indexes = vec![partition];
        topics.push(OffsetFetchRequestTopics {
            name: topic,
            topic_id,
            partition_indexes,
            ..Default::default()
        });
    }
    request.topics = (!topics.is_empty()).then_some(topics);
    Ok(GroupRequest::FetchOffsets { request, require_stable })
}

fn delete_offsets(args: &mut ArgumentConsumer<'_>) -> Outcome<GroupRequest> {
    let mut request = OffsetDeleteRequest { group_id: word(args)?, ..Default::default() };
    for argument in args.rest_pos() {
        let (name, partition_index) = partition(&argument.value)?;
        let partitions =
            vec![OffsetDeleteRequestPartition { partition_index, ..Default::default() }];
        request.topics.push(OffsetDeleteRequestTopic { name, partitions, ..Default::default() });
    }
    Ok(GroupRequest::DeleteOffsets(request))
}

fn settings(args: &mut ArgumentConsumer<'_>) -> Outcome<Settings> {
    let default = Settings::default();
    let mut consumer = default.consumer;
    consumer.size_max = number(args, "consumers-max", consumer.size_max)?;
    Ok(Settings {
        max_size: number(args, "max-size", default.max_size)?,
        initial_rebalance_delay_ms: number(args, "delay", default.initial_rebalance_delay_ms)?,
        offset_metadata_len_max: number(args, "metadata-max", default.offset_metadata_len_max)?,
        offsets_retention_ms: number(args, "retention", default.offsets_retention_ms)?,
        retention_check_interval_ms: number(args, "check", default.retention_check_interval_ms)?,
        consumer,
        ..default
    })
}

impl Runner for Script {
    fn run(&mut self, command: &Command) -> Outcome<String> {
        let mut args = command.consume_args();
        let request = match command.name.as_str() {
            "join" => join(&mut args)?,
            "sync" => sync(&mut args)?,
            "heartbeat" => heartbeat(&mut args)?,
            "beat" => scripting::beat(&mut args)?,
            "describe-consumers" => GroupRequest::DescribeConsumers {
                group_ids: args.rest_pos().iter().map(|argument| argument.value.clone()).collect(),
            },
            "leave" => leave(&mut args)?,
            "commit" => commit(&mut args)?,
            "fetch" => fetch(&mut args)?,
            "delete-offsets" => delete_offsets(&mut args)?,
            "describe" => GroupRequest::Describe {
                version: number(&mut args, "version", 6)?,
                group_ids: args.rest_pos().iter().map(|argument| argument.value.clone()).collect(),
            },
            "delete" => GroupRequest::Delete {
                group_ids: args.rest_pos().iter().map(|argument| argument.value.clone()).collect(),
            },
            "list" => GroupRequest::List(ListGroupsRequest {
                states_filter: named(&mut args, "states").into_iter().collect(),
                types_filter: named(&mut args, "types").into_iter().collect(),
                ..Default::default()
            }),
            _ => return self.run_other(command),
        };
        args.reject_rest()?;
        Ok(self.ask(request))
    }
}

impl Script {
    /// What is not a request.
    fn run_other(&mut self, command: &Command) -> Outcome<String> {
        let mut args = command.consume_args();
        match command.name.as_str() {
            "settings" => self.shard = Shard::new(settings(&mut args)?),
            "advance" => {
                let replies = self.shard.advance(word(&mut args)?.parse()?);
                return Ok(self.after(&replies) + &format!("at {}\n", self.shard.now - BEGIN));
            }
            "reload" => {
                if let Some(size) = named(&mut args, "max-size") {
                    self.shard.ground.settings.max_size = size.parse()?;
                }
                self.shard.reload();
            }
            "group" => {
                let group_id: Arc<str> = word(&mut args)?.into();
                return match self.shard.machine.groups.get(&group_id) {
                    Some(Group::Classic(group)) => Ok(show_group(group) + "\n"),
                    Some(Group::Consumer(group)) => {
                        Ok(format!("consumer group {group_id} {}\n", group.state().name()))
                    }
                    Some(Group::Foreign(group)) => Ok(format!(
                        "{} group {group_id} {}\n",
                        group.kind.name(),
                        group.state_name()
                    )),
                    None => Ok("no such group\n".into()),
                };
            }
            "cluster" => {
                let image = scripting::cluster(&mut args, &self.shard.ground.image)?;
                self.shard.ground.image = image.clone();
                let decision = self.shard.machine.image_changed(&image, self.shard.now);
                let replies = self.shard.carry_out(decision);
                return Ok(self.after(&replies));
            }
            "topics" => {
                let mut image = Image::default();
                for argument in args.rest_key() {
                    let id = Uuid::from_bytes([argument.parse()?; 16]);
                    image.topics.insert(TopicImage::new(argument.name(), id));
                }
                let decision = self.shard.machine.image_changed(&Arc::new(image), self.shard.now);
                let replies = self.shard.carry_out(decision);
                return Ok(self.after(&replies));
            }
            "transactional" => self.write_transactional(&mut args)?,
            "marker" => {
                let producer = word(&mut args)?.parse()?;
                self.shard.machine.end_transaction(producer, word(&mut args)? == "commit");
            }
            "stored" => {
                let key = bytes(&word(&mut args)?);
                let value = args.next_pos().map(|value| bytes(&value.value));
                self.shard.put(StoredRecord { key, value });
                return Ok(self.after(&Vec::new()));
            }
            name => return Err(format!("no command {name}").into()),
        }
        args.reject_rest()?;
        Ok(String::new())
    }

    /// An offset that a transaction wrote: it is in the log, and was not decided on here.
    fn write_transactional(&mut self, args: &mut ArgumentConsumer<'_>) -> Outcome<()> {
        let producer = word(args)?.parse()?;
        let GroupRequest::CommitOffsets { request, .. } = commit(args)? else { return Ok(()) };
        for topic in &request.topics {
            for asked in &topic.partitions {
                let committed = super::super::offsets::Committed {
                    record_offset: -1,
                    offset: asked.committed_offset,
                    leader_epoch: -1,
                    metadata: "".into(),
                    commit_timestamp: self.shard.now,
                    expire_timestamp: None,
                    topic_id: topic.topic_id,
                };
                let record = super::super::records::offset(
                    &request.group_id,
                    &topic.name,
                    asked.partition_index,
                    &committed,
                );
                let offset = self.shard.log.len() as i64;
                self.shard.machine.apply_transactional(offset, self.shard.now, producer, &record);
            }
        }
        Ok(())
    }
}

scripts! {
    "group/tests/scripts", Script::new();
    first_rebalance rejoin static_members leaving sessions sizes_and_errors
    describing offsets expiry transactions loading
    consumer_members consumer_reconciliation consumer_static consumer_fencing consumer_regex consumer_offsets
    consumer_leaving consumer_upgrade consumer_downgrade
}
