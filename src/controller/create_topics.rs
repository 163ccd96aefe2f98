//! Creating topics: names, counts, assignments, configuration, and the records of what is valid. Never creates half a
//! request's topic, never looks at quotas.
//!
//! Checks in Kafka's order, since a request with several faults is answered with the first: name, configuration, counts
//! and factor, assignment, brokers, quota. Ids of topics are random, and not given twice while this machine lives.
//!
//! A topic is three kinds of records in one batch that is committed as a whole: itself, its settings, its partitions.
//! So nobody ever sees a topic without partitions, and a controller that dies halfway has made nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::controller::elections::NO_LEADER;
use crate::controller::machine::Machine;
use crate::controller::names;
use crate::controller::placement;
use crate::controller::requests::{Decision, code_and_message};
use crate::error::{ApiError, ErrorCode};
use crate::quota::Permits;
use crate::raft::events::VersionedRecord;
use crate::types::{METADATA_TOPIC, NodeId, PartitionId, TopicId};
use crate::wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult, CreateTopicsRequest,
    CreateTopicsResponse,
};
use crate::wire::stored::metadata::{MetadataRecord, PartitionRecord, TopicRecord};

/// How many partitions one request may create.
pub(crate) const PARTITIONS_PER_REQUEST_MAX: usize = 10_000;

/// The replicas of one new partition, and those of them that serve.
pub(crate) struct NewPartition {
    /// The first one is preferred as the leader.
    replicas: Vec<NodeId>,
    /// A partition is born with nothing in it: every replica that serves has all of that.
    isr: Vec<NodeId>,
}

impl NewPartition {
    /// Whether nobody could lead it.
    pub(crate) fn is_offline(&self) -> bool {
        self.isr.is_empty()
    }
}

impl Machine {
    /// Creates what can be created; each topic has its own result.
    pub(crate) fn create_topics(
        &mut self,
        request: &CreateTopicsRequest,
        permits: Permits<'_>,
    ) -> Decision<CreateTopicsResponse> {
        if self.partitions_of(request) > PARTITIONS_PER_REQUEST_MAX {
            let error = too_many_partitions();
            let topics = request.topics.iter().map(|topic| refused(&topic.name, &error)).collect();
            return Decision::reply(CreateTopicsResponse { topics, ..Default::default() });
        }
        let mut records = Vec::new();
        let mut topics = Vec::new();
        let mut last = Vec::new();
        // Of what is named twice neither is made: which of the two was meant is not known.
        let duplicates = duplicates(request);
        let mut shown = Shown::default();
        for topic in &request.topics {
            if duplicates.contains(topic.name.as_str()) {
                continue;
            }
            if topic.name == METADATA_TOPIC {
                let text = format!("Creation of internal topic {METADATA_TOPIC} is prohibited.");
                last.push(refused(&topic.name, &ApiError::new(ErrorCode::InvalidRequest, text)));
                continue;
            }
            match self.create_topic(topic, permits, &mut shown) {
                Ok((result, new)) => {
                    topics.push(result);
                    records.extend(new);
                }
                Err(error) => topics.push(refused(&topic.name, &error)),
            }
        }
        let duplicate = ApiError::new(ErrorCode::InvalidRequest, "Duplicate topic name.");
        topics.extend(duplicates.iter().map(|name| refused(name, &duplicate)));
        topics.extend(last);
        if request.validate_only {
            records.clear();
        }
        Decision::atomic(records, CreateTopicsResponse { topics, ..Default::default() })
    }

    /// An upper bound: some of the topics may be refused for other reasons.
    fn partitions_of(&self, request: &CreateTopicsRequest) -> usize {
        let count = |topic: &CreatableTopic| match topic.num_partitions {
            _ if !topic.assignments.is_empty() => topic.assignments.len(),
            -1 => usize::try_from(self.settings.num_partitions).unwrap_or(0),
            count => usize::try_from(count).unwrap_or(0),
        };
        request.topics.iter().map(count).fold(0, usize::saturating_add)
    }

    fn create_topic(
        &mut self,
        topic: &CreatableTopic,
        permits: Permits<'_>,
        shown: &mut Shown,
    ) -> Result<(CreatableTopicResult, Vec<VersionedRecord>), ApiError> {
        // The quota comes last: what is refused for another reason has cost the client nothing.
        self.check_name(&topic.name)?;
        let overrides = overrides(topic)?;
        let config_records = self.topic_config_records(&topic.name, &overrides)?;
        let partitions = self.new_partitions(topic)?;
        debug_assert!(!partitions.is_empty(), "{} would have no partitions", topic.name);
        permits.take(partitions.len())?;
        let topic_id = self.new_topic_id();
        let configs = shown.of(&overrides, || self.effective_topic_configs(&overrides));
        let result = created(topic, topic_id, configs, &partitions);
        let topic_record = TopicRecord { name: topic.name.clone(), topic_id, ..Default::default() };
        let mut records = vec![(MetadataRecord::Topic(topic_record), 0)];
        records.extend(config_records);
        records.extend(
            (0..).zip(&partitions).map(|(index, new)| self.partition_record(topic_id, index, new)),
        );
        Ok((result, records))
    }

    /// Whether a topic may have that name: it is free, also where `.` and `_` are the same (as in names of metrics).
    fn check_name(&self, name: &str) -> Result<(), ApiError> {
        if self.topic(name).is_some() {
            return Err(ApiError::new(
                ErrorCode::TopicAlreadyExists,
                format!("Topic '{name}' already exists."),
            ));
        }
        if let Some(existing) = self.collides_with(name) {
            let text = format!("Topic '{name}' collides with existing topic: {existing}");
            return Err(ApiError::new(ErrorCode::InvalidTopicException, text));
        }
        names::validate(name)
    }

    fn new_partitions(&mut self, topic: &CreatableTopic) -> Result<Vec<NewPartition>, ApiError> {
        if !topic.assignments.is_empty() {
            return self.assigned_partitions(topic);
        }
        let factor = match topic.replication_factor {
            -1 => self.settings.default_replication_factor,
            factor if factor < 1 => {
                let text =
                    "Replication factor must be larger than 0, or -1 to use the default value.";
                return Err(ApiError::new(ErrorCode::InvalidReplicationFactor, text));
            }
            factor => factor,
        };
        let count = match topic.num_partitions {
            -1 => self.settings.num_partitions,
            count if count < 1 => {
                let text = "Number of partitions was set to an invalid non-positive value.";
                return Err(ApiError::new(ErrorCode::InvalidPartitions, text));
            }
            count => count,
        };
        let count = usize::try_from(count).unwrap_or(0);
        let placed = self.placed_partitions(count, factor).map_err(|error| {
            let text =
                format!("Unable to replicate the partition {factor} time(s): {}", error.text());
            ApiError::new(error.code, text)
        })?;
        if placed.iter().any(NewPartition::is_offline) {
            return Err(all_fenced(factor));
        }
        Ok(placed)
    }

    /// `count` partitions wherever the placer puts them. Those without a serving replica have an empty in-sync set.
    pub(crate) fn placed_partitions(
        &mut self,
        count: usize,
        factor: i16,
    ) -> Result<Vec<NewPartition>, ApiError> {
        let brokers = self.usable_brokers();
        let placed = placement::place(&brokers, count, factor, &mut self.random)?;
        Ok(placed.into_iter().map(|replicas| self.with_isr(replicas)).collect())
    }

    fn with_isr(&self, replicas: Vec<NodeId>) -> NewPartition {
        let isr = replicas.iter().copied().filter(|&broker| self.is_active(broker)).collect();
        NewPartition { replicas, isr }
    }

    fn assigned_partitions(&self, topic: &CreatableTopic) -> Result<Vec<NewPartition>, ApiError> {
        let invalid = |text: &str| Err(ApiError::new(ErrorCode::InvalidRequest, text));
        if topic.replication_factor != -1 {
            return invalid(
                "A manual partition assignment was specified, but replication factor was not set to -1.",
            );
        }
        if topic.num_partitions != -1 {
            return invalid(
                "A manual partition assignment was specified, but numPartitions was not set to -1.",
            );
        }
        let mut partitions: BTreeMap<PartitionId, NewPartition> = BTreeMap::new();
        let mut factor = None;
        for assignment in &topic.assignments {
            let index = assignment.partition_index;
            if partitions.contains_key(&index) {
                let text =
                    format!("Found multiple manual partition assignments for partition {index}");
                return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, text));
            }
            partitions.insert(index, self.assigned(index, &assignment.broker_ids, factor)?);
            factor = Some(assignment.broker_ids.len());
        }
        if !(0..).zip(partitions.keys()).all(|(expected, &index)| expected == index) {
            let text = "partitions should be a consecutive 0-based integer sequence";
            return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, text));
        }
        Ok(partitions.into_values().collect())
    }

    /// One partition where an operator puts it. All must have the same number of replicas, `factor` once it is known.
    pub(crate) fn assigned(
        &self,
        index: PartitionId,
        replicas: &[NodeId],
        factor: Option<usize>,
    ) -> Result<NewPartition, ApiError> {
        self.check_assignment(replicas, factor)?;
        let new = self.with_isr(replicas.to_vec());
        if new.isr.is_empty() {
            let text = format!(
                "All brokers specified in the manual partition assignment for partition {index} are fenced or in \
                 controlled shutdown."
            );
            return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, text));
        }
        Ok(new)
    }

    /// Whether the brokers exist, once each, as many as in the partitions before.
    pub(crate) fn check_assignment(
        &self,
        replicas: &[NodeId],
        factor: Option<usize>,
    ) -> Result<(), ApiError> {
        let invalid = |text: String| Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, text));
        if replicas.is_empty() {
            return invalid(
                "The manual partition assignment includes an empty replica list.".to_owned(),
            );
        }
        // Sorted, so that equal ones meet, and that of several mistakes the one is told that Kafka tells.
        let mut sorted = replicas.to_vec();
        sorted.sort_unstable();
        let mut before = None;
        for broker in sorted {
            if self.broker(broker).is_none() {
                return invalid(format!(
                    "The manual partition assignment includes broker {broker}, but no such broker is registered."
                ));
            }
            if before == Some(broker) {
                return invalid(format!(
                    "The manual partition assignment includes the broker {broker} more than once."
                ));
            }
            before = Some(broker);
        }
        match factor {
            Some(factor) if factor != replicas.len() => invalid(format!(
                "The manual partition assignment includes a partition with {} replica(s), but this is not consistent \
                 with previous partitions, which have {factor} replica(s).",
                replicas.len()
            )),
            _ => Ok(()),
        }
    }

    /// The record of a partition's birth.
    pub(crate) fn partition_record(
        &self,
        topic_id: TopicId,
        index: PartitionId,
        new: &NewPartition,
    ) -> VersionedRecord {
        debug_assert!(
            new.isr.iter().all(|broker| new.replicas.contains(broker)),
            "in sync without being a replica: {:?} of {:?}",
            new.isr,
            new.replicas
        );
        let version = self.image().features.metadata_version();
        let directories = match version.is_directory_assignment_supported() {
            true => new.replicas.iter().map(|&broker| self.default_directory(broker)).collect(),
            false => Vec::new(),
        };
        let record = PartitionRecord {
            partition_id: index,
            topic_id,
            replicas: new.replicas.clone(),
            isr: new.isr.clone(),
            // The first that serves: the preferred one, unless it is down just now.
            leader: new.isr.first().copied().unwrap_or(NO_LEADER),
            leader_epoch: 0,
            partition_epoch: 0,
            directories,
            ..Default::default()
        };
        (MetadataRecord::Partition(record), version.partition_record_version())
    }
}

fn created(
    topic: &CreatableTopic,
    topic_id: TopicId,
    configs: Vec<CreatableTopicConfigs>,
    partitions: &[NewPartition],
) -> CreatableTopicResult {
    let factor = partitions.first().map_or(0, |new| new.replicas.len());
    CreatableTopicResult {
        name: topic.name.clone(),
        topic_id,
        num_partitions: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
        replication_factor: i16::try_from(factor).unwrap_or(i16::MAX),
        error_message: None,
        configs: Some(configs),
        ..Default::default()
    }
}

/// The settings that answers tell of, worked out once for all topics of a request that set nothing themselves.
#[derive(Default)]
struct Shown {
    plain: Option<Vec<CreatableTopicConfigs>>,
}

impl Shown {
    fn of(
        &mut self,
        overrides: &BTreeMap<String, String>,
        work_out: impl FnOnce() -> Vec<CreatableTopicConfigs>,
    ) -> Vec<CreatableTopicConfigs> {
        match overrides.is_empty() {
            true => self.plain.get_or_insert_with(work_out).clone(),
            false => work_out(),
        }
    }
}

/// Too much at once, as Kafka says it.
pub(crate) fn too_many_partitions() -> ApiError {
    ApiError::new(ErrorCode::PolicyViolation, "Excessively large number of partitions per request.")
}

/// Nobody could lead a partition with `factor` replicas.
pub(crate) fn all_fenced(factor: i16) -> ApiError {
    let text = format!(
        "Unable to replicate the partition {factor} time(s): All brokers are currently fenced or in controlled \
         shutdown."
    );
    ApiError::new(ErrorCode::InvalidReplicationFactor, text)
}

fn duplicates(request: &CreateTopicsRequest) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    request
        .topics
        .iter()
        .map(|topic| topic.name.as_str())
        .filter(|name| !seen.insert(*name))
        .collect()
}

fn overrides(topic: &CreatableTopic) -> Result<BTreeMap<String, String>, ApiError> {
    let without: Vec<&str> = topic
        .configs
        .iter()
        .filter(|config| config.value.is_none())
        .map(|config| config.name.as_str())
        .collect();
    if !without.is_empty() {
        let text = format!("Null value not supported for topic configs: {}", without.join(","));
        return Err(ApiError::new(ErrorCode::InvalidConfig, text));
    }
    let pairs = topic
        .configs
        .iter()
        .filter_map(|config| Some((config.name.clone(), config.value.clone()?)));
    Ok(pairs.collect())
}

fn refused(name: &str, error: &ApiError) -> CreatableTopicResult {
    let (error_code, error_message) = code_and_message(&Err(error.clone()));
    CreatableTopicResult { name: name.to_owned(), error_code, error_message, ..Default::default() }
}
