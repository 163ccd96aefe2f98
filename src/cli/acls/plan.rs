//! Which entries a command line of `kafka-acls` means, resource by resource. Asks nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::cli::options::{Exception, Given, Stop};
use crate::security::vocabulary::{
    CLUSTER_NAME, Operation, PatternType, PermissionType, ResourceType, WILDCARD,
};
use crate::wire::messages::describe_acls::DescribeAclsResource;

/// A resource's pattern, or a filter of such.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource {
    pub(super) resource_type: ResourceType,
    pub(super) name: String,
    pub(super) pattern_type: PatternType,
}

/// Every resource there is; its name is to be left out.
pub(super) const ANYTHING: Resource = Resource {
    resource_type: ResourceType::Any,
    name: String::new(),
    pattern_type: PatternType::Any,
};

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, pattern) = (self.resource_type.name(), self.pattern_type.name());
        write!(f, "ResourcePattern(resourceType={kind}, name={}, patternType={pattern})", self.name)
    }
}

/// What is said of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) principal: String,
    pub(super) host: String,
    pub(super) operation: Operation,
    pub(super) permission_type: PermissionType,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "(principal={}, host={}, operation={}, permissionType={})",
            self.principal,
            self.host,
            self.operation.name(),
            self.permission_type.name()
        )
    }
}

/// The entries of one resource in an answer; none for what this build has no word for.
pub(super) fn read(described: &DescribeAclsResource) -> Option<(Resource, Vec<Entry>)> {
    let resource = Resource {
        resource_type: ResourceType::from_code(described.resource_type)?,
        name: described.resource_name.clone(),
        pattern_type: PatternType::from_code(described.pattern_type)?,
    };
    let entries = described.acls.iter().filter_map(|acl| {
        Some(Entry {
            principal: acl.principal.clone(),
            host: acl.host.clone(),
            operation: Operation::from_code(acl.operation)?,
            permission_type: PermissionType::from_code(acl.permission_type)?,
        })
    });
    Some((resource, entries.collect()))
}

/// What is to be added.
pub(super) fn to_add(given: &Given) -> Result<BTreeMap<Resource, BTreeSet<Entry>>, Stop> {
    let pattern_type = pattern_type(given)?;
    if matches!(pattern_type, PatternType::Any | PatternType::Match) {
        return Err(Stop::Usage(format!(
            "A '--resource-pattern-type' value of '{}' is not valid when adding acls.",
            pattern_type.name()
        )));
    }
    let plan = to_remove(given)?;
    if plan.values().any(BTreeSet::is_empty) {
        return Err(Stop::Usage(
            "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs."
                .to_owned(),
        ));
    }
    Ok(plan)
}

/// What is to be removed: all entries of a resource where none is named.
pub(super) fn to_remove(given: &Given) -> Result<BTreeMap<Resource, BTreeSet<Entry>>, Stop> {
    use Operation::{Create, Describe, IdempotentWrite, Read, Write};
    let mut plan: BTreeMap<Resource, BTreeSet<Entry>> = BTreeMap::new();
    let (producer, consumer) = (given.has("producer"), given.has("consumer"));
    let resources = resources(given)?;
    if resources.is_empty() {
        return Err(Stop::Usage(
            "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or \
             --delegation-token <Delegation Token ID>"
                .to_owned(),
        ));
    }
    let mut say = |kind: ResourceType, operations: &[Operation]| -> Result<(), Stop> {
        let named = entries(given, &operations.iter().copied().map(Some).collect::<Vec<_>>())?;
        for resource in resources.iter().filter(|one| one.resource_type == kind) {
            plan.entry(resource.clone()).or_default().extend(named.iter().cloned());
        }
        Ok(())
    };
    if producer {
        say(ResourceType::Topic, &[Write, Describe, Create])?;
        say(ResourceType::TransactionalId, &[Write, Describe])?;
    }
    if consumer {
        say(ResourceType::Topic, &[Read, Describe])?;
        say(ResourceType::Group, &[Read])?;
    }
    if producer && given.has("idempotent") {
        let cluster = entries(given, &[Some(IdempotentWrite)])?;
        plan.entry(cluster_resource()).or_default().extend(cluster);
    }
    if !producer && !consumer {
        let named = given.values("operation");
        let named: Vec<&str> = if named.is_empty() { vec!["All"] } else { named };
        let operations: Vec<_> = named.iter().map(|name| operation(name)).collect();
        check_operations(&resources, &operations)?;
        let entries = entries(given, &operations)?;
        plan = resources.into_iter().map(|resource| (resource, entries.clone())).collect();
    }
    Ok(plan)
}

/// The operation of a name; only as command lines have it, in any case.
fn operation(name: &str) -> Option<Operation> {
    let name = name.trim();
    Operation::ALL.iter().copied().find(|one| one.spelled().eq_ignore_ascii_case(name))
}

fn check_operations(
    resources: &BTreeSet<Resource>,
    operations: &[Option<Operation>],
) -> Result<(), Stop> {
    for resource in resources {
        let mut supported = resource.resource_type.operations().to_vec();
        supported.push(Operation::All);
        let fits = |one: &Option<Operation>| one.is_some_and(|one| supported.contains(&one));
        if operations.iter().all(fits) {
            continue;
        }
        let mut names: Vec<_> = supported.iter().map(|one| one.name()).collect();
        names.sort_unstable();
        return Err(Stop::Usage(format!(
            "ResourceType {} only supports operations [{}]",
            resource.resource_type.name(),
            names.join(", ")
        )));
    }
    Ok(())
}

/// What the principals, hosts and `operations` make together.
fn entries(given: &Given, operations: &[Option<Operation>]) -> Result<BTreeSet<Entry>, Exception> {
    let mut entries = BTreeSet::new();
    for (permission_type, principal, host) in [
        (PermissionType::Allow, "allow-principal", "allow-host"),
        (PermissionType::Deny, "deny-principal", "deny-host"),
    ] {
        let mut hosts = given.values(host);
        if hosts.is_empty() {
            hosts.push(WILDCARD);
        }
        for principal in principals(given, principal)? {
            for (&operation, host) in operations
                .iter()
                .flatten()
                .flat_map(|one| hosts.iter().map(move |host| (one, host)))
            {
                let (principal, host) = (principal.clone(), host.trim().to_owned());
                entries.insert(Entry { principal, host, operation, permission_type });
            }
        }
    }
    Ok(entries)
}

/// The principals that an option names.
pub(super) fn principals(given: &Given, option: &str) -> Result<BTreeSet<String>, Exception> {
    let parse = |text: &str| {
        let text = text.trim();
        if text.contains(':') {
            return Ok(text.to_owned());
        }
        Err(Exception::illegal_argument(format!(
            "expected a string in format principalType:principalName but got {text}"
        )))
    };
    given.values(option).into_iter().map(parse).collect()
}

/// The kind of pattern that is meant.
fn pattern_type(given: &Given) -> Result<PatternType, Exception> {
    let Some(text) = given.value("resource-pattern-type")? else {
        return Ok(PatternType::Literal);
    };
    PatternType::from_name(text).ok_or_else(|| {
        let what = format!("Cannot parse argument '{text}' of option resource-pattern-type");
        let mut exception = Exception::new("joptsimple.OptionArgumentConversionException", what);
        let why = match text.eq_ignore_ascii_case("UNKNOWN") {
            true => format!("Unknown resource-pattern-type: {text}"),
            false => format!("Value [{text}] is not one of [ANY|MATCH|LITERAL|PREFIXED]"),
        };
        exception.causes.push(format!("joptsimple.ValueConversionException: {why}"));
        exception
    })
}

fn cluster_resource() -> Resource {
    Resource {
        resource_type: ResourceType::Cluster,
        name: CLUSTER_NAME.to_owned(),
        pattern_type: PatternType::Literal,
    }
}

/// The resources that the options name.
pub(super) fn resources(given: &Given) -> Result<BTreeSet<Resource>, Exception> {
    let pattern_type = pattern_type(given)?;
    let mut resources = BTreeSet::new();
    for (option, resource_type) in [
        ("topic", ResourceType::Topic),
        ("group", ResourceType::Group),
        ("transactional-id", ResourceType::TransactionalId),
        ("delegation-token", ResourceType::DelegationToken),
        ("user-principal", ResourceType::User),
    ] {
        for name in given.values(option) {
            let name = if option == "transactional-id" { name } else { name.trim() };
            resources.insert(Resource { resource_type, name: name.to_owned(), pattern_type });
        }
    }
    if pattern_type == PatternType::Literal && (given.has("cluster") || given.has("idempotent")) {
        resources.insert(cluster_resource());
    }
    Ok(resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(line: &str) -> Result<String, Stop> {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let given = super::super::USAGE.parse(&args)?;
        let told = |(resource, entries): (Resource, BTreeSet<Entry>)| {
            let entries: Vec<_> = entries.iter().map(|one| one.operation.spelled()).collect();
            format!("{}: {}", resource.name, entries.join(" "))
        };
        Ok(to_add(&given)?.into_iter().map(told).collect::<Vec<_>>().join("; "))
    }

    fn says(line: &str) -> String {
        match plan(line) {
            Ok(plan) => plan,
            Err(Stop::Usage(why)) => why,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn roles_are_made_of_operations() {
        assert_eq!(
            says("--producer --consumer --idempotent --topic t --group g --allow-principal User:a"),
            "t: Read Write Create Describe; g: Read; kafka-cluster: IdempotentWrite"
        );
        assert_eq!(
            says("--topic t --deny-principal User:a --deny-host a --deny-host b"),
            "t: All All"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (line, says_so) in [
            ("--topic t", "You must specify one of: --allow-principal"),
            ("--allow-principal User:a", "You must provide at least one resource"),
            (
                "--allow-principal User:a --group g --operation Write",
                "ResourceType GROUP only supports operations [ALL, ALTER_CONFIGS, DELETE, DESCRIBE, DESCRIBE_CONFIGS, READ]",
            ),
            (
                "--topic t --allow-principal User:a --resource-pattern-type any",
                "A '--resource-pattern-type' value of 'ANY' is not valid when adding acls.",
            ),
        ] {
            assert!(says(line).starts_with(says_so), "{line}: {}", says(line));
        }
        assert!(matches!(plan("--topic t --allow-principal a"), Err(Stop::Throw(_))));
        assert!(matches!(plan("--topic t --resource-pattern-type x"), Err(Stop::Throw(_))));
    }
}
