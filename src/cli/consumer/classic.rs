//! A member of a classic group: joins, assigns when it leads, beats, commits, leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::assignors::Assignor;
use super::member::Beat;
use super::settings::Settings;
use crate::client::offsets::{self, Committer};
use crate::client::{ClientError, Cluster, Connection};
use crate::error::ErrorCode;
use crate::types::{Offset, TopicPartition};
use crate::wire::message::Message;
use crate::wire::messages::heartbeat::HeartbeatRequest;
use crate::wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use crate::wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};
use crate::wire::stored::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, TopicPartition as TopicPartitions,
};

const REBALANCE_TIMEOUT_MS: i32 = 300_000;
/// How long an answer may take that waits for the other members.
const REBALANCE_WAIT: Duration = Duration::from_millis(REBALANCE_TIMEOUT_MS as u64 + 5_000);
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// See the module.
pub(super) struct ClassicMember {
    group: String,
    topics: Vec<String>,
    instance: Option<String>,
    session_timeout_ms: i32,
    assignors: Vec<Assignor>,
    committer: Committer,
    last_heartbeat: Instant,
}

impl ClassicMember {
    pub(super) fn new(group: &str, settings: &Settings) -> Self {
        Self {
            group: group.to_owned(),
            topics: Vec::new(),
            instance: settings.instance.clone(),
            session_timeout_ms: settings.session_timeout_ms,
            assignors: settings.assignors.clone(),
            committer: Committer::default(),
            last_heartbeat: Instant::now(),
        }
    }

    /// Joins, or joins again, and answers what is assigned. The deadline is the rebalance timeout.
    pub(super) async fn join(
        &mut self,
        cluster: &mut Cluster,
    ) -> Result<Vec<TopicPartition>, ClientError> {
        loop {
            match self.join_once(cluster).await {
                Ok(assigned) => {
                    self.last_heartbeat = Instant::now();
                    return Ok(assigned);
                }
                Err(error) if self.rejoins(&error) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the member should join anew, and as whom.
    fn rejoins(&mut self, error: &ClientError) -> bool {
        match error.code() {
            // Nobody knows it any more: it comes as a newcomer, under a new name.
            Some(ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration) => {
                self.committer = Committer::default();
                true
            }
            Some(ErrorCode::RebalanceInProgress | ErrorCode::MemberIdRequired) => true,
            _ => error.is_retriable(),
        }
    }

    async fn join_once(
        &mut self,
        cluster: &mut Cluster,
    ) -> Result<Vec<TopicPartition>, ClientError> {
        let connection = cluster.group_coordinator(&self.group).await?;
        let joined = self.join_group(&connection).await?;
        let assignments = match joined.leader == joined.member_id && !joined.skip_assignment {
            true => self.assign(cluster, &joined).await?,
            false => Vec::new(),
        };
        self.sync_group(&connection, joined, assignments).await
    }

    async fn join_group(
        &mut self,
        connection: &Connection,
    ) -> Result<JoinGroupResponse, ClientError> {
        let subscription =
            ConsumerProtocolSubscription { topics: self.topics.clone(), ..Default::default() };
        let metadata = subscription.encode_versioned(3)?;
        let protocols = self.assignors.iter().map(|assignor| JoinGroupRequestProtocol {
            name: assignor.name().to_owned(),
            metadata: metadata.clone(),
            ..Default::default()
        });
        let request = JoinGroupRequest {
            group_id: self.group.clone(),
            session_timeout_ms: self.session_timeout_ms,
            group_instance_id: self.instance.clone(),
            rebalance_timeout_ms: REBALANCE_TIMEOUT_MS,
            member_id: self.committer.member_id.clone(),
            protocol_type: "consumer".to_owned(),
            protocols: protocols.collect(),
            ..Default::default()
        };
        let version = connection.version_of::<JoinGroupRequest>()?;
        let joined = connection.send_within(&request, version, REBALANCE_WAIT).await?;
        if joined.error_code == ErrorCode::MemberIdRequired.code() {
            // The name is what the next attempt comes with.
            self.committer.member_id = joined.member_id;
            return Err(ClientError::api(joined.error_code, None));
        }
        ClientError::check(joined.error_code, None)?;
        self.committer =
            Committer { member_id: joined.member_id.clone(), generation_id: joined.generation_id };
        Ok(joined)
    }

    /// What this member has in the generation that it has joined.
    async fn sync_group(
        &self,
        connection: &Connection,
        joined: JoinGroupResponse,
        assignments: Vec<SyncGroupRequestAssignment>,
    ) -> Result<Vec<TopicPartition>, ClientError> {
        let request = SyncGroupRequest {
            group_id: self.group.clone(),
            generation_id: joined.generation_id,
            member_id: joined.member_id,
            group_instance_id: self.instance.clone(),
            protocol_type: Some("consumer".to_owned()),
            protocol_name: joined.protocol_name,
            assignments,
            ..Default::default()
        };
        let version = connection.version_of::<SyncGroupRequest>()?;
        let synced = connection.send_within(&request, version, REBALANCE_WAIT).await?;
        ClientError::check(synced.error_code, None)?;
        if synced.assignment.is_empty() {
            return Ok(Vec::new());
        }
        let (assignment, _) = ConsumerProtocolAssignment::decode_versioned(synced.assignment)?;
        let places = assignment.assigned_partitions.into_iter().flat_map(|topic| {
            let name = topic.topic;
            topic.partitions.into_iter().map(move |p| TopicPartition::new(name.clone(), p))
        });
        Ok(places.collect())
    }

    pub(super) async fn beat(&mut self, cluster: &mut Cluster) -> Result<Beat, ClientError> {
        if self.last_heartbeat.elapsed() < HEARTBEAT_INTERVAL {
            return Ok(Beat::Steady);
        }
        self.last_heartbeat = Instant::now();
        let request = HeartbeatRequest {
            group_id: self.group.clone(),
            generation_id: self.committer.generation_id,
            member_id: self.committer.member_id.clone(),
            group_instance_id: self.instance.clone(),
            ..Default::default()
        };
        let answer = cluster.group_coordinator(&self.group).await?.ask(&request).await?;
        match ClientError::check(answer.error_code, None) {
            Ok(()) => Ok(Beat::Steady),
            Err(error) if self.rejoins(&error) => Ok(Beat::Rejoin),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn commit(
        &self,
        cluster: &mut Cluster,
        positions: &BTreeMap<TopicPartition, Offset>,
    ) -> Result<(), ClientError> {
        offsets::commit(cluster, &self.group, &self.committer, positions).await
    }

    pub(super) fn next_heartbeat(&self) -> Instant {
        self.last_heartbeat + HEARTBEAT_INTERVAL
    }

    pub(super) fn subscribe(&mut self, topics: Vec<String>) {
        self.topics = topics;
    }

    /// Static members stay: their place is kept until their session ends, so that a restart disturbs nobody.
    pub(super) async fn leave(&self, cluster: &mut Cluster) {
        if self.instance.is_some() {
            return;
        }
        let member_id = self.committer.member_id.clone();
        let member = MemberIdentity {
            member_id: member_id.clone(),
            reason: Some("the consumer is being closed".to_owned()),
            ..Default::default()
        };
        let Ok(connection) = cluster.group_coordinator(&self.group).await else { return };
        let Ok(version) = connection.version_of::<LeaveGroupRequest>() else { return };
        let mut request = LeaveGroupRequest { group_id: self.group.clone(), ..Default::default() };
        // Before version 3 one member leaves at a time, and is named elsewhere (KIP-345).
        if version >= 3 {
            request.members = vec![member];
        } else {
            request.member_id = member_id;
        }
        if let Err(error) = connection.send(&request, version).await {
            tracing::debug!(%error, "left without a farewell");
        }
    }

    /// What every member gets, as the leader tells the coordinator.
    async fn assign(
        &self,
        cluster: &mut Cluster,
        joined: &JoinGroupResponse,
    ) -> Result<Vec<SyncGroupRequestAssignment>, ClientError> {
        let mut subscriptions = BTreeMap::new();
        for member in &joined.members {
            let subscription =
                ConsumerProtocolSubscription::decode_versioned(member.metadata.clone());
            let (subscription, _) = subscription?;
            subscriptions.insert(member.member_id.clone(), subscription.topics);
        }
        // The leader assigns topics, too, that others alone subscribe to.
        let topics: BTreeSet<String> = subscriptions.values().flatten().cloned().collect();
        let topics: Vec<_> = topics.into_iter().collect();
        let metadata = cluster.metadata(Some(&topics), true).await?;
        let counts =
            metadata.topics.into_iter().filter(|topic| topic.error_code == 0).map(|topic| {
                (topic.name.unwrap_or_default(), i32::try_from(topic.partitions.len()).unwrap_or(0))
            });
        let chosen =
            |assignor: &&Assignor| joined.protocol_name.as_deref() == Some(assignor.name());
        let assignor = self.assignors.iter().find(chosen).copied().unwrap_or(Assignor::Range);
        let assigned = assignor.assign(&subscriptions, &counts.collect());
        let mut assignments = Vec::new();
        for (member_id, topics) in assigned {
            let assigned_partitions = topics.into_iter().map(|(topic, partitions)| {
                TopicPartitions { topic, partitions, ..Default::default() }
            });
            let assignment = ConsumerProtocolAssignment {
                assigned_partitions: assigned_partitions.collect(),
                ..Default::default()
            };
            let assignment = assignment.encode_versioned(3)?;
            assignments.push(SyncGroupRequestAssignment {
                member_id,
                assignment,
                ..Default::default()
            });
        }
        Ok(assignments)
    }
}
