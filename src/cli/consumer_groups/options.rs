//! What `kafka-consumer-groups` may be asked, and which options do not go together.

use crate::cli::complain;
use crate::cli::options::{Exception, Given, Stop, Usage};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    List,
    Describe,
    Delete,
    ResetOffsets,
    DeleteOffsets,
    ValidateRegex,
}

const ACTIONS: [(&str, Action); 6] = [
    ("list", Action::List),
    ("describe", Action::Describe),
    ("delete", Action::Delete),
    ("reset-offsets", Action::ResetOffsets),
    ("delete-offsets", Action::DeleteOffsets),
    ("validate-regex", Action::ValidateRegex),
];

/// Where offsets can be reset to.
pub(super) const SCENARIOS: [&str; 8] = [
    "to-offset",
    "to-datetime",
    "by-duration",
    "to-earliest",
    "to-latest",
    "to-current",
    "shift-by",
    "from-file",
];

const NOTHING_DONE: &str = "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will \
     require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are \
     scripting this command and want to keep the current default behavior without prompting.\n";

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<(Action, Given), Stop> {
    if args.is_empty() {
        return Err(usage.parse(&["--help".to_owned()]).err().unwrap_or(Stop::Version));
    }
    let given = usage.parse(args)?;
    check_available(&given)?;
    let has = |action: &str| given.has(action);
    if has("validate-regex") && ACTIONS.iter().filter(|(name, _)| has(name)).count() == 1 {
        return Ok((Action::ValidateRegex, given));
    }
    given.require(&["bootstrap-server"])?;
    if has("describe") {
        check_describe(&given)?;
    }
    if has("delete") {
        check_delete(&given)?;
    }
    if has("delete-offsets") && !(has("group") && has("topic")) {
        return usage_error(
            "Option [delete-offsets] takes the following options: [group], [topic]",
        );
    }
    if has("reset-offsets") {
        check_reset(&given)?;
    }
    given.exclude("group", &["all-groups"])?;
    given.exclude("group", &["list"])?;
    given.exclude("all-groups", &["delete-offsets", "list"])?;
    given.exclude("topic", &["describe", "delete", "list"])?;
    let mut asked = ACTIONS.iter().filter(|(name, _)| given.has(name));
    let (Some((_, action)), None) = (asked.next(), asked.next()) else {
        return usage_error(
            "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets, --validate-regex",
        );
    };
    Ok((*action, given))
}

fn usage_error<T>(message: &str) -> Result<T, Stop> {
    Err(Stop::Usage(message.to_owned()))
}

/// Some options are there only with some actions.
fn check_available(given: &Given) -> Result<(), Stop> {
    let describe = given.has("describe");
    let list = given.has("list");
    let unavailable: Vec<_> = [
        ("members", describe),
        ("offsets", describe),
        ("state", describe || list),
        ("type", list),
        ("verbose", describe),
    ]
    .into_iter()
    .filter(|(name, available)| given.has(name) && !available)
    .map(|(name, _)| name)
    .collect();
    if unavailable.is_empty() {
        return Ok(());
    }
    let names = unavailable.join(", ");
    Err(Exception::new(
        "joptsimple.UnavailableOptionException",
        format!("Option(s) [{names}] are unavailable given other options on the command line"),
    )
    .into())
}

fn check_describe(given: &Given) -> Result<(), Stop> {
    if !given.has("group") && !given.has("all-groups") {
        return usage_error("Option [describe] takes one of these options: [all-groups], [group]");
    }
    let kinds = ["members", "offsets", "state"];
    if kinds.into_iter().filter(|kind| given.has(kind)).count() > 1 {
        return usage_error(
            "Option [describe] takes at most one of these options: [members], [offsets], [state]",
        );
    }
    if !given.values("state").is_empty() {
        return usage_error("Option [describe] does not take a value for [state]");
    }
    Ok(())
}

fn check_delete(given: &Given) -> Result<(), Stop> {
    if !given.has("group") && !given.has("all-groups") {
        return usage_error("Option [delete] takes one of these options: [group], [all-groups]");
    }
    if given.has("topic") {
        return usage_error(
            "The consumer does not support topic-specific offset deletion from a consumer group.",
        );
    }
    Ok(())
}

fn check_reset(given: &Given) -> Result<(), Stop> {
    if given.has("dry-run") && given.has("execute") {
        return usage_error("Option [reset-offsets] only accepts one of [execute] and [dry-run]");
    }
    if !given.has("dry-run") && !given.has("execute") {
        complain(NOTHING_DONE);
    }
    if !given.has("group") && !given.has("all-groups") {
        return usage_error(
            "Option [reset-offsets] takes one of these options: [group], [all-groups]",
        );
    }
    for scenario in SCENARIOS {
        let others: Vec<_> = SCENARIOS.into_iter().filter(|other| *other != scenario).collect();
        given.exclude(scenario, &others)?;
    }
    if !SCENARIOS.iter().any(|scenario| given.has(scenario)) {
        let all: Vec<_> = SCENARIOS.iter().map(|scenario| format!("[{scenario}]")).collect();
        return usage_error(&format!(
            "Option '[reset-offsets]' requires one of the following scenarios: [{}]",
            all.join(", ")
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Action, Stop> {
        let line = format!("--bootstrap-server x {line}");
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        super::parse(&super::super::USAGE, &args).map(|(action, _)| action)
    }

    #[test]
    fn what_goes_together() {
        assert_eq!(parse("--list --state"), Ok(Action::List));
        assert_eq!(parse("--describe --all-groups --members"), Ok(Action::Describe));
        assert_eq!(
            parse("--reset-offsets --group g --topic t --to-earliest --dry-run"),
            Ok(Action::ResetOffsets)
        );
    }

    #[test]
    fn what_does_not() {
        let says = |line: &str| match parse(line) {
            Err(Stop::Usage(text)) => text,
            Err(Stop::Throw(thrown)) => thrown.line(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            says("--describe"),
            "Option [describe] takes one of these options: [all-groups], [group]"
        );
        assert_eq!(
            says("--list --members"),
            "joptsimple.UnavailableOptionException: Option(s) [members] are unavailable given other options on the command line"
        );
        assert_eq!(
            says("--reset-offsets --group g --topic t --to-earliest --to-latest --dry-run"),
            "Option \"[to-earliest]\" can't be used with option \"[to-latest]\""
        );
        assert_eq!(
            says("--list --group g"),
            "Option \"[group]\" can't be used with option \"[list]\""
        );
    }
}
