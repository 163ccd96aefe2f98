//! Groups of other protocols: share (KIP-932) and streams (KIP-1071) groups that Kafka wrote.
//!
//! They are kept by the keys of their records, so that they can be listed, and deleted whole when they are empty.
//! They are never run here, and never lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::records::RecordType;
use crate::coordinator::machine::StoredRecord;

/// The protocols of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum GroupKind {
    /// JoinGroup and SyncGroup.
    Classic,
    /// ConsumerGroupHeartbeat (KIP-848).
    Consumer,
    /// ShareGroupHeartbeat (KIP-932).
    Share,
    /// StreamsGroupHeartbeat (KIP-1071).
    Streams,
}

impl GroupKind {
    /// Kafka's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Consumer => "consumer",
            Self::Share => "share",
            Self::Streams => "streams",
        }
    }
}

/// A group that is kept but not run.
#[derive(Clone, Debug)]
pub(super) struct ForeignGroup {
    pub(super) id: Arc<str>,
    pub(super) kind: GroupKind,
    /// The keys of its living records. They begin with their type.
    keys: BTreeSet<Bytes>,
    /// How many of them stand for a member.
    members: usize,
}

impl ForeignGroup {
    pub(super) fn new(id: Arc<str>, kind: GroupKind) -> Self {
        Self { id, kind, keys: BTreeSet::new(), members: 0 }
    }

    /// Takes in one of its records. False when nothing is left of the group.
    pub(super) fn apply(&mut self, record_type: RecordType, record: &StoredRecord) -> bool {
        let changed = if record.value.is_some() {
            self.keys.insert(Bytes::copy_from_slice(&record.key))
        } else {
            self.keys.remove(&record.key)
        };
        if changed && record_type.is_member() {
            self.members = if record.value.is_some() { self.members + 1 } else { self.members - 1 };
        }
        debug_assert!(self.members <= self.keys.len(), "{}: more members than records", self.id);
        !self.keys.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Its state, as far as it can be told without running it.
    pub(super) fn state_name(&self) -> &'static str {
        if self.is_empty() { "Empty" } else { "Stable" }
    }

    /// Whether classic members may have its name once it is empty. What a share group leaves behind is not all here.
    pub(super) fn may_become_classic(&self) -> bool {
        self.is_empty() && self.kind == GroupKind::Streams
    }

    /// What deletes it: the details before what they are details of.
    pub(super) fn tombstones(&self) -> Vec<StoredRecord> {
        self.keys.iter().rev().map(|key| StoredRecord { key: key.clone(), value: None }).collect()
    }
}
