//! `kafka-get-offsets`: the offsets of partitions at a time, with Kafka's options, words and exit codes.

use std::collections::BTreeMap;

use super::options::{Exception, Given, Stop, Usage};
use super::tool::{self, IncludeList, terse};
use super::{complain, say};
use crate::client::offsets::list_offsets;
use crate::client::{ClientError, Cluster};
use crate::types::{Millis, PartitionId, TopicPartition, is_internal_topic};

const USAGE: Usage = Usage::new(include_str!("usage/get-offsets.txt"));

/// The times that have a name, and the numbers that stand for them.
const TIMES: [(&str, Millis); 6] = [
    ("latest", -1),
    ("earliest", -2),
    ("max-timestamp", -3),
    ("earliest-local", -4),
    ("latest-tiered", -5),
    ("earliest-pending-upload", -6),
];

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let outcome = options(args).and_then(|options| {
        let mut cluster = tool::admin_cluster(&options.given, "bootstrap-server")?;
        Ok(tool::run(print(&mut cluster, &options))?)
    });
    match outcome {
        Ok(()) => 0,
        Err(stop) => tool::stopped(stop, &USAGE, |thrown| {
            complain("Error occurred: ");
            if thrown.class.starts_with("joptsimple.") {
                return tool::failed(&terse(thrown.message));
            }
            tool::failed(&thrown)
        }),
    }
}

struct Options {
    given: Given,
    time: Millis,
    rules: Vec<Rule>,
}

/// Which partitions of which topics.
struct Rule {
    topics: IncludeList,
    from: PartitionId,
    /// The first that is not meant any more.
    until: PartitionId,
}

impl Rule {
    fn includes(&self, place: &TopicPartition) -> bool {
        (self.from..self.until).contains(&place.partition) && self.topics.includes(&place.topic)
    }
}

fn options(args: &[String]) -> Result<Options, Stop> {
    let given = USAGE.parse_some(args)?;
    given.require(&["bootstrap-server"])?;
    let (topic, partitions) = (given.value("topic")?, given.value("partitions")?);
    let rules = match given.value("topic-partitions")? {
        Some(_) if topic.is_some() || partitions.is_some() => {
            return Err(
                terse("--topic-partitions cannot be used with --topic or --partitions").into()
            );
        }
        Some(text) => text.split(',').map(rule).collect::<Result<_, _>>()?,
        None => plain_rules(topic, partitions)?,
    };
    let time = time(given.value("time")?.unwrap_or("latest"))?;
    Ok(Options { time, rules, given })
}

fn time(text: &str) -> Result<Millis, Exception> {
    let named = TIMES.iter().find(|(name, _)| *name == text).map(|(_, time)| *time);
    named.or_else(|| text.parse().ok()).ok_or_else(|| {
        terse(format!(
            "Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or \
             earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp"
        ))
    })
}

/// The topics that a pattern means, and of these the partitions of a list.
fn plain_rules(topic: Option<&str>, partitions: Option<&str>) -> Result<Vec<Rule>, Exception> {
    let rule = |from, until| -> Result<Rule, Exception> {
        Ok(Rule { topics: IncludeList::new(topic.unwrap_or(".*"))?, from, until })
    };
    let Some(list) = partitions.filter(|list| !list.is_empty()) else {
        return Ok(vec![rule(0, PartitionId::MAX)?]);
    };
    let one = |text: &str| match text.parse::<PartitionId>() {
        Ok(partition) => rule(partition, partition.saturating_add(1)),
        Err(_) => Err(terse(format!(
            "--partitions expects a comma separated list of numeric partition ids, but received: {list}"
        ))),
    };
    list.split(',').map(one).collect()
}

/// `topic`, `topic:3`, `topic:3-`, `topic:-5` or `topic:3-5`; the topic is a pattern and may be left out.
fn rule(text: &str) -> Result<Rule, Exception> {
    let wrong = || {
        let terse = terse(format!("Invalid rule specification: {text}"));
        super::json::unexpected(terse)
    };
    let (topic, partitions) = match text.split_once(':') {
        Some((topic, partitions)) => (topic, partitions),
        None => (text, "-"),
    };
    let number = |text: &str, default: PartitionId| match text {
        "" => Ok(default),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().map_err(|_| wrong()),
        _ => Err(wrong()),
    };
    let (from, until) = match partitions.split_once('-') {
        Some((from, until)) => (number(from, 0)?, number(until, PartitionId::MAX)?),
        None if partitions.is_empty() => (0, PartitionId::MAX),
        None => {
            let one = number(partitions, 0)?;
            (one, one.saturating_add(1))
        }
    };
    let topics = IncludeList::new(if topic.is_empty() { ".*" } else { topic })?;
    Ok(Rule { topics, from, until })
}

async fn print(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    let answer = cluster.metadata(None, true).await?;
    ClientError::check(answer.error_code, None)?;
    let exclude_internal = options.given.has("exclude-internal-topics");
    let mut times = BTreeMap::new();
    for topic in answer.topics {
        let name = topic.name.unwrap_or_default();
        if exclude_internal && is_internal_topic(&name) {
            continue;
        }
        let places = topic.partitions.iter();
        let places = places.map(|p| TopicPartition::new(name.clone(), p.partition_index));
        let meant = places.filter(|place| options.rules.iter().any(|rule| rule.includes(place)));
        times.extend(meant.map(|place| (place, options.time)));
    }
    if times.is_empty() {
        return Err(terse("Could not match any topic-partitions with the specified filters"));
    }
    let mut lines = String::new();
    for (place, offset) in list_offsets(cluster, &times, 0).await? {
        match offset {
            Ok(offset) if offset >= 0 => {
                lines.push_str(&format!("{}:{}:{offset}\n", place.topic, place.partition));
            }
            Ok(_) => {}
            Err(error) => {
                let why = Exception::from(error).in_execution().message;
                complain(&format!(
                    "Skip getting offsets for topic-partition {place} due to: {why}\n"
                ));
            }
        }
    }
    say(&lines);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn includes(text: &str, topic: &str, partition: PartitionId) -> bool {
        rule(text).expect("a rule").includes(&TopicPartition::new(topic, partition))
    }

    #[test]
    fn rules() {
        assert!(includes("a", "a", 7) && !includes("a", "ab", 7));
        assert!(includes("a:1", "a", 1) && !includes("a:1", "a", 2));
        assert!(includes("a.*:1-3", "ab", 2) && !includes("a.*:1-3", "ab", 3));
        assert!(includes(":2-", "any", 9) && !includes(":-2", "any", 2));
        let wrong = rule("a:b:c").err().expect("no rule");
        assert!(wrong.message.ends_with("TerseException: Invalid rule specification: a:b:c"));
    }

    #[test]
    fn times() {
        assert_eq!((time("earliest-local"), time("-3"), time("17")), (Ok(-4), Ok(-3), Ok(17)));
        assert!(time("noon").is_err());
    }
}
