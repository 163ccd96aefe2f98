//! `kafka-leader-election`: elects preferred or unclean leaders, with Kafka's options, words and exit codes.

use std::collections::BTreeSet;

use super::java::sort_as_hash_map;
use super::options::{Exception, Given, Stop, Usage};
use super::{json, say, tool};
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::{PartitionId, TopicPartition, by_topic};
use crate::wire::messages::elect_leaders::{ElectLeadersRequest, TopicPartitions};

const USAGE: Usage = Usage::new(include_str!("usage/leader-election.txt"));
const TIMEOUT_MS: i32 = 30_000;

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    tool::outcome(execute(args), &USAGE)
}

fn execute(args: &[String]) -> Result<(), Stop> {
    let given = USAGE.parse_some(args)?;
    let kind = election_type(&given)?;
    check(&given)?;
    let partitions = partitions(&given)?;
    let file = if given.has("command-config") { "command-config" } else { "admin.config" };
    let mut cluster = tool::cluster_with(&given, "bootstrap-server", file)?;
    Ok(tool::run(elect(&mut cluster, kind, partitions))?)
}

/// The name of the election and its number; none where it was not given.
fn election_type(given: &Given) -> Result<Option<(&'static str, i8)>, Exception> {
    let Some(text) = given.value("election-type")? else { return Ok(None) };
    match text.to_ascii_uppercase().as_str() {
        "PREFERRED" => Ok(Some(("PREFERRED", 0))),
        "UNCLEAN" => Ok(Some(("UNCLEAN", 1))),
        _ => Err(Exception {
            class: "joptsimple.OptionArgumentConversionException".to_owned(),
            message: format!("Cannot parse argument '{text}' of option election-type"),
            causes: vec![format!(
                "joptsimple.ValueConversionException: Value [{text}] is not one of [[PREFERRED,UNCLEAN]]"
            )],
            ..Exception::default()
        }),
    }
}

fn failed(message: impl Into<String>) -> Exception {
    Exception::new("org.apache.kafka.tools.AdminCommandFailedException", message)
}

fn check(given: &Given) -> Result<(), Exception> {
    let missing: Vec<_> = ["bootstrap-server", "election-type"]
        .into_iter()
        .filter(|option| !given.has(option))
        .collect();
    if !missing.is_empty() {
        return Err(failed(format!("Missing required option(s): {}", missing.join(", "))));
    }
    let ways = ["topic", "all-topic-partitions", "path-to-json-file"];
    if ways.into_iter().filter(|option| given.has(option)).count() != 1 {
        return Err(failed(format!(
            "One and only one of the following options is required: {}",
            ways.join(", ")
        )));
    }
    match (given.has("topic"), given.has("partition")) {
        (true, false) => Err(failed("Missing required option(s): partition")),
        (false, true) => Err(failed("Option partition is only allowed if topic is used")),
        _ => Ok(()),
    }
}

/// The partitions that are meant; none means all.
fn partitions(given: &Given) -> Result<Option<BTreeSet<TopicPartition>>, Exception> {
    if let Some(path) = given.value("path-to-json-file")? {
        return parse(&json::read(path)?).map(Some);
    }
    let Some(topic) = given.value("topic")? else { return Ok(None) };
    let partition = given.number("partition")?.unwrap_or_default();
    Ok(Some(BTreeSet::from([TopicPartition::new(topic, partition)])))
}

fn parse(text: &str) -> Result<BTreeSet<TopicPartition>, Exception> {
    let refuse =
        |why: String| Exception::new("org.apache.kafka.server.common.AdminOperationException", why);
    let file =
        json::parse(text).ok_or_else(|| refuse("Replica election data is empty".to_owned()))?;
    if file.get("partitions").is_none() {
        return Err(refuse("Replica election data is missing \"partitions\" field".to_owned()));
    }
    let (mut places, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for entry in json::list(&file, "partitions").map_err(json::unexpected)? {
        let place = || -> Result<_, Exception> {
            Ok(TopicPartition::new(json::text(entry, "topic")?, json::number(entry, "partition")?))
        };
        let place = place().map_err(json::unexpected)?;
        if !places.insert(place.clone()) {
            twice.insert(place.to_string());
        }
    }
    if twice.is_empty() {
        return Ok(places);
    }
    let twice = twice.into_iter().collect::<Vec<_>>().join(",");
    Err(refuse(format!("Replica election data contains duplicate partitions: {twice}")))
}

async fn elect(
    cluster: &mut Cluster,
    kind: Option<(&str, i8)>,
    partitions: Option<BTreeSet<TopicPartition>>,
) -> Result<(), Exception> {
    let (name, election_type) = kind.unwrap_or_default();
    let topic_partitions = partitions.as_ref().map(|places| {
        let topics = by_topic(places.iter().map(|place| (place, place.partition)));
        let topic = |(topic, partitions): (&str, Vec<PartitionId>)| TopicPartitions {
            topic: topic.to_owned(),
            partitions,
            ..Default::default()
        };
        topics.into_iter().map(topic).collect()
    });
    let request = ElectLeadersRequest {
        election_type,
        topic_partitions,
        timeout_ms: TIMEOUT_MS,
        ..Default::default()
    };
    let answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, None).map_err(|error| match error.code() {
        Some(ErrorCode::ClusterAuthorizationFailed) => {
            failed("Not authorized to perform leader election")
        }
        _ => failed(error.to_string()),
    })?;
    let (mut elected, mut valid, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for topic in answer.replica_election_results {
        for result in topic.partition_result {
            let place = TopicPartition::new(topic.topic.clone(), result.partition_id);
            match ErrorCode::from_code(result.error_code) {
                Some(ErrorCode::None) => elected.push(place),
                Some(ErrorCode::ElectionNotNeeded) => valid.push(place),
                _ => failures
                    .push((place, ClientError::api(result.error_code, result.error_message))),
            }
        }
    }
    report(name, elected, valid, failures)
}

fn report(
    name: &str,
    mut elected: Vec<TopicPartition>,
    mut valid: Vec<TopicPartition>,
    failures: Vec<(TopicPartition, ClientError)>,
) -> Result<(), Exception> {
    let list = |places: &mut Vec<TopicPartition>| {
        sort_as_hash_map(places);
        places.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    if !elected.is_empty() {
        say(&format!(
            "Successfully completed leader election ({name}) for partitions {}\n",
            list(&mut elected)
        ));
    }
    if !valid.is_empty() {
        say(&format!("Valid replica already elected for partitions {}\n", list(&mut valid)));
    }
    if failures.is_empty() {
        return Ok(());
    }
    let mut thrown = failed(format!("{} replica(s) could not be elected", failures.len()));
    for (place, error) in failures {
        let line = Exception::from(error).line();
        say(&format!("Error completing leader election ({name}) for partition: {place}: {line}\n"));
        thrown.suppressed.push(line);
    }
    Err(thrown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(line: &str) -> String {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        match execute(&args) {
            Err(Stop::Throw(thrown)) => thrown.message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn complaints() {
        assert_eq!(
            complaint("--bootstrap-server x --election-type best"),
            "Cannot parse argument 'best' of option election-type"
        );
        assert_eq!(
            complaint("--topic t"),
            "Missing required option(s): bootstrap-server, election-type"
        );
        let start = "--bootstrap-server x --election-type preferred ";
        assert_eq!(
            complaint(&format!("{start} --topic t --all-topic-partitions")),
            "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file"
        );
        assert_eq!(
            complaint(&format!("{start} --topic t")),
            "Missing required option(s): partition"
        );
    }

    #[test]
    fn files() {
        let places = parse(r#"{"partitions":[{"topic":"t","partition":1}]}"#);
        assert_eq!(places, Ok(BTreeSet::from([TopicPartition::new("t", 1)])));
        let twice = r#"{"partitions":[{"topic":"t","partition":1},{"topic":"t","partition":1}]}"#;
        assert!(parse(twice).expect_err("twice").message.ends_with("duplicate partitions: t-1"));
    }
}
