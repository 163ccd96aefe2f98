//! `kafka-acls`: adds, removes and lists access control entries, with Kafka's options, words and exit codes.

mod options;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;

use super::options::{Exception, Stop, Usage};
use super::{complain, say, tool};
use crate::client::{ClientError, Cluster};
use crate::security::vocabulary::{Operation, PermissionType};
use crate::wire::messages::create_acls::{AclCreation, CreateAclsRequest};
use crate::wire::messages::delete_acls::{DeleteAclsFilter, DeleteAclsRequest};
use crate::wire::messages::describe_acls::DescribeAclsRequest;
use options::{Action, Options};
use plan::{Entry, Resource};

const USAGE: Usage = Usage::new(include_str!("../usage/acls.txt"));

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let misread = |thrown: Exception| {
        complain(&format!("{}\n{}", thrown.message, USAGE.table()));
        1
    };
    let options = match options::parse(&USAGE, args) {
        Ok(options) => options,
        Err(stop) => return tool::stopped(stop, &USAGE, misread),
    };
    match act(&options) {
        Ok(()) => 0,
        Err(stop) => tool::stopped(stop, &USAGE, |thrown| {
            let (message, trace) = (&thrown.message, thrown.trace());
            say(&format!("Error while executing ACL command: {message}\n{trace}\n"));
            1
        }),
    }
}

fn act(options: &Options) -> Result<(), Stop> {
    let plan = match options.action {
        Action::Add => plan::to_add(&options.given)?,
        Action::Remove => plan::to_remove(&options.given)?,
        Action::List => BTreeMap::new(),
    };
    let mut cluster = tool::admin_cluster(&options.given, options.server)?;
    tool::run(async {
        match options.action {
            Action::Add => add(&mut cluster, plan).await,
            Action::Remove => remove(&mut cluster, plan, options.given.has("force")).await,
            Action::List => list(&mut cluster, options).await,
        }
    })
}

fn in_execution(error: ClientError) -> Stop {
    Exception::from(error).in_execution().into()
}

/// Entries one a line, as the tool prints them.
fn shown<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> String {
    let lines: Vec<String> = entries.into_iter().map(|entry| format!("\t{entry}")).collect();
    lines.join("\n")
}

async fn add(cluster: &mut Cluster, plan: BTreeMap<Resource, BTreeSet<Entry>>) -> Result<(), Stop> {
    for (resource, mut entries) in plan {
        for known in existing(cluster, &resource).await? {
            if entries.remove(&known) {
                say(&format!("Acl (pattern={resource}, entry={known}) already exists.\n"));
            }
        }
        if entries.is_empty() {
            continue;
        }
        say(&format!("Adding ACLs for resource `{resource}`: \n {}\n\n", shown(&entries)));
        let creation = |entry: Entry| AclCreation {
            resource_type: resource.resource_type.code(),
            resource_name: resource.name.clone(),
            resource_pattern_type: resource.pattern_type.code(),
            principal: entry.principal,
            host: entry.host,
            operation: entry.operation.code(),
            permission_type: entry.permission_type.code(),
            ..Default::default()
        };
        let creations = entries.into_iter().map(creation).collect();
        let request = CreateAclsRequest { creations, ..Default::default() };
        let answer = cluster.ask(&request).await.map_err(in_execution)?;
        for result in answer.results {
            ClientError::check(result.error_code, result.error_message).map_err(in_execution)?;
        }
    }
    Ok(())
}

/// What is said of a resource already.
async fn existing(cluster: &mut Cluster, resource: &Resource) -> Result<BTreeSet<Entry>, Stop> {
    let answer = cluster.ask(&describe(Some(resource))).await.map_err(in_execution)?;
    ClientError::check(answer.error_code, answer.error_message).map_err(in_execution)?;
    let entries = answer.resources.iter().filter_map(plan::read).flat_map(|(_, entries)| entries);
    Ok(entries.collect())
}

async fn remove(
    cluster: &mut Cluster,
    plan: BTreeMap<Resource, BTreeSet<Entry>>,
    force: bool,
) -> Result<(), Stop> {
    for (resource, entries) in plan {
        let question = if entries.is_empty() {
            format!(
                "Are you sure you want to delete all ACLs for resource filter `{resource}`? (y/n)\n"
            )
        } else {
            let entries = shown(&entries);
            format!(
                "Are you sure you want to remove ACLs: \n {entries}\n from resource filter `{resource}`? (y/n)\n"
            )
        };
        if !force && !confirm(&question)? {
            continue;
        }
        let mut filters: Vec<_> =
            entries.into_iter().map(|entry| filter(&resource, Some(entry))).collect();
        if filters.is_empty() {
            filters.push(filter(&resource, None));
        }
        let request = DeleteAclsRequest { filters, ..Default::default() };
        let answer = cluster.ask(&request).await.map_err(in_execution)?;
        for result in answer.filter_results {
            ClientError::check(result.error_code, result.error_message).map_err(in_execution)?;
        }
    }
    Ok(())
}

/// Asks the operator. Where there is none, Java's error, as of Kafka's tool.
fn confirm(question: &str) -> Result<bool, Stop> {
    say(question);
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        let what = "Cannot invoke \"java.io.Console.readLine()\" because the return value of \
                    \"java.lang.System.console()\" is null";
        return Err(Exception::new("java.lang.NullPointerException", what).into());
    }
    let mut line = String::new();
    // An operator who goes away has not said yes.
    let _ = std::io::stdin().read_line(&mut line);
    Ok(line.trim_end_matches(['\r', '\n']).eq_ignore_ascii_case("y"))
}

fn filter(resource: &Resource, entry: Option<Entry>) -> DeleteAclsFilter {
    let mut filter = DeleteAclsFilter {
        resource_type_filter: resource.resource_type.code(),
        resource_name_filter: Some(resource.name.clone()),
        pattern_type_filter: resource.pattern_type.code(),
        principal_filter: None,
        host_filter: None,
        operation: Operation::Any.code(),
        permission_type: PermissionType::Any.code(),
        ..Default::default()
    };
    if let Some(entry) = entry {
        filter.principal_filter = Some(entry.principal);
        filter.host_filter = Some(entry.host);
        filter.operation = entry.operation.code();
        filter.permission_type = entry.permission_type.code();
    }
    filter
}

async fn list(cluster: &mut Cluster, options: &Options) -> Result<(), Stop> {
    let filters = plan::resources(&options.given)?;
    let principals = plan::principals(&options.given, "principal")?;
    let mut found: BTreeMap<Resource, BTreeSet<Entry>> = BTreeMap::new();
    let mut requests: Vec<_> = filters.iter().map(|one| describe(Some(one))).collect();
    if requests.is_empty() {
        requests.push(describe(None));
    }
    for request in requests {
        let answer = cluster.ask(&request).await.map_err(in_execution)?;
        ClientError::check(answer.error_code, answer.error_message).map_err(in_execution)?;
        for resource in &answer.resources {
            let Some((resource, entries)) = plan::read(resource) else { continue };
            found.entry(resource).or_default().extend(entries);
        }
    }
    if principals.is_empty() {
        print(&found, |_| true);
    }
    for principal in &principals {
        say(&format!("ACLs for principal `{principal}`\n"));
        print(&found, |entry| entry.principal == *principal);
    }
    Ok(())
}

fn describe(resource: Option<&Resource>) -> DescribeAclsRequest {
    let filter = match resource {
        Some(resource) => filter(resource, None),
        None => filter(&plan::ANYTHING, None),
    };
    DescribeAclsRequest {
        resource_type_filter: filter.resource_type_filter,
        resource_name_filter: resource.and(filter.resource_name_filter),
        pattern_type_filter: filter.pattern_type_filter,
        principal_filter: None,
        host_filter: None,
        operation: filter.operation,
        permission_type: filter.permission_type,
        ..Default::default()
    }
}

fn print(found: &BTreeMap<Resource, BTreeSet<Entry>>, wanted: impl Fn(&Entry) -> bool) {
    for (resource, entries) in found {
        let entries: Vec<_> = entries.iter().filter(|entry| wanted(entry)).collect();
        if !entries.is_empty() {
            say(&format!("Current ACLs for resource `{resource}`: \n {}\n\n", shown(entries)));
        }
    }
}
