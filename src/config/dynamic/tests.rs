//! A table of changes to a fresh node's dynamic settings, and what Kafka 4.3.1 says to each.

use super::*;

/// `KIND NAME SET:key=value …` on one line, the answer on the next: `ok` or code and text.
const CASES: &str = include_str!("cases.txt");

fn node() -> Config {
    Config::recorded([])
}

fn answer(config: &Config, case: &str) -> Result<(), ApiError> {
    let mut words = case.split_whitespace();
    let (kind, name) = (words.next().expect("a kind"), words.next().expect("a name"));
    let settings: Settings = words
        .filter_map(|word| word.strip_prefix("SET:")?.split_once('='))
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    match kind {
        "BROKER" => validate_broker(config, &settings, name != "''"),
        "TOPIC" => validate_topic(config, &settings),
        "GROUP" => validate_group(config, &settings),
        "CLIENT_METRICS" => validate_client_metrics(&settings),
        "BROKER_LOGGER" => {
            let known = [("root", "INFO"), ("kafka.server.ReplicaManager", "INFO")];
            let known = known.map(|(logger, level)| (logger.to_string(), level.to_string())).into();
            settings.iter().try_for_each(|(key, level)| {
                validate_logger(&known, key, Operation::Set, Some(level))
            })
        }
        other => panic!("a bad case: {other}"),
    }
}

#[test]
fn kafkas_answers_are_ours() {
    let config = node();
    let mut lines = CASES.lines();
    let mut different = Vec::new();
    while let (Some(case), Some(expected)) = (lines.next(), lines.next()) {
        let actual =
            answer(&config, case).map_or_else(|error| error.to_string(), |()| "ok".to_string());
        if actual != expected.trim() {
            different.push(format!("{case}\n  Kafka: {}\n  ours:  {actual}", expected.trim()));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn lists_grow_and_shrink() {
    let default = default_list(Owner::Topic, "cleanup.policy");
    let appended = Operation::Append.apply(None, default, "compact");
    assert_eq!(appended.as_deref(), Some("delete,compact"));
    assert_eq!(
        Operation::Append.apply(Some("delete,compact"), default, "compact").as_deref(),
        Some("delete,compact")
    );
    assert_eq!(
        Operation::Subtract.apply(Some("delete,compact"), default, "delete").as_deref(),
        Some("compact")
    );
    assert_eq!(
        Operation::Subtract.apply(Some("compact"), default, "delete,compact").as_deref(),
        Some("")
    );
    assert!(is_list(Owner::Topic, "cleanup.policy") && !is_list(Owner::Topic, "retention.ms"));
    assert!(!is_list(Owner::Other, "metrics"));
}

#[test]
fn loggers_are_set_and_reset_only() {
    let known = [("root".to_string(), "INFO".to_string())].into();
    let refused = |logger: &str, operation| {
        validate_logger(&known, logger, operation, None).expect_err("refused")
    };
    assert_eq!(
        refused("root", Operation::Delete).to_string(),
        "INVALID_REQUEST: Removing the log level of the root logger is not allowed"
    );
    assert_eq!(
        refused("root", Operation::Append).to_string(),
        "INVALID_REQUEST: APPEND operation is not allowed for the BROKER_LOGGER resource"
    );
    assert_eq!(
        refused("x", Operation::Delete).to_string(),
        "INVALID_CONFIG: Logger x does not exist!"
    );
}

#[test]
fn no_cleaner_thread_at_all_is_refused() {
    let settings = Settings::from([("log.cleaner.threads".to_owned(), "0".to_owned())]);
    assert!(validate_broker(&node(), &settings, false).is_err());
}
