//! `kafka-client-compatibility-test`: whether a cluster has what a client expects of it, and has not what it does not
//! expect, with Kafka's options, words and exit codes.
//!
//! It leaves a topic `newtopic` behind, as Kafka's does.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::argparse::{Parsed, Program, Stop};
use super::consumer::Consumer;
use super::consumer::settings::{Settings as Consuming, Start, Subject};
use super::options::Exception;
use super::producer::settings::Settings as Producing;
use super::producer::{Producer, Record};
use super::{complain, say, tool};
use crate::client::offsets::{EARLIEST, LATEST, list_offsets};
use crate::client::{ClientError, Cluster};
use crate::clock::Clock;
use crate::error::ErrorCode;
use crate::types::{Millis, NodeId, TopicPartition};
use crate::wire::messages::describe_acls::DescribeAclsRequest;
use crate::wire::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use crate::wire::messages::metadata::MetadataResponse;

const TOOL: Program = Program {
    name: "client-compatibility-test",
    help: include_str!("usage/client-compatibility-test.txt"),
    commands: &[],
};
const KAFKA_EXCEPTION: &str = "org.apache.kafka.common.KafkaException";
const NEW_TOPIC: &str = "newtopic";
/// How long the records may take from the start of the test to the consumer.
const PATIENCE: Duration = Duration::from_millis(10_000);
const RETRY: Duration = Duration::from_millis(10);
/// What the first and the second record hold, in bytes. The second is larger than what is fetched at once.
const SIZES: [usize; 2] = [8, 4096];
const FETCH_BYTES: i32 = 512;
/// What stands for any kind of resource, pattern, operation or permission in a filter of ACLs.
const ANY: i8 = 1;
const BROKER: i8 = 4;

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    if args.is_empty() {
        say(TOOL.help);
        return 0;
    }
    let expected = match TOOL.parse(args).and_then(|parsed| Expected::of(&parsed)) {
        Ok(expected) => expected,
        Err(stop) => return tool::unparsed(stop, 0),
    };
    match tool::run(test(&expected)) {
        Ok(Outcome::AsExpected) => {
            say("SUCCESS.\n");
            0
        }
        Ok(Outcome::NotOurs) => 1,
        Err(thrown) => {
            say(&format!("FAILED: Caught exception {}\n\n", thrown.message));
            complain(&thrown.trace());
            1
        }
    }
}

enum Outcome {
    AsExpected,
    /// Somebody else's record came second, which was told.
    NotOurs,
}

/// What the client expects.
struct Expected {
    bootstrap: String,
    topic: String,
    nodes: usize,
    offsets_for_times: bool,
    cluster_id: bool,
    record_too_large: bool,
    create_topics: bool,
    describe_acls: bool,
    describe_configs: bool,
    idempotence: bool,
}

impl Expected {
    fn of(parsed: &Parsed) -> Result<Self, Stop> {
        // Whatever is not true is false to Java.
        let is = |name| parsed.value(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let nodes = TOOL.number::<i32>(parsed, "num-cluster-nodes", "Integer")?.unwrap_or(0);
        let text = |name| parsed.value(name).unwrap_or_default().to_owned();
        Ok(Self {
            bootstrap: text("bootstrap-server"),
            topic: text("topic"),
            nodes: usize::try_from(nodes).unwrap_or(0),
            offsets_for_times: is("offsets-for-times-supported"),
            cluster_id: is("cluster-id-supported"),
            record_too_large: is("expect-record-too-large-exception"),
            create_topics: is("create-topics-supported"),
            describe_acls: is("describe-acls-supported"),
            describe_configs: is("describe-configs-supported"),
            idempotence: is("idempotent-producer-supported"),
        })
    }
}

async fn test(expected: &Expected) -> Result<Outcome, Exception> {
    let start = (Instant::now(), Clock::System.now());
    let records = SIZES.map(|size| payload(start.1, size));
    administer(expected).await?;
    produce(expected, &records).await?;
    consume(expected, start, &records).await
}

/// Numbers that count on from a moment, so that they are nobody else's.
fn payload(now: Millis, size: usize) -> Vec<u8> {
    (0..).step_by(8).take(size / 8).flat_map(|at: Millis| (now + at).to_be_bytes()).collect()
}

fn runtime(message: impl Into<String>) -> Exception {
    Exception::new("java.lang.RuntimeException", message)
}

/// Whether `attempt` goes well, and may.
async fn feature(
    name: &str,
    is_expected: bool,
    attempt: impl Future<Output = Result<(), Exception>>,
) -> Result<(), Exception> {
    let unsupported = tool::exception_class(ErrorCode::UnsupportedVersion);
    match attempt.await {
        Err(thrown) if thrown.class == unsupported && is_expected => {
            let mut why = runtime(format!("Expected {name} to be supported, but it wasn't."));
            why.causes.push(thrown.line());
            Err(why)
        }
        Err(thrown) if thrown.class == unsupported => Ok(()),
        Ok(()) if !is_expected => {
            Err(runtime(format!("Did not expect {name} to be supported, but it was.")))
        }
        other => other,
    }
}

async fn administer(expected: &Expected) -> Result<(), Exception> {
    let mut cluster = tool::cluster(&expected.bootstrap, &Vec::new(), "adminclient-1");
    let node = loop {
        cluster.metadata(Some(&[]), false).await?;
        let nodes: Vec<_> = cluster.nodes().map(|node| node.id).collect();
        if nodes.len() > expected.nodes {
            let (wanted, seen) = (expected.nodes, nodes.len());
            let why = format!("Expected to see {wanted} nodes, but saw {seen}");
            return Err(Exception::new(KAFKA_EXCEPTION, why));
        }
        if nodes.len() == expected.nodes {
            break nodes.first().copied().unwrap_or(-1);
        }
        tokio::time::sleep(RETRY).await;
    };
    let configs = describe_configs(&mut cluster, node);
    feature("describeConfigsSupported", expected.describe_configs, configs).await?;
    feature("createTopics", expected.create_topics, create_topic(&mut cluster)).await?;
    if expected.create_topics {
        see_topic(&mut cluster).await?;
    }
    let acls = describe_acls(&mut cluster);
    feature("describeAclsSupported", expected.describe_acls, acls).await
}

async fn describe_configs(cluster: &mut Cluster, node: NodeId) -> Result<(), Exception> {
    let resource = DescribeConfigsResource {
        resource_type: BROKER,
        resource_name: node.to_string(),
        configuration_keys: None,
        ..Default::default()
    };
    let request = DescribeConfigsRequest { resources: vec![resource], ..Default::default() };
    let answer = cluster.node(node).await?.ask(&request).await?;
    for result in &answer.results {
        ClientError::check(result.error_code, result.error_message.clone())?;
    }
    if answer.results.iter().all(|result| result.configs.is_empty()) {
        let why = "Expected to see config entries, but got zero entries";
        return Err(Exception::new(KAFKA_EXCEPTION, why));
    }
    Ok(())
}

async fn create_topic(cluster: &mut Cluster) -> Result<(), Exception> {
    for topic in cluster.ask(&tool::small_topic(NEW_TOPIC)).await?.topics {
        ClientError::check(topic.error_code, topic.error_message)?;
    }
    Ok(())
}

/// Waits until the topic is told of.
async fn see_topic(cluster: &mut Cluster) -> Result<(), Exception> {
    loop {
        let answer = cluster.metadata(None, false).await?;
        let mut topics = answer.topics.iter();
        match topics.find(|topic| topic.name.as_deref() == Some(NEW_TOPIC)) {
            Some(topic) if topic.is_internal => {
                let why = format!("Did not expect {NEW_TOPIC} to be an internal topic.");
                return Err(Exception::new(KAFKA_EXCEPTION, why));
            }
            Some(_) => return Ok(()),
            None => tokio::time::sleep(RETRY).await,
        }
    }
}

async fn describe_acls(cluster: &mut Cluster) -> Result<(), Exception> {
    let request = DescribeAclsRequest {
        resource_type_filter: ANY,
        resource_name_filter: None,
        pattern_type_filter: ANY,
        principal_filter: None,
        host_filter: None,
        operation: ANY,
        permission_type: ANY,
        ..Default::default()
    };
    let answer = cluster.ask(&request).await?;
    match ClientError::check(answer.error_code, answer.error_message) {
        // It is supported, and turned off.
        Err(error) if error.code() == Some(ErrorCode::SecurityDisabled) => Ok(()),
        other => Ok(other?),
    }
}

async fn produce(expected: &Expected, records: &[Vec<u8>]) -> Result<(), Exception> {
    let mut properties = vec![("bootstrap.servers".to_owned(), expected.bootstrap.clone())];
    if !expected.idempotence {
        properties.push(("enable.idempotence".to_owned(), "false".to_owned()));
    }
    let mut producer: Producer<()> = Producer::new(Producing::new(&properties)?, &expected.topic);
    for value in records {
        let timestamp = Clock::System.now();
        let record = Record { timestamp, value: Some(value), ..Record::default() };
        producer.send(record, ()).await.map_err(Exception::in_execution)?;
    }
    producer.flush().await;
    while let Some(done) = producer.done() {
        done.outcome.map_err(Exception::in_execution)?;
    }
    Ok(())
}

async fn consume(
    expected: &Expected,
    start: (Instant, Millis),
    records: &[Vec<u8>],
) -> Result<Outcome, Exception> {
    let mut cluster = tool::cluster(&expected.bootstrap, &Vec::new(), "consumer-1");
    let topics = [expected.topic.clone()];
    let metadata = cluster.metadata(Some(&topics), true).await?;
    check_cluster_id(expected, &metadata)?;
    let partitions = metadata.topics.iter().flat_map(|topic| &topic.partitions);
    let places: Vec<_> = partitions
        .map(|partition| TopicPartition::new(expected.topic.clone(), partition.partition_index))
        .collect();
    if places.is_empty() {
        let topic = &expected.topic;
        return Err(runtime(format!("Expected at least one partition for topic {topic}")));
    }
    let at = |time: Millis| places.iter().map(|place| (place.clone(), time)).collect();
    let times = offsets(&mut cluster, at(start.1));
    feature("offsetsForTimes", expected.offsets_for_times, times).await?;
    offsets(&mut cluster, at(EARLIEST)).await?;
    offsets(&mut cluster, at(LATEST)).await?;
    let seen = read(expected, start.0 + PATIENCE).await?;
    let [first, second] = seen.as_slice() else {
        return Err(runtime(format!("Timed out after {} ms.", PATIENCE.as_millis())));
    };
    if records.first() != Some(first) {
        return Err(runtime(
            "The first message in this topic was not ours. Please use a new topic when running this program.",
        ));
    }
    // A consumer has been given the batch whatever its size for long.
    if expected.record_too_large {
        return Err(runtime(
            "Expected to get a RecordTooLargeException when reading a record bigger than max.partition.fetch.bytes",
        ));
    }
    if records.get(1) != Some(second) {
        say(
            "The second message in this topic was not ours. Please use a new topic when running this program.\n",
        );
        return Ok(Outcome::NotOurs);
    }
    Ok(Outcome::AsExpected)
}

fn check_cluster_id(expected: &Expected, metadata: &MetadataResponse) -> Result<(), Exception> {
    match (expected.cluster_id, &metadata.cluster_id) {
        (true, None) => Err(runtime("Expected cluster id to be supported, but it was null.")),
        (false, Some(_)) => Err(runtime("Expected cluster id to be null, but it was supported.")),
        _ => Ok(()),
    }
}

async fn offsets(
    cluster: &mut Cluster,
    times: BTreeMap<TopicPartition, Millis>,
) -> Result<(), Exception> {
    for offset in list_offsets(cluster, &times, 0).await?.into_values() {
        offset?;
    }
    Ok(())
}

/// The values of the topic's first two records, or of fewer when the time is over.
async fn read(expected: &Expected, end: Instant) -> Result<Vec<Vec<u8>>, Exception> {
    let subject = Subject::Whole(expected.topic.clone(), Start::Time(EARLIEST));
    let mut settings = Consuming::new(subject, Vec::new())?;
    settings.bootstrap = expected.bootstrap.clone();
    settings.partition_bytes = FETCH_BYTES;
    let mut consumer = Consumer::new(settings);
    let mut seen = Vec::new();
    while seen.len() < SIZES.len() && Instant::now() < end {
        let Some(chunk) = consumer.poll(Some(end)).await? else { continue };
        chunk.records(|_, record| {
            seen.push(record.value.unwrap_or_default().to_vec());
            if seen.len() < SIZES.len() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
    }
    consumer.close().await;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_count_on() {
        assert_eq!(payload(5, 8), [0, 0, 0, 0, 0, 0, 0, 5]);
        let long = payload(5, 4096);
        assert_eq!((long.len(), long.last()), (4096, Some(&0xfd)));
    }

    #[test]
    fn what_is_not_expected_is_an_error() {
        let unsupported =
            || Exception::new(&tool::exception_class(ErrorCode::UnsupportedVersion), "no");
        let outcome = |is_expected, outcome: Result<(), Exception>| {
            tool::run(feature("x", is_expected, async { outcome })).map_err(|thrown| thrown.message)
        };
        assert_eq!(outcome(true, Ok(())), Ok(()));
        assert_eq!(outcome(false, Err(unsupported())), Ok(()));
        assert_eq!(
            outcome(true, Err(unsupported())),
            Err("Expected x to be supported, but it wasn't.".to_owned())
        );
        assert_eq!(
            outcome(false, Ok(())),
            Err("Did not expect x to be supported, but it was.".to_owned())
        );
        assert_eq!(outcome(false, Err(runtime("else"))), Err("else".to_owned()));
    }
}
