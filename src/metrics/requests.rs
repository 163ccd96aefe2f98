//! Requests by API: how many in each version, and how long they took.
//!
//! Counters are found by the API's number, so that a request costs a handful of relaxed atomic adds and no lock.

use std::array;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::histogram::{self, Counts, Histogram};
use super::{Family, Sample};
use crate::types::Millis;

/// More than APIs have numbers; those of a follower's fetches come behind them.
const SLOTS: usize = 128;
/// More than any API has versions.
const VERSIONS: usize = 32;
/// How far back the quantiles look at least, where there was a scrape so long ago, in ms.
const WINDOW_MS: Millis = 5 * 60_000;
/// The quantiles of Kafka's histograms.
const QUANTILES: [&str; 6] = ["0.5", "0.75", "0.95", "0.98", "0.99", "0.999"];

/// Which counters a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiSlot {
    at: usize,
    name: &'static str,
}

impl ApiSlot {
    /// An API by its number and name. Of fetches there are Kafka's two kinds: those of other nodes are told by
    /// `for_nodes`.
    pub fn new(key: i16, name: &'static str, for_nodes: bool) -> Self {
        let at = usize::try_from(key).unwrap_or(0);
        match (name, for_nodes) {
            ("Fetch", false) => Self { at, name: "FetchConsumer" },
            ("Fetch", true) => Self { at: SLOTS - 1, name: "FetchFollower" },
            _ => Self { at: at.min(SLOTS - 2), name },
        }
    }
}

#[derive(Debug)]
struct ApiCounts {
    name: &'static str,
    versions: [AtomicU64; VERSIONS],
    /// Requests that were answered without a wait, which is all that there is to tell of them.
    at_once: Histogram,
    /// Of those that waited: from their arrival to their answer.
    total_time: Histogram,
    /// What their handlers did before they first had to wait.
    local_time: Histogram,
    /// How long they waited for others.
    remote_time: Histogram,
}

/// How long requests took in one of their phases, under Kafka's name for it.
type Phase = (&'static str, fn(&ApiCounts) -> Counts, fn(&ApiCounts) -> f64, [&'static str; 3]);

/// Requests wait in no queue, neither before they are handled nor answered, so that Kafka's other phases are missing.
const PHASES: [Phase; 3] = [
    (
        "totaltimems",
        |api| api.with_at_once(&api.total_time),
        |api| api.at_once.sum_ms() + api.total_time.sum_ms(),
        [
            "Requests answered.",
            "How long requests took from their arrival to their answer, in ms, all together.",
            "How long requests took from their arrival to their answer lately, in ms.",
        ],
    ),
    (
        "localtimems",
        |api| api.with_at_once(&api.local_time),
        |api| api.at_once.sum_ms() + api.local_time.sum_ms(),
        [
            "Requests answered.",
            "How long requests were handled until they had to wait, in ms, all together.",
            "How long requests were handled until they had to wait lately, in ms.",
        ],
    ),
    (
        "remotetimems",
        ApiCounts::remote_counts,
        |api| api.remote_time.sum_ms(),
        [
            "Requests answered.",
            "How long requests waited for partitions, coordinators or time, in ms, all together.",
            "How long requests waited for partitions, coordinators or time lately, in ms.",
        ],
    ),
];

impl ApiCounts {
    fn with_at_once(&self, waited: &Histogram) -> Counts {
        let (mut counts, at_once) = (waited.counts(), self.at_once.counts());
        counts.iter_mut().zip(at_once).for_each(|(count, more)| *count += more);
        counts
    }

    /// Those that did not wait at all count as well.
    fn remote_counts(&self) -> Counts {
        let mut counts = self.remote_time.counts();
        counts[0] += histogram::count(&self.at_once.counts());
        counts
    }
}

/// Counts by phase and API.
type Lately = BTreeMap<(&'static str, &'static str), Counts>;

/// The counts of all APIs.
#[derive(Debug)]
pub struct RequestMetrics {
    slots: [OnceLock<Box<ApiCounts>>; SLOTS],
    /// What quantiles are counted from: an older and a newer moment, each with its time.
    moments: Mutex<[(Millis, Lately); 2]>,
}

impl Default for RequestMetrics {
    fn default() -> Self {
        Self { slots: array::from_fn(|_| OnceLock::new()), moments: Mutex::default() }
    }
}

impl RequestMetrics {
    fn of(&self, slot: ApiSlot) -> &ApiCounts {
        self.slots[slot.at].get_or_init(|| {
            Box::new(ApiCounts {
                name: slot.name,
                versions: array::from_fn(|_| AtomicU64::new(0)),
                at_once: Histogram::default(),
                total_time: Histogram::default(),
                local_time: Histogram::default(),
                remote_time: Histogram::default(),
            })
        })
    }

    /// A request has been started.
    pub fn request(&self, slot: ApiSlot, version: i16) {
        let at = usize::try_from(version).unwrap_or(0).min(VERSIONS - 1);
        self.of(slot).versions[at].fetch_add(1, Ordering::Relaxed);
    }

    /// A request has been answered, so long after it was started; it had to wait after `waited_from_us`, if at all.
    pub fn answered(&self, slot: ApiSlot, took_us: u64, waited_from_us: Option<u64>) {
        let api = self.of(slot);
        let Some(from_us) = waited_from_us else { return api.at_once.record(took_us) };
        api.total_time.record(took_us);
        api.local_time.record(from_us);
        api.remote_time.record(took_us.saturating_sub(from_us));
    }

    pub(super) fn families(&self, now: Millis) -> Vec<Family> {
        let used: Vec<&ApiCounts> =
            self.slots.iter().filter_map(|slot| slot.get().map(Box::as_ref)).collect();
        let mut requests = Vec::new();
        for api in &used {
            for (version, count) in api.versions.iter().enumerate() {
                let value = count.load(Ordering::Relaxed) as f64;
                if value > 0.0 {
                    let labels =
                        vec![("request", api.name.to_owned()), ("version", version.to_string())];
                    requests.push(Sample { labels, value });
                }
            }
        }
        let family = |name: &str, help, is_counter, samples| Family {
            name: format!("kafka_network_requestmetrics_{name}"),
            help,
            is_counter,
            samples,
        };
        let labelled = |api: &ApiCounts, value| Sample {
            labels: vec![("request", api.name.to_owned())],
            value,
        };
        let mut families = vec![family("requests_total", "Requests.", true, requests)];
        let mut lately = Lately::new();
        for (phase, counts, sum_ms, [answered, together, _]) in PHASES {
            let number = |api: &&ApiCounts| {
                let counts = counts(api);
                lately.insert((phase, api.name), counts);
                labelled(api, histogram::count(&counts) as f64)
            };
            let numbers = used.iter().map(number).collect();
            let sums = used.iter().map(|api| labelled(api, sum_ms(api))).collect();
            families.push(family(&format!("{phase}_count"), answered, true, numbers));
            families.push(family(&format!("{phase}_sum"), together, true, sums));
        }
        let mut quantiles = self.quantiles(lately, now);
        for (phase, _, _, [_, _, lately]) in PHASES {
            let samples = quantiles.remove(phase).unwrap_or_default();
            families.push(family(phase, lately, false, samples));
        }
        families
    }

    /// Quantiles over the last minutes: since the older of two moments, which are moved on at scrapes.
    fn quantiles(&self, counts: Lately, now: Millis) -> BTreeMap<&'static str, Vec<Sample>> {
        let mut moments = self.moments.lock();
        let nothing = [0; 128];
        let mut samples: BTreeMap<&'static str, Vec<Sample>> = BTreeMap::new();
        for ((phase, api), counts) in &counts {
            let before = moments[0].1.get(&(*phase, *api)).unwrap_or(&nothing);
            let lately = histogram::since(before, counts);
            for quantile in QUANTILES {
                let share = quantile.parse().unwrap_or(0.5);
                let labels =
                    vec![("request", (*api).to_owned()), ("quantile", quantile.to_owned())];
                let value = histogram::quantile_ms(&lately, share);
                samples.entry(phase).or_default().push(Sample { labels, value });
            }
        }
        if now.saturating_sub(moments[1].0) >= WINDOW_MS {
            moments.swap(0, 1);
            moments[1] = (now, counts);
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_version_and_timed_lately() {
        let metrics = RequestMetrics::default();
        let produce = ApiSlot::new(0, "Produce", false);
        let fetch = |for_nodes| ApiSlot::new(1, "Fetch", for_nodes);
        metrics.request(produce, 11);
        metrics.request(fetch(false), 17);
        metrics.request(fetch(true), 17);
        metrics.answered(produce, 2_000, Some(500));
        let value = |now: Millis, name: &str, label: &str| {
            let families = metrics.families(now);
            let family = families.iter().find(|family| family.name.ends_with(name));
            let samples = family.map(|family| family.samples.clone()).unwrap_or_default();
            let has = |sample: &&Sample| {
                sample.labels.iter().any(|(_, value)| value == label)
                    && sample
                        .labels
                        .iter()
                        .all(|(name, value)| *name != "quantile" || value == "0.5")
            };
            samples.iter().find(has).map(|sample| sample.value)
        };
        assert_eq!(value(0, "requests_total", "Produce"), Some(1.0));
        assert_eq!(value(0, "requests_total", "FetchConsumer"), Some(1.0));
        assert_eq!(value(0, "requests_total", "FetchFollower"), Some(1.0));
        assert_eq!(value(0, "totaltimems_count", "Produce"), Some(1.0));
        assert!(value(0, "totaltimems", "Produce").is_some_and(|ms| (1.7..2.3).contains(&ms)));
        assert_eq!(value(0, "localtimems_sum", "Produce"), Some(0.5));
        assert_eq!(value(0, "remotetimems_sum", "Produce"), Some(1.5));
        // What is long past is forgotten.
        (1..4).for_each(|round| drop(metrics.families(round * WINDOW_MS)));
        metrics.answered(produce, 90_000, None);
        let lately = value(4 * WINDOW_MS, "totaltimems", "Produce");
        assert!(lately.is_some_and(|ms| (80.0..100.0).contains(&ms)), "{lately:?}");
        assert_eq!(value(0, "totaltimems_count", "Produce"), Some(2.0));
        assert_eq!(value(0, "remotetimems_count", "Produce"), Some(2.0));
    }
}
