//! Client quotas, as data. Never a decision about who is over one.
//!
//! An entity is a map, so that `user=a, client-id=b` is the same in whichever order it was written.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;

/// Whom a quota is for: the type of each part (`user`, `client-id`, `ip`) to its name, none for the default.
pub type QuotaEntity = BTreeMap<String, Option<String>>;

/// The limits of one entity, by key (`producer_byte_rate` …).
pub type QuotaMap = BTreeMap<String, f64>;

/// Every quota.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ClientQuotasImage {
    entities: OrdMap<QuotaEntity, Arc<QuotaMap>>,
}

impl ClientQuotasImage {
    /// The limits of exactly `entity`.
    pub fn get(&self, entity: &QuotaEntity) -> Option<&Arc<QuotaMap>> {
        self.entities.get(entity)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Every entity that has limits.
    pub fn iter(&self) -> impl Iterator<Item = (&QuotaEntity, &Arc<QuotaMap>)> {
        self.entities.iter()
    }

    /// Sets one limit, or with no value takes it away.
    pub(crate) fn set(&mut self, entity: &QuotaEntity, key: &str, value: Option<f64>) {
        match (self.entities.get_mut(entity), value) {
            (Some(map), Some(value)) => {
                Arc::make_mut(map).insert(key.to_owned(), value);
            }
            (None, Some(value)) => {
                self.entities
                    .insert(entity.clone(), Arc::new(QuotaMap::from([(key.to_owned(), value)])));
            }
            (Some(map), None) => {
                Arc::make_mut(map).remove(key);
                if map.is_empty() {
                    self.entities.remove(entity);
                }
            }
            (None, None) => {}
        }
    }
}
