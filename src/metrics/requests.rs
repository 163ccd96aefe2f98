//! Requests by API and version: how many.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::{Family, Sample};

/// Counts of one API in one version.
#[derive(Debug, Default)]
pub struct Timings {
    requests: AtomicU64,
}

/// The counts of all APIs.
#[derive(Debug, Default)]
pub struct RequestMetrics {
    by_api: RwLock<BTreeMap<(&'static str, i16), Timings>>,
}

impl RequestMetrics {
    /// A request has been started.
    pub fn request(&self, api: &'static str, version: i16) {
        if let Some(timings) = self.by_api.read().get(&(api, version)) {
            timings.requests.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.by_api
            .write()
            .entry((api, version))
            .or_default()
            .requests
            .fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn families(&self) -> Vec<Family> {
        let by_api = self.by_api.read();
        let samples = by_api.iter().map(|((api, version), timings)| Sample {
            labels: vec![("request", (*api).to_owned()), ("version", version.to_string())],
            value: timings.requests.load(Ordering::Relaxed) as f64,
        });
        vec![Family {
            name: "kafka_network_requestmetrics_requests_total".to_owned(),
            help: "Requests.",
            is_counter: true,
            samples: samples.collect(),
        }]
    }
}
