//! One node's configuration, checked: what its file says, what was changed while it ran, and what follows from both.
//!
//! A `Config` never changes: another one is made when a dynamic setting arrives.
//!
//! Which value of a key holds, from the weakest: the table's default; the file and its like (`originals`); what was set
//! for all brokers; what was set for this one. A synonym that is set on a higher level takes the place of all that are
//! set below: `log.retention.ms` set for the broker is not outdone by `log.retention.minutes` in its file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::check;
use super::keys::{self, BROKER, Fallback, Key, UpdateMode};
use super::listener::{
    Listener, SecurityProtocol, Voter, parse_listeners, parse_protocol_map, parse_servers,
    parse_voters,
};
use super::value::{self, Value};
use crate::error::Error;
use crate::types::NodeId;

/// What `process.roles` makes of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// It holds partitions and answers clients.
    pub broker: bool,
    /// It is a member of the metadata quorum.
    pub controller: bool,
}

/// Settings made while nodes run: for all brokers, and for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// What holds for every broker (the broker resource with an empty name).
    pub default: BTreeMap<String, String>,
    /// What holds for this broker.
    pub broker: BTreeMap<String, String>,
}

impl Overlay {
    /// What the cluster's metadata holds for all brokers and for this one.
    pub fn new(
        default: Option<&BTreeMap<String, String>>,
        broker: Option<&BTreeMap<String, String>>,
    ) -> Self {
        Self {
            default: default.cloned().unwrap_or_default(),
            broker: broker.cloned().unwrap_or_default(),
        }
    }
}

/// One node's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file and its like, unknown keys too.
    originals: BTreeMap<String, String>,
    /// The dynamic settings as they are stored.
    given: Overlay,
    overlay: Overlay,
    /// What holds, by the place of the key in the table: an accessor is an index, not a look-up.
    values: Vec<Option<Value>>,
    /// From here on, what follows from the values.
    roles: Roles,
    listeners: Vec<Listener>,
    advertised_listeners: Vec<Listener>,
    /// By the listener's name in capitals.
    protocols: BTreeMap<String, SecurityProtocol>,
    voters: Vec<Voter>,
    bootstrap_servers: Vec<(String, u16)>,
    /// For the operator, at the start or the change.
    warnings: Vec<String>,
}

impl Config {
    /// A checked configuration of these settings, as a file would give them. The error says what to put right.
    pub fn from_map<K, V>(settings: impl IntoIterator<Item = (K, V)>) -> Result<Self, Error>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let originals =
            settings.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self::build(originals, Overlay::default()).map_err(Error::Config)
    }

    fn build(mut originals: BTreeMap<String, String>, overlay: Overlay) -> Result<Self, String> {
        tie_node_id(&mut originals);
        let mut warnings = check::unknown_keys(&originals);
        let given = overlay.clone();
        let overlay = usable(&originals, overlay, &mut warnings);
        let values = parse_all(&effective(&originals, &overlay))?;
        let mut config = Self {
            originals,
            given,
            overlay,
            values,
            roles: Roles { broker: false, controller: false },
            listeners: Vec::new(),
            advertised_listeners: Vec::new(),
            protocols: BTreeMap::new(),
            voters: Vec::new(),
            bootstrap_servers: Vec::new(),
            warnings,
        };
        config.derive()?;
        check::check(&config)?;
        config.warnings.extend(check::dubious(&config));
        Ok(config)
    }

    /// This configuration with more to tell the operator.
    pub(super) fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    fn derive(&mut self) -> Result<(), String> {
        let has = |role: &str| self.process_roles().iter().any(|name| name == role);
        self.roles = Roles { broker: has("broker"), controller: has("controller") };
        self.voters = parse_voters(self.controller_quorum_voters_list())?;
        let servers = self.controller_quorum_bootstrap_servers_list();
        self.bootstrap_servers = parse_servers("controller.quorum.bootstrap.servers", servers)?;
        self.protocols = self.protocol_map()?;
        self.listeners = parse_listeners(self.listeners_list(), &self.protocols, true)?;
        self.advertised_listeners = match self.advertised_listeners_list() {
            Some(entries) => parse_listeners(entries, &self.protocols, false)?,
            None => self.listeners.clone(),
        };
        Ok(())
    }

    /// Unless the map was written down, controllers' listeners speak plain text where nothing secure is in sight.
    fn protocol_map(&self) -> Result<BTreeMap<String, SecurityProtocol>, String> {
        let mut map = parse_protocol_map(self.listener_security_protocol_map_text())?;
        let is_secure = |name: &str| matches!(name, "SSL" | "SASL_SSL" | "SASL_PLAINTEXT");
        let first_part =
            |entry: &String| entry.split(':').next().unwrap_or_default().to_uppercase();
        let secure = self.controller_listener_names().iter().any(|name| is_secure(name))
            || self.listeners_list().iter().any(|entry| is_secure(&first_part(entry)));
        if !secure && !self.originals.contains_key("listener.security.protocol.map") {
            for name in self.controller_listener_names() {
                map.entry(name.to_uppercase()).or_insert(SecurityProtocol::Plaintext);
            }
        }
        Ok(map)
    }

    /// This configuration with other dynamic settings. What Kafka would not take of them is left out and told in
    /// [`warnings`](Self::warnings).
    pub fn with_overlay(&self, overlay: Overlay) -> Self {
        match self.try_with_overlay(overlay.clone()) {
            Ok(config) => config,
            Err(problem) => {
                let mut same = self.clone();
                same.given = overlay;
                same.warnings = vec![format!("dynamic settings are left as they were: {problem}")];
                same
            }
        }
    }

    /// This configuration with other dynamic settings, or why they do not go together.
    pub fn try_with_overlay(&self, overlay: Overlay) -> Result<Self, String> {
        Self::build(self.originals.clone(), overlay)
    }

    /// The value of a broker's key, parsed; none when it has none, or Kafka does not know the key.
    pub fn value(&self, name: &str) -> Option<&Value> {
        keys::position(BROKER, name).and_then(|at| self.value_at(at))
    }

    /// The value of any key as text: known ones as Kafka shows them, others as they were written.
    pub fn get(&self, name: &str) -> Option<String> {
        match keys::position(BROKER, name) {
            Some(at) => self.value_at(at).map(Value::to_string),
            None => [&self.overlay.broker, &self.overlay.default, &self.originals]
                .into_iter()
                .find_map(|settings| settings.get(name).cloned()),
        }
    }

    pub(super) fn value_at(&self, at: usize) -> Option<&Value> {
        self.values.get(at).and_then(Option::as_ref)
    }

    /// What the file and its like said, `node.id` and `broker.id` filling in for each other.
    pub fn originals(&self) -> &BTreeMap<String, String> {
        &self.originals
    }

    /// What was set while the node ran, as it was given.
    pub fn overlay_given(&self) -> &Overlay {
        &self.given
    }

    /// The part of [`overlay_given`](Self::overlay_given) that holds: what may not be set, or not so, is left out.
    pub(super) fn overlay_in_force(&self) -> &Overlay {
        &self.overlay
    }

    /// What an operator should be told once: unknown or removed keys, settings that do nothing here.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What this node is.
    pub fn roles(&self) -> Roles {
        self.roles
    }

    /// Whether this node is a broker.
    pub fn is_broker(&self) -> bool {
        self.roles.broker
    }

    /// Whether this node is a controller.
    pub fn is_controller(&self) -> bool {
        self.roles.controller
    }

    /// Every listener of this node.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// The listeners that clients and brokers reach.
    pub fn broker_listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter().filter(|listener| !self.is_controller_listener(&listener.name))
    }

    /// The listeners that the quorum speaks over.
    pub fn controller_listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter().filter(|listener| self.is_controller_listener(&listener.name))
    }

    /// Whether a listener is one of `controller.listener.names`.
    pub fn is_controller_listener(&self, name: &str) -> bool {
        self.controller_listener_names()
            .iter()
            .any(|controller| controller.eq_ignore_ascii_case(name))
    }

    /// Where a broker tells clients to connect: `advertised.listeners`, or `listeners`. Port 0 stands for whatever port
    /// the listener got, an empty host for the machine's own name.
    pub fn advertised_broker_listeners(&self) -> impl Iterator<Item = &Listener> {
        self.advertised_listeners
            .iter()
            .filter(|listener| !self.is_controller_listener(&listener.name))
    }

    /// Where a controller is reached: as advertised, or as it listens; in the order of `controller.listener.names`.
    pub fn advertised_controller_listeners(&self) -> impl Iterator<Item = &Listener> {
        self.controller_listener_names().iter().filter_map(|name| {
            let mut all = self.advertised_listeners.iter().chain(&self.listeners);
            all.find(|listener| listener.name.eq_ignore_ascii_case(name))
        })
    }

    pub(super) fn advertised_listeners(&self) -> &[Listener] {
        &self.advertised_listeners
    }

    /// The listener that brokers use among themselves: its name, in capitals.
    pub fn inter_broker_listener_name(&self) -> String {
        let by_protocol = || self.security_inter_broker_protocol().to_uppercase();
        self.inter_broker_listener_name_text().map_or_else(by_protocol, str::to_uppercase)
    }

    /// What a listener of that name speaks; none for a name that the map does not hold.
    pub fn security_protocol(&self, listener: &str) -> Option<SecurityProtocol> {
        self.protocols.get(&listener.to_uppercase()).copied()
    }

    /// The first of `controller.listener.names`: how this node reaches controllers.
    pub fn controller_listener_name(&self) -> String {
        self.controller_listener_names().first().map(|name| name.to_uppercase()).unwrap_or_default()
    }

    /// A quorum that is written down (KRaft version 0); empty for a dynamic one.
    pub fn controller_quorum_voters(&self) -> &[Voter] {
        &self.voters
    }

    /// Where to look for the controllers of a dynamic quorum.
    pub fn controller_quorum_bootstrap_servers(&self) -> &[(String, u16)] {
        &self.bootstrap_servers
    }

    /// This node's id.
    pub fn node_id(&self) -> NodeId {
        self.node_id_value()
    }

    /// The directories of partitions: `log.dirs`, or `log.dir`.
    pub fn log_dirs(&self) -> Vec<PathBuf> {
        self.log_dirs_list().unwrap_or(self.log_dir_list()).iter().map(PathBuf::from).collect()
    }

    /// The directory of the metadata log: `metadata.log.dir`, or the first of [`log_dirs`](Self::log_dirs).
    pub fn metadata_log_dir(&self) -> PathBuf {
        match self.metadata_log_dir_text() {
            Some(directory) => PathBuf::from(directory),
            None => self.log_dirs().into_iter().next().unwrap_or_default(),
        }
    }

    /// `max.connections.per.ip.overrides`: hosts and their own limits.
    pub fn max_connections_per_ip_overrides(&self) -> Vec<(String, i32)> {
        let entries = value::parse_list(self.max_connections_per_ip_overrides_text());
        let parse = |entry: &String| {
            let (host, limit) = entry.rsplit_once(':')?;
            Some((host.trim().to_string(), limit.trim().parse().ok()?))
        };
        entries.iter().filter_map(parse).collect()
    }

    /// How long to keep records: the finest of `log.retention.{ms,minutes,hours}`; -1 for ever.
    pub fn log_retention_ms(&self) -> i64 {
        let coarser = || self.log_retention_minutes().map(|minutes| i64::from(minutes) * 60_000);
        let hours = || i64::from(self.log_retention_hours()) * 3_600_000;
        self.log_retention_ms_value().or_else(coarser).unwrap_or_else(hours).max(-1)
    }
}

/// Each of `node.id` and `broker.id` fills in for the other.
fn tie_node_id(originals: &mut BTreeMap<String, String>) {
    for (from, to) in [("node.id", "broker.id"), ("broker.id", "node.id")] {
        if let Some(id) = originals.get(from).cloned() {
            originals.entry(to.to_string()).or_insert(id);
        }
    }
}

/// The dynamic settings that may hold, with a line for each that may not. Kafka's brokers skip the others too.
fn usable(
    originals: &BTreeMap<String, String>,
    overlay: Overlay,
    warnings: &mut Vec<String>,
) -> Overlay {
    let mut keep = |settings: BTreeMap<String, String>, for_one: bool| {
        let usable = |(name, text): &(String, String)| {
            let base = keys::listener_key(name).unwrap_or(name);
            let Some(key) = keys::find(BROKER, base) else { return true };
            let problem = match key.mode {
                UpdateMode::ReadOnly => Some("it may not change while a node runs".to_string()),
                UpdateMode::PerBroker if !for_one => {
                    Some("it is a setting of one broker".to_string())
                }
                _ => value::parse(key, text).err(),
            };
            if let Some(problem) = &problem {
                warnings.push(format!("the dynamic setting {name} is passed over: {problem}"));
            }
            problem.is_none()
        };
        settings.into_iter().filter(usable).collect::<BTreeMap<_, _>>()
    };
    let mut overlay =
        Overlay { default: keep(overlay.default, false), broker: keep(overlay.broker, true) };
    if originals.contains_key("node.id") {
        overlay.broker.remove("node.id");
    }
    overlay
}

/// File, then settings for all brokers, then for this one; a setting takes the place of all its synonyms.
fn effective(originals: &BTreeMap<String, String>, overlay: &Overlay) -> BTreeMap<String, String> {
    let mut settings = originals.clone();
    for (name, text) in overlay.default.iter().chain(&overlay.broker) {
        for synonym in keys::broker_synonyms(name, false) {
            settings.remove(&synonym);
        }
        settings.insert(name.clone(), text.clone());
    }
    settings
}

fn parse_all(settings: &BTreeMap<String, String>) -> Result<Vec<Option<Value>>, String> {
    let parse = |key: &Key| match (settings.get(key.name), key.default) {
        (Some(text), _) => value::parse(key, text).map(Some),
        (None, Fallback::Value(text)) => value::parse(key, text).map(Some),
        (None, Fallback::Null) => Ok(None),
        (None, Fallback::Required) => Err(format!(
            "Missing required configuration \"{}\" which has no default value.",
            key.name
        )),
    };
    // The first mistake is told, and which is the first Kafka's order of definition says.
    let mut values = vec![None; BROKER.len()];
    for &at in keys::definition_order() {
        if let (Some(key), Some(value)) = (BROKER.get(at), values.get_mut(at)) {
            *value = parse(key)?;
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, text)| ((*name).to_string(), (*text).to_string())).collect()
    }

    #[test]
    fn dynamic_settings_lie_over_the_file_and_what_cannot_hold_is_passed_over() {
        let config = Config::combined([("log.retention.hours", "1")]);
        assert_eq!((config.log_retention_ms(), config.num_io_threads()), (3_600_000, 8));
        let overlay = Overlay {
            default: settings(&[
                ("log.retention.ms", "5"),
                ("listeners", "X://:1"),
                ("num.io.threads", "2"),
            ]),
            broker: settings(&[
                ("num.io.threads", "3"),
                ("log.dirs", "/x"),
                ("num.network.threads", "x"),
            ]),
        };
        let changed = config.with_overlay(overlay.clone());
        assert_eq!((changed.log_retention_ms(), changed.num_io_threads()), (5, 3));
        assert_eq!(changed.log_dirs(), config.log_dirs());
        assert_eq!((changed.warnings().len(), changed.overlay_given()), (3, &overlay));
        // Settings that do not go together leave everything as it was.
        let broken =
            Overlay { default: settings(&[("log.retention.ms", "0")]), ..Overlay::default() };
        let same = changed.with_overlay(broken.clone());
        assert_eq!((same.log_retention_ms(), same.overlay_given()), (5, &broken));
        assert_eq!(same.warnings().len(), 1);
    }
}
