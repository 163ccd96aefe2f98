//! Creating, altering and deleting topics.

use std::collections::{BTreeMap, BTreeSet};

use super::options::Options;
use super::{ensure_exists, topics};
use crate::cli::options::Exception;
use crate::cli::say;
use crate::client::{ClientError, Cluster};
use crate::config::validate_topic_values;
use crate::error::ErrorCode;
use crate::types::NodeId;
use crate::wire::messages::create_partitions::{
    CreatePartitionsAssignment, CreatePartitionsRequest, CreatePartitionsTopic,
};
use crate::wire::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use crate::wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};

const COLLISIONS: &str = "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. \
     To avoid issues it is best to use either, but not both.\n";
const TIMEOUT_MS: i32 = 60_000;

/// One list of brokers for each partition, the first of each the leader to be.
type Assignment = Vec<Vec<NodeId>>;

/// `--create`.
pub(super) async fn create(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    let topic = creatable(options)?;
    let name = topic.name.clone();
    if name.is_empty() {
        return Err(ClientError::api(
            ErrorCode::InvalidTopicException.code(),
            Some("The given topic name '' cannot be represented in a request.".to_owned()),
        )
        .into());
    }
    let request =
        CreateTopicsRequest { topics: vec![topic], timeout_ms: TIMEOUT_MS, ..Default::default() };
    let answer = cluster.ask(&request).await?;
    for result in answer.topics {
        let exists = result.error_code == ErrorCode::TopicAlreadyExists.code();
        if exists && options.given.has("if-not-exists") {
            return Ok(());
        }
        ClientError::check(result.error_code, result.error_message)?;
    }
    say(&format!("Created topic {name}.\n"));
    Ok(())
}

fn creatable(options: &Options) -> Result<CreatableTopic, Exception> {
    let given = &options.given;
    let name = options.topic()?.unwrap_or_default().to_owned();
    let partitions: Option<i32> = given.number("partitions")?;
    let factor: Option<i32> = given.number("replication-factor")?;
    let assignment = given
        .value("replica-assignment")?
        .filter(|text| !text.is_empty())
        .map(parse_assignment)
        .transpose()?;
    let configs = topic_configs(&given.values("config"))?;
    if name.contains(['.', '_']) {
        say(COLLISIONS);
    }
    if factor.is_some_and(|factor| !(1..=i32::from(i16::MAX)).contains(&factor)) {
        return Err(Exception::illegal_argument(
            "The replication factor must be between 1 and 32767 inclusive",
        ));
    }
    if partitions.is_some_and(|partitions| partitions < 1) {
        return Err(Exception::illegal_argument("The partitions must be greater than 0"));
    }
    let assignments = assignment.unwrap_or_default().into_iter().zip(0..);
    Ok(CreatableTopic {
        name,
        num_partitions: partitions.unwrap_or(-1),
        replication_factor: factor.and_then(|factor| i16::try_from(factor).ok()).unwrap_or(-1),
        assignments: assignments
            .map(|(broker_ids, partition_index)| CreatableReplicaAssignment {
                partition_index,
                broker_ids,
                ..Default::default()
            })
            .collect(),
        configs: configs
            .into_iter()
            .map(|(name, value)| CreatableTopicConfig {
                name,
                value: Some(value),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    })
}

fn topic_configs(given: &[&str]) -> Result<BTreeMap<String, String>, Exception> {
    let mut configs = BTreeMap::new();
    for text in given {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Exception::illegal_argument(
                "requirement failed: Invalid topic config: all configs to be added must be in the format \"key=val\".",
            ));
        };
        configs.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    validate_topic_values(&configs).map_err(|why| {
        let class = if why.starts_with("Unknown topic config name") {
            "org.apache.kafka.common.errors.InvalidConfigurationException"
        } else {
            "org.apache.kafka.common.config.ConfigException"
        };
        Exception::new(class, why)
    })?;
    Ok(configs)
}

/// `1:2,2:3`: a comma between partitions, a colon between replicas.
fn parse_assignment(text: &str) -> Result<Assignment, Exception> {
    let mut assignment = Assignment::new();
    for (partition, text) in text.split(',').enumerate() {
        let mut brokers = Vec::new();
        for broker in text.split(':').map(str::trim) {
            let wrong = || {
                let what = format!("For input string: \"{broker}\"");
                Exception::new("java.lang.NumberFormatException", what)
            };
            brokers.push(broker.parse::<NodeId>().map_err(|_| wrong())?);
        }
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<_> = brokers.iter().filter(|broker| !seen.insert(**broker)).collect();
        if !twice.is_empty() {
            let twice: Vec<_> = twice.into_iter().map(ToString::to_string).collect();
            return Err(Exception::new(
                "org.apache.kafka.tools.AdminCommandFailedException",
                format!(
                    "Partition replica lists may not contain duplicate entries: {}",
                    twice.join(",")
                ),
            ));
        }
        if assignment.first().is_some_and(|first| first.len() != brokers.len()) {
            return Err(Exception::new(
                "org.apache.kafka.tools.AdminOperationException",
                format!("Partition {partition} has different replication factor: {brokers:?}"),
            ));
        }
        assignment.push(brokers);
    }
    Ok(assignment)
}

/// `--alter`: more partitions.
pub(super) async fn alter(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    let given = &options.given;
    let count: i32 = given.number("partitions")?.unwrap_or_default();
    let assignment = given
        .value("replica-assignment")?
        .filter(|text| !text.is_empty())
        .map(parse_assignment)
        .transpose()?;
    let names = topics(cluster, options).await?;
    ensure_exists(&names, options.topic()?, !given.has("if-exists"))?;
    if names.is_empty() {
        return Ok(());
    }
    let metadata = cluster.metadata(Some(&names), false).await?;
    let topics = metadata.topics.into_iter().map(|topic| {
        let existing = topic.partitions.len();
        let added = assignment.as_ref().map(|all| {
            let added = all.iter().skip(existing).cloned();
            added
                .map(|broker_ids| CreatePartitionsAssignment { broker_ids, ..Default::default() })
                .collect()
        });
        CreatePartitionsTopic {
            name: topic.name.unwrap_or_default(),
            count,
            assignments: added,
            ..Default::default()
        }
    });
    let request = CreatePartitionsRequest {
        topics: topics.collect(),
        timeout_ms: TIMEOUT_MS,
        ..Default::default()
    };
    for result in cluster.ask(&request).await?.results {
        ClientError::check(result.error_code, result.error_message)?;
    }
    Ok(())
}

/// `--delete`.
pub(super) async fn delete(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    let names = topics(cluster, options).await?;
    ensure_exists(&names, options.topic()?, !options.given.has("if-exists"))?;
    if names.is_empty() {
        return Ok(());
    }
    let topics = names
        .iter()
        .map(|name| DeleteTopicState { name: Some(name.clone()), ..Default::default() })
        .collect();
    let request = DeleteTopicsRequest {
        topics,
        topic_names: names,
        timeout_ms: TIMEOUT_MS,
        ..Default::default()
    };
    for result in cluster.ask(&request).await?.responses {
        ClientError::check(result.error_code, result.error_message)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments() {
        assert_eq!(parse_assignment("1:2,2:3"), Ok(vec![vec![1, 2], vec![2, 3]]));
        let says = |text| parse_assignment(text).expect_err("it is wrong").message;
        assert_eq!(says("1:1"), "Partition replica lists may not contain duplicate entries: 1");
        assert_eq!(says("1,1:2"), "Partition 1 has different replication factor: [1, 2]");
        assert_eq!(says("a"), "For input string: \"a\"");
    }

    #[test]
    fn configs() {
        let says = |text| topic_configs(&[text]).expect_err("it is wrong").line();
        assert_eq!(
            says("no.such=1"),
            "org.apache.kafka.common.errors.InvalidConfigurationException: Unknown topic config name: no.such"
        );
        assert!(says("retention.ms").ends_with("must be in the format \"key=val\"."));
        assert!(topic_configs(&["retention.ms=5"]).is_ok());
    }
}
