//! The assignor `uniform` where all members subscribe to the same topics: everyone keeps what it has up to its quota,
//! and what is left goes to those who have less.
//!
//! Quotas are the total divided by the members, one more for the first of them as long as there is a remainder. In
//! Kafka: `UniformHomogeneousAssignmentBuilder`.

use std::collections::HashSet;

use super::assign::{Spec, java_keys, java_partitions, java_set_of_topics};
use super::member::Target;
use crate::types::{PartitionId, TopicId};

/// One target for each member of `spec`, in their order.
pub(super) fn assign(spec: &Spec<'_>) -> Vec<Target> {
    let subscribed = spec.members.first().map_or(&[][..], |member| &member.topics);
    if subscribed.is_empty() {
        return vec![Target::new(); spec.members.len()];
    }
    let (mut free, total) = unassigned(spec, subscribed);
    let members = spec.members.len();
    let (quota, mut extra) = (total / members, total % members);
    let subscribed: HashSet<TopicId> = subscribed.iter().copied().collect();
    let mut targets = Vec::with_capacity(members);
    let mut unfilled = Vec::new();
    for (at, member) in spec.members.iter().enumerate() {
        let mut more = usize::from(extra > 0);
        let mut room = quota + more;
        let mut target = member.current.clone();
        target.retain(|topic, _| subscribed.contains(topic));
        for topic in java_keys(member.current) {
            let Some(partitions) = target.get_mut(&topic) else { continue };
            if partitions.len() <= room {
                room -= partitions.len();
                continue;
            }
            let ordered = java_partitions(partitions.iter().copied());
            for partition in ordered.into_iter().skip(room) {
                partitions.remove(&partition);
                free.push((topic, partition));
            }
            room = 0;
            if partitions.is_empty() {
                target.remove(&topic);
            }
        }
        // One who has no use for the extra partition leaves it, while there are enough behind to take it.
        if room > 0 && more > 0 && members - at > extra {
            room -= 1;
            more = 0;
        }
        extra -= more;
        if room > 0 {
            unfilled.push((at, room));
        }
        targets.push(target);
    }
    let mut free = free.into_iter();
    for (at, room) in unfilled {
        for (topic, partition) in free.by_ref().take(room) {
            targets[at].entry(topic).or_default().insert(partition);
        }
    }
    targets
}

/// The partitions that nobody was to have, and how many there are in all.
fn unassigned(spec: &Spec<'_>, subscribed: &[TopicId]) -> (Vec<(TopicId, PartitionId)>, usize) {
    let mut taken: HashSet<(TopicId, PartitionId)> = HashSet::new();
    for (topic, partitions) in spec.members.iter().flat_map(|member| member.current) {
        taken.extend(partitions.iter().map(|partition| (*topic, *partition)));
    }
    let mut free = Vec::new();
    let mut total = 0;
    for topic in java_set_of_topics(subscribed) {
        let partitions = spec.partitions.get(&topic).copied().unwrap_or(0);
        total += usize::try_from(partitions).unwrap_or(0);
        let all = (0..partitions).map(|partition| (topic, partition));
        free.extend(all.filter(|partition| !taken.contains(partition)));
    }
    (free, total)
}
