//! The membership and the states of a classic group: who is in it, who leads, which protocol they share.
//!
//! Legal transitions: Empty, Stable and CompletingRebalance → PreparingRebalance (someone came, went or changed);
//! PreparingRebalance → CompletingRebalance (all have joined, a generation begins) or → Empty (nobody has);
//! CompletingRebalance → Stable (the leader has brought the assignments). A group that is Dead is not here.
//!
//! Never answers anyone by itself: that is for [`super::join`], [`super::rebalance`] and [`super::sync`].
//!
//! Kafka's `ClassicGroup`. One difference in kind: a client that waits is a ticket here, not a future in the member, so
//! a group is plain data that can be compared and copied.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::member::{Member, keep, metadata_bytes};
use super::records;
use crate::coordinator::machine::Ticket;
use crate::error::ErrorCode;
use crate::types::Millis;
use crate::wire::messages::join_group::{JoinGroupRequestProtocol, JoinGroupResponseMember};

/// The protocol type of Kafka's consumers.
pub(crate) const CONSUMER: &str = "consumer";

/// Where a classic group is between two generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No members; perhaps offsets.
    Empty,
    /// Waiting for members to (re)join.
    PreparingRebalance,
    /// A generation has begun; waiting for the leader's assignments.
    CompletingRebalance,
    /// Every member has its assignment, or may fetch it.
    Stable,
}

impl State {
    /// Kafka's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// The first rebalance of a group waits for more members, as long as more keep coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InitialDelay {
    /// How long the present wait is.
    pub(super) delay_ms: Millis,
    /// How much more there may be after it.
    pub(super) remaining_ms: Millis,
}

/// A group that runs the protocol of JoinGroup and SyncGroup.
#[derive(Clone, Debug)]
pub(crate) struct ClassicGroup {
    pub(crate) id: Arc<str>,
    pub(crate) state: State,
    /// The state before; none for a group just made or loaded.
    pub(super) previous: Option<State>,
    /// When the state began; none where an old record does not tell.
    pub(crate) state_since: Option<Millis>,
    /// "consumer", "connect" …; none for a group that only has offsets.
    pub(crate) protocol_type: Option<String>,
    /// The protocol of the current generation.
    pub(crate) protocol: Option<String>,
    /// Counts rebalances; 0 before the first.
    pub(crate) generation: i32,
    /// Who makes the assignments. Always a member, where there are any.
    pub(crate) leader: Option<Arc<str>>,
    pub(crate) members: BTreeMap<Arc<str>, Member>,
    /// Static members: instance id → member id.
    pub(super) instances: BTreeMap<Arc<str>, Arc<str>>,
    /// Were given a name and asked to come back with it.
    pub(super) pending_joins: BTreeSet<Arc<str>>,
    /// Have not fetched the assignment of this generation.
    pub(super) pending_syncs: BTreeSet<Arc<str>>,
    /// Heartbeats that wait for news, by member; none but while the group is stable.
    pub(super) held: BTreeMap<Arc<str>, Ticket>,
    /// How many members wait in JoinGroup.
    pub(super) joining: usize,
    /// How many members follow each protocol.
    votes: HashMap<String, usize>,
    /// What the members' metadata take, in bytes.
    pub(super) metadata_bytes: usize,
    /// The topics that members consume; none where that is not known.
    pub(super) subscribed: Option<BTreeSet<String>>,
    /// Someone new came while the first rebalance waited.
    pub(super) new_member_added: bool,
    /// The first rebalance's wait, while it lasts.
    pub(super) initial: Option<InitialDelay>,
}

/// Whether a group may go from one state to the other: see the head of this file.
const fn may_follow(from: State, to: State) -> bool {
    match to {
        State::PreparingRebalance => {
            matches!(from, State::Empty | State::Stable | State::CompletingRebalance)
        }
        State::CompletingRebalance | State::Empty => matches!(from, State::PreparingRebalance),
        State::Stable => matches!(from, State::CompletingRebalance),
    }
}

impl ClassicGroup {
    /// A group without members.
    pub(crate) fn new(id: Arc<str>, now: Millis) -> Self {
        Self {
            id,
            state: State::Empty,
            previous: None,
            state_since: Some(now),
            protocol_type: None,
            protocol: None,
            generation: 0,
            leader: None,
            members: BTreeMap::new(),
            instances: BTreeMap::new(),
            pending_joins: BTreeSet::new(),
            pending_syncs: BTreeSet::new(),
            held: BTreeMap::new(),
            joining: 0,
            votes: HashMap::new(),
            metadata_bytes: 0,
            subscribed: None,
            new_member_added: false,
            initial: None,
        }
    }

    /// Whether it speaks the consumers' protocol, so that its metadata can be understood.
    pub(crate) fn is_consumers(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    pub(super) fn is_leader(&self, member: &str) -> bool {
        self.leader.as_deref() == Some(member)
    }

    pub(super) fn transition(&mut self, to: State, now: Millis) {
        debug_assert!(may_follow(self.state, to), "{:?} after {:?}", to, self.state);
        debug_assert!(self.held.is_empty(), "{}: a heartbeat waits and there is news", self.id);
        debug_assert!(
            self.has_sound_roll(),
            "{}: the roll does not agree with the members",
            self.id
        );
        self.previous = Some(self.state);
        self.state = to;
        self.state_since = Some(now);
    }

    /// Whether what is counted and named agrees with the members.
    fn has_sound_roll(&self) -> bool {
        let joining = self.members.values().filter(|member| member.joining.is_some()).count();
        let is_known = |id: &Arc<str>| self.members.contains_key(id);
        joining == self.joining
            && self.leader.as_ref().is_none_or(is_known)
            && self.instances.values().all(is_known)
            && self.pending_syncs.iter().all(is_known)
            && !self.pending_joins.iter().any(is_known)
            && self.held.keys().all(is_known)
    }

    /// Takes in a member; the first one leads.
    pub(crate) fn add(&mut self, member: Member, protocol_type: &str) {
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.into());
        }
        if let Some(instance) = &member.instance_id {
            self.instances.insert(instance.clone(), member.id.clone());
        }
        self.leader.get_or_insert_with(|| member.id.clone());
        self.joining += usize::from(member.joining.is_some());
        self.count_votes(&member, 1);
        self.pending_joins.remove(&member.id);
        self.members.insert(member.id.clone(), member);
    }

    /// Forgets a member or one that was asked to come back. Another leads, if the leader goes.
    pub(super) fn remove(&mut self, member_id: &str) -> Option<Member> {
        let removed = self.members.remove(member_id);
        if let Some(member) = &removed {
            self.count_votes(member, -1);
            self.joining -= usize::from(member.joining.is_some());
            if let Some(instance) = &member.instance_id {
                self.instances.remove(instance);
            }
        }
        if self.is_leader(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.pending_joins.remove(member_id);
        self.pending_syncs.remove(member_id);
        removed
    }

    /// Gives a static member a new name. Who waited under the old one is handed back, to be told.
    pub(super) fn rename(
        &mut self,
        old: &str,
        new: &Arc<str>,
    ) -> Option<(Option<Ticket>, Option<Ticket>)> {
        let mut member = self.members.remove(old)?;
        let waiting = (member.joining.take(), member.syncing.take());
        self.joining -= usize::from(waiting.0.is_some());
        member.id = new.clone();
        // Its client knows its name: from the answer that it gets now.
        member.is_new = false;
        if let Some(instance) = &member.instance_id {
            self.instances.insert(instance.clone(), new.clone());
        }
        if self.is_leader(old) {
            self.leader = Some(new.clone());
        }
        if self.pending_syncs.remove(old) {
            self.pending_syncs.insert(new.clone());
        }
        self.members.insert(new.clone(), member);
        Some(waiting)
    }

    /// Takes over what a member says of itself when it joins again. Who waited for an earlier JoinGroup is handed
    /// back.
    pub(super) fn update(
        &mut self,
        member_id: &str,
        protocols: &[JoinGroupRequestProtocol],
        timeouts_ms: (i32, i32),
        ticket: Option<Ticket>,
    ) -> Option<Ticket> {
        let mut member = self.members.remove(member_id)?;
        self.count_votes(&member, -1);
        member.protocols = keep(protocols);
        (member.rebalance_timeout_ms, member.session_timeout_ms) = timeouts_ms;
        self.count_votes(&member, 1);
        let before = std::mem::replace(&mut member.joining, ticket);
        self.joining = self.joining + usize::from(ticket.is_some()) - usize::from(before.is_some());
        self.members.insert(member.id.clone(), member);
        before
    }

    /// Takes away who waits for the member's JoinGroup, to be answered.
    pub(super) fn take_joining(&mut self, member_id: &str) -> Option<Ticket> {
        let ticket = self.members.get_mut(member_id)?.joining.take()?;
        self.joining -= 1;
        Some(ticket)
    }

    fn count_votes(&mut self, member: &Member, by: isize) {
        let bytes = metadata_bytes(&member.protocols);
        self.metadata_bytes = match by > 0 {
            true => self.metadata_bytes + bytes,
            false => self.metadata_bytes.saturating_sub(bytes),
        };
        for name in member.protocol_names() {
            match self.votes.get_mut(name) {
                Some(count) => *count = count.saturating_add_signed(by),
                None => {
                    self.votes.insert(name.into(), usize::from(by > 0));
                }
            }
        }
        // Names come from clients: what nobody follows any more is not kept.
        self.votes.retain(|_, count| *count > 0);
    }

    /// Whether all members, could one with these protocols join them, would still have one in common.
    pub(super) fn supports(
        &self,
        protocol_type: &str,
        protocols: &[JoinGroupRequestProtocol],
    ) -> bool {
        if self.state == State::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let everyone = |protocol: &JoinGroupRequestProtocol| {
            self.followers(&protocol.name) == self.members.len()
        };
        self.protocol_type.as_deref() == Some(protocol_type) && protocols.iter().any(everyone)
    }

    /// How many members can follow a protocol.
    fn followers(&self, protocol: &str) -> usize {
        self.votes.get(protocol).copied().unwrap_or(0)
    }

    /// The protocol that most members prefer among those that all can follow; of equals, the first by name.
    pub(super) fn select_protocol(&self) -> Option<String> {
        let mut ballot: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.members.values() {
            let choice =
                member.protocol_names().find(|name| self.followers(name) == self.members.len())?;
            *ballot.entry(choice).or_default() += 1;
        }
        let most = ballot.values().max()?;
        ballot.iter().find(|(_, count)| *count == most).map(|(name, _)| (*name).into())
    }

    /// Whether all whom the group knows are waiting in JoinGroup.
    pub(super) fn has_all_joined(&self) -> bool {
        self.members.len() == self.joining && self.pending_joins.is_empty()
    }

    /// The longest rebalance timeout of any member.
    pub(super) fn rebalance_ms(&self) -> Millis {
        Millis::from(
            self.members
                .values()
                .map(|member| member.rebalance_timeout_ms)
                .max()
                .unwrap_or(0)
                .max(0),
        )
    }

    /// Whether `member_id` is a member, and if it claims to be a static one, the very one.
    pub(super) fn check_member(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
    ) -> Result<(), ErrorCode> {
        if let Some(instance) = instance_id {
            match self.instances.get(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(known) if known.as_ref() != member_id => {
                    return Err(ErrorCode::FencedInstanceId);
                }
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    /// Whether someone may commit offsets. Without a generation, only to a group without members.
    pub(super) fn check_commit(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        if generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        if generation < 0 && member_id.is_empty() && instance_id.is_none() {
            return Err(ErrorCode::UnknownMemberId);
        }
        self.check_commit_in_transaction(member_id, instance_id, generation)?;
        // The member knows of the new generation and has nothing of it yet.
        if self.state == State::CompletingRebalance {
            Err(ErrorCode::RebalanceInProgress)
        } else {
            Ok(())
        }
    }

    /// Whether someone may commit offsets in a transaction. Old producers do not say whose offsets these are, and a
    /// group that rebalances is no hindrance (KIP-447).
    pub(super) fn check_commit_in_transaction(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        if generation < 0
            && (self.state == State::Empty || member_id.is_empty() && instance_id.is_none())
        {
            return Ok(());
        }
        self.check_member(member_id, instance_id)?;
        if generation == self.generation { Ok(()) } else { Err(ErrorCode::IllegalGeneration) }
    }

    /// Whether members consume `topic`; a group of consumers whose topics are not known is taken to consume all.
    pub(super) fn is_subscribed(&self, topic: &str) -> bool {
        self.subscribed
            .as_ref()
            .map_or_else(|| self.is_consumers(), |topics| topics.contains(topic))
    }

    /// The topics that members consume, as far as their metadata tells.
    pub(super) fn subscriptions(&self) -> Option<BTreeSet<String>> {
        if !self.is_consumers() {
            return None;
        }
        let mut topics = BTreeSet::new();
        if self.members.is_empty() {
            return Some(topics);
        }
        let protocol = self.protocol.as_deref()?;
        for member in self.members.values() {
            topics.extend(records::subscribed_topics(&member.metadata(protocol))?);
        }
        Some(topics)
    }

    /// The members as the leader is to see them.
    pub(super) fn for_leader(&self) -> Vec<JoinGroupResponseMember> {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        self.members.values().map(|member| member.for_leader(protocol)).collect()
    }
}
