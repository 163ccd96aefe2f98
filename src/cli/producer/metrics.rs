//! What a producer counts, under Kafka's names. Counts only; nothing is decided by it.
//!
//! What this client never does has a zero that is true: it splits no batch, authenticates nobody, drops no record for
//! want of room. A look at what has come back stands for a `select`, the wait for it for `io-wait`, and the work on it
//! for `io`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::Producer;
use super::batch::Batch;
use crate::client::cluster::Node;
use crate::client::meter::Meter;
use crate::client::traffic::{Counts, Traffic};
use crate::clock::Clock;
use crate::types::{Millis, NodeId};

/// A metric's value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) enum Value {
    Number(f64),
    Text(String),
}

/// Steps of a transaction whose time is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Transactional {
    Abort,
    Commit,
    Init,
}

/// See the module.
pub(super) struct Metrics {
    start: Instant,
    started_ms: Millis,
    traffic: Arc<Traffic>,
    metadata_at: Instant,
    metadata_wait_ns: f64,
    room_wait_ns: Meter,
    flush_ns: f64,
    looks_ns: Meter,
    waits_ns: Meter,
    transactions_ns: BTreeMap<Transactional, f64>,
    batch_bytes: Meter,
    packed: Meter,
    queued_ms: Meter,
    record_bytes: Meter,
    records: Meter,
    records_of_request: Meter,
    failures: Meter,
    retries: Meter,
    throttled_ms: Meter,
    latency_ms: Meter,
    latency_ms_of: BTreeMap<NodeId, Meter>,
}

fn nanos(start: Instant, now: Instant) -> f64 {
    now.duration_since(start).as_nanos() as f64
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            started_ms: Clock::System.now(),
            traffic: Arc::default(),
            metadata_at: Instant::now(),
            metadata_wait_ns: 0.0,
            room_wait_ns: Meter::default(),
            flush_ns: 0.0,
            looks_ns: Meter::default(),
            waits_ns: Meter::default(),
            transactions_ns: BTreeMap::new(),
            batch_bytes: Meter::default(),
            packed: Meter::default(),
            queued_ms: Meter::default(),
            record_bytes: Meter::default(),
            records: Meter::default(),
            records_of_request: Meter::default(),
            failures: Meter::default(),
            retries: Meter::default(),
            throttled_ms: Meter::default(),
            latency_ms: Meter::default(),
            latency_ms_of: BTreeMap::new(),
        }
    }

    /// Where the connections count.
    pub(super) fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }

    /// A record waited for room in the buffer since `start`.
    pub(super) fn waited_for_room(&mut self, start: Instant) {
        let now = Instant::now();
        self.room_wait_ns.record(now, nanos(start, now));
    }

    /// All was sent that there was to send at `start`.
    pub(super) fn flushed(&mut self, start: Instant) {
        self.flush_ns += nanos(start, Instant::now());
    }

    /// Something was waited for since `start`.
    pub(super) fn waited(&mut self, start: Instant) {
        let now = Instant::now();
        self.waits_ns.record(now, nanos(start, now));
    }

    /// What had come back was dealt with since `start`.
    pub(super) fn looked(&mut self, start: Instant) {
        let now = Instant::now();
        self.looks_ns.record(now, nanos(start, now));
    }

    /// Metadata that was waited for since `start` has come.
    pub(super) fn waited_for_metadata(&mut self, start: Instant) {
        self.metadata_at = Instant::now();
        self.metadata_wait_ns += nanos(start, self.metadata_at);
    }

    /// Metadata has come.
    pub(super) fn metadata_came(&mut self) {
        self.metadata_at = Instant::now();
    }

    /// A step of a transaction that began at `start` is done.
    pub(super) fn transactional(&mut self, what: Transactional, start: Instant) {
        *self.transactions_ns.entry(what).or_default() += nanos(start, Instant::now());
    }

    /// A batch is about to be sent as so many bytes.
    pub(super) fn sends<T>(&mut self, batch: &Batch<T>, bytes: usize) {
        let now = Instant::now();
        let queued_ms = now.duration_since(batch.opened).as_secs_f64() * 1000.0;
        self.batch_bytes.record(now, bytes as f64);
        self.packed.record(now, batch.packed);
        self.queued_ms.record(now, queued_ms);
        self.record_bytes.record(now, batch.record_bytes_max as f64);
        self.records.record(now, batch.tags.len() as f64);
    }

    /// A request is about to be sent, with so many records.
    pub(super) fn request(&mut self, records: usize) {
        self.records_of_request.record(Instant::now(), records as f64);
    }

    /// A request of `sent` was answered.
    pub(super) fn answered(&mut self, node: NodeId, sent: Instant, throttle_time_ms: i32) {
        let now = Instant::now();
        let latency_ms = now.duration_since(sent).as_secs_f64() * 1000.0;
        self.latency_ms.record(now, latency_ms);
        self.latency_ms_of.entry(node).or_default().record(now, latency_ms);
        self.throttled_ms.record(now, f64::from(throttle_time_ms));
    }

    /// So many records are to be sent again.
    pub(super) fn retries(&mut self, records: usize) {
        self.retries.record(Instant::now(), records as f64);
    }

    /// So many records were not sent for good.
    pub(super) fn failed(&mut self, records: usize) {
        self.failures.record(Instant::now(), records as f64);
    }

    /// The part of the last while that something took.
    fn share(&self, nanos: &Meter, now: Instant) -> f64 {
        // A second has so many of them.
        if now == self.start { 0.0 } else { nanos.rate(now) / 1e9 }
    }

    fn of_transactions(&self, what: Transactional) -> f64 {
        self.transactions_ns.get(&what).copied().unwrap_or_default()
    }

    fn of_client(
        &self,
        now: Instant,
        buffer: (f64, f64),
        in_flight: f64,
    ) -> Vec<(&'static str, f64)> {
        let (available, buffer) = buffer;
        let mut list = vec![
            ("batch-size-avg", self.batch_bytes.average(now)),
            ("batch-size-max", self.batch_bytes.max(now)),
            ("batch-split-rate", 0.0),
            ("batch-split-total", 0.0),
            ("buffer-available-bytes", available),
            ("buffer-exhausted-rate", 0.0),
            ("buffer-exhausted-total", 0.0),
            ("buffer-total-bytes", buffer),
            ("bufferpool-wait-ratio", self.share(&self.room_wait_ns, now)),
            ("bufferpool-wait-time-ns-total", self.room_wait_ns.total()),
            ("compression-rate-avg", self.packed.average(now)),
            ("flush-time-ns-total", self.flush_ns),
            ("io-ratio", self.share(&self.looks_ns, now)),
            ("io-time-ns-avg", self.looks_ns.average(now)),
            ("io-time-ns-total", self.looks_ns.total()),
            ("io-wait-ratio", self.share(&self.waits_ns, now)),
            ("io-wait-time-ns-avg", self.waits_ns.average(now)),
            ("io-wait-time-ns-total", self.waits_ns.total()),
            ("metadata-age", now.duration_since(self.metadata_at).as_secs_f64()),
            ("metadata-wait-time-ns-total", self.metadata_wait_ns),
            ("produce-throttle-time-avg", self.throttled_ms.average(now)),
            ("produce-throttle-time-max", self.throttled_ms.max(now)),
            ("record-error-rate", self.failures.rate(now)),
            ("record-error-total", self.failures.total()),
            ("record-queue-time-avg", self.queued_ms.average(now)),
            ("record-queue-time-max", self.queued_ms.max(now)),
            ("record-retry-rate", self.retries.rate(now)),
            ("record-retry-total", self.retries.total()),
            ("record-send-rate", self.records.rate(now)),
            ("record-send-total", self.records.total()),
            ("record-size-avg", self.record_bytes.average(now)),
            ("record-size-max", self.record_bytes.max(now)),
            ("records-per-request-avg", self.records_of_request.average(now)),
            ("request-latency-avg", self.latency_ms.average(now)),
            ("request-latency-max", self.latency_ms.max(now)),
            ("requests-in-flight", in_flight),
            ("select-rate", self.looks_ns.count_rate(now)),
            ("select-total", self.looks_ns.count()),
            ("txn-abort-time-ns-total", self.of_transactions(Transactional::Abort)),
            ("txn-begin-time-ns-total", 0.0),
            ("txn-commit-time-ns-total", self.of_transactions(Transactional::Commit)),
            ("txn-init-time-ns-total", self.of_transactions(Transactional::Init)),
            ("txn-prepare-time-ns-total", 0.0),
            ("txn-send-offsets-time-ns-total", 0.0),
            ("waiting-threads", 0.0),
        ];
        list.extend(NEVER.iter().map(|name| (*name, 0.0)));
        list.extend(
            ["reauthentication-latency-avg", "reauthentication-latency-max"]
                .map(|name| (name, f64::NAN)),
        );
        list
    }

    fn of_topic(&self, now: Instant) -> [(&'static str, f64); 9] {
        [
            ("byte-rate", self.batch_bytes.rate(now)),
            ("byte-total", self.batch_bytes.total()),
            ("compression-rate", self.packed.average(now)),
            ("record-error-rate", self.failures.rate(now)),
            ("record-error-total", self.failures.total()),
            ("record-retry-rate", self.retries.rate(now)),
            ("record-retry-total", self.retries.total()),
            ("record-send-rate", self.records.rate(now)),
            ("record-send-total", self.records.total()),
        ]
    }
}

/// What a client that authenticates nobody has none of.
const NEVER: [&str; 9] = [
    "failed-authentication-rate",
    "failed-authentication-total",
    "failed-reauthentication-rate",
    "failed-reauthentication-total",
    "successful-authentication-no-reauth-total",
    "successful-authentication-rate",
    "successful-authentication-total",
    "successful-reauthentication-rate",
    "successful-reauthentication-total",
];

/// Requests and answers, as they are counted of all nodes and of each.
fn of_node(counts: &Counts, now: Instant) -> [(&'static str, f64); 10] {
    let Counts { requests, responses, .. } = counts;
    [
        ("incoming-byte-rate", responses.rate(now)),
        ("incoming-byte-total", responses.total()),
        ("outgoing-byte-rate", requests.rate(now)),
        ("outgoing-byte-total", requests.total()),
        ("request-rate", requests.count_rate(now)),
        ("request-size-avg", requests.average(now)),
        ("request-size-max", requests.max(now)),
        ("request-total", requests.count()),
        ("response-rate", responses.count_rate(now)),
        ("response-total", responses.count()),
    ]
}

fn of_connections(counts: &Counts, now: Instant) -> [(&'static str, f64); 7] {
    let Counts { requests, responses, opened, closed } = counts;
    [
        ("connection-close-rate", closed.rate(now)),
        ("connection-close-total", closed.total()),
        ("connection-count", opened.total() - closed.total()),
        ("connection-creation-rate", opened.rate(now)),
        ("connection-creation-total", opened.total()),
        ("network-io-rate", requests.count_rate(now) + responses.count_rate(now)),
        ("network-io-total", requests.count() + responses.count()),
    ]
}

impl<T: Send + 'static> Producer<T> {
    /// What was counted, by name.
    pub(in crate::cli) fn metrics(&self) -> BTreeMap<String, Value> {
        let now = Instant::now();
        let client = &self.settings.client_id;
        let (all, parts) = self.metrics.traffic.counts();
        let total = self.settings.buffer_bytes as f64;
        let buffer = (total - self.buffered_bytes as f64, total);
        let mut metrics = BTreeMap::new();
        let mut add = |group: &str, name: &str, tags: &str, value| {
            metrics.insert(format!("{group}:{name}:{{client-id={client}{tags}}}"), value);
        };
        for (name, value) in self
            .metrics
            .of_client(now, buffer, self.flights.len() as f64)
            .into_iter()
            .chain(of_node(&all, now))
            .chain(of_connections(&all, now))
        {
            add("producer-metrics", name, "", Value::Number(value));
        }
        for (address, counts) in &parts {
            let tags = format!(", node-id=node-{}", self.node_at(address));
            let latency = self.metrics.latency_ms_of.get(&self.node_at(address));
            let latency = latency.copied().unwrap_or_default();
            let latency = [
                ("request-latency-avg", latency.average(now)),
                ("request-latency-max", latency.max(now)),
            ];
            for (name, value) in of_node(counts, now).into_iter().chain(latency) {
                add("producer-node-metrics", name, &tags, Value::Number(value));
            }
        }
        for (name, value) in self.metrics.of_topic(now) {
            let tags = format!(", topic={}", self.topic);
            add("producer-topic-metrics", name, &tags, Value::Number(value));
        }
        add("app-info", "commit-id", "", Value::Text("unknown".to_owned()));
        add("app-info", "start-time-ms", "", Value::Text(self.metrics.started_ms.to_string()));
        add("app-info", "version", "", Value::Text(env!("CARGO_PKG_VERSION").to_owned()));
        let count = metrics.len() as f64 + 1.0;
        metrics.insert(
            format!("kafka-metrics-count:count:{{client-id={client}}}"),
            Value::Number(count),
        );
        metrics
    }

    /// The node at an address; −1 for one that is known by its address only.
    fn node_at(&self, address: &str) -> NodeId {
        let mut nodes = self.cluster.nodes();
        nodes.find(|node| Node::address(node) == address).map_or(-1, |node| node.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::producer::settings::Settings;

    #[test]
    fn before_anything_is_sent() {
        let settings = Settings::new(&Vec::new()).expect("the defaults make sense");
        let producer: Producer<()> = Producer::new(settings, "t");
        let metrics = producer.metrics();
        let of = |name: &str| match metrics.get(name) {
            Some(Value::Number(number)) => *number,
            other => panic!("{name}: {other:?}"),
        };
        let tags = "{client-id=producer-1}";
        assert!(of(&format!("producer-metrics:batch-size-avg:{tags}")).is_nan());
        assert!(of(&format!("producer-metrics:record-send-total:{tags}")) == 0.0);
        let (available, total) = ("buffer-available-bytes", "buffer-total-bytes");
        assert!(
            of(&format!("producer-metrics:{available}:{tags}"))
                == of(&format!("producer-metrics:{total}:{tags}"))
        );
        let count = of(&format!("kafka-metrics-count:count:{tags}"));
        assert!((count - metrics.len() as f64).abs() < 1e-9);
        assert!(
            metrics
                .contains_key("producer-topic-metrics:byte-rate:{client-id=producer-1, topic=t}")
        );
    }
}
