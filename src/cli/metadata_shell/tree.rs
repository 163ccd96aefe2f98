//! An image of the metadata as directories and files, with Kafka's names and words.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use crate::cli::time;
use crate::cli::tool::KAFKA_VERSION;
use crate::config::java_double;
use crate::metadata::Image;
use crate::metadata::cluster::{Endpoint, SupportedFeatures};
use crate::metadata::configs::{ConfigMap, ResourceType};
use crate::metadata::features::METADATA_VERSION;
use crate::metadata::quotas::{QuotaEntity, QuotaMap};
use crate::metadata::topics::{LeaderRecoveryState, PartitionRegistration, TopicImage};
use crate::quota::keys;
use crate::security::scram::Mechanism;
use crate::types::Uuid;

/// See the module.
#[derive(Debug)]
pub(super) enum Node {
    Directory(BTreeMap<String, Self>),
    File(String),
}

impl Node {
    fn directory<N: Into<String>>(children: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Directory(children.into_iter().map(|(name, node)| (name.into(), node)).collect())
    }

    fn file(text: impl ToString) -> Self {
        Self::File(text.to_string())
    }

    /// Every path from here down, this one at `path` first.
    pub(super) fn find(&self, path: &str) -> String {
        let mut text = format!("{path}\n");
        if let Self::Directory(children) = self {
            let below = children.iter();
            below.for_each(|(name, node)| text.push_str(&node.find(&format!("{path}/{name}"))));
        }
        text
    }

    /// All from here down, each level further to the right.
    pub(super) fn tree(&self, depth: usize) -> String {
        let space = "  ".repeat(depth);
        match self {
            Self::File(text) => format!("{space}{text}\n"),
            Self::Directory(children) => {
                let child = |(name, node): (&String, &Self)| {
                    format!("{space}{name}:\n{}", node.tree(depth + 1))
                };
                children.iter().map(child).collect()
            }
        }
    }
}

/// The node at a path from the root, and the path without detours.
pub(super) fn find<'a>(root: &'a Node, path: &str) -> Option<(&'a Node, String)> {
    let mut way: Vec<(&str, &Node)> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                way.pop();
            }
            name => {
                let Node::Directory(children) = way.last().map_or(root, |(_, node)| node) else {
                    return None;
                };
                way.push((name, children.get(name)?));
            }
        }
    }
    let clean: Vec<_> = way.iter().map(|(name, _)| *name).collect();
    Some((way.last().map_or(root, |(_, node)| node), format!("/{}", clean.join("/"))))
}

/// The tree of an image.
pub(super) fn of(image: &Image) -> Node {
    let provenance = image.provenance;
    let at = time::iso(provenance.timestamp).replace(',', ".");
    let (offset, epoch) = (provenance.offset, provenance.epoch);
    let empty = || Node::directory::<String>([]);
    let parts = [
        ("acls", Node::directory([("byId", acls(image))])),
        ("clientQuotas", quotas(image)),
        ("cluster", cluster(image)),
        ("configs", configs(image)),
        ("delegationToken", empty()),
        ("features", features(image)),
        ("producerIds", Node::directory([("nextProducerId", Node::file(image.next_producer_id))])),
        ("provenance", Node::File(format!("offset {offset}, epoch {epoch}, time {at}Z[UTC]"))),
        ("scram", scram(image)),
        ("topics", topics(image)),
    ];
    let local = [
        ("commitId", Node::file(env!("CARGO_PKG_VERSION"))),
        ("version", Node::file(KAFKA_VERSION)),
    ];
    Node::directory([("image", Node::directory(parts)), ("local", Node::directory(local))])
}

fn quotas(image: &Image) -> Node {
    let escape = |name: &str| name.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
    let kinds = [(keys::CLIENT_ID, "clientId"), (keys::IP, "ip"), (keys::USER, "user")];
    let entity = |(entity, limits): (&QuotaEntity, &Arc<QuotaMap>)| {
        let part = |(kind, called): &(&str, &str)| {
            let name = entity.get(*kind)?;
            Some(format!("{called}({})", name.as_deref().map_or("<default>".to_owned(), escape)))
        };
        let name = kinds.iter().filter_map(part).collect::<Vec<_>>().join("_");
        let limits =
            limits.iter().map(|(key, limit)| (key.as_str(), Node::File(java_double(*limit))));
        (name, Node::directory(limits))
    };
    Node::directory(image.client_quotas.iter().map(entity))
}

/// Who has which credentials; what is in them is nobody's business.
fn scram(image: &Image) -> Node {
    const REDACTED: &str = "ScramCredentialData(salt=[redacted], storedKey=[redacted], serverKey=[redacted], iterations=[redacted])";
    let of = |mechanism: Mechanism| {
        let with = image.scram.iter().filter(move |(id, _, _)| *id == mechanism.id());
        let users = with.map(|(_, user, _)| (user.to_string(), Node::file(REDACTED)));
        (mechanism.name(), Node::directory(users))
    };
    Node::directory([of(Mechanism::Sha256), of(Mechanism::Sha512)])
}

fn acls(image: &Image) -> Node {
    let acls = image.acls.by_id().iter();
    Node::directory(acls.map(|(id, acl)| (id.to_string(), Node::File(format!("{acl:?}")))))
}

fn features(image: &Image) -> Node {
    let version = image.features.metadata_version;
    let version = version.map_or("Optional.empty".to_owned(), |v| format!("Optional[{v}]"));
    let others = image.features.iter().filter(|(name, _)| *name != METADATA_VERSION);
    let others = others.map(|(name, level)| (format!("finalized_{name}"), Node::file(level)));
    Node::directory(others.chain([("metadataVersion".to_owned(), Node::File(version))]))
}

fn configs(image: &Image) -> Node {
    let resource = |(kind, name, settings): (ResourceType, &Arc<str>, &Arc<ConfigMap>)| {
        let title = match name.is_empty() {
            true => kind.name().to_owned(),
            false => format!("{}:{name}", kind.name()),
        };
        let values = settings.iter().map(|(key, value)| (key.to_string(), Node::file(value)));
        (title, Node::directory(values))
    };
    Node::directory(image.configs.iter().map(resource))
}

fn list<T: Display>(all: &[T]) -> String {
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    format!("[{}]", all.join(", "))
}

fn endpoints(all: &[Endpoint]) -> String {
    let protocol = |code| match code {
        0 => "PLAINTEXT",
        1 => "SSL",
        2 => "SASL_PLAINTEXT",
        _ => "SASL_SSL",
    };
    let text = |e: &Endpoint| {
        format!(
            "Endpoint(listenerName='{}', securityProtocol={}, host='{}', port={})",
            e.name,
            protocol(e.security_protocol),
            e.host,
            e.port
        )
    };
    list(&all.iter().map(text).collect::<Vec<_>>())
}

fn supported(features: &SupportedFeatures) -> String {
    let mut all: Vec<_> = features
        .iter()
        .map(|(name, range)| format!("{name}: {}-{}", range.min, range.max))
        .collect();
    all.sort();
    format!("{{{}}}", all.join(", "))
}

fn cluster(image: &Image) -> Node {
    let brokers = image.cluster.brokers.values().map(|broker| {
        let rack = broker.rack.as_ref();
        let rack = rack.map_or("Optional.empty".to_owned(), |rack| format!("Optional[{rack}]"));
        let cordoned: &[Uuid] = broker.cordoned_log_dirs.as_deref().unwrap_or_default();
        let text = format!(
            "BrokerRegistration(id={}, epoch={}, incarnationId={}, listeners={}, supportedFeatures={}, rack={rack}, \
             fenced={}, inControlledShutdown={}, isMigratingZkBroker={}, directories={}, cordonedDirectories={})",
            broker.id,
            broker.epoch,
            broker.incarnation_id,
            endpoints(&broker.listeners),
            supported(&broker.supported_features),
            broker.fenced,
            broker.in_controlled_shutdown,
            broker.is_migrating_zk_broker,
            list(&broker.log_dirs),
            list(cordoned)
        );
        (broker.id.to_string(), Node::File(text))
    });
    let controllers = image.cluster.controllers.values().map(|controller| {
        let text = format!(
            "ControllerRegistration(id={}, incarnationId={}, zkMigrationReady={}, listeners={}, supportedFeatures={})",
            controller.id,
            controller.incarnation_id,
            controller.zk_migration_ready,
            endpoints(&controller.listeners),
            supported(&controller.supported_features)
        );
        (controller.id.to_string(), Node::File(text))
    });
    Node::directory([
        ("brokers", Node::directory(brokers)),
        ("controllers", Node::directory(controllers)),
    ])
}

fn topics(image: &Image) -> Node {
    let by_id = image.topics.iter().map(|topic| (topic.id.to_string(), self::topic(topic)));
    let by_name = image.topics.iter().map(|topic| (topic.name.to_string(), self::topic(topic)));
    Node::directory([("byId", Node::directory(by_id)), ("byName", Node::directory(by_name))])
}

fn topic(topic: &TopicImage) -> Node {
    let partitions = topic.partitions.iter();
    let files = partitions.map(|(id, p)| (id.to_string(), Node::File(partition(p))));
    let own = [("id", Node::file(topic.id)), ("name", Node::file(&topic.name))];
    Node::directory(files.chain(own.map(|(name, node)| (name.to_owned(), node))))
}

fn partition(p: &PartitionRegistration) -> String {
    let recovery = match p.leader_recovery_state {
        LeaderRecoveryState::Recovered => "RECOVERED",
        LeaderRecoveryState::Recovering => "RECOVERING",
    };
    format!(
        "PartitionRegistration(replicas={}, directories={}, isr={}, removingReplicas={}, addingReplicas={}, elr={}, \
         lastKnownElr={}, leader={}, leaderRecoveryState={recovery}, leaderEpoch={}, partitionEpoch={})",
        list(&p.replicas),
        list(&p.directories),
        list(&p.isr),
        list(&p.removing_replicas),
        list(&p.adding_replicas),
        list(&p.elr),
        list(&p.last_known_elr),
        p.leader,
        p.leader_epoch,
        p.partition_epoch
    )
}
