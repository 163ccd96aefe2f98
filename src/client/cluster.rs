//! A cluster as its clients see it: from a list of addresses to the node that leads a partition or coordinates a group.
//!
//! One caller at a time. Retries what may go well a moment later, with growing pauses, until a deadline.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::{Connection, Settings};
use super::failure::ClientError;
use crate::error::ErrorCode;
use crate::types::{NodeId, PartitionId, TopicPartition, Uuid};
use crate::wire::message::Request;
use crate::wire::messages::describe_cluster::{DescribeClusterRequest, DescribeClusterResponse};
use crate::wire::messages::find_coordinator::FindCoordinatorRequest;
use crate::wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};

const BACKOFF_MS: u64 = 100;
const BACKOFF_MS_MAX: u64 = 1_000;

/// What a coordinator coordinates, as FindCoordinator numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoordinatorKind {
    /// A group.
    Group = 0,
    /// A transactional id.
    Transaction = 1,
    /// A partition of a share group.
    Share = 2,
}

/// A node's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Where it listens.
    pub host: String,
    /// And on which port.
    pub port: i32,
}

impl Node {
    /// `host:port`.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// See the module.
pub struct Cluster {
    /// Asked where no node that is known answers.
    bootstrap: Vec<String>,
    settings: Settings,
    deadline: Duration,
    /// By the latest metadata.
    nodes: BTreeMap<NodeId, Node>,
    /// By address: two nodes may turn out to be one.
    connections: HashMap<String, Arc<Connection>>,
    /// By the latest metadata that named the partition; −1 where it had none.
    leaders: HashMap<TopicPartition, NodeId>,
    /// For requests that name topics by their ids only.
    topic_ids: HashMap<String, Uuid>,
}

impl Cluster {
    /// A cluster behind `bootstrap`, `host:port` separated by commas. Nothing is connected yet. Whatever is retried is
    /// given up after `deadline`.
    pub fn new(bootstrap: &str, settings: Settings, deadline: Duration) -> Self {
        let parts = bootstrap.split(',').map(str::trim).filter(|part| !part.is_empty());
        Self {
            bootstrap: parts.map(str::to_owned).collect(),
            settings,
            deadline,
            nodes: BTreeMap::new(),
            connections: HashMap::new(),
            leaders: HashMap::new(),
            topic_ids: HashMap::new(),
        }
    }

    /// How long is tried what may go well a moment later.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    async fn connect(&mut self, address: &str) -> Result<Arc<Connection>, ClientError> {
        if let Some(connection) = self.connections.get(address).filter(|known| known.is_open()) {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(Connection::open(address, self.settings.clone()).await?);
        self.connections.insert(address.to_owned(), Arc::clone(&connection));
        Ok(connection)
    }

    /// A connection to some node that answers; tried until the deadline.
    pub async fn any(&mut self) -> Result<Arc<Connection>, ClientError> {
        let mut pause = Pause::until(self.deadline);
        loop {
            let known = self.nodes.values().map(Node::address);
            let addresses: Vec<_> = known.chain(self.bootstrap.iter().cloned()).collect();
            let mut last = ClientError::Timeout("no address of any node is known".to_owned());
            for address in addresses {
                match self.connect(&address).await {
                    Ok(connection) => return Ok(connection),
                    Err(error) => last = error,
                }
            }
            tracing::warn!(error = %last, "no node answers");
            if !pause.again().await {
                return Err(ClientError::Timeout(
                    "Timed out waiting for a node assignment.".to_owned(),
                ));
            }
        }
    }

    /// A connection to node `id`, which must be known from metadata.
    pub async fn node(&mut self, id: NodeId) -> Result<Arc<Connection>, ClientError> {
        if !self.nodes.contains_key(&id) {
            self.metadata(Some(&[]), false).await?;
        }
        let Some(address) = self.nodes.get(&id).map(Node::address) else {
            return Err(ClientError::api(ErrorCode::BrokerNotAvailable.code(), None));
        };
        self.connect(&address).await
    }

    /// The brokers that the latest metadata told of.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// The ids of the brokers, by metadata that is asked for now.
    pub async fn node_ids(&mut self) -> Result<Vec<NodeId>, ClientError> {
        self.metadata(Some(&[]), false).await?;
        Ok(self.nodes.keys().copied().collect())
    }

    /// Asks whichever node answers, again while the connection breaks.
    pub async fn ask<R: Request>(&mut self, request: &R) -> Result<R::Response, ClientError> {
        let mut pause = Pause::until(self.deadline);
        loop {
            match self.any().await?.ask(request).await {
                Err(ClientError::Disconnected(error)) => {
                    if !pause.again().await {
                        return Err(ClientError::Disconnected(error));
                    }
                }
                other => return other,
            }
        }
    }

    /// What the cluster says of `topics`, or of all of them, and of its nodes. Remembers nodes, leaders and topic ids.
    pub async fn metadata(
        &mut self,
        topics: Option<&[String]>,
        allow_auto_topic_creation: bool,
    ) -> Result<MetadataResponse, ClientError> {
        let topics = topics.map(|topics| {
            let named = |name: &String| MetadataRequestTopic {
                name: Some(name.clone()),
                ..Default::default()
            };
            topics.iter().map(named).collect()
        });
        let request = MetadataRequest { topics, allow_auto_topic_creation, ..Default::default() };
        let answer = self.ask(&request).await?;
        self.remember(&answer);
        Ok(answer)
    }

    /// The cluster and its nodes, the `fenced` ones too: its brokers, or its `controllers`, which only controllers
    /// know. Remembers the nodes.
    pub async fn describe(
        &mut self,
        controllers: bool,
        fenced: bool,
    ) -> Result<DescribeClusterResponse, ClientError> {
        let request = DescribeClusterRequest {
            endpoint_type: if controllers { 2 } else { 1 },
            include_fenced_brokers: fenced,
            ..Default::default()
        };
        let answer = self.ask(&request).await?;
        ClientError::check(answer.error_code, answer.error_message.clone())?;
        let nodes = answer.brokers.iter().map(|node| Node {
            id: node.broker_id,
            host: node.host.clone(),
            port: node.port,
        });
        self.nodes = nodes.map(|node| (node.id, node)).collect();
        Ok(answer)
    }

    fn remember(&mut self, answer: &MetadataResponse) {
        let nodes = answer.brokers.iter().map(|broker| Node {
            id: broker.node_id,
            host: broker.host.clone(),
            port: broker.port,
        });
        self.nodes = nodes.map(|node| (node.id, node)).collect();
        for topic in &answer.topics {
            let Some(name) = &topic.name else { continue };
            if topic.error_code == 0 {
                self.topic_ids.insert(name.clone(), topic.topic_id);
            }
            for partition in &topic.partitions {
                let place = TopicPartition::new(name.clone(), partition.partition_index);
                self.leaders.insert(place, partition.leader_id);
            }
        }
    }

    /// The leader of a partition by the latest metadata; none where there is none or nothing is known.
    pub fn leader(&self, topic: &str, partition: PartitionId) -> Option<NodeId> {
        let place = TopicPartition::new(topic, partition);
        self.leaders.get(&place).copied().filter(|leader| *leader >= 0)
    }

    /// The id of a topic by the latest metadata.
    pub fn topic_id(&self, topic: &str) -> Option<Uuid> {
        self.topic_ids.get(topic).copied().filter(|id| !id.is_zero())
    }

    /// The node that coordinates `key`; asked until the deadline.
    pub async fn coordinator(
        &mut self,
        kind: CoordinatorKind,
        key: &str,
    ) -> Result<Node, ClientError> {
        let mut pause = Pause::until(self.deadline);
        loop {
            match self.find_coordinator(kind, key).await {
                Err(error) if error.is_retriable() && pause.again().await => {}
                other => return other,
            }
        }
    }

    async fn find_coordinator(
        &mut self,
        kind: CoordinatorKind,
        key: &str,
    ) -> Result<Node, ClientError> {
        let connection = self.any().await?;
        let version = connection.version_of::<FindCoordinatorRequest>()?;
        let mut request = FindCoordinatorRequest { key_type: kind as i8, ..Default::default() };
        if version >= 4 {
            request.coordinator_keys = vec![key.to_owned()];
        } else {
            request.key = key.to_owned();
        }
        let answer = connection.send(&request, version).await?;
        let node = match answer.coordinators.into_iter().next() {
            Some(found) => {
                ClientError::check(found.error_code, found.error_message)?;
                Node { id: found.node_id, host: found.host, port: found.port }
            }
            None => {
                ClientError::check(answer.error_code, answer.error_message)?;
                Node { id: answer.node_id, host: answer.host, port: answer.port }
            }
        };
        self.nodes.entry(node.id).or_insert_with(|| node.clone());
        Ok(node)
    }

    /// Asks the node that coordinates `key`, again until the deadline while another try may do better; `code` is where
    /// the answer says whether it did.
    pub async fn ask_coordinator<R: Request>(
        &mut self,
        kind: CoordinatorKind,
        key: &str,
        request: &R,
        code: impl Fn(&R::Response) -> i16,
    ) -> Result<R::Response, ClientError> {
        let mut pause = Pause::until(self.deadline);
        loop {
            let asked = async {
                let node = self.coordinator(kind, key).await?;
                let answer = self.node(node.id).await?.ask(request).await?;
                ClientError::check(code(&answer), None)?;
                Ok(answer)
            };
            match asked.await {
                Err(error) if ClientError::is_retriable(&error) && pause.again().await => {}
                other => return other,
            }
        }
    }

    /// A connection to the coordinator of a group.
    pub async fn group_coordinator(&mut self, group: &str) -> Result<Arc<Connection>, ClientError> {
        let node = self.coordinator(CoordinatorKind::Group, group).await?;
        self.connect(&node.address()).await
    }
}

/// Growing pauses until a deadline.
#[derive(Debug)]
pub struct Pause {
    end: Instant,
    next_ms: u64,
}

impl Pause {
    /// Pauses that end `deadline` from now.
    pub fn until(deadline: Duration) -> Self {
        Self { end: Instant::now() + deadline, next_ms: BACKOFF_MS }
    }

    /// Waits a moment. False, and no wait, once the deadline is near.
    pub async fn again(&mut self) -> bool {
        let pause = Duration::from_millis(self.next_ms);
        if Instant::now() + pause >= self.end {
            return false;
        }
        tokio::time::sleep(pause).await;
        self.next_ms = (self.next_ms * 2).min(BACKOFF_MS_MAX);
        true
    }
}
