//! What topics are configured to, as far as the controller cares: the settings of a new topic, and the two that rule
//! elections. Never changes the configuration of a topic that exists.

use std::collections::BTreeMap;

use crate::config::LogConfig;
use crate::config::keys::{Fallback, Key, TOPIC, Unit, topic_synonyms};
use crate::controller::elections::Rules;
use crate::controller::machine::Machine;
use crate::controller::requests::VersionedRecord;
use crate::error::{ApiError, ErrorCode};
use crate::metadata::configs::ResourceType;
use crate::metadata::features::ELR_VERSION;
use crate::metadata::topics::PartitionRegistration;
use crate::wire::messages::create_topics::CreatableTopicConfigs;
use crate::wire::stored::metadata::{ConfigRecord, MetadataRecord};

const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
const UNCLEAN_LEADER_ELECTION: &str = "unclean.leader.election.enable";

// Where a value comes from, as responses number it.
const DYNAMIC_TOPIC: i8 = 1;
const DYNAMIC_BROKER: i8 = 2;
const DYNAMIC_DEFAULT_BROKER: i8 = 3;
const STATIC_BROKER: i8 = 4;
const DEFAULT: i8 = 5;

impl Machine {
    /// The records of a new topic's own settings, or what is wrong with them.
    pub(crate) fn topic_config_records(
        &self,
        topic: &str,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Vec<VersionedRecord>, ApiError> {
        if !overrides.is_empty() {
            LogConfig::new(&self.settings.config, overrides)
                .map_err(|text| ApiError::new(ErrorCode::InvalidConfig, text))?;
        }
        let record = |(name, value): (&String, &String)| ConfigRecord {
            resource_type: ResourceType::TOPIC.0,
            resource_name: topic.to_owned(),
            name: name.clone(),
            value: Some(value.clone()),
            ..Default::default()
        };
        Ok(overrides.iter().map(|pair| (MetadataRecord::Config(record(pair)), 0)).collect())
    }

    /// One topic setting: the topic's own, this node's, that of all brokers, the file's or the default.
    fn topic_setting(&self, topic: &str, name: &str) -> Option<String> {
        let configs = &self.image().configs;
        if let Some(value) = configs.value(ResourceType::TOPIC, topic, name) {
            return Some(value.to_owned());
        }
        let synonym = topic_synonyms(name).first().map_or(name, |synonym| synonym.name);
        let node = self.settings.node_id.to_string();
        let dynamic = configs
            .value(ResourceType::BROKER, &node, synonym)
            .or_else(|| configs.value(ResourceType::BROKER, "", synonym));
        dynamic.map(str::to_owned).or_else(|| self.settings.config.get(synonym))
    }

    /// Every setting that a topic with these `overrides` has, by name, and where each comes from.
    pub(crate) fn effective_topic_configs(
        &self,
        overrides: &BTreeMap<String, String>,
    ) -> Vec<CreatableTopicConfigs> {
        let shown = TOPIC.iter().filter(|key| !key.is_internal());
        let entry = |key: &Key| {
            let own = overrides.get(key.name).map(|value| (value.clone(), DYNAMIC_TOPIC));
            let (value, config_source) = own.or_else(|| self.inherited(key.name)).unzip();
            CreatableTopicConfigs {
                name: key.name.to_owned(),
                value: value.or_else(|| match key.default {
                    Fallback::Value(text) => Some(text.to_owned()),
                    _ => None,
                }),
                config_source: config_source.unwrap_or(DEFAULT),
                ..Default::default()
            }
        };
        shown.map(entry).collect()
    }

    /// What brokers' settings make of the topic setting `name`, and where that comes from.
    fn inherited(&self, name: &str) -> Option<(String, i8)> {
        let (configs, config) = (&self.image().configs, &self.settings.config);
        let node = self.settings.node_id.to_string();
        let dynamic = |resource: &str, key: &str| {
            configs.value(ResourceType::BROKER, resource, key).map(str::to_owned)
        };
        topic_synonyms(name).iter().find_map(|synonym| {
            let (value, source) = None
                .or_else(|| Some((dynamic(&node, synonym.name)?, DYNAMIC_BROKER)))
                .or_else(|| Some((dynamic("", synonym.name)?, DYNAMIC_DEFAULT_BROKER)))
                .or_else(|| Some((config.originals().get(synonym.name)?.clone(), STATIC_BROKER)))
                .or_else(|| Some((config.get(synonym.name)?, DEFAULT)))?;
            let scaled = |factor: i64| {
                value.trim().parse::<i64>().ok().map(|count| count.saturating_mul(factor))
            };
            let value = match synonym.unit {
                Unit::Same => value,
                Unit::Minutes => scaled(60_000)?.to_string(),
                Unit::Hours => scaled(3_600_000)?.to_string(),
            };
            Some((value, source))
        })
    }

    /// What rules a change of `partition`.
    pub(crate) fn rules(&self, topic: &str, partition: &PartitionRegistration) -> Rules {
        let version = self.image().features.metadata_version();
        let minimum = self
            .topic_setting(topic, MIN_INSYNC_REPLICAS)
            .and_then(|text| text.trim().parse().ok());
        Rules {
            elr: self.is_elr_enabled(),
            isr_min: minimum.unwrap_or(1).min(partition.replicas.len()),
            directories: version.is_directory_assignment_supported(),
            epoch_on_shrink: version.is_leader_epoch_bump_required_on_isr_shrink(),
        }
    }

    /// Whether replicas that leave the in-sync set may stay eligible to lead (KIP-966).
    pub(crate) fn is_elr_enabled(&self) -> bool {
        self.image().features.level(ELR_VERSION) >= 1
    }

    /// `unclean.leader.election.enable` of `topic`.
    pub(crate) fn is_unclean_election_enabled(&self, topic: &str) -> bool {
        self.topic_setting(topic, UNCLEAN_LEADER_ELECTION)
            .is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
    }
}
