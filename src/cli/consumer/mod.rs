//! A consumer for the tools: finds the partitions, where to begin, and fetches from their leaders, one fetch ahead of
//! what is handed out.
//!
//! One task drives it; a member's heartbeats go out while [`Consumer::poll`] waits.

mod assignors;
mod chunk;
mod classic;
mod member;
mod modern;
mod reconcile;
pub(super) mod settings;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::options::Exception;
use super::tool::{self, IncludeList};
use crate::client::offsets::{committed, list_offsets};
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::{Millis, NodeId, Offset, TopicPartition, by_topic};
use crate::wire::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic};
pub(super) use chunk::Chunk;
use member::{Beat, Member};
use settings::{Settings, Start, Subject};

/// The last version of Fetch that names topics.
const NAMED_VERSION_MAX: i16 = 12;
const FETCH_BYTES_MAX: i32 = 50 << 20;
/// How much may wait to be handed out before no more is fetched, in bytes.
const AHEAD_BYTES: usize = 16 << 20;
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(100);

/// What has happened to the partitions that are consumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Assigned(Vec<TopicPartition>),
    Revoked(Vec<TopicPartition>),
}

/// An answer to a fetch, and who gave it.
type Fetched = (NodeId, Result<FetchResponse, ClientError>);

/// See the module.
pub(super) struct Consumer {
    settings: Settings,
    cluster: Cluster,
    /// None where there is no group: then all partitions are ours.
    member: Option<Member>,
    /// Whether `positions` are those of the present assignment.
    assigned: bool,
    /// Where the next fetch of each partition begins.
    positions: BTreeMap<TopicPartition, Offset>,
    /// Up to where each partition was used.
    consumed: BTreeMap<TopicPartition, Offset>,
    last_commit: Instant,
    fetches: JoinSet<Fetched>,
    /// Who has a fetch of ours: one at a time, since the next begins where this one ends.
    fetching: BTreeSet<NodeId>,
    /// What has come and is not used yet, in the order in which it came.
    buffer: VecDeque<Chunk>,
    buffered_bytes: usize,
    events: VecDeque<Event>,
}

impl Consumer {
    pub(super) fn new(settings: Settings) -> Self {
        let client_id = settings.client_id.as_str();
        Self {
            cluster: tool::cluster(&settings.bootstrap, &settings.properties, client_id),
            settings,
            member: None,
            assigned: false,
            positions: BTreeMap::new(),
            consumed: BTreeMap::new(),
            last_commit: Instant::now(),
            fetches: JoinSet::new(),
            fetching: BTreeSet::new(),
            buffer: VecDeque::new(),
            buffered_bytes: 0,
            events: VecDeque::new(),
        }
    }

    /// Whether the next chunk has yet to be fetched.
    pub(super) fn is_drained(&self) -> bool {
        self.buffer.is_empty()
    }

    /// What has happened to the assignment, oldest first.
    pub(super) fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Notes that everything of `place` before `next` was used.
    pub(super) fn used(&mut self, place: &TopicPartition, next: Offset) {
        match self.consumed.get_mut(place) {
            Some(known) => *known = next,
            None => {
                self.consumed.insert(place.clone(), next);
            }
        }
    }

    /// Up to where each partition was used.
    pub(super) fn used_up_to(&self) -> &BTreeMap<TopicPartition, Offset> {
        &self.consumed
    }

    /// The next chunk, waited for until `end`; none when the time is over, or something happened to the assignment.
    pub(super) async fn poll(&mut self, end: Option<Instant>) -> Result<Option<Chunk>, Exception> {
        loop {
            if let Some(chunk) = self.buffer.pop_front() {
                self.buffered_bytes = self.buffered_bytes.saturating_sub(chunk.size());
                self.start_fetches_softly().await;
                return Ok(Some(chunk));
            }
            if !self.events.is_empty() || end.is_some_and(|end| Instant::now() >= end) {
                return Ok(None);
            }
            self.round(end).await?;
        }
    }

    async fn start_fetches_softly(&mut self) {
        if self.start_fetches().await.is_err() {
            // The next round meets the same trouble, and deals with it.
            tracing::debug!("a fetch was not started");
        }
    }

    /// One round. What may go well a moment later is left for the next.
    async fn round(&mut self, end: Option<Instant>) -> Result<(), Exception> {
        match self.step(end).await {
            Ok(()) | Err(Failure::Client(ClientError::Timeout(_))) => Ok(()),
            Err(Failure::Thrown(thrown)) => Err(thrown),
            Err(Failure::Client(error)) if error.is_retriable() => {
                self.pause(end).await;
                let topics: BTreeSet<_> = self.positions.keys().map(|p| p.topic.clone()).collect();
                let topics: Vec<_> = topics.into_iter().collect();
                let _ = self.cluster.metadata(Some(&topics), true).await;
                Ok(())
            }
            Err(Failure::Client(error)) => Err(error.into()),
        }
    }

    async fn pause(&self, end: Option<Instant>) {
        let pause = Instant::now() + RETRY;
        tokio::time::sleep_until(end.map_or(pause, |end| end.min(pause)).into()).await;
    }

    async fn step(&mut self, end: Option<Instant>) -> Result<(), Failure> {
        if !self.assigned {
            self.assign().await?;
            return Ok(());
        }
        self.commit_in_time().await;
        // Before anything is fetched: who misses heartbeats loses the partitions that it would fetch from.
        if let Some(member) = &mut self.member {
            match member.beat(&mut self.cluster).await? {
                Beat::Steady => {}
                Beat::Rejoin => {
                    self.revoke().await;
                    return Ok(());
                }
                Beat::Assigned(places) => return self.reconcile(places).await,
            }
        }
        if self.positions.is_empty() {
            self.pause(end).await;
            // Perhaps there is something by now.
            self.assigned = self.member.is_some();
            return Ok(());
        }
        self.start_fetches().await?;
        let heartbeat = self.member.as_ref().map(Member::next_heartbeat);
        let wake = heartbeat.into_iter().chain(end).min();
        let wake = wake.unwrap_or_else(|| Instant::now() + COMMIT_INTERVAL);
        tokio::select! {
            Some(fetched) = self.fetches.join_next() => match fetched {
                Ok((node, answer)) => {
                    self.fetching.remove(&node);
                    self.take(answer?).await
                }
                Err(error) => Err(ClientError::Protocol(error.to_string()).into()),
            },
            () = tokio::time::sleep_until(wake.into()) => Ok(()),
        }
    }

    /// Gives the partitions back, and joins anew in the next round.
    async fn revoke(&mut self) {
        if self.settings.auto_commit
            && let Some(member) = &mut self.member
        {
            // While they are still ours. Where that is refused, somebody reads again what was read here.
            let _ = member.commit(&mut self.cluster, &self.consumed).await;
        }
        self.events.push_back(Event::Revoked(self.positions.keys().cloned().collect()));
        self.forget();
    }

    /// What is on its way or waits may be another's by now: none of it is handed out any more.
    fn forget(&mut self) {
        self.fetches.abort_all();
        self.fetches = JoinSet::new();
        self.fetching.clear();
        self.buffer.clear();
        self.buffered_bytes = 0;
        self.positions.clear();
        self.consumed.clear();
        self.assigned = false;
    }

    async fn assign(&mut self) -> Result<(), Failure> {
        let places = match self.settings.subject.clone() {
            Subject::Partition(topic, partition, _) => {
                self.known_topics(vec![topic.clone()]).await?;
                vec![TopicPartition::new(topic, partition)]
            }
            Subject::Whole(topic, _) => self.known_topics(vec![topic]).await?,
            Subject::Topic(topic) => self.subscribed(vec![topic]).await?,
            Subject::Include(list) => {
                let list = IncludeList::new(&list).map_err(Failure::Thrown)?;
                let all = self.cluster.metadata(None, true).await?;
                let named = all.topics.into_iter().filter(|topic| !topic.is_internal);
                let names = named.filter_map(|topic| topic.name);
                let names = names.filter(|name| list.includes(name)).collect();
                self.subscribed(names).await?
            }
        };
        self.positions = self.starts(&places).await?;
        if self.member.is_some() {
            self.events.push_back(Event::Assigned(places));
        }
        self.assigned = true;
        Ok(())
    }

    /// The partitions that fall to us: all of them, or those that the group assigns.
    async fn subscribed(&mut self, topics: Vec<String>) -> Result<Vec<TopicPartition>, Failure> {
        let places = self.known_topics(topics.clone()).await?;
        let Some(group) = &self.settings.group else { return Ok(places) };
        let settings = &self.settings;
        let member = self.member.get_or_insert_with(|| Member::new(group, settings));
        member.subscribe(topics);
        Ok(member.join(&mut self.cluster).await?)
    }

    /// The partitions of topics as far as they exist.
    async fn known_topics(&mut self, topics: Vec<String>) -> Result<Vec<TopicPartition>, Failure> {
        let answer = self.cluster.metadata(Some(&topics), true).await?;
        let mut places = Vec::new();
        for topic in answer.topics {
            let name = topic.name.unwrap_or_default();
            match ErrorCode::from_code(topic.error_code) {
                Some(ErrorCode::InvalidTopicException) => return Err(self.invalid(&name)),
                Some(code) if code.is_error() && !code.is_retriable() => {
                    return Err(ClientError::Api(code.into()).into());
                }
                _ => {}
            }
            let partitions = topic.partitions.into_iter();
            places.extend(partitions.map(|p| TopicPartition::new(name.clone(), p.partition_index)));
        }
        Ok(places)
    }

    fn invalid(&self, topic: &str) -> Failure {
        let (client, group) = (&self.settings.client_id, self.settings.group.as_deref());
        let group = group.unwrap_or("null");
        tool::log_error(
            &format!(
                "[Consumer clientId={client}, groupId={group}] Metadata response reported invalid topics [{topic}]"
            ),
            "org.apache.kafka.clients.Metadata",
        );
        let class = tool::exception_class(ErrorCode::InvalidTopicException);
        Failure::Thrown(Exception::new(&class, format!("Invalid topics: [{topic}]")))
    }

    /// Where to begin: where the group left off, else where the settings say.
    async fn starts(
        &mut self,
        places: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, Offset>, Failure> {
        let mut positions = BTreeMap::new();
        if let (Some(group), Some(_)) = (&self.settings.group, &self.member) {
            let found = committed(&mut self.cluster, group, Some(places)).await?;
            positions.extend(found.into_iter().map(|(place, found)| (place, found.offset)));
        }
        let mut times = BTreeMap::new();
        for place in places {
            if positions.contains_key(place) {
                continue;
            }
            match self.settings.subject {
                Subject::Partition(_, _, Start::At(offset))
                | Subject::Whole(_, Start::At(offset)) => {
                    positions.insert(place.clone(), offset);
                }
                Subject::Partition(_, _, Start::Time(time))
                | Subject::Whole(_, Start::Time(time)) => {
                    times.insert(place.clone(), time);
                }
                Subject::Topic(_) | Subject::Include(_) => {
                    times.insert(place.clone(), self.reset_of(place)?);
                }
            }
        }
        let isolation = i8::from(self.settings.committed_only);
        for (place, offset) in list_offsets(&mut self.cluster, &times, isolation).await? {
            positions.insert(place, offset?);
        }
        Ok(positions)
    }

    /// The time to begin at where nothing says better.
    fn reset_of(&self, place: &TopicPartition) -> Result<Millis, Failure> {
        self.settings.reset.ok_or_else(|| {
            Failure::Thrown(Exception::new(
                "org.apache.kafka.clients.consumer.NoOffsetForPartitionException",
                format!("Undefined offset with no reset policy for partitions: [{place}]"),
            ))
        })
    }

    /// Fetches from every leader that is not asked already, unless enough is waiting.
    async fn start_fetches(&mut self) -> Result<(), ClientError> {
        if self.buffered_bytes >= AHEAD_BYTES || !self.assigned {
            return Ok(());
        }
        let mut leaders: BTreeMap<NodeId, Vec<&TopicPartition>> = BTreeMap::new();
        for place in self.positions.keys() {
            let leader = self.cluster.leader(&place.topic, place.partition);
            let leader = leader.ok_or(ClientError::Api(ErrorCode::LeaderNotAvailable.into()))?;
            if !self.fetching.contains(&leader) {
                leaders.entry(leader).or_default().push(place);
            }
        }
        let requests: Vec<_> = leaders
            .into_iter()
            .map(|(leader, places)| {
                let unnamed =
                    |place: &&TopicPartition| self.cluster.topic_id(&place.topic).is_none();
                let named = places.iter().any(unnamed);
                let limit = if named { NAMED_VERSION_MAX } else { i16::MAX };
                (leader, limit, self.request(&places))
            })
            .collect();
        for (leader, limit, request) in requests {
            let connection = self.cluster.node(leader).await?;
            let version = connection.version_up_to::<FetchRequest>(limit)?;
            let answer = connection.start(&request, version)?;
            self.fetching.insert(leader);
            self.fetches.spawn(async move {
                // The connection lives as long as somebody waits for its answers.
                let _connection = connection;
                (leader, answer.wait().await)
            });
        }
        Ok(())
    }

    fn request(&self, places: &[&TopicPartition]) -> FetchRequest {
        let partition = |place: &TopicPartition| FetchPartition {
            partition: place.partition,
            fetch_offset: self.positions.get(place).copied().unwrap_or(0),
            partition_max_bytes: self.settings.partition_bytes,
            ..Default::default()
        };
        let topics = by_topic(places.iter().map(|place| (*place, partition(place))));
        let topic = |(topic, partitions): (&str, _)| FetchTopic {
            topic: topic.to_owned(),
            topic_id: self.cluster.topic_id(topic).unwrap_or_default(),
            partitions,
            ..Default::default()
        };
        FetchRequest {
            max_wait_ms: self.settings.max_wait_ms,
            min_bytes: self.settings.min_bytes,
            max_bytes: FETCH_BYTES_MAX,
            isolation_level: i8::from(self.settings.committed_only),
            topics: topics.into_iter().map(topic).collect(),
            ..Default::default()
        }
    }

    async fn take(&mut self, answer: FetchResponse) -> Result<(), Failure> {
        ClientError::check(answer.error_code, None)?;
        for topic in answer.responses {
            // By name, or from version 13 on by id.
            let named = |place: &&TopicPartition| {
                place.topic == topic.topic
                    || (topic.topic.is_empty()
                        && self.cluster.topic_id(&place.topic) == Some(topic.topic_id))
            };
            // None where the topic was given back while the fetch was under way.
            let Some(name) = self.positions.keys().find(named).map(|place| place.topic.clone())
            else {
                continue;
            };
            for partition in topic.partitions {
                let place = TopicPartition::new(name.clone(), partition.partition_index);
                if partition.error_code == ErrorCode::OffsetOutOfRange.code() {
                    let reset = BTreeMap::from([(place.clone(), self.reset_of(&place)?)]);
                    for (place, offset) in list_offsets(&mut self.cluster, &reset, 0).await? {
                        self.positions.insert(place, offset?);
                    }
                    continue;
                }
                ClientError::check(partition.error_code, None)?;
                let bytes = partition.records.unwrap_or_default();
                let Some(position) = self.positions.get_mut(&place).filter(|_| !bytes.is_empty())
                else {
                    continue;
                };
                let aborted = partition.aborted_transactions.unwrap_or_default();
                let aborted = self.settings.committed_only.then_some(aborted);
                let chunk = Chunk { place, position: *position, bytes, aborted };
                *position = chunk.end()?;
                self.buffered_bytes += chunk.size();
                self.buffer.push_back(chunk);
            }
        }
        Ok(())
    }

    async fn commit_in_time(&mut self) {
        if !self.settings.auto_commit || self.last_commit.elapsed() < COMMIT_INTERVAL {
            return;
        }
        if let Err(thrown) = self.commit().await {
            tracing::warn!(error = thrown.message, "offsets were not committed");
        }
    }

    /// Commits what was used.
    pub(super) async fn commit(&mut self) -> Result<(), Exception> {
        self.last_commit = Instant::now();
        let Some(member) = &mut self.member else { return Ok(()) };
        Ok(member.commit(&mut self.cluster, &self.consumed).await?)
    }

    /// Commits what was used where that is automatic, and leaves the group.
    pub(super) async fn close(&mut self) {
        if self.settings.auto_commit
            && let Err(thrown) = self.commit().await
        {
            tracing::warn!(error = thrown.message, "offsets were not committed");
        }
        let Some(member) = self.member.take() else { return };
        if self.assigned {
            self.events.push_back(Event::Revoked(self.positions.keys().cloned().collect()));
        }
        self.forget();
        member.leave(&mut self.cluster).await;
    }
}

/// What a round can fail of.
enum Failure {
    Client(ClientError),
    Thrown(Exception),
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}
