//! What Kafka's tools share: a runtime, a cluster to ask, exceptions for errors, Java's regular expressions, log lines.

use std::time::Duration;

use super::argparse::{self, Parsed};
use super::options::{Exception, Given, Stop, Usage};
use super::{complain, say, time};
use crate::client::{ClientError, Cluster, Settings};
use crate::clock::Clock;
use crate::config::parse_properties;
use crate::error::ErrorCode;
use crate::wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};

/// The class of exceptions whose trace is nobody's business.
const TERSE: &str = "org.apache.kafka.tools.TerseException";
/// The version that the tools say they are.
pub(super) const KAFKA_VERSION: &str = "4.3.1";

/// Properties in the order in which they were given.
pub(super) type Properties = Vec<(String, String)>;

/// The last value of a property.
pub(super) fn property<'a>(properties: &'a Properties, name: &str) -> Option<&'a str> {
    properties.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

/// Runs a tool's work on a runtime of one thread.
pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a system that runs a process has room for a runtime").block_on(work)
}

/// Waits until the user, or the system, wants the tool to end. The exit code of a Java program that is ended so.
pub(super) async fn interrupted() -> i32 {
    use tokio::signal::unix::{SignalKind, signal};
    const SIGINT: i32 = 130;
    const SIGTERM: i32 = 143;
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return SIGINT;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => SIGINT,
        _ = terminated.recv() => SIGTERM,
    }
}

/// Prints why the tool did not start; the exit code. Exceptions are left to the tool.
pub(super) fn stopped(stop: Stop, usage: &Usage, throw: impl FnOnce(Exception) -> i32) -> i32 {
    match stop {
        Stop::Usage(message) => {
            complain(&format!("{message}\n{}", usage.table()));
            1
        }
        Stop::Version => {
            say(&format!("{KAFKA_VERSION}\n"));
            0
        }
        Stop::Throw(exception) => throw(exception),
    }
}

/// Asks for a topic of one partition and one replica, which is all that a trial needs.
pub(super) fn small_topic(name: &str) -> CreateTopicsRequest {
    let topic = CreatableTopic {
        name: name.to_owned(),
        num_partitions: 1,
        replication_factor: 1,
        ..Default::default()
    };
    CreateTopicsRequest { topics: vec![topic], timeout_ms: 30_000, ..Default::default() }
}

/// An error that is told in its own words alone.
pub(super) fn terse(message: impl Into<String>) -> Exception {
    Exception::new(TERSE, message)
}

/// Whether an error is told in its own words alone.
pub(super) fn is_terse(thrown: &Exception) -> bool {
    thrown.class == TERSE
}

/// Prints an exception as most tools do: what it says, and unless it is terse the trace. The exit code.
pub(super) fn failed(thrown: &Exception) -> i32 {
    if is_terse(thrown) {
        complain(&format!("{}\n", thrown.message));
    } else {
        complain(&format!("{}\n{}\n", thrown.message, thrown.trace()));
    }
    1
}

/// What a thread of Java's that ends by an exception prints. The exit code that follows.
pub(super) fn thrown_in_main(thrown: &Exception) -> i32 {
    complain(&format!("Exception in thread \"main\" {}", thrown.trace()));
    1
}

/// What stops a tool of argparse's before it begins: prints it. The exit code, which is `asked_for_help` where that
/// was.
pub(super) fn unparsed(stop: argparse::Stop, asked_for_help: i32) -> i32 {
    match stop {
        argparse::Stop::Help(text) => {
            say(text);
            asked_for_help
        }
        argparse::Stop::Wrong(wrong) => {
            complain(&wrong.text());
            1
        }
    }
}

/// A table as Kafka's tools print it: columns of equal width, each with a tab behind it.
pub(super) fn table(headers: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(headers.get(column).map(|header| header.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headers.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}\t"));
        padded.collect::<String>() + "\n"
    };
    let mut text = line(&mut headers.iter().copied());
    text.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    text
}

/// Properties of the files and of the pairs that these options name.
pub(super) fn properties_given(
    given: &Given,
    files: &[&str],
    options: &[&str],
) -> Result<Properties, Exception> {
    let mut properties = Vec::new();
    for file in files {
        if let Some(path) = given.value(file)? {
            properties.extend(properties_of(path)?);
        }
    }
    for option in options {
        properties.extend(properties_in(&given.values(option)));
    }
    Ok(properties)
}

/// The outcome of a tool: what it did, or why it did not start. The exit code.
pub(super) fn outcome(outcome: Result<(), Stop>, usage: &Usage) -> i32 {
    match outcome {
        Ok(()) => 0,
        Err(stop) => stopped(stop, usage, |thrown| failed(&thrown)),
    }
}

/// Prints a line as the tools' log does, on stderr.
pub(super) fn log_error(message: &str, logger: &str) {
    let now = time::iso(Clock::System.now());
    complain(&format!("[{now}] ERROR {message} ({logger})\n"));
}

/// The properties of a file, as `--command-config` names it.
pub(super) fn properties_of(path: &str) -> Result<Properties, Exception> {
    let bytes = std::fs::read(path)
        .map_err(|_| Exception::new("java.nio.file.NoSuchFileException", path))?;
    parse_properties(&bytes).map_err(Exception::illegal_argument)
}

/// The properties that options such as `--command-property` give: `name=value`, or a name alone.
pub(super) fn properties_in(values: &[&str]) -> Properties {
    let split = |text: &&str| match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => ((*text).to_owned(), String::new()),
    };
    values.iter().map(split).collect()
}

/// What an administration client says when it has asked in vain for as long as it may.
pub(super) fn call_timed_out(call: &str, deadline: Duration, tries: u32) -> Exception {
    let now = Clock::System.now();
    let deadline_ms = now.saturating_sub(i64::try_from(deadline.as_millis()).unwrap_or(0));
    Exception::new(
        &exception_class(ErrorCode::RequestTimedOut),
        format!(
            "Call(callName={call}, deadlineMs={deadline_ms}, tries={tries}, nextAllowedTryMs={}) timed out at {now} \
             after {tries} attempt(s)",
            now + 100
        ),
    )
}

/// The cluster of an admin tool, told by `--bootstrap-server` (or `server`) and `--command-config`.
pub(super) fn admin_cluster(given: &Given, server: &str) -> Result<Cluster, Exception> {
    cluster_with(given, server, "command-config")
}

/// As [`admin_cluster`], where the option that names the file of properties is another.
pub(super) fn cluster_with(given: &Given, server: &str, file: &str) -> Result<Cluster, Exception> {
    let bootstrap = given.value(server)?.unwrap_or_default();
    admin(bootstrap, given.value(file)?)
}

/// The cluster of an admin tool that is told by either kind of node, and a file of properties.
pub(super) fn cluster_of(parsed: &Parsed, file: Option<&str>) -> Result<Cluster, Exception> {
    let servers = ["bootstrap-server", "bootstrap-controller"];
    let bootstrap = servers.iter().find_map(|option| parsed.value(option));
    admin(bootstrap.unwrap_or_default(), file)
}

fn admin(bootstrap: &str, file: Option<&str>) -> Result<Cluster, Exception> {
    let properties = file.map(properties_of).transpose()?.unwrap_or_default();
    Ok(cluster(bootstrap, &properties, "adminclient-1"))
}

/// A cluster, with a client's properties.
pub(super) fn cluster(bootstrap: &str, properties: &Properties, client_id: &str) -> Cluster {
    let ms = |name: &str| property(properties, name).and_then(|text| text.trim().parse().ok());
    let settings = Settings {
        client_id: property(properties, "client.id").unwrap_or(client_id).to_owned(),
        request_timeout_ms: ms("request.timeout.ms").unwrap_or(30_000),
        ..Settings::default()
    };
    let deadline = ms("default.api.timeout.ms").unwrap_or(60_000);
    Cluster::new(bootstrap, settings, Duration::from_millis(deadline))
}

/// Java's class for an error of the protocol.
pub(super) fn exception_class(code: ErrorCode) -> String {
    let name = match code {
        ErrorCode::UnknownServerError => "UnknownServer",
        ErrorCode::CorruptMessage => "CorruptRecord",
        ErrorCode::RequestTimedOut => "Timeout",
        ErrorCode::MessageTooLarge => "RecordTooLarge",
        ErrorCode::StaleControllerEpoch => "ControllerMoved",
        ErrorCode::NetworkException => "Network",
        ErrorCode::InvalidTopicException => "InvalidTopic",
        ErrorCode::RecordListTooLarge => "RecordBatchTooLarge",
        ErrorCode::TopicAuthorizationFailed => "TopicAuthorization",
        ErrorCode::GroupAuthorizationFailed => "GroupAuthorization",
        ErrorCode::ClusterAuthorizationFailed => "ClusterAuthorization",
        ErrorCode::TopicAlreadyExists => "TopicExists",
        ErrorCode::InvalidConfig => "InvalidConfiguration",
        ErrorCode::OutOfOrderSequenceNumber => "OutOfOrderSequence",
        ErrorCode::DuplicateSequenceNumber => "DuplicateSequence",
        ErrorCode::InvalidProducerIdMapping => "InvalidPidMapping",
        ErrorCode::InvalidTransactionTimeout => "InvalidTxnTimeout",
        ErrorCode::TransactionalIdAuthorizationFailed => "TransactionalIdAuthorization",
        ErrorCode::KafkaStorageError => "KafkaStorage",
        ErrorCode::SaslAuthenticationFailed => "SaslAuthentication",
        ErrorCode::DelegationTokenAuthDisabled => "DelegationTokenDisabled",
        ErrorCode::DelegationTokenRequestNotAllowed => "UnsupportedByAuthentication",
        ErrorCode::DelegationTokenAuthorizationFailed => "DelegationTokenAuthorization",
        ErrorCode::NonEmptyGroup => "GroupNotEmpty",
        ErrorCode::InvalidRecord => return "org.apache.kafka.common.InvalidRecordException".into(),
        ErrorCode::PrincipalDeserializationFailure => "PrincipalDeserialization",
        ErrorCode::FetchSessionTopicIdError => "FetchSessionTopicId",
        ErrorCode::InvalidRegularExpression => {
            return "org.apache.kafka.common.errors.InvalidRegularExpression".into();
        }
        ErrorCode::OffsetMetadataTooLarge => {
            return "org.apache.kafka.common.errors.OffsetMetadataTooLarge".into();
        }
        other => return format!("org.apache.kafka.common.errors.{other:?}Exception"),
    };
    format!("org.apache.kafka.common.errors.{name}Exception")
}

impl From<ClientError> for Exception {
    fn from(error: ClientError) -> Self {
        let class = match &error {
            ClientError::Api(error) => exception_class(error.code),
            ClientError::Timeout(_) => exception_class(ErrorCode::RequestTimedOut),
            ClientError::Disconnected(_) => {
                "org.apache.kafka.common.errors.DisconnectException".to_owned()
            }
            ClientError::Unsupported(_) => exception_class(ErrorCode::UnsupportedVersion),
            ClientError::Protocol(_) => {
                "org.apache.kafka.common.protocol.types.SchemaException".to_owned()
            }
        };
        Self::new(&class, error.to_string())
    }
}

/// The topics that an include list means: a Java regular expression that must match all of the name; commas are
/// alternatives, quotes and spaces around it are dropped.
pub(super) struct IncludeList(Option<regex::Regex>);

impl IncludeList {
    /// The error is Java's.
    pub(super) fn new(text: &str) -> Result<Self, Exception> {
        let text = text.trim().replace(',', "|").replace(' ', "");
        let text = text.trim_start_matches(['"', '\'']).trim_end_matches(['"', '\'']);
        match regex::Regex::new(&format!("^(?:{text})$")) {
            Ok(regex) => Ok(Self(Some(regex))),
            Err(_) => {
                let class = "java.lang.RuntimeException";
                Err(Exception::new(class, format!("{text} is an invalid regex.")))
            }
        }
    }

    /// Whether the list means `name`.
    pub(super) fn includes(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_kafkas() {
        let rows = [vec!["a".to_owned(), "long".to_owned()]];
        assert_eq!(table(&["One", "Two"], &rows), "One\tTwo \t\na  \tlong\t\n");
        assert_eq!(table(&["One"], &[]), "One\t\n");
    }

    #[test]
    fn include_lists_match_whole_names() {
        let list = IncludeList::new("tour-[ab], other").expect("it is a list");
        assert!(list.includes("tour-a") && list.includes("other"));
        assert!(!list.includes("tour-ab") && !list.includes("another"));
        assert!(IncludeList::new("[").is_err());
    }

    #[test]
    fn classes_are_javas() {
        assert_eq!(
            exception_class(ErrorCode::GroupIdNotFound),
            "org.apache.kafka.common.errors.GroupIdNotFoundException"
        );
        assert_eq!(
            exception_class(ErrorCode::TopicAlreadyExists),
            "org.apache.kafka.common.errors.TopicExistsException"
        );
    }
}
