//! A producer to one topic for the tools: batches, several requests under way, retries in order, idempotence.
//!
//! One task drives it. [`Producer::send`] takes a record and moves on; what became of it comes out of
//! [`Producer::done`]. Waits where the buffer is full.

mod batch;
pub(super) mod metrics;
mod partitioner;
pub(super) mod settings;
mod transactions;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::options::Exception;
use super::tool;
use crate::client::cluster::Pause;
use crate::client::{ClientError, Cluster, Connection};
use crate::error::ErrorCode;
use crate::types::{Millis, NodeId, Offset, PartitionId};
use crate::wire::messages::init_producer_id::InitProducerIdRequest;
use crate::wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use batch::{Batch, Queue};
use metrics::{Metrics, Transactional};
use partitioner::partition_of;
use settings::Settings;

/// The last version of Produce that names topics.
const NAMED_VERSION_MAX: i16 = 12;
const RETRY: Duration = Duration::from_millis(100);
/// How much is sent between two looks at what has come back, in bytes.
const TURN_BYTES: usize = 64 << 10;

/// What is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record<'a> {
    pub(super) timestamp: Millis,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: &'a [(&'a [u8], Option<&'a [u8]>)],
}

impl Record<'_> {
    /// About what it takes in a batch, in bytes.
    fn size(&self) -> usize {
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        let headers = self.headers.iter().map(|(name, value)| name.len() + length(*value) + 4);
        20 + length(self.key) + length(self.value) + headers.sum::<usize>()
    }
}

/// What became of a batch.
pub(super) struct Done<T> {
    /// What the sender called its records, in order.
    pub(super) tags: Vec<T>,
    pub(super) partition: PartitionId,
    /// The offset of the first; −1 where nobody tells.
    pub(super) outcome: Result<Offset, Exception>,
}

/// A request that has come back, one way or the other.
struct Landed<T> {
    node: NodeId,
    /// When it was sent.
    sent: Instant,
    batches: Vec<Batch<T>>,
    outcome: Result<Option<ProduceResponse>, ClientError>,
}

/// See the module.
pub(super) struct Producer<T> {
    settings: Settings,
    topic: String,
    cluster: Cluster,
    connections: HashMap<NodeId, Arc<Connection>>,
    queues: Vec<Queue<T>>,
    sticky: usize,
    identity: Option<(i64, i16)>,
    flights: JoinSet<Landed<T>>,
    under_way: HashMap<NodeId, usize>,
    buffered_bytes: usize,
    since_turn_bytes: usize,
    /// Whether the metadata must be asked for anew before anything is sent.
    stale: bool,
    done: VecDeque<Done<T>>,
    metrics: Metrics,
    /// Something was sent that is in no ended transaction.
    in_transaction: bool,
    /// Why the transaction cannot be committed.
    spoilt: Option<Exception>,
}

impl<T: Send + 'static> Producer<T> {
    /// A producer to `topic`. Nothing is connected yet.
    pub(super) fn new(settings: Settings, topic: &str) -> Self {
        let metrics = Metrics::new();
        let client = crate::client::Settings {
            client_id: settings.client_id.clone(),
            request_timeout_ms: u64::try_from(settings.timeout_ms).unwrap_or(0).max(1500) + 1000,
            in_flight_max: settings.in_flight_max,
            traffic: Some(metrics.traffic()),
            ..crate::client::Settings::default()
        };
        let cluster = Cluster::new(&settings.bootstrap, client, settings.max_block);
        Self {
            settings,
            topic: topic.to_owned(),
            cluster,
            connections: HashMap::new(),
            queues: Vec::new(),
            sticky: 0,
            identity: None,
            flights: JoinSet::new(),
            under_way: HashMap::new(),
            buffered_bytes: 0,
            since_turn_bytes: 0,
            stale: false,
            done: VecDeque::new(),
            metrics,
            in_transaction: false,
            spoilt: None,
        }
    }

    /// Takes in a record; waits while the buffer is full. The error is for this record.
    pub(super) async fn send(&mut self, record: Record<'_>, tag: T) -> Result<(), Exception> {
        if self.queues.is_empty() {
            self.prepare().await?;
        }
        let size = record.size();
        if size > self.settings.request_bytes_max {
            return Err(self.too_large(size));
        }
        let keyed = |key| {
            let count = u32::try_from(self.queues.len()).unwrap_or(1);
            partition_of(key, count) as usize
        };
        let index = record.key.map_or(self.sticky, keyed);
        let Some(queue) = self.queues.get_mut(index) else { return Ok(()) };
        let full = queue.push(&record, size, tag, &self.settings);
        self.buffered_bytes += size;
        self.since_turn_bytes += size;
        if full {
            if record.key.is_none() {
                self.sticky = (index + 1) % self.queues.len();
            }
            self.start();
        }
        if self.since_turn_bytes >= TURN_BYTES {
            self.since_turn_bytes = 0;
            self.look().await;
        }
        if self.buffered_bytes > self.settings.buffer_bytes {
            let start = Instant::now();
            while self.buffered_bytes > self.settings.buffer_bytes {
                self.turn(None).await;
            }
            self.metrics.waited_for_room(start);
        }
        Ok(())
    }

    fn too_large(&self, size: usize) -> Exception {
        let max = self.settings.request_bytes_max;
        Exception::new(
            &tool::exception_class(ErrorCode::MessageTooLarge),
            format!(
                "The message is {size} bytes when serialized which is larger than {max}, which is the value of the \
                 max.request.size configuration."
            ),
        )
    }

    /// What became of some batch, if that is known of any by now.
    pub(super) fn done(&mut self) -> Option<Done<T>> {
        self.done.pop_front()
    }

    /// Sends all, and returns when it is known what became of it.
    pub(super) async fn flush(&mut self) {
        let start = Instant::now();
        self.queues.iter_mut().for_each(Queue::close);
        while !self.queues.iter().all(Queue::is_idle) {
            self.start();
            self.turn(None).await;
        }
        self.metrics.flushed(start);
    }

    /// Lets things go their way until something comes back, a batch has waited long enough, or `until`.
    pub(super) async fn turn(&mut self, until: Option<Instant>) {
        if self.stale {
            self.refresh().await;
        }
        let now = Instant::now();
        let linger = self.settings.linger;
        let dues = self.queues.iter_mut().filter_map(|queue| queue.close_due(now, linger));
        let due = dues.min();
        self.start();
        let wake = due.into_iter().chain(until).min();
        let sleep = async {
            match wake {
                Some(wake) => tokio::time::sleep_until(wake.into()).await,
                None => std::future::pending().await,
            }
        };
        if wake.is_none() && self.flights.is_empty() {
            // Nothing is under way: what is ready waits for a leader.
            tokio::time::sleep(RETRY).await;
            self.stale = true;
            return;
        }
        let start = Instant::now();
        let landed = tokio::select! {
            Some(landed) = self.flights.join_next() => landed.ok(),
            () = sleep => None,
        };
        self.metrics.waited(start);
        self.land(landed);
        self.look().await;
    }

    /// Takes in what has come back, and sends what may go.
    async fn look(&mut self) {
        tokio::task::yield_now().await;
        let start = Instant::now();
        while let Some(landed) = self.flights.try_join_next() {
            self.land(landed.ok());
        }
        self.start();
        self.metrics.looked(start);
    }

    /// Learns of the topic, and of a producer id where one is needed.
    async fn prepare(&mut self) -> Result<(), Exception> {
        let start = Instant::now();
        self.wait_for_topic().await?;
        self.metrics.waited_for_metadata(start);
        if self.settings.transactional_id.is_some() {
            let start = Instant::now();
            self.identity = Some(self.init_transactions().await?);
            self.metrics.transactional(Transactional::Init, start);
        } else if self.settings.idempotent {
            self.identity = Some(self.new_identity().await?);
        }
        Ok(())
    }

    async fn new_identity(&mut self) -> Result<(i64, i16), Exception> {
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: i32::MAX,
            ..Default::default()
        };
        let mut pause = Pause::until(self.cluster.deadline());
        loop {
            let answer = self.cluster.ask(&request).await?;
            match ClientError::check(answer.error_code, None) {
                Err(error) if error.is_retriable() && pause.again().await => {}
                Err(error) => return Err(error.into()),
                Ok(()) => return Ok((answer.producer_id, answer.producer_epoch)),
            }
        }
    }

    async fn wait_for_topic(&mut self) -> Result<(), Exception> {
        let topic = self.topic.clone();
        let mut pause = Pause::until(self.cluster.deadline());
        loop {
            let answer = self.cluster.metadata(Some(std::slice::from_ref(&topic)), true).await?;
            let code = answer.topics.first().map_or(0, |topic| topic.error_code);
            let count = answer.topics.first().map_or(0, |topic| topic.partitions.len());
            match ErrorCode::from_code(code) {
                Some(ErrorCode::None) if count > 0 => {
                    self.queues = (0..).take(count).map(Queue::new).collect();
                    let mut random = [0; 4];
                    let _ = getrandom::fill(&mut random);
                    self.sticky = u32::from_le_bytes(random) as usize % count;
                    self.connect().await?;
                    return Ok(());
                }
                Some(ErrorCode::InvalidTopicException) => return Err(self.invalid_topic()),
                Some(code) if code.is_error() && !code.is_retriable() => {
                    return Err(ClientError::Api(code.into()).into());
                }
                _ => {}
            }
            if !pause.again().await {
                let waited = self.settings.max_block.as_millis();
                return Err(Exception::new(
                    &tool::exception_class(ErrorCode::RequestTimedOut),
                    format!("Topic {topic} not present in metadata after {waited} ms."),
                ));
            }
        }
    }

    fn invalid_topic(&self) -> Exception {
        let (client, topic) = (&self.settings.client_id, &self.topic);
        let why = format!(
            "[Producer clientId={client}] Metadata response reported invalid topics [{topic}]"
        );
        tool::log_error(&why, "org.apache.kafka.clients.Metadata");
        let class = tool::exception_class(ErrorCode::InvalidTopicException);
        Exception::new(&class, format!("Invalid topics: [{topic}]"))
    }

    /// Connects to every leader.
    async fn connect(&mut self) -> Result<(), ClientError> {
        self.connections.clear();
        for index in (0..).take(self.queues.len()) {
            if let Some(leader) = self.cluster.leader(&self.topic, index)
                && !self.connections.contains_key(&leader)
            {
                self.connections.insert(leader, self.cluster.node(leader).await?);
            }
        }
        Ok(())
    }

    /// Asks who leads now, and for a new identity where the old one is spoilt.
    async fn refresh(&mut self) {
        tokio::time::sleep(RETRY).await;
        let topic = self.topic.clone();
        if self.cluster.metadata(Some(&[topic]), false).await.is_ok()
            && self.connect().await.is_ok()
        {
            self.stale = false;
            self.metrics.metadata_came();
        }
        if self.settings.idempotent
            && self.settings.transactional_id.is_none()
            && self.identity.is_none()
            && self.flights.is_empty()
            && let Ok(identity) = self.new_identity().await
        {
            self.identity = Some(identity);
            self.queues.iter_mut().for_each(Queue::restart);
        }
    }

    /// Sends what is ready: to each leader one batch of each partition at a time.
    fn start(&mut self) {
        if self.stale || (self.settings.idempotent && self.identity.is_none()) {
            self.stale = true;
            return;
        }
        loop {
            let mut chosen: BTreeMap<NodeId, (Vec<usize>, usize)> = BTreeMap::new();
            for (index, queue) in self.queues.iter().enumerate() {
                let partition = PartitionId::try_from(index).unwrap_or(0);
                let leader = self.cluster.leader(&self.topic, partition);
                let Some(leader) = leader.filter(|_| queue.is_ready()) else { continue };
                let flying = self.under_way.get(&leader).copied().unwrap_or(0);
                let (indexes, bytes) = chosen.entry(leader).or_default();
                let fits = *bytes + queue.next_size() <= self.settings.request_bytes_max;
                if flying < self.settings.in_flight_max && (fits || indexes.is_empty()) {
                    indexes.push(index);
                    *bytes += queue.next_size();
                }
            }
            chosen.retain(|_, (indexes, _)| !indexes.is_empty());
            if chosen.is_empty() {
                return;
            }
            for (leader, (indexes, _)) in chosen {
                self.fly(leader, &indexes);
            }
        }
    }

    /// Sends the next batch of each of these partitions in one request.
    fn fly(&mut self, leader: NodeId, indexes: &[usize]) {
        let (mut batches, mut data) = (Vec::new(), Vec::new());
        let transactional_id = self.settings.transactional_id.clone();
        self.in_transaction |= transactional_id.is_some();
        for &index in indexes {
            let taken = self
                .queues
                .get_mut(index)
                .and_then(|queue| queue.take(self.identity, transactional_id.is_some()));
            let Some((batch, bytes)) = taken else { continue };
            self.metrics.sends(&batch, bytes.len());
            data.push(PartitionProduceData {
                index: batch.partition,
                records: Some(bytes),
                ..Default::default()
            });
            batches.push(batch);
        }
        let topic_id = self.cluster.topic_id(&self.topic);
        let request = ProduceRequest {
            transactional_id,
            acks: self.settings.acks,
            timeout_ms: self.settings.timeout_ms,
            topic_data: vec![TopicProduceData {
                name: self.topic.clone(),
                topic_id: topic_id.unwrap_or_default(),
                partition_data: data,
                ..Default::default()
            }],
            ..Default::default()
        };
        let limit = if topic_id.is_some() { i16::MAX } else { NAMED_VERSION_MAX };
        self.metrics.request(batches.iter().map(|batch| batch.tags.len()).sum());
        *self.under_way.entry(leader).or_default() += 1;
        let connection = self.connections.get(&leader).filter(|known| known.is_open()).cloned();
        let acks = self.settings.acks;
        // The request goes out here, in order; only its answer is waited for elsewhere.
        let started = connection.map(|connection| {
            let version = connection.version_up_to::<ProduceRequest>(limit)?;
            match acks {
                0 => Ok((None, Some(connection.start_told(&request, version)?))),
                _ => Ok((Some(connection.start(&request, version)?), None)),
            }
        });
        let sent = Instant::now();
        self.flights.spawn(async move {
            let outcome = match started {
                None => Err(ClientError::Api(ErrorCode::NetworkException.into())),
                Some(Err(error)) => Err(error),
                Some(Ok((Some(answer), _))) => answer.wait().await.map(Some),
                Some(Ok((None, written))) => match written {
                    Some(written) => written.await.map(|()| None),
                    None => Ok(None),
                },
            };
            Landed { node: leader, sent, batches, outcome }
        });
    }

    fn land(&mut self, landed: Option<Landed<T>>) {
        let Some(landed) = landed else { return };
        if let Some(count) = self.under_way.get_mut(&landed.node) {
            *count = count.saturating_sub(1);
        }
        if let Ok(Some(answer)) = &landed.outcome {
            self.metrics.answered(landed.node, landed.sent, answer.throttle_time_ms);
        }
        for batch in landed.batches {
            let outcome = match &landed.outcome {
                Ok(None) => Ok(-1),
                Ok(Some(response)) => offset_in(response, batch.partition),
                Err(error) => Err(again(error)),
            };
            self.settle(batch, outcome);
        }
    }

    fn settle(&mut self, batch: Batch<T>, outcome: Result<Offset, ClientError>) {
        let index = usize::try_from(batch.partition).unwrap_or(0);
        let late = batch.opened.elapsed() > self.settings.delivery_timeout;
        let outcome = match outcome {
            Err(error) if error.code() == Some(ErrorCode::DuplicateSequenceNumber) => Ok(-1),
            Err(error)
                if self.may_retry(&error) && batch.attempts <= self.settings.retries && !late =>
            {
                self.stale = true;
                self.metrics.retries(batch.tags.len());
                if let Some(queue) = self.queues.get_mut(index) {
                    queue.came_back(batch);
                }
                return;
            }
            Err(error) if self.settings.transactional_id.is_some() => {
                let thrown = Exception::from(error);
                self.spoilt.get_or_insert_with(|| thrown.clone());
                Err(thrown)
            }
            Err(error) => {
                // The broker misses its sequences from now on.
                self.identity = None;
                self.stale |= self.settings.idempotent;
                Err(Exception::from(error))
            }
            Ok(offset) => Ok(offset),
        };
        self.buffered_bytes = self.buffered_bytes.saturating_sub(batch.weight);
        let Batch { partition, tags, .. } = batch;
        if outcome.is_err() {
            self.metrics.failed(tags.len());
        }
        if let Some(queue) = self.queues.get_mut(index) {
            queue.landed();
        }
        self.done.push_back(Done { tags, partition, outcome });
    }

    /// An idempotent producer's batch that is out of order follows one that failed: it is sent again behind it.
    fn may_retry(&self, error: &ClientError) -> bool {
        error.is_retriable()
            || (self.identity.is_some()
                && error.code() == Some(ErrorCode::OutOfOrderSequenceNumber))
    }
}

/// An error of the connection, for each batch that it was to carry.
fn again(error: &ClientError) -> ClientError {
    match error {
        ClientError::Api(error) => ClientError::Api(error.clone()),
        ClientError::Timeout(_) => ClientError::Api(ErrorCode::RequestTimedOut.into()),
        ClientError::Disconnected(_) => ClientError::Api(ErrorCode::NetworkException.into()),
        ClientError::Unsupported(why) => ClientError::Unsupported(why.clone()),
        ClientError::Protocol(why) => ClientError::Protocol(why.clone()),
    }
}

fn offset_in(response: &ProduceResponse, partition: PartitionId) -> Result<Offset, ClientError> {
    let all = response.responses.iter().flat_map(|topic| &topic.partition_responses);
    let mut found = all.filter(|found| found.index == partition);
    let found = found.next().ok_or(ClientError::Protocol("no answer to the batch".to_owned()))?;
    // Of a record that is at fault more is told than of its batch.
    let of_record = found.record_errors.first().and_then(|it| it.batch_index_error_message.clone());
    let why = of_record.or_else(|| found.error_message.clone());
    ClientError::check(found.error_code, why)?;
    Ok(found.base_offset)
}
