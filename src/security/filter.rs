//! Which access control entries somebody means: Kafka's AclBindingFilter. Pure.

use super::vocabulary::{Operation, PatternType, PermissionType, ResourceType, WILDCARD};
use crate::metadata::acls::{Acl, LITERAL};

/// A description of entries; what is none may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclFilter {
    /// The kind of resource, or `Any`.
    pub resource_type: ResourceType,
    /// The name in the pattern; with `Match`, that of a resource that the pattern covers.
    pub name: Option<String>,
    /// The kind of pattern, `Any`, or `Match`: all patterns that cover the name.
    pub pattern_type: PatternType,
    /// Whom entries are about.
    pub principal: Option<String>,
    /// Whence.
    pub host: Option<String>,
    /// What they are about, or `Any`.
    pub operation: Operation,
    /// Whether they allow or deny, or `Any`.
    pub permission_type: PermissionType,
}

impl AclFilter {
    /// Whether `acl` is meant.
    pub fn matches(&self, acl: &Acl) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        (self.resource_type == ResourceType::Any || self.resource_type.code() == acl.resource_type)
            && self.matches_pattern(acl)
            && same(&self.principal, &acl.principal)
            && same(&self.host, &acl.host)
            && (self.operation == Operation::Any || self.operation.code() == acl.operation)
            && (self.permission_type == PermissionType::Any
                || self.permission_type.code() == acl.permission_type)
    }

    fn matches_pattern(&self, acl: &Acl) -> bool {
        let any_pattern = matches!(self.pattern_type, PatternType::Any | PatternType::Match);
        if !any_pattern && self.pattern_type.code() != acl.pattern_type {
            return false;
        }
        let Some(name) = self.name.as_deref() else { return true };
        match self.pattern_type {
            PatternType::Match if acl.pattern_type == LITERAL => {
                name == acl.resource_name || acl.resource_name == WILDCARD
            }
            PatternType::Match => name.starts_with(&acl.resource_name),
            _ => name == acl.resource_name,
        }
    }
}
