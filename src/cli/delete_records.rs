//! `kafka-delete-records`: raises the starts of partitions to the offsets of a file, with Kafka's words and exit codes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::options::{Exception, Given, Stop, Usage};
use super::{json, say, tool};
use crate::client::cluster::Pause;
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::{NodeId, Offset, TopicPartition, by_topic};
use crate::wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};

const USAGE: Usage = Usage::new(include_str!("usage/delete-records.txt"));
const LOGGER: &str = "org.apache.kafka.clients.admin.internals.DeleteRecordsHandler";
const TIMEOUT_MS: i32 = 30_000;

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    tool::outcome(execute(args), &USAGE)
}

fn execute(args: &[String]) -> Result<(), Stop> {
    let given = USAGE.parse_some(args)?;
    given.require(&["bootstrap-server", "offset-json-file"])?;
    let mut cluster = tool::admin_cluster(&given, "bootstrap-server")?;
    let offsets = offsets(&given)?;
    say("Executing records delete operation\n");
    let marks = tool::run(delete(&mut cluster, offsets));
    say("Records delete operation completed:\n");
    for (place, mark) in marks {
        say(&match mark {
            Ok(mark) => format!("partition: {place}\tlow_watermark: {mark}\n"),
            Err(thrown) => format!("partition: {place}\terror: {}\n", thrown.line()),
        });
    }
    Ok(())
}

/// What the file asks for, each partition once.
fn offsets(given: &Given) -> Result<BTreeMap<TopicPartition, Offset>, Exception> {
    let text = json::read(given.value("offset-json-file")?.unwrap_or_default())?;
    let listed = parse(&text)?;
    let mut offsets = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for (place, offset) in listed {
        if offsets.insert(place.clone(), offset).is_some() {
            twice.insert(place.to_string());
        }
    }
    if twice.is_empty() {
        return Ok(offsets);
    }
    let twice = twice.into_iter().collect::<Vec<_>>().join(",");
    Err(Exception::new(
        "org.apache.kafka.tools.AdminCommandFailedException",
        format!("Offset json file contains duplicate topic partitions: {twice}"),
    ))
}

fn parse(text: &str) -> Result<Vec<(TopicPartition, Offset)>, Exception> {
    let refuse = |why: &str| Exception::new("org.apache.kafka.tools.AdminOperationException", why);
    let file = json::parse(text).ok_or_else(|| refuse("The input string is not a valid JSON"))?;
    let version = file.get("version").map_or(Some(1), Value::as_i64).unwrap_or(0);
    if version != 1 {
        return Err(refuse(&format!("Not supported version field value {version}")));
    }
    if file.get("partitions").is_none() {
        return Err(refuse("Missing partitions field"));
    }
    let entry = |entry: &Value| -> Result<_, Exception> {
        let place =
            TopicPartition::new(json::text(entry, "topic")?, json::number(entry, "partition")?);
        Ok((place, json::number(entry, "offset")?))
    };
    let entries = json::list(&file, "partitions").map_err(json::unexpected)?;
    entries.iter().map(entry).collect::<Result<_, _>>().map_err(json::unexpected)
}

type Marks = BTreeMap<TopicPartition, Result<Offset, Exception>>;

/// Asks the leaders, again while an error may pass.
async fn delete(cluster: &mut Cluster, mut left: BTreeMap<TopicPartition, Offset>) -> Marks {
    let mut marks = Marks::new();
    let mut pause = Pause::until(cluster.deadline());
    let mut tries = 1;
    loop {
        let round = round(cluster, &left).await;
        for (place, outcome) in round {
            match outcome {
                Err(error) if error.is_retriable() => {}
                Err(error) => {
                    left.remove(&place);
                    log(&place, &error);
                    marks.insert(place, Err(error.into()));
                }
                Ok(mark) => {
                    left.remove(&place);
                    marks.insert(place, Ok(mark));
                }
            }
        }
        if left.is_empty() || !pause.again().await {
            break;
        }
        tries += 1;
    }
    let late = |_| Err(tool::call_timed_out("metadata", cluster.deadline(), tries));
    marks.extend(left.into_iter().map(|(place, offset)| (place, late(offset))));
    marks
}

fn log(place: &TopicPartition, error: &ClientError) {
    let Some(code) = error.code() else { return };
    let name = code.name();
    tool::log_error(
        &format!(
            "[AdminClient clientId=adminclient-1] DeleteRecords request for topic partition {place} failed due to an \
             unexpected error {name}"
        ),
        LOGGER,
    );
}

async fn round(
    cluster: &mut Cluster,
    left: &BTreeMap<TopicPartition, Offset>,
) -> Vec<(TopicPartition, Result<Offset, ClientError>)> {
    let names: BTreeSet<_> = left.keys().map(|place| place.topic.clone()).collect();
    let names: Vec<_> = names.into_iter().collect();
    if let Err(error) = cluster.metadata(Some(&names), false).await {
        let why = error.to_string();
        let failed =
            |place: &TopicPartition| (place.clone(), Err(ClientError::Timeout(why.clone())));
        return left.keys().map(failed).collect();
    }
    let mut outcomes = Vec::new();
    let mut leaders: BTreeMap<NodeId, Vec<(&TopicPartition, DeleteRecordsPartition)>> =
        BTreeMap::new();
    for (place, &offset) in left {
        let Some(leader) = cluster.leader(&place.topic, place.partition) else {
            let error = ClientError::Api(ErrorCode::LeaderNotAvailable.into());
            outcomes.push((place.clone(), Err(error)));
            continue;
        };
        let partition_index = place.partition;
        let partition = DeleteRecordsPartition { partition_index, offset, ..Default::default() };
        leaders.entry(leader).or_default().push((place, partition));
    }
    for (leader, each) in leaders {
        let topics = by_topic(each).into_iter().map(|(name, partitions)| DeleteRecordsTopic {
            name: name.to_owned(),
            partitions,
            ..Default::default()
        });
        outcomes.extend(ask(cluster, leader, topics.collect()).await);
    }
    outcomes
}

async fn ask(
    cluster: &mut Cluster,
    leader: NodeId,
    topics: Vec<DeleteRecordsTopic>,
) -> Vec<(TopicPartition, Result<Offset, ClientError>)> {
    let request = DeleteRecordsRequest { topics, timeout_ms: TIMEOUT_MS, ..Default::default() };
    let answer = match cluster.node(leader).await {
        Ok(connection) => connection.ask(&request).await,
        Err(error) => Err(error),
    };
    let Ok(answer) = answer else { return Vec::new() };
    let topics = answer.topics.into_iter();
    let outcomes = topics.flat_map(|topic| {
        topic.partitions.into_iter().map(move |partition| {
            let place = TopicPartition::new(topic.name.clone(), partition.partition_index);
            let outcome = ClientError::check(partition.error_code, None);
            (place, outcome.map(|()| partition.low_watermark))
        })
    });
    outcomes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        let good = parse(r#"{"partitions":[{"topic":"t","partition":1,"offset":-1}]}"#);
        assert_eq!(good, Ok(vec![(TopicPartition::new("t", 1), -1)]));
        let says = |text| parse(text).expect_err("it is wrong").message;
        assert_eq!(says("{"), "The input string is not a valid JSON");
        assert_eq!(says(r#"{"version":2}"#), "Not supported version field value 2");
        assert_eq!(says("{}"), "Missing partitions field");
        assert!(
            says(r#"{"partitions":[{"topic":"t"}]}"#)
                .ends_with("No such field exists: `partition`")
        );
    }
}
