//! Where replicas are and where they are going, asked of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assignment, LogDirs};
use crate::cli::options::Exception;
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::{NodeId, TopicPartition};
use crate::wire::messages::describe_log_dirs::{DescribableLogDirTopic, DescribeLogDirsRequest};
use crate::wire::messages::list_partition_reassignments::ListPartitionReassignmentsRequest;

/// A partition that is being moved.
pub(super) struct Moving {
    pub(super) replicas: Vec<NodeId>,
    pub(super) adding: Vec<NodeId>,
    pub(super) removing: Vec<NodeId>,
}

/// Every partition that is being moved.
pub(super) async fn ongoing(
    cluster: &mut Cluster,
) -> Result<BTreeMap<TopicPartition, Moving>, Exception> {
    let request = ListPartitionReassignmentsRequest { topics: None, ..Default::default() };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, answer.error_message)?;
    let mut moving = BTreeMap::new();
    for topic in answer.topics {
        for partition in topic.partitions {
            let place = TopicPartition::new(topic.name.clone(), partition.partition_index);
            let (adding, removing) = (partition.adding_replicas, partition.removing_replicas);
            moving.insert(place, Moving { replicas: partition.replicas, adding, removing });
        }
    }
    Ok(moving)
}

/// Where all partitions of `topics` are, which must exist.
pub(super) async fn assignment_of(
    cluster: &mut Cluster,
    topics: &[String],
) -> Result<Assignment, Exception> {
    let answer = cluster.metadata(Some(topics), false).await?;
    let mut assignment = Assignment::new();
    for topic in answer.topics {
        let name = topic.name.unwrap_or_default();
        let unknown = topic.error_code == ErrorCode::UnknownTopicOrPartition.code();
        let why = unknown.then(|| format!("Topic {name} not found."));
        let known = ClientError::check(topic.error_code, why);
        known.map_err(|error| Exception::from(error).in_execution())?;
        for partition in topic.partitions {
            let place = TopicPartition::new(name.clone(), partition.partition_index);
            assignment.insert(place, partition.replica_nodes);
        }
    }
    Ok(assignment)
}

/// Where the partitions of `wanted` are, those that exist.
pub(super) async fn assignment_now(
    cluster: &mut Cluster,
    wanted: &Assignment,
) -> Result<Assignment, Exception> {
    let names: BTreeSet<_> = wanted.keys().map(|place| place.topic.clone()).collect();
    let mut assignment = assignment_of(cluster, &names.into_iter().collect::<Vec<_>>()).await?;
    assignment.retain(|place, _| wanted.contains_key(place));
    Ok(assignment)
}

/// In which log directories replicas are, and on the way to which.
#[derive(Default)]
pub(super) struct Places {
    pub(super) current: LogDirs,
    pub(super) future: LogDirs,
}

/// In which directories the replicas of an assignment are.
pub(super) async fn log_dirs(
    cluster: &mut Cluster,
    assignment: &Assignment,
) -> Result<Places, Exception> {
    let mut brokers: BTreeMap<NodeId, BTreeMap<String, Vec<i32>>> = BTreeMap::new();
    for (place, replicas) in assignment {
        for &node in replicas {
            let topics = brokers.entry(node).or_default();
            topics.entry(place.topic.clone()).or_default().push(place.partition);
        }
    }
    let mut places = Places::default();
    for (broker, topics) in brokers {
        let topics = topics.into_iter().map(|(topic, partitions)| DescribableLogDirTopic {
            topic,
            partitions,
            ..Default::default()
        });
        let topics = Some(topics.collect());
        let request = DescribeLogDirsRequest { topics, ..Default::default() };
        let answer = cluster.node(broker).await?.ask(&request).await?;
        for result in answer.results {
            for topic in result.topics {
                for partition in &topic.partitions {
                    let place = TopicPartition::new(topic.name.clone(), partition.partition_index);
                    let dirs = match partition.is_future_key {
                        true => &mut places.future,
                        false => &mut places.current,
                    };
                    dirs.insert((place, broker), result.log_dir.clone());
                }
            }
        }
    }
    Ok(places)
}
