//! `kafka-replica-verification`: whether all replicas of partitions hold the same, asked again and again until it is
//! stopped, with Kafka's options, words and exit codes.
//!
//! It reads as Kafka's does, as a replica that nobody counts, so that followers answer too.

mod compare;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::options::{Exception, Stop, Usage};
use super::tool::{self, IncludeList, terse};
use super::{say, time};
use crate::client::offsets::list_offsets;
use crate::client::{ClientError, Cluster};
use crate::clock::Clock;
use crate::types::{Millis, NodeId, Offset, TopicPartition};
use crate::wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, ReplicaState,
};
use compare::{Copy, Trouble, compare};

const USAGE: Usage = Usage::new(include_str!("../usage/replica-verification.txt"));
const LOGGER: &str = "org.apache.kafka.tools.ReplicaVerificationTool";
/// The id of a replica that may read from any other.
const DEBUGGING_REPLICA: NodeId = -2;
/// The last version of Fetch in which the replica's id has its old place.
const PLAIN_REPLICA_VERSION_MAX: i16 = 14;

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let options = match options(args) {
        Ok(options) => options,
        Err(stop) => return tool::stopped(stop, &USAGE, |thrown| failed(&thrown)),
    };
    match tool::run(verify(&options)) {
        Ok(()) => 0,
        Err(thrown) if tool::is_terse(&thrown) => 1,
        Err(thrown) => failed(&thrown),
    }
}

/// What went wrong is told on standard output, as Kafka does.
fn failed(thrown: &Exception) -> i32 {
    say(&format!("{}\n{}\n", thrown.message, thrown.trace()));
    1
}

struct Options {
    brokers: String,
    topics: IncludeList,
    fetch_bytes: i32,
    max_wait_ms: i32,
    time: Millis,
    report_interval: Duration,
}

fn options(args: &[String]) -> Result<Options, Stop> {
    let given = USAGE.parse_some(args)?;
    given.require(&["broker-list"])?;
    let interval: i64 = given.number("report-interval-ms")?.unwrap_or(30_000);
    Ok(Options {
        brokers: given.value("broker-list")?.unwrap_or_default().to_owned(),
        topics: IncludeList::new(given.value("topics-include")?.unwrap_or(".*"))?,
        fetch_bytes: given.number("fetch-size")?.unwrap_or(1_048_576),
        max_wait_ms: given.number("max-wait-ms")?.unwrap_or(1_000),
        time: given.number("time")?.unwrap_or(-1),
        report_interval: Duration::from_millis(u64::try_from(interval).unwrap_or(0)),
    })
}

/// The moment, as the tool's lines begin.
fn now() -> String {
    time::iso(Clock::System.now()).replace('T', " ")
}

/// The partitions that are verified, by the brokers that have replicas of them.
type Replicas = BTreeMap<NodeId, Vec<TopicPartition>>;

/// Goes on until something is wrong. What was told already is a terse error.
async fn verify(options: &Options) -> Result<(), Exception> {
    let mut cluster = tool::cluster(&options.brokers, &Vec::new(), "replica-verification");
    let replicas = replicas(&mut cluster, options).await?;
    let places = replicas.values().flatten();
    let times = places.map(|place| (place.clone(), options.time)).collect();
    let mut positions = BTreeMap::new();
    for (place, offset) in list_offsets(&mut cluster, &times, 0).await? {
        positions.insert(place, offset?);
    }
    say(&format!("{}: verification process is started\n", now()));
    let mut reported = Instant::now();
    loop {
        let mut copies = fetch(&mut cluster, &replicas, &positions, options).await;
        let mut worst: (Offset, Option<TopicPartition>, Offset) = (-1, None, -1);
        for (place, position) in &mut positions {
            let copies = copies.remove(place).unwrap_or_default();
            *position = judged(compare(place, *position, &copies, |line| {
                say(&format!("{}: {line}\n", now()));
            }))?;
            let latest = copies.values().map(|copy| copy.high_watermark).max().unwrap_or(-1);
            if latest - *position > worst.0 {
                worst = (latest - *position, Some(place.clone()), *position);
            }
        }
        if reported.elapsed() > options.report_interval {
            let (lag, place, offset) = worst;
            let place = place.map_or("null".to_owned(), |place| place.to_string());
            say(&format!(
                "{}: max lag is {lag} for partition {place} at offset {offset} among {} partitions\n",
                now(),
                positions.len()
            ));
            reported = Instant::now();
        }
    }
}

fn judged(outcome: Result<Offset, Trouble>) -> Result<Offset, Exception> {
    outcome.map_err(|trouble| match trouble {
        Trouble::Told => terse(""),
        Trouble::Unreadable(why) => Exception::new("java.lang.RuntimeException", why),
    })
}

async fn replicas(cluster: &mut Cluster, options: &Options) -> Result<Replicas, Exception> {
    let answer = cluster.metadata(None, false).await?;
    let mut replicas = Replicas::new();
    for topic in answer.topics {
        let name = topic.name.unwrap_or_default();
        if !options.topics.includes(&name) {
            continue;
        }
        for partition in topic.partitions {
            for node in partition.replica_nodes {
                let place = TopicPartition::new(name.clone(), partition.partition_index);
                replicas.entry(node).or_default().push(place);
            }
        }
    }
    if replicas.is_empty() {
        let why = "No topics found. [topics-include] if specified, is either filtering out all topics or there is no topic.";
        tool::log_error(why, LOGGER);
        return Err(terse(why));
    }
    Ok(replicas)
}

type Copies = BTreeMap<TopicPartition, BTreeMap<NodeId, Copy>>;

/// Asks every broker for the next bytes of its replicas. Of one that does not answer there is nothing.
async fn fetch(
    cluster: &mut Cluster,
    replicas: &Replicas,
    positions: &BTreeMap<TopicPartition, Offset>,
    options: &Options,
) -> Copies {
    let mut answers = Vec::new();
    let mut silent = false;
    for (&node, places) in replicas {
        let started = match cluster.node(node).await {
            Ok(connection) => {
                connection.version_of::<FetchRequest>().and_then(|version| {
                    let request = request(cluster, places, positions, version, options);
                    // The connection lives as long as somebody waits for its answers.
                    Ok((connection.start(&request, version)?, connection))
                })
            }
            Err(error) => Err(error),
        };
        answers.push((node, places, started));
    }
    let mut copies = Copies::new();
    for (node, places, started) in answers {
        let outcome: Result<FetchResponse, ClientError> = match started {
            Ok((answer, _connection)) => answer.wait().await,
            Err(error) => Err(error),
        };
        let mut found = match outcome {
            Ok(answer) => copies_in(cluster, answer, places),
            Err(error) => {
                tracing::warn!(node, %error, "a broker did not answer");
                silent = true;
                BTreeMap::new()
            }
        };
        for place in places {
            let copy = found.remove(place).unwrap_or_default();
            copies.entry(place.clone()).or_default().insert(node, copy);
        }
    }
    if silent {
        let wait = u64::try_from(options.max_wait_ms).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    copies
}

fn request(
    cluster: &Cluster,
    places: &[TopicPartition],
    positions: &BTreeMap<TopicPartition, Offset>,
    version: i16,
    options: &Options,
) -> FetchRequest {
    let mut topics: Vec<FetchTopic> = Vec::new();
    let mut last = None;
    for place in places {
        let partition = FetchPartition {
            partition: place.partition,
            fetch_offset: positions.get(place).copied().unwrap_or(0),
            partition_max_bytes: options.fetch_bytes,
            ..Default::default()
        };
        match topics.last_mut().filter(|_| last == Some(&place.topic)) {
            Some(topic) => topic.partitions.push(partition),
            None => topics.push(FetchTopic {
                topic: place.topic.clone(),
                topic_id: cluster.topic_id(&place.topic).unwrap_or_default(),
                partitions: vec![partition],
                ..Default::default()
            }),
        }
        last = Some(&place.topic);
    }
    let mut request = FetchRequest {
        max_wait_ms: options.max_wait_ms,
        min_bytes: 1,
        topics,
        ..Default::default()
    };
    if version <= PLAIN_REPLICA_VERSION_MAX {
        request.replica_id = DEBUGGING_REPLICA;
    } else {
        request.replica_state =
            ReplicaState { replica_id: DEBUGGING_REPLICA, ..Default::default() };
    }
    request
}

fn copies_in(
    cluster: &Cluster,
    answer: FetchResponse,
    places: &[TopicPartition],
) -> BTreeMap<TopicPartition, Copy> {
    let mut copies = BTreeMap::new();
    for topic in answer.responses {
        let is_it = |place: &&TopicPartition| {
            place.topic == topic.topic
                || (topic.topic.is_empty()
                    && cluster.topic_id(&place.topic) == Some(topic.topic_id))
        };
        let Some(name) = places.iter().find(is_it).map(|place| &place.topic) else { continue };
        for partition in topic.partitions {
            let place = TopicPartition::new(name.clone(), partition.partition_index);
            let bytes = partition.records.unwrap_or_default();
            copies.insert(place, Copy { high_watermark: partition.high_watermark, bytes });
        }
    }
    copies
}
