//! Which partitions a broker or a directory concerns, so that fencing one does not walk all partitions. Follows from
//! the partitions alone: kept up with every applied record, never written.

use std::collections::{BTreeMap, BTreeSet};

use crate::controller::elections::NO_LEADER;
use crate::metadata::topics::PartitionRegistration;
use crate::types::{NodeId, TopicIdPartition, Uuid};

type Partitions = BTreeSet<TopicIdPartition>;

/// Partitions by what they depend on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Index {
    /// By each of their in-sync replicas.
    in_sync: BTreeMap<NodeId, Partitions>,
    /// By each of their eligible leader replicas (KIP-966).
    eligible: BTreeMap<NodeId, Partitions>,
    /// How many partitions each broker leads; none has a count of 0.
    leads: BTreeMap<NodeId, usize>,
    /// Those without a leader: looked at whenever a broker comes back.
    leaderless: Partitions,
    /// Those that another than their first replica leads.
    imbalanced: Partitions,
    /// By each log directory that a replica is known to be in.
    in_directory: BTreeMap<Uuid, Partitions>,
}

impl Index {
    /// The partition `id` was `before` and is `after`; none where it did not exist, or no longer does.
    pub(crate) fn update(
        &mut self,
        id: TopicIdPartition,
        before: Option<&PartitionRegistration>,
        after: Option<&PartitionRegistration>,
    ) {
        if let Some(partition) = before {
            self.remove(id, partition);
        }
        if let Some(partition) = after {
            self.insert(id, partition);
        }
    }

    fn insert(&mut self, id: TopicIdPartition, partition: &PartitionRegistration) {
        for &node in &partition.isr {
            self.in_sync.entry(node).or_default().insert(id);
        }
        for &node in &partition.elr {
            self.eligible.entry(node).or_default().insert(id);
        }
        for directory in partition.directories.iter().filter(|directory| !is_reserved(directory)) {
            self.in_directory.entry(*directory).or_default().insert(id);
        }
        if partition.leader == NO_LEADER {
            self.leaderless.insert(id);
        } else {
            *self.leads.entry(partition.leader).or_default() += 1;
        }
        if partition.replicas.first() != Some(&partition.leader) {
            self.imbalanced.insert(id);
        }
    }

    fn remove(&mut self, id: TopicIdPartition, partition: &PartitionRegistration) {
        for node in &partition.isr {
            take(&mut self.in_sync, node, id);
        }
        for node in &partition.elr {
            take(&mut self.eligible, node, id);
        }
        for directory in &partition.directories {
            take(&mut self.in_directory, directory, id);
        }
        if let Some(count) = self.leads.get_mut(&partition.leader) {
            *count -= 1;
            if *count == 0 {
                self.leads.remove(&partition.leader);
            }
        }
        self.leaderless.remove(&id);
        self.imbalanced.remove(&id);
    }

    /// Whether `node` leads any partition.
    pub(crate) fn has_leaderships(&self, node: NodeId) -> bool {
        self.leads.contains_key(&node)
    }

    /// The partitions that have `node` in sync.
    pub(crate) fn in_sync_on(&self, node: NodeId) -> Vec<TopicIdPartition> {
        list(self.in_sync.get(&node))
    }

    /// The partitions that `node` may lead though it is not in sync.
    pub(crate) fn eligible_on(&self, node: NodeId) -> Vec<TopicIdPartition> {
        list(self.eligible.get(&node))
    }

    /// The partitions that anybody may lead without being in sync.
    pub(crate) fn eligible_anywhere(&self) -> Vec<TopicIdPartition> {
        let all: Partitions = self.eligible.values().flatten().copied().collect();
        all.into_iter().collect()
    }

    /// The partitions with a replica in `directory`.
    pub(crate) fn in_directory(&self, directory: &Uuid) -> Vec<TopicIdPartition> {
        list(self.in_directory.get(directory))
    }

    /// The partitions that nobody leads.
    pub(crate) fn leaderless(&self) -> &BTreeSet<TopicIdPartition> {
        &self.leaderless
    }

    /// The partitions that another than their first replica leads, or nobody.
    pub(crate) fn imbalanced(&self) -> &BTreeSet<TopicIdPartition> {
        &self.imbalanced
    }
}

/// Whether `directory` stands for something other than a directory: unassigned, lost, migrating, or kept for the
/// future.
pub(crate) fn is_reserved(directory: &Uuid) -> bool {
    // Kafka keeps the first hundred uuids for such meanings (`DirectoryId.reserved`).
    let (high, low) = directory.as_bytes().split_at(15);
    high.iter().all(|&byte| byte == 0) && low.iter().all(|&byte| byte < 100)
}

fn list(partitions: Option<&Partitions>) -> Vec<TopicIdPartition> {
    partitions.into_iter().flatten().copied().collect()
}

fn take<K: Ord>(map: &mut BTreeMap<K, Partitions>, key: &K, id: TopicIdPartition) {
    if let Some(partitions) = map.get_mut(key) {
        partitions.remove(&id);
        if partitions.is_empty() {
            map.remove(key);
        }
    }
}
