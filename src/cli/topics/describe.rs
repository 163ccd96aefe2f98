//! Describing topics: one line for a topic, one for each of its partitions, or those that a report asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::options::{Options, REPORTS};
use super::{ensure_exists, topics};
use crate::cli::options::Exception;
use crate::cli::{java, say};
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::{NodeId, Uuid};
use crate::wire::api_key::ApiKey;
use crate::wire::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use crate::wire::messages::describe_topic_partitions::{
    Cursor, DescribeTopicPartitionsRequest, TopicRequest,
};
use crate::wire::messages::list_partition_reassignments::ListPartitionReassignmentsRequest;
use crate::wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponseTopic,
};

/// Names of topics that one request carries.
const NAMES_MAX: usize = 500;
/// Partitions that one answer may tell of, unless the options say.
const PARTITIONS_MAX: i32 = 2_000;
const TOPIC_RESOURCE: i8 = 2;
const DEFAULT_CONFIG: i8 = 5;

struct Topic {
    name: String,
    id: Uuid,
    partitions: Vec<Partition>,
    /// Name, value, and whether it is the default.
    configs: Vec<(String, String, bool)>,
}

struct Partition {
    index: i32,
    leader: NodeId,
    replicas: Vec<NodeId>,
    isr: Vec<NodeId>,
    /// None of both where the node cannot tell.
    elr: Option<Vec<NodeId>>,
    last_known_elr: Option<Vec<NodeId>>,
    /// Which replicas come and which go, while the partition is moved.
    reassignment: Option<(Vec<NodeId>, Vec<NodeId>)>,
}

/// `--describe`.
pub(super) async fn describe(cluster: &mut Cluster, options: &Options) -> Result<(), Exception> {
    let given = &options.given;
    let limit: Option<i32> = given.number("partition-size-limit-per-response")?;
    let id = given.value("topic-id")?.map(parse_id).transpose()?.filter(|id| !id.is_zero());
    let required = !given.has("if-exists");
    let mut found = match id {
        Some(id) => by_id(cluster, id, required).await?,
        None => {
            let names = topics(cluster, options).await?;
            ensure_exists(&names, options.topic()?, required)?;
            by_name(cluster, &names, limit.unwrap_or(PARTITIONS_MAX)).await?
        }
    };
    if found.is_empty() {
        return Ok(());
    }
    add_configs(cluster, &mut found).await?;
    add_reassignments(cluster, &mut found).await;
    let alive: BTreeSet<NodeId> = cluster.nodes().map(|node| node.id).collect();
    say(&text(&found, options, &alive));
    Ok(())
}

fn parse_id(text: &str) -> Result<Uuid, Exception> {
    if text.len() > 24 {
        let prefix = text.get(..24).unwrap_or_default();
        return Err(Exception::illegal_argument(format!(
            "Input string with prefix `{prefix}` is too long to be decoded as a base64 UUID"
        )));
    }
    // What Java's decoder of base64 says, and in which order it looks.
    let letters = text.trim_end_matches('=');
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if let Some(strange) = letters.chars().find(|letter| !is_letter(*letter)) {
        let what = format!("Illegal base64 character {:x}", u32::from(strange));
        return Err(Exception::illegal_argument(what));
    }
    match (letters.len(), letters.len() % 4) {
        (1, _) => {
            let what = "Input byte[] should at least have 2 bytes for base64 bytes";
            return Err(Exception::illegal_argument(what));
        }
        (_, 1) => {
            let what = "Last unit does not have enough valid bits";
            return Err(Exception::illegal_argument(what));
        }
        _ => {}
    }
    text.parse().map_err(|_| {
        let bytes = text.trim_end_matches('=').len() * 3 / 4;
        Exception::illegal_argument(format!(
            "Input string `{text}` decoded as {bytes} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID"
        ))
    })
}

async fn by_id(cluster: &mut Cluster, id: Uuid, required: bool) -> Result<Vec<Topic>, Exception> {
    let wanted = MetadataRequestTopic { topic_id: id, name: None, ..Default::default() };
    let request = MetadataRequest {
        topics: Some(vec![wanted]),
        allow_auto_topic_creation: false,
        ..Default::default()
    };
    // For the nodes that are alive: what is asked next by hand does not pass through the cluster's own picture.
    cluster.metadata(Some(&[]), false).await?;
    let answer = cluster.ask(&request).await?;
    let topic = answer.topics.into_iter().next().filter(|topic| topic.error_code == 0);
    match topic {
        Some(topic) => Ok(vec![from_metadata(topic)]),
        None if required => {
            Err(Exception::illegal_argument(format!("TopicId '{id}' does not exist as expected")))
        }
        None => Ok(Vec::new()),
    }
}

fn from_metadata(topic: MetadataResponseTopic) -> Topic {
    let partitions = topic.partitions.into_iter().map(|partition| Partition {
        index: partition.partition_index,
        leader: partition.leader_id,
        replicas: partition.replica_nodes,
        isr: partition.isr_nodes,
        elr: None,
        last_known_elr: None,
        reassignment: None,
    });
    let mut partitions: Vec<_> = partitions.collect();
    partitions.sort_by_key(|partition| partition.index);
    let name = topic.name.unwrap_or_default();
    Topic { name, id: topic.topic_id, partitions, configs: Vec::new() }
}

async fn by_name(
    cluster: &mut Cluster,
    names: &[String],
    limit: i32,
) -> Result<Vec<Topic>, Exception> {
    if !cluster.any().await?.supports(ApiKey::DescribeTopicPartitions) {
        let answer = cluster.metadata(Some(names), false).await?;
        return Ok(answer.topics.into_iter().map(from_metadata).collect());
    }
    let mut found: BTreeMap<String, Topic> = BTreeMap::new();
    for names in names.chunks(NAMES_MAX) {
        describe_some(cluster, names, limit, &mut found).await?;
    }
    let mut found: Vec<_> = found.into_values().collect();
    java::sort_by_text(&mut found, names.len(), |topic| &topic.name);
    Ok(found)
}

async fn describe_some(
    cluster: &mut Cluster,
    names: &[String],
    limit: i32,
    found: &mut BTreeMap<String, Topic>,
) -> Result<(), Exception> {
    let mut cursor: Option<Cursor> = None;
    loop {
        let after = cursor.as_ref().map(|cursor| cursor.topic_name.as_str());
        let left = names.iter().filter(|name| after.is_none_or(|after| name.as_str() >= after));
        let request = DescribeTopicPartitionsRequest {
            topics: left
                .map(|name| TopicRequest { name: name.clone(), ..Default::default() })
                .collect(),
            response_partition_limit: limit,
            cursor: cursor.take(),
            ..Default::default()
        };
        let answer = cluster.ask(&request).await?;
        for topic in answer.topics {
            let name = topic.name.unwrap_or_default();
            if topic.error_code == ErrorCode::UnknownTopicOrPartition.code() {
                continue; // deleted in between
            }
            ClientError::check(topic.error_code, None)?;
            // A large topic comes in parts, the last of them in a later answer.
            let known = found.entry(name.clone()).or_insert_with(|| Topic {
                name,
                id: topic.topic_id,
                partitions: Vec::new(),
                configs: Vec::new(),
            });
            known.partitions.extend(topic.partitions.into_iter().map(|partition| Partition {
                index: partition.partition_index,
                leader: partition.leader_id,
                replicas: partition.replica_nodes,
                isr: partition.isr_nodes,
                elr: partition.eligible_leader_replicas,
                last_known_elr: partition.last_known_elr,
                reassignment: None,
            }));
        }
        match answer.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
}

async fn add_configs(cluster: &mut Cluster, topics: &mut [Topic]) -> Result<(), Exception> {
    let resources = topics.iter().map(|topic| DescribeConfigsResource {
        resource_type: TOPIC_RESOURCE,
        resource_name: topic.name.clone(),
        configuration_keys: None,
        ..Default::default()
    });
    let request = DescribeConfigsRequest { resources: resources.collect(), ..Default::default() };
    for result in cluster.ask(&request).await?.results {
        ClientError::check(result.error_code, result.error_message)?;
        let Some(topic) = topics.iter_mut().find(|topic| topic.name == result.resource_name) else {
            continue;
        };
        let configs = result.configs.into_iter().map(|config| {
            let is_default = config.config_source == DEFAULT_CONFIG;
            (config.name, config.value.unwrap_or_else(|| "null".to_owned()), is_default)
        });
        topic.configs = configs.collect();
        let expected = topic.configs.len();
        java::sort_by_text(&mut topic.configs, expected, |(name, _, _)| name);
    }
    Ok(())
}

/// A node that cannot tell of reassignments has none to show.
async fn add_reassignments(cluster: &mut Cluster, topics: &mut [Topic]) {
    let request = ListPartitionReassignmentsRequest { topics: None, ..Default::default() };
    let Ok(answer) = cluster.ask(&request).await else { return };
    for ongoing in answer.topics {
        let Some(topic) = topics.iter_mut().find(|topic| topic.name == ongoing.name) else {
            continue;
        };
        for moving in ongoing.partitions {
            let partition = topic
                .partitions
                .iter_mut()
                .find(|partition| partition.index == moving.partition_index);
            if let Some(partition) = partition {
                partition.reassignment = Some((moving.adding_replicas, moving.removing_replicas));
            }
        }
    }
}

fn text(topics: &[Topic], options: &Options, alive: &BTreeSet<NodeId>) -> String {
    let given = &options.given;
    let reports: Vec<_> = REPORTS.into_iter().filter(|report| given.has(report)).collect();
    let overridden_only = given.has("topics-with-overrides");
    let mut text = String::new();
    for topic in topics {
        let overrides: Vec<_> = topic
            .configs
            .iter()
            .filter(|(_, _, is_default)| !is_default)
            .map(|(name, value, _)| format!("{name}={value}"))
            .collect();
        if reports.is_empty() && (!overridden_only || !overrides.is_empty()) {
            let replicas = topic.partitions.first().map_or(0, |first| first.replicas_now());
            text.push_str(&format!(
                "Topic: {}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {replicas}\tConfigs: {}\n",
                topic.name,
                topic.id,
                topic.partitions.len(),
                overrides.join(","),
            ));
        }
        if overridden_only {
            continue;
        }
        for partition in &topic.partitions {
            let reported = |report: &&str| topic.reports(partition, report, alive);
            if reports.is_empty() || reports.iter().any(reported) {
                text.push_str(&partition.line(&topic.name));
            }
        }
    }
    text
}

impl Topic {
    fn reports(&self, partition: &Partition, report: &str, alive: &BTreeSet<NodeId>) -> bool {
        let min_isr = self
            .configs
            .iter()
            .find(|(name, _, _)| name == "min.insync.replicas")
            .and_then(|(_, value, _)| value.parse::<usize>().ok())
            .unwrap_or(1);
        match report {
            "under-replicated-partitions" => partition.isr.len() < partition.replicas_now(),
            "unavailable-partitions" => !alive.contains(&partition.leader),
            "under-min-isr-partitions" => partition.isr.len() < min_isr,
            _ => partition.isr.len() == min_isr,
        }
    }
}

impl Partition {
    /// Replicas without those that a reassignment is adding.
    fn replicas_now(&self) -> usize {
        let adding = self.reassignment.as_ref().map_or(0, |(adding, _)| adding.len());
        self.replicas.len().saturating_sub(adding)
    }

    fn line(&self, topic: &str) -> String {
        let leader = if self.leader >= 0 { self.leader.to_string() } else { "none".to_owned() };
        let mut line = format!(
            "\tTopic: {topic}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}",
            self.index,
            ids(&self.replicas),
            ids(&self.isr),
        );
        if let Some((adding, removing)) = &self.reassignment {
            line.push_str(&format!(
                "\tAdding Replicas: {}\tRemoving Replicas: {}",
                ids(adding),
                ids(removing)
            ));
        }
        let elr = |elr: &Option<Vec<NodeId>>| elr.as_ref().map_or("N/A".to_owned(), |elr| ids(elr));
        line.push_str(&format!(
            "\tElr: {}\tLastKnownElr: {}\n",
            elr(&self.elr),
            elr(&self.last_known_elr)
        ));
        line
    }
}

fn ids(ids: &[NodeId]) -> String {
    let texts: Vec<_> = ids.iter().map(ToString::to_string).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partitions_line() {
        let mut partition = Partition {
            index: 0,
            leader: -1,
            replicas: vec![1, 2, 3],
            isr: vec![2],
            elr: Some(vec![3]),
            last_known_elr: None,
            reassignment: None,
        };
        assert_eq!(
            partition.line("t"),
            "\tTopic: t\tPartition: 0\tLeader: none\tReplicas: 1,2,3\tIsr: 2\tElr: 3\tLastKnownElr: N/A\n"
        );
        partition.reassignment = Some((vec![3], vec![1]));
        assert_eq!(partition.replicas_now(), 2);
        assert!(partition.line("t").contains("\tAdding Replicas: 3\tRemoving Replicas: 1\t"));
    }

    #[test]
    fn ids_that_are_none() {
        let says = |text| parse_id(text).expect_err("it is none").message;
        assert_eq!(
            says("12"),
            "Input string `12` decoded as 1 bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID"
        );
        assert!(says("0123456789012345678901234").starts_with("Input string with prefix"));
        assert!(parse_id("AAAAAAAAAAAAAAAAAAAAAQ").is_ok());
    }
}
