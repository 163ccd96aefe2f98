//! What `DescribeConfigs` tells of settings: the value that holds, where it comes from, and what it would be otherwise.
//!
//! Reads a [`Config`] and dynamic settings; sends nothing. Entries are sorted by name.
//!
//! Synonyms are told as Kafka tells them, the strongest first, since tools show them: they are how an operator finds
//! out why a value holds. Of a key that nobody knows neither type nor meaning is known, so its value is kept secret.

use std::collections::{BTreeMap, BTreeSet};

use super::dynamic::Settings;
use super::keys::{
    self, BROKER, CLIENT_METRICS, Fallback, GROUP, Key, Kind, QUOTA, TOPIC, UpdateMode,
};
use super::log_config;
use super::server::Config;
use super::value::{self, Value};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigSource {
    /// Set for the topic.
    DynamicTopic,
    /// Set for the broker while it runs.
    DynamicBroker,
    /// Set for all brokers while they run.
    DynamicDefaultBroker,
    /// The broker's file and its like.
    StaticBroker,
    /// The table's default.
    Default,
    /// Set for a logger while the broker runs.
    DynamicBrokerLogger,
    /// Set for the client metrics subscription.
    ClientMetrics,
    /// Set for the group.
    Group,
}

impl ConfigSource {
    /// The number on the wire.
    pub const fn code(self) -> i8 {
        match self {
            Self::DynamicTopic => 1,
            Self::DynamicBroker => 2,
            Self::DynamicDefaultBroker => 3,
            Self::StaticBroker => 4,
            Self::Default => 5,
            Self::DynamicBrokerLogger => 6,
            Self::ClientMetrics => 7,
            Self::Group => 8,
        }
    }
}

/// A value that would hold, or does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synonym {
    /// The key it is set under.
    pub name: String,
    /// Its text; none for secrets.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: ConfigSource,
}

/// One setting of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The value that holds; none for secrets and for what has none.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: ConfigSource,
    /// Whether it is a secret. What nobody knows may be one.
    pub sensitive: bool,
    /// Whether it cannot be changed while the broker runs.
    pub read_only: bool,
    /// Everything that is set for it, the winner first.
    pub synonyms: Vec<Synonym>,
    /// Its type; none for what nobody knows.
    pub kind: Option<Kind>,
    /// What it does; none for what nobody knows.
    pub documentation: Option<&'static str>,
}

/// Every setting of this broker, those that nobody knows among them.
pub fn describe_broker(config: &Config) -> Vec<Entry> {
    let overlay = config.overlay_in_force();
    let known = BROKER.iter().filter(|key| !key.is_internal()).map(|key| key.name);
    let set = [config.originals(), &overlay.default, &overlay.broker]
        .into_iter()
        .flat_map(BTreeMap::keys);
    let names: BTreeSet<&str> = known.chain(set.map(String::as_str)).collect();
    names.into_iter().map(|name| broker_entry(config, name)).collect()
}

/// What is set for all brokers, and nothing else.
pub fn describe_broker_default(config: &Config) -> Vec<Entry> {
    let only_default = |mut entry: Entry| {
        entry.synonyms.retain(|synonym| synonym.source == ConfigSource::DynamicDefaultBroker);
        entry.source = ConfigSource::DynamicDefaultBroker;
        entry.value = entry.synonyms.first().and_then(|synonym| synonym.value.clone());
        entry
    };
    config
        .overlay_in_force()
        .default
        .keys()
        .map(|name| only_default(broker_entry(config, name)))
        .collect()
}

fn broker_entry(config: &Config, name: &str) -> Entry {
    let key = keys::find(BROKER, name);
    let kind = keys::broker_kind(name);
    let sensitive = is_sensitive(kind);
    let synonyms = synonyms(config, name, &keys::broker_synonyms(name, true), sensitive);
    Entry {
        name: name.to_string(),
        value: config.get(name).filter(|_| !sensitive),
        source: synonyms.first().map_or(ConfigSource::Default, |synonym| synonym.source),
        sensitive,
        read_only: key.map_or_else(
            || keys::find(QUOTA, name).is_none(),
            |key| key.mode == UpdateMode::ReadOnly,
        ),
        synonyms,
        kind,
        documentation: key.map(|key| key.documentation),
    }
}

/// What nobody knows may be a secret.
fn is_sensitive(kind: Option<Kind>) -> bool {
    matches!(kind, None | Some(Kind::Password))
}

/// What is set under any of `names` on any level; what precedes the first that is set under `name` itself is dropped.
fn synonyms(config: &Config, name: &str, names: &[String], sensitive: bool) -> Vec<Synonym> {
    let overlay = config.overlay_in_force();
    let mut found = Vec::new();
    for (settings, source) in [
        (&overlay.broker, ConfigSource::DynamicBroker),
        (&overlay.default, ConfigSource::DynamicDefaultBroker),
        (config.originals(), ConfigSource::StaticBroker),
    ] {
        for name in names {
            if let Some(text) = settings.get(name) {
                found.push(Synonym { name: name.clone(), value: Some(text.clone()), source });
            }
        }
    }
    for name in names {
        if let Some(Fallback::Value(text)) = keys::find(BROKER, name).map(|key| key.default) {
            let value = Some(text.to_string());
            found.push(Synonym { name: name.clone(), value, source: ConfigSource::Default });
        }
    }
    let mut found: Vec<Synonym> =
        found.into_iter().skip_while(|synonym| synonym.name != name).collect();
    if sensitive {
        found.iter_mut().for_each(|synonym| synonym.value = None);
    }
    found
}

/// Every setting of a topic with these overrides.
pub fn describe_topic(config: &Config, overrides: &Settings) -> Vec<Entry> {
    let values = log_config::resolve(config, overrides);
    let describe = |key: &'static Key| {
        let shown = values.get(key.name).map(Value::to_string);
        let fallback = match keys::topic_synonyms(key.name) {
            [] => Vec::new(),
            all @ [first, ..] => {
                let names: Vec<String> =
                    all.iter().map(|synonym| synonym.name.to_string()).collect();
                synonyms(config, first.name, &names, false)
            }
        };
        own_entry(
            key,
            shown,
            overrides.contains_key(key.name),
            ConfigSource::DynamicTopic,
            fallback,
        )
    };
    let shown = |key: &&Key| !key.is_internal() || overrides.contains_key(key.name);
    TOPIC.iter().filter(shown).map(describe).collect()
}

/// Every setting of a group with these overrides.
pub fn describe_group(config: &Config, overrides: &Settings) -> Vec<Entry> {
    let describe = |key: &'static Key| {
        let synonym = keys::group_synonym(key.name);
        let fallback = match synonym {
            Some(name) => synonyms(config, name, &[name.to_string()], false),
            None => match key.default {
                Fallback::Value(text) => vec![Synonym {
                    name: key.name.to_string(),
                    value: Some(text.to_string()),
                    source: ConfigSource::Default,
                }],
                _ => Vec::new(),
            },
        };
        let own = own_text(key, overrides);
        let shown = own
            .clone()
            .or_else(|| synonym.and_then(|name| config.get(name)))
            .or_else(|| default_text(key));
        own_entry(key, shown, own.is_some(), ConfigSource::Group, fallback)
    };
    GROUP.iter().map(describe).collect()
}

/// Every setting of a client metrics subscription with these overrides.
pub fn describe_client_metrics(overrides: &Settings) -> Vec<Entry> {
    let describe = |key: &'static Key| {
        let own = own_text(key, overrides);
        let shown = own.clone().or_else(|| default_text(key));
        own_entry(key, shown, own.is_some(), ConfigSource::ClientMetrics, Vec::new())
    };
    CLIENT_METRICS.iter().map(describe).collect()
}

/// The level of every logger.
pub fn describe_loggers(levels: &Settings) -> Vec<Entry> {
    let describe = |(logger, level): (&String, &String)| Entry {
        name: logger.clone(),
        value: Some(level.clone()),
        source: ConfigSource::DynamicBrokerLogger,
        sensitive: false,
        read_only: false,
        synonyms: Vec::new(),
        kind: None,
        documentation: Some(""),
    };
    levels.iter().map(describe).collect()
}

fn own_text(key: &Key, overrides: &Settings) -> Option<String> {
    let text = overrides.get(key.name)?;
    Some(value::parse(key, text).map_or_else(|_| text.clone(), |value| value.to_string()))
}

fn default_text(key: &Key) -> Option<String> {
    match key.default {
        Fallback::Value(text) => Some(text.to_string()),
        _ => None,
    }
}

/// The entry of a resource's own key: what is set for it goes before what it falls back to.
fn own_entry(
    key: &'static Key,
    shown: Option<String>,
    is_set: bool,
    source: ConfigSource,
    fallback: Vec<Synonym>,
) -> Entry {
    let own = is_set.then(|| Synonym { name: key.name.to_string(), value: shown.clone(), source });
    let synonyms: Vec<Synonym> = own.into_iter().chain(fallback).collect();
    Entry {
        name: key.name.to_string(),
        value: shown,
        source: synonyms.first().map_or(ConfigSource::Default, |synonym| synonym.source),
        sensitive: key.is_sensitive(),
        read_only: false,
        synonyms,
        kind: Some(key.kind),
        documentation: Some(key.documentation),
    }
}

#[cfg(test)]
mod tests;
