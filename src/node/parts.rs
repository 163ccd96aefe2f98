//! What a node is made of, before any of it runs: directories, sockets, and the values that its actors share.
//!
//! A part is made once and lives as long as the node: handles and shared values outlast the actors behind them, which
//! may be restarted. A factory of an actor takes clones of what it needs, so each life begins with the same ground.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::{Arbiter, ArbiterHandle};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::binding::{Bound, bind, bind_metrics};
use super::listeners_actor::Listeners;
use super::wiring;
use crate::api::authorize;
use crate::api::context::{Context, ListenerKind};
use crate::broker::assignments_actor::Assignments;
use crate::broker::lifecycle::State;
use crate::broker::lifecycle_actor::{LifecycleActor, LifecycleSpec};
use crate::broker::publisher_actor::{self, Publisher, PublisherSpec};
use crate::broker::registrar_actor::RegistrarActor;
use crate::client::Pool;
use crate::clock::Clock;
use crate::config::Config;
use crate::controller;
use crate::coordinator::manager_actor::ShardManager;
use crate::coordinator::shards::Shards;
use crate::error::Error;
use crate::group::machine::GroupMachine;
use crate::log::cache::Limits;
use crate::log::files::Files;
use crate::log::files::disk::Disk;
use crate::log::manager::LogManager;
use crate::metadata::Image;
use crate::metrics::Metrics;
use crate::net::limits::ConnectionLimits;
use crate::net::listener_actor::{ListenerActor, ListenerSpec};
use crate::net::metrics_actor::{MetricsActor, MetricsSpec};
use crate::partition::cleaner_actor::{Cleaner, CleanerSpec};
use crate::partition::manager_actor::PartitionManager;
use crate::partition::mover_actor::{Mover, MoverSpec};
use crate::partition::table::PartitionTable;
use crate::partition::upkeep_actor::{Upkeep, UpkeepSpec};
use crate::quota::Quotas;
use crate::raft::events::VersionedRecord;
use crate::raft::quorum_actor::Quorum;
use crate::supervision::{Child, Handle};
use crate::transaction::machine::TransactionMachine;
use crate::transaction::marker_actor::MarkerSender;
use crate::types::Uuid;

/// How many messages may wait for an actor that hears of every image.
const MAILBOX: usize = 4096;

/// What a node stands on besides its configuration: the real thing for a server, what a test chooses else.
pub(super) struct Ground {
    pub(super) files: Arc<dyn Files>,
    pub(super) clock: Clock,
    /// The threads that serve connections and partitions; none lets the node start its own.
    pub(super) threads: Option<Arc<[ArbiterHandle]>>,
}

impl Default for Ground {
    fn default() -> Self {
        Self { files: Arc::new(Disk), clock: Clock::System, threads: None }
    }
}

/// Everything that the tree's actors are made from.
pub(super) struct Parts {
    /// As it was at the start: for what cannot change while the node runs.
    pub(super) config: Arc<Config>,
    pub(super) clock: Clock,
    pub(super) cluster_id: String,
    /// Of the log directories that are online, as `storage format` gave them.
    pub(super) directory_ids: Vec<Uuid>,
    /// What the log of a new cluster begins with.
    pub(super) bootstrap: Vec<VersionedRecord>,
    /// Of this life of the node: the controller tells by it a restart from a retry.
    pub(super) incarnation_id: Uuid,
    pub(super) logs: Arc<LogManager>,
    /// The configuration of now, dynamic settings included: the publisher puts it here.
    pub(super) current: Arc<ArcSwap<Config>>,
    /// The metadata of now: the publisher puts it here before it tells anybody.
    pub(super) image: Arc<ArcSwap<Image>>,
    /// The replicas of this node.
    pub(super) table: Arc<PartitionTable>,
    pub(super) quorum: Quorum,
    pub(super) controller: Handle<controller::actor::Controller>,
    pub(super) manager: Handle<PartitionManager>,
    pub(super) mover: Handle<Mover>,
    pub(super) assignments: Handle<Assignments>,
    pub(super) groups: Handle<ShardManager<GroupMachine>>,
    pub(super) shards: Shards<GroupMachine>,
    pub(super) transactions: Handle<ShardManager<TransactionMachine>>,
    pub(super) lifecycle: Handle<LifecycleActor>,
    pub(super) registrar: Handle<RegistrarActor>,
    /// Connections to other nodes.
    pub(super) pool: Arc<Pool>,
    /// What the broker is in its life, and its epoch: the lifecycle says it, listeners wait for it.
    pub(super) standing: Arc<watch::Sender<(State, i64)>>,
    /// Why the node cannot go on, once it cannot.
    pub(super) lost: watch::Sender<Option<&'static str>>,
    /// Connections, partitions and shards are spread over these; each stays on its own.
    pub(super) threads: Arc<[ArbiterHandle]>,
    /// What was bound at the start.
    pub(super) bound: Vec<Bound>,
    /// The brokers' listeners of the moment, by name.
    pub(super) listening: Mutex<BTreeSet<String>>,
    pub(super) listeners: Handle<Listeners>,
    /// What handlers of requests reach.
    pub(super) context: Arc<Context>,
    /// The socket of the endpoint for Prometheus.
    scraped: Option<Arc<std::net::TcpListener>>,
    pub(super) limits: Arc<ConnectionLimits>,
    _arbiters: Mutex<Vec<Arbiter>>,
}

impl Parts {
    /// Takes hold of the directories and the ports that the configuration names.
    pub(super) fn prepare(config: Config, ground: Ground) -> Result<Self, Error> {
        let config = Arc::new(config);
        let Ground { files, clock, threads } = ground;
        let logs = Arc::new(LogManager::open(files, &log_dirs(&config), Limits::default())?);
        let (cluster_id, directory_ids) = identity(&config, &logs)?;
        let bootstrap = bootstrap(&config, &logs)?;
        let (bound, scraped) = (bind(&config)?, bind_metrics(&config)?);
        let (arbiters, threads) = threads_of(&config, threads);
        let current = Arc::new(ArcSwap::new(config.clone()));
        let (image, table) = (Arc::<ArcSwap<Image>>::default(), Arc::<PartitionTable>::default());
        let (controller, shards) = (Handle::default(), Shards::default());
        let (quorum, pool) = (Quorum::default(), wiring::pool(&config));
        let context = Arc::new(Context {
            node_id: config.node_id(),
            cluster_id: cluster_id.clone(),
            clock: clock.clone(),
            config: current.clone(),
            image: image.clone(),
            shown: Arc::new(watch::Sender::new(-1)),
            partitions: table.clone(),
            logs: Some(logs.clone()),
            mover: Handle::default(),
            fetch_sessions: Mutex::new(wiring::fetch_sessions(&config)),
            quorum: quorum.clone(),
            controller: controller::handle_actor::Handle::new(controller.clone(), clock.clone()),
            elsewhere: (!config.is_controller()).then(|| pool.clone()),
            peers: wiring::peers(&config),
            groups: shards.clone(),
            transactions: Shards::default(),
            producer_ids: Default::default(),
            metrics: Metrics::new(),
            authorizer: authorize::authorizer(&config),
            quotas: Quotas::new(wiring::quota_settings(&config)),
            telemetry: wiring::telemetry(&config),
            heartbeat_wait_max: wiring::heartbeat_wait_max(&config)?,
        });
        Ok(Self {
            limits: ConnectionLimits::new(wiring::connection_bounds(&config)),
            pool,
            config,
            clock,
            cluster_id,
            directory_ids,
            bootstrap,
            incarnation_id: Uuid::random(),
            logs,
            current,
            image,
            table,
            quorum,
            controller,
            manager: Handle::default(),
            mover: context.mover.clone(),
            assignments: Handle::default(),
            groups: Handle::default(),
            shards,
            transactions: Handle::default(),
            lifecycle: Handle::default(),
            registrar: Handle::default(),
            standing: Arc::new(watch::Sender::new((State::NotRunning, -1))),
            lost: watch::Sender::new(None),
            threads,
            listening: Mutex::new(broker_names(&bound)),
            listeners: Handle::default(),
            bound,
            context,
            scraped,
            _arbiters: Mutex::new(arbiters),
        })
    }

    /// The endpoint for Prometheus, where `metrics.prometheus.listener` asks for one.
    pub(super) fn metrics_child(&self) -> Option<Child> {
        let metrics = self.context.metrics.clone();
        let spec =
            MetricsSpec { socket: self.scraped.clone()?, metrics, clock: self.clock.clone() };
        super::gauges::install(&spec.metrics, self);
        let name = "metrics";
        Some(Child::new(name, 16, &Handle::default(), move |watch| {
            MetricsActor::new(spec.clone(), watch)
        }))
    }

    /// The bound address of each listener, brokers' first.
    pub(super) fn addresses(&self) -> Vec<(String, SocketAddr)> {
        let mut bound: Vec<_> = self.bound.iter().collect();
        bound.sort_by_key(|bound| bound.kind == ListenerKind::Controller);
        bound.into_iter().map(|bound| (bound.listener.name.clone(), bound.address)).collect()
    }

    /// Waits until clients are served.
    pub(super) async fn serving(&self) {
        if self.config.is_broker() {
            // The sender lives as long as the parts.
            let _ = self.standing.subscribe().wait_for(|(state, _)| *state == State::Running).await;
        }
    }

    /// Says in the log directories that everything was closed in good order.
    pub(super) fn mark_clean(&self) {
        let (_, epoch) = *self.standing.borrow();
        self.logs.clean_shutdown(epoch);
    }

    pub(super) fn quorum_child(&self) -> Child {
        wiring::quorum_child(self)
    }

    pub(super) fn controller_child(&self) -> Child {
        wiring::controller_child(self)
    }

    pub(super) fn registrar_child(&self) -> Child {
        let spec = wiring::registrar_spec(self);
        Child::new("registrar", MAILBOX, &self.registrar, move |watch| {
            RegistrarActor::new(spec.clone(), watch)
        })
    }

    pub(super) fn publisher_child(&self) -> Child {
        let spec = PublisherSpec {
            quorum: self.quorum.clone(),
            image: self.image.clone(),
            shown: self.context.shown.clone(),
            config: self.current.clone(),
            reconfigured: wiring::reconfigured(self),
            quotas: self.context.quotas.clone(),
            subscribers: wiring::subscribers(self),
            name: "publisher",
            snapshot_bytes: self.config.metadata_log_max_record_bytes_between_snapshots(),
            snapshot_interval_ms: self.config.metadata_log_max_snapshot_interval_ms(),
            clock: self.clock.clone(),
        };
        Child::new("publisher", publisher_actor::MAILBOX, &Handle::default(), move |watch| {
            Publisher::new(spec.clone(), watch)
        })
    }

    pub(super) fn partitions_child(&self) -> Child {
        let spec = wiring::partitions_spec(self);
        Child::new("manager", MAILBOX, &self.manager, move |watch| {
            PartitionManager::new(spec.clone(), watch)
        })
    }

    pub(super) fn upkeep_child(&self) -> Child {
        let spec = UpkeepSpec {
            config: self.current.clone(),
            logs: self.logs.clone(),
            table: self.table.clone(),
            clock: self.clock.clone(),
            metrics: self.context.metrics.clone(),
        };
        Child::new("upkeep", 16, &Handle::default(), move |watch| Upkeep::new(spec.clone(), watch))
    }

    pub(super) fn cleaner_child(&self) -> Child {
        let spec = CleanerSpec {
            config: self.current.clone(),
            logs: self.logs.clone(),
            table: self.table.clone(),
            clock: self.clock.clone(),
            metrics: self.context.metrics.clone(),
            state: Arc::default(),
        };
        Child::new("cleaner", 16, &Handle::default(), move |watch| {
            Cleaner::new(spec.clone(), watch)
        })
    }

    pub(super) fn mover_child(&self) -> Child {
        let spec = MoverSpec {
            config: self.current.clone(),
            logs: self.logs.clone(),
            table: self.table.clone(),
            clock: self.clock.clone(),
            placed: self.assignments.port(),
        };
        Child::new("mover", 1024, &self.mover, move |watch| Mover::new(spec.clone(), watch))
    }

    pub(super) fn assignments_child(&self) -> Child {
        let spec = wiring::assignments_spec(self);
        Child::new("assignments", 65_536, &self.assignments, move |watch| {
            Assignments::new(spec.clone(), watch)
        })
    }

    pub(super) fn groups_child(&self) -> Child {
        let spec = wiring::groups_spec(self);
        Child::new("manager", MAILBOX, &self.groups, move |watch| {
            ShardManager::new(spec.clone(), watch)
        })
    }

    pub(super) fn transactions_child(&self) -> Child {
        let spec = wiring::transactions_spec(self);
        Child::new("manager", MAILBOX, &self.transactions, move |watch| {
            ShardManager::new(spec.clone(), watch)
        })
    }

    pub(super) fn markers_child(&self) -> Child {
        let spec = wiring::markers_spec(self);
        Child::new("markers", MAILBOX, &Handle::default(), move |watch| {
            MarkerSender::new(spec.clone(), watch)
        })
    }

    pub(super) fn lifecycle_child(&self) -> Child {
        let spec: LifecycleSpec = wiring::lifecycle_spec(self);
        Child::new("lifecycle", MAILBOX, &self.lifecycle, move |watch| {
            LifecycleActor::new(spec.clone(), watch)
        })
    }

    /// Who opens and closes listeners while the node runs.
    pub(super) fn listeners_child(self: &Arc<Self>) -> Child {
        let parts = self.clone();
        Child::new("manager", 64, &self.listeners, move |watch| {
            Listeners::new(parts.clone(), watch)
        })
    }

    pub(super) fn listener_children(&self) -> Vec<Child> {
        self.bound.iter().map(|bound| self.listener_child(bound)).collect()
    }

    pub(super) fn listener_child(&self, bound: &Bound) -> Child {
        let idle_max_ms =
            u64::try_from(self.config.connections_max_idle_ms()).unwrap_or(u64::MAX >> 20);
        let spec = ListenerSpec {
            name: bound.listener.name.as_str().into(),
            kind: bound.kind,
            socket: bound.socket.clone(),
            context: self.context.clone(),
            threads: self.threads.clone(),
            limits: self.limits.clone(),
            request_bytes_max: usize::try_from(self.config.socket_request_max_bytes()).unwrap_or(0),
            idle_max: Duration::from_millis(idle_max_ms),
            opened: wiring::opened(self, bound.kind),
        };
        Child::new(bound.listener.name.clone(), 16, &Handle::default(), move |watch| {
            ListenerActor::new(spec.clone(), watch)
        })
        .stop_within(Duration::from_secs(10))
    }
}

/// The threads that are given, or those that the node starts for itself.
fn threads_of(
    config: &Config,
    given: Option<Arc<[ArbiterHandle]>>,
) -> (Vec<Arbiter>, Arc<[ArbiterHandle]>) {
    let own = if given.is_none() { io_threads(config) } else { 0 };
    let arbiters: Vec<Arbiter> = (0..own).map(|_| Arbiter::new()).collect();
    let threads = given.unwrap_or_else(|| arbiters.iter().map(Arbiter::handle).collect());
    (arbiters, threads)
}

/// The threads that serve connections and partitions: one where clients need the other core, and no more than Kafka
/// has.
fn io_threads(config: &Config) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let wanted = usize::try_from(config.num_network_threads()).unwrap_or(1);
    (cores / 2).clamp(1, wanted.max(1))
}

fn log_dirs(config: &Config) -> Vec<PathBuf> {
    let mut dirs = config.log_dirs();
    let metadata = config.metadata_log_dir();
    if !dirs.contains(&metadata) {
        dirs.push(metadata);
    }
    dirs
}

/// The cluster's id and the directories' own, as `storage format` has written them.
fn identity(config: &Config, logs: &LogManager) -> Result<(String, Vec<Uuid>), Error> {
    let mut cluster_id: Option<String> = None;
    let mut directory_ids = Vec::new();
    for dir in logs.dirs().iter().filter(|dir| !dir.is_offline()) {
        let path = dir.path().display();
        let Some(properties) = dir.properties() else {
            return Err(Error::Config(format!(
                "No `meta.properties` found in {path} (have you run `vltava storage format` on the directory?)"
            )));
        };
        let (found, wanted) = (properties.node_id.unwrap_or(crate::types::NONE), config.node_id());
        if found != wanted {
            return Err(Error::Config(format!(
                "{path} belongs to node {found}, and this is node {wanted}"
            )));
        }
        let id = properties.cluster_id.clone().unwrap_or_default();
        match &cluster_id {
            Some(other) if *other != id => {
                return Err(Error::Config(format!(
                    "{path} belongs to cluster {id}, others to cluster {other}"
                )));
            }
            _ => cluster_id = Some(id),
        }
        directory_ids.push(properties.directory_id.unwrap_or(Uuid::ZERO));
    }
    let cluster_id =
        cluster_id.ok_or_else(|| Error::Config("there is no usable log directory".to_owned()))?;
    Ok((cluster_id, directory_ids))
}

/// The records that a new cluster's log begins with, in the versions that its own metadata version has.
fn bootstrap(config: &Config, logs: &LogManager) -> Result<Vec<VersionedRecord>, Error> {
    let records = crate::metadata::bootstrap::read(&**logs.files(), &config.metadata_log_dir())?;
    Ok(records.into_iter().map(|record| (record, 0)).collect())
}

/// The names of the listeners that are not the controllers'.
fn broker_names(bound: &[Bound]) -> BTreeSet<String> {
    let brokers = bound.iter().filter(|bound| bound.kind == ListenerKind::Broker);
    brokers.map(|bound| bound.listener.name.clone()).collect()
}
