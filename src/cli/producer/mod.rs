//! A producer to one topic for the tools: batches, several requests under way, retries in order, idempotence.
//!
//! One task drives it. [`Producer::send`] takes a record and moves on; what became of it comes out of
//! [`Producer::done`]. Waits where the buffer is full. `sender` is what goes to the brokers and comes back, `metadata`
//! what must be known before.

mod batch;
mod metadata;
pub(super) mod metrics;
mod partitioner;
mod sender;
pub(super) mod settings;
mod transactions;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::options::Exception;
use super::tool;
use crate::client::{Cluster, Connection};
use crate::error::ErrorCode;
use crate::types::{Millis, NodeId, Offset, PartitionId};
use batch::Queue;
use metrics::Metrics;
use partitioner::partition_of;
use sender::Landed;
use settings::Settings;

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
        // Without a key one partition takes all until its batch is full, then the next: few, large batches (KIP-480).
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
        // A caller that never waits would else never take answers in.
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
}
