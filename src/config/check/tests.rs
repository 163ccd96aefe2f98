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
            "authorizer.class.name=com.example.Authorizer",
            "authorizer.class.name=com.example.Authorizer asks for what is not there: only \
             org.apache.kafka.metadata.authorizer.StandardAuthorizer is",
        ),
        (
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer super.users=User:a;bob",
            "super.users: expected a string in format principalType:principalName but got bob",
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

/// Whatever listener of whatever role is to be secured, and however that is said, the node does not start.
#[test]
fn no_node_stands_open_that_should_be_closed() {
    let roles = [
        ("broker,controller", "B://:1,C://:2"),
        ("controller", "C://:2 -controller.quorum.voters"),
        ("broker", "B://:1 -controller.quorum.voters"),
    ];
    for (role, listeners) in roles {
        for (broker, controller) in
            ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"].into_iter().flat_map(|protocol| {
                [(protocol, "PLAINTEXT"), ("PLAINTEXT", protocol), (protocol, protocol)]
            })
        {
            let changes = format!(
                "process.roles={role} listeners={listeners} controller.listener.names=C \
                 controller.quorum.bootstrap.servers=localhost:2 inter.broker.listener.name=B \
                 listener.security.protocol.map=B:{broker},C:{controller},UNUSED:SASL_SSL"
            );
            let secured = match role {
                "controller" => controller != "PLAINTEXT",
                _ => broker != "PLAINTEXT" || controller != "PLAINTEXT",
            };
            match changed(&changes) {
                Ok(_) => assert!(!secured, "{changes}"),
                Err(why) => assert!(secured && why.contains("not there yet"), "{changes}: {why}"),
            }
        }
    }
}

#[test]
fn settings_that_secure_nothing_are_told_of() {
    let config = changed(
        "sasl.enabled.mechanisms=SCRAM-SHA-256 ssl.client.auth=required super.users=User:a",
    )
    .expect("a configuration");
    assert_eq!(
        config.warnings(),
        [
            "sasl.enabled.mechanisms secures nothing: no listener speaks SASL, nor can one yet",
            "ssl.client.auth secures nothing: no listener speaks SSL, nor can one yet",
            "super.users means nothing without authorizer.class.name",
        ]
    );
    assert!(!config.has_authorizer());
}

#[test]
fn the_authorizer_is_taken_with_its_keys() {
    let config = changed(
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer \
         super.users=User:a;_SP_User:CN=b,O=c;; allow.everyone.if.no.acl.found=_SP_TRUE",
    )
    .expect("a configuration");
    assert!(config.has_authorizer() && config.allow_everyone_if_no_acl_found());
    assert_eq!(config.super_users().collect::<Vec<_>>(), ["User:a", "User:CN=b,O=c"]);
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
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
            "super.users means nothing without authorizer.class.name",
        ]
    );
    assert_eq!(config.get("num.partition").as_deref(), Some("3"));
}

#[test]
fn no_cleaner_thread_at_all_is_refused() {
    // Kafka divides by the number and dies of it.
    let refused = changed("log.cleaner.threads=0").expect_err("it is no number of threads");
    assert!(refused.ends_with("Log cleaner threads should be at least 1"), "{refused}");
}
