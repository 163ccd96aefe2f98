//! One member of a consumer group: what it asked for, and how far it has come. Never decides.
//!
//! `Owned` keeps since which epoch a member has each partition, so that offsets which it commits under an earlier epoch
//! of its own are still good (KIP-1251).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::types::{PartitionId, TopicId};

/// Partitions that a member has, each with the group epoch at which it was assigned.
pub(crate) type Owned = BTreeMap<TopicId, BTreeMap<PartitionId, i32>>;
/// Partitions that a member is to have.
pub(crate) type Target = BTreeMap<TopicId, BTreeSet<PartitionId>>;

/// The epoch of a static member that has left for a while.
pub(crate) const LEFT_FOR_A_WHILE: i32 = -2;
/// The epoch by which a member leaves.
pub(crate) const LEAVING: i32 = -1;

/// Where a member is between two assignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberState {
    /// It has what its epoch gives it.
    Stable,
    /// It must give up partitions first.
    UnrevokedPartitions,
    /// It waits for partitions that others have yet to give up.
    UnreleasedPartitions,
    /// A state of a later Kafka.
    Unknown,
}

impl MemberState {
    /// Kafka's number.
    pub(crate) const fn code(self) -> i8 {
        match self {
            Self::Stable => 0,
            Self::UnrevokedPartitions => 1,
            Self::UnreleasedPartitions => 2,
            Self::Unknown => 127,
        }
    }

    /// The state of Kafka's number.
    pub(crate) const fn from_code(code: i8) -> Self {
        match code {
            0 => Self::Stable,
            1 => Self::UnrevokedPartitions,
            2 => Self::UnreleasedPartitions,
            _ => Self::Unknown,
        }
    }
}

/// What a member that speaks the classic protocol brought with its JoinGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassicProtocol {
    /// How long it may be silent.
    pub(crate) session_timeout_ms: i32,
    /// The protocols it can follow with its metadata for each, best first.
    pub(crate) protocols: Vec<(String, Bytes)>,
}

/// What a member says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// What a static member calls itself.
    pub(crate) instance_id: Option<Arc<str>>,
    /// Where it is.
    pub(crate) rack_id: Option<String>,
    /// The client's name for itself.
    pub(crate) client_id: String,
    /// Whence it comes, with a leading slash.
    pub(crate) client_host: String,
    /// The topics it subscribes to by name.
    pub(crate) topics: BTreeSet<String>,
    /// The regular expression it subscribes by; empty for none.
    pub(crate) regex: String,
    /// How long it may take to give up partitions.
    pub(crate) rebalance_timeout_ms: i32,
    /// The assignor it prefers.
    pub(crate) assignor: Option<String>,
    /// Set for a member that speaks the classic protocol.
    pub(crate) classic: Option<ClassicProtocol>,
}

/// How far a member has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Current {
    /// The epoch of the assignment that it follows.
    pub(crate) epoch: i32,
    /// The epoch before that.
    pub(crate) previous_epoch: i32,
    /// Where it is on its way.
    pub(crate) state: MemberState,
    /// What it has.
    pub(crate) assigned: Owned,
    /// What it must give up.
    pub(crate) revoking: Owned,
}

impl Current {
    /// Whether a partition is its own, be it that it must give it up.
    pub(crate) fn has(&self, topic: TopicId, partition: PartitionId) -> bool {
        let holds =
            |owned: &Owned| owned.get(&topic).is_some_and(|ids| ids.contains_key(&partition));
        holds(&self.assigned) || holds(&self.revoking)
    }
}

impl Default for Current {
    fn default() -> Self {
        Self {
            epoch: 0,
            previous_epoch: -1,
            state: MemberState::Stable,
            assigned: Owned::new(),
            revoking: Owned::new(),
        }
    }
}

/// A member of a consumer group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) id: Arc<str>,
    /// What it says of itself.
    pub(crate) subscription: Arc<Subscription>,
    /// How far it has come.
    pub(crate) current: Current,
}

impl Member {
    /// Someone of whom nothing is known yet.
    pub(crate) fn new(id: Arc<str>) -> Self {
        let subscription = Subscription { rebalance_timeout_ms: -1, ..Subscription::default() };
        Self { id, subscription: Arc::new(subscription), current: Current::default() }
    }

    /// Whether it has all that the epoch `epoch` gives it.
    pub(crate) fn is_reconciled_to(&self, epoch: i32) -> bool {
        self.current.state == MemberState::Stable && self.current.epoch == epoch
    }

    /// Whether it speaks the classic protocol.
    pub(crate) fn is_classic(&self) -> bool {
        self.subscription.classic.is_some()
    }
}
