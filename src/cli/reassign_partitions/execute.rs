//! `--execute` and `--cancel`: begins moves, and calls them off.

use std::collections::BTreeSet;

use super::{Assignment, LogDirs, failed, files, joined, plural, state, throttle};
use crate::cli::options::{Exception, Given};
use crate::cli::say;
use crate::cli::tool::terse;
use crate::client::{ClientError, Cluster};
use crate::types::{NodeId, TopicPartition, by_topic};
use crate::wire::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, ReassignablePartition, ReassignableTopic,
};
use crate::wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic, AlterReplicaLogDirsRequest,
};

const EXISTING: &str = "Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a \
     new partition assignment in addition to the existing one. The --additional flag can also be used to change the \
     throttle by resubmitting the current reassignment.";
const VERIFY: &str = "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.\n";

/// Partitions that were refused, and why.
type Refused = Vec<(TopicPartition, ClientError)>;

pub(super) async fn execute(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let text = files::read(given.value("reassignment-json-file")?.unwrap_or_default())?;
    let (proposed, dirs) = files::parse(&text)?;
    if !given.has("additional") && !state::ongoing(cluster).await?.is_empty() {
        return Err(terse(EXISTING));
    }
    check_brokers(cluster, &proposed).await?;
    let current = state::assignment_now(cluster, &proposed).await?;
    let now_dirs = state::log_dirs(cluster, &current).await?.current;
    // Before anything is moved: it is the way back.
    say(&format!(
        "Current partition replica assignment\n\n{}\n\nSave this to use as the --reassignment-json-file option during rollback\n",
        files::write(&current, &now_dirs)
    ));
    // Bounds come first, or what is copied until they are set would be copied at full speed.
    set_throttles(cluster, given, &current, &proposed, &dirs).await?;
    let allows = !given.has("disallow-replication-factor-change");
    let targets = proposed.iter().map(|(place, nodes)| (place, Some(nodes.clone())));
    let refused = reassign(cluster, targets.collect(), allows).await?;
    if !refused.is_empty() {
        return Err(terse(format!("Error reassigning partition(s):\n{}", lines(refused))));
    }
    let ending = plural(proposed.len());
    say(&format!(
        "Successfully started partition reassignment{ending} for {}\n",
        joined(proposed.keys())
    ));
    move_replicas(cluster, &dirs).await
}

async fn check_brokers(cluster: &mut Cluster, proposed: &Assignment) -> Result<(), Exception> {
    let described = cluster.describe(false, false).await?;
    let known: BTreeSet<NodeId> = described.brokers.iter().map(|node| node.broker_id).collect();
    let named: BTreeSet<NodeId> = proposed.values().flatten().copied().collect();
    match named.difference(&known).next() {
        Some(unknown) => Err(failed(format!("Unknown broker id {unknown}"))),
        None => Ok(()),
    }
}

async fn set_throttles(
    cluster: &mut Cluster,
    given: &Given,
    current: &Assignment,
    proposed: &Assignment,
    dirs: &LogDirs,
) -> Result<(), Exception> {
    let rate = |option| -> Result<Option<i64>, Exception> {
        Ok(given.number::<i64>(option)?.filter(|rate| *rate >= 0))
    };
    let (between_brokers, between_dirs) =
        (rate("throttle")?, rate("replica-alter-log-dirs-throttle")?);
    if between_brokers.is_some() || between_dirs.is_some() {
        say(VERIFY);
    }
    if let Some(rate) = between_brokers {
        throttle::between_brokers(cluster, current, proposed, rate).await?;
        say(&format!("The inter-broker throttle limit was set to {rate} B/s\n"));
    }
    if let Some(rate) = between_dirs {
        let brokers = dirs.keys().map(|(_, node)| *node).collect();
        throttle::between_log_dirs(cluster, &brokers, rate).await?;
        say(&format!("The replica-alter-dir throttle limit was set to {rate} B/s\n"));
    }
    Ok(())
}

/// Asks for new places; none cancels.
async fn reassign<'a>(
    cluster: &mut Cluster,
    targets: Vec<(&'a TopicPartition, Option<Vec<NodeId>>)>,
    allow_replication_factor_change: bool,
) -> Result<Refused, Exception> {
    let partition = |(place, replicas): (&'a TopicPartition, Option<Vec<NodeId>>)| {
        let partition_index = place.partition;
        (place, ReassignablePartition { partition_index, replicas, ..Default::default() })
    };
    let topics = by_topic(targets.into_iter().map(partition)).into_iter();
    let topics = topics.map(|(name, partitions)| ReassignableTopic {
        name: name.to_owned(),
        partitions,
        ..Default::default()
    });
    let request = AlterPartitionReassignmentsRequest {
        allow_replication_factor_change,
        topics: topics.collect(),
        ..Default::default()
    };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, answer.error_message)
        .map_err(|error| Exception::from(error).in_execution())?;
    let mut refused = Refused::new();
    for topic in answer.responses {
        for partition in topic.partitions {
            let place = TopicPartition::new(topic.name.clone(), partition.partition_index);
            let outcome = ClientError::check(partition.error_code, partition.error_message);
            refused.extend(outcome.err().map(|error| (place, error)));
        }
    }
    Ok(refused)
}

fn lines(refused: Refused) -> String {
    let lines = refused.into_iter().map(|(place, error)| format!("{place}: {error}"));
    lines.collect::<Vec<_>>().join("\n")
}

async fn move_replicas(cluster: &mut Cluster, dirs: &LogDirs) -> Result<(), Exception> {
    for ((place, node), path) in dirs {
        let topic = AlterReplicaLogDirTopic {
            name: place.topic.clone(),
            partitions: vec![place.partition],
            ..Default::default()
        };
        let dir =
            AlterReplicaLogDir { path: path.clone(), topics: vec![topic], ..Default::default() };
        let request = AlterReplicaLogDirsRequest { dirs: vec![dir], ..Default::default() };
        let answer = cluster.node(*node).await?.ask(&request).await?;
        for partition in answer.results.iter().flat_map(|topic| &topic.partitions) {
            if let Err(error) = ClientError::check(partition.error_code, None) {
                let cause = Exception::from(error).in_execution();
                let mut thrown = failed(format!("Failed to alter dir for {place}-{node}"));
                thrown.causes = [vec![cause.line()], cause.causes].concat();
                return Err(thrown);
            }
        }
        say(&format!(
            "Successfully started moving log directory to {path} for replica {place} with broker {node}\n"
        ));
    }
    Ok(())
}

pub(super) async fn cancel(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let text = files::read(given.value("reassignment-json-file")?.unwrap_or_default())?;
    let (target, dirs) = files::parse(&text)?;
    let ongoing = state::ongoing(cluster).await?;
    let active: Vec<_> = target.keys().filter(|place| ongoing.contains_key(place)).collect();
    let targets = active.iter().map(|place| (*place, None)).collect();
    let refused = match active.is_empty() {
        true => Refused::new(),
        false => reassign(cluster, targets, true).await?,
    };
    if !refused.is_empty() {
        let lines = lines(refused);
        return Err(terse(format!("Error cancelling partition reassignment(s) for:\n{lines}")));
    }
    if active.is_empty() {
        say("None of the specified partition reassignments are active.\n");
    } else {
        let ending = plural(active.len());
        let list = joined(active);
        say(&format!("Successfully cancelled partition reassignment{ending} for: {list}\n"));
    }
    let places = match dirs.is_empty() {
        true => state::Places::default(),
        false => state::log_dirs(cluster, &target).await?,
    };
    let moving = |replica: &&(TopicPartition, NodeId)| places.future.contains_key(replica);
    let back = |replica: &(TopicPartition, NodeId)| {
        Some((replica.clone(), places.current.get(replica)?.clone()))
    };
    let back: LogDirs = dirs.keys().filter(moving).filter_map(back).collect();
    if back.is_empty() {
        // Kafka's tool ends this line without a newline too.
        say("None of the specified partition moves are active.");
    } else {
        move_replicas(cluster, &back).await?;
    }
    if !given.has("preserve-throttles") {
        throttle::clear(cluster, &target).await?;
    }
    Ok(())
}
