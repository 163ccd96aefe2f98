//! Counters and gauges, under the names that Kafka's dashboards ask for, and their text exposition.
//!
//! What happens is counted where it happens; what merely is (partitions, connections, offsets) is asked for at the time
//! of a scrape, through collectors that the owners hand in. Never a decision in here.

mod cleaner;
mod groups;
mod histogram;
mod logs;
mod meter;
mod requests;
mod shards;
mod topics;
mod transactions;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use parking_lot::RwLock;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder, TextEncoder};

use crate::types::Millis;

pub use cleaner::{Cleaned, CleanerMetrics};
pub use groups::GroupMetrics;
pub use logs::LogMetrics;
pub use meter::Meter;
pub use requests::{ApiSlot, RequestMetrics};
pub use shards::{Counted, ShardMetrics, Standing};
pub use topics::{TopicCounts, TopicMetrics};
pub use transactions::{TransactionMetrics, Waiting};

/// One value with its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Label names and values.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

impl Sample {
    /// A value without labels.
    pub fn plain(value: f64) -> Self {
        Self { labels: Vec::new(), value }
    }
}

/// One series name and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The name as it is exposed.
    pub name: String,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// Whether it only ever grows.
    pub is_counter: bool,
    /// The values.
    pub samples: Vec<Sample>,
}

impl Family {
    /// A gauge with one value and no labels.
    pub fn gauge(name: &str, help: &'static str, value: f64) -> Self {
        Self { name: name.to_owned(), help, is_counter: false, samples: vec![Sample::plain(value)] }
    }

    /// A counter with one value and no labels.
    pub fn counter(name: &str, help: &'static str, value: f64) -> Self {
        Self { name: name.to_owned(), help, is_counter: true, samples: vec![Sample::plain(value)] }
    }

    fn into_proto(self) -> MetricFamily {
        let is_counter = self.is_counter;
        let mut family = MetricFamily::default();
        family.set_name(self.name);
        family.set_help(self.help.to_owned());
        family.set_field_type(if is_counter { MetricType::COUNTER } else { MetricType::GAUGE });
        family.set_metric(
            self.samples.into_iter().map(|sample| metric(sample, is_counter)).collect(),
        );
        family
    }
}

fn metric(sample: Sample, is_counter: bool) -> Metric {
    let label = |(name, value): (&str, String)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value);
        pair
    };
    let mut metric = Metric::default();
    metric.set_label(sample.labels.into_iter().map(label).collect());
    if is_counter {
        let mut counter = Counter::default();
        counter.set_value(sample.value);
        metric.set_counter(counter);
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(sample.value);
        metric.set_gauge(gauge);
    }
    metric
}

type Collect = dyn Fn() -> Vec<Family> + Send + Sync;
/// Series that must be asked for.
type Asked = Pin<Box<dyn Future<Output = Vec<Family>>>>;
type Ask = dyn Fn() -> Asked + Send + Sync;

/// A node's metrics.
#[derive(Default)]
pub struct Metrics {
    /// Traffic, in all and by topic.
    pub topics: TopicMetrics,
    /// Requests, by API.
    pub requests: RequestMetrics,
    /// What is done to logs in the background.
    pub logs: LogMetrics,
    /// What the cleaner is at.
    pub cleaner: CleanerMetrics,
    /// What groups do.
    pub groups: Arc<GroupMetrics>,
    /// What transactions wait for.
    pub transactions: TransactionMetrics,
    collectors: RwLock<Vec<Arc<Collect>>>,
    askers: RwLock<Vec<Arc<Ask>>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// No counts yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Asks `collect` at each scrape.
    pub fn on_scrape(&self, collect: impl Fn() -> Vec<Family> + Send + Sync + 'static) {
        self.collectors.write().push(Arc::new(collect));
    }

    /// Asks at each scrape, and waits for the answer.
    pub fn on_scrape_ask(&self, ask: impl Fn() -> Asked + Send + Sync + 'static) {
        self.askers.write().push(Arc::new(ask));
    }

    /// All series as Prometheus' text format has them.
    pub async fn render(&self, now: Millis) -> String {
        let mut families = self.topics.families();
        families.extend(self.requests.families(now));
        families.extend(self.logs.families());
        families.extend(self.cleaner.families(now));
        families.extend(self.groups.families(now));
        families.extend(self.transactions.families(now));
        let (collectors, askers) = (self.collectors.read().clone(), self.askers.read().clone());
        collectors.iter().for_each(|collect| families.extend(collect()));
        for ask in askers {
            families.extend(ask().await);
        }
        families.retain(|family| !family.samples.is_empty());
        let families: Vec<_> = families.into_iter().map(Family::into_proto).collect();
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&families, &mut text) {
            tracing::error!(%error, "metrics cannot be rendered");
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn series_have_the_names_of_the_dashboards() {
        let metrics = Metrics::new();
        metrics.topics.of("t").records_in(100, 3);
        metrics.on_scrape(|| {
            vec![Family::gauge(
                "kafka_server_replicamanager_partitioncount",
                "Partitions here.",
                2.0,
            )]
        });
        let text = metrics.render(0).await;
        assert!(
            text.contains("kafka_server_brokertopicmetrics_bytesin_total{topic=\"t\"} 100"),
            "{text}"
        );
        assert!(text.contains("kafka_server_brokertopicmetrics_messagesin_total 3"), "{text}");
        assert!(text.contains("kafka_server_replicamanager_partitioncount 2"), "{text}");
    }
}
