//! One who follows the committed log, and how far it has been told. Slow ones hold up nobody: what they have not taken
//! is read from the log again.
//!
//! ```text
//! Following ──▶ Loaded(image up to n) ──▶ Committed(n …) ──▶ Committed(…) ──▶ Leading(epoch, next offset)
//!    ▲ as soon as a leader is known           ╰── each once, in order ──╯        only when it has all, if this node
//!    leads
//! ```
//!
//! A mailbox that is full is tried again after a few milliseconds; one that is down begins again with the state, as its
//! successor will know nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Error;
use crate::metadata::Image;
use crate::raft::events::{CommittedBatch, QuorumEvent};
use crate::raft::machine::LeaderAndEpoch;
use crate::supervision::{Port, Refused};
use crate::types::{NodeId, Offset};

/// Where subscribers are told from.
pub(super) trait Source {
    /// Everything before this is committed; none if nothing is known to be.
    fn high_watermark(&self) -> Option<Offset>;
    /// Who leads, and which node this is.
    fn leader(&self) -> (LeaderAndEpoch, NodeId);
    /// The committed state, and how many bytes of the log no snapshot covers.
    fn load(&mut self) -> Result<(Arc<Image>, u64), Error>;
    /// Some committed batches from `from` on; at least one while `from` is below the high watermark.
    fn read(&self, from: Offset) -> Result<Vec<Arc<CommittedBatch>>, Error>;
}

/// How telling ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Everything that there is.
    All,
    /// Its mailbox is full, or it is down: try again.
    Again,
}

/// One who follows the committed log.
#[derive(Debug)]
pub(super) struct Subscriber {
    port: Port<QuorumEvent>,
    /// Which subscription this is.
    pub(super) life: u64,
    /// What comes next; none before a state was loaded.
    next: Option<Offset>,
    /// Read from the source and not yet taken.
    queue: VecDeque<Arc<CommittedBatch>>,
    /// Whom it knows to lead.
    leader: Option<LeaderAndEpoch>,
}

impl Subscriber {
    /// One who has been told nothing.
    pub(super) const fn new(port: Port<QuorumEvent>, life: u64) -> Self {
        Self { port, life, next: None, queue: VecDeque::new(), leader: None }
    }

    /// Begins again with the state.
    pub(super) fn restart(&mut self) {
        (self.next, self.leader) = (None, None);
        self.queue.clear();
    }

    /// The first offset it has not been told; none before a state was loaded.
    pub(super) const fn next(&self) -> Option<Offset> {
        self.next
    }

    fn send(&mut self, event: QuorumEvent) -> bool {
        match self.port.try_send(event) {
            Ok(()) => true,
            Err(Refused::Full(_)) => false,
            Err(Refused::Down(_)) => {
                self.restart();
                false
            }
        }
    }

    /// Tells all that it does not know and will take.
    ///
    /// Errors: the source's.
    pub(super) fn tell(&mut self, source: &mut dyn Source) -> Result<Told, Error> {
        let (leader, me) = source.leader();
        if leader.leader_id != Some(me) && self.leader != Some(leader) {
            if !self.send(QuorumEvent::Following(leader.leader_id)) {
                return Ok(Told::Again);
            }
            self.leader = Some(leader);
        }
        let Some(high_watermark) = source.high_watermark() else { return Ok(Told::All) };
        if self.next.is_none() {
            let (image, log_bytes) = source.load()?;
            let next = image.provenance.snapshot_offset();
            if !self.send(QuorumEvent::Loaded { image, log_bytes }) {
                return Ok(Told::Again);
            }
            self.next = Some(next);
        }
        while let Some(next) = self.next.filter(|next| *next < high_watermark) {
            if self.queue.front().is_none_or(|batch| batch.first > next) {
                self.queue = source.read(next)?.into();
            }
            let Some(batch) = self.queue.front().cloned() else { break };
            if batch.last >= high_watermark {
                break;
            }
            debug_assert!(batch.first <= next, "a gap from {next} to {}", batch.first);
            let last = batch.last;
            if last >= next && !self.send(QuorumEvent::Committed(batch)) {
                return Ok(Told::Again);
            }
            self.queue.pop_front();
            self.next = Some(next.max(last + 1));
        }
        if leader.leader_id == Some(me)
            && self.next == Some(high_watermark)
            && self.leader != Some(leader)
        {
            if !self.send(QuorumEvent::Leading(leader.epoch, high_watermark)) {
                return Ok(Told::Again);
            }
            self.leader = Some(leader);
        }
        Ok(Told::All)
    }
}
