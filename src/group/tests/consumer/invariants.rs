//! What must be true of a consumer group after each step, by the words of KIP-848's model: a legal target assignment,
//! no partition of two clients, valid epochs of members and partitions, a stable group that is what it says.

use std::collections::{BTreeMap, BTreeSet};

use super::super::replies::recorded;
use super::super::shard::Shard;
use super::client::Client;
use crate::group::consumer::group::{ConsumerGroup, State, partitions};
use crate::group::consumer::member::{LEFT_FOR_A_WHILE, MemberState, Owned, Target};
use crate::group::machine::Group;
use crate::metadata::Image;
use crate::types::{PartitionId, TopicId};

/// What the invariants compare with the step before.
#[derive(Default)]
pub(super) struct Seen {
    epochs: (i32, i32),
    members: BTreeMap<String, i32>,
}

/// Checks everything. `clients` do what they are told, and are not fenced without knowing it as long as the group knows
/// them.
pub(super) fn check(shard: &Shard, clients: &[Client], seen: &mut Seen) {
    let mine = recorded(&shard.machine);
    let successor = recorded(&shard.successor());
    assert_eq!(successor, recorded(&shard.successor_after_compaction()), "compacted");
    let now = match shard.machine.groups.get("g") {
        Some(Group::Consumer(group)) => {
            assert_eq!(mine, successor, "a successor sees something else");
            epochs(group, seen);
            owners(group, &shard.ground.image);
            // A group that was classic begins with what its leader has given; and what a timer has changed since is
            // not yet assigned.
            let is_computed = group.assignment_timestamp != 0;
            let is_present = group.epoch == group.assignment_epoch;
            if is_computed && is_present && group.assignment_epoch != seen.epochs.1 {
                legal_target(group, &shard.ground.image);
            }
            if group.state() == State::Stable {
                stable(group);
            }
            let epoch_of = |(id, member): (&std::sync::Arc<str>, &_)| {
                let member: &crate::group::consumer::member::Member = member;
                (id.as_ref().to_owned(), member.current.epoch)
            };
            Seen {
                epochs: (group.epoch, group.assignment_epoch),
                members: group.members.iter().map(epoch_of).collect(),
            }
        }
        _ => Seen::default(),
    };
    *seen = now;
    let mut read = BTreeMap::new();
    for client in clients.iter().filter(|client| seen.members.contains_key(&client.id)) {
        for partition in &client.owned {
            let other = read.insert(*partition, &client.id);
            assert!(other.is_none(), "{partition:?} is read by {} and {other:?}", client.id);
        }
    }
}

/// Epochs only rise, and none is ahead of that which it follows.
fn epochs(group: &ConsumerGroup, seen: &Seen) {
    assert!(group.epoch >= seen.epochs.0 && group.assignment_epoch >= seen.epochs.1);
    assert!(group.assignment_epoch <= group.epoch, "an assignment for an epoch to come");
    for (id, member) in &group.members {
        let current = &member.current;
        assert!(current.epoch <= group.assignment_epoch, "{id} is ahead: {}", current.epoch);
        let before = seen.members.get(id.as_ref()).copied().unwrap_or(0);
        assert!(current.epoch >= before || current.epoch <= 0, "{id} went back from {before}");
        for epoch in
            current.assigned.values().chain(current.revoking.values()).flat_map(BTreeMap::values)
        {
            assert!(*epoch <= group.epoch, "{id} has a partition since {epoch}");
        }
        // A static member that has left for a while gave up at once what it was to give up.
        match current.state {
            MemberState::UnrevokedPartitions if current.epoch == LEFT_FOR_A_WHILE => {}
            MemberState::UnrevokedPartitions => assert!(!current.revoking.is_empty(), "{id}"),
            _ => assert!(current.revoking.is_empty(), "{id} is to give up {:?}", current.revoking),
        }
    }
}

/// A partition has one owner, and the group knows which partitions have one.
fn owners(group: &ConsumerGroup, image: &Image) {
    let mut held = BTreeSet::new();
    for member in group.members.values() {
        let current = &member.current;
        for partition in partitions(&current.assigned).chain(partitions(&current.revoking)) {
            assert!(held.insert(partition), "{partition:?} has two owners");
        }
    }
    let all = group.subscribed().into_iter().filter_map(|name| image.topics.by_name(name));
    let all = all.flat_map(|topic| topic.partitions.iter().map(|(id, _)| (topic.id, id)));
    for (topic, partition) in all.chain(held.clone()) {
        let is_held = held.contains(&(topic, partition));
        assert_eq!(group.is_owned(topic, partition), is_held, "{topic:?}-{partition}");
    }
}

fn flat(target: &Target) -> impl Iterator<Item = (TopicId, PartitionId)> {
    target.iter().flat_map(|(topic, ids)| ids.iter().map(|id| (*topic, *id)))
}

/// Just made: every partition of a topic that somebody subscribes to is one subscriber's, and no other's.
fn legal_target(group: &ConsumerGroup, image: &Image) {
    let mut given = BTreeSet::new();
    for (id, member) in &group.members {
        let said = &member.subscription;
        let matched = group.resolved.get(&said.regex).into_iter().flat_map(|r| &r.topics);
        let topics: BTreeSet<TopicId> =
            said.topics.iter().chain(matched).filter_map(|name| image.topics.id(name)).collect();
        for partition in group.target(id).into_iter().flat_map(flat) {
            assert!(topics.contains(&partition.0), "{id} did not ask for {partition:?}");
            assert!(given.insert(partition), "{partition:?} is given twice");
        }
    }
    for topic in group.subscribed().into_iter().filter_map(|name| image.topics.by_name(name)) {
        for (partition, _) in topic.partitions.iter() {
            assert!(given.contains(&(topic.id, partition)), "{partition} is nobody's: {group:#?}");
        }
    }
}

/// In a stable group everybody has what it is to have.
fn stable(group: &ConsumerGroup) {
    assert_eq!(group.epoch, group.assignment_epoch);
    for (id, member) in &group.members {
        assert_eq!(member.current.epoch, group.epoch, "{id}");
        let has: BTreeSet<_> = partitions(&member.current.assigned).collect();
        let is_to_have: BTreeSet<_> = group.target(id).into_iter().flat_map(flat).collect();
        assert_eq!(has, is_to_have, "{id}");
    }
}

/// When it is over: who is a member has what the group says, and knows it.
pub(super) fn settled(shard: &Shard, clients: &[Client]) {
    let Some(Group::Consumer(group)) = shard.machine.groups.get("g") else { return };
    let state = group.state();
    assert!(matches!(state, State::Stable | State::Empty), "{group:#?}");
    for client in clients {
        let member = group.members.get(client.id.as_str());
        let owned = member.map_or(&EMPTY, |member| &member.current.assigned);
        assert_eq!(client.owned, partitions(owned).collect(), "{}", client.id);
    }
}

static EMPTY: Owned = Owned::new();
