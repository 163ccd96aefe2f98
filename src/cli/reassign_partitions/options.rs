//! What `kafka-reassign-partitions` may be asked, and which options go with what.

use super::stop;
use crate::cli::options::{Given, Stop, Usage};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Generate,
    Execute,
    Verify,
    Cancel,
    List,
}

struct Rule {
    name: &'static str,
    action: Action,
    required: &'static [&'static str],
    permitted: &'static [&'static str],
}

const ACTIONS: [Rule; 5] = [
    Rule {
        name: "generate",
        action: Action::Generate,
        required: &["topics-to-move-json-file", "broker-list"],
        permitted: &["bootstrap-server", "command-config", "disable-rack-aware"],
    },
    Rule {
        name: "execute",
        action: Action::Execute,
        required: &["reassignment-json-file"],
        permitted: &[
            "additional",
            "bootstrap-server",
            "command-config",
            "throttle",
            "replica-alter-log-dirs-throttle",
            "timeout",
            "disallow-replication-factor-change",
        ],
    },
    Rule {
        name: "verify",
        action: Action::Verify,
        required: &["reassignment-json-file"],
        permitted: &["bootstrap-server", "command-config", "preserve-throttles"],
    },
    Rule {
        name: "cancel",
        action: Action::Cancel,
        required: &["reassignment-json-file"],
        permitted: &[
            "bootstrap-server",
            "bootstrap-controller",
            "command-config",
            "preserve-throttles",
            "timeout",
        ],
    },
    Rule {
        name: "list",
        action: Action::List,
        required: &[],
        permitted: &["bootstrap-server", "bootstrap-controller", "command-config"],
    },
];

/// Every option that goes with some actions only.
const SOME: [&str; 13] = [
    "additional",
    "bootstrap-controller",
    "broker-list",
    "disable-rack-aware",
    "disallow-replication-factor-change",
    "preserve-throttles",
    "reassignment-json-file",
    "replica-alter-log-dirs-throttle",
    "throttle",
    "timeout",
    "topics-to-move-json-file",
    "bootstrap-server",
    "command-config",
];

/// A command line that makes sense.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) action: Action,
    pub(super) given: Given,
}

impl Options {
    /// The option that names the nodes.
    pub(super) fn server(&self) -> &'static str {
        if self.given.has("bootstrap-server") { "bootstrap-server" } else { "bootstrap-controller" }
    }
}

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<Options, Stop> {
    let given = usage.parse_some(args)?;
    let mut asked = ACTIONS.iter().filter(|rule| given.has(rule.name));
    let (Some(rule), None) = (asked.next(), asked.next()) else {
        return stop(
            "Command must include exactly one action: --generate, --execute, --verify, --cancel, --list",
        );
    };
    match (given.has("bootstrap-server"), given.has("bootstrap-controller")) {
        (true, true) => {
            return stop("Please don't specify both --bootstrap-server and --bootstrap-controller");
        }
        (false, false) => {
            return stop("Please specify either --bootstrap-server or --bootstrap-controller");
        }
        _ => {}
    }
    given.require(rule.required)?;
    let allowed = |name: &&str| rule.required.contains(name) || rule.permitted.contains(name);
    if let Some(other) = SOME.iter().find(|name| given.has(name) && !allowed(name)) {
        return stop(format!("Option \"[{other}]\" can't be used with action \"[{}]\"", rule.name));
    }
    Ok(Options { action: rule.action, given })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_together() {
        let says = |line: &str| {
            let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            match parse(&super::super::USAGE, &args) {
                Err(Stop::Usage(text)) => text,
                Err(other) => panic!("{other:?}"),
                Ok(options) => format!("{:?}", options.action),
            }
        };
        assert_eq!(says("--list --bootstrap-controller x"), "List");
        assert_eq!(
            says("--list --bootstrap-server x --throttle 5"),
            "Option \"[throttle]\" can't be used with action \"[list]\""
        );
        assert_eq!(
            says("--execute --bootstrap-server x"),
            "Missing required argument \"[reassignment-json-file]\""
        );
        assert!(says("--execute --list --bootstrap-server x").starts_with("Command must include"));
        assert!(says("--list").starts_with("Please specify either"));
    }
}
