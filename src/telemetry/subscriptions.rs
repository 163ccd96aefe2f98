//! Who shall push which metrics: the client metrics resources of the cluster, and which of them match a client.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use crc_fast::{CrcAlgorithm, checksum};
use regex::Regex;

use super::Subscription;
use crate::config::parse_list;
use crate::metadata::configs::{ConfigMap, ConfigsImage, ResourceType};
use crate::types::Uuid;

/// How often clients push where nothing is said of it.
const INTERVAL_MS: i32 = 300_000;
/// What stands for all metrics.
const ALL: &str = "*";

/// A client, as subscriptions see it.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The id that it was given.
    pub instance: Uuid,
    /// What it calls itself.
    pub client_id: &'a str,
    /// Its software's name and version.
    pub software: (&'a str, &'a str),
    /// Where it is, as Java writes it, and its port.
    pub host: &'a str,
    /// The peer.
    pub peer: SocketAddr,
}

impl Client<'_> {
    fn attribute(&self, name: &str) -> String {
        match name {
            "client_instance_id" => self.instance.to_string(),
            "client_id" => self.client_id.to_owned(),
            "client_software_name" => self.software.0.to_owned(),
            "client_software_version" => self.software.1.to_owned(),
            "client_source_address" => self.host.to_owned(),
            _ => self.peer.port().to_string(),
        }
    }
}

#[derive(Debug)]
struct Resource {
    /// As the metadata has them: the same pointer means that nothing has changed.
    settings: Arc<ConfigMap>,
    metrics: Vec<String>,
    interval_ms: i32,
    /// All must match; with none, every client does.
    patterns: Vec<(String, Regex)>,
}

impl Resource {
    fn new(settings: &Arc<ConfigMap>) -> Self {
        let text = |key: &str| settings.get(key).map_or("", String::as_str);
        let pattern = |entry: String| {
            let (attribute, pattern) = entry.split_once('=')?;
            let pattern = Regex::new(&format!("^(?:{})$", pattern.trim())).ok()?;
            Some((attribute.trim().to_owned(), pattern))
        };
        Self {
            metrics: parse_list(text("metrics")),
            interval_ms: text("interval.ms").parse().unwrap_or(INTERVAL_MS),
            patterns: parse_list(text("match")).into_iter().filter_map(pattern).collect(),
            settings: settings.clone(),
        }
    }

    fn matches(&self, client: &Client<'_>) -> bool {
        self.patterns.iter().all(|(name, pattern)| pattern.is_match(&client.attribute(name)))
    }
}

/// The subscriptions of the cluster.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    resources: Vec<Resource>,
    version: u64,
}

impl Subscriptions {
    /// Takes the metadata of the moment in.
    pub(super) fn follow(&mut self, configs: &ConfigsImage) {
        let now = || configs.of_kind(ResourceType::CLIENT_METRICS).map(|(_, settings)| settings);
        let known = self.resources.iter().map(|resource| &resource.settings);
        if now().count() == self.resources.len()
            && now().zip(known).all(|(new, known)| Arc::ptr_eq(new, known))
        {
            return;
        }
        self.resources = now().map(Resource::new).collect();
        self.version += 1;
    }

    /// Counts the changes.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// What a client shall push: all that any subscription asks of it, as often as the most eager wants.
    pub(super) fn of(&self, client: &Client<'_>) -> Subscription {
        let mut metrics = BTreeSet::new();
        let mut interval_ms = INTERVAL_MS;
        for resource in self.resources.iter().filter(|resource| resource.matches(client)) {
            metrics.extend(resource.metrics.iter().cloned());
            interval_ms = interval_ms.min(resource.interval_ms);
        }
        if metrics.contains(ALL) {
            metrics.retain(|prefix| prefix == ALL);
        }
        let metrics: Vec<String> = metrics.into_iter().collect();
        let text = format!("[{}]{interval_ms}", metrics.join(", "));
        let id =
            checksum(CrcAlgorithm::Crc32Iscsi, text.as_bytes()) as u32 ^ folded(client.instance);
        Subscription { id: id.cast_signed(), metrics, interval_ms }
    }
}

/// The id of an instance in 32 bits.
fn folded(instance: Uuid) -> u32 {
    let words = instance.as_bytes().chunks_exact(4);
    let number = |word: &[u8]| word.iter().fold(0, |all, byte| all << 8 | u32::from(*byte));
    words.map(number).fold(0, |all, word| all ^ word)
}
