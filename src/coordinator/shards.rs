//! All shards of one kind on this node, and how a request finds its own.
//!
//! Shared by every connection; a look-up is one load and one hash. A shard that is down or restarting is still here:
//! asking it gives an error that clients retry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};

use super::actor::{Ask, ImageChanged, Shard};
use super::machine::Machine;
use super::transactional::{End, EndTransaction};
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metrics::ShardMetrics;
use crate::supervision::{Handle, Refused};
use crate::types::PartitionId;

/// The shards of one coordinator topic that this node leads.
pub struct Shards<M: Machine> {
    state: Arc<ArcSwap<State<M>>>,
    changes: watch::Sender<()>,
    metrics: Arc<ShardMetrics>,
}

struct State<M: Machine> {
    /// How many partitions the topic has; 0 while there is no such topic.
    partitions: usize,
    led: BTreeMap<PartitionId, Handle<Shard<M>>>,
}

impl<M: Machine> Clone for Shards<M> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            changes: self.changes.clone(),
            metrics: self.metrics.clone(),
        }
    }
}

impl<M: Machine> Default for Shards<M> {
    fn default() -> Self {
        Self {
            state: Arc::new(ArcSwap::from_pointee(State { partitions: 0, led: BTreeMap::new() })),
            changes: watch::Sender::new(()),
            metrics: Arc::default(),
        }
    }
}

impl<M: Machine> Shards<M> {
    /// The numbers of these shards.
    pub const fn metrics(&self) -> &Arc<ShardMetrics> {
        &self.metrics
    }

    /// Says which shards this node leads now, of how many in all.
    pub fn lead(&self, partitions: usize, led: BTreeMap<PartitionId, Handle<Shard<M>>>) {
        self.state.store(Arc::new(State { partitions, led }));
        self.changes.send_replace(());
    }

    /// Wakes whenever [`Shards::led`] may have changed.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// The shards that this node leads.
    pub fn led(&self) -> BTreeSet<PartitionId> {
        self.state.load().led.keys().copied().collect()
    }

    /// The partition that keeps what belongs to `key`: Java's hash of the key, as Kafka's coordinators have it. None
    /// while the topic does not exist.
    pub fn partition_for(&self, key: &str) -> Option<PartitionId> {
        let partitions = self.state.load().partitions;
        (partitions > 0).then(|| partition_for(key, partitions))
    }

    /// Asks the shard that keeps `key`.
    ///
    /// # Errors
    /// `NOT_COORDINATOR` when there is no such shard here: it is another node's, or nobody has asked for a coordinator
    /// yet. `COORDINATOR_NOT_AVAILABLE` when it is busy beyond its bounds.
    pub async fn ask(&self, key: &str, request: M::Request) -> Result<M::Reply, ErrorCode> {
        let Some(partition) = self.partition_for(key) else {
            return Err(ErrorCode::NotCoordinator);
        };
        self.ask_partition(partition, request).await
    }

    /// Asks one shard by its partition.
    ///
    /// # Errors
    /// As [`Shards::ask`].
    pub async fn ask_partition(
        &self,
        partition: PartitionId,
        request: M::Request,
    ) -> Result<M::Reply, ErrorCode> {
        let shard =
            self.state.load().led.get(&partition).cloned().ok_or(ErrorCode::NotCoordinator)?;
        ask(&shard, request, &self.metrics).await
    }

    /// Has the shard of one partition write the marker that ends a transaction, and take in what that means.
    ///
    /// # Errors
    /// As for [`Shards::ask`], and what the partition refuses markers with.
    pub async fn end_transaction(&self, partition: PartitionId, end: End) -> Result<(), ErrorCode> {
        let shard =
            self.state.load().led.get(&partition).cloned().ok_or(ErrorCode::NotCoordinator)?;
        let (reply, answer) = oneshot::channel();
        match shard.try_send(EndTransaction { end, reply }) {
            Ok(()) => answer.await.map_err(|_| ErrorCode::NotCoordinator)?,
            Err(Refused::Full(_) | Refused::Down(_)) => Err(ErrorCode::CoordinatorNotAvailable),
        }
    }

    /// Asks every shard of this node, one after the other; shards that cannot answer are told of by their error.
    pub async fn ask_all(
        &self,
        mut request: impl FnMut() -> M::Request,
    ) -> Vec<Result<M::Reply, ErrorCode>> {
        let shards: Vec<_> = self.state.load().led.values().cloned().collect();
        let mut answers = Vec::with_capacity(shards.len());
        for shard in shards {
            answers.push(ask(&shard, request(), &self.metrics).await);
        }
        answers
    }

    /// Tells every shard of new metadata.
    pub fn image_changed(&self, image: &Arc<Image>) {
        for shard in self.state.load().led.values() {
            if shard.try_send(ImageChanged(image.clone())).is_err() {
                tracing::debug!("a coordinator shard misses an image; it will see the next");
            }
        }
    }
}

async fn ask<M: Machine>(
    shard: &Handle<Shard<M>>,
    request: M::Request,
    metrics: &Arc<ShardMetrics>,
) -> Result<M::Reply, ErrorCode> {
    let (reply, answer) = oneshot::channel();
    match shard.try_send(Ask { request, reply, queued: metrics.queue() }) {
        Ok(()) => answer.await.map_err(|_| ErrorCode::NotCoordinator),
        Err(Refused::Full(_) | Refused::Down(_)) => Err(ErrorCode::CoordinatorNotAvailable),
    }
}

/// `Utils.abs(key.hashCode()) % partitions`: Java's hash over UTF-16 units, and its absolute value; 0 for the one hash
/// that has none. (Not the hash without its sign bit, as for records' keys: the two differ for every negative hash.)
pub fn partition_for(key: &str, partitions: usize) -> PartitionId {
    let hash = key
        .encode_utf16()
        .fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    (hash.checked_abs().unwrap_or(0) as usize % partitions.max(1)) as PartitionId
}

#[cfg(test)]
mod tests {
    use super::partition_for;

    #[test]
    fn keys_hash_as_javas_strings() {
        assert_eq!(partition_for("", 50), 0);
        assert_eq!(partition_for("ab", 50), (97 * 31 + 98) % 50);
        // Where Kafka 4.3.1 put groups of these names; the hash of the first is negative.
        assert_eq!(partition_for("my-group", 50), 12);
        assert_eq!(partition_for("negative-hash-group-3", 50), 32);
        // "polygenelubricants".hashCode() is i32::MIN, whose absolute value is no i32.
        assert_eq!(partition_for("polygenelubricants", 50), 0);
    }
}
