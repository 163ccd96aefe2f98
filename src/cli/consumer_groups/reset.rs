//! `--reset-offsets`: new offsets for groups without members, shown, exported or committed.

use std::collections::BTreeMap;

use super::groups::{described, meant};
use super::scope::{begin_offsets, end_offsets, existing_partitions, offsets_at};
use super::{Failure, column, plan_file, print_error, width};
use crate::cli::java::sort_as_hash_map;
use crate::cli::options::{Exception, Given};
use crate::cli::{say, time};
use crate::client::Cluster;
use crate::client::offsets::{Committer, commit, committed};
use crate::clock::Clock;
use crate::error::ErrorCode;
use crate::types::{Millis, Offset, TopicPartition};

/// New offsets.
pub(super) type Offsets = BTreeMap<TopicPartition, Offset>;

/// `--reset-offsets`.
pub(super) async fn reset(cluster: &mut Cluster, given: &Given) -> Result<(), Failure> {
    let groups = meant(cluster, given).await?;
    let file = match given.value("from-file")? {
        Some(path) => Some(plan_file::read(path, &groups)?),
        None => None,
    };
    let mut planned: BTreeMap<String, Offsets> = BTreeMap::new();
    for group in &groups {
        match described(cluster, group).await {
            Ok(found) if !found.is_inactive() => {
                print_error(&format!(
                    "Assignments can only be reset if the group '{group}' is inactive, but the current state is {}.",
                    found.state
                ));
                planned.insert(group.clone(), Offsets::new());
                continue;
            }
            Err(error) if error.code() != Some(ErrorCode::GroupIdNotFound) => {
                return Err(Exception::from(error).in_execution().in_runtime().into());
            }
            _ => {}
        }
        let offsets = match &file {
            Some(file) => match file.get(group) {
                Some(wanted) => within_range(cluster, wanted.clone()).await?,
                None => {
                    print_error(&format!("No reset plan for group {group} found"));
                    Offsets::new()
                }
            },
            None => plan(cluster, given, group).await?,
        };
        planned.insert(group.clone(), offsets);
    }
    if given.has("execute") {
        for (group, offsets) in planned.iter().filter(|(_, offsets)| !offsets.is_empty()) {
            commit(cluster, group, &Committer::default(), offsets).await?;
        }
    }
    let text = if given.has("export") { exported(&planned) } else { table(&planned) };
    say(&text);
    Ok(())
}

async fn plan(cluster: &mut Cluster, given: &Given, group: &str) -> Result<Offsets, Failure> {
    let places = places(cluster, given, group).await?;
    if given.has("to-earliest") {
        return Ok(begin_offsets(cluster, &places).await?);
    }
    if given.has("to-latest") {
        return Ok(end_offsets(cluster, &places).await?);
    }
    if let Some(offset) = given.number::<Offset>("to-offset")? {
        let wanted = places.into_iter().map(|place| (place, offset)).collect();
        return within_range(cluster, wanted).await;
    }
    if let Some(text) = given.value("to-datetime")? {
        let time = datetime(text)?;
        return at_time(cluster, &places, time).await;
    }
    if let Some(text) = given.value("by-duration")? {
        let ago = time::parse_duration(text).ok_or_else(|| {
            let class = "java.time.format.DateTimeParseException";
            Exception::new(class, "Text cannot be parsed to a Duration")
        })?;
        return at_time(cluster, &places, Clock::System.now() - ago).await;
    }
    let current = committed(cluster, group, Some(&places)).await?;
    if let Some(by) = given.number::<i64>("shift-by")? {
        let mut wanted = Offsets::new();
        for place in places {
            let Some(known) = current.get(&place) else {
                return Err(Failure::Usage(format!(
                    "Cannot shift offset for partition {}-{} since there is no current committed offset",
                    place.topic, place.partition
                )));
            };
            wanted.insert(place, known.offset.saturating_add(by));
        }
        return within_range(cluster, wanted).await;
    }
    // `--to-current`, and where the group has nothing yet, the end.
    let mut offsets = end_offsets(cluster, &places).await?;
    offsets.extend(current.into_iter().map(|(place, known)| (place, known.offset)));
    Ok(offsets)
}

fn datetime(text: &str) -> Result<Millis, Exception> {
    time::parse_datetime(text).ok_or_else(|| {
        let message = if text.split_once('T').is_some_and(|(_, time)| !time.is_empty()) {
            format!("Unparseable date: \"{text}\"")
        } else {
            "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format"
                .to_owned()
        };
        let cause = format!("java.text.ParseException: {message}");
        Exception {
            class: "java.lang.RuntimeException".to_owned(),
            message: cause.clone(),
            causes: vec![cause],
            ..Exception::default()
        }
    })
}

/// The partitions that the options mean.
async fn places(
    cluster: &mut Cluster,
    given: &Given,
    group: &str,
) -> Result<Vec<TopicPartition>, Failure> {
    if given.has("all-topics") {
        return Ok(committed(cluster, group, None).await?.into_keys().collect());
    }
    if !given.has("topic") {
        return Err(Failure::Usage(
            "One of the reset scopes should be defined: --all-topics, --topic.".to_owned(),
        ));
    }
    existing_partitions(cluster, &given.values("topic")).await
}

/// The first offset at or after a time; the end where there is none.
async fn at_time(
    cluster: &mut Cluster,
    places: &[TopicPartition],
    time: Millis,
) -> Result<Offsets, Failure> {
    let mut offsets = offsets_at(cluster, places, time).await?;
    let ends = end_offsets(cluster, places).await?;
    for (place, offset) in &mut offsets {
        if *offset < 0 {
            say(&format!(
                "\nWarn: Partition {} from topic {} is empty. Falling back to latest known offset.\n",
                place.partition, place.topic
            ));
            *offset = ends.get(place).copied().unwrap_or(0);
        }
    }
    Ok(offsets)
}

/// Offsets as they are wanted, but not before the beginning nor behind the end.
async fn within_range(cluster: &mut Cluster, mut wanted: Offsets) -> Result<Offsets, Failure> {
    let places: Vec<_> = wanted.keys().cloned().collect();
    let begins = begin_offsets(cluster, &places).await?;
    let ends = end_offsets(cluster, &places).await?;
    for (place, offset) in &mut wanted {
        let begin = begins.get(place).copied().unwrap_or(0);
        // Asked one after the other, the two may have crossed while old segments were deleted.
        let end = ends.get(place).copied().unwrap_or(*offset).max(begin);
        *offset = (*offset).clamp(begin, end);
    }
    Ok(wanted)
}

/// As Java lists them.
fn in_order(offsets: &Offsets) -> impl Iterator<Item = (TopicPartition, Offset)> {
    let mut places: Vec<_> = offsets.keys().cloned().collect();
    sort_as_hash_map(&mut places);
    places
        .into_iter()
        .filter_map(|place| offsets.get(&place).map(|offset| (place.clone(), *offset)))
}

fn exported(planned: &BTreeMap<String, Offsets>) -> String {
    let mut text = String::new();
    for (group, offsets) in planned {
        for (place, offset) in in_order(offsets) {
            let group = if planned.len() > 1 { format!("{group},") } else { String::new() };
            text.push_str(&format!("{group}{},{},{offset}\n", place.topic, place.partition));
        }
    }
    text.push('\n');
    text
}

fn table(planned: &BTreeMap<String, Offsets>) -> String {
    let names = width(planned.keys().map(String::as_str));
    let topics = planned.values().flat_map(|offsets| offsets.keys());
    let topics = width(topics.map(|place| place.topic.as_str()));
    let line = |group: &str, topic: &str, partition: &str, offset: &str| {
        column(group, names) + &column(topic, topics) + &column(partition, 10) + offset + "\n"
    };
    let mut text = "\n".to_owned() + &line("GROUP", "TOPIC", "PARTITION", "NEW-OFFSET");
    for (group, offsets) in planned {
        for (place, offset) in in_order(offsets) {
            let partition = place.partition.to_string();
            text.push_str(&line(group, &place.topic, &partition, &offset.to_string()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(groups: &[&str]) -> BTreeMap<String, Offsets> {
        let offsets = Offsets::from([(TopicPartition::new("t", 0), 3)]);
        groups.iter().map(|group| ((*group).to_owned(), offsets.clone())).collect()
    }

    #[test]
    fn exports_and_tables() {
        assert_eq!(exported(&planned(&["g"])), "t,0,3\n\n");
        assert_eq!(exported(&planned(&["g", "h"])), "g,t,0,3\nh,t,0,3\n\n");
        assert_eq!(
            table(&planned(&["g"])),
            "\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n\
             g               t               0          3\n"
        );
    }
}
