//! Whether a change of dynamic settings may be made, in Kafka's words: of brokers, topics, groups, client metrics and
//! loggers.
//!
//! Judges the settings as they would be after the change; stores and applies nothing.
//!
//! Judged twice: by the broker that is asked (it alone knows the file that its own settings lie over), and by the
//! controller, which writes what goes for topics, groups and client metrics. Kafka's parts that would follow a change
//! (its `BrokerReconfigurable`s) are not here, but what they refuse is refused, in their words.

use std::collections::BTreeMap;

use regex::Regex;

use super::keys::{self, BROKER, CLIENT_METRICS, GROUP, Kind, QUOTA, TOPIC, UpdateMode};
use super::log_config::LogConfig;
use super::server::{Config, Overlay};
use super::value::{self, parse_list};
use crate::error::{ApiError, ErrorCode};

/// Settings by name.
pub type Settings = BTreeMap<String, String>;

/// What is done to one setting (KIP-339).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Gives it a value.
    Set,
    /// Takes its value away.
    Delete,
    /// Adds entries to a list.
    Append,
    /// Takes entries out of a list.
    Subtract,
}

impl Operation {
    /// The operation of a number on the wire.
    pub const fn from_code(code: i8) -> Option<Self> {
        Some(match code {
            0 => Self::Set,
            1 => Self::Delete,
            2 => Self::Append,
            3 => Self::Subtract,
            _ => return None,
        })
    }

    /// Kafka's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Delete => "DELETE",
            Self::Append => "APPEND",
            Self::Subtract => "SUBTRACT",
        }
    }

    /// What a setting becomes whose value is `current`, or where it has none, `default`. None means no value.
    ///
    /// [`Append`](Self::Append) and [`Subtract`](Self::Subtract) are for lists only, which the caller has checked.
    pub fn apply(
        self,
        current: Option<&str>,
        default: Option<&str>,
        operand: &str,
    ) -> Option<String> {
        let mut entries = parse_list(current.or(default).unwrap_or_default());
        match self {
            Self::Set => return Some(operand.to_string()),
            Self::Delete => return None,
            Self::Append => {
                for entry in operand.split(',') {
                    if !entries.iter().any(|known| known == entry) {
                        entries.push(entry.to_string());
                    }
                }
            }
            Self::Subtract => {
                entries.retain(|known| !operand.split(',').any(|entry| entry == known))
            }
        }
        Some(entries.join(","))
    }
}

fn invalid_config(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidConfig, why)
}

fn invalid_request(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, why)
}

/// Checks the dynamic settings that this broker (`per_broker`), or all brokers, would have.
pub fn validate_broker(
    config: &Config,
    settings: &Settings,
    per_broker: bool,
) -> Result<(), ApiError> {
    let names = |wanted: &dyn Fn(&str) -> bool| -> Option<String> {
        let names: Vec<&str> =
            settings.keys().map(String::as_str).filter(|name| wanted(name)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let mode = |name: &str| keys::find(BROKER, name).map(|key| key.mode);
    // In Kafka's order, each over all names at once: the first rule that any of them breaks is what is told of all.
    if let Some(names) = names(&|name| mode(name) == Some(UpdateMode::ReadOnly)) {
        return Err(invalid_request(format!("Cannot update these configs dynamically: [{names}]")));
    }
    if let Some(names) = names(&is_listeners_own) {
        return Err(invalid_request(format!(
            "These security configs can be dynamically updated only per-listener using the listener prefix: [{names}]"
        )));
    }
    for (name, text) in settings {
        // A name that no table knows is let through, as in Kafka: it may be a plug-in's.
        let base = keys::listener_key(name).unwrap_or(name);
        if let Some(key) = keys::find(BROKER, base).or_else(|| keys::find(QUOTA, base)) {
            value::parse(key, text).map_err(invalid_request)?;
        }
    }
    let for_one =
        |name: &str| mode(keys::listener_key(name).unwrap_or(name)) == Some(UpdateMode::PerBroker);
    if let Some(names) = names(&for_one).filter(|_| !per_broker) {
        return Err(invalid_request(format!(
            "Cannot update these configs at default cluster level, broker id must be specified: [{names}]"
        )));
    }
    // As it would be afterwards: rules that join settings hold between what is changed and what is not.
    let mut overlay: Overlay = config.overlay_given().clone();
    if per_broker {
        overlay.broker.clone_from(settings);
    } else {
        overlay.default.clone_from(settings);
    }
    let changed = config.try_with_overlay(overlay).map_err(invalid_request)?;
    check_plugins(&changed)
        .and_then(|()| check_reconfiguration(config, &changed))
        .and_then(|()| check_listeners(config, settings))
        .map_err(|why| {
            invalid_request(format!("Invalid value {EXCEPTION}: {why} for configuration {WHAT}"))
        })
}

/// How Kafka words a refusal of one of its parts that would have to follow the change.
const EXCEPTION: &str = "org.apache.kafka.common.config.ConfigException";
const WHAT: &str = "Invalid dynamic configuration";

/// Key material belongs to a listener: the keys that may only be set with its prefix.
fn is_listeners_own(name: &str) -> bool {
    name.starts_with("ssl.keystore.")
        || name.starts_with("ssl.truststore.")
        || name == "ssl.key.password"
}

/// There are no plug-ins: Kafka fails to load one that it does not find.
fn check_plugins(after: &Config) -> Result<(), String> {
    let reporters = after.get("metric.reporters").unwrap_or_default();
    match parse_list(&reporters).iter().all(|class| class.ends_with(".JmxReporter")) {
        true => Ok(()),
        false => Err(
            "Validation of dynamic config update of Set(metric.reporters) failed with class class \
                      kafka.server.DynamicMetricsReporters"
                .to_owned(),
        ),
    }
}

/// What is set for one listener only is held against what holds for all of them.
fn check_listeners(before: &Config, settings: &Settings) -> Result<(), String> {
    const THREADS: &str = "num.network.threads";
    let own = settings.iter().filter(|(name, _)| keys::listener_key(name) == Some(THREADS));
    for (_, text) in own {
        let new = text.trim().parse().unwrap_or_default();
        let old = before.value(THREADS).and_then(|value| value.as_i64()).unwrap_or(0);
        check_threads(THREADS, old, new)?;
    }
    Ok(())
}

fn check_threads(name: &str, old: i64, new: i64) -> Result<(), String> {
    let failed = format!("Dynamic thread count update validation failed for {name}={new}");
    if new < old / 2 {
        return Err(format!("{failed}, value should be at least half the current value {old}"));
    }
    if new > old * 2 {
        return Err(format!(
            "{failed}, value should not be greater than double the current value {old}"
        ));
    }
    Ok(())
}

/// Threads may be doubled or halved at a time.
fn check_reconfiguration(before: &Config, after: &Config) -> Result<(), String> {
    const THREADS: [&str; 9] = [
        "background.threads",
        "num.io.threads",
        "num.network.threads",
        "num.recovery.threads.per.data.dir",
        "num.replica.fetchers",
        "remote.log.manager.copier.thread.pool.size",
        "remote.log.manager.expiration.thread.pool.size",
        "remote.log.manager.follower.thread.pool.size",
        "remote.log.reader.threads",
    ];
    let number = |config: &Config, name: &str| {
        config.value(name).and_then(|value| value.as_i64()).unwrap_or(0)
    };
    for name in THREADS {
        check_threads(name, number(before, name), number(after, name))?;
    }
    // The same rule; another of Kafka's parts, with words of its own.
    let (old, new) = (before.log_cleaner_threads(), after.log_cleaner_threads());
    if new < old / 2 {
        return Err(format!(
            "Log cleaner threads cannot be reduced to less than half the current value {old}"
        ));
    }
    if i64::from(new) > i64::from(old) * 2 {
        return Err(format!(
            "Log cleaner threads cannot be increased to more than double the current value {old}"
        ));
    }
    if after.max_connections() <= 0 {
        return Err(format!("Invalid max.connections {}", after.max_connections()));
    }
    let rate = number(after, "max.connection.creation.rate");
    if rate <= 0 {
        return Err(format!("Invalid max.connection.creation.rate {rate}"));
    }
    Ok(())
}

/// Checks the settings that a topic would have. `config` holds the broker's own for what the topic leaves open.
pub fn validate_topic(config: &Config, settings: &Settings) -> Result<(), ApiError> {
    LogConfig::new(config, settings).map(|_| ()).map_err(invalid_config)
}

/// Checks the settings that a group would have against the bounds that the broker sets.
pub fn validate_group(config: &Config, settings: &Settings) -> Result<(), ApiError> {
    if let Some(unknown) = settings.keys().find(|name| keys::find(GROUP, name).is_none()) {
        return Err(invalid_config(format!("Unknown group config name: {unknown}")));
    }
    for (name, text) in settings {
        if let Some(key) = keys::find(GROUP, name) {
            value::parse(key, text).map_err(invalid_config)?;
        }
    }
    let bound = |name: &str, which: &str| {
        let (kind, rest) = name.split_once('.')?;
        let bound = format!("group.{kind}.{which}.{rest}");
        let number = config.value(&bound)?.as_i64()?;
        Some((bound, number))
    };
    for (name, text) in settings {
        // What is no number has no bounds.
        let Ok(number) = text.trim().parse::<i64>() else { continue };
        let name = name.as_str();
        if let Some((min, _)) = bound(name, "min").filter(|(_, min)| number < *min) {
            return Err(invalid_config(format!("{name} must be greater than or equal to {min}")));
        }
        // One key's upper bound is not named by the rule.
        let max = if name == "streams.num.standby.replicas" {
            config
                .value("group.streams.max.standby.replicas")
                .and_then(|value| value.as_i64())
                .map(|max| ("group.streams.max.standby.replicas".to_string(), max))
        } else {
            bound(name, "max")
        };
        if let Some((max, _)) = max.filter(|(_, max)| number > *max) {
            return Err(invalid_config(format!("{name} must be less than or equal to {max}")));
        }
    }
    check_group_heartbeats(config, settings)
}

/// A session that ends before its next heartbeat would never last.
fn check_group_heartbeats(config: &Config, settings: &Settings) -> Result<(), ApiError> {
    for kind in ["consumer", "share", "streams"] {
        let number = |name: &str| {
            let own = settings
                .get(&format!("{kind}.{name}"))
                .and_then(|text| text.trim().parse::<i64>().ok());
            own.or_else(|| {
                config.value(&format!("group.{kind}.{name}")).and_then(|value| value.as_i64())
            })
        };
        let (session, heartbeat) = (number("session.timeout.ms"), number("heartbeat.interval.ms"));
        if session <= heartbeat {
            return Err(invalid_config(format!(
                "{kind}.session.timeout.ms must be greater than {kind}.heartbeat.interval.ms"
            )));
        }
    }
    Ok(())
}

/// Checks the settings that a client metrics subscription would have (KIP-714).
pub fn validate_client_metrics(settings: &Settings) -> Result<(), ApiError> {
    for (name, text) in settings {
        let key = keys::find(CLIENT_METRICS, name).ok_or_else(|| {
            invalid_request(format!("Unknown client metrics configuration: {name}"))
        })?;
        let parsed = value::parse(key, text).map_err(invalid_config)?;
        match (name.as_str(), parsed.as_i64()) {
            ("interval.ms", Some(ms)) if !(100..=3_600_000).contains(&ms) => {
                return Err(invalid_request(format!(
                    "Invalid value {ms} for interval.ms, interval must be between 100 and 3600000 (1 hour)"
                )));
            }
            ("match", _) => check_client_match(text)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_client_match(text: &str) -> Result<(), ApiError> {
    const ATTRIBUTES: [&str; 6] = [
        "client_id",
        "client_instance_id",
        "client_software_name",
        "client_software_version",
        "client_source_address",
        "client_source_port",
    ];
    for entry in parse_list(text) {
        let is_pattern = entry.split_once('=').is_some_and(|(attribute, pattern)| {
            ATTRIBUTES.contains(&attribute.trim()) && Regex::new(pattern.trim()).is_ok()
        });
        if !is_pattern {
            return Err(invalid_config(format!("Illegal client matching pattern: {entry}")));
        }
    }
    Ok(())
}

/// Checks one operation on a logger. `known` are the loggers there are.
pub fn validate_logger(
    known: &Settings,
    logger: &str,
    operation: Operation,
    level: Option<&str>,
) -> Result<(), ApiError> {
    const LEVELS: [&str; 6] = ["DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN"];
    let exists = || match known.contains_key(logger) {
        true => Ok(()),
        false => Err(invalid_config(format!("Logger {logger} does not exist!"))),
    };
    match operation {
        Operation::Set => {
            exists()?;
            let level = level.unwrap_or_default();
            if LEVELS.contains(&level) {
                return Ok(());
            }
            Err(invalid_config(format!(
                "Cannot set the log level of {logger} to {level} as it is not a supported log level. \
                 Valid log levels are {}",
                LEVELS.join(", ")
            )))
        }
        // Loggers without a level of their own take that of root, which must have one.
        Operation::Delete if logger == "root" => {
            Err(invalid_request("Removing the log level of the root logger is not allowed"))
        }
        Operation::Delete => exists(),
        other => Err(invalid_request(format!(
            "{} operation is not allowed for the BROKER_LOGGER resource",
            other.name()
        ))),
    }
}

/// What a resource's settings belong to, as far as their types go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A topic.
    Topic,
    /// A broker, or all of them.
    Broker,
    /// A group, a client metrics subscription: Kafka has no list among their settings.
    Other,
}

/// Whether entries may be added to and taken from a setting.
pub fn is_list(owner: Owner, name: &str) -> bool {
    let key = match owner {
        Owner::Topic => keys::find(TOPIC, name),
        Owner::Broker => keys::find(BROKER, name),
        Owner::Other => None,
    };
    key.is_some_and(|key| key.kind == Kind::List)
}

/// What a list holds that nobody has set.
pub fn default_list(owner: Owner, name: &str) -> Option<&'static str> {
    let table = match owner {
        Owner::Topic => TOPIC,
        Owner::Broker => BROKER,
        Owner::Other => return None,
    };
    match keys::find(table, name)?.default {
        keys::Fallback::Value(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
