//! A table of changes to one good configuration, and what Kafka 4.3.1 says to each.

use super::super::server::Config;
use super::*;

/// A change per line (`-key` leaves it out, `_SP_` is a space), the answer on the next: `ok` or the refusal.
const CASES: &str = include_str!("cases.txt");

fn changed(changes: &str) -> Result<Config, String> {
    let mut settings = BTreeMap::from(
        [
            ("process.roles", "broker,controller"),
            ("node.id", "1"),
            ("listeners", "PLAINTEXT://:19092,CONTROLLER://:19093"),
            ("controller.listener.names", "CONTROLLER"),
            ("controller.quorum.voters", "1@localhost:19093"),
            ("log.dirs", "/tmp/config/v/d"),
            (
                "listener.security.protocol.map",
                "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,EXT:PLAINTEXT",
            ),
        ]
        .map(|(key, value)| (key.to_string(), value.to_string())),
    );
    for change in changes.split_whitespace() {
        match (change.strip_prefix('-'), change.split_once('=')) {
            (Some(key), _) => drop(settings.remove(key)),
            (None, Some((key, value))) => {
                drop(settings.insert(key.to_string(), value.replace("_SP_", " ")))
            }
            (None, None) => panic!("a bad case: {change}"),
        }
    }
    Config::from_map(settings).map_err(|error| error.to_string())
}

#[test]
fn kafkas_answers_are_ours() {
    let mut lines = CASES.lines();
    let mut different = Vec::new();
    while let (Some(changes), Some(answer)) = (lines.next(), lines.next()) {
        let expected = answer.trim();
        let actual = changed(changes).map_or_else(|error| error, |_| "ok".to_string());
        if actual != expected {
            different.push(format!("{changes}\n  Kafka: {expected}\n  ours:  {actual}"));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn what_is_not_there_yet_is_refused_with_a_reason() {
    for (changes, says) in [
        (
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_SSL",
            "listener PLAINTEXT asks for SASL_SSL, which is not there yet: only PLAINTEXT listeners are",
        ),
        (
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer asks for what is not there \
             yet: leave authorizer.class.name out",
        ),
        (
            "remote.log.storage.system.enable=true",
            "remote.log.storage.system.enable=true asks for what is not there yet: \
             leave remote.log.storage.system.enable out",
        ),
    ] {
        assert_eq!(changed(changes).expect_err("refused"), says);
    }
}

#[test]
fn strange_keys_are_taken_with_a_word() {
    let config = changed(
        "num.partition=3 zookeeper.connect=h:1 super.users=User:a wholly.foreign.thing=1 \
         listener.name.ext.ssl.keystore.location=/x",
    )
    .expect("a configuration");
    assert_eq!(
        config.warnings(),
        [
            "unknown setting num.partition: did you mean num.partitions?",
            "unknown setting wholly.foreign.thing",
            "zookeeper.connect is no longer a setting: ZooKeeper is gone: metadata lives in the controllers' quorum",
        ]
    );
    assert_eq!(config.get("num.partition").as_deref(), Some("3"));
}
