//! `kafka-transactions`: what transactions and their producers do, and an end to those that hang, with Kafka's options,
//! words and exit codes.

use std::fmt::Display;

use super::argparse::{Parsed, Program, Stop};
use super::options::Exception;
use super::say;
use super::tool::{self, KAFKA_VERSION, terse};
use crate::client::cluster::{CoordinatorKind, Pause};
use crate::client::{ClientError, Cluster};
use crate::clock::Clock;
use crate::error::ErrorCode;
use crate::types::{NodeId, PartitionId, TopicPartition};
use crate::wire::messages::describe_producers::{
    DescribeProducersRequest, ProducerState, TopicRequest,
};
use crate::wire::messages::describe_transactions::{DescribeTransactionsRequest, TransactionState};
use crate::wire::messages::init_producer_id::InitProducerIdRequest;
use crate::wire::messages::list_transactions::{self, ListTransactionsRequest};
use crate::wire::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest,
};

mod hanging;

const TOOL: Program = Program {
    name: "kafka-transactions.sh",
    help: include_str!("../usage/transactions.txt"),
    commands: &[
        ("list", include_str!("../usage/transactions-list.txt")),
        ("describe", include_str!("../usage/transactions-describe.txt")),
        ("describe-producers", include_str!("../usage/transactions-describe-producers.txt")),
        ("abort", include_str!("../usage/transactions-abort.txt")),
        ("find-hanging", include_str!("../usage/transactions-find-hanging.txt")),
        ("forceTerminateTransaction", include_str!("../usage/transactions-force-terminate.txt")),
    ],
};

/// How long the transactions of a producer may take that only ends those of another.
const TIMEOUT_MS: i32 = 30_000;

/// The numbers among the options.
#[derive(Debug, Default)]
struct Numbers {
    broker_id: Option<NodeId>,
    partition: Option<PartitionId>,
    start_offset: Option<i64>,
    producer_id: Option<i64>,
    producer_epoch: Option<i16>,
    coordinator_epoch: Option<i32>,
    duration_filter: Option<i64>,
    max_transaction_timeout: Option<i32>,
}

impl Numbers {
    fn of(parsed: &Parsed) -> Result<Self, Stop> {
        Ok(Self {
            broker_id: TOOL.number(parsed, "broker-id", "Integer")?,
            partition: TOOL.number(parsed, "partition", "Integer")?,
            start_offset: TOOL.number(parsed, "start-offset", "Long")?,
            producer_id: TOOL.number(parsed, "producer-id", "Long")?,
            producer_epoch: TOOL.number(parsed, "producer-epoch", "Short")?,
            coordinator_epoch: TOOL.number(parsed, "coordinator-epoch", "Integer")?,
            duration_filter: TOOL.number(parsed, "duration-filter", "Long")?,
            max_transaction_timeout: TOOL.number(parsed, "max-transaction-timeout", "Integer")?,
        })
    }
}

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    if args.first().is_some_and(|first| matches!(first.as_str(), "-v" | "--version")) {
        say(&format!("{KAFKA_VERSION}\n"));
        return 0;
    }
    match TOOL.parse(args).and_then(|parsed| Ok((Numbers::of(&parsed)?, parsed))) {
        Ok((numbers, parsed)) => match execute(&parsed, &numbers) {
            Ok(()) => 0,
            Err(thrown) => tool::failed(&thrown),
        },
        Err(stop) => tool::unparsed(stop, 1),
    }
}

fn execute(parsed: &Parsed, numbers: &Numbers) -> Result<(), Exception> {
    let mut cluster = tool::cluster_of(parsed, parsed.value("command-config"))?;
    let cluster = &mut cluster;
    tool::run(async {
        match parsed.command {
            "list" => list(cluster, parsed, numbers).await,
            "describe" => describe(cluster, parsed).await,
            "describe-producers" => describe_producers(cluster, parsed, numbers).await,
            "abort" => abort(cluster, parsed, numbers).await,
            "find-hanging" => hanging::find(cluster, parsed, numbers).await,
            _ => terminate(cluster, parsed).await,
        }
    })
}

/// What the tool says of a failure, and no more.
fn failed(what: impl Display, why: impl Display) -> Exception {
    terse(format!("{what}: {why}. Enable debug logging for additional detail."))
}

/// The transactions that pass the filters, by the brokers that coordinate them.
async fn list_transactions(
    cluster: &mut Cluster,
    request: &ListTransactionsRequest,
) -> Result<Vec<(NodeId, list_transactions::TransactionState)>, ClientError> {
    let mut listed = Vec::new();
    for id in cluster.node_ids().await? {
        let mut pause = Pause::until(cluster.deadline());
        loop {
            let answer = cluster.node(id).await?.ask(request).await?;
            let code =
                ErrorCode::from_code(answer.error_code).unwrap_or(ErrorCode::UnknownServerError);
            match code {
                ErrorCode::None => {
                    listed.extend(answer.transaction_states.into_iter().map(|one| (id, one)));
                    break;
                }
                ErrorCode::CoordinatorLoadInProgress | ErrorCode::CoordinatorNotAvailable
                    if pause.again().await => {}
                code => return Err(list_failed(id, code)),
            }
        }
    }
    Ok(listed)
}

fn list_failed(id: NodeId, code: ErrorCode) -> ClientError {
    let name = code.name();
    tool::log_error(
        &format!(
            "[AdminClient clientId=adminclient-1] The `ListTransactions` request sent to broker {id} failed because of an \
             unexpected error {name}"
        ),
        "org.apache.kafka.clients.admin.internals.ListTransactionsHandler",
    );
    let why =
        format!("ListTransactions request sent to broker {id} failed with an unexpected exception");
    ClientError::api(code.code(), Some(why))
}

async fn list(cluster: &mut Cluster, parsed: &Parsed, numbers: &Numbers) -> Result<(), Exception> {
    let request = ListTransactionsRequest {
        duration_filter: numbers.duration_filter.unwrap_or(-1),
        transactional_id_pattern: parsed.value("transactional-id-pattern").map(str::to_owned),
        ..Default::default()
    };
    let listed = list_transactions(cluster, &request).await;
    let listed = listed.map_err(|error| failed("Failed to list transactions", error))?;
    let row = |(id, one): (NodeId, list_transactions::TransactionState)| {
        let producer = one.producer_id.to_string();
        vec![one.transactional_id, id.to_string(), producer, one.transaction_state]
    };
    let rows: Vec<_> = listed.into_iter().map(row).collect();
    let headers = ["TransactionalId", "Coordinator", "ProducerId", "TransactionState"];
    say(&tool::table(&headers, &rows));
    Ok(())
}

/// What the coordinator of one transactional id says of it.
async fn description(
    cluster: &mut Cluster,
    id: &str,
) -> Result<(NodeId, TransactionState), ClientError> {
    let request = DescribeTransactionsRequest {
        transactional_ids: vec![id.to_owned()],
        ..Default::default()
    };
    let mut pause = Pause::until(cluster.deadline());
    loop {
        let node = cluster.coordinator(CoordinatorKind::Transaction, id).await?;
        let answer = cluster.node(node.id).await?.ask(&request).await?;
        let Some(state) = answer.transaction_states.into_iter().next() else {
            return Err(ClientError::Protocol("the answer lacks the transaction".to_owned()));
        };
        let what = format!("DescribeTransactions request for transactionalId `{id}` failed");
        let why = match ErrorCode::from_code(state.error_code) {
            Some(ErrorCode::None) => return Ok((node.id, state)),
            Some(
                ErrorCode::CoordinatorLoadInProgress
                | ErrorCode::CoordinatorNotAvailable
                | ErrorCode::NotCoordinator,
            ) if pause.again().await => continue,
            Some(ErrorCode::TransactionalIdNotFound) => "because the ID could not be found",
            Some(ErrorCode::TransactionalIdAuthorizationFailed) => "due to authorization failure",
            _ => "due to unexpected error",
        };
        return Err(ClientError::api(state.error_code, Some(format!("{what} {why}"))));
    }
}

async fn describe(cluster: &mut Cluster, parsed: &Parsed) -> Result<(), Exception> {
    let id = parsed.value("transactional-id").unwrap_or_default();
    let (node, state) = description(cluster, id).await.map_err(|error| {
        failed(format!("Failed to describe transaction state of transactional-id `{id}`"), error)
    })?;
    let since = Some(state.transaction_start_time_ms).filter(|since| *since >= 0);
    let duration = since.map(|since| Clock::System.now() - since);
    let shown = |ms: Option<i64>| ms.map_or("None".to_owned(), |ms| ms.to_string());
    let mut partitions: Vec<String> = state.topics.iter().flat_map(names).collect();
    partitions.sort_unstable();
    let row = vec![
        node.to_string(),
        id.to_owned(),
        state.producer_id.to_string(),
        state.producer_epoch.to_string(),
        state.transaction_state,
        state.transaction_timeout_ms.to_string(),
        shown(since),
        shown(duration),
        partitions.join(","),
    ];
    let headers = [
        "CoordinatorId",
        "TransactionalId",
        "ProducerId",
        "ProducerEpoch",
        "TransactionState",
        "TransactionTimeoutMs",
        "CurrentTransactionStartTimeMs",
        "TransactionDurationMs",
        "TopicPartitions",
    ];
    say(&tool::table(&headers, &[row]));
    Ok(())
}

fn names(
    topic: &crate::wire::messages::describe_transactions::TopicData,
) -> impl Iterator<Item = String> {
    topic.partitions.iter().map(move |partition| format!("{}-{partition}", topic.topic))
}

/// The partition that the options name.
fn partition_of(parsed: &Parsed, numbers: &Numbers) -> TopicPartition {
    let topic = parsed.value("topic").unwrap_or_default();
    TopicPartition::new(topic, numbers.partition.unwrap_or_default())
}

/// The producers of a partition, as its leader or a certain broker knows them.
async fn producers(
    cluster: &mut Cluster,
    partition: &TopicPartition,
    broker_id: Option<NodeId>,
) -> Result<Vec<ProducerState>, ClientError> {
    let topics = vec![TopicRequest {
        name: partition.topic.clone(),
        partition_indexes: vec![partition.partition],
        ..Default::default()
    }];
    let request = DescribeProducersRequest { topics, ..Default::default() };
    let topic = std::slice::from_ref(&partition.topic);
    let mut pause = Pause::until(cluster.deadline());
    let mut tries = 0;
    loop {
        tries += 1;
        cluster.metadata(Some(topic), false).await?;
        let leader = cluster.leader(&partition.topic, partition.partition);
        // Whoever is named is asked whether it leads or not: a follower knows its own log's producers.
        let node = match broker_id {
            Some(id) if cluster.nodes().all(|node| node.id != id) => {
                let why = "Timed out waiting for a node assignment. Call: describeProducers(api=DESCRIBE_PRODUCERS)";
                return Err(ClientError::Timeout(why.to_owned()));
            }
            Some(id) => Some(id),
            None => leader,
        };
        if let Some(node) = node {
            let answer = cluster.node(node).await?.ask(&request).await?;
            let mut found = answer.topics.into_iter().flat_map(|topic| topic.partitions);
            let Some(found) = found.next() else {
                return Err(ClientError::Protocol("the answer lacks the partition".to_owned()));
            };
            match ClientError::check(found.error_code, found.error_message) {
                Ok(()) => return Ok(found.active_producers),
                Err(error) if error.is_retriable() && broker_id.is_none() => {}
                Err(error) => return Err(error),
            }
        }
        if !pause.again().await {
            let call = "describeProducers(api=METADATA)";
            let thrown = tool::call_timed_out(call, cluster.deadline(), tries);
            return Err(ClientError::Timeout(thrown.message));
        }
    }
}

async fn describe_producers(
    cluster: &mut Cluster,
    parsed: &Parsed,
    numbers: &Numbers,
) -> Result<(), Exception> {
    let partition = partition_of(parsed, numbers);
    let found = producers(cluster, &partition, numbers.broker_id).await.map_err(|error| {
        let on = numbers.broker_id.map_or("leader".to_owned(), |id| format!("broker {id}"));
        failed(format!("Failed to describe producers for partition {partition} on {on}"), error)
    })?;
    let row = |state: &ProducerState| {
        let start = Some(state.current_txn_start_offset).filter(|start| *start >= 0);
        vec![
            state.producer_id.to_string(),
            state.producer_epoch.to_string(),
            state.coordinator_epoch.to_string(),
            state.last_sequence.to_string(),
            state.last_timestamp.to_string(),
            start.map_or("None".to_owned(), |start| start.to_string()),
        ]
    };
    let headers = [
        "ProducerId",
        "ProducerEpoch",
        "LatestCoordinatorEpoch",
        "LastSequence",
        "LastTimestamp",
        "CurrentTransactionStartOffset",
    ];
    say(&tool::table(&headers, &found.iter().map(row).collect::<Vec<_>>()));
    Ok(())
}

/// The marker that ends the transaction which the options name.
async fn marker(
    cluster: &mut Cluster,
    partition: &TopicPartition,
    numbers: &Numbers,
) -> Result<WritableTxnMarker, Exception> {
    let told = |producer_id, producer_epoch, coordinator_epoch: i32| WritableTxnMarker {
        producer_id,
        producer_epoch,
        coordinator_epoch: coordinator_epoch.max(0),
        ..Default::default()
    };
    if let Some(start) = numbers.start_offset {
        let found = producers(cluster, partition, None).await.map_err(|error| {
            failed(format!("Failed to validate producer state for partition {partition}"), error)
        })?;
        let Some(state) = found.iter().find(|state| state.current_txn_start_offset == start) else {
            return Err(terse(format!(
                "Could not find any open transactions starting at offset {start} on partition {partition}"
            )));
        };
        let epoch = i16::try_from(state.producer_epoch).unwrap_or_default();
        return Ok(told(state.producer_id, epoch, state.coordinator_epoch));
    }
    let Some(producer_id) = numbers.producer_id else {
        return Err(terse(
            "The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or with \
             --producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)",
        ));
    };
    let missing = |name: &str| terse(format!("Missing required argument {name}"));
    let epoch = numbers.producer_epoch.ok_or_else(|| missing("--producer-epoch"))?;
    let coordinator = numbers.coordinator_epoch.ok_or_else(|| missing("--coordinator-epoch"))?;
    Ok(told(producer_id, epoch, coordinator))
}

async fn abort(cluster: &mut Cluster, parsed: &Parsed, numbers: &Numbers) -> Result<(), Exception> {
    let partition = partition_of(parsed, numbers);
    let mut marker = marker(cluster, &partition, numbers).await?;
    let spec = format!(
        "AbortTransactionSpec(topicPartition={partition}, producerId={}, producerEpoch={}, coordinatorEpoch={})",
        marker.producer_id, marker.producer_epoch, marker.coordinator_epoch
    );
    marker.topics.push(WritableTxnMarkerTopic {
        name: partition.topic.clone(),
        partition_indexes: vec![partition.partition],
        ..Default::default()
    });
    let request = WriteTxnMarkersRequest { markers: vec![marker], ..Default::default() };
    write(cluster, &partition, &request)
        .await
        .map_err(|error| failed(format!("Failed to abort transaction {spec}"), error))
}

/// Has the leader of a partition write the marker.
async fn write(
    cluster: &mut Cluster,
    partition: &TopicPartition,
    request: &WriteTxnMarkersRequest,
) -> Result<(), ClientError> {
    let mut pause = Pause::until(cluster.deadline());
    loop {
        cluster.metadata(Some(std::slice::from_ref(&partition.topic)), false).await?;
        if let Some(leader) = cluster.leader(&partition.topic, partition.partition) {
            let answer = cluster.node(leader).await?.ask(request).await?;
            let topics = answer.markers.into_iter().flat_map(|marker| marker.topics);
            let Some(found) = topics.flat_map(|topic| topic.partitions).next() else {
                return Err(ClientError::Protocol("the answer lacks the partition".to_owned()));
            };
            match ClientError::check(found.error_code, None) {
                Err(error) if error.is_retriable() => {}
                other => return other,
            }
        }
        if !pause.again().await {
            return Err(ClientError::Timeout(
                "Timed out waiting for the partition's leader".to_owned(),
            ));
        }
    }
}

async fn terminate(cluster: &mut Cluster, parsed: &Parsed) -> Result<(), Exception> {
    let id = parsed.value("transactionalId").unwrap_or_default();
    let request = InitProducerIdRequest {
        transactional_id: Some(id.to_owned()),
        transaction_timeout_ms: TIMEOUT_MS,
        producer_id: -1,
        producer_epoch: -1,
        ..Default::default()
    };
    const KIND: CoordinatorKind = CoordinatorKind::Transaction;
    let asked = cluster.ask_coordinator(KIND, id, &request, |answer| answer.error_code);
    let what = || format!("Failed to force terminate transactionalId `{id}`");
    asked.await.map(|_| ()).map_err(|error| failed(what(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_kafkas() {
        let parse = |line: &str| {
            let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            TOOL.parse(&args)
        };
        let parsed =
            parse("--bootstrap-server b:1 abort --topic t --partition 3 --start-offset -5");
        let parsed = parsed.expect("it makes sense");
        assert_eq!((parsed.command, parsed.value("topic")), ("abort", Some("t")));
        assert_eq!(Numbers::of(&parsed).expect("numbers").start_offset, Some(-5));
        let Err(Stop::Wrong(wrong)) = parse("--bootstrap-server b:1") else { panic!("no command") };
        assert_eq!(wrong.message, "too few arguments");
        assert!(matches!(parse("list"), Err(Stop::Wrong(_))));
        assert!(matches!(parse("--bootstrap-server b:1 abort --topic t"), Err(Stop::Wrong(_))));
    }
}
