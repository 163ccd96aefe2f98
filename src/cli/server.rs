//! `vltava server FILE [--override K=V]… [--print-tree]`.

use std::path::PathBuf;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, reload};

use super::{complain, say};
use crate::config::{Config, Sources};
use crate::error::Error;
use crate::{logging, node};

const USAGE: &str = "usage: vltava server FILE [--override K=V]… [--print-tree]\n";

struct Options {
    file: Option<PathBuf>,
    overrides: Vec<String>,
    print_tree: bool,
}

/// Runs the node until it is told to stop. The process's exit code.
pub(super) fn run(arguments: &[String]) -> i32 {
    let options = match parse(arguments) {
        Ok(options) => options,
        Err(why) => {
            complain(&format!("vltava server: {why}\n{USAGE}"));
            return 2;
        }
    };
    match load(&options) {
        Ok(config) if options.print_tree => {
            say(&node::tree::describe(&config));
            0
        }
        Ok(config) => serve(config, |_| {}),
        Err(error) => {
            complain(&format!("vltava server: {error}\n"));
            1
        }
    }
}

/// Runs a node, telling `ready` when it serves. The process's exit code.
pub(super) fn serve(config: Config, ready: impl FnOnce(&node::Running) + 'static) -> i32 {
    start_logging();
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    match node::run(config, ready) {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("vltava: {error}\n"));
            1
        }
    }
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options { file: None, overrides: Vec::new(), print_tree: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--override" => {
                options.overrides.push(rest.next().ok_or("--override needs K=V")?.clone())
            }
            "--print-tree" => options.print_tree = true,
            "--daemon" | "-daemon" => {
                return Err("run it under systemd instead of -daemon".to_owned());
            }
            option if option.starts_with("--override=") => {
                options.overrides.push(option["--override=".len()..].to_owned())
            }
            option if option.starts_with('-') => {
                return Err(format!("there is no option {option}"));
            }
            file if options.file.is_none() => options.file = Some(PathBuf::from(file)),
            extra => return Err(format!("one file only, not {extra} too")),
        }
    }
    if options.file.is_none() { Err("FILE is missing".to_owned()) } else { Ok(options) }
}

fn load(options: &Options) -> Result<Config, Error> {
    let variables = std::env::vars().collect();
    Sources { file: options.file.as_deref(), variables, overrides: options.overrides.clone() }
        .load()
}

/// Logs go to standard error, as `RUST_LOG` says, and else from `info` on.
fn start_logging() {
    let told = std::env::var("RUST_LOG").ok().filter(|told| EnvFilter::try_new(told).is_ok());
    let base = told.unwrap_or_else(|| "info,sled=warn,actix=warn".to_owned());
    let (filter, handle) = reload::Layer::new(EnvFilter::new(&base));
    let layers = tracing_subscriber::registry()
        .with(filter)
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr));
    // A second start in one process (tests) keeps the first's.
    if layers.try_init().is_ok() {
        logging::start(&base, move |directives| {
            // Fails only when nobody writes the log any more.
            let _ = handle.reload(EnvFilter::new(directives));
        });
    }
}
