//! `kafka-configs`: describes and alters the dynamic settings of topics, brokers, loggers, groups and client metrics,
//! quotas of users, clients and addresses, and SCRAM credentials, with Kafka's options, words and exit codes.

mod alter;
mod describe;
mod options;
mod users;

use super::complain;
use super::options::{Exception, Stop, Usage};
use super::tool;
use crate::client::Cluster;
use crate::types::NodeId;
use crate::wire::message::Request;
use options::{Kind, Options};

const USAGE: Usage = Usage::new(include_str!("../usage/configs.txt"));

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let options = match options::parse(&USAGE, args) {
        Ok(options) => options,
        Err(stop) => return stopped(stop, args),
    };
    let work = async {
        let mut cluster = tool::admin_cluster(&options.given, options.server())?;
        if options.given.has("alter") {
            alter::alter(&mut cluster, &options).await
        } else {
            describe::describe(&mut cluster, &options).await
        }
    };
    match tool::run(work) {
        Ok(()) => 0,
        Err(thrown) => stopped(Stop::Throw(thrown), args),
    }
}

fn stopped(stop: Stop, args: &[String]) -> i32 {
    tool::stopped(stop, &USAGE, |thrown| {
        let understood = ["java.lang.IllegalArgumentException", "joptsimple."];
        if understood.iter().any(|class| thrown.class.starts_with(class)) {
            complain(&format!("{}\n", thrown.message));
        } else {
            let args = args.join(" ");
            complain(&format!("Error while executing config command with args '{args}'\n"));
            complain(&thrown.trace());
        }
        1
    })
}

/// Asks the node that must answer for an entity: a broker for itself, any node for the rest.
async fn ask<R: Request>(
    cluster: &mut Cluster,
    options: &Options,
    entity: &str,
    request: &R,
) -> Result<R::Response, Exception> {
    let own = matches!(options.kind, Kind::Brokers | Kind::BrokerLoggers);
    let broker = entity.parse::<NodeId>().ok().filter(|_| own && !options.by_controller());
    let answer = match broker {
        Some(broker) => cluster.node(broker).await?.ask(request).await,
        None => cluster.ask(request).await,
    };
    Ok(answer?)
}
