//! One resource whose settings are to change: what a change makes of them, whether that may be, and its records.
//!
//! What is stored are the texts as they were written. They are judged as a whole: a change is allowed if the resource
//! with it, and with all it had before, is valid. Knows nothing of the other resources of a request.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::config::dynamic::{self, Operation, Owner, Settings};
use crate::controller::names;
use crate::error::{ApiError, ErrorCode};
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::metadata::features::ELR_VERSION;
use crate::raft::events::VersionedRecord;
use crate::types::NodeId;
use crate::wire::messages::alter_configs;
use crate::wire::messages::incremental_alter_configs::AlterableConfig;
use crate::wire::stored::metadata::{ClearElrRecord, ConfigRecord, MetadataRecord};

const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";

/// The longest value that Kafka stores.
const VALUE_BYTES_MAX: usize = 32_767;

/// What settings become: a value, or none.
pub(super) type Changes = Vec<(String, Option<String>)>;

pub(super) fn invalid_request(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, why)
}

fn invalid_config(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidConfig, why)
}

/// One resource whose settings are to change.
pub(super) struct Target<'a> {
    image: &'a Image,
    config: &'a Config,
    kind: ResourceType,
    name: &'a str,
    current: Settings,
}

impl<'a> Target<'a> {
    pub(super) fn new(image: &'a Image, config: &'a Config, kind: i8, name: &'a str) -> Self {
        let kind = ResourceType(kind);
        let current =
            image.configs.get(kind, name).map(|settings| (**settings).clone()).unwrap_or_default();
        Self { image, config, kind, name, current }
    }

    /// What the operations make of the settings, in the order of the request.
    pub(super) fn incremental(&self, configs: &[AlterableConfig]) -> Result<Changes, ApiError> {
        let mut seen = BTreeSet::new();
        let mut changes = Vec::with_capacity(configs.len());
        for change in configs {
            let key = change.name.as_str();
            // Two operations on one key would depend on their order, which a map in the client may not have.
            if !seen.insert(key) {
                return Err(invalid_request("Error due to duplicate config keys"));
            }
            let operation = Operation::from_code(change.config_operation).ok_or_else(|| {
                invalid_request(format!("Unknown operation type {}", change.config_operation))
            })?;
            let operand = change.value.as_deref().unwrap_or_default();
            if change.value.is_none() && operation != Operation::Delete {
                return Err(invalid_request(format!("Null value not supported for : {key}")));
            }
            let owner = self.owner();
            if matches!(operation, Operation::Append | Operation::Subtract)
                && !dynamic::is_list(owner, key)
            {
                let why = format!(
                    "Can't {} to key {key} because its type is not LIST.",
                    operation.name()
                );
                return Err(invalid_config(why));
            }
            let current = self.current.get(key).map(String::as_str);
            let value = operation.apply(current, dynamic::default_list(owner, key), operand);
            changes.push((change.name.clone(), value));
        }
        Ok(changes)
    }

    /// The named settings, and nothing else: what the resource has besides them goes.
    pub(super) fn replacement(&self, configs: &[alter_configs::AlterableConfig]) -> Changes {
        let named: BTreeMap<&str, Option<String>> =
            configs.iter().map(|change| (change.name.as_str(), change.value.clone())).collect();
        let gone = self.current.keys().filter(|key| !named.contains_key(key.as_str()));
        let gone: Vec<_> = gone.map(|key| (key.clone(), None)).collect();
        named.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(gone).collect()
    }

    fn owner(&self) -> Owner {
        match self.kind {
            ResourceType::TOPIC => Owner::Topic,
            ResourceType::BROKER => Owner::Broker,
            _ => Owner::Other,
        }
    }

    /// The records of the changes, or why they may not be made.
    pub(super) fn decide(&self, changes: Changes) -> Result<Vec<VersionedRecord>, ApiError> {
        let after = self.after(&changes)?;
        self.validate(&after)?;
        // After the settings, as in Kafka: who asks with both wrong is told of those.
        self.check_existence()?;
        Ok(self.records(changes))
    }

    /// All settings as they would be.
    fn after(&self, changes: &Changes) -> Result<Settings, ApiError> {
        let mut after = self.current.clone();
        for (key, value) in changes {
            if self.has_elr() && key == MIN_INSYNC_REPLICAS && self.kind == ResourceType::BROKER {
                self.check_min_insync_replicas(value.as_ref())?;
            }
            match value {
                Some(value) if value.len() > VALUE_BYTES_MAX => {
                    return Err(invalid_config(format!(
                        "The configuration value cannot be added because it exceeds the maximum value size of \
                         {VALUE_BYTES_MAX} bytes."
                    )));
                }
                Some(value) => drop(after.insert(key.clone(), value.clone())),
                None => drop(after.remove(key)),
            }
        }
        Ok(after)
    }

    fn records(&self, changes: Changes) -> Vec<VersionedRecord> {
        let mut records = Vec::with_capacity(changes.len());
        let mut min_isr_changes = false;
        for (key, value) in changes {
            // Brokers read their files again at every change, so theirs are written even when nothing changes.
            if self.current.get(&key) == value.as_ref() && self.kind != ResourceType::BROKER {
                continue;
            }
            min_isr_changes |= key == MIN_INSYNC_REPLICAS;
            records.push((MetadataRecord::Config(self.record(key, value)), 0));
        }
        if self.has_elr()
            && min_isr_changes
            && matches!(self.kind, ResourceType::TOPIC | ResourceType::BROKER)
        {
            // Who was eligible to lead was so under the old minimum.
            let topic = if self.kind == ResourceType::TOPIC { self.name } else { "" };
            let clear = ClearElrRecord { topic_name: topic.to_owned(), ..Default::default() };
            records.push((MetadataRecord::ClearElr(clear), 0));
        }
        records
    }

    /// Whether the cluster keeps eligible leader replicas (KIP-966), which follow from the minimum of those in sync.
    fn has_elr(&self) -> bool {
        self.image.features.level(ELR_VERSION) >= 1
    }

    fn record(&self, name: String, value: Option<String>) -> ConfigRecord {
        ConfigRecord {
            resource_type: self.kind.0,
            resource_name: self.name.to_owned(),
            name,
            value,
            ..Default::default()
        }
    }

    /// Eligible replicas need one minimum for the whole cluster (KIP-966).
    fn check_min_insync_replicas(&self, value: Option<&String>) -> Result<(), ApiError> {
        match (self.name.is_empty(), value) {
            (false, _) => Err(invalid_config(
                "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
            )),
            (true, None) => Err(invalid_config(
                "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
            )),
            (true, Some(_)) => Ok(()),
        }
    }

    fn validate(&self, after: &Settings) -> Result<(), ApiError> {
        match self.kind {
            ResourceType::TOPIC if self.name.is_empty() => {
                Err(invalid_request("Default topic resources are not allowed."))
            }
            ResourceType::TOPIC => {
                names::validate(self.name)?;
                dynamic::validate_topic(self.config, after)
            }
            ResourceType::BROKER if self.name.is_empty() => Ok(()),
            ResourceType::BROKER => match self.name.parse::<NodeId>() {
                Ok(id) if id >= 0 => Ok(()),
                Ok(_) => Err(invalid_request("Invalid negative broker ID.")),
                Err(_) => Err(invalid_request("Unable to parse broker name as a base 10 number.")),
            },
            ResourceType::CLIENT_METRICS if self.name.is_empty() => {
                Err(invalid_request("Subscription name can't be empty"))
            }
            ResourceType::CLIENT_METRICS => dynamic::validate_client_metrics(after),
            ResourceType::GROUP if self.name.is_empty() => {
                Err(invalid_request("Default group resources are not allowed."))
            }
            ResourceType::GROUP => dynamic::validate_group(self.config, after),
            ResourceType(other) => Err(invalid_request(format!("Unknown resource type {other}"))),
        }
    }

    fn check_existence(&self) -> Result<(), ApiError> {
        match self.kind {
            ResourceType::TOPIC if self.image.topics.by_name(self.name).is_none() => {
                Err(ApiError::new(
                    ErrorCode::UnknownTopicOrPartition,
                    format!("The topic '{}' does not exist.", self.name),
                ))
            }
            ResourceType::BROKER if !self.name.is_empty() => match self.name.parse::<NodeId>() {
                Ok(id) if self.image.cluster.broker(id).is_some() => Ok(()),
                Ok(id) => Err(ApiError::new(
                    ErrorCode::BrokerIdNotRegistered,
                    format!("No broker with id {id} found."),
                )),
                Err(_) => Err(invalid_request(format!("Invalid broker name {}", self.name))),
            },
            _ => Ok(()),
        }
    }
}
