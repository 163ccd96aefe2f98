//! What merely is, told at a scrape, under the names of Kafka's dashboards. Counts nothing itself.

mod cluster;
mod groups;
mod process;
mod quorum;
mod replicas;
mod transactions;

use std::sync::Arc;

use super::parts::Parts;
use crate::group::request::{GroupReply, GroupRequest};
use crate::metrics::{Family, Metrics, Sample};
use crate::transaction::request::{TransactionReply, TransactionRequest};
use crate::types::PartitionId;

/// Lets `metrics` tell of the parts at each scrape.
pub(super) fn install(metrics: &Metrics, parts: &Parts) {
    let (table, image, quorum) = (parts.table.clone(), parts.image.clone(), parts.quorum.clone());
    let (node_id, standing) = (parts.config.node_id(), parts.standing.clone());
    let (limits, logs) = (parts.limits.clone(), parts.logs.clone());
    let is_controller = parts.config.is_controller();
    let (quotas, clock) = (parts.context.quotas.clone(), parts.clock.clone());
    metrics.on_scrape(move || quotas.families(clock.now()));
    if let Some(telemetry) = parts.context.telemetry.clone() {
        let clock = parts.clock.clone();
        metrics.on_scrape(move || telemetry.families(clock.now()));
    }
    metrics.on_scrape(move || {
        let image = image.load();
        let mut families = replicas::families(&table, &image, node_id);
        families.extend(cluster::topics(&table, &image));
        families.extend(quorum::families(&quorum, node_id));
        families.extend(process::families(&logs));
        if is_controller {
            families.extend(cluster::controller(&image, &quorum, node_id));
        }
        families.extend([
            Family::gauge(
                "kafka_server_brokermetadatametrics_last_applied_record_offset",
                "How far the metadata is published.",
                image.provenance.offset as f64,
            ),
            Family::gauge(
                "kafka_server_kafkaserver_brokerstate",
                "Kafka's number of the broker's state.",
                f64::from(standing.borrow().0.number()),
            ),
            Family::gauge(
                "kafka_server_socket_server_metrics_connection_count",
                "Connections now.",
                limits.count() as f64,
            ),
        ]);
        families
    });
    coordinators(metrics, parts);
}

/// What coordinators have to tell, which has to be asked of their shards.
fn coordinators(metrics: &Metrics, parts: &Parts) {
    let (groups, transactions) =
        (parts.shards.metrics().clone(), parts.context.transactions.metrics().clone());
    let clock = parts.clock.clone();
    metrics.on_scrape(move || {
        let now = clock.now();
        let mut families = groups.families("group_coordinator_metrics", now);
        families.extend(transactions.families("transaction_coordinator_metrics", now));
        families
    });
    let shards = parts.context.transactions.clone();
    metrics.on_scrape_ask(move || {
        let shards = shards.clone();
        Box::pin(async move {
            let answers = shards.ask_all(|| TransactionRequest::Survey).await;
            let surveyed = answers.into_iter().filter_map(|answer| match answer {
                Ok(TransactionReply::Survey(counts)) => Some(counts),
                _ => None,
            });
            transactions::families(&surveyed.collect::<Vec<_>>())
        })
    });
    let (shards, table) = (parts.shards.clone(), parts.table.clone());
    metrics.on_scrape_ask(move || {
        let (shards, table) = (shards.clone(), table.clone());
        Box::pin(async move {
            let answers = shards.ask_all(|| GroupRequest::Survey).await;
            let surveyed = answers.into_iter().filter_map(|answer| match answer {
                Ok(GroupReply::Survey(groups)) => Some(groups),
                _ => None,
            });
            groups::families(surveyed.flatten().collect(), &table)
        })
    });
}

/// Gauges of one name.
fn family(name: &str, help: &'static str, samples: Vec<Sample>) -> Family {
    Family { name: name.to_owned(), help, is_counter: false, samples }
}

/// One value of one partition.
fn of_partition(topic: &str, partition: PartitionId, value: f64) -> Sample {
    let labels = vec![("topic", topic.to_owned()), ("partition", partition.to_string())];
    Sample { labels, value }
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// What is collected of many partitions into families: each line of `names` is one.
struct Table<const N: usize> {
    names: [(&'static str, &'static str); N],
    samples: [Vec<Sample>; N],
}

impl<const N: usize> Table<N> {
    fn new(names: [(&'static str, &'static str); N]) -> Self {
        Self { names, samples: std::array::from_fn(|_| Vec::new()) }
    }

    fn add(&mut self, topic: &str, partition: PartitionId, values: [f64; N]) {
        for (samples, value) in self.samples.iter_mut().zip(values) {
            samples.push(of_partition(topic, partition, value));
        }
    }

    fn families(self) -> Vec<Family> {
        let named = self.names.into_iter().zip(self.samples);
        named.map(|((name, help), samples)| family(name, help, samples)).collect()
    }
}

/// The samples of one value for each of some keys.
fn by<'a>(label: &'static str, values: impl Iterator<Item = (&'a Arc<str>, f64)>) -> Vec<Sample> {
    let sample =
        |(key, value): (&Arc<str>, f64)| Sample { labels: vec![(label, key.to_string())], value };
    values.map(sample).collect()
}
