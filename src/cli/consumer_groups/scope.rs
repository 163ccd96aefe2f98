//! Which partitions are meant, and where they begin and end.

use std::collections::BTreeMap;

use super::Failure;
use crate::cli::complain;
use crate::cli::options::Exception;
use crate::cli::tool::{exception_class, log_error};
use crate::client::Cluster;
use crate::client::offsets::{EARLIEST, LATEST, list_offsets};
use crate::error::ErrorCode;
use crate::types::{Millis, Offset, PartitionId, TopicPartition};

/// `topic`, or `topic:0,1`.
fn parse(text: &str) -> Result<(String, Option<Vec<PartitionId>>), Failure> {
    let Some((topic, partitions)) = text.split_once(':') else {
        return Ok((text.to_owned(), None));
    };
    if topic.is_empty() || partitions.is_empty() {
        let what = format!("Invalid topic arg '{text}', expected topic name and partitions");
        return Err(Failure::Usage(what));
    }
    let number = |number: &str| {
        let what = format!("Invalid partition '{number}' specified in topic arg '{text}''");
        number.parse().map_err(|_| Failure::Usage(what))
    };
    let partitions: Result<Vec<_>, _> = partitions.split(',').map(number).collect();
    Ok((topic.to_owned(), Some(partitions?)))
}

/// The partitions that `--topic` means. A topic that does not exist is its own answer.
pub(super) async fn partitions(
    cluster: &mut Cluster,
    topics: &[&str],
) -> Result<BTreeMap<String, Option<Vec<PartitionId>>>, Failure> {
    let mut found = BTreeMap::new();
    for text in topics {
        let (topic, wanted) = parse(text)?;
        let answer = cluster.metadata(Some(std::slice::from_ref(&topic)), false).await?;
        let existing = answer.topics.into_iter().next().filter(|topic| topic.error_code == 0);
        let partitions = match (existing, wanted) {
            (_, Some(wanted)) => Some(wanted),
            (Some(existing), None) => {
                let mut all: Vec<_> =
                    existing.partitions.iter().map(|p| p.partition_index).collect();
                all.sort_unstable();
                Some(all)
            }
            (None, None) => None,
        };
        found.insert(topic, partitions);
    }
    Ok(found)
}

/// The partitions that `--topic` means, all of which must exist.
pub(super) async fn existing_partitions(
    cluster: &mut Cluster,
    topics: &[&str],
) -> Result<Vec<TopicPartition>, Failure> {
    let class = exception_class(ErrorCode::UnknownTopicOrPartition);
    let mut places = Vec::new();
    for (topic, partitions) in partitions(cluster, topics).await? {
        let missing = || Exception::new(&class, ErrorCode::UnknownTopicOrPartition.message());
        let partitions = partitions.ok_or_else(missing)?;
        places.extend(partitions.into_iter().map(|p| TopicPartition::new(topic.clone(), p)));
    }
    let unknown: Vec<_> = places
        .iter()
        .filter(|place| cluster.leader(&place.topic, place.partition).is_none())
        .map(|place| format!("{}-{}", place.topic, place.partition))
        .collect();
    if !unknown.is_empty() {
        let names = unknown.join(",");
        let what = format!("The partitions \"{names}\" do not exist");
        return Err(Exception::new(&class, what).into());
    }
    Ok(places)
}

/// Complains of the first of `places` whose topic is not there, as Kafka's client does when it looks for leaders.
async fn check_topics(cluster: &mut Cluster, places: &[TopicPartition]) -> Result<(), Exception> {
    const LOGGER: &str = "org.apache.kafka.clients.admin.internals.PartitionLeaderStrategy";
    let topics = topics_of(places);
    for topic in cluster.metadata(Some(&topics), false).await?.topics {
        let Some(code) = ErrorCode::from_code(topic.error_code) else { continue };
        let name = topic.name.unwrap_or_default();
        let Some(place) = places.iter().find(|place| place.topic == name) else { continue };
        let failed = format!("Failed to fetch metadata for partition {name}-{}", place.partition);
        let (seen, failed) = match code {
            ErrorCode::UnknownTopicOrPartition => (
                format!("Received unknown topic error for topic {name}"),
                format!("{failed} because metadata for topic `{name}` could not be found"),
            ),
            ErrorCode::InvalidTopicException => (
                format!("Received invalid topic error for topic {name} in `Metadata` response"),
                format!("{failed} due to invalid topic `{name}`"),
            ),
            _ => continue,
        };
        let class = exception_class(code);
        log_error(&format!("[AdminClient clientId=adminclient-1] {seen}"), LOGGER);
        complain(&Exception::new(&class, code.message()).trace());
        return Err(Exception::new(&class, failed).in_execution().in_runtime());
    }
    Ok(())
}

fn topics_of(places: &[TopicPartition]) -> Vec<String> {
    let mut topics: Vec<_> = places.iter().map(|place| place.topic.clone()).collect();
    topics.sort_unstable();
    topics.dedup();
    topics
}

/// The offsets of one time in all of `places`. Partitions whose leader does not tell are left out.
pub(super) async fn offsets_at(
    cluster: &mut Cluster,
    places: &[TopicPartition],
    time: Millis,
) -> Result<BTreeMap<TopicPartition, Offset>, Exception> {
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
    check_topics(cluster, places).await?;
    let times = places.iter().map(|place| (place.clone(), time)).collect();
    let found = list_offsets(cluster, &times, 0).await?;
    Ok(found.into_iter().filter_map(|(place, offset)| Some((place, offset.ok()?))).collect())
}

/// Where partitions end.
pub(super) async fn end_offsets(
    cluster: &mut Cluster,
    places: &[TopicPartition],
) -> Result<BTreeMap<TopicPartition, Offset>, Exception> {
    offsets_at(cluster, places, LATEST).await
}

/// Where partitions begin.
pub(super) async fn begin_offsets(
    cluster: &mut Cluster,
    places: &[TopicPartition],
) -> Result<BTreeMap<TopicPartition, Offset>, Exception> {
    offsets_at(cluster, places, EARLIEST).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_with_partitions() {
        assert_eq!(parse("t").ok(), Some(("t".to_owned(), None)));
        assert_eq!(parse("t:0,2").ok(), Some(("t".to_owned(), Some(vec![0, 2]))));
        assert!(parse("t:x").is_err() && parse("t:").is_err() && parse("t:,").is_err());
    }
}
