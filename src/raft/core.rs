//! What the quorum's actor holds while its files are open: the machine, the log, and what lies between the two. It
//! begins anew with every life of the actor.
//!
//! Does no waiting: what is written here is synced by the actor, and who is to be told is told by it.
//!
//! ```text
//!              first                          high watermark          written     end of the machine's log
//!   ── log ──────┼───────────────────────────────────┼───────────────────┼───────────────┤
//!                ╰── tail: kept for subscribers who have not been told ──┴── unwritten ──╯
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;

use crate::error::{Error, ErrorCode};
use crate::metadata::Image;
use crate::raft::batch;
use crate::raft::control::LeaderChange;
use crate::raft::events::{CommittedBatch, VersionedRecord};
use crate::raft::machine::{LeaderAndEpoch, Machine, Role};
use crate::raft::shape::Compared;
use crate::raft::store::Store;
use crate::raft::subscriber::{Source, Subscriber};
use crate::types::{LeaderEpoch, Millis, NodeId, Offset};
use crate::wire::records::{Batch, split};

/// How many batches are kept in memory for subscribers that have not been told yet; more are read from the log.
const TAIL_BATCHES_MAX: usize = 4_096;
/// How many bytes of proposals may wait to be written. Beyond, proposals are refused.
const UNWRITTEN_BYTES_MAX: usize = 256 << 20;
/// How far the log may have moved on for a loaded state to be given to another subscriber too.
const LOADED_LAG_MAX: Offset = 1_000;

/// A proposal whose machine has not said yet what becomes of it.
pub(super) struct Proposal {
    pub(super) encoded: Vec<Vec<Bytes>>,
    pub(super) batches: Vec<Vec<VersionedRecord>>,
}

/// Everything of a life that has opened its files.
pub(super) struct Core {
    pub(super) machine: Machine,
    pub(super) store: Store,
    proposal: Option<Proposal>,
    /// Who waits for a commit, by ticket. They are dropped with the core, which tells them.
    answers: BTreeMap<u64, oneshot::Sender<Result<Offset, ErrorCode>>>,
    /// Answers of one step, by ticket 0.
    pub(super) compared: Option<Result<Compared, ErrorCode>>,
    pub(super) elected: Option<Option<ErrorCode>>,
    /// Batches that have their offsets and wait to be written together.
    unwritten: BytesMut,
    /// The end of the log, and some of what is before it, in order and without gaps.
    tail: VecDeque<Arc<CommittedBatch>>,
    /// The state that the last subscriber began with, for the others that begin at the same time.
    loaded: Option<Arc<Image>>,
    /// Bytes appended since the log was opened, and those that were there before and no snapshot covers.
    pub(super) uncovered_bytes: u64,
}

impl Core {
    pub(super) fn new(machine: Machine, store: Store) -> Self {
        Self {
            machine,
            uncovered_bytes: store.uncovered_bytes(),
            store,
            proposal: None,
            answers: BTreeMap::new(),
            compared: None,
            elected: None,
            unwritten: BytesMut::new(),
            tail: VecDeque::new(),
            loaded: None,
        }
    }

    /// Keeps a proposal for the step that it is told to the machine in, and who waits for it for longer.
    pub(super) fn propose(
        &mut self,
        ticket: u64,
        proposal: Proposal,
        answer: oneshot::Sender<Result<Offset, ErrorCode>>,
    ) {
        self.proposal = Some(proposal);
        self.answers.insert(ticket, answer);
    }

    /// Whether so much waits to be written that nothing more may be proposed.
    pub(super) fn is_congested(&self) -> bool {
        self.unwritten.len() > UNWRITTEN_BYTES_MAX
    }

    pub(super) fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Writes what waits for it. Where the disk was full in the middle, the rest goes on waiting.
    pub(super) fn write(&mut self, now: Millis) -> Result<(), Error> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let batches = self.unwritten.split().freeze();
        let outcome = self.store.append(&batches, now);
        let written = match &outcome {
            Ok(()) => batches.len(),
            Err(_) => written_of(&batches, self.store.log().log_end_offset()),
        };
        self.uncovered_bytes += written as u64;
        self.unwritten.extend_from_slice(&batches[written..]);
        outcome
    }

    pub(super) fn append_leader_change(
        &mut self,
        epoch: LeaderEpoch,
        first: Offset,
        bootstrap: bool,
        now: Millis,
    ) {
        let bytes = LeaderChange {
            epoch,
            first,
            leader_id: self.machine.me().id,
            voters: self.machine.voters(),
            bootstrap: bootstrap.then_some(self.store.kraft_version()),
        }
        .to_batch(now);
        let last = self.machine.shape().end - 1;
        self.append(
            bytes,
            CommittedBatch { first, last, epoch, timestamp: now, bytes: 0, records: Vec::new() },
        );
    }

    pub(super) fn append_proposal(&mut self, epoch: LeaderEpoch, mut first: Offset, now: Millis) {
        let Some(Proposal { encoded, batches }) = self.proposal.take() else { return };
        for (encoded, records) in encoded.into_iter().zip(batches) {
            let last = first + Offset::try_from(encoded.len()).unwrap_or(0) - 1;
            let bytes = batch::encode(first, epoch, now, &encoded);
            let records = records.into_iter().map(|(record, _)| record).collect();
            self.append(
                bytes,
                CommittedBatch { first, last, epoch, timestamp: now, bytes: 0, records },
            );
            first = last + 1;
        }
        debug_assert_eq!(first, self.machine.shape().end, "the machine counts otherwise");
    }

    fn append(&mut self, bytes: Bytes, batch: CommittedBatch) {
        debug_assert!(self.tail.back().is_none_or(|one| one.last + 1 == batch.first), "a gap");
        self.tail.push_back(Arc::new(CommittedBatch { bytes: bytes.len(), ..batch }));
        self.unwritten.extend_from_slice(&bytes);
    }

    pub(super) fn answer(&mut self, ticket: u64, outcome: Result<Offset, ErrorCode>) {
        if let Some(answer) = self.answers.remove(&ticket) {
            // Who asked may have gone.
            let _ = answer.send(outcome);
        }
    }

    /// The log was replaced by a snapshot.
    pub(super) fn forget_log(&mut self) {
        self.tail.clear();
        self.loaded = None;
        self.uncovered_bytes = 0;
    }

    /// Keeps of the tail what someone has not been told, within bounds.
    pub(super) fn forget_told<'a>(&mut self, subscribers: impl Iterator<Item = &'a Subscriber>) {
        let committed = self.machine.high_watermark().unwrap_or(0);
        let told =
            subscribers.filter_map(Subscriber::next).min().unwrap_or(committed).min(committed);
        while self.tail.front().is_some_and(|batch| {
            batch.last < told || batch.last < committed && self.tail.len() > TAIL_BATCHES_MAX
        }) {
            self.tail.pop_front();
        }
        if self
            .loaded
            .as_ref()
            .is_some_and(|image| committed - image.provenance.offset > LOADED_LAG_MAX)
        {
            self.loaded = None;
        }
    }
}

impl Source for Core {
    fn high_watermark(&self) -> Option<Offset> {
        self.machine.high_watermark()
    }

    fn leader(&self) -> (LeaderAndEpoch, NodeId) {
        let mut leader = self.machine.leader();
        if matches!(self.machine.role(), Role::Leader(leader) if leader.high_watermark.is_none()) {
            // Nothing of this epoch is committed yet: it cannot be led on from.
            leader.leader_id = None;
        }
        (leader, self.machine.me().id)
    }

    fn load(&mut self) -> Result<(Arc<Image>, u64), Error> {
        let image = match &self.loaded {
            Some(image) => Arc::clone(image),
            None => Arc::new(self.store.load(self.machine.high_watermark().unwrap_or(0))?),
        };
        self.loaded = Some(Arc::clone(&image));
        Ok((image, self.uncovered_bytes))
    }

    fn read(&self, from: Offset) -> Result<Vec<Arc<CommittedBatch>>, Error> {
        let committed = self.machine.high_watermark().unwrap_or(0);
        if self.tail.front().is_some_and(|batch| batch.first <= from) {
            let at = self.tail.partition_point(|batch| batch.last < from);
            let batches = self.tail.range(at..).take_while(|batch| batch.last < committed);
            return Ok(batches.cloned().collect());
        }
        let read = self.store.read(from, committed)?;
        Ok(read.into_iter().map(|decoded| Arc::new(decoded.batch)).collect())
    }
}

/// How many bytes of `batches` are in a log that ends at `end`.
fn written_of(batches: &[u8], end: Offset) -> usize {
    let there = |batch: &Batch<'_>| batch.header().base_offset < end;
    let written = split(batches).map_while(Result::ok).take_while(there);
    written.map(|batch| batch.bytes().len()).sum()
}
