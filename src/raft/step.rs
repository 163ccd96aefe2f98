//! What happens to a node of the quorum, and what it must do about it: the two ends of the machine. Only values.
//!
//! Questions carry a ticket, and the effect that answers names it. Bytes stay outside: the actor keeps the records of a
//! proposal or a fetch while the machine decides by offsets and epochs alone.

use crate::error::ErrorCode;
use crate::raft::machine::LeaderAndEpoch;
use crate::raft::quorum_state::ElectionState;
use crate::raft::shape::{Compared, OffsetAndEpoch};
use crate::raft::voters::ReplicaKey;
use crate::types::{LeaderEpoch, Millis, NodeId, Offset};

/// What a leader (or another node) answered to a fetch of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The partition's error.
    pub code: Option<ErrorCode>,
    /// Who leads, as the answering node sees it.
    pub leader: LeaderAndEpoch,
    /// What is committed there; none if unknown.
    pub high_watermark: Option<Offset>,
    /// Where this node's log leaves the leader's.
    pub diverging: Option<OffsetAndEpoch>,
    /// The snapshot to fetch instead.
    pub snapshot: Option<OffsetAndEpoch>,
    /// The epoch, first and last offset of each batch that came along, in order.
    pub batches: Vec<(LeaderEpoch, Offset, Offset)>,
}

/// What happens to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The log and the election state are loaded. Once, first.
    Start,
    /// Time has passed.
    Tick,
    /// Append `count` records as the leader of `epoch`, the first at `first`.
    Propose {
        /// Who waits for the commit.
        ticket: u64,
        /// The epoch the proposer believes it leads.
        epoch: LeaderEpoch,
        /// Where it believes the log to end; none if it does not care.
        first: Option<Offset>,
        /// How many records.
        count: Offset,
    },
    /// Everything before `end` is on disk.
    Synced {
        /// The next offset.
        end: Offset,
    },
    /// Someone fetches the log.
    Fetch {
        /// Who waits for the answer.
        ticket: u64,
        /// The replica that fetches; none for one that is not counted.
        replica: Option<ReplicaKey>,
        /// The epoch it follows.
        epoch: LeaderEpoch,
        /// Where it goes on.
        position: OffsetAndEpoch,
    },
    /// The answer to this node's fetch.
    Fetched(Fetched),
    /// This node's fetch got no answer.
    FetchFailed,
    /// Another part of the snapshot is here.
    SnapshotProgress,
    /// The snapshot is here and whole; the log begins anew behind it.
    SnapshotFetched(OffsetAndEpoch),
    /// A snapshot of the committed state was written.
    SnapshotWritten(OffsetAndEpoch),
    /// Snapshots and the log before `start` were deleted; `oldest` is the oldest snapshot left.
    Cleaned {
        /// The first offset of the log.
        start: Offset,
        /// The oldest snapshot.
        oldest: OffsetAndEpoch,
    },
    /// Someone wants this node's vote.
    Vote {
        /// Who waits for the answer.
        ticket: u64,
        /// Who wants it.
        candidate: ReplicaKey,
        /// For which epoch.
        epoch: LeaderEpoch,
        /// Where the candidate's log ends.
        last: OffsetAndEpoch,
        /// Whose vote is wanted; an id of −1 is anyone's.
        voter: ReplicaKey,
        /// Whether it only asks if it would get it (KIP-996).
        pre_vote: bool,
    },
    /// Someone says that it leads.
    BeginEpoch {
        /// Who waits for the answer.
        ticket: u64,
        /// Who says so.
        leader_id: NodeId,
        /// Since which epoch.
        epoch: LeaderEpoch,
        /// To whom it is said; an id of −1 is anyone.
        voter: ReplicaKey,
    },
    /// Someone says that it leads no longer.
    EndEpoch {
        /// Who waits for the answer.
        ticket: u64,
        /// Who says so.
        leader_id: NodeId,
        /// The epoch it led.
        epoch: LeaderEpoch,
    },
    /// The node is about to stop.
    Stop,
}

/// Whom to fetch from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Whoever can say who leads: the configured servers, one after the other.
    Anyone,
    /// The leader.
    Leader(NodeId),
}

/// What must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make the election state durable.
    WriteState(ElectionState),
    /// Append the first record of an epoch, the change of leader; with `bootstrap` the voters too.
    AppendLeaderChange {
        /// The epoch that begins.
        epoch: LeaderEpoch,
        /// Its first offset.
        first: Offset,
        /// Whether the voters are so far only in a snapshot that was made by formatting.
        bootstrap: bool,
    },
    /// Append the proposal of `ticket`.
    Append {
        /// Whose.
        ticket: u64,
        /// Under which epoch.
        epoch: LeaderEpoch,
        /// The first record's offset.
        first: Offset,
    },
    /// The proposal of `ticket` is committed up to its last record.
    Committed {
        /// Whose.
        ticket: u64,
        /// The last record's offset.
        last: Offset,
    },
    /// The proposal of `ticket` is not, and may never be.
    Refuse {
        /// Whose.
        ticket: u64,
        /// Why.
        code: ErrorCode,
    },
    /// Everything before this offset is committed.
    Advance(Offset),
    /// Tell who leads.
    Publish(LeaderAndEpoch),
    /// Answer a fetch with what the comparison says.
    AnswerFetch {
        /// Whose.
        ticket: u64,
        /// How its position compares, or what is wrong with the question.
        outcome: Result<Compared, ErrorCode>,
    },
    /// Answer a vote, or the beginning or end of an epoch. Votes are never granted yet.
    Answer {
        /// Whose.
        ticket: u64,
        /// What is wrong, if anything.
        code: Option<ErrorCode>,
    },
    /// Fetch the log.
    Fetch {
        /// From whom.
        from: From,
        /// The epoch this node follows.
        epoch: LeaderEpoch,
        /// Where its log ends.
        position: OffsetAndEpoch,
    },
    /// Fetch a snapshot from the leader.
    FetchSnapshot {
        /// The leader.
        from: NodeId,
        /// Its epoch.
        epoch: LeaderEpoch,
        /// Which.
        snapshot: OffsetAndEpoch,
    },
    /// Append and sync what the fetch brought.
    AppendFetched,
    /// Cut the log.
    Truncate(Offset),
    /// Tick again at this time.
    WakeAt(Millis),
}
