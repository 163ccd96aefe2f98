//! `--list`: the groups, and perhaps their types and states.

use super::groups::listed;
use super::{Failure, column, width};
use crate::cli::options::Given;
use crate::cli::say;
use crate::client::Cluster;

/// The states of groups of consumers.
const STATES: [&str; 7] = [
    "Assigning",
    "CompletingRebalance",
    "Dead",
    "Empty",
    "PreparingRebalance",
    "Reconciling",
    "Stable",
];
const TYPES: [&str; 2] = ["Classic", "Consumer"];

/// `--list`.
pub(super) async fn list(cluster: &mut Cluster, given: &Given) -> Result<(), Failure> {
    let states = filter(given, "state", "state", "states", &STATES)?;
    let types = filter(given, "type", "types", "types", &TYPES)?;
    let mut groups = listed(cluster).await?;
    groups.retain(|group| {
        states.as_ref().is_none_or(|states| states.contains(&group.state))
            && types.as_ref().is_none_or(|types| types.contains(&group.kind))
    });
    let (with_state, with_type) = (given.has("state"), given.has("type"));
    if !with_state && !with_type {
        let names: Vec<_> = groups.into_iter().map(|group| group.name + "\n").collect();
        say(&names.concat());
        return Ok(());
    }
    let names = width(groups.iter().map(|group| group.name.as_str())).max(25);
    let line = |name: &str, kind: &str, state: &str| {
        let mut line = column(name, names);
        if with_type {
            line.push_str(&column(kind, 20));
        }
        if with_state {
            line.push_str(&column(state, 20));
        }
        line.pop();
        line.push('\n');
        line
    };
    let mut text = line("GROUP", "TYPE", "STATE");
    for group in &groups {
        text.push_str(&line(&group.name, &group.kind, &group.state));
    }
    say(&text);
    Ok(())
}

/// The values that a filter names, as Kafka spells them; none where it names none.
fn filter(
    given: &Given,
    option: &str,
    list: &str,
    plural: &str,
    known: &[&str],
) -> Result<Option<Vec<String>>, Failure> {
    let Some(text) = given.value(option)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let find = |name: &str| known.iter().find(|known| known.eq_ignore_ascii_case(name.trim()));
    let found: Option<Vec<_>> =
        text.split(',').map(|name| find(name).map(|name| (*name).to_owned())).collect();
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(Failure::Usage(format!(
            "Invalid {list} list '{text}'. Valid {plural} are: {}",
            known.join(", ")
        ))),
    }
}
