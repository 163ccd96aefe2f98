//! Traffic by topic: bytes, records, requests. Whoever counts holds the topic's counters, so that a count is an atomic
//! add and no search.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::{Family, Sample};

/// The counts of one topic.
#[derive(Debug, Default)]
pub struct TopicCounts {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    bytes_rejected: AtomicU64,
    messages_in: AtomicU64,
    produce_requests: AtomicU64,
    fetch_requests: AtomicU64,
    failed_produce_requests: AtomicU64,
    failed_fetch_requests: AtomicU64,
}

fn add(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

impl TopicCounts {
    /// A produce request has brought records, which were taken in.
    pub fn records_in(&self, bytes: usize, records: i32) {
        add(&self.produce_requests, 1);
        add(&self.bytes_in, bytes);
        add(&self.messages_in, usize::try_from(records).unwrap_or(0));
    }

    /// A produce request has brought records that were refused. `failed` if that counts as a failure: Kafka does not
    /// count what a client will put right by itself.
    pub fn records_refused(&self, bytes: usize, failed: bool) {
        add(&self.produce_requests, 1);
        add(&self.bytes_rejected, bytes);
        add(&self.failed_produce_requests, usize::from(failed));
    }

    /// A fetch request has been answered with so many bytes of records.
    pub fn fetched(&self, bytes: usize) {
        add(&self.fetch_requests, 1);
        add(&self.bytes_out, bytes);
    }

    /// A fetch request could not be answered.
    pub fn fetch_failed(&self) {
        add(&self.fetch_requests, 1);
        add(&self.failed_fetch_requests, 1);
    }

    fn take_in(&self, other: &Self) {
        for (_, _, read) in SERIES {
            read(self).fetch_add(read(other).load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

type Read = fn(&TopicCounts) -> &AtomicU64;

/// Kafka's series of `BrokerTopicMetrics`, what they count, and where.
const SERIES: [(&str, &str, Read); 8] = [
    ("bytesin", "Bytes of records taken in.", |counts| &counts.bytes_in),
    ("bytesout", "Bytes of records handed out.", |counts| &counts.bytes_out),
    ("bytesrejected", "Bytes of records refused.", |counts| &counts.bytes_rejected),
    ("messagesin", "Records taken in.", |counts| &counts.messages_in),
    ("totalproducerequests", "Produce requests, by partition.", |counts| &counts.produce_requests),
    ("totalfetchrequests", "Fetch requests, by partition.", |counts| &counts.fetch_requests),
    ("failedproducerequests", "Produce requests that failed, by partition.", |counts| {
        &counts.failed_produce_requests
    }),
    ("failedfetchrequests", "Fetch requests that failed, by partition.", |counts| {
        &counts.failed_fetch_requests
    }),
];

/// The counts of all topics.
#[derive(Debug, Default)]
pub struct TopicMetrics {
    by_topic: RwLock<HashMap<String, Arc<TopicCounts>>>,
    /// Of topics that are gone: the sums never shrink.
    gone: TopicCounts,
}

impl TopicMetrics {
    /// The counts of a topic, for whoever counts.
    pub fn of(&self, topic: &str) -> Arc<TopicCounts> {
        if let Some(counts) = self.by_topic.read().get(topic) {
            return counts.clone();
        }
        self.by_topic.write().entry(topic.to_owned()).or_default().clone()
    }

    /// The topic is gone, and so are its series.
    pub fn forget(&self, topic: &str) {
        if let Some(counts) = self.by_topic.write().remove(topic) {
            self.gone.take_in(&counts);
        }
    }

    /// The series, each in all and by topic.
    pub(super) fn families(&self) -> Vec<Family> {
        let by_topic = self.by_topic.read();
        let family = |(name, help, read): (&str, &'static str, Read)| {
            let value = |counts: &TopicCounts| read(counts).load(Ordering::Relaxed) as f64;
            let of_topics = by_topic.iter().map(|(topic, counts)| Sample {
                labels: vec![("topic", topic.clone())],
                value: value(counts),
            });
            let mut samples = vec![Sample::plain(value(&self.gone))];
            samples.extend(of_topics);
            samples[0].value = samples.iter().map(|sample| sample.value).sum();
            Family {
                name: format!("kafka_server_brokertopicmetrics_{name}_total"),
                help,
                is_counter: true,
                samples,
            }
        };
        SERIES.into_iter().map(family).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_never_shrink() {
        let metrics = TopicMetrics::default();
        metrics.of("a").records_in(10, 2);
        metrics.of("b").records_in(1, 1);
        metrics.of("b").records_refused(5, true);
        let bytes_in = || metrics.families().remove(0).samples;
        assert_eq!((bytes_in().len(), bytes_in()[0].value), (3, 11.0));
        metrics.forget("a");
        assert_eq!((bytes_in().len(), bytes_in()[0].value), (2, 11.0));
        let failed = metrics.families().remove(6);
        assert!(failed.name.contains("failedproducerequests") && failed.samples[0].value == 1.0);
    }
}
