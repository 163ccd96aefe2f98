//! `kafka-topics`: creates, lists, describes, alters and deletes topics, with Kafka's options, words and exit codes.

mod change;
mod describe;
mod options;

use super::options::{Exception, Usage};
use super::tool::{self, IncludeList};
use super::{complain, say};
use crate::client::{ClientError, Cluster};
use crate::types::is_internal_topic;
use options::{Action, Options};

const USAGE: Usage = Usage::new(include_str!("../usage/topics.txt"));
const LOGGER: &str = "org.apache.kafka.tools.TopicCommand";

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let options = match options::parse(&USAGE, args) {
        Ok(options) => options,
        Err(stop) => return tool::stopped(stop, &USAGE, |thrown| not_started(&thrown)),
    };
    let mut cluster = match tool::admin_cluster(&options.given, "bootstrap-server") {
        Ok(cluster) => cluster,
        Err(thrown) => return not_started(&thrown),
    };
    match tool::run(act(&mut cluster, &options)) {
        Ok(()) => 0,
        Err(thrown) => {
            say(&format!("Error while executing topic command : {}\n", thrown.message));
            tool::log_error(&thrown.trace(), LOGGER);
            1
        }
    }
}

fn not_started(thrown: &Exception) -> i32 {
    complain(&format!("{}\n{}\n", thrown.message, thrown.trace()));
    1
}

async fn act(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    match options.action {
        Action::Create => change::create(cluster, options).await,
        Action::Alter => change::alter(cluster, options).await,
        Action::Delete => change::delete(cluster, options).await,
        Action::List => list(cluster, options).await,
        Action::Describe => describe::describe(cluster, options).await,
    }
}

async fn list(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    let mut names = topics(cluster, options).await?;
    names.iter_mut().for_each(|name| name.push('\n'));
    say(&names.concat());
    Ok(())
}

/// The names of the topics that are meant, in order.
async fn topics(cluster: &mut Cluster, options: &Options) -> Result<Vec<String>, Exception> {
    let exclude_internal = options.given.has("exclude-internal");
    let list = options.topic()?.map(IncludeList::new).transpose()?;
    let answer = cluster.metadata(None, true).await?;
    ClientError::check(answer.error_code, None)?;
    let meant = |name: &String| {
        list.as_ref().is_none_or(|list| list.includes(name))
            && !(exclude_internal && is_internal_topic(name))
    };
    let mut names: Vec<_> =
        answer.topics.into_iter().filter_map(|topic| topic.name).filter(meant).collect();
    names.sort();
    Ok(names)
}

/// Complains where a topic was asked for and there is none.
fn ensure_exists(found: &[String], asked: Option<&str>, required: bool) -> Result<(), Exception> {
    match asked {
        Some(asked) if required && found.is_empty() => {
            Err(Exception::illegal_argument(format!("Topic '{asked}' does not exist as expected")))
        }
        _ => Ok(()),
    }
}
