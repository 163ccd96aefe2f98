//! `kafka-console-share-consumer`, `kafka-share-consumer-perf-test` and `kafka-verifiable-share-consumer`: their
//! options and complaints as Kafka's, and what Kafka's say of a cluster without share groups.
//!
//! They consume nothing: this client speaks no protocol of share groups, and says so to a cluster that has them.

use serde_json::json;

use super::argparse::Program;
use super::options::{Exception, Given, Stop, Usage};
use super::verifiable_producer::event;
use super::{complain, say, tool};
use crate::client::Cluster;
use crate::error::ErrorCode;
use crate::wire::api_key::ApiKey;

const CONSOLE: Usage = Usage::new(include_str!("usage/console-share-consumer.txt"));
const PERF: Usage = Usage::new(include_str!("usage/share-consumer-perf-test.txt"));
const VERIFIABLE: Program = Program {
    name: "verifiable-share-consumer",
    help: include_str!("usage/verifiable-share-consumer.txt"),
    commands: &[],
};
const PERF_HEADER: &str = "start.time, end.time, data.consumed.in.MB, MB.sec, nMsg.sec, data.consumed.in.nMsg, fetch.time.ms\n";
const PERF_DETAILED_HEADER: &str =
    "time, threadId, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, fetch.time.ms\n";

/// Runs `console-share-consumer`. The process's exit code, Kafka's 0 for what it was told too late included.
pub(super) fn run_console(args: &[String]) -> i32 {
    let given = match console_options(args) {
        Ok(given) => given,
        Err(stop) => return tool::stopped(stop, &CONSOLE, |thrown| tool::thrown_in_main(&thrown)),
    };
    let logger = "org.apache.kafka.tools.consumer.ConsoleShareConsumer";
    match cluster(&given) {
        Ok(cluster) => {
            let thrown = tool::run(refusal(cluster));
            tool::log_error("Error processing message, terminating consumer process: ", logger);
            complain(&thrown.trace());
            complain("Processed a total of 0 messages\n");
            0
        }
        Err(thrown) => {
            tool::log_error("Unknown error when running consumer: ", logger);
            complain(&thrown.trace());
            1
        }
    }
}

fn console_options(args: &[String]) -> Result<Given, Stop> {
    let given = CONSOLE.parse(args).map_err(Stop::with_table)?;
    if !given.has("topic") {
        return Err(Stop::Usage("--topic is a required argument".to_owned()));
    }
    given.require(&["bootstrap-server"])?;
    if given.has("reject") && given.has("release") {
        return Err(Stop::Usage(
            "At most one of --reject and --release may be specified.".to_owned(),
        ));
    }
    given.replaced(&[
        ("property", "formatter-property"),
        ("consumer-property", "command-property"),
        ("consumer-config", "command-config"),
    ])?;
    given.number::<i32>("max-messages")?;
    given.number::<i32>("timeout-ms")?;
    Ok(given)
}

/// Runs `share-consumer-perf-test`. The process's exit code.
pub(super) fn run_perf_test(args: &[String]) -> i32 {
    let outcome = perf_options(args).and_then(|given| {
        let cluster = cluster(&given)?;
        match (given.has("hide-header"), given.has("show-detailed-stats")) {
            (true, _) => {}
            (false, true) => say(PERF_DETAILED_HEADER),
            (false, false) => say(PERF_HEADER),
        }
        Err(Stop::Throw(tool::run(refusal(cluster)).in_execution()))
    });
    tool::outcome(outcome, &PERF)
}

fn perf_options(args: &[String]) -> Result<Given, Stop> {
    let given = PERF.parse_some(args)?;
    given.require(&["topic", "bootstrap-server"])?;
    if given.has("messages") == given.has("num-records") {
        return Err(Stop::Usage(
            "Exactly one of the following arguments is required: [messages], [num-records]"
                .to_owned(),
        ));
    }
    given.replaced(&[("consumer.config", "command-config")])?;
    for number in ["messages", "num-records", "timeout"] {
        given.number::<i64>(number)?;
    }
    if given.number::<i64>("reporting-interval")?.is_some_and(|interval| interval <= 0) {
        return Err(
            Exception::illegal_argument("Reporting interval must be greater than 0.").into()
        );
    }
    Ok(given)
}

/// Runs `verifiable-share-consumer`. The process's exit code.
pub(super) fn run_verifiable(args: &[String]) -> i32 {
    if args.is_empty() {
        say(VERIFIABLE.help);
        return 0;
    }
    let parsed = VERIFIABLE.parse(args).and_then(|parsed| {
        VERIFIABLE.number::<i32>(&parsed, "max-messages", "Integer")?;
        Ok(parsed)
    });
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(stop) => return tool::unparsed(stop, 0),
    };
    let properties = parsed.value("command-config").map(tool::properties_of).transpose();
    let properties = match properties {
        Ok(properties) => properties.unwrap_or_default(),
        Err(thrown) => return tool::thrown_in_main(&thrown),
    };
    let bootstrap = parsed.value("bootstrap-server").unwrap_or_default();
    let cluster = tool::cluster(bootstrap, &properties, "share-consumer-1");
    event("startup_complete", &json!({}));
    let thrown = tool::run(refusal(cluster));
    tool::log_error(
        "Error during processing, terminating share consumer process: ",
        "org.apache.kafka.tools.VerifiableShareConsumer",
    );
    complain(&thrown.trace());
    event("shutdown_complete", &json!({}));
    0
}

fn cluster(given: &Given) -> Result<Cluster, Exception> {
    let properties = tool::properties_given(given, &["command-config"], &["command-property"])?;
    let bootstrap = given.value("bootstrap-server")?.unwrap_or_default();
    Ok(tool::cluster(bootstrap, &properties, "share-consumer-1"))
}

/// Why nothing can be consumed from this cluster.
async fn refusal(mut cluster: Cluster) -> Exception {
    let offers = match cluster.any().await {
        Ok(node) => node.supports(ApiKey::ShareGroupHeartbeat),
        Err(error) => return error.into(),
    };
    let why = if offers {
        "This tool does not speak the share group protocol."
    } else {
        "The cluster does not support the share group protocol using ShareGroupHeartbeat API version 1 or later. This \
         version of the API was introduced in Apache Kafka v4.1."
    };
    Exception::new(&tool::exception_class(ErrorCode::UnsupportedVersion), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(line: &str) -> String {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        match console_options(&args) {
            Err(Stop::Usage(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_console_consumer_complains_of() {
        assert_eq!(says("--bootstrap-server x"), "--topic is a required argument");
        let both = "--bootstrap-server x --topic t --reject --release";
        assert_eq!(says(both), "At most one of --reject and --release may be specified.");
        assert!(says("--topic t").contains("bootstrap-server"));
    }
}
