//! A member of a group of the consumer protocol (KIP-848): one heartbeat joins, tells, is told, and leaves.
//!
//! Who calls takes in what [`ModernMember::beat`] says is assigned before it beats again; that heartbeat then tells the
//! coordinator that it is so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::member::Beat;
use super::settings::Settings;
use crate::client::offsets::{self, Committer};
use crate::client::{ClientError, Cluster};
use crate::error::{ApiError, ErrorCode};
use crate::types::{Offset, PartitionId, TopicPartition, Uuid};
use crate::wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicPartitions,
};

const REBALANCE_TIMEOUT_MS: i32 = 300_000;
const RETRY: Duration = Duration::from_millis(100);
/// The epoch of one that joins.
const JOINING: i32 = 0;
/// The epoch of one that leaves for good.
const LEAVING: i32 = -1;
/// The epoch of a static member that will be back.
const AWAY: i32 = -2;
/// How often a commit is tried again because the group has moved on.
const STALE_MAX: u32 = 5;

type Assignment = BTreeMap<Uuid, BTreeSet<PartitionId>>;

/// See the module.
pub(super) struct ModernMember {
    group: String,
    topics: Vec<String>,
    instance: Option<String>,
    assignor: Option<String>,
    /// The member's id and epoch.
    committer: Committer,
    next_heartbeat: Instant,
    /// What is the member's.
    owned: Assignment,
    /// What an answer assigned while something else was asked.
    target: Option<Assignment>,
    /// Whether the coordinator knows what is owned, and what is subscribed to.
    is_told: bool,
}

impl ModernMember {
    pub(super) fn new(group: &str, settings: &Settings) -> Self {
        Self {
            group: group.to_owned(),
            topics: Vec::new(),
            instance: settings.instance.clone(),
            assignor: settings.remote_assignor.clone(),
            committer: Committer { member_id: Uuid::random().to_string(), generation_id: JOINING },
            next_heartbeat: Instant::now(),
            owned: Assignment::new(),
            target: None,
            is_told: false,
        }
    }

    pub(super) fn subscribe(&mut self, topics: Vec<String>) {
        self.is_told &= self.topics == topics;
        self.topics = topics;
    }

    pub(super) async fn join(
        &mut self,
        cluster: &mut Cluster,
    ) -> Result<Vec<TopicPartition>, ClientError> {
        self.start_over();
        loop {
            match self.exchange(cluster).await {
                Ok(()) => break,
                Err(error) if is_fenced(&error) || error.is_retriable() => {
                    self.start_over();
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => return Err(error),
            }
        }
        let target = self.target.take().unwrap_or_default();
        self.take(target, cluster).await
    }

    pub(super) async fn beat(&mut self, cluster: &mut Cluster) -> Result<Beat, ClientError> {
        if self.target.is_none() {
            if Instant::now() < self.next_heartbeat {
                return Ok(Beat::Steady);
            }
            match self.exchange(cluster).await {
                Err(error) if is_fenced(&error) => return Ok(Beat::Rejoin),
                other => other?,
            }
        }
        match self.target.take().filter(|target| *target != self.owned) {
            Some(target) => Ok(Beat::Assigned(self.take(target, cluster).await?)),
            None => Ok(Beat::Steady),
        }
    }

    pub(super) fn next_heartbeat(&self) -> Instant {
        self.next_heartbeat
    }

    pub(super) async fn commit(
        &mut self,
        cluster: &mut Cluster,
        positions: &BTreeMap<TopicPartition, Offset>,
    ) -> Result<(), ClientError> {
        let mut tries = 0;
        loop {
            match offsets::commit(cluster, &self.group, &self.committer, positions).await {
                Err(error)
                    if error.code() == Some(ErrorCode::StaleMemberEpoch) && tries < STALE_MAX =>
                {
                    // The epoch has moved on; the next heartbeat tells where to.
                    tries += 1;
                    self.exchange(cluster).await?;
                }
                other => return other,
            }
        }
    }

    pub(super) async fn leave(&self, cluster: &mut Cluster) {
        let epoch = if self.instance.is_some() { AWAY } else { LEAVING };
        let request = ConsumerGroupHeartbeatRequest {
            group_id: self.group.clone(),
            member_id: self.committer.member_id.clone(),
            member_epoch: epoch,
            instance_id: self.instance.clone(),
            ..Default::default()
        };
        let Ok(connection) = cluster.group_coordinator(&self.group).await else { return };
        if let Err(error) = connection.ask(&request).await {
            tracing::debug!(%error, "left without a farewell");
        }
    }

    /// Nothing is known to the coordinator, and nothing is ours.
    fn start_over(&mut self) {
        self.committer.generation_id = JOINING;
        self.owned.clear();
        self.target = None;
        self.is_told = false;
    }

    /// Makes an assignment ours. Topics that do not exist any more are passed over.
    async fn take(
        &mut self,
        target: Assignment,
        cluster: &mut Cluster,
    ) -> Result<Vec<TopicPartition>, ClientError> {
        let is_known = |id: &Uuid, cluster: &Cluster| {
            self.topics.iter().any(|topic| cluster.topic_id(topic) == Some(*id))
        };
        if !target.keys().all(|id| is_known(id, cluster)) {
            cluster.metadata(Some(&self.topics), false).await?;
        }
        self.owned = target;
        self.is_told = false;
        self.next_heartbeat = Instant::now();
        let names = self.topics.iter().filter_map(|topic| Some((topic, cluster.topic_id(topic)?)));
        let places = names.flat_map(|(topic, id)| {
            let partitions = self.owned.get(&id).into_iter().flatten();
            partitions.map(move |partition| TopicPartition::new(topic.clone(), *partition))
        });
        Ok(places.collect())
    }

    /// One heartbeat, with what the coordinator has yet to be told.
    async fn exchange(&mut self, cluster: &mut Cluster) -> Result<(), ClientError> {
        let connection = cluster.group_coordinator(&self.group).await?;
        let version = connection
            .version_of::<ConsumerGroupHeartbeatRequest>()
            .map_err(|_| not_supported())?;
        let answer = connection.send(&self.request(version), version).await?;
        ClientError::check(answer.error_code, answer.error_message.clone())?;
        self.learn(answer);
        Ok(())
    }

    fn request(&self, version: i16) -> ConsumerGroupHeartbeatRequest {
        let joins = self.committer.generation_id == JOINING;
        let tells = joins || !self.is_told;
        let owned = self.owned.iter().map(|(id, partitions)| TopicPartitions {
            topic_id: *id,
            partitions: partitions.iter().copied().collect(),
            ..Default::default()
        });
        // Of the first version the coordinator gives out the ids.
        let is_nameless = joins && version == 0;
        let member_id = self.committer.member_id.clone();
        ConsumerGroupHeartbeatRequest {
            group_id: self.group.clone(),
            member_id: if is_nameless { String::new() } else { member_id },
            member_epoch: self.committer.generation_id,
            instance_id: self.instance.clone(),
            rebalance_timeout_ms: if joins { REBALANCE_TIMEOUT_MS } else { -1 },
            subscribed_topic_names: tells.then(|| self.topics.clone()),
            server_assignor: self.assignor.clone().filter(|_| joins),
            topic_partitions: tells.then(|| owned.collect()),
            ..Default::default()
        }
    }

    fn learn(&mut self, answer: ConsumerGroupHeartbeatResponse) {
        if let Some(member_id) = answer.member_id {
            self.committer.member_id = member_id;
        }
        self.committer.generation_id = answer.member_epoch;
        self.is_told = true;
        let interval = u64::try_from(answer.heartbeat_interval_ms).unwrap_or(0);
        self.next_heartbeat = Instant::now() + Duration::from_millis(interval);
        if let Some(assignment) = answer.assignment {
            let topics = assignment.topic_partitions.into_iter();
            let target =
                topics.map(|topic| (topic.topic_id, topic.partitions.into_iter().collect()));
            self.target = Some(target.collect());
        }
    }
}

/// Whether the group has done without the member.
fn is_fenced(error: &ClientError) -> bool {
    matches!(error.code(), Some(ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId))
}

fn not_supported() -> ClientError {
    ClientError::Api(ApiError {
        code: ErrorCode::UnsupportedVersion,
        message: Some(
            "The cluster does not support the new CONSUMER group protocol. Set group.protocol=classic on the consumer \
             configs to revert to the CLASSIC protocol until the cluster is upgraded."
                .to_owned(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::consumer::settings::Subject;
    use crate::wire::messages::consumer_group_heartbeat::Assignment as Assigned;

    fn member() -> ModernMember {
        let properties = vec![("group.remote.assignor".to_owned(), "range".to_owned())];
        let properties =
            [properties, vec![("group.protocol".to_owned(), "consumer".to_owned())]].concat();
        let settings = Settings::new(Subject::Topic("t".to_owned()), properties);
        let mut member = ModernMember::new("g", &settings.expect("they make sense"));
        member.subscribe(vec!["t".to_owned()]);
        member
    }

    #[test]
    fn what_is_known_is_not_told_again() {
        let mut member = member();
        let first = member.request(1);
        assert_eq!((first.member_epoch, first.rebalance_timeout_ms), (0, REBALANCE_TIMEOUT_MS));
        assert_eq!(first.subscribed_topic_names, Some(vec!["t".to_owned()]));
        assert_eq!(
            (first.topic_partitions, first.server_assignor),
            (Some(vec![]), Some("range".into()))
        );
        assert!(!first.member_id.is_empty() && member.request(0).member_id.is_empty());
        member.learn(ConsumerGroupHeartbeatResponse {
            member_epoch: 7,
            heartbeat_interval_ms: 5_000,
            ..Default::default()
        });
        let second = member.request(1);
        assert_eq!((second.member_epoch, second.rebalance_timeout_ms), (7, -1));
        assert_eq!((second.subscribed_topic_names, second.topic_partitions), (None, None));
        assert!(member.next_heartbeat() > Instant::now() && member.target.is_none());
    }

    #[test]
    fn what_is_assigned_is_told_once_it_is_owned() {
        let mut member = member();
        let partitions =
            TopicPartitions { topic_id: Uuid::ONE, partitions: vec![1, 0], ..Default::default() };
        member.learn(ConsumerGroupHeartbeatResponse {
            member_epoch: 1,
            assignment: Some(Assigned { topic_partitions: vec![partitions], ..Default::default() }),
            ..Default::default()
        });
        assert_eq!(member.request(1).topic_partitions, None);
        member.owned = member.target.take().expect("it was assigned");
        member.is_told = false;
        let told = member.request(1).topic_partitions.expect("it is told");
        assert_eq!(told.first().map(|topic| topic.partitions.clone()), Some(vec![0, 1]));
    }
}
