//! Heartbeats of classic members: answered at once, or as soon as there is something to tell.
//!
//! A member learns that all are called together from the answer to a heartbeat, and beats every few seconds: that is
//! how long a rebalance takes, and what Kafka leaves it at. A heartbeat that waits for news is answered when a
//! rebalance begins, so that members whose clients can bear to wait come together within a round trip. What is asked
//! and what is answered are the same; only the time differs.
//!
//! Never decides who waits, nor for how long: a client that no longer wants to is answered by who asked for it, and its
//! ticket here goes with its next heartbeat, or with the member.

use super::classic::{ClassicGroup, State};
use super::machine::GroupMachine;
use super::step::Step;
use crate::coordinator::machine::Ticket;
use crate::error::ErrorCode;
use crate::types::Millis;
use crate::wire::messages::heartbeat::HeartbeatRequest;

/// A session of less, in milliseconds, leaves no time to wait: the client beats again only after it was answered.
const PATIENT_SESSION_MS: Millis = 10_000;

impl GroupMachine {
    /// A member is alive; where it waits for news, it is answered when there is some.
    pub(super) fn heartbeat(
        &mut self,
        ticket: Ticket,
        request: &HeartbeatRequest,
        waits: bool,
        step: &mut Step,
    ) {
        let outcome = match self.classic(&request.group_id) {
            _ if request.group_id.is_empty() => Err(ErrorCode::InvalidGroupId),
            Some(group) => {
                let outcome = group.heartbeat(request, step);
                if outcome.is_ok() && waits && group.holds(ticket, &request.member_id, step) {
                    return;
                }
                outcome
            }
            None => self.beat_consumer_group(request, step),
        };
        step.answer_heartbeat(ticket, outcome.err().unwrap_or(ErrorCode::None));
    }
}

impl ClassicGroup {
    /// A member is alive. The error tells it to join again.
    fn heartbeat(&self, request: &HeartbeatRequest, step: &mut Step) -> Result<(), ErrorCode> {
        self.check_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        self.heard_of(&request.member_id, step);
        // In CompletingRebalance it has joined already: what it lacks comes by SyncGroup.
        if self.state == State::PreparingRebalance {
            Err(ErrorCode::RebalanceInProgress)
        } else {
            Ok(())
        }
    }

    /// Begins a member's session anew.
    pub(super) fn heard_of(&self, member_id: &str, step: &mut Step) {
        if let Some(member) = self.members.get(member_id) {
            step.watch(&self.id, &member.id, member.session_ms());
        }
    }

    /// Keeps a heartbeat until there is news, if that may be long. The member's earlier one has nothing to tell.
    fn holds(&mut self, ticket: Ticket, member_id: &str, step: &mut Step) -> bool {
        let Some(member) = self.members.get(member_id) else { return false };
        if self.state != State::Stable || member.session_ms() < PATIENT_SESSION_MS {
            return false;
        }
        if let Some(earlier) = self.held.insert(member.id.clone(), ticket) {
            step.answer_heartbeat(earlier, ErrorCode::None);
        }
        true
    }

    /// Answers all heartbeats that wait: the group is no longer stable.
    pub(super) fn tell_all(&mut self, step: &mut Step) {
        for (_, ticket) in std::mem::take(&mut self.held) {
            step.answer_heartbeat(ticket, ErrorCode::RebalanceInProgress);
        }
    }

    /// Answers a heartbeat of one that is no longer a member under this name.
    pub(super) fn tell(&mut self, member_id: &str, code: ErrorCode, step: &mut Step) {
        if let Some(ticket) = self.held.remove(member_id) {
            step.answer_heartbeat(ticket, code);
        }
    }
}
