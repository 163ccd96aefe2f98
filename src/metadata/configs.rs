//! Dynamic configuration by resource, as text. Never a default and never a check of a value: `config` has both.
//!
//! Kinds are numbers, and unknown ones are kept: a record of a later Kafka must survive a snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;

/// The kind of a resource that has configuration of its own, by the number that records and requests carry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ResourceType(pub i8);

impl ResourceType {
    /// A topic, by name.
    pub const TOPIC: Self = Self(2);
    /// A broker, by id; the empty name is the default of all brokers.
    pub const BROKER: Self = Self(4);
    /// A broker's loggers; never in the metadata log.
    pub const BROKER_LOGGER: Self = Self(8);
    /// A subscription to client metrics, by name.
    pub const CLIENT_METRICS: Self = Self(16);
    /// A group, by id.
    pub const GROUP: Self = Self(32);

    /// The name in messages of the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TOPIC => "TOPIC",
            Self::BROKER => "BROKER",
            Self::BROKER_LOGGER => "BROKER_LOGGER",
            Self::CLIENT_METRICS => "CLIENT_METRICS",
            Self::GROUP => "GROUP",
            _ => "UNKNOWN",
        }
    }
}

/// Something that has configuration of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConfigResource {
    /// What it is.
    pub kind: ResourceType,
    /// What it is called.
    pub name: String,
}

impl ConfigResource {
    /// The resource `name` of the kind `kind`.
    pub fn new(kind: ResourceType, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

/// The settings of one resource, by key.
pub type ConfigMap = BTreeMap<String, String>;

/// The settings of every resource that has any.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConfigsImage {
    kinds: OrdMap<ResourceType, OrdMap<Arc<str>, Arc<ConfigMap>>>,
}

impl ConfigsImage {
    /// The settings of the resource `name` of the kind `kind`; none if it has none.
    pub fn get(&self, kind: ResourceType, name: &str) -> Option<&Arc<ConfigMap>> {
        self.kinds.get(&kind)?.get(name)
    }

    /// One setting.
    pub fn value(&self, kind: ResourceType, name: &str, key: &str) -> Option<&str> {
        self.get(kind, name)?.get(key).map(String::as_str)
    }

    /// The settings of the topic `name`; none if it has none.
    pub fn topic(&self, name: &str) -> Option<&Arc<ConfigMap>> {
        self.get(ResourceType::TOPIC, name)
    }

    /// The resources of the kind `kind` that have settings, in the order of names.
    pub fn of_kind(
        &self,
        kind: ResourceType,
    ) -> impl Iterator<Item = (&Arc<str>, &Arc<ConfigMap>)> {
        self.kinds.get(&kind).into_iter().flat_map(OrdMap::iter)
    }

    /// Every resource that has settings, by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = (ResourceType, &Arc<str>, &Arc<ConfigMap>)> {
        self.kinds
            .iter()
            .flat_map(|(&kind, names)| names.iter().map(move |(name, map)| (kind, name, map)))
    }

    /// Sets `key`, or with no value takes it away.
    pub(crate) fn set(&mut self, kind: ResourceType, name: &str, key: &str, value: Option<&str>) {
        match value {
            Some(value) => {
                let names = self.kinds.entry(kind).or_default();
                match names.get_mut(name) {
                    Some(map) => {
                        Arc::make_mut(map).insert(key.to_owned(), value.to_owned());
                    }
                    None => {
                        let map = ConfigMap::from([(key.to_owned(), value.to_owned())]);
                        names.insert(name.into(), Arc::new(map));
                    }
                }
            }
            None => self.unset(kind, name, key),
        }
    }

    fn unset(&mut self, kind: ResourceType, name: &str, key: &str) {
        let Some(map) = self.kinds.get_mut(&kind).and_then(|names| names.get_mut(name)) else {
            return;
        };
        Arc::make_mut(map).remove(key);
        if map.is_empty() {
            self.remove(kind, name);
        }
    }

    /// Takes every setting of a resource away; whether it had any.
    pub(crate) fn remove(&mut self, kind: ResourceType, name: &str) -> bool {
        let Some(names) = self.kinds.get_mut(&kind) else { return false };
        let removed = names.remove(name).is_some();
        if names.is_empty() {
            self.kinds.remove(&kind);
        }
        removed
    }
}
