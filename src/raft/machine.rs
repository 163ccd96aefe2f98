//! The decisions of the metadata quorum: an event and the time in, effects out. Never reads a clock, a file or a
//! socket.
//!
//! The effects of one step are done in their order, and each is finished before the next begins: state that is written
//! is durable before an answer that rests on it leaves. The one exception is syncing, which is reported by an event.
//!
//! Transitions: `Unattached` to `Leader` (the only voter, at the start) or `Follower` (a leader was heard of);
//! `Follower` to `Unattached` (the leader fell silent, or a later epoch has none yet) or `Follower` (of a later epoch);
//! whatever it is to `Resigned` (at the stop).

use crate::error::ErrorCode;
use crate::raft::leader::{Leader, Waiting};
use crate::raft::quorum_state::ElectionState;
use crate::raft::shape::{Compared, OffsetAndEpoch, Shape};
use crate::raft::step::{Effect, Event};
use crate::raft::voters::{ReplicaKey, VoterSet};
use crate::types::{LeaderEpoch, Millis, NONE, NodeId, Offset};

/// Who leads, as far as a node knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaderAndEpoch {
    /// The leader, if known.
    pub leader_id: Option<NodeId>,
    /// The epoch.
    pub epoch: LeaderEpoch,
}

/// A node that follows a leader: as an observer, for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follower {
    /// The leader's epoch.
    pub epoch: LeaderEpoch,
    /// The leader.
    pub leader_id: NodeId,
    /// What the leader said is committed.
    pub leader_high_watermark: Option<Offset>,
    /// When the leader counts as lost.
    pub deadline: Millis,
    /// The snapshot being fetched.
    pub snapshot: Option<OffsetAndEpoch>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Knows an epoch, and no leader.
    Unattached {
        /// The latest epoch heard of.
        epoch: LeaderEpoch,
    },
    /// Fetches from a leader.
    Follower(Follower),
    /// Leads.
    Leader(Leader),
    /// Was told to stop: takes part in nothing any more. One that led does not lead again in this epoch.
    Resigned {
        /// The epoch it stopped in.
        epoch: LeaderEpoch,
    },
}

/// What does not change while a node runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This replica.
    pub me: ReplicaKey,
    /// `controller.quorum.fetch.timeout.ms`.
    pub fetch_timeout_ms: Millis,
    /// `controller.quorum.retry.backoff.ms`.
    pub retry_backoff_ms: Millis,
}

/// One node's part in the quorum.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(super) settings: Settings,
    pub(super) voters: VoterSet,
    /// Whether the voters are so far only in the snapshot of formatting.
    pub(super) bootstrap: bool,
    pub(super) shape: Shape,
    pub(super) role: Role,
    /// Everything before this is committed and here.
    pub(super) committed: Option<Offset>,
    /// When to fetch again after a fetch that brought nothing, if that is waited for.
    pub(super) retry_at: Option<Millis>,
}

impl Machine {
    /// A node that remembers `state` and has a log of this `shape`. `bootstrap` says that the voters are known only
    /// from the snapshot that formatting wrote.
    pub fn new(
        settings: Settings,
        voters: VoterSet,
        bootstrap: bool,
        state: ElectionState,
        shape: Shape,
    ) -> Self {
        let epoch = state.epoch.max(shape.last_epoch());
        Self {
            settings,
            voters,
            bootstrap,
            shape,
            role: Role::Unattached { epoch },
            committed: None,
            retry_at: None,
        }
    }

    /// What the node is.
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// The outline of the log.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The voters of now.
    pub const fn voters(&self) -> &VoterSet {
        &self.voters
    }

    /// This replica.
    pub const fn me(&self) -> ReplicaKey {
        self.settings.me
    }

    /// The current epoch.
    pub const fn epoch(&self) -> LeaderEpoch {
        match &self.role {
            Role::Unattached { epoch } | Role::Resigned { epoch } => *epoch,
            Role::Follower(follower) => follower.epoch,
            Role::Leader(leader) => leader.epoch,
        }
    }

    /// Who leads.
    pub const fn leader(&self) -> LeaderAndEpoch {
        let leader_id = match &self.role {
            Role::Unattached { .. } | Role::Resigned { .. } => None,
            Role::Follower(follower) => Some(follower.leader_id),
            Role::Leader(_) => Some(self.settings.me.id),
        };
        LeaderAndEpoch { leader_id, epoch: self.epoch() }
    }

    /// Everything before this is committed, as far as the node knows.
    pub const fn high_watermark(&self) -> Option<Offset> {
        self.committed
    }

    /// When something happens by itself.
    pub fn next_wake(&self) -> Option<Millis> {
        let deadline = match &self.role {
            Role::Follower(follower) => Some(follower.deadline),
            Role::Unattached { .. } | Role::Leader(_) | Role::Resigned { .. } => None,
        };
        deadline.into_iter().chain(self.retry_at).min()
    }

    /// The voters changed: read from the log or a snapshot by an observer.
    pub fn set_voters(&mut self, voters: VoterSet) {
        self.voters = voters;
    }

    /// Takes in one event.
    ///
    /// # Panics
    /// When what must hold of every quorum does not: then this node must not go on.
    pub fn step(&mut self, event: Event, now: Millis) -> Vec<Effect> {
        let led = matches!(self.role, Role::Leader(_));
        let (epoch, committed) = (self.epoch(), self.committed);
        let effects = self.take_in(event, now);
        assert!(self.epoch() >= epoch, "the epoch went back from {epoch} to {}", self.epoch());
        assert!(self.committed >= committed, "what was committed is not any more");
        assert!(
            !led || self.epoch() > epoch
                || matches!(self.role, Role::Leader(_) | Role::Resigned { .. }),
            "the leader of epoch {epoch} does not become anything else in it"
        );
        if let Role::Follower(follower) = &self.role {
            assert!(follower.leader_id != self.settings.me.id, "follows itself");
        }
        self.shape.assert_sound();
        assert!(self.committed.is_none_or(|end| end <= self.shape.end), "committed and not here");
        if let Role::Leader(leader) = &self.role {
            leader.assert_sound(&self.shape);
        }
        effects
    }

    fn take_in(&mut self, event: Event, now: Millis) -> Vec<Effect> {
        match event {
            Event::Start => self.start(now),
            Event::Tick => self.tick(now),
            Event::Propose { ticket, epoch, first, count } => {
                self.propose(ticket, epoch, first, count)
            }
            Event::Synced { end } => self.synced(end),
            Event::Fetch { ticket, replica, epoch, position } => {
                self.serve(ticket, replica, epoch, position, now)
            }
            Event::Fetched(fetched) => self.fetched(&fetched, now),
            Event::FetchFailed => self.back_off(now),
            Event::SnapshotProgress => {
                if let Role::Follower(follower) = &mut self.role {
                    follower.deadline = now + self.settings.fetch_timeout_ms;
                }
                Vec::new()
            }
            Event::SnapshotFetched(snapshot) => self.snapshot_fetched(snapshot, now),
            Event::SnapshotWritten(snapshot) => {
                let oldest = self.shape.snapshots.map_or(snapshot, |(oldest, _)| oldest);
                self.shape.snapshots = Some((oldest, snapshot));
                Vec::new()
            }
            Event::Cleaned { start, oldest } => {
                self.shape.advance_start(start);
                let latest = self.shape.snapshots.map_or(oldest, |(_, latest)| latest);
                self.shape.snapshots = Some((oldest, latest));
                Vec::new()
            }
            Event::Vote { ticket, candidate, epoch, last, voter, pre_vote } => {
                let code = self.vote(candidate, epoch, last, voter, pre_vote);
                vec![Effect::Answer { ticket, code }]
            }
            Event::BeginEpoch { ticket, leader_id, epoch, voter } => {
                let code = self.begin_epoch(leader_id, epoch, voter);
                vec![Effect::Answer { ticket, code }]
            }
            Event::EndEpoch { ticket, leader_id, epoch } => {
                let code = self.end_epoch(leader_id, epoch);
                vec![Effect::Answer { ticket, code }]
            }
            Event::Stop => self.stop(),
        }
    }

    /// The only voter leads at once, in a new epoch: it may have led the last one, and lost the end of its log.
    fn start(&mut self, now: Millis) -> Vec<Effect> {
        if !self.voters.is_only(self.settings.me) {
            let mut effects = vec![Effect::Publish(self.leader())];
            effects.extend(self.fetch_on(now));
            return effects;
        }
        let epoch = self.epoch() + 1;
        // The leader's change; for the log's first leader also the level of `kraft.version` and the voters.
        let first = self.shape.append(epoch, if self.bootstrap { 3 } else { 1 });
        self.role = Role::Leader(Leader::new(epoch, first));
        // Durable before the first record of the epoch: the effects are done in this order.
        let state = ElectionState { epoch, leader_id: Some(self.settings.me.id), voted: None };
        let bootstrap = std::mem::take(&mut self.bootstrap);
        vec![
            Effect::WriteState(state),
            Effect::AppendLeaderChange { epoch, first, bootstrap },
            Effect::Publish(self.leader()),
        ]
    }

    fn propose(
        &mut self,
        ticket: u64,
        epoch: LeaderEpoch,
        first: Option<Offset>,
        count: Offset,
    ) -> Vec<Effect> {
        let refuse = |code| vec![Effect::Refuse { ticket, code }];
        let Role::Leader(leader) = &mut self.role else { return refuse(ErrorCode::NotController) };
        if leader.epoch != epoch || first.is_some_and(|first| first != self.shape.end) {
            // A proposer that is wrong about the log decided on a state that is not: it must begin again.
            return refuse(ErrorCode::NotController);
        }
        if count <= 0 {
            return refuse(ErrorCode::InvalidRequest);
        }
        let first = self.shape.append(epoch, count);
        leader.waiting.push_back(Waiting { ticket, last: first + count - 1 });
        vec![Effect::Append { ticket, epoch, first }]
    }

    /// More of the log is on the disk. A leader may commit it; a follower may too, and only now asks for more, so that
    /// it never runs ahead of its own disk.
    fn synced(&mut self, end: Offset) -> Vec<Effect> {
        self.shape.synced = self.shape.synced.max(end.min(self.shape.end));
        match &mut self.role {
            Role::Leader(_) => self.advance(),
            Role::Follower(_) => {
                let mut effects = self.follow_high_watermark();
                effects.extend(self.fetch_now());
                effects
            }
            Role::Unattached { .. } | Role::Resigned { .. } => Vec::new(),
        }
    }

    /// Commits what a majority holds, and answers those who waited for it.
    fn advance(&mut self) -> Vec<Effect> {
        let Role::Leader(leader) = &mut self.role else { return Vec::new() };
        let Some(high_watermark) =
            leader.advance(&self.voters, self.settings.me, self.shape.synced)
        else {
            return Vec::new();
        };
        self.committed = Some(high_watermark);
        let mut effects = vec![Effect::Advance(high_watermark)];
        while let Some(&Waiting { ticket, last }) = leader.waiting.front()
            && last < high_watermark
        {
            leader.waiting.pop_front();
            effects.push(Effect::Committed { ticket, last });
        }
        effects
    }

    fn serve(
        &mut self,
        ticket: u64,
        replica: Option<ReplicaKey>,
        epoch: LeaderEpoch,
        position: OffsetAndEpoch,
        now: Millis,
    ) -> Vec<Effect> {
        if let Err(code) = self.check_leader(epoch) {
            return vec![Effect::AnswerFetch { ticket, outcome: Err(code) }];
        }
        // Only one whose log agrees with ours up to `position` has what is below it.
        let compared = self.shape.compare(position);
        let mut effects = Vec::new();
        if let (Compared::Same, Some(replica), Role::Leader(leader)) =
            (compared, replica, &mut self.role)
        {
            leader.fetched(replica, position.offset, self.shape.end, now);
            effects = self.advance();
        }
        effects.push(Effect::AnswerFetch { ticket, outcome: Ok(compared) });
        effects
    }

    /// Whether this node leads in the epoch that a request names.
    pub fn check_leader(&self, epoch: LeaderEpoch) -> Result<(), ErrorCode> {
        match (&self.role, epoch.cmp(&self.epoch())) {
            (Role::Resigned { .. }, _) => Err(ErrorCode::BrokerNotAvailable),
            (_, std::cmp::Ordering::Less) => Err(ErrorCode::FencedLeaderEpoch),
            (_, std::cmp::Ordering::Greater) => Err(ErrorCode::UnknownLeaderEpoch),
            (Role::Leader(_), std::cmp::Ordering::Equal) => Ok(()),
            (_, std::cmp::Ordering::Equal) => Err(ErrorCode::NotLeaderOrFollower),
        }
    }

    /// What is wrong with a request for this node's vote. None is granted: nobody else votes yet. A stranger's later
    /// epoch does not move this one, which in Kafka it does unless it only asks for a pre-vote (KIP-996). That one has
    /// not raised its epoch yet, so its log may end in it.
    fn vote(
        &self,
        candidate: ReplicaKey,
        epoch: LeaderEpoch,
        last: OffsetAndEpoch,
        voter: ReplicaKey,
        pre_vote: bool,
    ) -> Option<ErrorCode> {
        if epoch < self.epoch() {
            return Some(ErrorCode::FencedLeaderEpoch);
        }
        if candidate.id < 0
            || last.offset < 0
            || last.epoch < 0
            || last.epoch > epoch - i32::from(!pre_vote)
        {
            return Some(ErrorCode::InvalidRequest);
        }
        self.check_voter(voter)
    }

    fn check_voter(&self, voter: ReplicaKey) -> Option<ErrorCode> {
        let me = self.settings.me;
        let directory = voter.directory_id == me.directory_id || voter.directory_id.is_zero();
        let is_me = voter.id == NONE || voter.id == me.id && directory;
        (!is_me).then_some(ErrorCode::InvalidVoterKey)
    }

    /// What is wrong with someone's saying that it leads. A second leader of one epoch cannot be; Kafka dies of it.
    fn begin_epoch(
        &self,
        leader_id: NodeId,
        epoch: LeaderEpoch,
        voter: ReplicaKey,
    ) -> Option<ErrorCode> {
        if epoch < self.epoch() {
            return Some(ErrorCode::FencedLeaderEpoch);
        }
        if let Some(code) = self.check_voter(voter) {
            return Some(code);
        }
        let known = self.leader() == LeaderAndEpoch { leader_id: Some(leader_id), epoch };
        (!known).then_some(ErrorCode::InconsistentVoterSet)
    }

    fn end_epoch(&self, leader_id: NodeId, epoch: LeaderEpoch) -> Option<ErrorCode> {
        if epoch < self.epoch() {
            return Some(ErrorCode::FencedLeaderEpoch);
        }
        self.voters.get(leader_id).is_none().then_some(ErrorCode::InconsistentVoterSet)
    }

    /// Whatever the node was. Who waits for a commit is refused: the record may be committed all the same, which is the
    /// way with every answer that is lost.
    fn stop(&mut self) -> Vec<Effect> {
        let epoch = self.epoch();
        let mut effects = Vec::new();
        if let Role::Leader(leader) = &mut self.role {
            let waiting = std::mem::take(&mut leader.waiting);
            let refuse = |waiting: Waiting| Effect::Refuse {
                ticket: waiting.ticket,
                code: ErrorCode::NotController,
            };
            effects.extend(waiting.into_iter().map(refuse));
        }
        self.role = Role::Resigned { epoch };
        effects.push(Effect::Publish(self.leader()));
        effects
    }
}
