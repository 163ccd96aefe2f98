//! The JSON that says where replicas are or should be, and the checks that it must pass.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Assignment, LogDirs, failed, joined};
use crate::cli::json;
use crate::cli::options::Exception;
use crate::types::{NodeId, TopicPartition};

/// The directory that stands for whichever the broker likes.
const ANY: &str = "any";

/// A file's text.
pub(super) fn read(path: &str) -> Result<String, Exception> {
    std::fs::read_to_string(path)
        .map_err(|_| Exception::new("java.io.IOException", format!("Unable to read file {path}")))
}

/// As Kafka writes it; replicas whose directory is not known may be in any.
pub(super) fn write(assignment: &Assignment, dirs: &LogDirs) -> String {
    let partitions: Vec<Value> = assignment
        .iter()
        .map(|(place, replicas)| {
            let dir = |node: &NodeId| dirs.get(&(place.clone(), *node)).map_or(ANY, String::as_str);
            json!({
                "topic": place.topic,
                "partition": place.partition,
                "replicas": replicas,
                "log_dirs": replicas.iter().map(dir).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({"version": 1, "partitions": partitions}).to_string()
}

/// What a file asks for: brokers, and directories where it names any.
pub(super) fn parse(text: &str) -> Result<(Assignment, LogDirs), Exception> {
    let mut assignment = Assignment::new();
    let mut dirs = LogDirs::new();
    let mut twice = BTreeSet::new();
    for (place, replicas, places) in entries(text)? {
        for (&node, dir) in replicas.iter().zip(places).filter(|(_, dir)| dir != ANY) {
            dirs.insert((place.clone(), node), dir);
        }
        if assignment.insert(place.clone(), replicas).is_some() {
            twice.insert(place);
        }
    }
    if assignment.is_empty() {
        return Err(failed("Partition reassignment list cannot be empty"));
    }
    if assignment.values().any(Vec::is_empty) {
        return Err(failed("Partition replica list cannot be empty"));
    }
    if !twice.is_empty() {
        let twice = joined(twice);
        return Err(failed(format!(
            "Partition reassignment contains duplicate topic partitions: {twice}"
        )));
    }
    let doubled = assignment.iter().filter_map(|(place, replicas)| {
        let mut seen = BTreeSet::new();
        let again: BTreeSet<_> = replicas.iter().filter(|node| !seen.insert(**node)).collect();
        (!again.is_empty())
            .then(|| format!("{place} contains multiple entries for {}", joined(again)))
    });
    let doubled: Vec<_> = doubled.collect();
    if !doubled.is_empty() {
        let doubled = doubled.join("; ");
        return Err(failed(format!(
            "Partition replica lists may not contain duplicate entries: {doubled}"
        )));
    }
    Ok((assignment, dirs))
}

type Entry = (TopicPartition, Vec<NodeId>, Vec<String>);

fn entries(text: &str) -> Result<Vec<Entry>, Exception> {
    let file = file(text)?;
    if file.get("partitions").is_none() {
        return Ok(Vec::new());
    }
    let entry = |entry: &Value| -> Result<Entry, Exception> {
        let place =
            TopicPartition::new(json::text(entry, "topic")?, json::number(entry, "partition")?);
        let node = |node: &Value| node.as_i64().and_then(|node| NodeId::try_from(node).ok());
        let replicas: Vec<NodeId> =
            json::list(entry, "replicas")?.iter().filter_map(node).collect();
        let dirs = match entry.get("log_dirs") {
            None => vec![ANY.to_owned(); replicas.len()],
            Some(_) => {
                let dirs = json::list(entry, "log_dirs")?.iter().filter_map(Value::as_str);
                dirs.map(str::to_owned).collect()
            }
        };
        if dirs.len() != replicas.len() {
            return Err(failed(format!(
                "Size of replicas list [{}] is different from size of log dirs list [{}] for partition {place}",
                joined(&replicas),
                joined(&dirs)
            )));
        }
        Ok((place, replicas, dirs))
    };
    json::list(&file, "partitions")?.iter().map(entry).collect()
}

fn file(text: &str) -> Result<Value, Exception> {
    let refuse = |why: &str| Exception::new("org.apache.kafka.tools.AdminOperationException", why);
    if text.trim().is_empty() {
        return Err(refuse("The input string shouldn't be empty"));
    }
    let file = json::parse(text).ok_or_else(|| refuse("The input string is not a valid JSON"))?;
    match file.get("version").map_or(Some(1), Value::as_i64) {
        Some(1) => Ok(file),
        version => {
            let version = version.unwrap_or_default();
            Err(refuse(&format!("Not supported version field value {version}")))
        }
    }
}

/// The topics that `--topics-to-move-json-file` names.
pub(super) fn topics(text: &str) -> Result<Vec<String>, Exception> {
    let file = file(text)?;
    let Some(_) = file.get("topics") else { return Ok(Vec::new()) };
    let topics = json::list(&file, "topics")?.iter().map(|entry| json::text(entry, "topic"));
    let topics = topics.collect::<Result<Vec<_>, _>>()?;
    match duplicates(&topics) {
        twice if twice.is_empty() => Ok(topics),
        twice => {
            let twice = joined(twice);
            Err(failed(format!("List of topics to reassign contains duplicate entries: {twice}")))
        }
    }
}

/// What is there more than once.
pub(super) fn duplicates<T: Ord>(all: &[T]) -> BTreeSet<&T> {
    let mut seen = BTreeSet::new();
    all.iter().filter(|one| !seen.insert(*one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let text = r#"{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["/a","any"]}]}"#;
        let (assignment, dirs) = parse(text).expect("it can be read");
        assert_eq!(dirs.len(), 1);
        assert_eq!(write(&assignment, &dirs), text);
    }

    #[test]
    fn complaints() {
        let says = |partitions: &str| {
            let text = format!("{{\"partitions\":[{partitions}]}}");
            parse(&text).expect_err("it is wrong").message
        };
        assert_eq!(says(""), "Partition reassignment list cannot be empty");
        assert_eq!(
            says(r#"{"topic":"t","partition":0,"replicas":[1,1]}"#),
            "Partition replica lists may not contain duplicate entries: t-0 contains multiple entries for 1"
        );
        assert_eq!(
            says(r#"{"topic":"t","partition":0,"replicas":[]}"#),
            "Partition replica list cannot be empty"
        );
        assert!(parse("").expect_err("empty").message.ends_with("shouldn't be empty"));
        let topics = topics(r#"{"topics":[{"topic":"a"},{"topic":"a"}]}"#);
        assert!(topics.expect_err("twice").message.ends_with("duplicate entries: a"));
    }
}
