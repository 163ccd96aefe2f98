//! A node with dynamic settings of every kind, and how Kafka 4.3.1 describes it.

use super::super::server::Overlay;
use super::*;

/// `name|value|source|sensitive|read-only|type|synonyms` per setting, a line with the resource before each group.
const GOLDEN: &str = include_str!("golden.txt");

fn settings(pairs: &[(&str, &str)]) -> Settings {
    pairs.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect()
}

fn node() -> Config {
    let config = Config::recorded([
        ("offsets.topic.replication.factor", "1"),
        ("transaction.state.log.replication.factor", "1"),
        ("transaction.state.log.min.isr", "1"),
        ("share.coordinator.state.topic.replication.factor", "1"),
        ("share.coordinator.state.topic.min.isr", "1"),
    ]);
    config.with_overlay(Overlay {
        default: settings(&[
            ("log.retention.ms", "7200000"),
            ("message.max.bytes", "2000000"),
            ("no.such.default", "3"),
            ("log.cleaner.threads", "1"),
            ("follower.replication.throttled.rate", "9"),
            ("min.insync.replicas", "1"),
        ]),
        broker: settings(&[
            ("log.cleaner.threads", "2"),
            ("no.such.key", "1"),
            ("leader.replication.throttled.rate", "5"),
            ("listener.name.ext.ssl.keystore.password", "x"),
            ("listener.name.ext.max.connections", "5"),
            ("log.retention.ms", "-7"),
            ("log.segment.bytes", " 2000000 "),
            ("listener.name.plaintext.sasl.jaas.config", "s"),
            ("group.consumer.assignment.interval.ms", "5"),
        ]),
    })
}

fn source(source: ConfigSource) -> &'static str {
    match source {
        ConfigSource::DynamicTopic => "DYNAMIC_TOPIC_CONFIG",
        ConfigSource::DynamicBroker => "DYNAMIC_BROKER_CONFIG",
        ConfigSource::DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        ConfigSource::StaticBroker => "STATIC_BROKER_CONFIG",
        ConfigSource::Default => "DEFAULT_CONFIG",
        ConfigSource::DynamicBrokerLogger => "DYNAMIC_BROKER_LOGGER_CONFIG",
        ConfigSource::ClientMetrics => "DYNAMIC_CLIENT_METRICS_CONFIG",
        ConfigSource::Group => "DYNAMIC_GROUP_CONFIG",
    }
}

fn line(entry: &Entry) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_string());
    let synonym =
        |one: &Synonym| format!("{}:{}={}", source(one.source), one.name, text(&one.value));
    let synonyms: Vec<String> = entry.synonyms.iter().map(synonym).collect();
    [
        entry.name.clone(),
        text(&entry.value),
        source(entry.source).to_string(),
        if entry.sensitive { "sensitive" } else { "" }.to_string(),
        if entry.read_only { "read-only" } else { "" }.to_string(),
        entry.kind.map_or("UNKNOWN", Kind::name).to_string(),
        synonyms.join(", "),
    ]
    .join("|")
}

#[test]
fn everything_is_described_as_by_kafka() {
    let config = node();
    let topic = settings(&[("retention.ms", "5"), ("cleanup.policy", "compact,delete")]);
    let group = settings(&[
        ("consumer.session.timeout.ms", "50000"),
        ("share.auto.offset.reset", "earliest"),
    ]);
    let metrics = settings(&[("interval.ms", "200"), ("match", "client_id=x")]);
    let none = Settings::new();
    let mut actual = Vec::new();
    for (title, entries) in [
        ("# BROKER 1", describe_broker(&config)),
        ("# BROKER ''", describe_broker_default(&config)),
        ("# TOPIC t", describe_topic(&config, &topic)),
        ("# GROUP g", describe_group(&config, &group)),
        ("# GROUP h", describe_group(&config, &none)),
        ("# CLIENT_METRICS m", describe_client_metrics(&metrics)),
        ("# CLIENT_METRICS none", describe_client_metrics(&none)),
    ] {
        actual.push(title.to_string());
        actual.extend(entries.iter().map(line));
    }
    let expected: Vec<&str> = GOLDEN.lines().collect();
    let missing: Vec<_> =
        expected.iter().filter(|line| !actual.iter().any(|own| own == **line)).collect();
    let extra: Vec<_> = actual.iter().filter(|own| !expected.contains(&own.as_str())).collect();
    assert!(missing.is_empty() && extra.is_empty(), "Kafka: {missing:#?}\nours: {extra:#?}");
    assert_eq!(actual, expected);
}
