//! `find-hanging`: open transactions of partitions that no coordinator is going to end.

use std::collections::{BTreeMap, BTreeSet};

use super::{Numbers, description, failed, list_transactions, producers};
use crate::cli::argparse::Parsed;
use crate::cli::options::Exception;
use crate::cli::say;
use crate::cli::tool::{self, terse};
use crate::client::{ClientError, Cluster};
use crate::clock::Clock;
use crate::error::ErrorCode;
use crate::types::{NodeId, TopicPartition};
use crate::wire::messages::describe_producers::ProducerState;
use crate::wire::messages::list_transactions::ListTransactionsRequest;

const MINUTE_MS: i64 = 60_000;
/// How long a transaction may be open before it is looked at, unless the options say, in minutes.
const TIMEOUT_MINUTES: i32 = 15;

/// An open transaction in one partition.
type Open = (TopicPartition, ProducerState);

pub(super) async fn find(
    cluster: &mut Cluster,
    parsed: &Parsed,
    numbers: &Numbers,
) -> Result<(), Exception> {
    let topic = parsed.value("topic");
    if topic.is_none() && numbers.broker_id.is_none() {
        return Err(terse(
            "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search",
        ));
    }
    if topic.is_none() && numbers.partition.is_some() {
        return Err(terse("The --partition argument requires --topic to be provided"));
    }
    let partitions = match (topic, numbers.partition) {
        (Some(topic), Some(partition)) => vec![TopicPartition::new(topic, partition)],
        _ => partitions_of(cluster, topic, numbers.broker_id).await?,
    };
    let minutes = numbers.max_transaction_timeout.unwrap_or(TIMEOUT_MINUTES);
    let old = old_ones(cluster, &partitions, numbers.broker_id, i64::from(minutes) * MINUTE_MS);
    let open = old.await.map_err(|error| {
        let on =
            numbers.broker_id.map_or("Optional.empty".to_owned(), |id| format!("Optional[{id}]"));
        let count = partitions.len();
        failed(format!("Failed to describe producers for {count} partitions on broker {on}"), error)
    })?;
    let hanging = if open.is_empty() { open } else { hanging(cluster, open).await? };
    print(&hanging);
    Ok(())
}

/// The partitions of a topic, or of all, that have a replica on the broker.
async fn partitions_of(
    cluster: &mut Cluster,
    topic: Option<&str>,
    broker_id: Option<NodeId>,
) -> Result<Vec<TopicPartition>, Exception> {
    let named = topic.map(|topic| vec![topic.to_owned()]);
    let what = match topic {
        Some(_) => "Failed to describe 1 topics",
        None => "Failed to list topics",
    };
    let answer = cluster.metadata(named.as_deref(), false).await;
    let answer = answer.map_err(|error| failed(what, error))?;
    let mut partitions = Vec::new();
    for topic in answer.topics {
        let checked = ClientError::check(topic.error_code, None);
        checked.map_err(|error| failed("Failed to describe 1 topics", error))?;
        let name = topic.name.unwrap_or_default();
        let here = topic
            .partitions
            .iter()
            .filter(|partition| broker_id.is_none_or(|id| partition.replica_nodes.contains(&id)));
        partitions.extend(
            here.map(|partition| TopicPartition::new(name.clone(), partition.partition_index)),
        );
    }
    Ok(partitions)
}

async fn old_ones(
    cluster: &mut Cluster,
    partitions: &[TopicPartition],
    broker_id: Option<NodeId>,
    timeout_ms: i64,
) -> Result<Vec<Open>, ClientError> {
    let mut old = Vec::new();
    for partition in partitions {
        let now = Clock::System.now();
        let found = producers(cluster, partition, broker_id).await?;
        let is_old = |state: &ProducerState| {
            state.current_txn_start_offset >= 0 && now - state.last_timestamp > timeout_ms
        };
        old.extend(found.into_iter().filter(is_old).map(|state| (partition.clone(), state)));
    }
    Ok(old)
}

/// Those that no coordinator knows, or that it does not count to the transaction which it does know.
async fn hanging(cluster: &mut Cluster, open: Vec<Open>) -> Result<Vec<Open>, Exception> {
    let ids: BTreeSet<i64> = open.iter().map(|(_, state)| state.producer_id).collect();
    let request = ListTransactionsRequest {
        producer_id_filters: ids.iter().copied().collect(),
        ..Default::default()
    };
    let listed = list_transactions(cluster, &request).await.map_err(|error| {
        failed(format!("Failed to list transactions for {} producers", ids.len()), error)
    })?;
    let names: BTreeMap<i64, String> =
        listed.into_iter().map(|(_, one)| (one.producer_id, one.transactional_id)).collect();
    let mut expected: BTreeMap<i64, BTreeSet<TopicPartition>> = BTreeMap::new();
    for (producer_id, name) in &names {
        match description(cluster, name).await {
            Ok((_, state)) => {
                let all = state.topics.iter().flat_map(|topic| {
                    topic.partitions.iter().map(|at| TopicPartition::new(topic.topic.clone(), *at))
                });
                expected.insert(*producer_id, all.collect());
            }
            // It has expired since it was listed: nobody is going to end what is open under it.
            Err(error) if error.code() == Some(ErrorCode::TransactionalIdNotFound) => {}
            Err(error) => {
                let what = format!("Failed to describe {} transactions", names.len());
                return Err(failed(what, error));
            }
        }
    }
    let is_expected = |(partition, state): &Open| {
        expected.get(&state.producer_id).is_some_and(|all| all.contains(partition))
    };
    Ok(open.into_iter().filter(|one| !is_expected(one)).collect())
}

fn print(hanging: &[Open]) {
    let now = Clock::System.now();
    let row = |(partition, state): &Open| {
        vec![
            partition.topic.clone(),
            partition.partition.to_string(),
            state.producer_id.to_string(),
            state.producer_epoch.to_string(),
            state.coordinator_epoch.to_string(),
            state.current_txn_start_offset.to_string(),
            state.last_timestamp.to_string(),
            ((now - state.last_timestamp) / MINUTE_MS).to_string(),
        ]
    };
    let headers = [
        "Topic",
        "Partition",
        "ProducerId",
        "ProducerEpoch",
        "CoordinatorEpoch",
        "StartOffset",
        "LastTimestamp",
        "Duration(min)",
    ];
    say(&tool::table(&headers, &hanging.iter().map(row).collect::<Vec<_>>()));
}
