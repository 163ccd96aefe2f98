//! Reads records: finds the partitions, where to begin, and fetches from their leaders.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::formatter::Message;
use super::group::Member;
use super::options::{Options, Start, Subject};
use super::unpack::unpack;
use crate::cli::options::Exception;
use crate::cli::tool::{self, IncludeList};
use crate::client::offsets::{committed, list_offsets};
use crate::client::{ClientError, Cluster};
use crate::error::ErrorCode;
use crate::types::{NodeId, Offset, TopicPartition};
use crate::wire::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic};

/// The last version of Fetch that names topics.
const NAMED_VERSION_MAX: i16 = 12;
const MAX_WAIT_MS: i32 = 500;
const FETCH_BYTES_MAX: i32 = 50 << 20;
const PARTITION_BYTES_MAX: i32 = 1 << 20;
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(100);

/// See the module.
pub(super) struct Consumer {
    options: Options,
    cluster: Cluster,
    member: Option<Member>,
    assigned: bool,
    /// Where the next fetch of each partition begins.
    positions: BTreeMap<TopicPartition, Offset>,
    /// Up to where each partition is printed.
    consumed: BTreeMap<TopicPartition, Offset>,
    last_commit: Instant,
    buffer: VecDeque<Message>,
}

impl Consumer {
    pub(super) fn new(options: Options) -> Self {
        Self {
            cluster: tool::cluster(&options.bootstrap, &options.consumer, "console-consumer"),
            options,
            member: None,
            assigned: false,
            positions: BTreeMap::new(),
            consumed: BTreeMap::new(),
            last_commit: Instant::now(),
            buffer: VecDeque::new(),
        }
    }

    /// Whether the next record has yet to be fetched.
    pub(super) fn is_drained(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next record, waited for as long as the user would.
    pub(super) async fn receive(&mut self) -> Result<Message, Exception> {
        let timeout = self.options.timeout_ms.map(Duration::from_millis);
        let end = timeout.map(|timeout| tokio::time::Instant::now() + timeout);
        loop {
            if let Some(message) = self.buffer.pop_front() {
                let place = TopicPartition::new(message.topic.clone(), message.partition);
                self.consumed.insert(place, message.offset + 1);
                return Ok(message);
            }
            match end {
                None => self.poll().await?,
                Some(end) => tokio::time::timeout_at(end, self.poll()).await.map_err(|_| {
                    Exception::new(&tool::exception_class(ErrorCode::RequestTimedOut), "")
                })??,
            }
        }
    }

    /// One round: the group's affairs, then a fetch. What may go well a moment later is left for the next round.
    async fn poll(&mut self) -> Result<(), Exception> {
        match self.round().await {
            Ok(()) => Ok(()),
            Err(Failure::Thrown(thrown)) => Err(thrown),
            Err(Failure::Client(error)) if error.is_retriable() => {
                tokio::time::sleep(RETRY).await;
                let topics: Vec<_> = self.positions.keys().map(|p| p.topic.clone()).collect();
                let _ = self.cluster.metadata(Some(&topics), true).await;
                Ok(())
            }
            Err(Failure::Client(ClientError::Timeout(_))) => Ok(()),
            Err(Failure::Client(error)) => Err(error.into()),
        }
    }

    async fn round(&mut self) -> Result<(), Failure> {
        if !self.assigned {
            self.assign().await?;
        }
        self.commit_in_time().await;
        if let Some(member) = &mut self.member
            && member.beat(&mut self.cluster).await?
        {
            let _ = member.commit(&mut self.cluster, &self.consumed).await;
            self.assigned = false;
            return Ok(());
        }
        if self.positions.is_empty() {
            tokio::time::sleep(RETRY).await;
            if self.member.is_none() {
                self.assigned = false;
            }
            return Ok(());
        }
        self.fetch().await
    }

    async fn assign(&mut self) -> Result<(), Failure> {
        let places = match &self.options.subject {
            Subject::Partition(topic, partition, _) => {
                let place = TopicPartition::new(topic.clone(), *partition);
                let topic = topic.clone();
                self.known_topics(vec![topic]).await?;
                vec![place]
            }
            Subject::Topic(topic) => {
                let topics = vec![topic.clone()];
                self.subscribed(topics).await?
            }
            Subject::Include(list) => {
                let list = IncludeList::new(list).map_err(Failure::Thrown)?;
                let all = self.cluster.metadata(None, true).await?;
                let named = all.topics.into_iter().filter(|topic| !topic.is_internal);
                let names = named.filter_map(|topic| topic.name);
                let names = names.filter(|name| list.includes(name)).collect();
                self.subscribed(names).await?
            }
        };
        self.positions = self.starts(places).await?;
        self.consumed.clear();
        self.buffer.clear();
        self.assigned = true;
        Ok(())
    }

    /// The partitions that fall to us: all of them, or those that the group assigns.
    async fn subscribed(&mut self, topics: Vec<String>) -> Result<Vec<TopicPartition>, Failure> {
        let places = self.known_topics(topics.clone()).await?;
        let Some(group) = &self.options.group else { return Ok(places) };
        let member = self.member.get_or_insert_with(|| Member::new(group, topics));
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
        let group = self.options.group.clone().unwrap_or_else(|| {
            let mut random = [0; 4];
            let _ = getrandom::fill(&mut random);
            format!("console-consumer-{}", u32::from_le_bytes(random) % 100_000)
        });
        tool::log_error(
            &format!(
                "[Consumer clientId=console-consumer, groupId={group}] Metadata response reported invalid topics [{topic}]"
            ),
            "org.apache.kafka.clients.Metadata",
        );
        let class = tool::exception_class(ErrorCode::InvalidTopicException);
        Failure::Thrown(Exception::new(&class, format!("Invalid topics: [{topic}]")))
    }

    /// Where to begin: where the group left off, else where the options say.
    async fn starts(
        &mut self,
        places: Vec<TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, Offset>, Failure> {
        let mut positions = BTreeMap::new();
        if let (Some(group), Some(_)) = (&self.options.group, &self.member) {
            let found = committed(&mut self.cluster, group, Some(&places)).await?;
            positions.extend(found.into_iter().map(|(place, found)| (place, found.offset)));
        }
        let mut times = BTreeMap::new();
        for place in places {
            if positions.contains_key(&place) {
                continue;
            }
            match self.options.subject {
                Subject::Partition(_, _, Start::At(offset)) => {
                    positions.insert(place, offset);
                }
                Subject::Partition(_, _, Start::Time(time)) => {
                    times.insert(place, time);
                }
                Subject::Topic(_) | Subject::Include(_) => {
                    times.insert(place, self.options.reset);
                }
            }
        }
        let isolation = i8::from(self.options.committed_only);
        for (place, offset) in list_offsets(&mut self.cluster, &times, isolation).await? {
            positions.insert(place, offset?);
        }
        Ok(positions)
    }

    async fn fetch(&mut self) -> Result<(), Failure> {
        let mut leaders: BTreeMap<NodeId, Vec<TopicPartition>> = BTreeMap::new();
        for place in self.positions.keys() {
            let leader = self.cluster.leader(&place.topic, place.partition);
            let leader = leader.ok_or(ClientError::Api(ErrorCode::LeaderNotAvailable.into()))?;
            leaders.entry(leader).or_default().push(place.clone());
        }
        let mut fetches = tokio::task::JoinSet::new();
        for (leader, places) in leaders {
            let named = places.iter().any(|place| self.cluster.topic_id(&place.topic).is_none());
            let limit = if named { NAMED_VERSION_MAX } else { i16::MAX };
            let request = self.request(&places);
            let connection = self.cluster.node(leader).await?;
            let version = connection.version_up_to::<FetchRequest>(limit)?;
            fetches.spawn(async move { connection.send(&request, version).await });
        }
        while let Some(answer) = fetches.join_next().await {
            let answer = answer.map_err(|error| ClientError::Protocol(error.to_string()))?;
            self.take(answer?).await?;
        }
        Ok(())
    }

    fn request(&self, places: &[TopicPartition]) -> FetchRequest {
        let mut topics: Vec<FetchTopic> = Vec::new();
        for place in places {
            let partition = FetchPartition {
                partition: place.partition,
                fetch_offset: self.positions.get(place).copied().unwrap_or(0),
                partition_max_bytes: PARTITION_BYTES_MAX,
                ..Default::default()
            };
            match topics.last_mut().filter(|topic| topic.topic == place.topic) {
                Some(topic) => topic.partitions.push(partition),
                None => topics.push(FetchTopic {
                    topic: place.topic.clone(),
                    topic_id: self.cluster.topic_id(&place.topic).unwrap_or_default(),
                    partitions: vec![partition],
                    ..Default::default()
                }),
            }
        }
        FetchRequest {
            max_wait_ms: MAX_WAIT_MS,
            min_bytes: 1,
            max_bytes: FETCH_BYTES_MAX,
            isolation_level: i8::from(self.options.committed_only),
            topics,
            ..Default::default()
        }
    }

    async fn take(&mut self, answer: FetchResponse) -> Result<(), Failure> {
        ClientError::check(answer.error_code, None)?;
        for topic in answer.responses {
            let named = |place: &&TopicPartition| {
                place.topic == topic.topic
                    || (topic.topic.is_empty()
                        && self.cluster.topic_id(&place.topic) == Some(topic.topic_id))
            };
            let Some(name) = self.positions.keys().find(named).map(|place| place.topic.clone())
            else {
                continue;
            };
            for partition in topic.partitions {
                let place = TopicPartition::new(name.clone(), partition.partition_index);
                if partition.error_code == ErrorCode::OffsetOutOfRange.code() {
                    let reset = BTreeMap::from([(place, self.options.reset)]);
                    for (place, offset) in list_offsets(&mut self.cluster, &reset, 0).await? {
                        self.positions.insert(place, offset?);
                    }
                    continue;
                }
                ClientError::check(partition.error_code, None)?;
                let aborted = partition.aborted_transactions.unwrap_or_default();
                let aborted = self.options.committed_only.then_some(aborted);
                let position = self.positions.get(&place).copied().unwrap_or(0);
                let bytes = partition.records.unwrap_or_default();
                let (messages, next) = unpack(&place, &bytes, position, aborted)?;
                self.buffer.extend(messages);
                self.positions.insert(place, next);
            }
        }
        Ok(())
    }

    async fn commit_in_time(&mut self) {
        let Some(member) = &self.member else { return };
        if self.last_commit.elapsed() < COMMIT_INTERVAL {
            return;
        }
        self.last_commit = Instant::now();
        if let Err(error) = member.commit(&mut self.cluster, &self.consumed).await {
            tracing::warn!(%error, "offsets were not committed");
        }
    }

    /// Commits what was printed, and leaves the group.
    pub(super) async fn close(&mut self) {
        let Some(member) = &self.member else { return };
        if let Err(error) = member.commit(&mut self.cluster, &self.consumed).await {
            tracing::warn!(%error, "offsets were not committed");
        }
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
