//! All replicas of this node, by topic id and by name. Looked up by every request, changed by the manager alone.
//!
//! A persistent map behind one atomic pointer: a look-up takes no lock and never waits for a change; a change copies a
//! few nodes of the map.

use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use arc_swap::ArcSwap;
use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;
use parking_lot::Mutex;

use super::future::Move;
use super::replica::Replica;
use crate::types::{TopicIdPartition, TopicPartition};

/// Hashes by folding: topic ids are random already, and come from the controller, never from a client.
#[derive(Default)]
pub(super) struct Fold(u64);

impl Hasher for Fold {
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        rest.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn finish(&self) -> u64 {
        // The best bits are the upper ones, and the map takes the lower.
        self.0.rotate_left(32)
    }
}

/// What is where.
pub(super) type Replicas =
    GenericHashMap<TopicIdPartition, Arc<Replica>, BuildHasherDefault<Fold>, DefaultSharedPtr>;

/// The replicas that this node has.
#[derive(Debug, Default)]
pub struct PartitionTable {
    replicas: ArcSwap<Replicas>,
    /// Replicas on their way to another log directory. Few, and asked for seldom.
    moves: Mutex<BTreeMap<TopicIdPartition, Arc<Move>>>,
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

    /// The replicas that are on their way to another log directory.
    pub fn moves(&self) -> Vec<Arc<Move>> {
        self.moves.lock().values().cloned().collect()
    }

    /// Where a replica is on its way to, if it is.
    pub fn moving(&self, id: &TopicIdPartition) -> Option<Arc<Move>> {
        self.moves.lock().get(id).cloned()
    }

    /// Takes every replica out of service whose log directory has failed. Touches no file, and may be called by whoever
    /// finds out.
    pub fn take_offline(&self, has_failed: impl Fn(usize) -> bool) {
        for replica in self.replicas.load().values() {
            if !replica.is_offline() && has_failed(replica.log_dir()) {
                tracing::error!(partition = %replica.name, "the replica is offline with its directory");
                replica.set_offline();
            }
        }
    }

    pub(super) fn begin_move(&self, moving: Arc<Move>) {
        self.moves.lock().insert(moving.replica.id, moving);
    }

    /// Takes a move out, unless another has taken its place.
    pub(super) fn end_move(&self, moving: &Arc<Move>) {
        let mut moves = self.moves.lock();
        if moves.get(&moving.replica.id).is_some_and(|known| Arc::ptr_eq(known, moving)) {
            moves.remove(&moving.replica.id);
        }
    }

    /// Changes the table as one step.
    pub(super) fn change(&self, change: impl FnOnce(&mut Replicas)) {
        // The manager is one actor: nobody else changes it in between.
        let mut replicas = Replicas::clone(&self.replicas.load());
        change(&mut replicas);
        self.replicas.store(Arc::new(replicas));
    }
}
