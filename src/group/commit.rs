//! OffsetCommit, OffsetFetch and OffsetDelete: who may, and what is written or told.
//!
//! Who may commit: a member, by its name and its generation or epoch; or, to a group without members, anyone who claims
//! neither (a tool, a consumer that assigns itself its partitions). Offsets are not held against the partition: what is
//! committed is the consumer's affair.

use crate::coordinator::machine::Ticket;
use crate::error::ErrorCode;
use crate::types::{Offset, PartitionId};
use crate::wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
};
use crate::wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteResponse, OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
};
use crate::wire::messages::offset_fetch::{
    OffsetFetchRequestGroup, OffsetFetchResponseGroup, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopics,
};

use super::classic::State;
use super::foreign::GroupKind;
use super::machine::{Group, GroupMachine};
use super::offsets::Committed;
use super::records;
use super::request::{GroupReply, commit_refused};
use super::step::Step;
use crate::types::TopicId;

impl GroupMachine {
    /// Writes offsets of a group down. A group that does not exist comes to be with its first offsets, if nobody
    /// claims to be a member of it.
    pub(super) fn commit_offsets(
        &mut self,
        ticket: Ticket,
        request: &OffsetCommitRequest,
        version: i16,
        step: &mut Step,
    ) {
        let response = match self.check_commit(request, version) {
            Ok(()) => self.write_offsets(request, step),
            Err(code) => commit_refused(request, code),
        };
        step.reply(ticket, GroupReply::CommitOffsets(response));
    }

    fn check_commit(&self, request: &OffsetCommitRequest, version: i16) -> Result<(), ErrorCode> {
        let generation = request.generation_id_or_member_epoch;
        if !records::is_writable(&request.group_id) {
            return Err(ErrorCode::InvalidGroupId);
        }
        match self.groups.get(request.group_id.as_str()) {
            Some(Group::Classic(group)) => group.check_commit(
                &request.member_id,
                request.group_instance_id.as_deref(),
                generation,
            ),
            Some(Group::Consumer(group)) => {
                let instance_id = request.group_instance_id.as_deref();
                let member_id = &request.member_id;
                let by = group.check_commit(member_id, instance_id, generation, Some(version))?;
                // One partition that it has lost refuses the whole: the client must learn that it is behind.
                for topic in &request.topics {
                    let known = Some(topic.topic_id).filter(|id| !id.is_zero());
                    let id = known.or_else(|| self.image.topics.id(&topic.name));
                    for partition in &topic.partitions {
                        by.check(id.unwrap_or_default(), partition.partition_index)?;
                    }
                }
                Ok(())
            }
            Some(Group::Foreign(group)) if group.kind == GroupKind::Share => {
                Err(ErrorCode::GroupIdNotFound)
            }
            // Without members, what protocol it once spoke is of no account.
            Some(Group::Foreign(group)) if generation < 0 && group.is_empty() => Ok(()),
            Some(Group::Foreign(_)) => Err(ErrorCode::UnknownMemberId),
            None if generation < 0 => Ok(()),
            // Since KIP-848 clients can tell the two apart; before, this is the error that makes them join again.
            None if version >= 9 => Err(ErrorCode::GroupIdNotFound),
            None => Err(ErrorCode::IllegalGeneration),
        }
    }

    fn write_offsets(
        &self,
        request: &OffsetCommitRequest,
        step: &mut Step,
    ) -> OffsetCommitResponse {
        if let Some(Group::Classic(group)) = self.groups.get(request.group_id.as_str()) {
            // Committing is a sign of life.
            if matches!(group.state, State::Stable | State::PreparingRebalance) {
                group.heard_of(&request.member_id, step);
            }
        }
        let retention_ms = request.retention_time_ms;
        // Versions 2 to 4 let the client say for how long; since KIP-211 the broker decides.
        let expire_timestamp = (retention_ms != -1).then(|| step.now.saturating_add(retention_ms));
        let mut response = OffsetCommitResponse::default();
        for topic in &request.topics {
            let mut answered = OffsetCommitResponseTopic {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                ..OffsetCommitResponseTopic::default()
            };
            for partition in &topic.partitions {
                let committed = Committed {
                    expire_timestamp,
                    topic_id: topic.topic_id,
                    ..Committed::now(
                        partition.committed_offset,
                        partition.committed_leader_epoch,
                        partition.committed_metadata.as_deref(),
                        step.now,
                    )
                };
                let index = partition.partition_index;
                let code = write_offset(&request.group_id, &topic.name, index, &committed, step);
                answered.partitions.push(OffsetCommitResponsePartition {
                    partition_index: partition.partition_index,
                    error_code: code.code(),
                    ..OffsetCommitResponsePartition::default()
                });
            }
            response.topics.push(answered);
        }
        response
    }

    /// Whether there is a group that may have offsets, or why this member may not ask for them.
    fn check_fetch(&self, request: &OffsetFetchRequestGroup) -> Result<bool, ErrorCode> {
        let member_id = request.member_id.as_deref();
        match self.groups.get(request.group_id.as_str()) {
            None => Ok(false),
            Some(Group::Foreign(group)) if group.kind == GroupKind::Share => Ok(false),
            Some(Group::Classic(_)) => Ok(true),
            Some(Group::Consumer(group)) => {
                group.check_fetch(member_id, request.member_epoch).map(|()| true)
            }
            // Its members must name their epochs, which are not known here.
            Some(Group::Foreign(_)) if member_id.is_some() || request.member_epoch >= 0 => {
                Err(ErrorCode::UnknownMemberId)
            }
            Some(Group::Foreign(_)) => Ok(true),
        }
    }

    /// Tells what a group has committed.
    pub(super) fn fetch_offsets(
        &self,
        request: &OffsetFetchRequestGroup,
        require_stable: bool,
    ) -> OffsetFetchResponseGroup {
        let mut response = OffsetFetchResponseGroup {
            group_id: request.group_id.clone(),
            ..OffsetFetchResponseGroup::default()
        };
        let offsets = match self.check_fetch(request) {
            Ok(true) => self.offsets.of_group(&request.group_id),
            Ok(false) => None,
            Err(code) => {
                response.error_code = code.code();
                return response;
            }
        };
        let tell = |topic: &str, topic_id: TopicId, partition: i32| {
            // A consumer of a transactional pipeline asks again until the transaction has ended (KIP-447).
            if require_stable && self.offsets.is_unstable(&request.group_id, topic, partition) {
                return told(partition, None, ErrorCode::UnstableOffsetCommit);
            }
            let found = offsets.and_then(|topics| topics.get(topic)?.get(&partition));
            told(
                partition,
                found.filter(|known| is_same_topic(known.topic_id, topic_id)),
                ErrorCode::None,
            )
        };
        if let Some(topics) = &request.topics {
            for topic in topics {
                let asked = topic.partition_indexes.iter();
                response.topics.push(OffsetFetchResponseTopics {
                    name: topic.name.clone(),
                    topic_id: topic.topic_id,
                    partitions: asked
                        .map(|partition| tell(&topic.name, topic.topic_id, *partition))
                        .collect(),
                    ..OffsetFetchResponseTopics::default()
                });
            }
        } else {
            for (topic, partitions) in offsets.into_iter().flatten() {
                response.topics.push(OffsetFetchResponseTopics {
                    name: topic.as_ref().into(),
                    partitions: partitions
                        .keys()
                        .map(|partition| tell(topic, TopicId::ZERO, *partition))
                        .collect(),
                    ..OffsetFetchResponseTopics::default()
                });
            }
        }
        response
    }

    /// Forgets offsets of a group, except for topics that its members consume.
    pub(super) fn delete_offsets(
        &self,
        request: &OffsetDeleteRequest,
        step: &mut Step,
    ) -> OffsetDeleteResponse {
        let mut response = OffsetDeleteResponse::default();
        if let Err(code) = self.check_delete_offsets(&request.group_id) {
            response.error_code = code.code();
            return response;
        }
        let before = step.out.records.len();
        for topic in &request.topics {
            let is_subscribed = self.is_subscribed(&request.group_id, &topic.name);
            let code =
                if is_subscribed { ErrorCode::GroupSubscribedToTopic } else { ErrorCode::None };
            let mut answered =
                OffsetDeleteResponseTopic { name: topic.name.clone(), ..Default::default() };
            for partition in topic.partitions.iter().map(|partition| partition.partition_index) {
                answered.partitions.push(OffsetDeleteResponsePartition {
                    partition_index: partition,
                    error_code: code.code(),
                    ..OffsetDeleteResponsePartition::default()
                });
                let is_known =
                    self.offsets.get(&request.group_id, &topic.name, partition).is_some()
                        || self.offsets.is_unstable(&request.group_id, &topic.name, partition);
                if is_known && !is_subscribed {
                    step.record(records::offset_tombstone(
                        &request.group_id,
                        &topic.name,
                        partition,
                    ));
                    if step.is_too_large() {
                        // A decision is one batch: what does not fit is not done in part.
                        step.go_back_to(before);
                        let error_code = ErrorCode::UnknownServerError.code();
                        return OffsetDeleteResponse { error_code, ..Default::default() };
                    }
                }
            }
            response.topics.push(answered);
        }
        step.metrics.deletions.add((step.out.records.len() - before) as u64);
        response
    }

    fn check_delete_offsets(&self, group_id: &str) -> Result<(), ErrorCode> {
        match self.groups.get(group_id) {
            None => Err(ErrorCode::GroupIdNotFound),
            Some(Group::Classic(group)) if group.state != State::Empty && !group.is_consumers() => {
                Err(ErrorCode::NonEmptyGroup)
            }
            Some(Group::Foreign(group)) if group.kind == GroupKind::Share => {
                Err(ErrorCode::GroupIdNotFound)
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether members of the group consume the topic. What members of a group of another protocol consume is not
    /// known, so they are taken to consume everything.
    pub(super) fn is_subscribed(&self, group_id: &str, topic: &str) -> bool {
        match self.groups.get(group_id) {
            Some(Group::Classic(group)) => group.is_subscribed(topic),
            Some(Group::Consumer(group)) => group.is_subscribed(topic),
            Some(Group::Foreign(group)) => !group.is_empty(),
            None => false,
        }
    }
}

/// Writes an offset down, unless the client's remark is too large.
pub(super) fn write_offset(
    group_id: &str,
    topic: &str,
    partition: PartitionId,
    committed: &Committed,
    step: &mut Step,
) -> ErrorCode {
    // Kafka counts what Java counts; what no record could hold is refused with the same error.
    let is_fitting = records::is_writable(&committed.metadata)
        && is_within(&committed.metadata, step.settings.offset_metadata_len_max);
    if !is_fitting {
        return ErrorCode::OffsetMetadataTooLarge;
    }
    step.metrics.commits.add(1);
    step.record(records::offset(group_id, topic, partition, committed));
    ErrorCode::None
}

/// Whether `text` has at most `max` UTF-16 units.
fn is_within(text: &str, max: usize) -> bool {
    text.len() <= max || text.encode_utf16().count() <= max
}

/// Ids that are not known are as good as any.
fn is_same_topic(known: TopicId, asked: TopicId) -> bool {
    known.is_zero() || asked.is_zero() || known == asked
}

fn told(
    partition_index: i32,
    found: Option<&Committed>,
    code: ErrorCode,
) -> OffsetFetchResponsePartitions {
    const NOWHERE: Offset = -1;
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: found.map_or(NOWHERE, |committed| committed.offset),
        committed_leader_epoch: found.map_or(-1, |committed| committed.leader_epoch),
        metadata: Some(
            found.map_or_else(String::new, |committed| committed.metadata.as_ref().into()),
        ),
        error_code: code.code(),
        ..OffsetFetchResponsePartitions::default()
    }
}
