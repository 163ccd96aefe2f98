//! What `kafka-acls` may be asked, and which options do not go together.

use crate::cli::options::{Given, Stop, Usage};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Remove,
    List,
}

const ACTIONS: [(&str, Action); 3] =
    [("add", Action::Add), ("remove", Action::Remove), ("list", Action::List)];

/// A command line that makes sense.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) action: Action,
    /// The option that names who is asked.
    pub(super) server: &'static str,
    pub(super) given: Given,
}

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<Options, Stop> {
    if args.is_empty() {
        return Err(Stop::Usage("This tool helps to manage acls on kafka.".to_owned()));
    }
    let given = usage.parse(args)?;
    let refuse = |why: &str| Err(Stop::Usage(why.to_owned()));
    let server = match (given.has("bootstrap-server"), given.has("bootstrap-controller")) {
        (true, true) => {
            return refuse(
                "Only one of --bootstrap-server or --bootstrap-controller must be specified",
            );
        }
        (false, false) => {
            return refuse("One of --bootstrap-server or --bootstrap-controller must be specified");
        }
        (true, false) => "bootstrap-server",
        (false, true) => "bootstrap-controller",
    };
    let mut asked = ACTIONS.iter().filter(|(name, _)| given.has(name));
    let (Some((_, action)), None) = (asked.next(), asked.next()) else {
        return refuse("Command must include exactly one action: --list, --add, --remove. ");
    };
    check_combinations(&given)?;
    Ok(Options { action: *action, server, given })
}

fn check_combinations(given: &Given) -> Result<(), Stop> {
    given.exclude(
        "list",
        &["producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal"],
    )?;
    for role in ["producer", "consumer"] {
        given.exclude(role, &["operation", "deny-principal", "deny-host"])?;
    }
    let has = |name: &str| given.has(name);
    let refusals = [
        (
            has("principal") && !has("list"),
            "The --principal option is only available if --list is set",
        ),
        (has("producer") && !has("topic"), "With --producer you must specify a --topic"),
        (
            has("idempotent") && !has("producer"),
            "The --idempotent option is only available if --producer is set",
        ),
        (
            has("consumer")
                && (!has("topic")
                    || !has("group")
                    || (!has("producer") && (has("cluster") || has("transactional-id")))),
            "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option \
             should be specified.",
        ),
    ];
    match refusals.into_iter().find(|(wrong, _)| *wrong) {
        Some((_, why)) => Err(Stop::Usage(why.to_owned())),
        None => Ok(()),
    }
}
