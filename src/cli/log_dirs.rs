//! `kafka-log-dirs`: what lies in the log directories of brokers, as JSON, with Kafka's options, words and exit codes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::java::sort_as_hash_map;
use super::options::{Exception, Given, Stop, Usage};
use super::say;
use super::tool::{self, terse};
use crate::client::Cluster;
use crate::error::ErrorCode;
use crate::types::{NodeId, TopicPartition};
use crate::wire::messages::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResult,
};

const USAGE: Usage = Usage::new(include_str!("usage/log-dirs.txt"));

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    tool::outcome(execute(args), &USAGE)
}

fn execute(args: &[String]) -> Result<(), Stop> {
    let given = USAGE.parse_some(args)?;
    given.require(&["bootstrap-server", "describe"])?;
    let mut cluster = tool::admin_cluster(&given, "bootstrap-server")?;
    Ok(tool::run(describe(&mut cluster, &given))?)
}

/// The words of a list with commas.
fn list<'a>(given: &'a Given, option: &str) -> Result<Vec<&'a str>, Exception> {
    let words = given.value(option)?.unwrap_or_default().split(',');
    Ok(words.filter(|word| !word.is_empty()).collect())
}

async fn describe(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let topics = list(given, "topic-list")?;
    let existing = cluster.node_ids().await?;
    let brokers = brokers(&list(given, "broker-list")?, &existing)?;
    say("Querying brokers for log directories information\n");
    let mut described = Vec::new();
    for &broker in &brokers {
        let request = DescribeLogDirsRequest { topics: None, ..Default::default() };
        let answer = cluster.node(broker).await?.ask(&request).await?;
        let dirs: Vec<Value> =
            answer.results.into_iter().map(|result| directory(result, &topics)).collect();
        described.push(json!({"broker": broker, "logDirs": dirs}));
    }
    let brokers: Vec<_> = brokers.iter().map(ToString::to_string).collect();
    let brokers = brokers.join(",");
    say(&format!("Received log directory information from brokers {brokers}\n"));
    say(&format!("{}\n", json!({"brokers": described, "version": 1})));
    Ok(())
}

/// The brokers that were asked for, or all.
fn brokers(asked: &[&str], existing: &[NodeId]) -> Result<Vec<NodeId>, Exception> {
    if asked.is_empty() {
        return Ok(existing.to_vec());
    }
    let number = |text: &&str| {
        let what = format!("For input string: \"{text}\"");
        text.parse().map_err(|_| Exception::new("java.lang.NumberFormatException", what))
    };
    let asked = asked.iter().map(number).collect::<Result<Vec<NodeId>, _>>()?;
    let text = |ids: &[NodeId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let missing: Vec<_> = asked.iter().copied().filter(|id| !existing.contains(id)).collect();
    if missing.is_empty() {
        return Ok(asked);
    }
    Err(terse(format!(
        "ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
        text(&missing),
        text(existing)
    )))
}

fn directory(result: DescribeLogDirsResult, topics: &[&str]) -> Value {
    let mut replicas: BTreeMap<TopicPartition, DescribeLogDirsPartition> = BTreeMap::new();
    for topic in result.topics {
        for partition in topic.partitions {
            let place = TopicPartition::new(topic.name.clone(), partition.partition_index);
            replicas.insert(place, partition);
        }
    }
    // As Kafka, in the order of all that are there, then those that are wanted.
    let mut places: Vec<_> = replicas.keys().cloned().collect();
    sort_as_hash_map(&mut places);
    places.retain(|place| topics.is_empty() || topics.contains(&place.topic.as_str()));
    let shown = places.iter().filter_map(|place| {
        let replica = replicas.get(place)?;
        Some(json!({
            "partition": place.to_string(),
            "size": replica.partition_size,
            "offsetLag": replica.offset_lag,
            "isFuture": replica.is_future_key,
        }))
    });
    let error = ErrorCode::from_code(result.error_code).filter(|code| code.is_error());
    json!({
        "partitions": shown.collect::<Vec<_>>(),
        "error": error.map(tool::exception_class),
        "logDir": result.log_dir,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked() {
        assert_eq!(brokers(&[], &[1, 2]), Ok(vec![1, 2]));
        assert_eq!(brokers(&["2"], &[1, 2]), Ok(vec![2]));
        let why = brokers(&["1", "7", "9"], &[1, 2]).expect_err("two are missing").message;
        assert!(why.ends_with("from --broker-list: 7,9. Current existent brokers: 1,2"));
    }
}
