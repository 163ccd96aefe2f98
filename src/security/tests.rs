//! The authorizer against a model that looks at every entry, on histories made from seeds, and Kafka's own examples.

use std::sync::Arc;

use super::authorizer::{Action, Authorizer, Rule, Subject};
use super::filter::AclFilter;
use super::vocabulary::{CLUSTER_NAME, Operation, PatternType, PermissionType, ResourceType, bits};
use crate::metadata::acls::{Acl, PREFIXED};
use crate::metadata::records::acl_record;
use crate::metadata::{Delta, Image, Provenance};
use crate::random::Random;
use crate::types::Uuid;
use crate::wire::stored::metadata::{MetadataRecord, RemoveAccessControlEntryRecord};

const NAMES: [&str; 14] =
    ["a", "ab", "abc", "abd", "b", "ba", "é", "éa", "è", "*", "f", "foo", "foobar", "fop"];
const PRINCIPALS: [&str; 4] = ["User:*", "User:a", "User:b", "Group:x"];
const HOSTS: [&str; 3] = ["*", "10.0.0.1", "10.0.0.2"];
const TYPES: [ResourceType; 3] = [ResourceType::Topic, ResourceType::Group, ResourceType::Cluster];

fn acl(dice: &mut Random) -> Acl {
    Acl {
        resource_type: dice.one(&TYPES).code(),
        resource_name: (*dice.one(&NAMES)).to_owned(),
        pattern_type: *dice.one(&[3, 4]),
        principal: (*dice.one(&PRINCIPALS)).to_owned(),
        host: (*dice.one(&HOSTS)).to_owned(),
        operation: dice.one(&Operation::ALL[1..]).code(),
        permission_type: if dice.below(4) == 0 { 2 } else { 3 },
    }
}

fn record(id: Uuid, acl: &Acl) -> MetadataRecord {
    MetadataRecord::AccessControlEntry(acl_record(id, acl))
}

fn image(acls: &[Acl]) -> Image {
    let mut delta = Delta::new(&Image::default());
    for (at, acl) in acls.iter().enumerate() {
        delta.replay(&record(Uuid::from_bytes([at as u8 + 1; 16]), acl)).expect("an entry");
    }
    delta.apply(Provenance { offset: 1, epoch: 1, timestamp: 1 }).0
}

fn covers(acl: &Acl, name: &str) -> bool {
    match acl.pattern_type {
        PREFIXED => name.starts_with(&acl.resource_name),
        _ => acl.resource_name == name || acl.resource_name == "*",
    }
}

fn concerns(acl: &Acl, who: Subject<'_>, operation: Operation) -> bool {
    let allows = acl.permission_type == 3;
    let implied = match operation {
        Operation::Describe => allows && [3, 4, 6, 7].contains(&acl.operation),
        Operation::DescribeConfigs => allows && acl.operation == 11,
        _ => false,
    };
    (acl.principal == who.principal || acl.principal == "User:*")
        && (acl.host == who.host || acl.host == "*")
        && (acl.operation == 2 || acl.operation == operation.code() || implied)
}

/// Looks at every entry.
fn naive(acls: &[Acl], who: Subject<'_>, action: Action<'_>, allow_all: bool) -> bool {
    let covering: Vec<_> = acls
        .iter()
        .filter(|acl| acl.resource_type == action.resource_type.code() && covers(acl, action.name))
        .collect();
    let mut found = covering.iter().filter(|acl| concerns(acl, who, action.operation)).peekable();
    match found.peek() {
        None => covering.is_empty() && allow_all,
        Some(_) => found.all(|acl| acl.permission_type == 3),
    }
}

/// Kafka's rule: an allowed pattern that no denied pattern covers as a whole.
fn naive_by_type(
    acls: &[Acl],
    who: Subject<'_>,
    operation: Operation,
    resource_type: ResourceType,
) -> bool {
    let concerned = |acl: &&Acl| {
        acl.resource_type == resource_type.code()
            && (acl.principal == who.principal || acl.principal == "User:*")
            && (acl.host == who.host || acl.host == "*")
            && (acl.operation == 2 || acl.operation == operation.code())
    };
    let (allowed, denied): (Vec<_>, Vec<_>) =
        acls.iter().filter(concerned).partition(|acl| acl.permission_type == 3);
    let overrules = |deny: &Acl, allow: &Acl| match deny.pattern_type {
        PREFIXED => {
            let everything = allow.pattern_type != PREFIXED && allow.resource_name == "*";
            !everything && allow.resource_name.starts_with(&deny.resource_name)
        }
        _ => {
            deny.resource_name == "*"
                || (allow.pattern_type != PREFIXED && allow.resource_name == deny.resource_name)
        }
    };
    if denied.iter().any(|deny| deny.pattern_type != PREFIXED && deny.resource_name == "*") {
        return false;
    }
    allowed.iter().any(|allow| !denied.iter().any(|deny| overrules(deny, allow)))
}

#[test]
fn decisions_are_those_of_one_who_looks_at_every_entry() {
    for seed in 0..400 {
        let mut dice = Random::new(seed);
        let count = dice.below(25);
        let acls: Vec<Acl> = (0..count).map(|_| acl(&mut dice)).collect();
        let image = image(&acls);
        let allow_all = dice.below(2) == 0;
        let authorizer = Authorizer::new(["User:root".to_owned()], allow_all);
        for _ in 0..60 {
            let name = *dice.one(&[
                "abc", "abcd", "ab", "a", "é", "éab", "ea", "foobars", "fo", "z", "*", "ba",
            ]);
            let principal = *dice.one(&["User:a", "User:b", "User:c", "Group:x", "User:*"]);
            let host = *dice.one(&["10.0.0.1", "10.0.0.9"]);
            let who = Subject { principal, host };
            let (operation, resource_type) = (*dice.one(&Operation::ALL[2..]), *dice.one(&TYPES));
            let action = Action { operation, resource_type, name };
            let rule = authorizer.decide(&image, who, action);
            let expected = naive(&acls, who, action, allow_all);
            assert_eq!(
                rule.is_allowed(),
                expected,
                "seed {seed}: {who:?} {action:?} {acls:#?} {rule}"
            );
            let by_type = authorizer.decide_by_resource_type(&image, who, operation, resource_type);
            let expected = naive_by_type(&acls, who, operation, resource_type);
            assert_eq!(by_type, expected, "seed {seed}: {who:?} {operation:?} {acls:#?}");
        }
    }
}

#[test]
fn entries_come_and_go() {
    for seed in 0..100 {
        let mut dice = Random::new(seed);
        let mut kept: Vec<(Uuid, Acl)> = Vec::new();
        let mut delta = Delta::new(&Image::default());
        for step in 0..80_u8 {
            if kept.is_empty() || dice.below(3) > 0 {
                let (id, acl) = (Uuid::from_bytes([step + 1; 16]), acl(&mut dice));
                delta.replay(&record(id, &acl)).expect("an entry");
                kept.push((id, acl));
            } else {
                let (id, _) = kept.swap_remove(dice.below(kept.len()));
                let remove = RemoveAccessControlEntryRecord { id, ..Default::default() };
                delta
                    .replay(&MetadataRecord::RemoveAccessControlEntry(remove))
                    .expect("it is there");
            }
        }
        let acls: Vec<Acl> = kept.iter().map(|(_, acl)| acl.clone()).collect();
        let (changed, _) = delta.apply(Provenance { offset: 1, epoch: 1, timestamp: 1 });
        assert!(acls.iter().all(|acl| changed.acls.contains(acl)));
        let fresh = image(&acls);
        let authorizer = Authorizer::new([], false);
        for name in NAMES {
            for resource_type in TYPES {
                let who = Subject { principal: "User:a", host: "10.0.0.1" };
                let says = |image: &Image| authorizer.operations(image, who, resource_type, name);
                assert_eq!(says(&changed), says(&fresh), "seed {seed} {name}");
            }
        }
    }
}

fn topic_acl(
    name: &str,
    pattern_type: i8,
    operation: Operation,
    permission: PermissionType,
) -> Acl {
    Acl {
        resource_type: ResourceType::Topic.code(),
        resource_name: name.to_owned(),
        pattern_type,
        principal: "User:bob".to_owned(),
        host: "*".to_owned(),
        operation: operation.code(),
        permission_type: permission.code(),
    }
}

const BOB: Subject<'_> = Subject { principal: "User:bob", host: "127.0.0.1" };

fn on_topic(operation: Operation, name: &str) -> Action<'_> {
    Action { operation, resource_type: ResourceType::Topic, name }
}

#[test]
fn reasons_read_as_kafkas() {
    use {Operation::*, PermissionType::*};
    let image = image(&[topic_acl("foo", 4, Read, Allow), topic_acl("foobar", 3, Write, Deny)]);
    let authorizer = Authorizer::new(["User:root".to_owned()], false);
    let says = |who, operation, name| {
        authorizer.decide(&image, who, on_topic(operation, name)).to_string()
    };
    assert_eq!(
        says(BOB, Describe, "foobar"),
        "MatchingAcl(acl=StandardAcl(resourceType=TOPIC, resourceName=foo, patternType=PREFIXED, \
         principal=User:bob, host=*, operation=READ, permissionType=ALLOW))"
    );
    assert!(says(BOB, Write, "foobar").contains("permissionType=DENY"));
    assert_eq!(says(BOB, Write, "foo"), "DefaultDeny");
    assert_eq!(says(Subject { principal: "User:root", ..BOB }, Write, "foobar"), "SuperUser");
    let open = Authorizer::new([], true);
    assert_eq!(open.decide(&image, BOB, on_topic(Write, "x")), Rule::DefaultAllow);
    assert_eq!(open.decide(&image, BOB, on_topic(Alter, "foox")), Rule::DefaultDeny);
    // Before the entries are known nobody but a super user may do anything, whatever the default.
    assert_eq!(open.decide(&Image::default(), BOB, on_topic(Read, "x")), Rule::NotReady);
}

#[test]
fn what_may_be_done_is_told_in_bits() {
    let authorizer = Authorizer::new(["User:root".to_owned()], false);
    let root = Subject { principal: "User:root", ..BOB };
    let image = image(&[topic_acl("t", 3, Operation::All, PermissionType::Allow)]);
    let of = |who, kind, name| authorizer.operations(&image, who, kind, name);
    assert_eq!(of(root, ResourceType::Topic, "x"), 3_576);
    assert_eq!(of(BOB, ResourceType::Topic, "t"), 3_576);
    assert_eq!(of(BOB, ResourceType::Topic, "x"), 0);
    assert_eq!(of(root, ResourceType::Group, "g"), 3_400);
    assert_eq!(of(root, ResourceType::Cluster, CLUSTER_NAME), 8_096);
    assert_eq!(bits([Operation::Read, Operation::TwoPhaseCommit]), 1 << 3 | 1 << 15);
}

#[test]
fn filters_mean_what_kafkas_mean() {
    let acls = [
        topic_acl("foo", 3, Operation::Read, PermissionType::Allow),
        topic_acl("fo", 4, Operation::Write, PermissionType::Deny),
        topic_acl("*", 3, Operation::All, PermissionType::Allow),
    ]
    .map(Arc::new);
    let any = AclFilter {
        resource_type: ResourceType::Any,
        name: None,
        pattern_type: PatternType::Any,
        principal: None,
        host: None,
        operation: Operation::Any,
        permission_type: PermissionType::Any,
    };
    let which = |filter: AclFilter| -> Vec<usize> {
        (0..acls.len()).filter(|at| filter.matches(&acls[*at])).collect()
    };
    let named = |name: &str, pattern_type| AclFilter {
        name: Some(name.to_owned()),
        pattern_type,
        ..any.clone()
    };
    assert_eq!(which(any.clone()), [0, 1, 2]);
    assert_eq!(which(named("foo", PatternType::Match)), [0, 1, 2]);
    assert_eq!(which(named("fob", PatternType::Match)), [1, 2]);
    assert_eq!(which(named("fo", PatternType::Any)), [1]);
    assert_eq!(which(named("fo", PatternType::Literal)), [0; 0]);
    assert_eq!(which(AclFilter { operation: Operation::All, ..any.clone() }), [2]);
    assert_eq!(which(AclFilter { permission_type: PermissionType::Deny, ..any.clone() }), [1]);
    assert_eq!(which(AclFilter { host: Some("10.0.0.1".to_owned()), ..any.clone() }), [0; 0]);
    assert_eq!(which(AclFilter { principal: Some("User:bob".to_owned()), ..any }), [0, 1, 2]);
}
