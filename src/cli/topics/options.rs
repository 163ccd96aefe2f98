//! What `kafka-topics` may be asked, and which options do not go together.

use crate::cli::options::{Exception, Given, Stop, Usage};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Alter,
    Delete,
    List,
    Describe,
}

const ACTIONS: [(&str, Action); 5] = [
    ("create", Action::Create),
    ("list", Action::List),
    ("alter", Action::Alter),
    ("describe", Action::Describe),
    ("delete", Action::Delete),
];

/// Which partitions a description is narrowed to.
pub(super) const REPORTS: [&str; 4] = [
    "under-replicated-partitions",
    "unavailable-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
];

/// A command line that makes sense.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) action: Action,
    pub(super) given: Given,
}

impl Options {
    /// The topic that is meant: a name, or the pattern of some.
    pub(super) fn topic(&self) -> Result<Option<&str>, Exception> {
        self.given.value("topic")
    }
}

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<Options, Stop> {
    if args.is_empty() {
        return Err(Stop::Usage("Create, delete, describe, or change a topic.".to_owned()));
    }
    let given = usage.parse(args)?;
    let mut asked = ACTIONS.iter().filter(|(name, _)| given.has(name));
    let (Some((_, action)), None) = (asked.next(), asked.next()) else {
        return Err(Stop::Usage(
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete"
                .to_owned(),
        ));
    };
    let options = Options { action: *action, given };
    check_required(&options)?;
    check_combinations(&options.given)?;
    Ok(options)
}

fn check_required(options: &Options) -> Result<(), Stop> {
    let given = &options.given;
    if !given.has("bootstrap-server") {
        return Err(Exception::illegal_argument("--bootstrap-server must be specified").into());
    }
    if options.action == Action::Describe && given.has("if-exists") {
        let (by_name, by_id) = (given.has("topic"), given.has("topic-id"));
        if !by_name && !by_id {
            return Err(Stop::Usage(
                "--topic or --topic-id is required to describe a topic".to_owned(),
            ));
        }
        if by_name && by_id {
            super::say(
                "Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID\n",
            );
        }
    }
    if !matches!(options.action, Action::List | Action::Describe) {
        given.require(&["topic"])?;
    }
    if options.action == Action::Alter {
        if given.has("config") {
            return Err(Stop::Usage(
                "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \"[alter]\" \
                 (To alter topic configurations, the kafka-configs tool can be used.)"
                    .to_owned(),
            ));
        }
        given.require(&["partitions"])?;
    }
    Ok(())
}

fn check_combinations(given: &Given) -> Result<(), Stop> {
    let topic_level = ["alter", "create", "describe", "list", "delete"];
    let not = |allowed: &[&str]| -> Vec<&str> {
        topic_level.into_iter().filter(|action| !allowed.contains(action)).collect()
    };
    given.exclude("config", &not(&["alter", "create"]))?;
    given.exclude("delete-config", &["create", "alter", "describe", "list", "delete"])?;
    given.exclude("partitions", &not(&["alter", "create"]))?;
    given.exclude("replication-factor", &not(&["create"]))?;
    given.exclude("replica-assignment", &not(&["alter", "create"]))?;
    if given.has("create") {
        given.exclude("replica-assignment", &["partitions", "replication-factor"])?;
    }
    for report in REPORTS {
        given.exclude(report, &["topics-with-overrides"])?;
        given.exclude(report, &not(&["describe"]))?;
    }
    given.exclude("topics-with-overrides", &not(&["describe"]))?;
    given.exclude("if-exists", &not(&["alter", "delete", "describe"]))?;
    given.exclude("if-not-exists", &not(&["create"]))?;
    given.exclude("exclude-internal", &not(&["list", "describe"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Action, Stop> {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        super::parse(&super::super::USAGE, &args).map(|options| options.action)
    }

    #[test]
    fn one_action() {
        assert_eq!(parse("--bootstrap-server x --create --topic t"), Ok(Action::Create));
        let complaint = "Command must include exactly one action: --list, --describe, --create, --alter or --delete";
        for line in ["--bootstrap-server x --topic t", "--create --delete --topic t"] {
            assert_eq!(parse(line), Err(Stop::Usage(complaint.to_owned())), "{line}");
        }
    }

    #[test]
    fn what_does_not_go_together() {
        let says = |line: &str| match parse(&format!("--bootstrap-server x {line}")) {
            Err(Stop::Usage(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(says("--create"), "Missing required argument \"[topic]\"");
        assert_eq!(
            says("--create --topic t --replica-assignment 1 --partitions 1"),
            "Option \"[replica-assignment]\" can't be used with option \"[partitions]\""
        );
        assert_eq!(
            says("--list --if-not-exists"),
            "Option \"[if-not-exists]\" can't be used with option \"[list]\""
        );
    }
}
