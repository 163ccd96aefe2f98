//! What differs between two images, for those who act on differences. Never the values: the image has them.
//!
//! Two ways to come by it: noted while records are replayed, which costs nothing; or by comparing, which costs more and
//! is for those who have missed something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::OrdMap;

use super::configs::ConfigResource;
use super::image::Image;
use super::quotas::QuotaEntity;
use super::topics::TopicImage;
use crate::types::{NodeId, PartitionId, TopicId, Uuid};

/// What a delta has touched: look each up in the new image; what is not there is gone.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Changes {
    /// Features, by name.
    pub features: BTreeSet<String>,
    /// Brokers that came, changed or went.
    pub brokers: BTreeSet<NodeId>,
    /// Controllers that came or changed.
    pub controllers: BTreeSet<NodeId>,
    /// Topics that are new, or whose partitions changed, with those partitions. A new topic is here with all of them.
    pub topics: BTreeMap<TopicId, BTreeSet<PartitionId>>,
    /// Those of `topics` that are new.
    pub created_topics: BTreeSet<TopicId>,
    /// Topics that are gone, as they last were.
    pub deleted_topics: BTreeMap<TopicId, Arc<TopicImage>>,
    /// Resources whose settings changed.
    pub configs: BTreeSet<ConfigResource>,
    /// Entities whose quotas changed.
    pub client_quotas: BTreeSet<QuotaEntity>,
    /// Whether producer ids were given out.
    pub producer_ids: bool,
    /// Access control entries that came or went.
    pub acls: BTreeSet<Uuid>,
    /// Credentials that came, changed or went: mechanism and user.
    pub scram: BTreeSet<(i8, String)>,
    /// Tokens that came, changed or went.
    pub delegation_tokens: BTreeSet<String>,
}

impl Changes {
    /// Whether nothing was touched.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What leads from `old` to `new`, found by comparing: for a snapshot that takes the place of an image.
    pub fn between(old: &Image, new: &Image) -> Self {
        let mut changes = Self {
            brokers: differing(&old.cluster.brokers, &new.cluster.brokers),
            controllers: differing(&old.cluster.controllers, &new.cluster.controllers),
            producer_ids: old.next_producer_id != new.next_producer_id,
            acls: differing(old.acls.by_id(), new.acls.by_id()),
            delegation_tokens: differing(&old.delegation_tokens, &new.delegation_tokens),
            ..Self::default()
        };
        changes.compare_topics(old, new);
        let names = old.features.iter().chain(new.features.iter()).map(|(name, _)| name);
        changes.features = names
            .filter(|name| old.features.level(name) != new.features.level(name))
            .map(str::to_owned)
            .collect();
        let resources = old.configs.iter().chain(new.configs.iter());
        changes.configs = resources
            .filter(|(kind, name, _)| old.configs.get(*kind, name) != new.configs.get(*kind, name))
            .map(|(kind, name, _)| ConfigResource::new(kind, &**name))
            .collect();
        let entities =
            old.client_quotas.iter().chain(new.client_quotas.iter()).map(|(entity, _)| entity);
        changes.client_quotas = entities
            .filter(|e| old.client_quotas.get(e) != new.client_quotas.get(e))
            .cloned()
            .collect();
        let users = old.scram.iter().chain(new.scram.iter());
        changes.scram = users
            .filter(|(mechanism, user, _)| {
                old.scram.get(*mechanism, user) != new.scram.get(*mechanism, user)
            })
            .map(|(mechanism, user, _)| (mechanism, user.to_string()))
            .collect();
        changes
    }

    fn compare_topics(&mut self, old: &Image, new: &Image) {
        for topic in old.topics.iter().filter(|topic| new.topics.by_id(topic.id).is_none()) {
            self.deleted_topics.insert(topic.id, topic.clone());
        }
        for topic in new.topics.iter() {
            let Some(before) = old.topics.by_id(topic.id) else {
                self.created_topics.insert(topic.id);
                self.topics.insert(topic.id, topic.partitions.iter().map(|(id, _)| id).collect());
                continue;
            };
            if Arc::ptr_eq(before, topic) {
                continue;
            }
            let ids = topic.partitions.iter().map(|(id, _)| id);
            let changed: BTreeSet<_> =
                ids.filter(|&id| !before.partitions.is_same(&topic.partitions, id)).collect();
            if !changed.is_empty() {
                self.topics.insert(topic.id, changed);
            }
        }
    }
}

fn differing<K: Ord + Clone, V: PartialEq>(
    old: &OrdMap<K, Arc<V>>,
    new: &OrdMap<K, Arc<V>>,
) -> BTreeSet<K> {
    old.keys().chain(new.keys()).filter(|key| old.get(key) != new.get(key)).cloned().collect()
}
