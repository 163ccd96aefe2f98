//! All replicas of this node, by topic id and by name. Looked up by every request, changed by the manager alone.

use std::sync::Arc;

use arc_swap::ArcSwap;
use imbl::HashMap;

use super::replica::Replica;
use crate::types::{TopicIdPartition, TopicPartition};

/// The replicas that this node has.
#[derive(Debug, Default)]
pub struct PartitionTable {
    replicas: ArcSwap<HashMap<TopicIdPartition, Arc<Replica>>>,
}

impl PartitionTable {
    /// The replica of a partition, if this node has one.
    pub fn get(&self, id: &TopicIdPartition) -> Option<Arc<Replica>> {
        self.replicas.load().get(id).cloned()
    }

    /// The replica of a partition by its topic's name: walks all, for what is asked rarely.
    pub fn find(&self, name: &TopicPartition) -> Option<Arc<Replica>> {
        self.replicas.load().values().find(|replica| replica.name == *name).cloned()
    }

    /// All replicas, in no order.
    pub fn all(&self) -> Vec<Arc<Replica>> {
        self.replicas.load().values().cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.replicas.load().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Changes the table as one step.
    pub(super) fn change(&self, change: impl FnOnce(&mut HashMap<TopicIdPartition, Arc<Replica>>)) {
        let mut replicas = HashMap::clone(&self.replicas.load());
        change(&mut replicas);
        self.replicas.store(Arc::new(replicas));
    }
}
