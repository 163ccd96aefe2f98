//! `--generate`: spreads topics evenly over brokers, on paper.

use super::{Assignment, LogDirs, failed, files, joined, state};
use crate::cli::options::{Exception, Given};
use crate::cli::{say, tool};
use crate::client::Cluster;
use crate::error::ErrorCode;
use crate::types::{NodeId, TopicPartition, by_topic};

pub(super) async fn generate(cluster: &mut Cluster, given: &Given) -> Result<(), Exception> {
    let text = files::read(given.value("topics-to-move-json-file")?.unwrap_or_default())?;
    let brokers = brokers(given.value("broker-list")?.unwrap_or_default())?;
    let topics = files::topics(&text)?;
    let current = state::assignment_of(cluster, &topics).await?;
    let usable: Vec<NodeId> =
        cluster.nodes().map(|node| node.id).filter(|id| brokers.contains(id)).collect();
    let proposed = spread(&current, &usable)?;
    let dirs = state::log_dirs(cluster, &current).await?.current;
    say(&format!("Current partition replica assignment\n{}\n\n", files::write(&current, &dirs)));
    let proposed = files::write(&proposed, &LogDirs::new());
    say(&format!("Proposed partition reassignment configuration\n{proposed}\n"));
    Ok(())
}

fn brokers(list: &str) -> Result<Vec<NodeId>, Exception> {
    let number = |text: &str| {
        let wrong = format!("For input string: \"{text}\"");
        text.parse().map_err(|_| Exception::new("java.lang.NumberFormatException", wrong))
    };
    let brokers = list.split(',').map(number).collect::<Result<Vec<NodeId>, _>>()?;
    match files::duplicates(&brokers) {
        twice if twice.is_empty() => Ok(brokers),
        twice => Err(failed(format!("Broker list contains duplicate entries: {}", joined(twice)))),
    }
}

/// As many replicas of each partition as before, in stripes over `brokers`: each topic begins somewhere else.
///
/// Caveat: racks are not looked at.
fn spread(current: &Assignment, brokers: &[NodeId]) -> Result<Assignment, Exception> {
    let refuse = |why: String| {
        Err(Exception::new(&tool::exception_class(ErrorCode::InvalidReplicationFactor), why))
    };
    if brokers.is_empty() {
        return refuse(
            "All brokers are currently fenced, or have all their log directories cordoned."
                .to_owned(),
        );
    }
    let each = current.iter();
    let topics = by_topic(each.map(|(place, nodes)| (place, (place.partition, nodes.len()))));
    let mut proposed = Assignment::new();
    for (start, (topic, partitions)) in topics.into_iter().enumerate() {
        let factor = partitions.first().map_or(0, |(_, factor)| *factor);
        if factor > brokers.len() {
            return refuse(format!(
                "The target replication factor of {factor} cannot be reached because only {} broker(s) are registered.",
                brokers.len()
            ));
        }
        for (row, (partition, _)) in partitions.into_iter().enumerate() {
            // Every full round shifts the followers by one, so that no two brokers share all partitions.
            let (first, shift) = (start + row, row / brokers.len());
            let nth = |replica: usize| {
                let offset = match replica {
                    0 => 0,
                    replica => 1 + (replica - 1 + shift) % (brokers.len() - 1),
                };
                brokers.get((first + offset) % brokers.len()).copied()
            };
            let replicas = (0..factor).filter_map(nth).collect();
            proposed.insert(TopicPartition::new(topic, partition), replicas);
        }
    }
    Ok(proposed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripes() {
        let place = |partition| TopicPartition::new("t", partition);
        let current: Assignment = (0..4).map(|p| (place(p), vec![1, 2])).collect();
        let proposed = spread(&current, &[1, 2, 3]).expect("there are enough");
        let replicas: Vec<_> = proposed.into_values().collect();
        assert_eq!(replicas, [vec![1, 2], vec![2, 3], vec![3, 1], vec![1, 3]]);
        assert!(spread(&current, &[1]).is_err() && spread(&current, &[]).is_err());
    }
}
