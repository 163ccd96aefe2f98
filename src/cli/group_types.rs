//! `kafka-share-groups` and `kafka-streams-groups`: their options as Kafka's, the list of groups, and Kafka's words
//! about a cluster that has no such groups.
//!
//! Nothing but listing is asked of a cluster: this client speaks no protocol of these groups.

use std::collections::BTreeSet;

use super::options::{Exception, Given, Stop, Usage};
use super::{complain, say, tool};
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::wire::api_key::ApiKey;
use crate::wire::messages::list_groups::ListGroupsRequest;

/// What is different between the two tools.
struct Kind {
    usage: Usage,
    /// As groups of this type are listed.
    name: &'static str,
    describe: ApiKey,
    /// How the API is called where it is missed.
    api: &'static str,
    /// Kafka's exit code where a command has failed.
    failed: i32,
}

const SHARE: Kind = Kind {
    usage: Usage::new(include_str!("usage/share-groups.txt")),
    name: "share",
    describe: ApiKey::ShareGroupDescribe,
    api: "SHARE_GROUP_DESCRIBE",
    failed: 0,
};
const STREAMS: Kind = Kind {
    usage: Usage::new(include_str!("usage/streams-groups.txt")),
    name: "streams",
    describe: ApiKey::StreamsGroupDescribe,
    api: "STREAMS_GROUP_DESCRIBE",
    failed: 1,
};
const ACTIONS: [&str; 5] = ["list", "describe", "delete", "reset-offsets", "delete-offsets"];

/// Runs `share-groups`. The process's exit code.
pub(super) fn run_share(args: &[String]) -> i32 {
    run(&SHARE, args)
}

/// Runs `streams-groups`. The process's exit code.
pub(super) fn run_streams(args: &[String]) -> i32 {
    run(&STREAMS, args)
}

fn run(kind: &Kind, args: &[String]) -> i32 {
    let given = match options(kind, args) {
        Ok(given) => given,
        Err(stop) => return tool::stopped(stop, &kind.usage, |thrown| tool::failed(&thrown)),
    };
    let outcome = tool::admin_cluster(&given, "bootstrap-server").and_then(|mut cluster| {
        if given.has("list") {
            tool::run(list(kind, &given, &mut cluster))
        } else {
            Err(tool::run(refusal(kind, &mut cluster)))
        }
    });
    match outcome {
        Ok(()) => 0,
        Err(thrown) => {
            let thrown = thrown.in_execution();
            let name = kind.name;
            say(&format!(
                "\nError: Executing {name} group command failed due to {}\n",
                thrown.message
            ));
            complain(&thrown.trace());
            kind.failed
        }
    }
}

fn options(kind: &Kind, args: &[String]) -> Result<Given, Stop> {
    let given = kind.usage.parse_some(args)?;
    if ACTIONS.iter().filter(|action| given.has(action)).count() != 1 {
        return Err(Stop::Usage(
            "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets."
                .to_owned(),
        ));
    }
    given.require(&["bootstrap-server"])?;
    if given.has("describe") && !given.has("group") && !given.has("all-groups") {
        return Err(Stop::Usage(
            "Option [describe] takes one of these options: [all-groups], [group]".to_owned(),
        ));
    }
    Ok(given)
}

async fn list(kind: &Kind, given: &Given, cluster: &mut Cluster) -> Result<(), Exception> {
    cluster.metadata(Some(&[]), false).await?;
    let nodes: Vec<_> = cluster.nodes().map(|node| node.id).collect();
    let mut groups = BTreeSet::new();
    for node in nodes {
        let answer = cluster.node(node).await?.ask(&ListGroupsRequest::default()).await?;
        ClientError::check(answer.error_code, None)?;
        let listed = answer.groups.into_iter();
        let listed = listed.filter(|group| group.group_type.eq_ignore_ascii_case(kind.name));
        groups.extend(listed.map(|group| (group.group_id, group.group_state)));
    }
    if !given.has("state") {
        groups.iter().for_each(|(group, _)| say(&format!("{group}\n")));
        return Ok(());
    }
    let width = groups.iter().map(|(group, _)| group.len()).max().unwrap_or(0).max(15);
    say(&format!("{:<width$} {:<15}\n", "GROUP", "STATE"));
    groups.iter().for_each(|(group, state)| say(&format!("{group:<width$} {state:<15}\n")));
    Ok(())
}

async fn refusal(kind: &Kind, cluster: &mut Cluster) -> Exception {
    let why = match cluster.any().await {
        Ok(node) if node.supports(kind.describe) => {
            format!("This tool does not speak the {} group protocol.", kind.name)
        }
        Ok(_) => format!("The node does not support {}", kind.api),
        Err(error) => return error.into(),
    };
    Exception::new(&tool::exception_class(ErrorCode::UnsupportedVersion), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_action_and_its_groups() {
        let says = |line: &str| {
            let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            match options(&SHARE, &args) {
                Err(Stop::Usage(why)) => Some(why),
                Err(other) => panic!("{other:?}"),
                Ok(_) => None,
            }
        };
        assert!(says("--list --delete").is_some_and(|why| why.starts_with("Command must include")));
        let why = says("--bootstrap-server x --describe").expect("of what?");
        assert_eq!(why, "Option [describe] takes one of these options: [all-groups], [group]");
        assert_eq!(says("--bootstrap-server x --list"), None);
    }
}
