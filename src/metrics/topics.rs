//! Traffic by topic: bytes, records, requests. Counted with relaxed atomics on the path of every request.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::{Family, Sample};

/// The counts of one topic, or of all.
#[derive(Debug, Default)]
struct TopicCounts {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    messages_in: AtomicU64,
    produce_requests: AtomicU64,
    fetch_requests: AtomicU64,
    failed_produce_requests: AtomicU64,
    failed_fetch_requests: AtomicU64,
}

/// The counts of all topics.
#[derive(Debug, Default)]
pub struct TopicMetrics {
    all: TopicCounts,
    by_topic: RwLock<HashMap<String, Arc<TopicCounts>>>,
}

fn add(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

impl TopicMetrics {
    fn of(&self, topic: &str) -> Arc<TopicCounts> {
        if let Some(counts) = self.by_topic.read().get(topic) {
            return counts.clone();
        }
        self.by_topic.write().entry(topic.to_owned()).or_default().clone()
    }

    fn count(&self, topic: &str, count: impl Fn(&TopicCounts)) {
        count(&self.all);
        count(&self.of(topic));
    }

    /// Records have been taken in.
    pub fn records_in(&self, topic: &str, bytes: usize, records: i32) {
        self.count(topic, |counts| {
            add(&counts.bytes_in, bytes);
            add(&counts.messages_in, usize::try_from(records).unwrap_or(0));
        });
    }

    /// Records have been handed out.
    pub fn records_out(&self, topic: &str, bytes: usize) {
        self.count(topic, |counts| add(&counts.bytes_out, bytes));
    }

    /// A produce request has asked for the topic.
    pub fn produce_request(&self, topic: &str, failed: bool) {
        self.count(topic, |counts| {
            add(&counts.produce_requests, 1);
            add(&counts.failed_produce_requests, usize::from(failed));
        });
    }

    /// A fetch request has asked for the topic.
    pub fn fetch_request(&self, topic: &str, failed: bool) {
        self.count(topic, |counts| {
            add(&counts.fetch_requests, 1);
            add(&counts.failed_fetch_requests, usize::from(failed));
        });
    }

    /// The topic is gone, and so are its series.
    pub fn forget(&self, topic: &str) {
        self.by_topic.write().remove(topic);
    }

    /// The series, each in all and by topic.
    pub(super) fn families(&self) -> Vec<Family> {
        type Read = fn(&TopicCounts) -> &AtomicU64;
        let series: [(&str, &'static str, Read); 7] = [
            ("bytesin", "Bytes of records taken in.", |counts| &counts.bytes_in),
            ("bytesout", "Bytes of records handed out.", |counts| &counts.bytes_out),
            ("messagesin", "Records taken in.", |counts| &counts.messages_in),
            ("totalproducerequests", "Produce requests.", |counts| &counts.produce_requests),
            ("totalfetchrequests", "Fetch requests.", |counts| &counts.fetch_requests),
            ("failedproducerequests", "Produce requests that failed.", |counts| {
                &counts.failed_produce_requests
            }),
            ("failedfetchrequests", "Fetch requests that failed.", |counts| {
                &counts.failed_fetch_requests
            }),
        ];
        let by_topic = self.by_topic.read();
        let family = |(name, help, read): (&str, &'static str, Read)| {
            let value = |counts: &TopicCounts| read(counts).load(Ordering::Relaxed) as f64;
            let mut samples = vec![Sample::plain(value(&self.all))];
            samples.extend(by_topic.iter().map(|(topic, counts)| Sample {
                labels: vec![("topic", topic.clone())],
                value: value(counts),
            }));
            Family {
                name: format!("kafka_server_brokertopicmetrics_{name}_total"),
                help,
                is_counter: true,
                samples,
            }
        };
        series.into_iter().map(family).collect()
    }
}
