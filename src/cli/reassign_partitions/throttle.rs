//! The throttles of moves: set before, taken away after.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assignment, joined, plural};
use crate::cli::options::Exception;
use crate::cli::say;
use crate::client::{ClientError, Cluster};
use crate::types::NodeId;
use crate::wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const LEADER_RATE: &str = "leader.replication.throttled.rate";
const FOLLOWER_RATE: &str = "follower.replication.throttled.rate";
const LOG_DIRS_RATE: &str = "replica.alter.log.dirs.io.max.bytes.per.second";
const LEADERS: &str = "leader.replication.throttled.replicas";
const FOLLOWERS: &str = "follower.replication.throttled.replicas";

/// Limits the moves between brokers that lead from `current` to `proposed` to `rate` bytes a second.
pub(super) async fn between_brokers(
    cluster: &mut Cluster,
    current: &Assignment,
    proposed: &Assignment,
    rate: i64,
) -> Result<(), Exception> {
    let mut topics: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    let mut brokers = BTreeSet::new();
    for (place, target) in proposed {
        let sources = current.get(place).map(Vec::as_slice).unwrap_or_default();
        let (leaders, followers) = topics.entry(&place.topic).or_default();
        let throttled = |node: &NodeId| format!("{}:{node}", place.partition);
        leaders.extend(sources.iter().map(throttled));
        let coming = target.iter().filter(|node| !sources.contains(node));
        followers.extend(coming.map(throttled));
        brokers.extend(sources.iter().chain(target).copied());
    }
    let mut changes = Vec::new();
    for (topic, (leaders, followers)) in topics {
        let values = [(LEADERS, Some(joined(leaders))), (FOLLOWERS, Some(joined(followers)))];
        changes.push(change(TOPIC, topic, &values));
    }
    let rate = Some(rate.to_string());
    let values = [(LEADER_RATE, rate.clone()), (FOLLOWER_RATE, rate)];
    changes.extend(brokers.iter().map(|broker| change(BROKER, &broker.to_string(), &values)));
    alter(cluster, changes).await
}

/// Limits the moves between directories of `brokers` to `rate` bytes a second.
pub(super) async fn between_log_dirs(
    cluster: &mut Cluster,
    brokers: &BTreeSet<NodeId>,
    rate: i64,
) -> Result<(), Exception> {
    let values = [(LOG_DIRS_RATE, Some(rate.to_string()))];
    let changes = brokers.iter().map(|broker| change(BROKER, &broker.to_string(), &values));
    alter(cluster, changes.collect()).await
}

/// Takes all throttles of `assignment`'s topics away, and those of all brokers.
pub(super) async fn clear(cluster: &mut Cluster, assignment: &Assignment) -> Result<(), Exception> {
    let mut brokers: BTreeSet<NodeId> = cluster.node_ids().await?.into_iter().collect();
    brokers.extend(assignment.values().flatten());
    let (ending, list) = (plural(brokers.len()), joined(&brokers));
    say(&format!("Clearing broker-level throttles on broker{ending} {list}\n"));
    let values = [(LEADER_RATE, None), (FOLLOWER_RATE, None), (LOG_DIRS_RATE, None)];
    let changes = brokers.iter().map(|broker| change(BROKER, &broker.to_string(), &values));
    alter(cluster, changes.collect()).await?;
    let topics: BTreeSet<_> = assignment.keys().map(|place| place.topic.as_str()).collect();
    let (ending, list) = (plural(topics.len()), joined(&topics));
    say(&format!("Clearing topic-level throttles on topic{ending} {list}\n"));
    let values = [(LEADERS, None), (FOLLOWERS, None)];
    alter(cluster, topics.iter().map(|topic| change(TOPIC, topic, &values)).collect()).await
}

/// Settings of a resource: those without a value are deleted.
fn change(kind: i8, name: &str, values: &[(&str, Option<String>)]) -> AlterConfigsResource {
    let config = |(name, value): &(&str, Option<String>)| AlterableConfig {
        name: (*name).to_owned(),
        config_operation: i8::from(value.is_none()),
        value: value.clone(),
        ..Default::default()
    };
    AlterConfigsResource {
        resource_type: kind,
        resource_name: name.to_owned(),
        configs: values.iter().map(config).collect(),
        ..Default::default()
    }
}

async fn alter(
    cluster: &mut Cluster,
    resources: Vec<AlterConfigsResource>,
) -> Result<(), Exception> {
    let request = IncrementalAlterConfigsRequest { resources, ..Default::default() };
    for result in cluster.ask(&request).await?.responses {
        ClientError::check(result.error_code, result.error_message)
            .map_err(|error| Exception::from(error).in_execution())?;
    }
    Ok(())
}
