//! Committed offsets, and those of transactions that are still open. Never decides who may commit.
//!
//! ```text
//! committed   group → topic → partition → offset           what OffsetFetch tells
//! pending     producer → group → topic → partition → offset   becomes committed, or nothing, with the marker
//! open        group → topic → partition → producers         the same turned round: is this offset about to change?
//! ```
//!
//! `pending` and `open` always name the same; a tombstone for an offset empties both of it, as in Kafka.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::types::{LeaderEpoch, Millis, Offset, PartitionId, TopicId};

/// An identifier of a producer of transactions.
pub(crate) type ProducerId = i64;

/// What one group has committed for one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// Where the record that says so lies.
    pub(crate) record_offset: Offset,
    /// The next offset to read.
    pub(crate) offset: Offset,
    /// The epoch of the last record read; −1 where the client did not say.
    pub(crate) leader_epoch: LeaderEpoch,
    /// The client's remark.
    pub(crate) metadata: Box<str>,
    pub(crate) commit_timestamp: Millis,
    /// When it expires, where an old client asked for a retention of its own.
    pub(crate) expire_timestamp: Option<Millis>,
    /// The topic's id; zero where it is not known.
    pub(crate) topic_id: TopicId,
}

impl Committed {
    /// What a client commits now, that says no more than this.
    pub(super) fn now(
        offset: Offset,
        leader_epoch: LeaderEpoch,
        metadata: Option<&str>,
        now: Millis,
    ) -> Self {
        Self {
            record_offset: -1,
            offset,
            leader_epoch,
            metadata: metadata.unwrap_or_default().into(),
            commit_timestamp: now,
            expire_timestamp: None,
            topic_id: TopicId::ZERO,
        }
    }
}

/// Offsets of one group by topic and partition.
pub(crate) type Topics = BTreeMap<Arc<str>, BTreeMap<PartitionId, Committed>>;

/// Partitions of one group with offsets of open transactions, and the producers of those.
type Open = BTreeMap<Arc<str>, BTreeMap<PartitionId, BTreeSet<ProducerId>>>;

/// All offsets of one shard.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    /// What counts; a group without offsets has no entry, nor has a topic.
    committed: HashMap<Arc<str>, Topics>,
    /// What open transactions have committed so far, by producer.
    pending: HashMap<ProducerId, HashMap<Arc<str>, Topics>>,
    /// Which producers have a transaction open over an offset.
    open: HashMap<Arc<str>, Open>,
    /// Every topic that a committed offset names, and how many groups name it: one copy of each name is kept.
    names: HashMap<Arc<str>, usize>,
}

impl Offsets {
    /// What a group has committed.
    pub(crate) fn of_group(&self, group: &str) -> Option<&Topics> {
        self.committed.get(group)
    }

    /// The groups that have committed anything.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&Arc<str>, &Topics)> {
        self.committed.iter()
    }

    /// The topics that any offset names, committed or of an open transaction; some more than once.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &Arc<str>> {
        self.names.keys().chain(self.open.values().flat_map(BTreeMap::keys))
    }

    /// The groups and partitions of a topic for which an open transaction has an offset.
    pub(crate) fn open_in(&self, topic: &str) -> impl Iterator<Item = (&Arc<str>, PartitionId)> {
        let open = self.open.iter().filter_map(move |(group, of)| Some((group, of.get(topic)?)));
        open.flat_map(|(group, partitions)| partitions.keys().map(move |at| (group, *at)))
    }

    pub(crate) fn get(
        &self,
        group: &str,
        topic: &str,
        partition: PartitionId,
    ) -> Option<&Committed> {
        self.committed.get(group)?.get(topic)?.get(&partition)
    }

    /// Whether an open transaction would change this offset.
    pub(crate) fn is_unstable(&self, group: &str, topic: &str, partition: PartitionId) -> bool {
        self.open
            .get(group)
            .and_then(|topics| topics.get(topic))
            .is_some_and(|open| open.contains_key(&partition))
    }

    /// Whether an open transaction would change any offset of the group.
    pub(crate) fn has_open(&self, group: &str) -> bool {
        self.open.contains_key(group)
    }

    /// The partitions of a group that have an offset, committed or of an open transaction; each once.
    pub(crate) fn partitions(&self, group: &str) -> BTreeSet<(Arc<str>, PartitionId)> {
        let committed = self.committed.get(group).into_iter().flatten();
        let mut all: BTreeSet<_> =
            committed.flat_map(|(topic, of)| of.keys().map(|at| (topic.clone(), *at))).collect();
        let open = self.open.get(group).into_iter().flatten();
        all.extend(open.flat_map(|(topic, of)| of.keys().map(|at| (topic.clone(), *at))));
        all
    }

    /// Takes in a committed offset.
    pub(crate) fn put(
        &mut self,
        group: &str,
        topic: &str,
        partition: PartitionId,
        committed: Committed,
    ) {
        if !self.committed.contains_key(group) {
            self.committed.insert(group.into(), Topics::new());
        }
        let topics = self.committed.get_mut(group).expect("it was put there if it was not there");
        if let Some(partitions) = topics.get_mut(topic) {
            partitions.insert(partition, committed);
            return;
        }
        let name = match self.names.get_key_value(topic) {
            Some((name, _)) => name.clone(),
            None => topic.into(),
        };
        *self.names.entry(name.clone()).or_default() += 1;
        topics.insert(name, BTreeMap::from([(partition, committed)]));
    }

    /// Takes in an offset of a transaction that has not ended.
    pub(crate) fn put_pending(
        &mut self,
        producer: ProducerId,
        group: &str,
        topic: &str,
        partition: PartitionId,
        committed: Committed,
    ) {
        let (group, topic): (Arc<str>, Arc<str>) = (group.into(), topic.into());
        let pending = self.pending.entry(producer).or_default().entry(group.clone()).or_default();
        pending.entry(topic.clone()).or_default().insert(partition, committed);
        let open = self.open.entry(group).or_default().entry(topic).or_default();
        open.entry(partition).or_default().insert(producer);
    }

    /// Forgets an offset, and with it those that open transactions would put in its place.
    pub(crate) fn remove(&mut self, group: &str, topic: &str, partition: PartitionId) {
        self.remove_committed(group, topic, partition);
        let open =
            self.open.get(group).and_then(|topics| topics.get(topic)?.get(&partition)).cloned();
        for producer in open.unwrap_or_default() {
            self.close(producer, group, topic, partition);
            if let Some(groups) = self.pending.get_mut(&producer) {
                if let Some(topics) = groups.get_mut(group) {
                    if let Some(partitions) = topics.get_mut(topic) {
                        partitions.remove(&partition);
                    }
                    topics.retain(|_, partitions| !partitions.is_empty());
                }
                groups.retain(|_, topics| !topics.is_empty());
            }
        }
        self.pending.retain(|_, groups| !groups.is_empty());
    }

    fn remove_committed(&mut self, group: &str, topic: &str, partition: PartitionId) {
        let Some(topics) = self.committed.get_mut(group) else { return };
        let Some(partitions) = topics.get_mut(topic) else { return };
        partitions.remove(&partition);
        if !partitions.is_empty() {
            return;
        }
        topics.remove(topic);
        if topics.is_empty() {
            self.committed.remove(group);
        }
        if let Some(count) = self.names.get_mut(topic) {
            debug_assert!(*count > 0, "{topic} is named by nobody");
            *count -= 1;
            if *count == 0 {
                self.names.remove(topic);
            }
        }
    }

    fn close(&mut self, producer: ProducerId, group: &str, topic: &str, partition: PartitionId) {
        let Some(topics) = self.open.get_mut(group) else { return };
        let Some(partitions) = topics.get_mut(topic) else { return };
        if let Some(producers) = partitions.get_mut(&partition) {
            producers.remove(&producer);
            if producers.is_empty() {
                partitions.remove(&partition);
            }
        }
        if partitions.is_empty() {
            topics.remove(topic);
        }
        if topics.is_empty() {
            self.open.remove(group);
        }
    }

    /// A producer's transaction has ended. What it committed counts unless something later was committed without
    /// it: the record's place decides, since compaction may have removed what lay between.
    pub(crate) fn end_transaction(&mut self, producer: ProducerId, is_committed: bool) {
        for (group, topics) in self.pending.remove(&producer).unwrap_or_default() {
            for (topic, partitions) in topics {
                for (partition, committed) in partitions {
                    self.close(producer, &group, &topic, partition);
                    let existing =
                        self.get(&group, &topic, partition).map(|known| known.record_offset);
                    if is_committed && existing.is_none_or(|known| committed.record_offset > known)
                    {
                        self.put(&group, &topic, partition, committed);
                    }
                }
            }
        }
    }
}
