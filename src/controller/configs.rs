//! Changes of dynamic settings: of topics, brokers, groups and client metrics subscriptions. The controller's part
//! only: a broker judges its own settings before it passes a request on.
//!
//! Pure: reads an image and a configuration, gives back records and answers. Stores nothing.
//!
//! What is stored are the texts as they were written. They are judged as a whole: a change is allowed if the resource
//! with it, and with all it had before, is valid.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::config::dynamic::{self, Operation, Owner, Settings};
use crate::controller::names;
use crate::controller::requests::{Decision, code_and_message};
use crate::error::{ApiError, ErrorCode};
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::metadata::features::ELR_VERSION;
use crate::raft::events::VersionedRecord;
use crate::types::NodeId;
use crate::wire::messages::alter_configs::{self, AlterConfigsRequest, AlterConfigsResponse};
use crate::wire::messages::incremental_alter_configs::{
    AlterConfigsResourceResponse, AlterableConfig, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
};
use crate::wire::stored::metadata::{ClearElrRecord, ConfigRecord, MetadataRecord};

const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";

/// The longest value that Kafka stores.
const VALUE_BYTES_MAX: usize = 32_767;

/// What settings become: a value, or none.
type Changes = Vec<(String, Option<String>)>;

/// What became of one resource: code and message, and which it is.
type Verdict = (i16, Option<String>, i8, String);

/// Sets, deletes, and changes lists (KIP-339). Every resource stands or falls by itself.
pub(crate) fn incremental_alter(
    image: &Image,
    config: &Config,
    request: &IncrementalAlterConfigsRequest,
) -> Decision<IncrementalAlterConfigsResponse> {
    let resources = request.resources.iter();
    let named = resources.map(|one| (one.resource_type, one.resource_name.as_str(), &one.configs));
    let (mut records, verdicts) =
        decide_each(image, config, named.collect(), |target, configs| target.incremental(configs));
    if request.validate_only {
        records.clear();
    }
    let answer =
        |(error_code, error_message, resource_type, resource_name)| AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type,
            resource_name,
            ..Default::default()
        };
    let responses = verdicts.into_iter().map(answer).collect();
    Decision::atomic(records, IncrementalAlterConfigsResponse { responses, ..Default::default() })
}

/// Replaces all settings of each resource: what is not named is deleted (KIP-133).
pub(crate) fn alter(
    image: &Image,
    config: &Config,
    request: &AlterConfigsRequest,
) -> Decision<AlterConfigsResponse> {
    let resources = request.resources.iter();
    let named = resources.map(|one| (one.resource_type, one.resource_name.as_str(), &one.configs));
    let (mut records, verdicts) = decide_each(image, config, named.collect(), |target, configs| {
        Ok(target.replacement(configs))
    });
    if request.validate_only {
        records.clear();
    }
    let answer = |(error_code, error_message, resource_type, resource_name)| {
        alter_configs::AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type,
            resource_name,
            ..Default::default()
        }
    };
    let responses = verdicts.into_iter().map(answer).collect();
    Decision::atomic(records, AlterConfigsResponse { responses, ..Default::default() })
}

/// The records of those whose `changes` may be made, and what became of each.
fn decide_each<C>(
    image: &Image,
    config: &Config,
    named: Vec<(i8, &str, &Vec<C>)>,
    changes: impl Fn(&Target<'_>, &[C]) -> Result<Changes, ApiError>,
) -> (Vec<VersionedRecord>, Vec<Verdict>) {
    let mut records = Vec::new();
    let mut verdicts = Vec::with_capacity(named.len());
    for &(kind, name, configs) in &named {
        let target = Target::new(image, config, kind, name);
        let result = match named.iter().filter(|other| (other.0, other.1) == (kind, name)).count() {
            0 | 1 => changes(&target, configs).and_then(|changes| target.decide(changes)),
            _ => Err(invalid_request("Each resource must appear at most once.")),
        };
        let (code, message) = code_and_message(&result.as_ref().map(|_| ()).map_err(Clone::clone));
        records.extend(result.unwrap_or_default());
        verdicts.push((code, message, kind, name.to_owned()));
    }
    (records, verdicts)
}

fn invalid_request(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, why)
}

fn invalid_config(why: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidConfig, why)
}

/// One resource whose settings are to change.
struct Target<'a> {
    image: &'a Image,
    config: &'a Config,
    kind: ResourceType,
    name: &'a str,
    current: Settings,
}

impl<'a> Target<'a> {
    fn new(image: &'a Image, config: &'a Config, kind: i8, name: &'a str) -> Self {
        let kind = ResourceType(kind);
        let current =
            image.configs.get(kind, name).map(|settings| (**settings).clone()).unwrap_or_default();
        Self { image, config, kind, name, current }
    }

    /// What the operations make of the settings, in the order of the request.
    fn incremental(&self, configs: &[AlterableConfig]) -> Result<Changes, ApiError> {
        let mut seen = BTreeSet::new();
        let mut changes = Vec::with_capacity(configs.len());
        for change in configs {
            let key = change.name.as_str();
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

    /// The named settings, and nothing else.
    fn replacement(&self, configs: &[alter_configs::AlterableConfig]) -> Changes {
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
    fn decide(&self, changes: Changes) -> Result<Vec<VersionedRecord>, ApiError> {
        let elr = self.image.features.level(ELR_VERSION) >= 1;
        let mut after = self.current.clone();
        for (key, value) in &changes {
            if elr && key == MIN_INSYNC_REPLICAS && self.kind == ResourceType::BROKER {
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
        self.validate(&after)?;
        self.check_existence()?;
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
        if elr && min_isr_changes && matches!(self.kind, ResourceType::TOPIC | ResourceType::BROKER)
        {
            // Who was eligible to lead was so under the old minimum.
            let topic = if self.kind == ResourceType::TOPIC { self.name } else { "" };
            let clear = ClearElrRecord { topic_name: topic.to_owned(), ..Default::default() };
            records.push((MetadataRecord::ClearElr(clear), 0));
        }
        Ok(records)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Delta;
    use crate::types::Uuid;
    use crate::wire::messages::incremental_alter_configs::AlterConfigsResource;
    use crate::wire::stored::metadata::{FeatureLevelRecord, RegisterBrokerRecord, TopicRecord};

    struct Cluster {
        delta: Delta,
        config: Config,
    }

    impl Cluster {
        fn new(elr: i16) -> Self {
            let config = Config::combined([]);
            let mut cluster = Self { delta: Delta::new(&Image::default()), config };
            cluster.replay(&[
                MetadataRecord::FeatureLevel(FeatureLevelRecord {
                    name: ELR_VERSION.to_owned(),
                    feature_level: elr,
                    ..Default::default()
                }),
                MetadataRecord::Topic(TopicRecord {
                    name: "t".to_owned(),
                    topic_id: Uuid::from_bytes([7; 16]),
                    ..Default::default()
                }),
                MetadataRecord::RegisterBroker(RegisterBrokerRecord {
                    broker_id: 1,
                    ..Default::default()
                }),
            ]);
            cluster
        }

        fn replay(&mut self, records: &[MetadataRecord]) {
            for record in records {
                self.delta.replay(record).expect("a record that fits");
            }
        }

        /// Runs `KIND NAME OP:key=value …`: the records and the answer, the records applied.
        fn run(&mut self, case: &str) -> String {
            let mut words = case.split_whitespace();
            let kind = match words.next() {
                Some("TOPIC") => 2,
                Some("BROKER") => 4,
                Some("CLIENT_METRICS") => 16,
                Some("GROUP") => 32,
                _ => 99,
            };
            let name = words.next().map(|name| name.trim_matches('\'')).expect("a name");
            let operations = ["SET", "DELETE", "APPEND", "SUBTRACT"];
            let change = |word: &str| {
                let (operation, rest) = word.split_once(':').expect("an operation");
                let code =
                    operations.iter().position(|known| *known == operation).expect("an operation");
                let (key, value) =
                    rest.split_once('=').map_or((rest, None), |(key, value)| (key, Some(value)));
                AlterableConfig {
                    name: key.to_owned(),
                    config_operation: i8::try_from(code).expect("small"),
                    value: value.map(str::to_owned),
                    ..Default::default()
                }
            };
            let resource = AlterConfigsResource {
                resource_type: kind,
                resource_name: name.to_owned(),
                configs: words.map(change).collect(),
                ..Default::default()
            };
            let request =
                IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
            let decision = incremental_alter(self.delta.image(), &self.config, &request);
            let shown: Vec<String> =
                decision.records.iter().map(|(record, _)| show(record)).collect();
            let records: Vec<_> = decision.records.into_iter().map(|(record, _)| record).collect();
            self.replay(&records);
            match decision.reply.responses.first() {
                Some(answer) if answer.error_code == 0 => {
                    format!("ok {}", shown.join(" ")).trim_end().to_owned()
                }
                Some(answer) => {
                    let code = ErrorCode::from_code(answer.error_code).expect("a code");
                    format!("{code}: {}", answer.error_message.clone().unwrap_or_default())
                }
                None => "no answer".to_owned(),
            }
        }
    }

    fn show(record: &MetadataRecord) -> String {
        match record {
            MetadataRecord::Config(config) => {
                format!("{}={}", config.name, config.value.as_deref().unwrap_or("null"))
            }
            MetadataRecord::ClearElr(clear) => format!("clear-elr({})", clear.topic_name),
            other => panic!("no such record was expected: {other:?}"),
        }
    }

    #[test]
    fn settings_change_as_kafka_changes_them() {
        let mut cluster = Cluster::new(1);
        for (case, expected) in [
            (
                "TOPIC t SET:retention.ms=5 SET:cleanup.policy=compact",
                "ok retention.ms=5 cleanup.policy=compact",
            ),
            ("TOPIC t SET:retention.ms=5", "ok"),
            ("TOPIC t DELETE:segment.ms DELETE:no.such", "ok"),
            ("TOPIC t APPEND:cleanup.policy=delete", "ok cleanup.policy=compact,delete"),
            ("TOPIC t SUBTRACT:cleanup.policy=compact,delete", "ok cleanup.policy="),
            (
                "TOPIC t DELETE:cleanup.policy DELETE:retention.ms",
                "ok cleanup.policy=null retention.ms=null",
            ),
            ("TOPIC t SET:min.insync.replicas=2", "ok min.insync.replicas=2 clear-elr(t)"),
            ("TOPIC t SET:min.insync.replicas=2", "ok"),
            ("BROKER '' SET:min.insync.replicas=1", "ok min.insync.replicas=1 clear-elr()"),
            ("BROKER 1 SET:num.io.threads=9", "ok num.io.threads=9"),
            ("BROKER 1 SET:num.io.threads=9", "ok num.io.threads=9"),
            (
                "GROUP g SET:consumer.session.timeout.ms=50000",
                "ok consumer.session.timeout.ms=50000",
            ),
            ("CLIENT_METRICS m SET:interval.ms=200", "ok interval.ms=200"),
        ] {
            assert_eq!(cluster.run(case), expected, "{case}");
        }
    }

    #[test]
    fn refusals_are_kafkas() {
        let mut cluster = Cluster::new(1);
        for (case, expected) in [
            (
                "TOPIC t SET:retention.ms",
                "INVALID_REQUEST: Null value not supported for : retention.ms",
            ),
            (
                "TOPIC t SET:retention.ms=1 SET:retention.ms=2",
                "INVALID_REQUEST: Error due to duplicate config keys",
            ),
            (
                "TOPIC t APPEND:retention.ms=5",
                "INVALID_CONFIG: Can't APPEND to key retention.ms because its type is not LIST.",
            ),
            (
                "TOPIC t SUBTRACT:no.such=5",
                "INVALID_CONFIG: Can't SUBTRACT to key no.such because its type is not LIST.",
            ),
            (
                "TOPIC t APPEND:cleanup.policy=",
                "INVALID_CONFIG: Configuration 'cleanup.policy' values must not be empty.",
            ),
            (
                "TOPIC none SET:retention.ms=5",
                "UNKNOWN_TOPIC_OR_PARTITION: The topic 'none' does not exist.",
            ),
            (
                "TOPIC none SET:retention.ms=x",
                "INVALID_CONFIG: Invalid value x for configuration retention.ms: Not a number of type LONG",
            ),
            (
                "TOPIC a/b SET:retention.ms=5",
                "INVALID_TOPIC_EXCEPTION: Topic name is invalid: 'a/b' contains one or more characters other than \
                 ASCII alphanumerics, '.', '_' and '-'",
            ),
            (
                "TOPIC '' SET:retention.ms=5",
                "INVALID_REQUEST: Default topic resources are not allowed.",
            ),
            (
                "BROKER 1 SET:min.insync.replicas=2",
                "INVALID_CONFIG: Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
            ),
            (
                "BROKER '' DELETE:min.insync.replicas",
                "INVALID_CONFIG: Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
            ),
            (
                "BROKER 9 SET:num.io.threads=9",
                "BROKER_ID_NOT_REGISTERED: No broker with id 9 found.",
            ),
            (
                "GROUP '' SET:consumer.session.timeout.ms=50000",
                "INVALID_REQUEST: Default group resources are not allowed.",
            ),
            ("GROUP g SET:no.such=1", "INVALID_CONFIG: Unknown group config name: no.such"),
            (
                "CLIENT_METRICS '' SET:interval.ms=100",
                "INVALID_REQUEST: Subscription name can't be empty",
            ),
            ("UNKNOWN x SET:a=b", "INVALID_REQUEST: Unknown resource type 99"),
        ] {
            assert_eq!(cluster.run(case), expected, "{case}");
        }
        let mut without = Cluster::new(0);
        assert_eq!(without.run("BROKER 1 SET:min.insync.replicas=2"), "ok min.insync.replicas=2");
    }

    #[test]
    fn the_old_request_replaces_everything() {
        let mut cluster = Cluster::new(0);
        assert_eq!(
            cluster.run("TOPIC t SET:retention.ms=5 SET:segment.ms=9"),
            "ok retention.ms=5 segment.ms=9"
        );
        let change = alter_configs::AlterableConfig {
            name: "flush.ms".to_owned(),
            value: Some("3".to_owned()),
            ..Default::default()
        };
        let resource = alter_configs::AlterConfigsResource {
            resource_type: 2,
            resource_name: "t".to_owned(),
            configs: vec![change],
            ..Default::default()
        };
        let mut request =
            AlterConfigsRequest { resources: vec![resource.clone()], ..Default::default() };
        let decision = alter(cluster.delta.image(), &cluster.config, &request);
        let shown: Vec<String> = decision.records.iter().map(|(record, _)| show(record)).collect();
        assert_eq!(shown, ["flush.ms=3", "retention.ms=null", "segment.ms=null"]);
        request.validate_only = true;
        assert!(alter(cluster.delta.image(), &cluster.config, &request).records.is_empty());
        request.resources.push(resource);
        let twice = alter(cluster.delta.image(), &cluster.config, &request).reply;
        let messages: Vec<_> =
            twice.responses.iter().map(|one| one.error_message.as_deref()).collect();
        assert_eq!(messages, [Some("Each resource must appear at most once."); 2]);
    }
}
