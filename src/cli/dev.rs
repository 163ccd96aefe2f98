//! `vltava dev [--dir DIR] [--port PORT] [--hello] [--override K=V]…`: a combined node for a developer's machine.
//!
//! Formats the directory when it is new, runs broker and controller in one, and says how to connect.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{complain, hello, say, server};
use crate::clock::Clock;
use crate::config::{Config, Sources};
use crate::error::Error;
use crate::node;

const USAGE: &str = "usage: vltava dev [--dir DIR] [--port PORT] [--hello] [--override K=V]…\n";

struct Options {
    dir: PathBuf,
    port: u16,
    overrides: Vec<String>,
    hello: bool,
}

/// Runs a development node until it is told to stop. The process's exit code.
pub(super) fn run(arguments: &[String]) -> i32 {
    let options = match parse(arguments) {
        Ok(options) => options,
        Err(why) => {
            complain(&format!("vltava dev: {why}\n{USAGE}"));
            return 2;
        }
    };
    match prepare(&options) {
        Ok(config) => server::serve(config, move |running| welcome(running, options.hello)),
        Err(error) => {
            complain(&format!("vltava dev: {error}\n"));
            1
        }
    }
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options {
        dir: PathBuf::from("vltava-data"),
        port: 9092,
        overrides: Vec::new(),
        hello: false,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--dir" => options.dir = PathBuf::from(value()?),
            "--port" => {
                let port = value()?;
                options.port = port.parse().map_err(|_| format!("{port} is no port"))?;
            }
            "--hello" => options.hello = true,
            "--override" => options.overrides.push(value()?.clone()),
            other => return Err(format!("there is no option {other}")),
        }
    }
    Ok(options)
}

/// The configuration of a single node whose topics need no second one.
fn prepare(options: &Options) -> Result<Config, Error> {
    let dir = options.dir.display();
    let controller_port = if options.port == 0 { 0 } else { options.port.saturating_add(1) };
    let settings = [
        "process.roles=broker,controller".to_owned(),
        "node.id=1".to_owned(),
        format!("log.dirs={dir}"),
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{controller_port}",
            options.port
        ),
        "controller.listener.names=CONTROLLER".to_owned(),
        format!("controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}"),
        "offsets.topic.replication.factor=1".to_owned(),
        "transaction.state.log.replication.factor=1".to_owned(),
        "transaction.state.log.min.isr=1".to_owned(),
        "share.coordinator.state.topic.replication.factor=1".to_owned(),
        "share.coordinator.state.topic.min.isr=1".to_owned(),
        "group.initial.rebalance.delay.ms=0".to_owned(),
    ];
    let overrides = settings.into_iter().chain(options.overrides.iter().cloned()).collect();
    let config = Sources { file: None, variables: BTreeMap::new(), overrides }.load()?;
    let formatted = node::format::format_if_new(&config, None, Clock::System.now());
    formatted.map_err(|failure| Error::Config(failure.to_string()))?;
    Ok(config)
}

/// Says how to go on, after a first round through the node where that is asked for.
fn welcome(running: &node::Running, hello: bool) {
    let address = running.broker_address();
    if !hello {
        return next_steps(&address);
    }
    actix_rt::spawn(async move {
        match hello::greet(&address).await {
            Ok(()) => next_steps(&address),
            Err(error) => complain(&format!("vltava dev: the first round failed: {error}\n")),
        }
    });
}

fn next_steps(address: &str) {
    say(&format!(
        "\
vltava is running: {address}

produce and consume with any Kafka client, or with
  vltava topics --bootstrap-server {address} --create --topic hello
  echo world | vltava console-producer --bootstrap-server {address} --topic hello
  vltava console-consumer --bootstrap-server {address} --topic hello --from-beginning

stop it with Ctrl-C
"
    ));
}
