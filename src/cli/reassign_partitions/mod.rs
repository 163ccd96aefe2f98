//! `kafka-reassign-partitions`: moves replicas between brokers and log directories, with Kafka's options, words and
//! exit codes.

mod execute;
mod files;
mod generate;
mod options;
mod state;
mod throttle;
mod verify;

use std::collections::BTreeMap;

use super::options::{Exception, Stop, Usage};
use super::say;
use super::tool;
use crate::client::Cluster;
use crate::types::{NodeId, TopicPartition};
use options::{Action, Options};

const USAGE: Usage = Usage::new(include_str!("../usage/reassign-partitions.txt"));

/// The brokers that hold, or are to hold, each partition.
type Assignment = BTreeMap<TopicPartition, Vec<NodeId>>;
/// The log directory of a partition's replica on a broker.
type LogDirs = BTreeMap<(TopicPartition, NodeId), String>;

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let options = match options::parse(&USAGE, args) {
        Ok(options) => options,
        Err(stop) => {
            return tool::stopped(stop, &USAGE, |thrown: Exception| tool::thrown_in_main(&thrown));
        }
    };
    match act(&options) {
        Ok(()) => 0,
        Err(thrown) => {
            if tool::is_terse(&thrown) {
                say(&format!("{}\n", thrown.message));
            } else {
                say(&format!("Error: {}\n{}\n", thrown.message, thrown.trace()));
            }
            1
        }
    }
}

fn act(options: &Options) -> Result<(), Exception> {
    let mut cluster = tool::admin_cluster(&options.given, options.server())?;
    let cluster = &mut cluster;
    tool::run(async {
        match options.action {
            Action::Generate => generate::generate(cluster, &options.given).await,
            Action::Execute => execute::execute(cluster, &options.given).await,
            Action::Cancel => execute::cancel(cluster, &options.given).await,
            Action::Verify => verify::verify(cluster, &options.given).await,
            Action::List => list(cluster).await,
        }
    })
}

async fn list(cluster: &mut Cluster) -> Result<(), Exception> {
    let ongoing = state::ongoing(cluster).await?;
    if ongoing.is_empty() {
        say("No partition reassignments found.\n");
        return Ok(());
    }
    say("Current partition reassignments:\n");
    for (place, moving) in ongoing {
        let part = |name: &str, nodes: &[NodeId]| match nodes {
            [] => String::new(),
            nodes => format!("  {name}: {}.", joined(nodes)),
        };
        let (adding, removing) =
            (part("adding", &moving.adding), part("removing", &moving.removing));
        say(&format!("{place}: replicas: {}.{adding}{removing}\n", joined(&moving.replicas)));
    }
    Ok(())
}

fn failed(message: impl Into<String>) -> Exception {
    Exception::new("org.apache.kafka.tools.AdminCommandFailedException", message)
}

fn joined<T: ToString>(parts: impl IntoIterator<Item = T>) -> String {
    parts.into_iter().map(|part| part.to_string()).collect::<Vec<_>>().join(",")
}

/// `s` where there are several.
fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn stop<T>(message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Usage(message.into()))
}
