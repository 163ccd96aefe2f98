//! How the parts are put together: one function for each actor that needs more than a line.
//!
//! Nothing is started here: what a function returns is a recipe, and it may be used again after a death.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::listeners_actor::Rebind;
use super::parts::Parts;
use crate::api;
use crate::api::context::ListenerKind;
use crate::api::fetch_session::FetchSessions;
use crate::broker::assignments_actor::AssignmentsSpec;
use crate::broker::channel::{ControllerChannel, InProcess, Remote};
use crate::broker::lifecycle::{Settings as LifecycleSettings, State};
use crate::broker::lifecycle_actor::LifecycleSpec;
use crate::broker::publisher_actor::Published;
use crate::broker::registrar_actor::RegistrarSpec;
use crate::broker::settings::Reconfigured;
use crate::client::{self, Pool};
use crate::config::Config;
use crate::controller;
use crate::coordinator;
use crate::error::Error;
use crate::group::crowd::Crowd;
use crate::group::machine::GroupMachine;
use crate::metadata::cluster::VersionRange;
use crate::metadata::{Image, features};
use crate::net::limits::{Bounds, ListenerBounds};
use crate::partition;
use crate::quota;
use crate::raft;
use crate::supervision::{Child, Port, Refused};
use crate::telemetry::Telemetry;
use crate::transaction::machine::TransactionMachine;
use crate::transaction::marker_actor::MarkerSpec;
use crate::types::{
    METADATA_TOPIC, Millis, OFFSETS_TOPIC, TRANSACTION_TOPIC, TopicPartition, Uuid,
};
use crate::wire::messages::broker_registration::{BrokerRegistrationRequest, Feature, Listener};

/// How long a broker may take to accept a connection of another, in ms.
const PEER_CONNECT_MS: u64 = 2_000;

/// How long a heartbeat waits for news at most: less than clients leave between two, and a quarter of the shortest
/// session for which the coordinator lets one wait.
const HEARTBEAT_WAIT_MAX: Duration = Duration::from_millis(2_500);

pub(super) fn fetch_sessions(config: &Config) -> FetchSessions {
    let slots = usize::try_from(config.max_incremental_fetch_session_cache_slots()).unwrap_or(0);
    let seed = i32::from_be_bytes([Uuid::random().as_bytes()[0], 1, 2, 3]);
    FetchSessions::new(slots, 120_000, seed)
}

/// Over which time clients are held to their quotas.
pub(super) fn quota_settings(config: &Config) -> quota::Settings {
    quota::Settings {
        clients: (config.quota_window_num(), config.quota_window_size_seconds()),
        controller: (
            config.controller_quota_window_num(),
            config.controller_quota_window_size_seconds(),
        ),
    }
}

/// Who receives the metrics that clients push: the endpoint for Prometheus, for as many series as
/// `client.telemetry.series.max`, a key of our own, says.
pub(super) fn telemetry(config: &Config) -> Option<Arc<Telemetry>> {
    let series_max = config.originals().get("client.telemetry.series.max")?.trim().parse();
    let series_max = series_max.ok().filter(|max: &usize| *max > 0)?;
    let push_bytes_max = usize::try_from(config.telemetry_max_bytes()).unwrap_or(0);
    Some(Arc::new(Telemetry::new(series_max, push_bytes_max)))
}

/// How long a classic member's heartbeat may wait for news: `group.classic.heartbeat.wait.max.ms`, a key of our own.
/// With 0 all are answered at once, as Kafka does.
///
/// # Errors
/// `Config`: not a number, or more than heartbeats may wait.
pub(super) fn heartbeat_wait_max(config: &Config) -> Result<Duration, Error> {
    let key = "group.classic.heartbeat.wait.max.ms";
    let Some(given) = config.originals().get(key) else { return Ok(HEARTBEAT_WAIT_MAX) };
    let wait = given.trim().parse().ok().map(Duration::from_millis);
    wait.filter(|wait| *wait <= HEARTBEAT_WAIT_MAX).ok_or_else(|| {
        let most = HEARTBEAT_WAIT_MAX.as_millis();
        Error::Config(format!("{key}: {given} is not a number from 0 to {most}"))
    })
}

pub(super) fn quorum_child(parts: &Parts) -> Child {
    let config = &parts.config;
    let voters = config.controller_quorum_voters();
    let fixed = (!voters.is_empty()).then(|| {
        let listener = config.controller_listener_name();
        let voters = voters.iter().map(|voter| (voter.id, voter.host.as_str(), voter.port));
        raft::voters::VoterSet::fixed(&listener, voters)
    });
    // Kafka passes over what is in this directory, and would not start over a strange one beside it.
    let metadata_dir = TopicPartition::new(METADATA_TOPIC, 0).to_string();
    let copy = crate::metadata::store::Store::new(&config.metadata_log_dir().join(metadata_dir));
    let spec = raft::actor::Parts {
        me: raft::voters::ReplicaKey::new(config.node_id(), parts.metadata_directory_id()),
        cluster_id: parts.cluster_id.clone(),
        fixed_voters: fixed,
        bootstrap_servers: config.controller_quorum_bootstrap_servers().to_vec(),
        log_dir: config.metadata_log_dir(),
        files: parts.logs.files().clone(),
        cache: parts.logs.cache().clone(),
        store: raft::store::StoreSettings {
            segment_bytes: u32::try_from(config.metadata_log_segment_bytes()).unwrap_or(1 << 30),
            segment_ms: config.metadata_log_segment_ms(),
            retention_bytes: config.metadata_max_retention_bytes(),
            retention_ms: config.metadata_max_retention_ms(),
        },
        fetch_timeout_ms: Millis::from(config.controller_quorum_fetch_timeout_ms()),
        retry_backoff_ms: Millis::from(config.controller_quorum_retry_backoff_ms()),
        peers: (!config.is_controller())
            .then(|| Arc::new(parts.pool.clone()) as Arc<dyn raft::follow_actor::Peers>),
        copy: Some(copy),
        clock: parts.clock.clone(),
    };
    raft::actor::QuorumActor::child(spec, &parts.quorum, None)
}

pub(super) fn controller_child(parts: &Parts) -> Child {
    let settings = controller::machine::Settings {
        cluster_id: parts.cluster_id.clone(),
        ..controller::machine::Settings::new(parts.config.clone())
    };
    let spec = controller::actor::Parts {
        settings,
        bootstrap: parts.bootstrap.clone(),
        proposer: Arc::new(parts.quorum.clone()),
        clock: parts.clock.clone(),
        seed: Arc::new(|| {
            let random = u128::from_be_bytes(*Uuid::random().as_bytes());
            (random >> 64) as u64 ^ random as u64
        }),
    };
    controller::actor::Controller::child(spec, &parts.controller)
}

/// Who hears of a new image, in order: partitions before the coordinators that write to them, and last the lifecycle,
/// for which all is ready then.
pub(super) fn subscribers(parts: &Parts) -> Vec<Port<Published>> {
    let mut subscribers = Vec::new();
    if parts.config.is_controller() {
        subscribers.push(parts.registrar.port());
    }
    if !parts.config.is_broker() {
        return subscribers;
    }
    let (manager, groups) = (parts.manager.clone(), parts.groups.clone());
    let partitions = Port::from_fn(move |published: Published| {
        let image = published.image.clone();
        manager
            .try_send(partition::manager_actor::ImageChanged(image))
            .map_err(|refused| again(refused, published))
    });
    let groups = Port::from_fn(move |published: Published| {
        let image = published.image.clone();
        groups
            .try_send(coordinator::manager_actor::ImageChanged(image))
            .map_err(|refused| again(refused, published))
    });
    let transactions = parts.transactions.clone();
    let transactions = Port::from_fn(move |published: Published| {
        let image = published.image.clone();
        transactions
            .try_send(coordinator::manager_actor::ImageChanged(image))
            .map_err(|refused| again(refused, published))
    });
    subscribers.extend([partitions, groups, transactions, parts.lifecycle.port()]);
    subscribers
}

/// Who keeps something that a dynamic setting decides on. All others look into the configuration when they need it.
pub(super) fn reconfigured(parts: &Parts) -> Vec<Reconfigured> {
    let (limits, listeners) = (parts.limits.clone(), parts.listeners.clone());
    vec![
        Arc::new(move |config| limits.change(connection_bounds(config))),
        Arc::new(move |config| {
            let wanted = config.broker_listeners().cloned().collect();
            // Without listeners the node is on its way out.
            let _ = listeners.try_send(Rebind(wanted));
        }),
    ]
}

/// How many connections there may be.
pub(super) fn connection_bounds(config: &Config) -> Bounds {
    let bound = |value: i32| usize::try_from(value).unwrap_or(usize::MAX);
    let overrides = config.max_connections_per_ip_overrides().into_iter();
    let per_ip_overrides: HashMap<_, _> =
        overrides.filter_map(|(host, max)| Some((host.parse().ok()?, bound(max)))).collect();
    Bounds {
        max: bound(config.max_connections()),
        per_ip: bound(config.max_connections_per_ip()),
        per_ip_overrides,
        creation_rate: bound(config.max_connection_creation_rate()),
        listeners: config
            .listeners()
            .iter()
            .map(|one| listener_bounds(config, &one.name))
            .collect(),
        request_bytes: usize::try_from(config.queued_max_request_bytes())
            .ok()
            .filter(|max| *max > 0),
    }
}

/// What is said of one listener by its name: `listener.name.<listener>.max.connections` and the rate.
fn listener_bounds(config: &Config, name: &str) -> (String, ListenerBounds) {
    let own = |key: &str| {
        let key = format!("listener.name.{}.{key}", name.to_lowercase());
        let text = config.originals().get(&key)?;
        text.trim().parse::<usize>().ok()
    };
    let bounds = ListenerBounds {
        max: own("max.connections").unwrap_or(usize::MAX),
        creation_rate: own("max.connection.creation.rate").unwrap_or(usize::MAX),
    };
    (name.to_owned(), bounds)
}

fn again<M>(refused: Refused<M>, published: Published) -> Refused<Published> {
    match refused {
        Refused::Full(_) => Refused::Full(published),
        Refused::Down(_) => Refused::Down(published),
    }
}

pub(super) fn partitions_spec(parts: &Parts) -> partition::manager_actor::ManagerSpec {
    partition::manager_actor::ManagerSpec {
        node_id: parts.config.node_id(),
        incarnation_id: parts.incarnation_id,
        config: parts.current.clone(),
        logs: parts.logs.clone(),
        table: parts.table.clone(),
        threads: parts.threads.clone(),
        clock: parts.clock.clone(),
        metrics: parts.context.metrics.clone(),
        mover: parts.mover.clone(),
        placed: parts.assignments.port(),
    }
}

pub(super) fn assignments_spec(parts: &Parts) -> AssignmentsSpec {
    AssignmentsSpec {
        node_id: parts.config.node_id(),
        standing: parts.standing.clone(),
        image: parts.image.clone(),
        channel: channel(parts),
    }
}

pub(super) fn groups_spec(parts: &Parts) -> coordinator::manager_actor::ManagerSpec<GroupMachine> {
    let settings = crate::group::settings::Settings::of(&parts.config);
    let metrics = parts.context.metrics.groups.clone();
    let crowd = Crowd::default();
    coordinator::manager_actor::ManagerSpec {
        node_id: parts.config.node_id(),
        topic: OFFSETS_TOPIC,
        machine: Arc::new(move |image: &Arc<Image>| {
            let randomness = Box::new(|| *Uuid::random().as_bytes());
            GroupMachine::new(settings, image.clone(), randomness)
                .counting(metrics.clone())
                .among(crowd.neighbour())
        }),
        shards: parts.shards.clone(),
        table: parts.table.clone(),
        image: parts.image.clone(),
        threads: parts.threads.clone(),
        clock: parts.clock.clone(),
    }
}

pub(super) fn transactions_spec(
    parts: &Parts,
) -> coordinator::manager_actor::ManagerSpec<TransactionMachine> {
    let settings = crate::transaction::settings::Settings::of(&parts.config);
    coordinator::manager_actor::ManagerSpec {
        node_id: parts.config.node_id(),
        topic: TRANSACTION_TOPIC,
        machine: Arc::new(move |image: &Arc<Image>| TransactionMachine::new(settings, image)),
        shards: parts.context.transactions.clone(),
        table: parts.table.clone(),
        image: parts.image.clone(),
        threads: parts.threads.clone(),
        clock: parts.clock.clone(),
    }
}

pub(super) fn markers_spec(parts: &Parts) -> MarkerSpec {
    let (sink, ids) = (parts.context.clone(), parts.context.clone());
    MarkerSpec {
        shards: parts.context.transactions.clone(),
        image: parts.image.clone(),
        sink: Arc::new(move |leader, request| {
            let context = sink.clone();
            Box::pin(
                async move { api::transactions::send_markers(&context, leader, request).await },
            )
        }),
        producer_ids: Arc::new(move || {
            let context = ids.clone();
            Box::pin(async move { api::transactions::fresh_producer_id(&context).await })
        }),
        metrics: parts.context.metrics.clone(),
    }
}

/// The way to the active controller: in this process, or over the network.
fn channel(parts: &Parts) -> Arc<dyn ControllerChannel> {
    if parts.config.is_controller() {
        let (controller, clock) = (parts.controller.clone(), parts.clock.clone());
        return Arc::new(InProcess(controller::handle_actor::Handle::new(controller, clock)));
    }
    Arc::new(Remote { quorum: parts.quorum.clone(), pool: parts.pool.clone() })
}

/// Connections to other nodes' controller listeners.
pub(super) fn pool(config: &Config) -> Arc<Pool> {
    let timeout_ms = u64::try_from(config.controller_quorum_request_timeout_ms()).unwrap_or(2_000);
    Arc::new(Pool::new(client::Settings {
        client_id: format!("node-{}", config.node_id()),
        connect_timeout_ms: timeout_ms,
        request_timeout_ms: timeout_ms,
        in_flight_max: 16,
        ..client::Settings::default()
    }))
}

/// Connections to other brokers' listeners.
pub(super) fn peers(config: &Config) -> Arc<Pool> {
    let timeout_ms = u64::try_from(config.request_timeout_ms()).unwrap_or(30_000);
    Arc::new(Pool::new(client::Settings {
        client_id: format!("broker-{}", config.node_id()),
        connect_timeout_ms: timeout_ms.min(PEER_CONNECT_MS),
        request_timeout_ms: timeout_ms,
        in_flight_max: 64,
        ..client::Settings::default()
    }))
}

pub(super) fn registrar_spec(parts: &Parts) -> RegistrarSpec {
    use crate::wire::messages::controller_registration::{
        ControllerRegistrationRequest, Feature, Listener,
    };
    let listeners = with_ports(parts, parts.config.advertised_controller_listeners());
    let listener = |(name, host, port, security_protocol)| Listener {
        name,
        host,
        port,
        security_protocol,
        ..Default::default()
    };
    let feature = |(name, range): (&str, VersionRange)| Feature {
        name: name.to_owned(),
        min_supported_version: range.min,
        max_supported_version: range.max,
        ..Default::default()
    };
    RegistrarSpec {
        registration: ControllerRegistrationRequest {
            controller_id: parts.config.node_id(),
            incarnation_id: parts.incarnation_id,
            zk_migration_ready: false,
            listeners: listeners.map(listener).collect(),
            features: supported().map(feature).collect(),
            ..Default::default()
        },
        channel: channel(parts),
        clock: parts.clock.clone(),
    }
}

/// The features that this build has at any level.
fn supported() -> impl Iterator<Item = (&'static str, VersionRange)> {
    features::SUPPORTED.iter().copied().filter(|(_, range)| range.max > 0)
}

pub(super) fn lifecycle_spec(parts: &Parts) -> LifecycleSpec {
    let config = &parts.config;
    let previous = parts.logs.dirs().iter().filter_map(|dir| dir.previous_broker_epoch()).max();
    LifecycleSpec {
        node_id: config.node_id(),
        settings: LifecycleSettings {
            heartbeat_interval_ms: Millis::from(config.broker_heartbeat_interval_ms()),
            session_timeout_ms: Millis::from(config.broker_session_timeout_ms()),
            registration_timeout_ms: Millis::from(config.initial_broker_registration_timeout_ms()),
        },
        previous_epoch: previous,
        registration: registration(parts),
        channel: channel(parts),
        standing: parts.standing.clone(),
        failed_dirs: Arc::new({
            let logs = parts.logs.clone();
            move || super::directories::failed(&logs)
        }),
        clock: parts.clock.clone(),
    }
}

fn registration(parts: &Parts) -> BrokerRegistrationRequest {
    // A cluster that Apache Kafka has taken to a level whose machinery is not here yet is served all the same: clients
    // go by the APIs that are offered. The level is neither offered nor given to a new cluster.
    let bearable = |name: &str, max: i16| {
        features::Feature::find(name).map_or(max, |known| known.latest().max(max))
    };
    let feature = |&(name, range): &(&str, VersionRange)| Feature {
        name: name.to_owned(),
        min_supported_version: range.min,
        max_supported_version: bearable(name, range.max),
        ..Default::default()
    };
    BrokerRegistrationRequest {
        broker_id: parts.config.node_id(),
        cluster_id: parts.cluster_id.clone(),
        incarnation_id: parts.incarnation_id,
        listeners: advertised(parts),
        features: features::SUPPORTED.iter().map(feature).collect(),
        rack: parts.config.broker_rack().map(str::to_owned),
        log_dirs: parts.directory_ids.clone(),
        ..Default::default()
    }
}

/// What clients are told to connect to.
fn advertised(parts: &Parts) -> Vec<Listener> {
    let listener = |(name, host, port, security_protocol)| Listener {
        name,
        host,
        port,
        security_protocol,
        ..Default::default()
    };
    with_ports(parts, parts.config.advertised_broker_listeners()).map(listener).collect()
}

/// Name, host, port and protocol of listeners; a port of 0 becomes the one that was bound.
fn with_ports<'a>(
    parts: &'a Parts,
    listeners: impl Iterator<Item = &'a crate::config::Listener> + 'a,
) -> impl Iterator<Item = (String, String, u16, i16)> + 'a {
    listeners.map(|advertised| {
        let bound = parts.bound.iter().find(|bound| bound.listener.name == advertised.name);
        let port = match (advertised.port, bound) {
            (0, Some(bound)) => bound.address.port(),
            (port, _) => port,
        };
        let host = if advertised.host.is_empty() { host_name() } else { advertised.host.clone() };
        (advertised.name.clone(), host, port, advertised.security_protocol.id())
    })
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// When a listener begins to accept: brokers' when the broker is unfenced, so that no client meets half a node.
pub(super) fn opened(parts: &Parts, kind: ListenerKind) -> watch::Receiver<bool> {
    let (open, opened) = watch::channel(kind == ListenerKind::Controller);
    let mut standing = parts.standing.subscribe();
    actix_rt::spawn(async move {
        // The sender lives as long as the node's parts.
        if standing.wait_for(|(state, _)| *state == State::Running).await.is_ok() {
            open.send_replace(true);
            open.closed().await;
        }
    });
    opened
}

impl Parts {
    /// The id of the directory that the metadata log lies in.
    fn metadata_directory_id(&self) -> Uuid {
        let dir = self.config.metadata_log_dir();
        let found = self.logs.dirs().iter().find(|known| known.path() == dir);
        found.and_then(|dir| dir.properties()?.directory_id).unwrap_or(Uuid::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_heartbeats_wait_is_a_number_within_bounds() {
        let wait = |given: &[(&str, &str)]| heartbeat_wait_max(&Config::combined(given.to_vec()));
        let key = "group.classic.heartbeat.wait.max.ms";
        assert_eq!(wait(&[]).expect("the default"), HEARTBEAT_WAIT_MAX);
        assert_eq!(wait(&[(key, " 0")]).expect("none"), Duration::ZERO);
        for wrong in ["2501", "-1", "soon"] {
            let error = wait(&[(key, wrong)]).expect_err("no such time").to_string();
            assert_eq!(error, format!("{key}: {wrong} is not a number from 0 to 2500"));
        }
    }
}
