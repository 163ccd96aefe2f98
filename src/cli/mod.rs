//! The command line: the server's own commands and Kafka's tools.
//!
//! `vltava COMMAND …`, or a link to the binary named `kafka-COMMAND.sh` or `kafka-COMMAND`. Exit codes: 0 done,
//! 1 failed, 2 not understood (Kafka's tools: 1 for both).

mod acls;
mod argparse;
mod broker_api_versions;
mod client_compatibility_test;
mod client_metrics;
mod cluster;
mod completions;
mod configs;
mod console_consumer;
mod console_producer;
mod consumer;
mod consumer_groups;
mod consumer_perf_test;
mod delegation_tokens;
mod delete_records;
mod dev;
mod dump_log;
mod e2e_latency;
mod elsewhere;
mod features;
mod get_offsets;
mod group_types;
mod groups;
mod hello;
mod java;
mod json;
mod leader_election;
mod log_dirs;
mod metadata_quorum;
mod metadata_shell;
mod options;
mod pace;
mod producer;
mod producer_perf_test;
mod progress;
mod reassign_partitions;
mod replica_verification;
mod server;
mod share_consumers;
mod storage;
mod time;
mod tool;
mod topics;
mod transactions;
mod verifiable_consumer;
mod verifiable_producer;

const USAGE: &str = "\
usage: vltava COMMAND [OPTIONS]

the server
  server FILE [--override K=V]…    run the node that FILE (server.properties) describes
  server FILE --print-tree         print its supervision tree, and do not run it
  dev [--dir DIR] [--port PORT] [--hello] [--override K=V]…
                                   run a node for development; formats DIR when it is new
  storage …                        format log directories, and tell of them

Kafka's tools, with their options and output
  topics  configs  client-metrics  acls  delegation-tokens  features  cluster  metadata-quorum  broker-api-versions  log-dirs
  console-producer  console-consumer  consumer-groups  get-offsets  delete-records  transactions
  leader-election  reassign-partitions  replica-verification  dump-log  metadata-shell  groups
  producer-perf-test  consumer-perf-test  e2e-latency  verifiable-producer  verifiable-consumer
  client-compatibility-test

  console-share-consumer  share-consumer-perf-test  verifiable-share-consumer  share-groups  streams-groups
                                   only so far that they say what is missing

  completions bash|zsh|fish        print what makes a shell complete all of these

  --help after a command tells of its options; --version tells which version this is
";

/// Runs the command that `arguments` name, the program's own name first. The process's exit code.
pub fn run(arguments: &[String]) -> i32 {
    let (program, rest) = arguments
        .split_first()
        .map_or(("vltava", arguments), |(first, rest)| (first.as_str(), rest));
    match tool_of_link(program) {
        Some(tool) => dispatch(&tool, rest),
        None => match rest.split_first() {
            Some((command, rest)) => dispatch(command, rest),
            None => usage(2),
        },
    }
}

/// `/usr/bin/kafka-topics.sh` is the tool `topics`.
fn tool_of_link(program: &str) -> Option<String> {
    let name = std::path::Path::new(program).file_name()?.to_str()?;
    let name = name.strip_prefix("kafka-")?;
    Some(name.strip_suffix(".sh").unwrap_or(name).to_owned())
}

/// A command, and what runs it: with the arguments behind its name, to the process's exit code.
type Command = (&'static str, fn(&[String]) -> i32);

/// Every command.
static COMMANDS: &[Command] = &[
    ("server", server::run),
    ("server-start", server::run),
    ("dev", dev::run),
    ("storage", storage::run),
    ("dump-log", dump_log::run),
    ("topics", topics::run),
    ("acls", acls::run),
    ("configs", configs::run),
    ("console-consumer", console_consumer::run),
    ("consumer-groups", consumer_groups::run),
    ("groups", groups::run),
    ("console-producer", console_producer::run),
    ("get-offsets", get_offsets::run),
    ("delete-records", delete_records::run),
    ("log-dirs", log_dirs::run),
    ("broker-api-versions", broker_api_versions::run),
    ("leader-election", leader_election::run),
    ("reassign-partitions", reassign_partitions::run),
    ("producer-perf-test", producer_perf_test::run),
    ("consumer-perf-test", consumer_perf_test::run),
    ("e2e-latency", e2e_latency::run),
    ("verifiable-producer", verifiable_producer::run),
    ("verifiable-consumer", verifiable_consumer::run),
    ("cluster", cluster::run),
    ("client-metrics", client_metrics::run),
    ("console-share-consumer", share_consumers::run_console),
    ("share-consumer-perf-test", share_consumers::run_perf_test),
    ("verifiable-share-consumer", share_consumers::run_verifiable),
    ("share-groups", group_types::run_share),
    ("streams-groups", group_types::run_streams),
    ("client-compatibility-test", client_compatibility_test::run),
    ("replica-verification", replica_verification::run),
    ("delegation-tokens", delegation_tokens::run),
    ("transactions", transactions::run),
    ("features", features::run),
    ("metadata-quorum", metadata_quorum::run),
    ("metadata-shell", metadata_shell::run),
    ("completions", completions::run),
];

fn dispatch(command: &str, arguments: &[String]) -> i32 {
    if let Some((_, run)) = COMMANDS.iter().find(|(name, _)| *name == command) {
        return run(arguments);
    }
    match command {
        "--version" | "version" => {
            say(&format!("vltava {} (Apache Kafka 4.3.1 protocol)\n", env!("CARGO_PKG_VERSION")));
            0
        }
        "--help" | "-h" | "help" => usage(0),
        other => elsewhere::tell(other).unwrap_or_else(|| {
            complain(&format!("vltava: there is no command '{other}'\n\n"));
            usage(2)
        }),
    }
}

fn usage(code: i32) -> i32 {
    if code == 0 {
        say(USAGE)
    } else {
        complain(USAGE)
    }
    code
}

/// Writes to standard output; a reader that has gone away is no reason to fail.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub(crate) fn complain(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
