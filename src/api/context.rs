//! What a handler may reach: the node's parts, and who is asking. No behaviour beyond finding things.
//!
//! A [`Context`] is one for the whole node and lives as long as it; a [`Session`] is one for each connection; a
//! [`Call`] is one for each request. What changes while the node runs (configuration, metadata) is behind an `ArcSwap`:
//! a handler loads it where it needs it and holds it for as long as its parts must agree with each other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::fetch_session::FetchSessions;
use super::patience::Patience;
use super::producer_ids::ProducerIds;
use super::throttle::Meter;
use crate::client::Pool;
use crate::clock::Clock;
use crate::config::Config;
use crate::controller::{self, requests::RequestContext};
use crate::coordinator::shards::Shards;
use crate::error::ErrorCode;
use crate::group::machine::GroupMachine;
use crate::log::manager::LogManager;
use crate::metadata::Image;
use crate::metadata::features::GROUP_VERSION;
use crate::metrics::Metrics;
use crate::partition::mover_actor::Mover;
use crate::partition::replica::Replica;
use crate::partition::table::PartitionTable;
use crate::quota::Quotas;
use crate::raft::Quorum;
use crate::security::authorizer::Authorizer;
use crate::supervision::Handle;
use crate::telemetry::Telemetry;
use crate::transaction::machine::TransactionMachine;
use crate::types::{Millis, NodeId, Offset, TopicIdPartition};

/// Whom a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// Clients and other brokers.
    Broker,
    /// Brokers and other controllers (`controller.listener.names`).
    Controller,
}

/// One connection, as its requests see it.
#[derive(Debug)]
pub struct Session {
    /// The name of the listener it came through.
    pub listener: Arc<str>,
    /// What that listener serves.
    pub kind: ListenerKind,
    /// The peer.
    pub peer: SocketAddr,
    /// The peer's address as Java writes it.
    pub host: String,
    /// Who the peer is; `User:ANONYMOUS` until a handshake stands before the first request.
    pub principal: String,
    /// The client's software name and version, once ApiVersions has told them.
    pub software: OnceLock<(String, String)>,
    /// What the client calls itself with its first request, and with nearly all that follow.
    pub client_id: OnceLock<Arc<str>>,
    /// Until when nothing more is read from it.
    pub mute: Mute,
    /// Whether its request in front is kept waiting for news.
    pub patience: Patience,
    /// Where it is noted that a request came to a node without the active controller; for requests in envelopes.
    pub misdirected: Option<Arc<AtomicBool>>,
}

/// A client id of more bytes is not kept between requests.
const CLIENT_ID_KEPT_MAX: usize = 256;

/// Until when a client that is over a quota is not listened to (KIP-219). Costs one load of an atomic where it is not.
///
/// Handlers hold it and the connection lifts it, on one thread: the lock is never waited for.
#[derive(Debug, Default)]
pub struct Mute {
    /// Whether it holds: looked at before every frame.
    on: AtomicBool,
    /// When it ends. Where two quotas are exceeded, the later end counts.
    until: Mutex<Option<Instant>>,
}

impl Mute {
    /// Whether it holds. It does until it is lifted.
    pub fn is_on(&self) -> bool {
        // Not compared with the clock: the connection is woken at the end, and lifts it then.
        self.on.load(Ordering::Acquire)
    }

    /// When it ends; none where it does not hold.
    pub fn until(&self) -> Option<Instant> {
        if self.is_on() { *self.until.lock() } else { None }
    }

    /// Begins, or holds on, for so long from now.
    pub fn hold(&self, time: Duration) {
        let end = Instant::now() + time;
        let mut until = self.until.lock();
        *until = Some(until.map_or(end, |known| known.max(end)));
        self.on.store(true, Ordering::Release);
    }

    /// Ends it where its time is over.
    pub fn lift(&self, now: Instant) {
        if self.is_on() && self.until.lock().is_none_or(|until| now >= until) {
            self.on.store(false, Ordering::Release);
            *self.until.lock() = None;
        }
    }
}

impl Session {
    /// The peer's address as Kafka prints it: `/127.0.0.1`.
    pub fn client_host(&self) -> String {
        format!("/{}", self.host)
    }

    /// What the client calls itself, in memory that outlives its request and that requests share.
    pub(super) fn known_as(&self, client_id: &[u8]) -> Arc<str> {
        let copied = || String::from_utf8_lossy(client_id).into();
        if client_id.len() > CLIENT_ID_KEPT_MAX {
            return copied();
        }
        let first = self.client_id.get_or_init(copied);
        if first.as_bytes() == client_id { first.clone() } else { copied() }
    }
}

/// One request's surroundings.
pub struct Call {
    /// The node's parts.
    pub context: Arc<Context>,
    /// The connection.
    pub session: Arc<Session>,
    /// The version of the request, and so of its answer.
    pub version: i16,
    /// What the client matches answers with.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<Arc<str>>,
    /// The time that the request has taken; none where nobody asks for it.
    pub(crate) meter: Option<Arc<Meter>>,
}

/// What an answer needs of its request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
}

impl Call {
    /// Whether consumer groups (KIP-848) are served: the cluster has the feature, and the node the protocol.
    pub(crate) fn serves_consumer_groups(&self) -> bool {
        let config = self.context.config.load();
        let protocols = config.group_coordinator_rebalance_protocols();
        self.context.image().features.level(GROUP_VERSION) >= 1
            && protocols.iter().any(|protocol| protocol.eq_ignore_ascii_case("consumer"))
    }

    /// Whom the controller is told that asks.
    pub(crate) fn controller_context(&self, timeout_ms: Option<i32>) -> RequestContext {
        let deadline =
            timeout_ms.map(|timeout_ms| self.context.clock.now() + Millis::from(timeout_ms));
        RequestContext {
            version: self.version,
            principal: self.session.principal.clone(),
            deadline,
            mutations: None,
            misdirected: self.session.misdirected.clone(),
        }
    }

    pub(crate) fn head(&self) -> Head {
        Head { version: self.version, correlation_id: self.correlation_id }
    }
}

/// The parts of the node that handlers reach.
pub struct Context {
    /// This node.
    pub node_id: NodeId,
    /// The cluster's id.
    pub cluster_id: String,
    /// The time.
    pub clock: Clock,
    /// The node's configuration, dynamic values included.
    pub config: Arc<ArcSwap<Config>>,
    /// The cluster's metadata.
    pub image: Arc<ArcSwap<Image>>,
    /// Up to which offset of the metadata log `image` goes; −1 before anything is loaded.
    pub shown: Arc<watch::Sender<Offset>>,
    /// This node's replicas.
    pub partitions: Arc<PartitionTable>,
    /// The log directories; none on a node that is no broker.
    pub logs: Option<Arc<LogManager>>,
    /// Moves replicas between the log directories.
    pub mover: Handle<Mover>,
    /// Fetch sessions.
    pub(crate) fetch_sessions: Mutex<FetchSessions>,
    /// The metadata quorum.
    pub quorum: Quorum,
    /// The active controller, if it is in this process.
    pub controller: controller::handle_actor::Handle,
    /// Connections to the controllers, if they are in other processes.
    pub elsewhere: Option<Arc<Pool>>,
    /// Connections to other brokers.
    pub peers: Arc<Pool>,
    /// Producer ids for those who ask.
    pub(crate) producer_ids: ProducerIds,
    /// The group coordinator's shards.
    pub groups: Shards<GroupMachine>,
    /// The transaction coordinator's shards.
    pub transactions: Shards<TransactionMachine>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Who judges requests; none where everything is granted.
    pub authorizer: Option<Authorizer>,
    /// Quotas of clients.
    pub quotas: Arc<Quotas>,
    /// Who receives the metrics that clients push, if anybody does.
    pub telemetry: Option<Arc<Telemetry>>,
    /// How long a heartbeat may be kept waiting for news; zero where all are answered at once.
    pub heartbeat_wait_max: Duration,
}

impl Context {
    /// The cluster's metadata of this moment.
    pub fn image(&self) -> Arc<Image> {
        self.image.load_full()
    }

    /// Whom the controller is told that asks, on behalf of nobody in particular.
    pub(crate) fn own_request(&self, version: i16, patience_ms: Millis) -> RequestContext {
        let deadline = Some(self.clock.now() + patience_ms);
        RequestContext {
            version,
            principal: "User:ANONYMOUS".to_owned(),
            deadline,
            ..RequestContext::default()
        }
    }

    /// Whom clients are told to be the controller: any broker will do, since all pass requests on.
    pub fn some_controller(&self) -> NodeId {
        let image = self.image.load();
        if image.cluster.is_alive(self.node_id) {
            return self.node_id;
        }
        image.cluster.alive_brokers().next().map_or(crate::types::NONE, |broker| broker.id)
    }

    /// This node's replica of a partition.
    ///
    /// # Errors
    /// `NOT_LEADER_OR_FOLLOWER` when it is another node's, `UNKNOWN_TOPIC_OR_PARTITION` when there is no such
    /// partition.
    pub fn replica(&self, id: &TopicIdPartition) -> Result<Arc<Replica>, ErrorCode> {
        self.partitions.get(id).ok_or_else(|| {
            let known =
                self.image.load().topics.partition_by_id(id.topic_id, id.partition).is_some();
            if known { ErrorCode::NotLeaderOrFollower } else { ErrorCode::UnknownTopicOrPartition }
        })
    }

    /// Whether enough replicas are in sync to take a write that all of them must have (`min.insync.replicas`).
    ///
    /// # Errors
    /// `NOT_ENOUGH_REPLICAS`.
    pub fn check_min_isr(&self, replica: &Replica) -> Result<(), ErrorCode> {
        // Before the append, on the metadata's word. NOT_ENOUGH_REPLICAS_AFTER_APPEND, which Kafka gives where the set
        // shrinks while a write waits, cannot come up while a partition has one replica.
        let image = self.image.load();
        let Some(partition) =
            image.topics.partition_by_id(replica.id.topic_id, replica.id.partition)
        else {
            return Err(ErrorCode::UnknownTopicOrPartition);
        };
        // More than there are replicas can never be had: Kafka caps it there.
        let wanted = usize::try_from(replica.settings().config.min_insync_replicas).unwrap_or(1);
        if partition.isr.len() < wanted.min(partition.replicas.len()) {
            return Err(ErrorCode::NotEnoughReplicas);
        }
        Ok(())
    }
}
