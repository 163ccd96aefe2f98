//! Topics and their partitions. Never a decision about leaders or replicas.

use std::ops::Bound;
use std::sync::Arc;

use imbl::{HashMap, OrdMap};

use crate::types::{LeaderEpoch, NONE, NodeId, PartitionId, TopicId, Uuid};

/// The directory of a replica that nobody named since the cluster knows of directories.
pub const DIRECTORY_MIGRATING: Uuid = Uuid::ZERO;
/// The directory of a replica that its broker has yet to place.
pub const DIRECTORY_UNASSIGNED: Uuid = Uuid::ONE;
/// The directory of a replica whose disk is gone.
pub const DIRECTORY_LOST: Uuid = Uuid::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);

/// Whether a leader elected from outside the ISR has finished its recovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum LeaderRecoveryState {
    /// The leader was in sync, or has recovered.
    #[default]
    Recovered,
    /// The leader was elected uncleanly and is recovering.
    Recovering,
}

impl LeaderRecoveryState {
    /// The number in records and requests.
    pub const fn code(self) -> i8 {
        match self {
            Self::Recovered => 0,
            Self::Recovering => 1,
        }
    }

    /// The state that `code` stands for.
    pub const fn from_code(code: i8) -> Option<Self> {
        match code {
            0 => Some(Self::Recovered),
            1 => Some(Self::Recovering),
            _ => None,
        }
    }
}

/// What the cluster has agreed on about one partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartitionRegistration {
    /// The brokers that hold it, the preferred leader first.
    pub replicas: Vec<NodeId>,
    /// The log directory of each replica, in the order of `replicas`.
    pub directories: Vec<Uuid>,
    /// The replicas in sync.
    pub isr: Vec<NodeId>,
    /// The replicas that a reassignment takes away.
    pub removing_replicas: Vec<NodeId>,
    /// The replicas that a reassignment adds.
    pub adding_replicas: Vec<NodeId>,
    /// The replicas out of sync that still hold everything committed (KIP-966).
    pub elr: Vec<NodeId>,
    /// The last leader known before `isr` and `elr` ran empty (KIP-966).
    pub last_known_elr: Vec<NodeId>,
    /// The leader, or −1.
    pub leader: NodeId,
    /// Whether the leader is still recovering from an unclean election.
    pub leader_recovery_state: LeaderRecoveryState,
    /// Goes up with each election.
    pub leader_epoch: LeaderEpoch,
    /// Goes up with each change.
    pub partition_epoch: i32,
}

impl Default for PartitionRegistration {
    fn default() -> Self {
        Self {
            replicas: Vec::new(),
            directories: Vec::new(),
            isr: Vec::new(),
            removing_replicas: Vec::new(),
            adding_replicas: Vec::new(),
            elr: Vec::new(),
            last_known_elr: Vec::new(),
            leader: NONE,
            leader_recovery_state: LeaderRecoveryState::Recovered,
            leader_epoch: 0,
            partition_epoch: 0,
        }
    }
}

impl PartitionRegistration {
    /// The leader, if there is one.
    pub fn leader(&self) -> Option<NodeId> {
        (self.leader != NONE).then_some(self.leader)
    }

    /// The replica that ought to lead: the first, or −1 if there are none.
    pub fn preferred_replica(&self) -> NodeId {
        self.replicas.first().copied().unwrap_or(NONE)
    }

    /// Whether `node` holds a replica.
    pub fn is_replica(&self, node: NodeId) -> bool {
        self.replicas.contains(&node)
    }

    /// Whether `node` is in sync.
    pub fn is_in_sync(&self, node: NodeId) -> bool {
        self.isr.contains(&node)
    }

    /// Whether replicas are being added or taken away.
    pub fn is_reassigning(&self) -> bool {
        !self.adding_replicas.is_empty() || !self.removing_replicas.is_empty()
    }

    /// The log directory of `node`'s replica, if it holds one.
    pub fn directory(&self, node: NodeId) -> Option<Uuid> {
        let at = self.replicas.iter().position(|&replica| replica == node)?;
        Some(self.directories.get(at).copied().unwrap_or(DIRECTORY_MIGRATING))
    }
}

/// One topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicImage {
    /// Its name, for as long as the topic lives.
    pub name: Arc<str>,
    /// Its id, never used again.
    pub id: TopicId,
    /// Its partitions, by number.
    pub partitions: Partitions,
}

impl TopicImage {
    /// A topic without partitions.
    pub fn new(name: impl Into<Arc<str>>, id: TopicId) -> Self {
        Self { name: name.into(), id, partitions: Partitions::default() }
    }

    /// The partition `id`.
    pub fn partition(&self, id: PartitionId) -> Option<&PartitionRegistration> {
        self.partitions.get(id)
    }
}

/// The partitions of a topic, in the order of their numbers: a vector will do, since they number from 0 without gaps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Partitions(Vec<(PartitionId, Arc<PartitionRegistration>)>);

impl Partitions {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The partition `id`.
    pub fn get(&self, id: PartitionId) -> Option<&PartitionRegistration> {
        self.slot(id).ok().and_then(|at| self.0.get(at)).map(|(_, partition)| &**partition)
    }

    /// Every partition, lowest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (PartitionId, &PartitionRegistration)> {
        self.0.iter().map(|(id, partition)| (*id, &**partition))
    }

    /// Puts `partition` in the place of the one numbered `id`, if any.
    pub(crate) fn insert(&mut self, id: PartitionId, partition: PartitionRegistration) {
        match self.slot(id) {
            Ok(at) => {
                if let Some(slot) = self.0.get_mut(at) {
                    slot.1 = Arc::new(partition);
                }
            }
            Err(at) => self.0.insert(at, (id, Arc::new(partition))),
        }
    }

    /// The partition `id`, to be changed.
    pub(crate) fn get_mut(&mut self, id: PartitionId) -> Option<&mut PartitionRegistration> {
        let at = self.slot(id).ok()?;
        self.0.get_mut(at).map(|(_, partition)| Arc::make_mut(partition))
    }

    /// Whether both hold the very same value for `id`: cheap, and never wrongly true.
    pub(crate) fn is_same(&self, other: &Self, id: PartitionId) -> bool {
        match (self.slot(id), other.slot(id)) {
            (Ok(a), Ok(b)) => match (self.0.get(a), other.0.get(b)) {
                (Some((_, a)), Some((_, b))) => Arc::ptr_eq(a, b) || a == b,
                _ => false,
            },
            _ => false,
        }
    }

    fn slot(&self, id: PartitionId) -> Result<usize, usize> {
        match usize::try_from(id) {
            // Partition 7 is at place 7, unless a log that is being replayed has gaps for now.
            Ok(at) if self.0.get(at).is_some_and(|(found, _)| *found == id) => Ok(at),
            _ => self.0.binary_search_by_key(&id, |(found, _)| *found),
        }
    }
}

/// Every topic, by id and by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TopicsImage {
    /// Each topic once; and by its name below.
    by_id: HashMap<TopicId, Arc<TopicImage>>,
    by_name: OrdMap<Arc<str>, TopicId>,
}

impl TopicsImage {
    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The topic called `name`.
    pub fn by_name(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.by_id.get(self.by_name.get(name)?)
    }

    /// The topic whose id is `id`.
    pub fn by_id(&self, id: TopicId) -> Option<&Arc<TopicImage>> {
        self.by_id.get(&id)
    }

    /// The id of the topic called `name`.
    pub fn id(&self, name: &str) -> Option<TopicId> {
        self.by_name.get(name).copied()
    }

    /// The name of the topic whose id is `id`.
    pub fn name(&self, id: TopicId) -> Option<&Arc<str>> {
        self.by_id.get(&id).map(|topic| &topic.name)
    }

    /// The partition `partition` of the topic called `name`.
    pub fn partition(&self, name: &str, partition: PartitionId) -> Option<&PartitionRegistration> {
        self.by_name(name)?.partition(partition)
    }

    /// The partition `partition` of the topic whose id is `id`.
    pub fn partition_by_id(
        &self,
        id: TopicId,
        partition: PartitionId,
    ) -> Option<&PartitionRegistration> {
        self.by_id(id)?.partition(partition)
    }

    /// Every topic, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.by_name.values().filter_map(|id| self.by_id.get(id))
    }

    /// The topics whose names are `first` or later, in the order of names.
    pub fn starting_at<'a>(&'a self, first: &str) -> impl Iterator<Item = &'a Arc<TopicImage>> {
        self.by_name
            .range::<_, str>((Bound::Included(first), Bound::Unbounded))
            .filter_map(|(_, id)| self.by_id.get(id))
    }

    /// Adds `topic`, in the place of one with the same id or name.
    pub(crate) fn insert(&mut self, topic: TopicImage) {
        let (name, id) = (topic.name.clone(), topic.id);
        if let Some(old) = self.by_id.insert(id, Arc::new(topic))
            && old.name != name
        {
            self.by_name.remove(&old.name);
        }
        if let Some(old) = self.by_name.insert(name, id)
            && old != id
        {
            self.by_id.remove(&old);
        }
    }

    /// Takes the topic `id` away.
    pub(crate) fn remove(&mut self, id: TopicId) -> Option<Arc<TopicImage>> {
        let topic = self.by_id.remove(&id)?;
        self.by_name.remove(&topic.name);
        debug_assert_eq!(
            self.by_id.len(),
            self.by_name.len(),
            "a topic without a name, or a name without a topic"
        );
        Some(topic)
    }

    /// The topic `id`, to be changed; its name and id must stay.
    pub(crate) fn get_mut(&mut self, id: TopicId) -> Option<&mut TopicImage> {
        self.by_id.get_mut(&id).map(Arc::make_mut)
    }
}
