//! The way from one generation to the next: call the members together, wait, begin.
//!
//! A rebalance is a barrier: nobody goes on with the old generation once the members are called together (heartbeats
//! are answered with `REBALANCE_IN_PROGRESS`), and nobody begins with the new one before all have come or are given up.
//! That stop of the world is what KIP-848 did away with.

use std::sync::Arc;

use tracing::{debug, info};

use super::classic::{ClassicGroup, InitialDelay, State};
use super::machine::Timer;
use super::member::Member;
use super::records;
use super::request::GroupReply;
use super::step::Step;
use crate::error::ErrorCode;
use crate::types::Millis;

impl ClassicGroup {
    /// Someone came, went or changed: calls the members together, or sees whether they are now all there.
    pub(super) fn rebalance_or_complete(&mut self, reason: &str, step: &mut Step) {
        match self.state {
            State::PreparingRebalance => self.maybe_complete_join(step),
            State::Empty | State::CompletingRebalance | State::Stable => {
                self.prepare_rebalance(reason, step)
            }
        }
    }

    /// Begins the next generation if all have come; the first rebalance of a group lasts its time all the same.
    pub(super) fn maybe_complete_join(&mut self, step: &mut Step) {
        if self.state == State::PreparingRebalance
            && self.previous != Some(State::Empty)
            && self.has_all_joined()
        {
            self.complete_join(step);
        }
    }

    /// Calls the members together.
    pub(super) fn prepare_rebalance(&mut self, reason: &str, step: &mut Step) {
        if self.state == State::CompletingRebalance {
            self.withdraw_assignments(step);
        }
        self.pending_syncs.clear();
        step.cancel(Timer::Sync(self.id.clone()));
        info!(group = %self.id, state = self.state.name(), generation = self.generation, reason, "preparing to rebalance");
        let is_first = self.state == State::Empty;
        self.tell_all(step);
        self.transition(State::PreparingRebalance, step.now);
        self.initial = None;
        if is_first {
            let delay_ms = step.settings.initial_rebalance_delay_ms;
            let remaining_ms = (self.rebalance_ms() - delay_ms).max(0);
            self.initial = Some(InitialDelay { delay_ms, remaining_ms });
            step.wake(Timer::Join(self.id.clone()), delay_ms);
        } else if self.has_all_joined() {
            self.complete_join(step);
        } else {
            step.wake(Timer::Join(self.id.clone()), self.rebalance_ms());
        }
    }

    /// Those who wait for assignments are sent to join again.
    fn withdraw_assignments(&mut self, step: &mut Step) {
        let mut waiting = Vec::new();
        for member in self.members.values_mut() {
            member.assignment.clear();
            if let Some(ticket) = member.syncing.take() {
                waiting.push((member.id.clone(), member.session_ms(), ticket));
            }
        }
        for (member, session_ms, ticket) in waiting {
            step.refuse_sync(ticket, ErrorCode::RebalanceInProgress);
            step.watch(&self.id, &member, session_ms);
        }
    }

    /// The wait for members is over.
    pub(super) fn join_timed_out(&mut self, step: &mut Step) {
        if self.state != State::PreparingRebalance {
            return;
        }
        match self.initial {
            // Others are starting up at the same time, as a deployment does: better one assignment for all of them than
            // one for each.
            Some(initial) if self.new_member_added && initial.remaining_ms > 0 => {
                self.new_member_added = false;
                let delay_ms = step.settings.initial_rebalance_delay_ms.min(initial.remaining_ms);
                let remaining_ms = (initial.remaining_ms - initial.delay_ms).max(0);
                self.initial = Some(InitialDelay { delay_ms, remaining_ms });
                step.wake(Timer::Join(self.id.clone()), delay_ms);
            }
            _ => self.complete_join(step),
        }
    }

    /// Leaves behind who has not come, and begins the next generation with the others.
    pub(super) fn complete_join(&mut self, step: &mut Step) {
        step.cancel(Timer::Join(self.id.clone()));
        self.initial = None;
        let is_gone = |member: &&Member| member.joining.is_none() && member.instance_id.is_none();
        let gone: Vec<Arc<str>> =
            self.members.values().filter(is_gone).map(|member| member.id.clone()).collect();
        for member in &gone {
            debug!(group = %self.id, %member, "a member has not rejoined in time");
            self.dismiss(member, step);
        }
        if !self.elect_leader() && !self.members.is_empty() {
            // Only static members are left and none has come. Their sessions will end, or one comes.
            info!(group = %self.id, "no member has rejoined in time");
            return step.wake(Timer::Join(self.id.clone()), self.rebalance_ms());
        }
        self.begin_generation(step);
        match self.state {
            State::Empty => {
                info!(group = %self.id, generation = self.generation, "the group is empty");
                step.record(records::group(self));
            }
            _ => self.answer_joins(step),
        }
    }

    /// Sees to it that a member who has come leads. False where there is none, or nobody ever led.
    fn elect_leader(&mut self) -> bool {
        let Some(leader) = &self.leader else { return false };
        let has_come = |member: &Member| member.joining.is_some();
        if self.members.get(leader).is_some_and(has_come) {
            return true;
        }
        let next =
            self.members.values().find(|member| has_come(member)).map(|member| member.id.clone());
        let is_elected = next.is_some();
        if is_elected {
            self.leader = next;
        }
        is_elected
    }

    fn begin_generation(&mut self, step: &Step) {
        // After 2³¹ − 1 comes 0, as in Kafka: −1 would mean "no member".
        self.generation = self.generation.wrapping_add(1).max(0);
        self.pending_syncs.clear();
        if self.members.is_empty() {
            self.protocol = None;
            self.transition(State::Empty, step.now);
        } else {
            // There is one that all follow: nobody is let in without ([`ClassicGroup::supports`]), but a group that was
            // empty may have been entered by two at once.
            self.protocol = Some(self.select_protocol().unwrap_or_default());
            self.transition(State::CompletingRebalance, step.now);
        }
        self.subscribed = self.subscriptions();
    }

    /// Tells everyone who waits of the new generation, and waits for all of them to fetch their assignments.
    fn answer_joins(&mut self, step: &mut Step) {
        info!(
            group = %self.id, generation = self.generation, members = self.members.len(),
            protocol = self.protocol.as_deref().unwrap_or_default(), "a generation begins"
        );
        let ids: Vec<Arc<str>> = self.members.keys().cloned().collect();
        for id in ids {
            if let Some(ticket) = self.take_joining(&id) {
                step.reply(ticket, GroupReply::Join(self.join_reply(&id)));
            }
            let Some(member) = self.members.get_mut(&id) else { continue };
            member.is_new = false;
            let session_ms: Millis = member.session_ms();
            step.watch(&self.id, &id, session_ms);
            self.pending_syncs.insert(id);
        }
        debug_assert_eq!(
            self.joining, 0,
            "{}: a generation begins and somebody still waits for it",
            self.id
        );
        debug_assert_eq!(
            self.pending_syncs.len(),
            self.members.len(),
            "{}: all have to sync",
            self.id
        );
        step.wake(Timer::Sync(self.id.clone()), self.rebalance_ms());
    }

    /// Removes a member. Whoever still waits in its name is told that it is no more.
    pub(super) fn dismiss(&mut self, member_id: &str, step: &mut Step) {
        let Some(member) = self.remove(member_id) else { return };
        self.tell(member_id, ErrorCode::UnknownMemberId, step);
        step.unwatch(&self.id, &member.id);
        if let Some(ticket) = member.joining {
            step.refuse_join(ticket, "", ErrorCode::UnknownMemberId);
        }
        if let Some(ticket) = member.syncing {
            step.refuse_sync(ticket, ErrorCode::UnknownMemberId);
        }
    }
}
