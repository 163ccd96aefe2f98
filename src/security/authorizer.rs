//! Whether somebody may do something: StandardAuthorizer's rules over the entries of a metadata image.
//!
//! Pure, and holds no lock: the entries are an immutable part of the image that the caller has in hand. What is found
//! costs a few look-ups in ordered maps, whatever the number of entries.
//!
//! * Who is among `super.users` may do all, whatever the entries say.
//! * An entry concerns a request if its pattern covers the resource, its principal is the asker's or `User:*`, its host
//!   the asker's or `*`, its operation the one asked for or `ALL`. An entry that allows to read, write, delete or alter
//!   allows to describe too; one that allows to alter settings allows to describe those. None that denies does so.
//! * One that denies wins over all that allow.
//! * Where no entry's pattern covers the resource at all, `allow.everyone.if.no.acl.found` decides; else what is not
//!   allowed is denied.

use std::collections::BTreeSet;
use std::fmt;

use super::vocabulary::{
    Operation, PermissionType, ResourceType, WILDCARD, WILDCARD_PRINCIPAL, bits,
};
use crate::metadata::Image;
use crate::metadata::acls::{Acl, AclsImage, Patterns, Rules};

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Such as `User:alice`.
    pub principal: &'a str,
    /// The address, as Java writes it.
    pub host: &'a str,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    /// What is to be done.
    pub operation: Operation,
    /// To what kind of thing.
    pub resource_type: ResourceType,
    /// To which.
    pub name: &'a str,
}

/// Why something is allowed or denied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule<'a> {
    /// `super.users` names the asker.
    SuperUser,
    /// An entry says so.
    Acl(&'a Acl),
    /// No entry concerns the resource, and `allow.everyone.if.no.acl.found`.
    DefaultAllow,
    /// No entry allows it.
    DefaultDeny,
    /// The entries are not known yet.
    NotReady,
}

impl Rule<'_> {
    /// Whether the answer is yes.
    pub fn is_allowed(&self) -> bool {
        match self {
            Self::SuperUser | Self::DefaultAllow => true,
            Self::Acl(acl) => acl.permission_type == PermissionType::Allow.code(),
            Self::DefaultDeny | Self::NotReady => false,
        }
    }
}

/// As Kafka's audit log has it.
impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SuperUser => f.write_str("SuperUser"),
            Self::Acl(acl) => write!(f, "MatchingAcl(acl={})", Shown(acl)),
            Self::DefaultAllow => f.write_str("DefaultAllow"),
            Self::DefaultDeny => f.write_str("DefaultDeny"),
            Self::NotReady => f.write_str("NotReady"),
        }
    }
}

struct Shown<'a>(&'a Acl);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use super::vocabulary::PatternType;
        let acl = self.0;
        write!(
            f,
            "StandardAcl(resourceType={}, resourceName={}, patternType={}, principal={}, host={}, operation={}, \
             permissionType={})",
            ResourceType::from_code(acl.resource_type).map_or("UNKNOWN", ResourceType::name),
            acl.resource_name,
            PatternType::from_code(acl.pattern_type).map_or("UNKNOWN", PatternType::name),
            acl.principal,
            acl.host,
            Operation::from_code(acl.operation).map_or("UNKNOWN", Operation::name),
            PermissionType::from_code(acl.permission_type).map_or("UNKNOWN", PermissionType::name),
        )
    }
}

/// What the configuration says of access.
#[derive(Clone, Debug, Default)]
pub struct Authorizer {
    super_users: BTreeSet<String>,
    allow_everyone_if_no_acl_found: bool,
}

/// What has been found on the way through the patterns.
#[derive(Default)]
struct Search<'a> {
    covered: bool,
    allow: Option<&'a Acl>,
    deny: Option<&'a Acl>,
}

impl Authorizer {
    /// With `super.users`, and `allow.everyone.if.no.acl.found`.
    pub fn new(super_users: impl IntoIterator<Item = String>, allow_everyone: bool) -> Self {
        Self {
            super_users: super_users.into_iter().collect(),
            allow_everyone_if_no_acl_found: allow_everyone,
        }
    }

    /// Whether `who` may do what `action` says, and why.
    pub fn decide<'a>(&self, image: &'a Image, who: Subject<'_>, action: Action<'_>) -> Rule<'a> {
        if self.super_users.contains(who.principal) {
            return Rule::SuperUser;
        }
        if image.provenance.offset < 0 {
            return Rule::NotReady;
        }
        self.decide_by_acls(&image.acls, who, action)
    }

    fn decide_by_acls<'a>(
        &self,
        acls: &'a AclsImage,
        who: Subject<'_>,
        action: Action<'_>,
    ) -> Rule<'a> {
        let mut search = Search::default();
        if let Some(patterns) = acls.patterns(action.resource_type.code()) {
            search.through(patterns, who, action);
        }
        match search {
            Search { deny: Some(acl), .. } | Search { allow: Some(acl), .. } => Rule::Acl(acl),
            Search { covered: false, .. } if self.allow_everyone_if_no_acl_found => {
                Rule::DefaultAllow
            }
            _ => Rule::DefaultDeny,
        }
    }

    /// Whether there may be any resource of this kind to which `who` may do this.
    pub fn decide_by_resource_type(
        &self,
        image: &Image,
        who: Subject<'_>,
        operation: Operation,
        resource_type: ResourceType,
    ) -> bool {
        let patterns = image.acls.patterns(resource_type.code());
        let Some(patterns) = patterns.filter(|_| image.provenance.offset >= 0) else {
            return false;
        };
        let says = |rules: &Rules, permission: PermissionType| {
            let concerned = |acl: &Acl| {
                is_host(acl, who.host)
                    && acl.permission_type == permission.code()
                    && (acl.operation == operation.code() || acl.operation == Operation::All.code())
            };
            both(rules, who.principal).any(concerned)
        };
        let denied =
            |rules: Option<&Rules>| rules.is_some_and(|rules| says(rules, PermissionType::Deny));
        let everywhere = patterns.literal(WILDCARD);
        if denied(everywhere) {
            return false;
        }
        if everywhere.is_some_and(|rules| says(rules, PermissionType::Allow)) {
            return true;
        }
        let overruled =
            |name: &str| patterns.prefixes_of(name).any(|rules| says(rules, PermissionType::Deny));
        let by_name = patterns.literals().any(|(name, rules)| {
            says(rules, PermissionType::Allow) && !denied(Some(rules)) && !overruled(name)
        });
        by_name
            || patterns
                .prefixes()
                .any(|(name, rules)| says(rules, PermissionType::Allow) && !overruled(name))
    }

    /// What `who` may do to a resource, as answers carry it.
    pub fn operations(
        &self,
        image: &Image,
        who: Subject<'_>,
        resource_type: ResourceType,
        name: &str,
    ) -> i32 {
        let may = |operation: &Operation| {
            let action = Action { operation: *operation, resource_type, name };
            self.decide(image, who, action).is_allowed()
        };
        bits(resource_type.operations().iter().copied().filter(may))
    }
}

impl<'a> Search<'a> {
    fn through(&mut self, patterns: &'a Patterns, who: Subject<'_>, action: Action<'_>) {
        if let Some(rules) = patterns.literal(action.name)
            && self.look(rules, who, action)
        {
            return;
        }
        // What is found is borrowed from the patterns alone, not from the name that leads there.
        let mut prefixes = patterns.prefixes_of(action.name);
        if prefixes.any(|rules| self.look(rules, who, action)) {
            return;
        }
        if let Some(rules) = patterns.literal(WILDCARD) {
            self.look(rules, who, action);
        }
    }

    /// Takes in the entries of one pattern. Whether one denies, so that the search is over.
    fn look(&mut self, rules: &'a Rules, who: Subject<'_>, action: Action<'_>) -> bool {
        self.covered = true;
        for acl in both(rules, who.principal) {
            if !is_host(acl, who.host) || !is_meant(acl, action.operation) {
                continue;
            }
            if acl.permission_type == PermissionType::Allow.code() {
                self.allow = Some(acl);
            } else {
                self.deny = Some(acl);
                return true;
            }
        }
        false
    }
}

/// The entries about `principal` and about everybody, in their order.
fn both<'a>(rules: &'a Rules, principal: &str) -> impl Iterator<Item = &'a Acl> {
    let (own, all) = (rules.about(principal), rules.about(WILDCARD_PRINCIPAL));
    let (first, second) = match principal.cmp(WILDCARD_PRINCIPAL) {
        std::cmp::Ordering::Less => (own, all),
        std::cmp::Ordering::Equal => (own, &all[..0]),
        std::cmp::Ordering::Greater => (all, own),
    };
    first.iter().chain(second).map(|acl| &**acl)
}

fn is_host(acl: &Acl, host: &str) -> bool {
    acl.host == WILDCARD || acl.host == host
}

/// Whether the entry is about `operation`, by name or by what it implies.
fn is_meant(acl: &Acl, operation: Operation) -> bool {
    use Operation::{All, Alter, AlterConfigs, Delete, Describe, DescribeConfigs, Read, Write};
    if acl.operation == operation.code() || acl.operation == All.code() {
        return true;
    }
    if acl.permission_type != PermissionType::Allow.code() {
        return false;
    }
    match operation {
        Describe => [Read, Write, Delete, Alter].iter().any(|one| one.code() == acl.operation),
        DescribeConfigs => acl.operation == AlterConfigs.code(),
        _ => false,
    }
}
