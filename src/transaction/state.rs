//! What is known of one transactional id: its producer, and how its latest transaction stands. Pure values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::types::{Millis, PartitionId};

/// No producer id: Kafka's −1.
pub const NO_PRODUCER_ID: i64 = -1;
/// No epoch: Kafka's −1.
pub const NO_PRODUCER_EPOCH: i16 = -1;

/// How a transaction stands, by Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The producer has its id, and has begun nothing.
    Empty = 0,
    /// Begun.
    Ongoing = 1,
    /// It will be committed, whatever comes.
    PrepareCommit = 2,
    /// It will be aborted, whatever comes.
    PrepareAbort = 3,
    /// Committed on every partition.
    CompleteCommit = 4,
    /// Aborted on every partition.
    CompleteAbort = 5,
}

/// Names of states that Kafka knows and that nothing here ever is in: they may be asked for.
const PASSING_NAMES: [&str; 2] = ["Dead", "PrepareEpochFence"];

impl Status {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
    ];

    /// The state of Kafka's number.
    pub fn from_id(id: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.id() == id)
    }

    /// Kafka's number.
    pub const fn id(self) -> i8 {
        self as i8
    }

    /// Kafka's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
        }
    }

    /// Whether Kafka has a state of this name.
    pub fn is_name(name: &str) -> bool {
        PASSING_NAMES.contains(&name) || Self::ALL.iter().any(|status| status.name() == name)
    }

    /// Whether an end is decided and not yet written everywhere.
    pub const fn is_preparing(self) -> bool {
        matches!(self, Self::PrepareCommit | Self::PrepareAbort)
    }

    /// Whether an id in this state may be forgotten.
    pub const fn may_expire(self) -> bool {
        matches!(self, Self::Empty | Self::CompleteCommit | Self::CompleteAbort)
    }
}

/// What a transaction holds, by topic.
pub type Partitions = BTreeMap<Arc<str>, BTreeSet<PartitionId>>;

/// What is known of one transactional id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The producer.
    pub producer_id: i64,
    /// The producer before the latest change; the same when only the epoch has risen.
    pub previous_producer_id: i64,
    /// The producer to be, once the end that is under way is written everywhere; −1 when it stays.
    pub next_producer_id: i64,
    /// The producer's epoch; while an end is under way from version 2 on, that of its markers.
    pub producer_epoch: i16,
    /// The epoch before the latest rise, if one who asks again may still name it; never written.
    pub last_producer_epoch: i16,
    /// How long a transaction may take; `i32::MAX` for ever (KIP-939).
    pub timeout_ms: i32,
    /// How it stands.
    pub status: Status,
    /// What it holds.
    pub partitions: Partitions,
    /// When it began; −1 before the first.
    pub started_ms: Millis,
    /// When anything of this last changed.
    pub updated_ms: Millis,
    /// The transaction version that the client spoke at the latest change; 2 raises the epoch at each end.
    pub client_version: i16,
}

impl Transaction {
    /// One whose producer has an id and nothing else.
    pub fn new(producer_id: i64, timeout_ms: i32, now: Millis) -> Self {
        Self {
            producer_id,
            previous_producer_id: NO_PRODUCER_ID,
            next_producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            last_producer_epoch: NO_PRODUCER_EPOCH,
            timeout_ms,
            status: Status::Empty,
            partitions: Partitions::new(),
            started_ms: -1,
            updated_ms: now,
            client_version: 0,
        }
    }

    /// Whether the epoch may not rise any more: the highest is kept for fencing.
    pub const fn is_epoch_exhausted(&self) -> bool {
        is_epoch_exhausted(self.producer_epoch)
    }

    /// Whether it lasts until somebody decides, however long that takes.
    pub const fn is_two_phase(&self) -> bool {
        self.timeout_ms == i32::MAX
    }

    /// The next picture of the same id: every change begins so.
    pub(super) fn next(&self, status: Status, now: Millis) -> Self {
        Self { previous_producer_id: self.producer_id, status, updated_ms: now, ..self.clone() }
    }

    /// Whether the partition is in it.
    pub(super) fn holds(&self, topic: &str, partition: PartitionId) -> bool {
        self.partitions.get(topic).is_some_and(|held| held.contains(&partition))
    }
}

/// Whether an id may go from one state to the other: see the head of the folder. An end that has nothing to mark is
/// written with its completion, as one step.
pub(super) const fn may_follow(from: Status, to: Status) -> bool {
    match (from, to) {
        (Status::PrepareCommit, to) => matches!(to, Status::CompleteCommit),
        (Status::PrepareAbort, to) => matches!(to, Status::CompleteAbort),
        (Status::Ongoing, to) => !matches!(to, Status::Empty),
        (_, Status::PrepareCommit | Status::CompleteCommit) => false,
        _ => true,
    }
}
/// Whether a producer of this epoch needs another id.
pub const fn is_epoch_exhausted(epoch: i16) -> bool {
    epoch >= i16::MAX - 1
}
