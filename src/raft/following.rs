//! The machine while it follows: whom it fetches from and when, and what it makes of what comes. Pure, as all of
//! [`machine`](super::machine).

use crate::raft::machine::{Follower, LeaderAndEpoch, Machine, Role};
use crate::raft::quorum_state::ElectionState;
use crate::raft::shape::OffsetAndEpoch;
use crate::raft::step::{Effect, Fetched, From};
use crate::types::{LeaderEpoch, Millis, Offset};

impl Machine {
    pub(super) fn tick(&mut self, now: Millis) -> Vec<Effect> {
        match &self.role {
            Role::Follower(follower) if follower.deadline <= now => {
                let epoch = follower.epoch;
                self.role = Role::Unattached { epoch };
                let mut effects = vec![Effect::Publish(self.leader())];
                effects.extend(self.fetch_on(now));
                effects
            }
            Role::Follower(_) | Role::Unattached { .. }
                if self.retry_at.is_some_and(|at| at <= now) =>
            {
                self.fetch_on(now)
            }
            _ => Vec::new(),
        }
    }

    /// The one request that a node of this role sends next.
    pub(super) fn fetch_now(&mut self) -> Option<Effect> {
        self.retry_at = None;
        let (epoch, position) = (self.epoch(), self.shape.end());
        match &self.role {
            Role::Unattached { .. } => Some(Effect::Fetch { from: From::Anyone, epoch, position }),
            Role::Follower(Follower { leader_id, snapshot: Some(snapshot), .. }) => {
                Some(Effect::FetchSnapshot { from: *leader_id, epoch, snapshot: *snapshot })
            }
            Role::Follower(Follower { leader_id, .. }) => {
                Some(Effect::Fetch { from: From::Leader(*leader_id), epoch, position })
            }
            Role::Leader(_) | Role::Resigned { .. } => None,
        }
    }

    /// Fetches, and wakes when nothing came of it.
    pub(super) fn fetch_on(&mut self, now: Millis) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.fetch_now().into_iter().collect();
        if let Role::Follower(follower) = &self.role {
            effects.push(Effect::WakeAt(follower.deadline.max(now)));
        }
        effects
    }

    /// Nothing came of a fetch: the next is after `controller.quorum.retry.backoff.ms`.
    pub(super) fn back_off(&mut self, now: Millis) -> Vec<Effect> {
        match self.role {
            Role::Leader(_) | Role::Resigned { .. } => Vec::new(),
            Role::Unattached { .. } | Role::Follower(_) => {
                let at = now + self.settings.retry_backoff_ms;
                self.retry_at = Some(at);
                vec![Effect::WakeAt(at)]
            }
        }
    }

    /// Learns of a leader; effects if that changed anything.
    pub(super) fn heard_of(&mut self, heard: LeaderAndEpoch, now: Millis) -> Vec<Effect> {
        let known = self.leader();
        let newer =
            heard.epoch > known.epoch || heard.epoch == known.epoch && known.leader_id.is_none();
        if !newer || heard == known || heard.leader_id == Some(self.settings.me.id) {
            return Vec::new();
        }
        let epoch = heard.epoch;
        self.role = match heard.leader_id {
            None => Role::Unattached { epoch },
            Some(leader_id) => Role::Follower(Follower {
                epoch,
                leader_id,
                leader_high_watermark: None,
                deadline: now + self.settings.fetch_timeout_ms,
                snapshot: None,
            }),
        };
        let state = ElectionState { epoch, leader_id: heard.leader_id, voted: None };
        vec![Effect::WriteState(state), Effect::Publish(self.leader())]
    }

    pub(super) fn fetched(&mut self, fetched: &Fetched, now: Millis) -> Vec<Effect> {
        let mut effects = self.heard_of(fetched.leader, now);
        if !effects.is_empty() {
            effects.extend(self.fetch_on(now));
            return effects;
        }
        let end = self.shape.end;
        let Role::Follower(follower) = &mut self.role else { return self.back_off(now) };
        if fetched.code.is_some() {
            follower.snapshot = None;
        }
        if fetched.code.is_some() || fetched.leader.epoch != follower.epoch {
            return self.back_off(now);
        }
        follower.deadline = now + self.settings.fetch_timeout_ms;
        follower.leader_high_watermark = fetched.high_watermark.or(follower.leader_high_watermark);
        if let Some(snapshot) = fetched.snapshot {
            if self.committed.is_some_and(|committed| snapshot.offset < committed) {
                tracing::error!(
                    snapshot = snapshot.offset,
                    "the leader offers less than was committed; not taking it"
                );
                return self.back_off(now);
            }
            follower.snapshot = Some(snapshot);
        } else if let Some(diverging) = fetched.diverging {
            return self.diverged(diverging, now);
        } else if !fetched.batches.is_empty() {
            return self.take(&fetched.batches, end, now);
        }
        let mut effects = self.follow_high_watermark();
        effects.extend(self.fetch_on(now));
        effects
    }

    /// Cuts what the leader does not have. Committed records are never among it.
    pub(super) fn diverged(&mut self, diverging: OffsetAndEpoch, now: Millis) -> Vec<Effect> {
        // The leader names the end of an epoch in *its* log. If this one has later epochs that the leader never had,
        // they go first.
        let mut to = diverging.offset;
        if let Some(&(_, start)) =
            self.shape.epochs.iter().find(|&&(epoch, _)| epoch > diverging.epoch)
        {
            to = to.min(start);
        }
        if to < self.committed.unwrap_or(self.shape.start) || to >= self.shape.end {
            tracing::error!(to, "the leader's log lacks what was committed; not cutting");
            return self.back_off(now);
        }
        self.shape.truncate(to);
        let mut effects = vec![Effect::Truncate(to)];
        effects.extend(self.fetch_on(now));
        effects
    }

    /// Takes in the batches of a fetch if they go on where the log ends. A leader that sends anything else is asked
    /// again: its answer may be to an older question.
    pub(super) fn take(
        &mut self,
        batches: &[(LeaderEpoch, Offset, Offset)],
        end: Offset,
        now: Millis,
    ) -> Vec<Effect> {
        let (mut next, mut latest) = (end, self.shape.last_epoch());
        for &(epoch, first, last) in batches {
            if first != next || last < first || last == Offset::MAX {
                tracing::error!(
                    expected = next,
                    first,
                    "the leader's answer does not go on where this log ends"
                );
                return self.back_off(now);
            }
            // Epochs never go down in a log, and a leader has none above its own.
            if epoch < latest || epoch > self.epoch() {
                tracing::error!(epoch, latest, "the leader's answer has an epoch that cannot be");
                return self.back_off(now);
            }
            (next, latest) = (last + 1, epoch);
        }
        for &(epoch, first, last) in batches {
            self.shape.append(epoch, last + 1 - first);
        }
        vec![Effect::AppendFetched]
    }

    /// Commits what the leader has committed and this node holds.
    pub(super) fn follow_high_watermark(&mut self) -> Vec<Effect> {
        let Role::Follower(follower) = &self.role else { return Vec::new() };
        let Some(told) = follower.leader_high_watermark else { return Vec::new() };
        // What the leader says is committed, as far as it is here and on the disk: after a power loss this node must
        // not know less than it told its own subscribers.
        let held = told.min(self.shape.synced);
        if held <= 0 || self.committed.is_some_and(|old| old >= held) {
            return Vec::new();
        }
        self.committed = Some(held);
        vec![Effect::Advance(held)]
    }

    pub(super) fn snapshot_fetched(
        &mut self,
        snapshot: OffsetAndEpoch,
        now: Millis,
    ) -> Vec<Effect> {
        let Role::Follower(follower) = &mut self.role else { return Vec::new() };
        follower.snapshot = None;
        follower.deadline = now + self.settings.fetch_timeout_ms;
        self.committed = Some(snapshot.offset);
        self.shape.restart_at(snapshot);
        let mut effects = vec![Effect::Advance(snapshot.offset)];
        effects.extend(self.fetch_on(now));
        effects
    }
}
