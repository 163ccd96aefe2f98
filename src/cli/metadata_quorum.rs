//! `kafka-metadata-quorum`: who votes and who follows in the metadata quorum, and changes of it, with Kafka's options,
//! words and exit codes.

use std::path::Path;

use super::argparse::{Parsed, Program};
use super::options::Exception;
use super::say;
use super::tool::{self, Properties, property, terse};
use crate::client::{ClientError, Cluster};
use crate::clock::Clock;
use crate::log::files::disk::Disk;
use crate::log::meta_properties::MetaProperties;
use crate::types::{METADATA_TOPIC, Millis, NodeId, Uuid};
use crate::wire::messages::add_raft_voter::{AddRaftVoterRequest, Listener};
use crate::wire::messages::describe_quorum::{
    DescribeQuorumRequest, DescribeQuorumResponse, PartitionData, PartitionDataResponse,
    ReplicaState, TopicData,
};
use crate::wire::messages::remove_raft_voter::RemoveRaftVoterRequest;

const TOOL: Program = Program {
    name: "kafka-metadata-quorum",
    help: include_str!("usage/metadata-quorum.txt"),
    commands: &[
        ("describe", include_str!("usage/metadata-quorum-describe.txt")),
        ("add-controller", include_str!("usage/metadata-quorum-add-controller.txt")),
        ("remove-controller", include_str!("usage/metadata-quorum-remove-controller.txt")),
    ],
};

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let parsed = TOOL.parse(args).and_then(|parsed| {
        let id = TOOL.number::<NodeId>(&parsed, "controller-id", "Integer")?;
        Ok((parsed, id.unwrap_or_default()))
    });
    match parsed {
        Ok((parsed, id)) => match execute(&parsed, id) {
            Ok(()) => 0,
            Err(thrown) => tool::failed(&thrown),
        },
        Err(stop) => tool::unparsed(stop, 0),
    }
}

fn execute(parsed: &Parsed, id: NodeId) -> Result<(), Exception> {
    let file = parsed.value("command-config");
    if let Some(path) = file.filter(|path| !Path::new(path).exists()) {
        return Err(terse(format!("Properties file {path} does not exists!")));
    }
    let mut cluster = tool::cluster_of(parsed, file)?;
    match parsed.command {
        "describe" => tool::run(describe(&mut cluster, parsed)),
        "remove-controller" => tool::run(remove(&mut cluster, parsed, id)),
        _ => {
            let Some(path) = file else {
                return Err(terse(
                    "You must supply the configuration file of the controller you are adding when using add-controller.",
                ));
            };
            let properties = tool::properties_of(path)?;
            tool::run(add(&mut cluster, &properties, parsed.has("dry-run")))
        }
    }
}

async fn describe(cluster: &mut Cluster, parsed: &Parsed) -> Result<(), Exception> {
    let human = parsed.has("human-readable");
    match (parsed.has("status"), parsed.has("replication")) {
        (true, true) => {
            return Err(terse(
                "Only one of --status or --replication should be specified with describe sub-command",
            ));
        }
        (false, false) => {
            return Err(terse(
                "One of --status or --replication must be specified with describe sub-command",
            ));
        }
        (true, _) if human => {
            return Err(terse(
                "The option --human-readable is only supported along with --replication",
            ));
        }
        _ => {}
    }
    let request = DescribeQuorumRequest {
        topics: vec![TopicData {
            topic_name: METADATA_TOPIC.to_owned(),
            partitions: vec![PartitionData::default()],
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut answer = cluster.ask(&request).await?;
    ClientError::check(answer.error_code, answer.error_message.take())?;
    let partition = answer.topics.first_mut().and_then(|topic| topic.partitions.pop());
    let partition = partition.unwrap_or_default();
    ClientError::check(partition.error_code, partition.error_message.clone())?;
    if parsed.has("status") {
        let described = cluster.describe(parsed.has("bootstrap-controller"), false).await?;
        say(&status(&described.cluster_id, &answer, &partition));
    } else {
        say(&replication(&partition, human.then(|| Clock::System.now())));
    }
    Ok(())
}

fn status(
    cluster_id: &str,
    answer: &DescribeQuorumResponse,
    partition: &PartitionDataResponse,
) -> String {
    let leader = partition.current_voters.iter().find(|v| v.replica_id == partition.leader_id);
    let leader = leader.cloned().unwrap_or_default();
    let slowest = partition.current_voters.iter().min_by_key(|voter| voter.log_end_offset);
    let slowest = slowest.unwrap_or(&leader);
    let lag_ms = match (leader.last_caught_up_timestamp, slowest.last_caught_up_timestamp) {
        _ if slowest.replica_id == leader.replica_id => 0,
        // It never was where the leader is: no number says how long ago.
        (1.., -1) => -1,
        (leader, slowest) => leader - slowest,
    };
    let shown = |replicas: &[ReplicaState]| {
        let shown: Vec<_> = replicas.iter().map(|replica| replica_text(answer, replica)).collect();
        shown.join(", ")
    };
    [
        ("ClusterId", cluster_id.to_owned()),
        ("LeaderId", partition.leader_id.to_string()),
        ("LeaderEpoch", partition.leader_epoch.to_string()),
        ("HighWatermark", partition.high_watermark.to_string()),
        ("MaxFollowerLag", (leader.log_end_offset - slowest.log_end_offset).to_string()),
        ("MaxFollowerLagTimeMs", lag_ms.to_string()),
        ("CurrentVoters", format!("[{}]", shown(&partition.current_voters))),
        ("CurrentObservers", format!("[{}]", shown(&partition.observers))),
    ]
    .map(|(name, value)| format!("{:<24}{value}\n", format!("{name}:")))
    .concat()
}

fn replica_text(answer: &DescribeQuorumResponse, replica: &ReplicaState) -> String {
    let mut parts = vec![format!("\"id\": {}", replica.replica_id)];
    if !replica.replica_directory_id.is_zero() {
        parts.push(format!("\"directoryId\": \"{}\"", replica.replica_directory_id));
    }
    let node = answer.nodes.iter().find(|node| node.node_id == replica.replica_id);
    let endpoints = node.map(|node| node.listeners.as_slice()).unwrap_or_default();
    if !endpoints.is_empty() {
        let endpoints = endpoints.iter().map(|e| format!("\"{}\"", uri(&e.name, &e.host, e.port)));
        parts.push(format!("\"endpoints\": [{}]", endpoints.collect::<Vec<_>>().join(", ")));
    }
    format!("{{{}}}", parts.join(", "))
}

fn uri(name: &str, host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("{name}://[{host}]:{port}"),
        false => format!("{name}://{host}:{port}"),
    }
}

/// A table of all replicas: the leader, who votes besides, who only follows. With `now` times are ages.
fn replication(partition: &PartitionDataResponse, now: Option<Millis>) -> String {
    let is_leader = |replica: &&ReplicaState| replica.replica_id == partition.leader_id;
    let voters = || partition.current_voters.iter();
    let leader_end = voters().find(is_leader).map_or(0, |leader| leader.log_end_offset);
    let time = |time: Millis| match (now, time) {
        (_, -1) | (None, _) => time.to_string(),
        (Some(now), time) => format!("{} ms ago", now - time),
    };
    let row = |replica: &ReplicaState, status: &str| {
        vec![
            replica.replica_id.to_string(),
            replica.replica_directory_id.to_string(),
            replica.log_end_offset.to_string(),
            (leader_end - replica.log_end_offset).to_string(),
            time(replica.last_fetch_timestamp),
            time(replica.last_caught_up_timestamp),
            status.to_owned(),
        ]
    };
    let headers = [
        "NodeId",
        "DirectoryId",
        "LogEndOffset",
        "Lag",
        "LastFetchTimestamp",
        "LastCaughtUpTimestamp",
        "Status",
    ];
    let leaders = voters().filter(is_leader).map(|replica| row(replica, "Leader"));
    let followers = voters().filter(|r| !is_leader(r)).map(|replica| row(replica, "Follower"));
    let observers = partition.observers.iter().map(|replica| row(replica, "Observer"));
    tool::table(&headers, &leaders.chain(followers).chain(observers).collect::<Vec<_>>())
}

async fn remove(cluster: &mut Cluster, parsed: &Parsed, id: NodeId) -> Result<(), Exception> {
    if id < 0 {
        return Err(terse(format!("Invalid negative --controller-id: {id}")));
    }
    let directory = directory(parsed.value("controller-directory-id").unwrap_or_default())?;
    let name = format!("KRaft controller {id} with directory id {directory}");
    if parsed.has("dry-run") {
        say(&format!("DRY RUN of removing {name}\n"));
        return Ok(());
    }
    let request = RemoveRaftVoterRequest {
        cluster_id: None,
        voter_id: id,
        voter_directory_id: directory,
        ..Default::default()
    };
    let answer = cluster.ask(&request).await?;
    let outcome = ClientError::check(answer.error_code, answer.error_message);
    outcome.map_err(|error| Exception::from(error).in_execution())?;
    say(&format!("Removed {name}\n"));
    Ok(())
}

fn directory(text: &str) -> Result<Uuid, Exception> {
    text.parse().map_err(|_| {
        let bytes = text.trim_end_matches('=').len() * 3 / 4;
        terse(format!(
            "Failed to parse --controller-directory-id: Input string `{text}` decoded as {bytes} bytes, which is not \
             equal to the expected 16 bytes of a base64-encoded UUID"
        ))
    })
}

/// Adds the controller that `properties` configure.
async fn add(
    cluster: &mut Cluster,
    properties: &Properties,
    dry_run: bool,
) -> Result<(), Exception> {
    let id = controller_id(properties)?;
    let directory = metadata_directory_id(properties)?;
    let listeners = controller_listeners(properties)?;
    let endpoints: Vec<_> = listeners.iter().map(|l| uri(&l.name, &l.host, l.port)).collect();
    if !dry_run {
        let request = AddRaftVoterRequest {
            cluster_id: None,
            timeout_ms: 30_000,
            voter_id: id,
            voter_directory_id: directory,
            listeners,
            ..Default::default()
        };
        let answer = cluster.ask(&request).await?;
        let outcome = ClientError::check(answer.error_code, answer.error_message);
        outcome.map_err(|error| Exception::from(error).in_execution())?;
    }
    let added = if dry_run { "DRY RUN of adding" } else { "Added" };
    let endpoints = endpoints.join(", ");
    say(&format!(
        "{added} controller {id} with directory id {directory} and endpoints: {endpoints}\n"
    ));
    Ok(())
}

const VALID: &str = "Is this a valid controller configuration file?";

fn controller_id(properties: &Properties) -> Result<NodeId, Exception> {
    let roles = property(properties, "process.roles").unwrap_or_default();
    if !roles.split(',').any(|role| role.trim() == "controller") {
        return Err(terse(format!(
            "process.roles did not contain 'controller' in configuration file. {VALID}"
        )));
    }
    let Some(text) = property(properties, "node.id") else {
        return Err(terse(format!("node.id not found in configuration file. {VALID}")));
    };
    let id = text.trim().parse::<NodeId>().map_err(|_| {
        Exception::new("java.lang.NumberFormatException", format!("For input string: \"{text}\""))
    })?;
    match id {
        0.. => Ok(id),
        _ => Err(terse(format!("node.id was negative in configuration file. {VALID}"))),
    }
}

fn metadata_directory_id(properties: &Properties) -> Result<Uuid, Exception> {
    let first = ["metadata.log.dir", "log.dirs", "log.dir"]
        .iter()
        .find_map(|name| property(properties, name))
        .and_then(|dirs| dirs.split(',').next());
    let Some(path) = first.map(str::trim) else {
        return Err(terse(format!("Neither metadata.log.dir nor log.dirs were found. {VALID}")));
    };
    let found = MetaProperties::read(&Disk, Path::new(path))
        .map_err(|error| terse(format!("Unable to read meta.properties from {path}: {error}")))?;
    let found =
        found.ok_or_else(|| terse(format!("Unable to read meta.properties from {path}")))?;
    found.directory_id.ok_or_else(|| terse(format!("No directory id found in {path}")))
}

/// Where the controller is reached: the advertised addresses of its listeners, else their own.
fn controller_listeners(properties: &Properties) -> Result<Vec<Listener>, Exception> {
    let Some(names) = property(properties, "controller.listener.names") else {
        return Err(terse(format!("controller.listener.names was not found. {VALID}")));
    };
    let find = |key: &str, name: &str| {
        let listed = property(properties, key)?.split(',').map(str::trim);
        let mut pairs = listed.filter_map(|listener| listener.split_once("://"));
        let (_, address) = pairs.find(|(listener, _)| *listener == name)?;
        let (host, port) = address.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (name, port) = (name.to_owned(), port.parse().ok()?);
        Some(Listener { name, host, port, ..Default::default() })
    };
    let endpoint = |name: &str| {
        let found = find("advertised.listeners", name).or_else(|| find("listeners", name));
        found.ok_or_else(|| {
            terse(format!("Cannot find information about controller listener name: {name}"))
        })
    };
    names.split(',').map(|name| endpoint(name.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> PartitionDataResponse {
        let replica = |replica_id, log_end_offset, last_caught_up_timestamp| ReplicaState {
            replica_id,
            log_end_offset,
            last_fetch_timestamp: 90,
            last_caught_up_timestamp,
            ..Default::default()
        };
        PartitionDataResponse {
            leader_id: 2,
            current_voters: vec![replica(1, 7, 60), replica(2, 10, 90)],
            ..Default::default()
        }
    }

    #[test]
    fn the_leader_comes_first() {
        let table = replication(&partition(), Some(100));
        let lines: Vec<_> = table.lines().collect();
        assert!(
            lines[1].starts_with("2     \tAAAAAAAAAAAAAAAAAAAAAA\t10          \t0  \t10 ms ago")
        );
        assert!(lines[2].contains("\t3  \t10 ms ago         \t40 ms ago            \tFollower\t"));
    }

    #[test]
    fn how_far_followers_are_behind() {
        let text = status("id", &DescribeQuorumResponse::default(), &partition());
        assert!(text.contains("MaxFollowerLag:         3\nMaxFollowerLagTimeMs:   30\n"));
        assert!(text.contains("CurrentVoters:          [{\"id\": 1}, {\"id\": 2}]\n"));
    }

    #[test]
    fn a_controllers_configuration() {
        let listed = |text: &str| tool::properties_in(&text.split(' ').collect::<Vec<_>>());
        let why = controller_id(&listed("process.roles=broker")).expect_err("no controller");
        assert!(why.message.starts_with("process.roles did not contain 'controller'"));
        let properties = listed(
            "process.roles=broker,controller node.id=3 controller.listener.names=C listeners=P://:1,C://h:2",
        );
        assert_eq!(controller_id(&properties), Ok(3));
        let listeners = controller_listeners(&properties).expect("there is one");
        assert_eq!(uri(&listeners[0].name, &listeners[0].host, listeners[0].port), "C://h:2");
    }
}
