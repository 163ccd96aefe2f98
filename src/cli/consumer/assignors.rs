//! Who gets which partitions of a classic group, as its leader decides: Kafka's range and round robin. Pure.

use std::collections::BTreeMap;

use crate::cli::options::Exception;
use crate::types::PartitionId;

/// Where Kafka's assignors are.
const PACKAGE: &str = "org.apache.kafka.clients.consumer.";

/// What every member gets, by topic.
pub(super) type Assigned = BTreeMap<String, BTreeMap<String, Vec<PartitionId>>>;
/// The topics of every member.
pub(super) type Subscriptions = BTreeMap<String, Vec<String>>;

/// A way to assign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Assignor {
    Range,
    RoundRobin,
}

impl Assignor {
    /// The assignors that `partition.assignment.strategy` names by their classes, in order.
    pub(super) fn list(classes: &str) -> Result<Vec<Self>, Exception> {
        let named = classes.split(',').map(str::trim).filter(|class| !class.is_empty());
        named.map(Self::of_class).collect()
    }

    fn of_class(class: &str) -> Result<Self, Exception> {
        match class.strip_prefix(PACKAGE) {
            Some("RangeAssignor") => Ok(Self::Range),
            Some("RoundRobinAssignor") => Ok(Self::RoundRobin),
            _ => {
                let kafka = "org.apache.kafka.common.KafkaException";
                let mut thrown = Exception::new(kafka, "Failed to construct kafka consumer");
                let why = format!("{class} ClassNotFoundException exception occurred");
                thrown.causes.push(format!("{kafka}: {why}"));
                thrown.causes.push(format!("java.lang.ClassNotFoundException: {class}"));
                Err(thrown)
            }
        }
    }

    /// How the members of a group call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::RoundRobin => "roundrobin",
        }
    }

    /// What every member gets of so many partitions of each topic.
    pub(super) fn assign(
        self,
        subscriptions: &Subscriptions,
        partitions: &BTreeMap<String, i32>,
    ) -> Assigned {
        let mut assigned: Assigned =
            subscriptions.keys().map(|member| (member.clone(), BTreeMap::new())).collect();
        match self {
            Self::Range => range(subscriptions, partitions, &mut assigned),
            Self::RoundRobin => round_robin(subscriptions, partitions, &mut assigned),
        }
        assigned
    }
}

/// Topic by topic, an even share of adjacent partitions for each subscriber in the order of their ids; the first ones
/// get what is left over.
fn range(
    subscriptions: &Subscriptions,
    partitions: &BTreeMap<String, i32>,
    assigned: &mut Assigned,
) {
    for (topic, &count) in partitions {
        let members: Vec<_> =
            subscriptions.iter().filter(|(_, topics)| topics.contains(topic)).collect();
        let Ok(among @ 1..) = i32::try_from(members.len()) else { continue };
        let mut next = 0;
        for ((member, _), place) in members.into_iter().zip(0..) {
            let end = next + count / among + i32::from(place < count % among);
            if end > next
                && let Some(topics) = assigned.get_mut(member)
            {
                topics.insert(topic.clone(), (next..end).collect());
            }
            next = end;
        }
    }
}

/// All partitions of all topics in turn, each to the next member that subscribes to its topic.
fn round_robin(
    subscriptions: &Subscriptions,
    partitions: &BTreeMap<String, i32>,
    assigned: &mut Assigned,
) {
    let members: Vec<_> = subscriptions.iter().collect();
    let mut turn = 0;
    for (topic, &count) in partitions {
        for partition in 0..count {
            let turns = (0..members.len()).map(|skipped| (turn + skipped) % members.len());
            let wants =
                |at: &usize| members.get(*at).is_some_and(|(_, topics)| topics.contains(topic));
            let Some(at) = turns.into_iter().find(wants) else { break };
            if let Some((member, _)) = members.get(at)
                && let Some(topics) = assigned.get_mut(*member)
            {
                topics.entry(topic.clone()).or_default().push(partition);
            }
            turn = at + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriptions() -> Subscriptions {
        let topics = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        BTreeMap::from([
            ("a".to_owned(), topics(&["t", "u"])),
            ("b".to_owned(), topics(&["t"])),
            ("c".to_owned(), topics(&["none"])),
        ])
    }

    fn partitions() -> BTreeMap<String, i32> {
        BTreeMap::from([("t".to_owned(), 3), ("u".to_owned(), 2)])
    }

    #[test]
    fn ranges() {
        let assigned = Assignor::Range.assign(&subscriptions(), &partitions());
        assert_eq!(
            assigned["a"],
            BTreeMap::from([("t".into(), vec![0, 1]), ("u".into(), vec![0, 1])])
        );
        assert_eq!(assigned["b"], BTreeMap::from([("t".into(), vec![2])]));
        assert!(assigned["c"].is_empty());
    }

    #[test]
    fn in_turn() {
        let assigned = Assignor::RoundRobin.assign(&subscriptions(), &partitions());
        assert_eq!(
            assigned["a"],
            BTreeMap::from([("t".into(), vec![0, 2]), ("u".into(), vec![0, 1])])
        );
        assert_eq!(assigned["b"], BTreeMap::from([("t".into(), vec![1])]));
        assert!(assigned["c"].is_empty());
    }

    #[test]
    fn classes() {
        let both = "org.apache.kafka.clients.consumer.RoundRobinAssignor, org.apache.kafka.clients.consumer.RangeAssignor";
        assert_eq!(Assignor::list(both), Ok(vec![Assignor::RoundRobin, Assignor::Range]));
        assert!(Assignor::list("mine").is_err());
    }
}
