//! `--describe`: offsets and lag, members, or the state of groups.

use std::collections::BTreeMap;

use super::groups::{Assignment, Group, described, meant};
use super::scope::end_offsets;
use super::{Failure, column, width};
use crate::cli::options::{Exception, Given};
use crate::cli::{complain, say};
use crate::client::Cluster;
use crate::client::offsets::{Committed, committed};
use crate::types::{Offset, TopicPartition};

/// `--describe`.
pub(super) async fn describe(cluster: &mut Cluster, given: &Given) -> Result<(), Failure> {
    let verbose = given.has("verbose");
    let mut groups = Vec::new();
    for name in meant(cluster, given).await? {
        let found = described(cluster, &name).await;
        groups.push(found.map_err(|error| Exception::from(error).in_execution())?);
    }
    for group in &groups {
        let text = if given.has("members") {
            comment(group);
            members(group, verbose)
        } else if given.has("state") {
            comment(group);
            state(group, verbose)
        } else {
            let committed = committed(cluster, &group.name, None).await?;
            let rows = rows(group, &committed);
            let places: Vec<_> = rows.iter().map(|row| row.place.clone()).collect();
            let ends = end_offsets(cluster, &places).await?;
            comment(group);
            offsets(group, &rows, &ends, verbose)
        };
        say(&text);
    }
    Ok(())
}

/// What there is to say of the state of a group.
fn comment(group: &Group) {
    let name = &group.name;
    match group.state.as_str() {
        "Dead" => complain(&format!("\nConsumer group '{name}' does not exist.\n")),
        "Empty" => complain(&format!("\nConsumer group '{name}' has no active members.\n")),
        "Stable" => {}
        _ => complain(&format!("\nWarning: Consumer group '{name}' is rebalancing.\n")),
    }
}

/// A partition that a group reads, has read, or both.
struct Row<'a> {
    place: TopicPartition,
    committed: Option<&'a Committed>,
    member: [&'a str; 3],
}

fn rows<'a>(group: &'a Group, committed: &'a BTreeMap<TopicPartition, Committed>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for member in &group.members {
        for (topic, partitions) in &member.assignment {
            for partition in partitions {
                let place = TopicPartition::new(topic.clone(), *partition);
                let known = committed.get(&place);
                let member = [member.id.as_str(), &member.host, &member.client_id];
                rows.push(Row { place, committed: known, member });
            }
        }
    }
    for (place, known) in committed {
        if !rows.iter().any(|row| row.place == *place) {
            let member = ["-", "-", "-"];
            rows.push(Row { place: place.clone(), committed: Some(known), member });
        }
    }
    rows
}

fn offsets(
    group: &Group,
    rows: &[Row<'_>],
    ends: &BTreeMap<TopicPartition, Offset>,
    verbose: bool,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let names = width([group.name.as_str()].into_iter());
    let topics = width(rows.iter().map(|row| row.place.topic.as_str()));
    let ids = width(rows.iter().map(|row| row.member[0]));
    let hosts = width(rows.iter().map(|row| row.member[1]));
    let line = |parts: [&str; 7], epoch: &str, [id, host, client]: [&str; 3]| {
        let mut line = column(parts[0], names) + &column(parts[1], topics) + &column(parts[2], 10);
        if verbose {
            line.push_str(&column(epoch, 15));
        }
        for part in &parts[3..6] {
            line.push_str(&column(part, 15));
        }
        line + &column(id, ids) + &column(host, hosts) + client + "\n"
    };
    let head = ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", ""];
    let mut text = "\n".to_owned();
    text.push_str(&line(head, "LEADER-EPOCH", ["CONSUMER-ID", "HOST", "CLIENT-ID"]));
    for row in rows {
        let number = |number: Option<i64>| number.map_or("-".to_owned(), |n| n.to_string());
        let current = row.committed.map(|committed| committed.offset);
        let end = ends.get(&row.place).copied();
        let lag = current.zip(end).map(|(current, end)| end - current);
        let epoch = row.committed.map(|committed| i64::from(committed.leader_epoch));
        let epoch = number(epoch.filter(|epoch| *epoch >= 0));
        let partition = row.place.partition.to_string();
        let (current, end, lag) = (number(current), number(end), number(lag));
        let parts = [&group.name, &row.place.topic, &partition, &current, &end, &lag, ""];
        text.push_str(&line(parts, &epoch, row.member));
    }
    text
}

/// `a:0,1;b:2`, or `-`.
fn assignment(assignment: &Assignment) -> String {
    let topics = assignment.iter().filter(|(_, partitions)| !partitions.is_empty());
    let topics: Vec<_> = topics
        .map(|(topic, partitions)| {
            let partitions: Vec<_> = partitions.iter().map(ToString::to_string).collect();
            format!("{topic}:{}", partitions.join(","))
        })
        .collect();
    if topics.is_empty() { "-".to_owned() } else { topics.join(";") }
}

fn members(group: &Group, verbose: bool) -> String {
    let with_instance = group.members.iter().any(|member| member.instance_id.is_some());
    let names = width([group.name.as_str()].into_iter());
    let ids = width(group.members.iter().map(|member| member.id.as_str()));
    let instances = width(group.members.iter().filter_map(|m| m.instance_id.as_deref())).max(17);
    let hosts = width(group.members.iter().map(|member| member.host.as_str()));
    let clients = width(group.members.iter().map(|member| member.client_id.as_str()));
    let line =
        |name: &str, [id, instance, host, client]: [&str; 4], count: &str, rest: &[String]| {
            let mut line = column(name, names) + &column(id, ids);
            if with_instance {
                line.push_str(&column(instance, instances));
            }
            line += &(column(host, hosts) + &column(client, clients) + &column(count, 15));
            if verbose {
                for (part, width) in rest.iter().zip([15, 20, 15, 20]) {
                    line.push_str(&column(part, width));
                }
            }
            line.pop();
            line + "\n"
        };
    let head = ["CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT"];
    let head = head.map(str::to_owned);
    let columns = ["CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID"];
    let mut text = "\n".to_owned() + &line("GROUP", columns, "#PARTITIONS", &head);
    for member in &group.members {
        let count: usize = member.assignment.values().map(Vec::len).sum();
        let number = |number: Option<i32>| number.map_or("-".to_owned(), |n| n.to_string());
        let target_epoch = group.epochs.map(|(_, target)| target);
        let rest = [
            number(member.epoch),
            assignment(&member.assignment),
            number(target_epoch),
            member.target.as_ref().map_or("-".to_owned(), assignment),
        ];
        let instance = member.instance_id.as_deref().unwrap_or("-");
        let columns = [member.id.as_str(), instance, &member.host, &member.client_id];
        text.push_str(&line(&group.name, columns, &count.to_string(), &rest));
    }
    text
}

fn state(group: &Group, verbose: bool) -> String {
    let coordinator = &group.coordinator;
    let coordinator = format!("{}:{}  ({})", coordinator.host, coordinator.port, coordinator.id);
    let names = width([group.name.as_str()].into_iter());
    let wide = width([coordinator.as_str()].into_iter()).max(25);
    let line = |parts: [&str; 5], epochs: [&str; 2]| {
        let [name, coordinator, assignor, state, members] = parts;
        let mut line = column(name, names) + &column(coordinator, wide);
        line += &(column(assignor, 20) + &column(state, 20));
        if verbose {
            line += &(column(epochs[0], 15) + &column(epochs[1], 25));
        }
        line + members + "\n"
    };
    let head = ["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "#MEMBERS"];
    let number = |number: Option<i32>| number.map_or("-".to_owned(), |n| n.to_string());
    let epoch = number(group.epochs.map(|(epoch, _)| epoch));
    let target = number(group.epochs.map(|(_, target)| target));
    let assignor = if group.assignor.is_empty() { "-" } else { &group.assignor };
    let members = group.members.len().to_string();
    "\n".to_owned()
        + &line(head, ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"])
        + &line([&group.name, &coordinator, assignor, &group.state, &members], [&epoch, &target])
}
