//! Fetch sessions (KIP-227): what a client fetches, remembered, so that it need only say what changed.
//!
//! Pure: time is passed in, and nothing is read here. A request becomes a [`Plan`]; when its partitions are read, the
//! plan says which of them the answer must name.
//!
//! A consumer of a thousand partitions, of which three are written to, asks for three and is answered for three. The
//! two numbers of a request say what it is to its session:
//!
//! ```text
//! id, epoch    what it is                              what the answer names
//! 0, −1        a fetch without a session (and v4–6)    all partitions; id 0
//! n, −1        the last of session n, which ends       all partitions; id 0
//! n, 0         the first of a new one; n ends          all partitions; the new id, or 0 where there is no room
//! n, e         the next of session n                   those that have news; id n
//! ```
//!
//! The epoch counts the requests of a session. One that comes twice, or after one that was lost, has the wrong epoch
//! and is refused: client and node would else remember different things from there on. Epochs go from the greatest
//! number to 1, never to 0.
//!
//! A partition is news if it has records, an error, or another high watermark or log start offset than was told last;
//! and once more after an error, so that the client learns of its end.
//!
//! # Who gets a slot
//!
//! As in Kafka's FetchSessionCache: while slots are free, anybody who asks for any partition. After that, whoever can
//! take the place of a session that was not used for `eviction_ms`, or that is older than that and is worth less: a
//! consumer's to a follower, a smaller one to a larger of its kind. Who gets none is answered with id 0, and asks for
//! everything each time. Kafka bounds the number of sessions only; here what they take in memory is bounded too.

mod session;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use self::session::{Remembered, Session, next_epoch};
use crate::error::ErrorCode;
use crate::types::{LeaderEpoch, Millis, NONE, Offset, PartitionId, TopicId};

/// No session: the request stands for itself.
const INVALID_SESSION_ID: i32 = 0;
/// The epoch that asks for a new session.
const INITIAL_EPOCH: i32 = 0;
/// The epoch that asks for no session, and ends the one it names.
const FINAL_EPOCH: i32 = -1;

/// What the partitions of all sessions may take in memory, in bytes: somewhat over half a million of them. A client may
/// name what it likes, whether it is there or not.
const WEIGHT_MAX: usize = 64 << 20;

/// A partition as the request names it: by id since version 13, by name before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TopicRef {
    Id(TopicId),
    Name(String),
}

/// One partition that is to be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// As the client names it, since that is how the answer must.
    pub(crate) topic: TopicRef,
    pub(crate) partition: PartitionId,
    /// From where.
    pub(crate) fetch_offset: Offset,
    /// Of this partition, but for a first batch that is larger.
    pub(crate) max_bytes: i32,
    /// Under which leader the reader believes to be; −1 where it does not say.
    pub(crate) leader_epoch: LeaderEpoch,
    /// The epoch of the last record that it has; −1 where it does not say, and then its log is not compared.
    pub(crate) last_fetched_epoch: LeaderEpoch,
    pub(crate) log_start_offset: Offset,
}

/// What the answer says of a partition beside its records; an incremental answer leaves out what has not changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// An error, or that the reader's log has parted from ours.
    pub(crate) error: bool,
    pub(crate) records_bytes: usize,
    pub(crate) high_watermark: Offset,
    pub(crate) log_start_offset: Offset,
}

/// What one request comes to.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What is to be read, in this order.
    pub(crate) wanted: Vec<Wanted>,
    kind: Kind,
}

impl Plan {
    /// The session that an answer names which tells of no partition.
    pub(crate) fn session_id(&self) -> i32 {
        match self.kind {
            Kind::Incremental { id, .. } => id,
            Kind::Sessionless | Kind::New => INVALID_SESSION_ID,
        }
    }
}

#[derive(Debug, PartialEq)]
enum Kind {
    /// The answer names every partition, and nothing is remembered.
    Sessionless,
    /// The answer names every partition and a new session.
    New,
    /// The answer names what has changed.
    Incremental {
        id: i32,
        /// That of the session while no later request has come.
        next_epoch: i32,
    },
}

/// What one request says of its session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRequest {
    pub(crate) id: i32,
    pub(crate) epoch: i32,
    pub(crate) uses_ids: bool,
    /// Whether a follower asks: its session is kept before a consumer's.
    pub(crate) from_follower: bool,
}

/// All sessions of a node.
#[derive(Debug)]
pub(crate) struct FetchSessions {
    /// By id; never more than there are slots.
    sessions: HashMap<i32, Session>,
    /// How many there may be.
    slots: usize,
    /// How long one is safe, in ms.
    eviction_ms: Millis,
    /// The id that was given last; ids are positive.
    next_id: i32,
    /// What the partitions of all sessions take, in bytes: the sum of theirs.
    weight: usize,
    /// No new session may go beyond this, and one that grows beyond it ends.
    weight_max: usize,
}

impl FetchSessions {
    /// `max.incremental.fetch.session.cache.slots`; a session unused for `eviction_ms` gives way to another. `seed`
    /// keeps the ids of one life of the node apart from those of the next.
    pub(crate) fn new(slots: usize, eviction_ms: Millis, seed: i32) -> Self {
        Self {
            sessions: HashMap::new(),
            slots,
            eviction_ms,
            next_id: seed & 0x7fff_ffff,
            weight: 0,
            weight_max: WEIGHT_MAX,
        }
    }

    /// Turns a request into what is to be read.
    ///
    /// # Errors
    /// `FETCH_SESSION_ID_NOT_FOUND`, `INVALID_FETCH_SESSION_EPOCH`, `FETCH_SESSION_TOPIC_ID_ERROR`.
    pub(crate) fn begin(
        &mut self,
        request: SessionRequest,
        partitions: Vec<Wanted>,
        forgotten: &[(TopicRef, PartitionId)],
        now: Millis,
    ) -> Result<Plan, ErrorCode> {
        if request.epoch == FINAL_EPOCH || request.epoch == INITIAL_EPOCH {
            if request.id != INVALID_SESSION_ID {
                self.remove(request.id);
            }
            let kind = if request.epoch == FINAL_EPOCH { Kind::Sessionless } else { Kind::New };
            return Ok(Plan { wanted: partitions, kind });
        }
        let session =
            self.sessions.get_mut(&request.id).ok_or(ErrorCode::FetchSessionIdNotFound)?;
        if session.uses_ids != request.uses_ids {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        if session.epoch != request.epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        let before = session.weight;
        session.change(partitions, forgotten);
        let after = session.weight;
        self.weight = self.weight - before + after;
        if after > before && self.weight > self.weight_max {
            // Whoever asks again from the start is answered without a session.
            self.remove(request.id);
            return Err(ErrorCode::FetchSessionIdNotFound);
        }
        session.epoch = next_epoch(session.epoch);
        session.last_used = now;
        let wanted =
            session.partitions.iter().map(|remembered| remembered.wanted.clone()).collect();
        Ok(Plan { wanted, kind: Kind::Incremental { id: request.id, next_epoch: session.epoch } })
    }

    /// Which partitions of the plan the answer names, and under which session. `outcomes` are in the plan's order.
    pub(crate) fn finish(
        &mut self,
        plan: &Plan,
        request: SessionRequest,
        outcomes: &[Outcome],
        now: Millis,
    ) -> (i32, Vec<bool>) {
        match plan.kind {
            Kind::Sessionless => (INVALID_SESSION_ID, vec![true; outcomes.len()]),
            Kind::New => (self.remember(plan, request, outcomes, now), vec![true; outcomes.len()]),
            Kind::Incremental { id, next_epoch } => {
                let Some(session) = self.sessions.get_mut(&id) else {
                    return (id, vec![true; outcomes.len()]);
                };
                // Another request has changed the session meanwhile: what is told now it does not remember.
                if session.epoch != next_epoch {
                    return (id, vec![true; outcomes.len()]);
                }
                (id, session.update(outcomes))
            }
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Keeps a new session, if there is a slot or somebody to take one from; its id, or 0.
    fn remember(
        &mut self,
        plan: &Plan,
        request: SessionRequest,
        outcomes: &[Outcome],
        now: Millis,
    ) -> i32 {
        if plan.wanted.is_empty() || !self.make_room(request.from_follower, plan.wanted.len(), now)
        {
            return INVALID_SESSION_ID;
        }
        let id = loop {
            self.next_id = if self.next_id == i32::MAX { 1 } else { self.next_id + 1 };
            if !self.sessions.contains_key(&self.next_id) {
                break self.next_id;
            }
        };
        let session = Session::new(request, &plan.wanted, outcomes, now);
        let weight = session.weight;
        if self.weight + weight > self.weight_max {
            return INVALID_SESSION_ID;
        }
        self.weight += weight;
        self.sessions.insert(id, session);
        id
    }

    fn remove(&mut self, id: i32) -> bool {
        let removed = self.sessions.remove(&id);
        self.weight -= removed.as_ref().map_or(0, |session| session.weight);
        removed.is_some()
    }

    /// Whether there is a slot for one more session, of so many partitions; another's is taken where that may be.
    fn make_room(&mut self, privileged: bool, size: usize, now: Millis) -> bool {
        if self.sessions.len() < self.slots {
            return true;
        }
        let stale = |session: &Session| now - session.last_used > self.eviction_ms;
        let smaller = |session: &Session| {
            now - session.created > self.eviction_ms
                && ((privileged && !session.privileged)
                    || (privileged == session.privileged && session.partitions.len() < size))
        };
        let victim = self
            .sessions
            .iter()
            .filter(|(_, session)| stale(session) || smaller(session))
            .min_by_key(|(_, session)| (session.last_used, session.partitions.len()))
            .map(|(id, _)| *id);
        victim.is_some_and(|id| self.remove(id))
    }
}

impl Wanted {
    /// What remembering it takes in memory, in bytes.
    fn weight(&self) -> usize {
        let name = match &self.topic {
            TopicRef::Id(_) => 0,
            TopicRef::Name(name) => name.len(),
        };
        size_of::<Remembered>() + name
    }

    /// Whether the reader is a follower that tells what it has (KIP-595's truncation on fetch).
    pub(crate) fn has_last_fetched_epoch(&self) -> bool {
        self.last_fetched_epoch != NONE
    }
}
