//! Deleting topics and adding partitions to them. Never creates a topic.
//!
//! A topic goes with one record: its partitions, its settings and its entries in the index follow from it. Whoever has
//! replicas of it renames their directories when the image comes.

use std::collections::{BTreeMap, BTreeSet};

use crate::controller::create_topics::{
    NewPartition, PARTITIONS_PER_REQUEST_MAX, all_fenced, too_many_partitions,
};
use crate::controller::machine::Machine;
use crate::controller::requests::{Decision, code_and_message, explained};
use crate::error::{ApiError, ErrorCode};
use crate::quota::Permits;
use crate::raft::events::VersionedRecord;
use crate::types::{TopicId, Uuid};
use crate::wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic,
    CreatePartitionsTopicResult,
};
use crate::wire::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse,
};
use crate::wire::stored::metadata::{MetadataRecord, RemoveTopicRecord};

/// What a request to delete names, each thing once.
#[derive(Default)]
struct Named {
    /// Those that are named once, by name.
    names: Vec<String>,
    /// Those that are named once, by id.
    ids: Vec<TopicId>,
    /// What is told of all the others.
    results: Vec<DeletableTopicResult>,
}

impl Machine {
    /// Deletes the topics that the request names, by name or by id.
    pub(crate) fn delete_topics(
        &self,
        request: &DeleteTopicsRequest,
        version: i16,
        permits: Permits<'_>,
    ) -> Decision<DeleteTopicsResponse> {
        if !self.settings.delete_topic_enable {
            return Decision::reply(deletion_disabled(request, version));
        }
        let Named { names, ids, results: mut responses } = named(request);
        let mut doomed: BTreeMap<TopicId, String> = BTreeMap::new();
        for id in ids {
            match self.topic_by_id(id) {
                Some(topic) => {
                    doomed.insert(id, topic.name.to_string());
                }
                None => responses.push(deleted(None, id, ErrorCode::UnknownTopicId)),
            }
        }
        for name in names {
            let Some(id) = self.topic(&name).map(|topic| topic.id) else {
                responses.push(deleted(Some(name), Uuid::ZERO, ErrorCode::UnknownTopicOrPartition));
                continue;
            };
            // Named by its id as well: as with a name that comes twice, nothing is deleted.
            if doomed.remove(&id).is_some() {
                let text = "The provided topic name maps to an ID that was already supplied.";
                responses.push(invalid(Some(name), id, text));
            } else {
                doomed.insert(id, name);
            }
        }
        // In the order of their ids, each as a whole: a topic is deleted or refused, never in part.
        doomed.retain(|&id, name| {
            let partitions = self.topic_by_id(id).map_or(0, |topic| topic.partitions.len());
            let refusal = permits.take(partitions).err();
            responses.extend(refusal.iter().map(|error| DeletableTopicResult {
                error_message: error.message.clone(),
                ..deleted(Some(name.clone()), id, error.code)
            }));
            refusal.is_none()
        });
        let records = doomed.keys().map(|&topic_id| {
            (MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id, ..Default::default() }), 0)
        });
        let records: Vec<VersionedRecord> = records.collect();
        responses
            .extend(doomed.into_iter().map(|(id, name)| deleted(Some(name), id, ErrorCode::None)));
        Decision::atomic(records, DeleteTopicsResponse { responses, ..Default::default() })
    }

    /// Adds partitions to topics; each topic has its own result.
    pub(crate) fn create_partitions(
        &mut self,
        request: &CreatePartitionsRequest,
        permits: Permits<'_>,
    ) -> Decision<CreatePartitionsResponse> {
        let mut seen = BTreeSet::new();
        let duplicates: BTreeSet<&str> = request
            .topics
            .iter()
            .map(|topic| topic.name.as_str())
            .filter(|name| !seen.insert(*name))
            .collect();
        let duplicate = ApiError::new(ErrorCode::InvalidRequest, "Duplicate topic name.");
        let mut results: Vec<CreatePartitionsTopicResult> =
            duplicates.iter().map(|name| grown(name, &Err(duplicate.clone()))).collect();
        let mut records = Vec::new();
        for topic in request.topics.iter().filter(|topic| !duplicates.contains(topic.name.as_str()))
        {
            // One record a partition: what the topics before have taken is gone.
            let room = PARTITIONS_PER_REQUEST_MAX.saturating_sub(records.len());
            let result = self.grow(topic, room, permits).map(|new| records.extend(new));
            results.push(grown(&topic.name, &result));
        }
        if request.validate_only {
            records.clear();
        }
        Decision::atomic(records, CreatePartitionsResponse { results, ..Default::default() })
    }

    /// The records of one topic's new partitions. They have as many replicas as its first one.
    fn grow(
        &mut self,
        topic: &CreatePartitionsTopic,
        room: usize,
        permits: Permits<'_>,
    ) -> Result<Vec<VersionedRecord>, ApiError> {
        let existing = self.topic(&topic.name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let topic_id = existing.id;
        let factor = existing.partition(0).map_or(1, |partition| partition.replicas.len());
        // Partitions are numbered without a gap, and none goes without its topic: their count is the next number.
        let first = i32::try_from(existing.partitions.len()).unwrap_or(i32::MAX);
        debug_assert!(existing.partition(first).is_none(), "{} has a gap", topic.name);
        let additional = additional(topic, first)?;
        if additional > room {
            return Err(too_many_partitions());
        }
        let partitions = match &topic.assignments {
            Some(assignments) => {
                let mut partitions = Vec::new();
                for (index, assignment) in (first..).zip(assignments) {
                    partitions.push(self.assigned(index, &assignment.broker_ids, Some(factor))?);
                }
                partitions
            }
            None => self.grown_partitions(additional, factor)?,
        };
        // Last, so that what is refused for another reason costs nothing.
        permits.take(partitions.len())?;
        let record = |(index, new)| self.partition_record(topic_id, index, new);
        Ok((first..).zip(&partitions).map(record).collect())
    }

    fn grown_partitions(
        &mut self,
        additional: usize,
        factor: usize,
    ) -> Result<Vec<NewPartition>, ApiError> {
        let factor = i16::try_from(factor).unwrap_or(i16::MAX);
        let partitions = self.placed_partitions(additional, factor)?;
        if partitions.iter().any(NewPartition::is_offline) {
            return Err(all_fenced(factor));
        }
        Ok(partitions)
    }
}

/// How many partitions `topic` asks for beyond the `existing` ones.
fn additional(topic: &CreatePartitionsTopic, existing: i32) -> Result<usize, ApiError> {
    let invalid = |text: String| Err(ApiError::new(ErrorCode::InvalidPartitions, text));
    if topic.count == existing {
        return invalid(format!("Topic already has {existing} partition(s)."));
    }
    if topic.count < existing {
        return invalid(format!(
            "The topic {} currently has {existing} partition(s); {} would not be an increase.",
            topic.name, topic.count
        ));
    }
    let additional = usize::try_from(topic.count - existing).unwrap_or(0);
    match &topic.assignments {
        Some(assignments) if assignments.len() != additional => {
            let text = format!(
                "Attempted to add {additional} additional partition(s), but only {} assignment(s) were specified.",
                assignments.len()
            );
            Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, text))
        }
        _ => Ok(additional),
    }
}

fn grown(name: &str, result: &Result<(), ApiError>) -> CreatePartitionsTopicResult {
    let (error_code, error_message) = code_and_message(result);
    CreatePartitionsTopicResult {
        name: name.to_owned(),
        error_code,
        error_message,
        ..Default::default()
    }
}

/// Sorts out what the request names, refusing what it names twice or not clearly.
fn named(request: &DeleteTopicsRequest) -> Named {
    let mut named = Named::default();
    // Counted: what is named twice is refused, and told of once.
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ids: BTreeMap<TopicId, usize> = BTreeMap::new();
    for name in &request.topic_names {
        *names.entry(name).or_default() += 1;
    }
    for topic in &request.topics {
        match (&topic.name, topic.topic_id) {
            (None, Uuid::ZERO) => {
                named.results.push(invalid(
                    None,
                    Uuid::ZERO,
                    "Neither topic name nor id were specified.",
                ));
            }
            (None, id) => *ids.entry(id).or_default() += 1,
            (Some(name), Uuid::ZERO) => *names.entry(name).or_default() += 1,
            (Some(name), id) => {
                let text = "You may not specify both topic name and topic id.";
                named.results.push(invalid(Some(name.clone()), id, text));
            }
        }
    }
    for (name, count) in names {
        match count {
            1 => named.names.push(name.to_owned()),
            _ => named.results.push(invalid(
                Some(name.to_owned()),
                Uuid::ZERO,
                "Duplicate topic name.",
            )),
        }
    }
    for (id, count) in ids {
        match count {
            1 => named.ids.push(id),
            _ => named.results.push(invalid(None, id, "Duplicate topic id.")),
        }
    }
    named
}

fn deletion_disabled(request: &DeleteTopicsRequest, version: i16) -> DeleteTopicsResponse {
    // Before version 3 clients did not know the particular code.
    let code =
        if version < 3 { ErrorCode::InvalidRequest } else { ErrorCode::TopicDeletionDisabled };
    let by_name =
        request.topic_names.iter().map(|name| deleted(Some(name.clone()), Uuid::ZERO, code));
    let by_either =
        request.topics.iter().map(|topic| deleted(topic.name.clone(), topic.topic_id, code));
    DeleteTopicsResponse { responses: by_name.chain(by_either).collect(), ..Default::default() }
}

fn deleted(name: Option<String>, topic_id: TopicId, code: ErrorCode) -> DeletableTopicResult {
    DeletableTopicResult {
        name,
        topic_id,
        error_code: code.code(),
        error_message: explained(code),
        ..Default::default()
    }
}

fn invalid(name: Option<String>, topic_id: TopicId, text: &str) -> DeletableTopicResult {
    let error_message = Some(text.to_owned());
    DeletableTopicResult { error_message, ..deleted(name, topic_id, ErrorCode::InvalidRequest) }
}
