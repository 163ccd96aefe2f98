//! Registered brokers and controllers. Never their heartbeats, which are the controller's own business.
//!
//! What is here is what records say: whether a broker is fenced, not when it was last heard of. Brokers that are gone
//! stay registered until somebody unregisters them.

use std::sync::Arc;

use imbl::OrdMap;

use crate::types::{NodeId, Uuid};

/// Where a node listens.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Endpoint {
    /// The listener's name, in upper case.
    pub name: String,
    /// The host that clients are told.
    pub host: String,
    /// The port that clients are told.
    pub port: u16,
    /// The security protocol's number: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL.
    pub security_protocol: i16,
}

/// The levels of a feature that a node has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VersionRange {
    /// The lowest.
    pub min: i16,
    /// The highest.
    pub max: i16,
}

impl VersionRange {
    /// Whether `level` is among them. Level 0 always is: it means that the feature is off.
    pub const fn contains(self, level: i16) -> bool {
        level == 0 || (self.min <= level && level <= self.max)
    }
}

/// The features that a node has, in the order in which it named them: a snapshot says what the log says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SupportedFeatures(Vec<(String, VersionRange)>);

impl SupportedFeatures {
    /// The levels of the feature `name` that the node has.
    pub fn get(&self, name: &str) -> Option<&VersionRange> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, range)| range)
    }

    /// Every feature with its levels.
    pub fn iter(&self) -> impl Iterator<Item = (&str, VersionRange)> {
        self.0.iter().map(|(name, range)| (name.as_str(), *range))
    }
}

impl FromIterator<(String, VersionRange)> for SupportedFeatures {
    fn from_iter<I: IntoIterator<Item = (String, VersionRange)>>(features: I) -> Self {
        Self(features.into_iter().collect())
    }
}

/// One registered broker.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BrokerRegistration {
    /// Its node id.
    pub id: NodeId,
    /// The offset of its registration record: tells one life of a broker from the next.
    pub epoch: i64,
    /// Random in each life of the process.
    pub incarnation_id: Uuid,
    /// Where it listens.
    pub listeners: Vec<Endpoint>,
    /// The features it has, by name.
    pub supported_features: SupportedFeatures,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// Whether it may not lead nor be in sync: just started, or silent for too long.
    pub fenced: bool,
    /// Whether it is handing over its leaderships in order to stop.
    pub in_controlled_shutdown: bool,
    /// Whether the record says that it comes from ZooKeeper times; kept only to be written back.
    pub is_migrating_zk_broker: bool,
    /// Its log directories, sorted.
    pub log_dirs: Vec<Uuid>,
    /// The log directories that take no new replicas, sorted (KIP-1066); none where the broker does not know of them.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl BrokerRegistration {
    /// Where it listens under the name `listener`.
    pub fn endpoint(&self, listener: &str) -> Option<&Endpoint> {
        self.listeners.iter().find(|endpoint| endpoint.name == listener)
    }

    /// Whether it may lead: neither fenced nor stopping.
    pub const fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }

    /// Whether `directory` is one of its own that works. A broker that names none is trusted.
    pub fn has_online_dir(&self, directory: Uuid) -> bool {
        use super::topics::{DIRECTORY_LOST, DIRECTORY_MIGRATING, DIRECTORY_UNASSIGNED};
        match directory {
            DIRECTORY_MIGRATING | DIRECTORY_UNASSIGNED => true,
            DIRECTORY_LOST => false,
            _ => self.log_dirs.is_empty() || self.log_dirs.binary_search(&directory).is_ok(),
        }
    }
}

/// One registered controller.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ControllerRegistration {
    /// Its node id.
    pub id: NodeId,
    /// Random in each life of the process.
    pub incarnation_id: Uuid,
    /// Whether it is ready for a migration from ZooKeeper; kept only to be written back.
    pub zk_migration_ready: bool,
    /// Where it listens.
    pub listeners: Vec<Endpoint>,
    /// The features it has, by name.
    pub supported_features: SupportedFeatures,
}

impl ControllerRegistration {
    /// Where it listens under the name `listener`.
    pub fn endpoint(&self, listener: &str) -> Option<&Endpoint> {
        self.listeners.iter().find(|endpoint| endpoint.name == listener)
    }
}

/// Every registered node, by id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClusterImage {
    /// The brokers.
    pub brokers: OrdMap<NodeId, Arc<BrokerRegistration>>,
    /// The controllers.
    pub controllers: OrdMap<NodeId, Arc<ControllerRegistration>>,
}

impl ClusterImage {
    /// The broker `id`.
    pub fn broker(&self, id: NodeId) -> Option<&Arc<BrokerRegistration>> {
        self.brokers.get(&id)
    }

    /// Where the broker `id` listens under the name `listener`.
    pub fn endpoint(&self, id: NodeId, listener: &str) -> Option<&Endpoint> {
        self.brokers.get(&id)?.endpoint(listener)
    }

    /// Whether the broker `id` is registered and not fenced.
    pub fn is_alive(&self, id: NodeId) -> bool {
        self.brokers.get(&id).is_some_and(|broker| !broker.fenced)
    }

    /// Whether the broker `id` is registered, not fenced and not stopping.
    pub fn is_active(&self, id: NodeId) -> bool {
        self.brokers.get(&id).is_some_and(|broker| broker.is_active())
    }

    /// The brokers that are not fenced, lowest id first.
    pub fn alive_brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.brokers.values().filter(|broker| !broker.fenced)
    }
}
