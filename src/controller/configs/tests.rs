//! Changes of settings, decided over images that a test makes.

use super::*;
use crate::error::ErrorCode;
use crate::metadata::Delta;
use crate::metadata::features::ELR_VERSION;
use crate::types::Uuid;
use crate::wire::messages::incremental_alter_configs::{AlterConfigsResource, AlterableConfig};
use crate::wire::stored::metadata::{
    FeatureLevelRecord, MetadataRecord, RegisterBrokerRecord, TopicRecord,
};

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
        let shown: Vec<String> = decision.records.iter().map(|(record, _)| show(record)).collect();
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
        ("GROUP g SET:consumer.session.timeout.ms=50000", "ok consumer.session.timeout.ms=50000"),
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
        ("BROKER 9 SET:num.io.threads=9", "BROKER_ID_NOT_REGISTERED: No broker with id 9 found."),
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
    let messages: Vec<_> = twice.responses.iter().map(|one| one.error_message.as_deref()).collect();
    assert_eq!(messages, [Some("Each resource must appear at most once."); 2]);
}
