//! Access control entries: Kafka 4.3.1's answers to requests good and bad, and what is left of them.

use super::*;
use crate::wire::messages::create_acls::{AclCreation, CreateAclsRequest};
use crate::wire::messages::delete_acls::{DeleteAclsFilter, DeleteAclsRequest};

fn creation(change: impl FnOnce(&mut AclCreation)) -> AclCreation {
    let mut creation = AclCreation {
        resource_type: 2,
        resource_name: "t".to_owned(),
        principal: "User:x".to_owned(),
        host: "*".to_owned(),
        operation: 3,
        permission_type: 3,
        ..Default::default()
    };
    change(&mut creation);
    creation
}

fn create(cluster: &mut Cluster, creations: Vec<AclCreation>) -> Vec<String> {
    let request = CreateAclsRequest { creations, ..Default::default() };
    let decision = cluster.decide(ControllerRequest::CreateAcls(request), 3);
    let ControllerReply::CreateAcls(answer) = decision.reply else { panic!("another answer") };
    let told = |(code, message): (i16, Option<String>)| match code {
        0 => "made".to_owned(),
        code => format!("{code}: {}", message.unwrap_or_default()),
    };
    let results = answer.results.into_iter();
    results.map(|result| told((result.error_code, result.error_message))).collect()
}

fn delete(cluster: &mut Cluster, filters: Vec<DeleteAclsFilter>) -> Vec<Result<usize, String>> {
    let request = DeleteAclsRequest { filters, ..Default::default() };
    let decision = cluster.decide(ControllerRequest::DeleteAcls(request), 3);
    let ControllerReply::DeleteAcls(answer) = decision.reply else { panic!("another answer") };
    let results = answer.filter_results.into_iter();
    results
        .map(|result| match result.error_code {
            0 => Ok(result.matching_acls.len()),
            _ => Err(result.error_message.unwrap_or_default()),
        })
        .collect()
}

fn filter(change: impl FnOnce(&mut DeleteAclsFilter)) -> DeleteAclsFilter {
    let mut filter = DeleteAclsFilter {
        resource_type_filter: 2,
        resource_name_filter: None,
        pattern_type_filter: 1,
        principal_filter: None,
        host_filter: None,
        operation: 1,
        permission_type: 1,
        ..Default::default()
    };
    change(&mut filter);
    filter
}

#[test]
fn entries_are_checked_as_kafka_checks_them() {
    let mut cluster = Cluster::new(7);
    for (creation, says) in [
        (creation(|one| one.resource_type = 99), "42: Invalid resourceType UNKNOWN"),
        (creation(|one| one.resource_pattern_type = 77), "42: Invalid patternType UNKNOWN"),
        (creation(|one| one.operation = 99), "42: Invalid operation UNKNOWN"),
        (creation(|one| one.permission_type = 9), "42: Invalid permissionType UNKNOWN"),
        (creation(|one| one.resource_name.clear()), "42: Invalid empty resource name"),
        (
            creation(|one| one.resource_type = 4),
            "42: The only valid name for the CLUSTER resource is kafka-cluster",
        ),
        (
            creation(|one| one.principal = "x".to_owned()),
            "42: Could not parse principal from `x` (no colon is present separating the principal type from the \
             principal name)",
        ),
        (creation(|one| one.principal = ":".to_owned()), "made"),
        (creation(|one| one.host.clear()), "made"),
        (creation(|one| one.operation = 9), "made"),
    ] {
        assert_eq!(create(&mut cluster, vec![creation]), [says]);
    }
    assert_eq!(cluster.machine.image().acls.by_id().len(), 3);
}

#[test]
fn the_same_entry_is_made_once_and_goes_once() {
    let mut cluster = Cluster::new(7);
    let twice = vec![creation(|_| ()), creation(|_| ())];
    assert_eq!(create(&mut cluster, twice), ["made", "made"]);
    assert_eq!(create(&mut cluster, vec![creation(|_| ())]), ["made"]);
    assert_eq!(cluster.log.len(), 1);
    let bad = filter(|one| one.pattern_type_filter = 66);
    let worse = filter(|one| one.operation = 99);
    let other = filter(|one| one.host_filter = Some("h".to_owned()));
    let answers = delete(&mut cluster, vec![filter(|_| ()), bad, worse, other, filter(|_| ())]);
    let (bad, worse) = ("Unknown patternFilter.".to_owned(), "Unknown entryFilter.".to_owned());
    assert_eq!(answers, [Ok(1), Err(bad), Err(worse), Ok(0), Ok(1)]);
    assert!(cluster.machine.image().acls.by_id().is_empty() && cluster.log.len() == 2);
}

#[test]
fn too_many_entries_at_once_are_refused_whole() {
    let mut cluster = Cluster::new(7);
    for prefix in ["a", "b"] {
        let named = |n| creation(|one| one.resource_name = format!("{prefix}-{n}"));
        let creations: Vec<_> = (0..6_000).map(named).collect();
        assert!(create(&mut cluster, creations).iter().all(|told| told == "made"));
    }
    let one = filter(|one| one.resource_name_filter = Some("a-1".to_owned()));
    let too_many =
        Err("Cannot remove more than 10000 acls in a single delete operation.".to_owned());
    assert_eq!(
        delete(&mut cluster, vec![one.clone(), filter(|_| ()), one.clone()]),
        [too_many.clone(), too_many.clone(), too_many]
    );
    assert_eq!(delete(&mut cluster, vec![one]), [Ok(1)]);
}
