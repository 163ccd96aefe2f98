//! Access control entries, by id and by what they are about, so that those that concern one request are found without
//! looking at the others. Never a decision: `security` makes them.

use std::sync::Arc;

use imbl::OrdMap;

use crate::types::Uuid;
use crate::wire::stored::metadata::AccessControlEntryRecord;

/// The number of a pattern that is a name, in the protocol.
pub const LITERAL: i8 = 3;
/// The number of a pattern that is the beginning of names, in the protocol.
pub const PREFIXED: i8 = 4;

/// One access control entry; the numbers are the protocol's. Ordered as Kafka looks at those of one resource.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Acl {
    /// The kind of resource.
    pub resource_type: i8,
    /// The resource's name, or the prefix, or `*`.
    pub resource_name: String,
    /// Whether the name is taken literally (3) or as a prefix (4).
    pub pattern_type: i8,
    /// Whom it is about: `User:alice`, `User:*`.
    pub principal: String,
    /// From where, or `*`.
    pub host: String,
    /// What is to be done.
    pub operation: i8,
    /// Whether that is denied (2) or allowed (3).
    pub permission_type: i8,
}

impl From<&AccessControlEntryRecord> for Acl {
    fn from(record: &AccessControlEntryRecord) -> Self {
        Self {
            resource_type: record.resource_type,
            resource_name: record.resource_name.clone(),
            pattern_type: record.pattern_type,
            principal: record.principal.clone(),
            host: record.host.clone(),
            operation: record.operation,
            permission_type: record.permission_type,
        }
    }
}

/// The entries of one pattern, by principal; those of one principal are sorted. Never empty in an image.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    by_principal: OrdMap<Arc<str>, Arc<[Arc<Acl>]>>,
}

impl Rules {
    /// The entries about `principal`, sorted.
    pub fn about(&self, principal: &str) -> &[Arc<Acl>] {
        self.by_principal.get(principal).map_or(&[], |acls| acls)
    }

    fn change(&mut self, principal: &str, change: impl FnOnce(&mut Vec<Arc<Acl>>)) {
        let mut acls = self.about(principal).to_vec();
        change(&mut acls);
        if acls.is_empty() {
            self.by_principal.remove(principal);
        } else {
            self.by_principal.insert(principal.into(), acls.into());
        }
    }
}

/// The patterns of one kind of resource.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    literal: OrdMap<Arc<str>, Rules>,
    prefixed: OrdMap<Arc<str>, Rules>,
}

impl Patterns {
    /// The entries for exactly this name; `*` is a name too.
    pub fn literal(&self, name: &str) -> Option<&Rules> {
        self.literal.get(name)
    }

    /// The entries for beginnings of `name`, the longest first. Takes a look-up for each, and for each place at which
    /// other prefixes part from the name.
    pub fn prefixes_of<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Rules> {
        let mut rest = Some(name);
        std::iter::from_fn(move || {
            while let Some(probe) = rest {
                let (found, rules) = self.prefixed.get_prev(probe)?;
                if probe.starts_with(&**found) {
                    let shorter = found.char_indices().next_back().map(|(at, _)| at);
                    rest = shorter.and_then(|at| probe.get(..at));
                    return Some(rules);
                }
                // Whatever begins `name` and sorts before `found` begins with what both have in common, or is shorter.
                rest = Some(common_prefix(probe, found));
            }
            None
        })
    }

    /// Every literal name with its entries.
    pub fn literals(&self) -> impl Iterator<Item = (&str, &Rules)> {
        self.literal.iter().map(|(name, rules)| (&**name, rules))
    }

    /// Every prefix with its entries.
    pub fn prefixes(&self) -> impl Iterator<Item = (&str, &Rules)> {
        self.prefixed.iter().map(|(name, rules)| (&**name, rules))
    }

    /// The entries for exactly this prefix.
    pub fn prefixed(&self, prefix: &str) -> Option<&Rules> {
        self.prefixed.get(prefix)
    }

    fn change(&mut self, acl: &Acl, change: impl FnOnce(&mut Vec<Arc<Acl>>)) {
        let map = match acl.pattern_type {
            PREFIXED => &mut self.prefixed,
            _ => &mut self.literal,
        };
        let mut rules = map.get(acl.resource_name.as_str()).cloned().unwrap_or_default();
        rules.change(&acl.principal, change);
        if rules.by_principal.is_empty() {
            map.remove(acl.resource_name.as_str());
        } else {
            map.insert(acl.resource_name.as_str().into(), rules);
        }
    }
}

/// What two strings have in common at their beginning, in whole letters.
fn common_prefix<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other);
    let bytes = same.map(|(letter, _)| letter.len_utf8()).sum();
    one.get(..bytes).unwrap_or_default()
}

/// Every access control entry.
#[derive(Clone, Debug, Default)]
pub struct AclsImage {
    /// As the records have it.
    by_id: OrdMap<Uuid, Arc<Acl>>,
    /// The same entries, in the way they are looked for. Follows from the above: two images are equal if that is.
    by_kind: OrdMap<i8, Patterns>,
}

impl PartialEq for AclsImage {
    fn eq(&self, other: &Self) -> bool {
        self.by_id == other.by_id
    }
}

impl AclsImage {
    /// The entries by id.
    pub const fn by_id(&self) -> &OrdMap<Uuid, Arc<Acl>> {
        &self.by_id
    }

    /// The patterns of a kind of resource.
    pub fn patterns(&self, resource_type: i8) -> Option<&Patterns> {
        self.by_kind.get(&resource_type)
    }

    /// Whether the same entry is there, under whatever id.
    pub fn contains(&self, acl: &Acl) -> bool {
        let Some(patterns) = self.patterns(acl.resource_type) else { return false };
        let rules = match acl.pattern_type {
            PREFIXED => patterns.prefixed(&acl.resource_name),
            _ => patterns.literal(&acl.resource_name),
        };
        rules.is_some_and(|rules| {
            rules.about(&acl.principal).binary_search_by(|known| (**known).cmp(acl)).is_ok()
        })
    }

    pub(crate) fn insert(&mut self, id: Uuid, acl: Acl) {
        let acl = Arc::new(acl);
        if let Some(before) = self.by_id.insert(id, acl.clone()) {
            self.forget(&before);
        }
        self.by_kind.entry(acl.resource_type).or_default().change(&acl, |acls| {
            let place = acls.partition_point(|known| **known < *acl);
            acls.insert(place, acl.clone());
        });
    }

    pub(crate) fn remove(&mut self, id: &Uuid) -> bool {
        let Some(acl) = self.by_id.remove(id) else { return false };
        self.forget(&acl);
        true
    }

    fn forget(&mut self, acl: &Acl) {
        let Some(patterns) = self.by_kind.get_mut(&acl.resource_type) else { return };
        patterns.change(acl, |acls| {
            if let Ok(place) = acls.binary_search_by(|known| (**known).cmp(acl)) {
                acls.remove(place);
            }
        });
    }
}
