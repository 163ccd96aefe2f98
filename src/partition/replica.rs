//! One replica as others see it: where to send appends, where to read, and whether it leads.
//!
//! Shared by connections on every thread; only the partition's actor and the manager change it. It never touches a
//! file.
//!
//! The log may be opened, fail and be opened again behind it; the replica stays the same object, and so do its view and
//! the actor's address. Who holds one need never look it up again while the metadata keeps the partition here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};

use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use tokio::sync::oneshot;

use super::actor::{Exchange, ExchangeWork, Open, PartitionActor, Rest, WithLog};
use super::append::Append;
use super::inbox::{Inbox, Notice};
use super::settings::ReplicaSettings;
use crate::error::ErrorCode;
use crate::log::view::PartitionView;
use crate::log::{Log, Owner};
use crate::metrics::TopicCounts;
use crate::supervision::{Handle, Refused};
use crate::types::{LeaderEpoch, NONE, NodeId, Offset, TopicIdPartition, TopicPartition};

/// One replica of one partition on this node.
#[derive(Debug)]
pub struct Replica {
    /// The partition by the name of its topic.
    pub name: TopicPartition,
    /// The partition by the id of its topic.
    pub id: TopicIdPartition,
    /// Which log directory, by its place in `log.dirs`; another after a move.
    log_dir: AtomicUsize,
    /// The leader that the metadata names; −1 for none.
    leader: AtomicI32,
    /// Whether the view shows an open log: what is read while it does not is out of date or empty.
    open: AtomicBool,
    view: Arc<PartitionView>,
    settings: ArcSwap<ReplicaSettings>,
    traffic: Arc<TopicCounts>,
    actor: Handle<PartitionActor>,
    /// What its actor has not taken yet.
    inbox: Inbox,
}

impl Replica {
    /// A replica that neither leads nor is open yet.
    pub fn new(
        name: TopicPartition,
        id: TopicIdPartition,
        log_dir: usize,
        settings: ReplicaSettings,
        traffic: Arc<TopicCounts>,
    ) -> Self {
        Self {
            view: PartitionView::new(name.clone()),
            name,
            id,
            log_dir: AtomicUsize::new(log_dir),
            leader: AtomicI32::new(NONE),
            open: AtomicBool::new(false),
            settings: ArcSwap::from_pointee(settings),
            traffic,
            actor: Handle::default(),
            inbox: Inbox::default(),
        }
    }

    /// Which of `threads` threads the partition lives on, and with it whoever writes to nothing else.
    pub fn thread(&self, threads: usize) -> usize {
        // Neighbouring partitions of a topic on different threads; always the same for one partition.
        let hash = self
            .name
            .topic
            .bytes()
            .fold(0usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(byte)));
        hash.wrapping_add(self.name.partition.unsigned_abs() as usize) % threads.max(1)
    }

    /// The actor's stable address.
    pub(super) fn actor(&self) -> &Handle<PartitionActor> {
        &self.actor
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Which of the node's log directories it is in.
    pub fn log_dir(&self) -> usize {
        self.log_dir.load(Ordering::Acquire)
    }

    pub(super) fn set_log_dir(&self, log_dir: usize) {
        self.log_dir.store(log_dir, Ordering::Release);
    }

    /// Hands the log to `work`, aside from every thread that serves others, and goes on with the one that it gives
    /// back. The mailbox waits meanwhile. An error lets the log be opened anew.
    ///
    /// # Errors
    /// `NOT_LEADER_OR_FOLLOWER` while the actor is down.
    pub(super) async fn exchange_log(&self, work: ExchangeWork) -> Result<(), ErrorCode> {
        self.actor.ask(Exchange(work)).await.map_err(|_| ErrorCode::NotLeaderOrFollower)
    }

    /// Takes over what the metadata says of its leadership.
    pub(super) fn set_leadership(&self, leader: NodeId, here: bool, leader_epoch: LeaderEpoch) {
        self.leader.store(leader, Ordering::Release);
        self.view.set_leader(here, leader_epoch);
    }

    pub(super) fn set_settings(&self, settings: ReplicaSettings) {
        self.settings.store(Arc::new(settings));
    }

    /// Takes the replica out of service after its log has failed for good.
    pub(super) fn set_offline(&self) {
        self.set_open(false);
        self.view.set_offline(true);
    }

    pub(super) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Release);
    }

    /// The view, whether the log behind it is open or not.
    pub(super) fn shared_view(&self) -> &Arc<PartitionView> {
        &self.view
    }

    /// The topic's settings.
    pub fn settings(&self) -> Guard<Arc<ReplicaSettings>> {
        self.settings.load()
    }

    /// The topic's counts.
    pub const fn traffic(&self) -> &Arc<TopicCounts> {
        &self.traffic
    }

    /// Whether this node leads the partition.
    pub fn leads(&self) -> bool {
        self.view.is_leader()
    }

    /// Whose log it has, as the metadata has it now.
    pub fn owner(&self) -> Owner {
        let leader_epoch = self.leads().then(|| self.leader_epoch());
        Owner { topic_id: Some(self.id.topic_id), leader_epoch }
    }

    /// Whether its log has failed.
    pub fn is_offline(&self) -> bool {
        self.view.is_offline()
    }

    /// The leader that the metadata names, or −1.
    pub fn leader(&self) -> NodeId {
        self.leader.load(Ordering::Acquire)
    }

    /// The leader epoch of the metadata that this node has seen.
    pub fn leader_epoch(&self) -> LeaderEpoch {
        self.view.leader_epoch()
    }

    /// Whether a client that believes in `believed` (−1: in nothing) may be served by this node as the leader.
    ///
    /// # Errors
    /// `KAFKA_STORAGE_ERROR`, `FENCED_LEADER_EPOCH`, `UNKNOWN_LEADER_EPOCH`, `NOT_LEADER_OR_FOLLOWER` (KIP-320).
    pub fn check_leader(&self, believed: LeaderEpoch) -> Result<(), ErrorCode> {
        // The epoch first: a client with older or newer metadata than ours is told so, whoever leads.
        let epoch = self.leader_epoch();
        if self.is_offline() {
            Err(ErrorCode::KafkaStorageError)
        } else if believed != NONE && believed < epoch {
            Err(ErrorCode::FencedLeaderEpoch)
        } else if believed != NONE && believed > epoch {
            Err(ErrorCode::UnknownLeaderEpoch)
        } else if self.leads() {
            Ok(())
        } else {
            Err(ErrorCode::NotLeaderOrFollower)
        }
    }

    /// Hands batches to the partition. The answer comes through the append's own channel; only a partition that cannot
    /// take it now is told of here.
    ///
    /// # Errors
    /// `REQUEST_TIMED_OUT` when too many wait, which a client tries again; `NOT_LEADER_OR_FOLLOWER` while the actor is
    /// down.
    pub fn append(self: &Arc<Self>, append: Append) -> Result<(), ErrorCode> {
        if !self.inbox.push(append).map_err(|_| ErrorCode::RequestTimedOut)? {
            return Ok(());
        }
        self.actor.try_send(Notice::new(self.clone())).map_err(|refused| match refused {
            Refused::Full(_) => ErrorCode::RequestTimedOut,
            Refused::Down(_) => ErrorCode::NotLeaderOrFollower,
        })
    }

    /// What readers share; opens the log first where it is at rest.
    ///
    /// # Errors
    /// `KAFKA_STORAGE_ERROR` when the log cannot be opened, `NOT_LEADER_OR_FOLLOWER` while the actor is down.
    pub async fn view(&self) -> Result<Arc<PartitionView>, ErrorCode> {
        if let Some(view) = self.open_view() {
            return Ok(view);
        }
        if self.is_offline() {
            return Err(ErrorCode::KafkaStorageError);
        }
        self.actor.ask(Open).await.map_err(|_| ErrorCode::NotLeaderOrFollower)??;
        Ok(self.view.clone())
    }

    /// Makes its directory, if it is not there, and leaves a log without records at rest.
    ///
    /// # Errors
    /// As for [`Replica::view`].
    pub(super) async fn make(&self) -> Result<(), ErrorCode> {
        self.view().await?;
        self.actor.ask(Rest).await.map_err(|_| ErrorCode::NotLeaderOrFollower)
    }

    /// What readers share, if the log is open.
    pub fn open_view(&self) -> Option<Arc<PartitionView>> {
        self.open.load(Ordering::Acquire).then(|| self.view.clone())
    }

    /// Runs `work` on the log in the partition's own actor: for what is asked rarely.
    ///
    /// # Errors
    /// As for [`Replica::view`].
    pub async fn with_log<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Log) -> T + Send + 'static,
    ) -> Result<T, ErrorCode> {
        let (reply, answer) = oneshot::channel();
        let work = Box::new(move |log: Result<&mut Log, ErrorCode>| {
            // The one who asked may have gone, which is no news to anybody.
            let _ = reply.send(log.map(work));
        });
        self.actor.ask(WithLog(work)).await.map_err(|_| ErrorCode::NotLeaderOrFollower)?;
        answer.await.map_err(|_| ErrorCode::NotLeaderOrFollower)?
    }

    /// The bytes of whole batches from the one that holds `from`, at least one and else at most `max_bytes`.
    ///
    /// # Errors
    /// As for [`Replica::view`], and `OFFSET_OUT_OF_RANGE`.
    pub async fn read_bytes(&self, from: Offset, max_bytes: usize) -> Result<Bytes, ErrorCode> {
        let view = self.view().await?;
        let found = view
            .read(from, max_bytes, true, view.log_end_offset())
            .map_err(|error| error.code())?;
        found.to_vec().map(Bytes::from).map_err(|_| ErrorCode::KafkaStorageError)
    }
}
