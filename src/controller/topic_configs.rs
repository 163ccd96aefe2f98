//! What topics are configured to, as far as the controller cares: the settings of a new topic, and the two that rule
//! elections. Never changes the configuration of a topic that exists.
//!
//! The broker's part of an effective value is this controller's own file under the cluster's dynamic settings, as in
//! Kafka: brokers whose files differ are not asked.

use std::collections::BTreeMap;

use crate::config::keys::topic_synonyms;
use crate::config::{describe, dynamic};
use crate::controller::elections::Rules;
use crate::controller::machine::Machine;
use crate::error::ApiError;
use crate::metadata::configs::ResourceType;
use crate::metadata::features::ELR_VERSION;
use crate::metadata::topics::PartitionRegistration;
use crate::raft::events::VersionedRecord;
use crate::wire::messages::create_topics::CreatableTopicConfigs;
use crate::wire::stored::metadata::{ConfigRecord, MetadataRecord};

const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
const UNCLEAN_LEADER_ELECTION: &str = "unclean.leader.election.enable";

impl Machine {
    /// The records of a new topic's own settings, or what is wrong with them.
    pub(crate) fn topic_config_records(
        &self,
        topic: &str,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Vec<VersionedRecord>, ApiError> {
        if !overrides.is_empty() {
            dynamic::validate_topic(&self.config, overrides)?;
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

    /// One topic setting: the topic's own, or what brokers have.
    fn topic_setting(&self, topic: &str, name: &str) -> Option<String> {
        match self.image().configs.value(ResourceType::TOPIC, topic, name) {
            Some(value) => Some(value.to_owned()),
            None => {
                self.config.get(topic_synonyms(name).first().map_or(name, |synonym| synonym.name))
            }
        }
    }

    /// Every setting that a topic with these `overrides` has, by name, and where each comes from.
    pub(crate) fn effective_topic_configs(
        &self,
        overrides: &BTreeMap<String, String>,
    ) -> Vec<CreatableTopicConfigs> {
        // Here, unlike in DescribeConfigs, a value is shown as it was written.
        let entry = |entry: describe::Entry| CreatableTopicConfigs {
            value: overrides.get(&entry.name).cloned().or(entry.value),
            name: entry.name,
            read_only: entry.read_only,
            config_source: entry.source.code(),
            is_sensitive: entry.sensitive,
            ..Default::default()
        };
        describe::describe_topic(&self.config, overrides).into_iter().map(entry).collect()
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
