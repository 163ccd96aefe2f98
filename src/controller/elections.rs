//! What changes in a partition when brokers come, go or are told to: in-sync replicas, eligible leader replicas
//! (KIP-966), the leader and its epoch, the end of a reassignment. Never decides *that* something must change, and
//! never looks at other partitions.
//!
//! Every change of a partition that the controller writes is built here, so the rules hold everywhere:
//! the leader is in sync or there is none; in-sync replicas are replicas; nobody is both in sync and merely eligible.

use std::collections::{BTreeMap, BTreeSet};

use crate::metadata::delta::NO_LEADER_CHANGE;
use crate::metadata::topics::{LeaderRecoveryState, PartitionRegistration};
use crate::types::{NONE, NodeId, TopicIdPartition, Uuid};
use crate::wire::stored::metadata::PartitionChangeRecord;

/// No leader.
pub(crate) const NO_LEADER: NodeId = NONE;
/// In a change: the recovery state stays.
const RECOVERY_NO_CHANGE: i8 = -1;

/// How far a search for a leader may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Election {
    /// Back to the first replica if it is in sync; else as online.
    Preferred,
    /// Keep the leader while it serves; else any that is in sync, or eligible.
    Online,
    /// Rather a replica that may lack data than none.
    Unclean,
}

/// What the finalized features and the topic's configuration ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// `eligible.leader.replicas.version` is 1 or more.
    pub(crate) elr: bool,
    /// `min.insync.replicas`, at most the replication factor.
    pub(crate) isr_min: usize,
    /// Records name the log directory of each replica.
    pub(crate) directories: bool,
    /// Metadata versions below 3.6 need a new leader epoch when the in-sync set shrinks.
    pub(crate) epoch_on_shrink: bool,
}

/// A change in the making: the partition as it is, and as it should be.
pub(crate) struct Change<'a> {
    id: TopicIdPartition,
    partition: &'a PartitionRegistration,
    rules: Rules,
    acceptable: Box<dyn Fn(NodeId) -> bool + 'a>,
    default_directory: Box<dyn Fn(NodeId) -> Uuid + 'a>,
    pub(crate) election: Election,
    pub(crate) isr: Vec<NodeId>,
    pub(crate) replicas: Vec<NodeId>,
    pub(crate) removing: Vec<NodeId>,
    pub(crate) adding: Vec<NodeId>,
    pub(crate) recovery: LeaderRecoveryState,
    /// A replica that stopped without syncing: it is no longer eligible.
    pub(crate) unclean_shutdown: Option<NodeId>,
    /// Who left the in-sync set while it was below its minimum (KIP-966).
    elr: Vec<NodeId>,
    directories: BTreeMap<NodeId, Uuid>,
}

impl<'a> Change<'a> {
    /// Starts from `partition`. `acceptable` says who may lead it now; `default_directory` where a broker puts a
    /// replica that it was not told where to put.
    pub(crate) fn new(
        id: TopicIdPartition,
        partition: &'a PartitionRegistration,
        rules: Rules,
        acceptable: Box<dyn Fn(NodeId) -> bool + 'a>,
        default_directory: Box<dyn Fn(NodeId) -> Uuid + 'a>,
    ) -> Self {
        let directories =
            partition.replicas.iter().copied().zip(partition.directories.iter().copied());
        Self {
            id,
            partition,
            rules,
            acceptable,
            default_directory,
            election: Election::Online,
            isr: partition.isr.clone(),
            replicas: partition.replicas.clone(),
            removing: partition.removing_replicas.clone(),
            adding: partition.adding_replicas.clone(),
            recovery: partition.leader_recovery_state,
            unclean_shutdown: None,
            elr: partition.elr.clone(),
            directories: directories.collect(),
        }
    }

    /// Puts the replica of `broker` into `directory`.
    pub(crate) fn set_directory(&mut self, broker: NodeId, directory: Uuid) {
        self.directories.insert(broker, directory);
    }

    /// The record that makes the change; none when nothing would change.
    pub(crate) fn build(mut self) -> Option<PartitionChangeRecord> {
        let mut record = PartitionChangeRecord {
            topic_id: self.id.topic_id,
            partition_id: self.id.partition,
            leader: NO_LEADER_CHANGE,
            leader_recovery_state: RECOVERY_NO_CHANGE,
            ..Default::default()
        };
        self.complete_reassignment();
        self.populate_elr();
        self.elect(&mut record);
        if record.leader == NO_LEADER_CHANGE
            && !contains_all(&self.replicas, &self.partition.replicas)
        {
            // A replica that goes must learn that it is out: a new epoch fences it.
            record.leader = self.partition.leader;
        }
        self.record_sets(&mut record);
        if self.rules.epoch_on_shrink
            && record.leader == NO_LEADER_CHANGE
            && record.isr.as_ref().is_some_and(|isr| !contains_all(isr, &self.partition.isr))
        {
            record.leader = self.partition.leader;
        }
        self.record_last_leader(&mut record);
        self.record_assignment(&mut record);
        if self.recovery != self.partition.leader_recovery_state {
            record.leader_recovery_state = self.recovery.code();
        }
        self.assert_sound(&record);
        (!is_noop(&record)).then_some(record)
    }

    /// Holds the rules of the head of this file for the partition as `record` leaves it.
    fn assert_sound(&self, record: &PartitionChangeRecord) {
        let before = self.partition;
        let isr = record.isr.as_ref().unwrap_or(&before.isr);
        let elr = record.eligible_leader_replicas.as_ref().unwrap_or(&before.elr);
        let replicas = record.replicas.as_ref().unwrap_or(&before.replicas);
        let leader = if record.leader == NO_LEADER_CHANGE { before.leader } else { record.leader };
        debug_assert!(
            leader == NO_LEADER || isr.contains(&leader),
            "{leader} leads {:?} and is not among {isr:?}",
            self.id
        );
        debug_assert!(contains_all(replicas, isr), "{isr:?} of {replicas:?} in {:?}", self.id);
        debug_assert!(!elr.iter().any(|node| isr.contains(node)), "{elr:?} beside {isr:?}");
    }
    /// Once every replica that stays is in sync, those that go are gone.
    fn complete_reassignment(&mut self) {
        if self.removing.is_empty() && self.adding.is_empty() {
            return;
        }
        let stay = |list: &[NodeId]| -> Vec<NodeId> {
            list.iter().copied().filter(|replica| !self.removing.contains(replica)).collect()
        };
        let (isr, replicas) = (stay(&self.isr), stay(&self.replicas));
        if isr.is_empty() || replicas.is_empty() || !contains_all(&isr, &replicas) {
            return;
        }
        self.isr = isr;
        self.replicas = replicas;
        self.removing.clear();
        self.adding.clear();
    }

    /// Whoever leaves the in-sync set while it is smaller than its minimum still has all committed data: no write was
    /// acknowledged without it.
    fn populate_elr(&mut self) {
        if !self.rules.elr {
            return;
        }
        if self.isr.len() >= self.rules.isr_min {
            self.elr.clear();
            return;
        }
        let candidates: BTreeSet<NodeId> =
            self.elr.iter().chain(&self.partition.isr).copied().collect();
        let stays = |replica: &NodeId| {
            !self.isr.contains(replica) && self.unclean_shutdown != Some(*replica)
        };
        self.elr = candidates.into_iter().filter(stays).collect();
    }

    fn elect(&mut self, record: &mut PartitionChangeRecord) {
        let (leader, unclean) = self.find_leader();
        if leader == self.partition.leader {
            return;
        }
        // Elected from those who were merely eligible: it alone is in sync now.
        if self.elr.contains(&leader) {
            self.isr = vec![leader];
            self.elr.retain(|&replica| replica != leader);
        }
        record.leader = leader;
        // It may lack what was committed. Whoever follows cuts its log to this one's, and the partition says that it
        // recovers.
        if unclean {
            record.isr = Some(vec![leader]);
            self.recovery = LeaderRecoveryState::Recovering;
        }
    }

    /// The leader to be, or none, and whether it may lack committed data.
    fn find_leader(&self) -> (NodeId, bool) {
        let first = self.replicas.first().copied();
        if let Some(preferred) =
            first.filter(|&replica| self.election == Election::Preferred && self.is_valid(replica))
        {
            return (preferred, false);
        }
        // A change without need would send every client to look for the new one.
        if self.is_valid(self.partition.leader) {
            return (self.partition.leader, false);
        }
        if let Some(online) = self.replicas.iter().copied().find(|&replica| self.is_valid(replica))
        {
            return (online, false);
        }
        if let Some(last) = self.last_known_leader() {
            return (last, true);
        }
        // Whoever is there, though it may lack what was committed: only the topic's owner can want that.
        let any = self.replicas.iter().copied().find(|&replica| (self.acceptable)(replica));
        match any.filter(|_| self.election == Election::Unclean) {
            Some(unclean) => (unclean, true),
            None => (NO_LEADER, false),
        }
    }

    /// Whether the replica has all that was committed, and may lead. Eligible ones count only when nobody is in sync.
    fn is_valid(&self, replica: NodeId) -> bool {
        let safe = if self.isr.is_empty() {
            self.elr.contains(&replica)
        } else {
            self.isr.contains(&replica)
        };
        safe && (self.acceptable)(replica)
    }

    /// With nobody in sync and nobody eligible, the one who led last is the best that is left (KIP-966, "balanced").
    fn last_known_leader(&self) -> Option<NodeId> {
        if !self.rules.elr || !self.elr.is_empty() || !self.isr.is_empty() {
            return None;
        }
        match self.partition.last_known_elr.as_slice() {
            &[last] if (self.acceptable)(last) => Some(last),
            _ => None,
        }
    }

    fn record_sets(&mut self, record: &mut PartitionChangeRecord) {
        if record.isr.is_some() || !self.rules.elr {
            self.elr.clear();
        }
        if self.elr != self.partition.elr {
            record.eligible_leader_replicas = Some(self.elr.clone());
        }
        // Without eligible replicas the last of an in-sync set stays in it, dead as it may be: else nobody would know
        // who has the data.
        let may_be_empty = self.rules.elr || !self.isr.is_empty();
        if record.isr.is_none() && may_be_empty && self.isr != self.partition.isr {
            record.isr = Some(self.isr.clone());
        }
    }

    fn record_last_leader(&self, record: &mut PartitionChangeRecord) {
        if !self.rules.elr {
            return;
        }
        if record.leader == NO_LEADER && self.partition.last_known_elr.is_empty() {
            record.last_known_elr = Some(vec![self.partition.leader]);
        } else if record.leader >= 0 && !self.partition.last_known_elr.is_empty() {
            record.last_known_elr = Some(Vec::new());
        }
    }

    fn record_assignment(&self, record: &mut PartitionChangeRecord) {
        if !self.replicas.is_empty() {
            if self.rules.directories {
                let place = |replica| match self.directories.get(replica) {
                    Some(&directory) => directory,
                    None => (self.default_directory)(*replica),
                };
                let directories: Vec<Uuid> = self.replicas.iter().map(place).collect();
                if directories != self.partition.directories {
                    record.directories = Some(directories);
                }
            }
            if self.replicas != self.partition.replicas {
                record.replicas = Some(self.replicas.clone());
            }
        }
        if self.removing != self.partition.removing_replicas {
            record.removing_replicas = Some(self.removing.clone());
        }
        if self.adding != self.partition.adding_replicas {
            record.adding_replicas = Some(self.adding.clone());
        }
    }
}

fn contains_all(all: &[NodeId], some: &[NodeId]) -> bool {
    some.iter().all(|node| all.contains(node))
}

fn is_noop(record: &PartitionChangeRecord) -> bool {
    record.isr.is_none()
        && record.eligible_leader_replicas.is_none()
        && record.last_known_elr.is_none()
        && record.leader == NO_LEADER_CHANGE
        && record.replicas.is_none()
        && record.removing_replicas.is_none()
        && record.adding_replicas.is_none()
        && record.leader_recovery_state == RECOVERY_NO_CHANGE
        && record.directories.is_none()
}
