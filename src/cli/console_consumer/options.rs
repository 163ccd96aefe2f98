//! What `kafka-console-consumer` may be asked, and the consumer's properties that it sets.

use std::collections::BTreeSet;

use crate::cli::options::{Exception, Given, Stop, Usage};
use crate::cli::tool::{self, Properties, property};
use crate::client::offsets::{EARLIEST, LATEST};
use crate::types::{Millis, Offset, PartitionId};

/// What is read.
pub(super) enum Subject {
    Topic(String),
    Include(String),
    Partition(String, PartitionId, Start),
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    At(Offset),
    Time(Millis),
}

/// A command line that makes sense.
pub(super) struct Options {
    pub(super) bootstrap: String,
    pub(super) subject: Subject,
    pub(super) group: Option<String>,
    /// Where to begin where nothing is committed.
    pub(super) reset: Millis,
    pub(super) committed_only: bool,
    pub(super) max_messages: Option<u64>,
    pub(super) timeout_ms: Option<u64>,
    pub(super) consumer: Properties,
    pub(super) formatter: String,
    pub(super) formatting: Properties,
}

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<Options, Stop> {
    let given = usage.parse(args).map_err(|stop| match stop {
        Stop::Throw(thrown) => Stop::Usage(thrown.message),
        other => other,
    })?;
    given.require(&["bootstrap-server"])?;
    check(&given)?;
    let partition: Option<PartitionId> = given.number("partition")?;
    let start = start(&given)?;
    let consumer = properties(&given)?;
    let reset = reset(&given, &consumer)?;
    let topic = given.value("topic")?.map(str::to_owned);
    let subject = match (topic, partition) {
        (Some(topic), Some(partition)) => Subject::Partition(topic, partition, start),
        (Some(topic), None) => Subject::Topic(topic),
        (None, _) => Subject::Include(given.value("include")?.unwrap_or_default().to_owned()),
    };
    let isolation = match given.value("isolation-level")? {
        Some(level) => level.to_owned(),
        None => property(&consumer, "isolation.level").unwrap_or("read_uncommitted").to_owned(),
    };
    let known = ["read_committed", "read_uncommitted"];
    if !known.contains(&isolation.as_str()) {
        return Err(Exception::new(
            "org.apache.kafka.common.config.ConfigException",
            format!("Invalid value {isolation} for configuration isolation.level: String must be one of: read_committed, read_uncommitted"),
        )
        .into());
    }
    let not_negative = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Ok(Options {
        bootstrap: given.value("bootstrap-server")?.unwrap_or_default().to_owned(),
        group: group(&given, &consumer)?,
        subject,
        reset,
        committed_only: isolation == "read_committed",
        max_messages: not_negative(given.number("max-messages")?),
        timeout_ms: not_negative(given.number("timeout-ms")?),
        formatter: formatter(&given)?,
        formatting: formatting(&given)?,
        consumer,
    })
}

fn check(given: &Given) -> Result<(), Stop> {
    if given.has("topic") == given.has("include") {
        return Err(Stop::Usage(
            "Exactly one of the following arguments is required: [include], [topic]".to_owned(),
        ));
    }
    if given.has("partition") && !given.has("topic") {
        return Err(Stop::Usage("The topic is required when partition is specified.".to_owned()));
    }
    if given.has("offset") && !given.has("partition") {
        return Err(Stop::Usage("The partition is required when offset is specified.".to_owned()));
    }
    for (one, other) in [("from-beginning", "offset"), ("group", "partition")] {
        if given.has(one) && given.has(other) {
            return Err(Stop::Usage(format!(
                "Options {one} and {other} cannot be specified together."
            )));
        }
    }
    for (old, new) in [
        ("property", "formatter-property"),
        ("consumer-property", "command-property"),
        ("consumer.config", "command-config"),
    ] {
        if given.has(old) && given.has(new) {
            return Err(Stop::Usage(format!(
                "Options --{new} and --{old} cannot be specified together."
            )));
        }
    }
    Ok(())
}

fn start(given: &Given) -> Result<Start, Stop> {
    let Some(text) = given.value("offset")? else {
        let time = if given.has("from-beginning") { EARLIEST } else { LATEST };
        return Ok(Start::Time(time));
    };
    match text.to_ascii_lowercase().as_str() {
        "earliest" => Ok(Start::Time(EARLIEST)),
        "latest" => Ok(Start::Time(LATEST)),
        number => match number.parse() {
            Ok(offset) if offset >= 0 => Ok(Start::At(offset)),
            _ => Err(Stop::Usage(format!(
                "The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long."
            ))),
        },
    }
}

fn properties(given: &Given) -> Result<Properties, Exception> {
    let mut properties = Vec::new();
    for file in ["command-config", "consumer.config"] {
        if let Some(path) = given.value(file)? {
            properties.extend(tool::properties_of(path)?);
        }
    }
    for option in ["command-property", "consumer-property"] {
        properties.extend(tool::properties_in(&given.values(option)));
    }
    Ok(properties)
}

fn reset(given: &Given, consumer: &Properties) -> Result<Millis, Stop> {
    let set = property(consumer, "auto.offset.reset");
    if given.has("from-beginning") {
        return match set {
            None | Some("earliest") => Ok(EARLIEST),
            Some(other) => Err(Stop::Usage(format!(
                "Can't simultaneously specify --from-beginning and 'auto.offset.reset={other}', please remove one option"
            ))),
        };
    }
    Ok(if set == Some("earliest") { EARLIEST } else { LATEST })
}

/// The group that is named, wherever; all places must agree.
fn group(given: &Given, consumer: &Properties) -> Result<Option<String>, Stop> {
    let named = given.value("group")?.map(str::to_owned);
    let set = property(consumer, "group.id").map(str::to_owned);
    let groups: BTreeSet<String> = named.into_iter().chain(set).collect();
    if groups.len() > 1 {
        let quoted: Vec<_> = groups.iter().map(|group| format!("'{group}'")).collect();
        return Err(Stop::Usage(format!(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: {}",
            quoted.join(", ")
        )));
    }
    Ok(groups.into_iter().next())
}

fn formatter(given: &Given) -> Result<String, Stop> {
    let class = given.value("formatter")?.unwrap_or("DefaultMessageFormatter");
    let name = class.rsplit('.').next().unwrap_or(class);
    let known = ["DefaultMessageFormatter", "LoggingMessageFormatter", "NoOpMessageFormatter"];
    if known.contains(&name) { Ok(name.to_owned()) } else { Err(Stop::Usage(class.to_owned())) }
}

fn formatting(given: &Given) -> Result<Properties, Exception> {
    let mut properties = match given.value("formatter-config")? {
        Some(path) => tool::properties_of(path)?,
        None => Vec::new(),
    };
    for option in ["formatter-property", "property"] {
        properties.extend(tool::properties_in(&given.values(option)));
    }
    for part in ["key", "value"] {
        if let Some(class) = given.value(&format!("{part}-deserializer"))? {
            properties.push((format!("{part}.deserializer"), class.to_owned()));
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Stop> {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        super::parse(&super::super::USAGE, &args)
    }

    #[test]
    fn complaints() {
        let says = |line: &str| match parse(&format!("--bootstrap-server x {line}")) {
            Err(Stop::Usage(text)) => text,
            Err(Stop::Throw(thrown)) => thrown.message,
            _ => panic!("it makes no sense"),
        };
        let one = "Exactly one of the following arguments is required: [include], [topic]";
        assert_eq!(says(""), one);
        assert_eq!(says("--topic t --include t"), one);
        assert_eq!(
            says("--topic t --offset 3"),
            "The partition is required when offset is specified."
        );
        assert!(
            says("--topic t --partition 0 --offset -5")
                .starts_with("The provided offset value '-5'")
        );
        assert!(says("--topic t --group a --command-property group.id=b").ends_with("'a', 'b'"));
        assert!(says("--topic t --isolation-level dirty").starts_with("Invalid value dirty"));
    }

    #[test]
    fn where_to_begin() {
        let options = |line: &str| match parse(&format!("--bootstrap-server x --topic t {line}")) {
            Ok(options) => options,
            Err(stop) => panic!("{stop:?}"),
        };
        assert_eq!(options("--from-beginning").reset, EARLIEST);
        assert_eq!(options("").reset, LATEST);
        let Subject::Partition(_, 2, start) = options("--partition 2 --offset 7").subject else {
            panic!("a partition")
        };
        assert_eq!(start, Start::At(7));
    }
}
