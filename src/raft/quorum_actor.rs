//! The way to the quorum of this process: a handle that survives restarts of the actor, and the messages it sends.
//!
//! What is asked often is read from shared values without a message: who leads, who votes, the high watermark, the
//! log's view. What must be decided goes to the actor: proposals, fetches of other nodes, elections.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use actix::Message;
use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::error::{Error, ErrorCode};
use crate::log::view::{FetchData, PartitionView};
use crate::log::waiters::{Wake, Watch};
use crate::metadata::Image;
use crate::raft::actor::QuorumActor;
use crate::raft::events::{QuorumEvent, VersionedRecord};
use crate::raft::leader::Described;
use crate::raft::machine::LeaderAndEpoch;
use crate::raft::shape::{Compared, OffsetAndEpoch};
use crate::raft::voters::{ReplicaKey, VoterSet};
use crate::supervision::{Handle, Port, Refused};
use crate::types::{LeaderEpoch, Millis, NodeId, Offset};

/// How many messages may wait for the quorum's actor.
pub const MAILBOX: usize = 4_096;

/// Where a proposal's answer goes: the offset of its last record once that is committed.
pub type ProposalAnswer = oneshot::Receiver<Result<Offset, ErrorCode>>;

/// One who follows the committed log.
#[derive(Clone)]
pub(super) struct Subscription {
    pub(super) port: Port<QuorumEvent>,
    /// Which subscription under this name it is: another begins again.
    pub(super) life: u64,
}

/// What handle and actor share.
pub(super) struct Shared {
    pub(super) actor: Handle<QuorumActor>,
    /// As the machine published it last.
    pub(super) leader: ArcSwap<LeaderAndEpoch>,
    /// Of the life that has opened the log; none before the first.
    pub(super) view: ArcSwapOption<PartitionView>,
    pub(super) voters: ArcSwap<VoterSet>,
    /// Where nodes said that they or others listen.
    pub(super) addresses: Mutex<BTreeMap<NodeId, (String, u16)>>,
    /// −1 before anything is known to be committed.
    pub(super) high_watermark: AtomicI64,
    /// Who wants to be told, by name; they outlive the actor.
    pub(super) subscriptions: Mutex<BTreeMap<String, Subscription>>,
}

/// The quorum of this process. Cheap to clone.
#[derive(Clone)]
pub struct Quorum(pub(super) Arc<Shared>);

impl fmt::Debug for Quorum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quorum({:?})", self.leader_and_epoch())
    }
}

impl Default for Quorum {
    fn default() -> Self {
        Self(Arc::new(Shared {
            actor: Handle::default(),
            leader: ArcSwap::from_pointee(LeaderAndEpoch::default()),
            view: ArcSwapOption::empty(),
            voters: ArcSwap::from_pointee(VoterSet::default()),
            addresses: Mutex::default(),
            high_watermark: AtomicI64::new(-1),
            subscriptions: Mutex::default(),
        }))
    }
}

/// Append these batches, each atomic.
pub(super) struct Propose {
    pub(super) epoch: LeaderEpoch,
    pub(super) first: Option<Offset>,
    pub(super) batches: Vec<Vec<VersionedRecord>>,
    pub(super) answer: oneshot::Sender<Result<Offset, ErrorCode>>,
}

/// The subscriptions have changed.
pub(super) struct Subscribed;

/// A replica goes on at this position.
pub(super) struct Progressed {
    pub(super) ask: FetchAsk,
    pub(super) answer: oneshot::Sender<Result<Compared, ErrorCode>>,
}

/// Who leads and who follows, with their progress.
pub(super) struct Describe(pub(super) oneshot::Sender<Result<Description, ErrorCode>>);

/// An image of the committed metadata, to be written as a snapshot.
pub(super) struct HandIn(pub(super) Arc<Image>);

/// A part of a snapshot.
pub(super) struct ReadSnapshot {
    pub(super) ask: SnapshotAsk,
    pub(super) answer: oneshot::Sender<Result<SnapshotPart, ErrorCode>>,
}

/// A request of the election protocol.
pub(super) struct Election {
    pub(super) ask: ElectionAsk,
    pub(super) answer: oneshot::Sender<Option<ErrorCode>>,
}

macro_rules! messages {
    ($($name:ident),*) => {$(
        impl Message for $name {
            type Result = ();
        }
    )*};
}

messages!(Propose, Subscribed, Progressed, Describe, HandIn, ReadSnapshot, Election, QuorumEvent);

/// What DescribeQuorum tells.
#[derive(Clone, Debug)]
pub struct Description {
    /// The leader, which is this node.
    pub leader: LeaderAndEpoch,
    /// Everything before this is committed; −1 before anything of this epoch is.
    pub high_watermark: Offset,
    /// The replicas.
    pub replicas: Described,
    /// Where the voters listen.
    pub voters: VoterSet,
}

/// A fetch of the metadata log, as a replica or an observer sends it.
#[derive(Clone, Copy, Debug)]
pub struct FetchAsk {
    /// Who fetches; none for one that is not counted.
    pub replica: Option<ReplicaKey>,
    /// The epoch it follows.
    pub epoch: LeaderEpoch,
    /// Where it goes on.
    pub position: OffsetAndEpoch,
    /// How much it takes, in bytes; the first batch comes whole.
    pub max_bytes: usize,
    /// How long it waits for something new.
    pub max_wait_ms: Millis,
}

/// What the leader answers to a fetch.
#[derive(Clone, Debug)]
pub struct FetchAnswer {
    /// What is wrong, or what there is.
    pub outcome: Result<FetchOutcome, ErrorCode>,
    /// Who leads.
    pub leader: LeaderAndEpoch,
    /// Everything before this is committed; −1 if unknown.
    pub high_watermark: Offset,
    /// The first offset of the log.
    pub log_start: Offset,
}

/// What there is for a fetcher.
#[derive(Clone, Debug)]
pub enum FetchOutcome {
    /// These batches, possibly none.
    Records(FetchData),
    /// It must cut its log to here first.
    Diverging(OffsetAndEpoch),
    /// It must fetch this snapshot first.
    Snapshot(OffsetAndEpoch),
}

/// A fetch of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotAsk {
    /// The epoch of the leader that is asked.
    pub epoch: LeaderEpoch,
    /// Which snapshot.
    pub snapshot: OffsetAndEpoch,
    /// From where, in bytes.
    pub position: u64,
    /// How much, in bytes.
    pub max_bytes: usize,
}

/// A part of a snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotPart {
    /// The size of the whole, in bytes.
    pub size: u64,
    /// The part.
    pub bytes: Bytes,
}

/// A request of the election protocol.
#[derive(Clone, Copy, Debug)]
pub enum ElectionAsk {
    /// A candidate wants a vote.
    Vote {
        /// Who.
        candidate: ReplicaKey,
        /// For which epoch.
        epoch: LeaderEpoch,
        /// Where its log ends.
        last: OffsetAndEpoch,
        /// Whose vote; an id of −1 is anyone's.
        voter: ReplicaKey,
        /// Whether it only asks if it would get one (KIP-996).
        pre_vote: bool,
    },
    /// A node says that it leads.
    BeginEpoch {
        /// Who.
        leader_id: NodeId,
        /// Since which epoch.
        epoch: LeaderEpoch,
        /// To whom; an id of −1 is anyone.
        voter: ReplicaKey,
    },
    /// A node says that it leads no longer.
    EndEpoch {
        /// Who.
        leader_id: NodeId,
        /// Which epoch it led.
        epoch: LeaderEpoch,
    },
}

impl Quorum {
    /// The actor, for whoever starts it: see [`QuorumActor::child`].
    pub fn actor(&self) -> &Handle<QuorumActor> {
        &self.0.actor
    }

    /// Who leads, as this node knows.
    pub fn leader_and_epoch(&self) -> LeaderAndEpoch {
        **self.0.leader.load()
    }

    /// Who votes, and where they listen, as this node knows.
    pub fn voters(&self) -> Arc<VoterSet> {
        self.0.voters.load_full()
    }

    /// Where the leader listens, if this node knows: host and port of a controller listener.
    pub fn leader_address(&self) -> Option<(String, u16)> {
        let leader_id = self.leader_and_epoch().leader_id?;
        if let Some(address) = self.0.addresses.lock().get(&leader_id) {
            return Some(address.clone());
        }
        let voters = self.voters();
        let endpoint = voters.get(leader_id)?.endpoints.first()?;
        Some((endpoint.host.clone(), endpoint.port))
    }

    /// Everything before this is committed, as this node knows; −1 if it does not.
    pub fn high_watermark(&self) -> Offset {
        self.0.high_watermark.load(Ordering::Acquire)
    }

    /// The log as readers see it; none before it is open.
    pub fn view(&self) -> Option<Arc<PartitionView>> {
        self.0.view.load_full()
    }

    /// Tells `port` of the committed log, from a loaded state on, for as long as the process lives. Subscribing again
    /// under the same name begins again with the state: what a restarted actor does.
    pub fn subscribe(&self, name: &str, port: Port<QuorumEvent>) {
        let mut subscriptions = self.0.subscriptions.lock();
        let life = subscriptions.get(name).map_or(0, |old| old.life + 1);
        subscriptions.insert(name.to_owned(), Subscription { port, life });
        drop(subscriptions);
        // While the actor is down this is lost, and needless: it looks when it starts.
        let _ = self.0.actor.try_send(Subscribed);
    }

    /// Appends `batches`, each atomic, if this node leads in `epoch` and, where `first` is given, the next offset is
    /// that. Returns at once; the receiver learns of the commit. Proposals take effect in their order.
    ///
    /// Errors: `NOT_CONTROLLER` (another leads, the offset is another, the quorum is overloaded or restarting: begin
    /// again from a loaded state), `INVALID_REQUEST` for nothing, `UNKNOWN_SERVER_ERROR` for what cannot be encoded.
    pub fn propose(
        &self,
        epoch: LeaderEpoch,
        first: Option<Offset>,
        batches: Vec<Vec<VersionedRecord>>,
    ) -> ProposalAnswer {
        let (answer, answered) = oneshot::channel();
        if let Err(refused) = self.0.actor.try_send(Propose { epoch, first, batches, answer }) {
            let (Refused::Full(proposal) | Refused::Down(proposal)) = refused;
            // Who asked may have gone.
            let _ = proposal.answer.send(Err(ErrorCode::NotController));
        }
        answered
    }

    /// Hands in an image of the committed metadata, to be written as a snapshot. One that is not new is ignored.
    pub fn hand_in(&self, image: Arc<Image>) {
        // Lost while the actor is down: another will come.
        let _ = self.0.actor.try_send(HandIn(image));
    }

    async fn ask<M, T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> M) -> Result<T, ErrorCode>
    where
        M: Message<Result = ()> + Send + 'static,
        QuorumActor: actix::Handler<M>,
    {
        let (answer, answered) = oneshot::channel();
        self.0.actor.try_send(message(answer)).map_err(|_| ErrorCode::BrokerNotAvailable)?;
        answered.await.map_err(|_| ErrorCode::BrokerNotAvailable)
    }

    /// Who leads, who follows, how far.
    ///
    /// Errors: `NOT_LEADER_OR_FOLLOWER` unless this node leads, `BROKER_NOT_AVAILABLE` while it starts or stops.
    pub async fn describe(&self) -> Result<Description, ErrorCode> {
        self.ask(Describe).await?
    }

    /// Serves a fetch of the metadata log: at once if there is something, else when something is committed.
    pub async fn fetch(&self, ask: FetchAsk) -> FetchAnswer {
        let answer = self.fetch_once(ask).await;
        let waits = matches!(&answer.outcome, Ok(FetchOutcome::Records(data)) if data.is_empty());
        let (true, Some(view)) = (waits && ask.max_wait_ms > 0, self.view()) else { return answer };
        let patience = Duration::from_millis(u64::try_from(ask.max_wait_ms).unwrap_or(0));
        let epoch = self.leader_and_epoch();
        let waited = committed_beyond(&view, ask.position.offset);
        if tokio::time::timeout(patience, waited).await.is_err() && epoch == self.leader_and_epoch()
        {
            return FetchAnswer { high_watermark: self.high_watermark(), ..answer };
        }
        self.fetch_once(ask).await
    }

    async fn fetch_once(&self, ask: FetchAsk) -> FetchAnswer {
        let compared = self.ask(|answer| Progressed { ask, answer }).await;
        let view = self.view();
        let outcome = match (compared.and_then(|compared| compared), &view) {
            (Err(code), _) => Err(code),
            (Ok(_), None) => Err(ErrorCode::BrokerNotAvailable),
            (Ok(Compared::Diverging(end)), _) => Ok(FetchOutcome::Diverging(end)),
            (Ok(Compared::Snapshot(snapshot)), _) => Ok(FetchOutcome::Snapshot(snapshot)),
            (Ok(Compared::Same), Some(view)) => read(view, ask),
        };
        FetchAnswer {
            outcome,
            leader: self.leader_and_epoch(),
            high_watermark: self.high_watermark(),
            log_start: view.map_or(-1, |view| view.log_start_offset()),
        }
    }

    /// Serves a part of a snapshot.
    ///
    /// Errors: `SNAPSHOT_NOT_FOUND`, `POSITION_OUT_OF_RANGE`, what is wrong with the epoch, `KAFKA_STORAGE_ERROR`.
    pub async fn fetch_snapshot(&self, ask: SnapshotAsk) -> Result<SnapshotPart, ErrorCode> {
        self.ask(|answer| ReadSnapshot { ask, answer }).await?
    }

    /// Serves a request of the election protocol: what is wrong with it, if anything.
    pub async fn elect(&self, ask: ElectionAsk) -> Option<ErrorCode> {
        self.ask(|answer| Election { ask, answer }).await.unwrap_or_else(Some)
    }
}

fn read(view: &PartitionView, ask: FetchAsk) -> Result<FetchOutcome, ErrorCode> {
    let end = view.log_end_offset();
    match view.read(ask.position.offset, ask.max_bytes, true, end) {
        Ok(data) => Ok(FetchOutcome::Records(data)),
        Err(Error::Api(error)) => Err(error.code),
        Err(error) => {
            tracing::error!(%error, "cannot read the metadata log");
            Err(ErrorCode::KafkaStorageError)
        }
    }
}

/// Waits until something behind `offset` is committed, or the partition is no longer what it was.
async fn committed_beyond(view: &Arc<PartitionView>, offset: Offset) {
    let mut guard = None;
    std::future::poll_fn(|context| {
        // Polled again is woken: by the log, or by whoever gives up waiting.
        if view.high_watermark() > offset || guard.is_some() {
            return Poll::Ready(());
        }
        let wake = Wake::Task(context.waker().clone());
        guard = Some(view.waiters().park(Watch::HighWatermark, offset, wake));
        if view.high_watermark() > offset { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
