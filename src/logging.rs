//! Log levels under Kafka's names for its loggers, and what they mean for the modules of this program (KIP-412).
//!
//! Knows names and levels; what writes the log is handed over by whoever starts it. Decides nothing by a level.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// The logger whose level holds where no other is set.
pub const ROOT: &str = "root";

/// Kafka's loggers that stand for something here, and for what: modules, or targets that have Kafka's name.
const LOGGERS: [(&str, &[&str]); 20] = [
    ("kafka.authorizer.logger", &["kafka.authorizer.logger", "security", "api::authorize"]),
    ("kafka.cluster.Partition", &["partition::actor"]),
    ("kafka.log.LogManager", &["log::manager"]),
    ("kafka.network.SocketServer", &["net"]),
    ("kafka.server.BrokerServer", &["node"]),
    ("kafka.server.DynamicBrokerConfig", &["broker::settings"]),
    ("kafka.server.KafkaApis", &["api"]),
    ("kafka.server.ReplicaManager", &["partition"]),
    ("kafka.server.metadata.BrokerMetadataPublisher", &["broker::publisher_actor"]),
    ("org.apache.kafka.clients.NetworkClient", &["client", "broker::channel"]),
    ("org.apache.kafka.common.metrics.Metrics", &["metrics"]),
    ("org.apache.kafka.controller.QuorumController", &["controller"]),
    ("org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime", &["coordinator"]),
    ("org.apache.kafka.coordinator.group.GroupMetadataManager", &["group"]),
    ("org.apache.kafka.coordinator.transaction.RPCProducerIdManager", &["api::producer_ids"]),
    ("org.apache.kafka.image.loader.MetadataLoader", &["metadata"]),
    ("org.apache.kafka.raft.KafkaRaftClient", &["raft"]),
    ("org.apache.kafka.server.BrokerLifecycleManager", &["broker::lifecycle_actor"]),
    ("org.apache.kafka.storage.internals.log.LogLoader", &["log::recovery"]),
    ("org.apache.kafka.storage.internals.log.UnifiedLog", &["log"]),
];

/// Kafka's levels, and how the writer of the log calls them. Nothing here is fatal, so that level is silence.
const LEVELS: [(&str, &str); 6] = [
    ("DEBUG", "debug"),
    ("ERROR", "error"),
    ("FATAL", "off"),
    ("INFO", "info"),
    ("TRACE", "trace"),
    ("WARN", "warn"),
];

type Apply = Box<dyn Fn(&str) + Send + Sync>;

/// What is set, and who must hear of a change: there is one log in a process.
struct Log {
    levels: Levels,
    apply: Option<Apply>,
}

static LOG: Mutex<Log> = Mutex::new(Log { levels: Levels::new(), apply: None });

/// Notes that the log begins with the directives `base` (as `RUST_LOG` has them), and that `apply` puts others in
/// their place.
pub fn start(base: &str, apply: impl Fn(&str) + Send + Sync + 'static) {
    let mut log = LOG.lock();
    log.levels = Levels { base: base.to_owned(), ..Levels::new() };
    log.apply = Some(Box::new(apply));
}

/// Every logger with the level that holds for it.
pub fn levels() -> BTreeMap<String, String> {
    LOG.lock().levels.shown()
}

/// Sets the levels of loggers, or where none is given, takes them away. What is unknown is left out.
pub fn change<'a>(changes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) {
    let mut log = LOG.lock();
    for (logger, level) in changes {
        log.levels.set(logger, level);
    }
    if let Some(apply) = &log.apply {
        apply(&log.levels.directives());
    }
}

/// What is set. Pure.
struct Levels {
    /// What the process was started with.
    base: String,
    set: BTreeMap<&'static str, &'static str>,
}

impl Levels {
    const fn new() -> Self {
        Self { base: String::new(), set: BTreeMap::new() }
    }

    fn set(&mut self, logger: &str, level: Option<&str>) {
        let names = LOGGERS.iter().map(|(name, _)| *name).chain([ROOT]);
        let Some(logger) = names.into_iter().find(|name| *name == logger) else { return };
        match level.and_then(|level| LEVELS.iter().find(|(name, _)| *name == level)) {
            Some((level, _)) => drop(self.set.insert(logger, level)),
            None => drop(self.set.remove(logger)),
        }
    }

    fn root(&self) -> &'static str {
        let told = self.base.split(',').map(str::trim).find_map(|directive| {
            LEVELS.iter().find(|(_, ours)| directive.eq_ignore_ascii_case(ours))
        });
        self.set.get(ROOT).copied().or(told.map(|(level, _)| *level)).unwrap_or("INFO")
    }

    fn shown(&self) -> BTreeMap<String, String> {
        let root = self.root();
        let level = |name: &str| self.set.get(name).copied().unwrap_or(root).to_owned();
        let loggers = LOGGERS.iter().map(|(name, _)| ((*name).to_owned(), level(name)));
        loggers.chain([(ROOT.to_owned(), root.to_owned())]).collect()
    }

    /// The levels as directives for the writer of the log: later ones and those of longer paths win.
    fn directives(&self) -> String {
        let word = |level: &str| {
            LEVELS.iter().find(|(name, _)| *name == level).map_or("info", |(_, ours)| *ours)
        };
        let mut all: Vec<String> = self.base.split(',').map(str::to_owned).collect();
        all.retain(|directive| directive.contains('='));
        all.insert(0, word(self.root()).to_owned());
        let is_set = |path: &str| {
            LOGGERS.iter().any(|(name, paths)| self.set.contains_key(name) && paths.contains(&path))
        };
        for (name, paths) in LOGGERS {
            for path in paths {
                let above = path.split_once("::").map(|(above, _)| above);
                // What is not set follows the root, not the module around it.
                let level = match self.set.get(name) {
                    Some(level) => level,
                    None if above.is_some_and(is_set) => self.root(),
                    None => continue,
                };
                let program = if path.contains('.') { "" } else { "vltava::" };
                all.push(format!("{program}{path}={}", word(level)));
            }
        }
        all.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_become_directives() {
        let mut levels = Levels { base: "warn,sled=error".to_owned(), ..Levels::new() };
        assert_eq!((levels.root(), levels.directives().as_str()), ("WARN", "warn,sled=error"));
        levels.set("kafka.server.ReplicaManager", Some("DEBUG"));
        levels.set("no.such", Some("DEBUG"));
        let shown = levels.shown();
        let shown = |name: &str| shown.get(name).map(String::as_str);
        assert_eq!(shown("kafka.server.ReplicaManager"), Some("DEBUG"));
        assert_eq!(shown("kafka.cluster.Partition"), Some("WARN"));
        assert_eq!(
            levels.directives(),
            "warn,sled=error,vltava::partition::actor=warn,vltava::partition=debug"
        );
        levels.set(ROOT, Some("FATAL"));
        levels.set("kafka.server.ReplicaManager", None);
        levels.set("kafka.authorizer.logger", Some("DEBUG"));
        assert!(
            levels.directives().contains(",kafka.authorizer.logger=debug,vltava::security=debug,")
        );
        levels.set("kafka.authorizer.logger", None);
        assert_eq!((levels.root(), levels.directives().as_str()), ("FATAL", "off,sled=error"));
    }
}
