//! What a tool consumes, and how, as a consumer's properties say it.

use super::assignors::Assignor;
use crate::cli::options::Exception;
use crate::cli::tool::{Properties, property};
use crate::client::offsets::{EARLIEST, LATEST};
use crate::types::{Millis, Offset, PartitionId};

/// What is read.
#[derive(Clone, Debug)]
pub(in crate::cli) enum Subject {
    /// A topic.
    Topic(String),
    /// The topics that a pattern means.
    Include(String),
    /// One partition, without a group.
    Partition(String, PartitionId, Start),
    /// All partitions of a topic, without a group.
    Whole(String, Start),
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Start {
    At(Offset),
    Time(Millis),
}

/// How the members of a group come to their partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Protocol {
    /// One of them assigns.
    Classic,
    /// The coordinator assigns (KIP-848).
    Consumer,
}

/// See the module.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Settings {
    pub(in crate::cli) bootstrap: String,
    pub(in crate::cli) client_id: String,
    pub(in crate::cli) subject: Subject,
    pub(in crate::cli) group: Option<String>,
    pub(in crate::cli) instance: Option<String>,
    pub(in crate::cli) protocol: Protocol,
    /// How to assign where a member does, the most wanted first.
    pub(in crate::cli) assignors: Vec<Assignor>,
    /// Who is to assign where the coordinator does.
    pub(in crate::cli) remote_assignor: Option<String>,
    pub(in crate::cli) session_timeout_ms: i32,
    /// Where to begin where nothing is committed; none is an error.
    pub(in crate::cli) reset: Option<Millis>,
    pub(in crate::cli) committed_only: bool,
    pub(in crate::cli) auto_commit: bool,
    pub(in crate::cli) partition_bytes: i32,
    pub(in crate::cli) max_wait_ms: i32,
    pub(in crate::cli) min_bytes: i32,
    pub(in crate::cli) properties: Properties,
}

impl Settings {
    /// The consumer's own defaults, and what `properties` say.
    pub(in crate::cli) fn new(subject: Subject, properties: Properties) -> Result<Self, Exception> {
        let text = |name| property(&properties, name).map(str::trim);
        let number =
            |name, default| text(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        let isolation = text("isolation.level").unwrap_or("read_uncommitted").to_ascii_lowercase();
        if !["read_committed", "read_uncommitted"].contains(&isolation.as_str()) {
            return Err(config(format!(
                "Invalid value {isolation} for configuration isolation.level: String must be one of: read_committed, read_uncommitted"
            )));
        }
        let protocol = protocol(&properties)?;
        Ok(Self {
            protocol,
            assignors: text("partition.assignment.strategy")
                .map_or_else(|| Ok(vec![Assignor::Range]), Assignor::list)?,
            remote_assignor: text("group.remote.assignor").map(str::to_owned),
            bootstrap: text("bootstrap.servers").unwrap_or_default().to_owned(),
            client_id: text("client.id").unwrap_or("consumer-1").to_owned(),
            subject,
            group: text("group.id").map(str::to_owned),
            instance: text("group.instance.id").map(str::to_owned),
            session_timeout_ms: number("session.timeout.ms", 45_000),
            reset: reset(text("auto.offset.reset").unwrap_or("latest"))?,
            committed_only: isolation == "read_committed",
            auto_commit: text("enable.auto.commit").is_none_or(|text| text != "false"),
            partition_bytes: number("max.partition.fetch.bytes", 1 << 20),
            max_wait_ms: number("fetch.max.wait.ms", 500),
            min_bytes: number("fetch.min.bytes", 1),
            properties,
        })
    }
}

/// The protocol that `group.protocol` names. What the other protocol alone knows must not be set.
fn protocol(properties: &Properties) -> Result<Protocol, Exception> {
    const OF_CLASSIC: [&str; 3] =
        ["partition.assignment.strategy", "heartbeat.interval.ms", "session.timeout.ms"];
    let name =
        property(properties, "group.protocol").unwrap_or("classic").trim().to_ascii_uppercase();
    let (protocol, unwanted): (_, &[&str]) = match name.as_str() {
        "CLASSIC" => (Protocol::Classic, &["group.remote.assignor"]),
        "CONSUMER" => (Protocol::Consumer, &OF_CLASSIC),
        _ => {
            let text = property(properties, "group.protocol").unwrap_or_default();
            return Err(config(format!(
                "Invalid value {text} for configuration group.protocol: String must be one of (case insensitive): \
                 CONSUMER, CLASSIC"
            )));
        }
    };
    match unwanted.iter().find(|unwanted| property(properties, unwanted).is_some()) {
        Some(unwanted) => {
            Err(config(format!("{unwanted} cannot be set when group.protocol={name}")))
        }
        None => Ok(protocol),
    }
}

/// The time that `auto.offset.reset` names; none where there is to be none.
pub(in crate::cli) fn reset(text: &str) -> Result<Option<Millis>, Exception> {
    match text.to_ascii_lowercase().as_str() {
        "earliest" => Ok(Some(EARLIEST)),
        "latest" => Ok(Some(LATEST)),
        "none" => Ok(None),
        _ => Err(config(format!(
            "Invalid value {text} for configuration auto.offset.reset: Invalid value `{text}` for configuration \
             auto.offset.reset. The value must be either 'earliest', 'latest', 'none' or of the format \
             'by_duration:<PnDTnHnMn.nS.>'."
        ))),
    }
}

fn config(message: String) -> Exception {
    Exception::new("org.apache.kafka.common.config.ConfigException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_protocol_does_not_know_is_refused() {
        let settings = |text: &str| {
            let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            Settings::new(Subject::Topic("t".to_owned()), pairs.collect())
        };
        let of = |text| settings(text).map(|settings| settings.protocol);
        assert_eq!(of(""), Ok(Protocol::Classic));
        assert_eq!(
            of("group.protocol=Consumer group.remote.assignor=range"),
            Ok(Protocol::Consumer)
        );
        let why = of("group.protocol=consumer session.timeout.ms=1").expect_err("it is refused");
        assert_eq!(why.message, "session.timeout.ms cannot be set when group.protocol=CONSUMER");
        assert!(of("group.remote.assignor=range").is_err() && of("group.protocol=new").is_err());
    }
}
