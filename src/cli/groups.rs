//! `kafka-groups`: lists groups of every type, with Kafka's options, words and exit codes.

use super::options::{Exception, Given, Stop, Usage};
use super::{say, tool};
use crate::client::{ClientError, Cluster};
use crate::wire::messages::list_groups::{ListGroupsRequest, ListedGroup};

const USAGE: Usage = Usage::new(include_str!("usage/groups.txt"));

/// The types of groups, as they are asked for and as they are shown.
const TYPES: [(&str, &str); 4] =
    [("classic", "Classic"), ("consumer", "Consumer"), ("share", "Share"), ("streams", "Streams")];

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    tool::outcome(execute(args), &USAGE)
}

fn execute(args: &[String]) -> Result<(), Stop> {
    let given = USAGE.parse(args).map_err(Stop::with_table)?;
    if !given.has("bootstrap-server") {
        return Err(Stop::Usage("Missing required option(s) [bootstrap-server]".into()));
    }
    if !given.has("list") {
        return Err(Stop::Usage("Command must include exactly one action: --list.".into()));
    }
    const EXCLUSIVE: [(&str, &[&str]); 3] = [
        ("consumer", &["group-type", "protocol", "share", "streams"]),
        ("share", &["consumer", "group-type", "protocol", "streams"]),
        ("streams", &["consumer", "group-type", "protocol", "share"]),
    ];
    for (option, others) in EXCLUSIVE {
        given.exclude(option, others)?;
    }
    let mut cluster = tool::admin_cluster(&given, "bootstrap-server")?;
    tool::run(list(&mut cluster, &given))?;
    Ok(())
}

async fn list(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let kind = match given.value("group-type")? {
        None => None,
        Some(text) => match TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            Some((name, _)) => Some(*name),
            None => {
                return Err(Exception::new(
                    "java.lang.IllegalArgumentException",
                    "--group-type must be a valid group type.",
                ));
            }
        },
    };
    let protocol = given.value("protocol")?;
    let is_wanted = |group: &ListedGroup| {
        let is = |kind: &str| group.group_type.eq_ignore_ascii_case(kind);
        let of_consumers = is("consumer")
            || is("classic") && ["", "consumer"].contains(&group.protocol_type.as_str());
        let passes = |option: &str, passes: bool| !given.has(option) || passes;
        passes("consumer", of_consumers)
            && passes("share", is("share"))
            && passes("streams", is("streams"))
            && kind.is_none_or(is)
            && protocol.is_none_or(|protocol| protocol == group.protocol_type)
    };
    let mut groups = every_group(cluster).await?;
    groups.retain(is_wanted);
    show(&groups);
    Ok(())
}

/// Every group of any type, by name.
pub(super) async fn every_group(cluster: &mut Cluster) -> Result<Vec<ListedGroup>, ClientError> {
    let mut groups = Vec::new();
    for node in cluster.node_ids().await? {
        let answer = cluster.node(node).await?.ask(&ListGroupsRequest::default()).await?;
        ClientError::check(answer.error_code, None)?;
        groups.extend(answer.groups);
    }
    groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
    Ok(groups)
}

/// The table, its columns as wide as what is in them.
fn show(groups: &[ListedGroup]) {
    let kind = |group: &ListedGroup| {
        let known = TYPES.iter().find(|(name, _)| group.group_type.eq_ignore_ascii_case(name));
        known.map_or("Unknown", |(_, shown)| shown)
    };
    let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let names = longest(&mut groups.iter().map(|group| group.group_id.chars().count())).max(15);
    let kinds = longest(&mut groups.iter().map(|group| kind(group).len())).max(10);
    let protocols =
        longest(&mut groups.iter().map(|group| group.protocol_type.chars().count())).max(15);
    let line = |name: &str, kind: &str, protocol: &str| {
        format!("{name:<names$} {kind:<kinds$} {protocol:<protocols$}\n")
    };
    let mut text = line("GROUP", "TYPE", "PROTOCOL");
    for group in groups {
        text.push_str(&line(&group.group_id, kind(group), &group.protocol_type));
    }
    say(&text);
}
