//! The shards of a coordinator: how many are loaded, how long that took, how much waits for them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::{Family, Sample};
use crate::types::Millis;

/// How long a load is told of, in ms: the window of Kafka's sensors.
const WINDOW_MS: Millis = 30_000;
/// How many loads are told of at most.
const LOADS_MAX: usize = 1_024;

/// Where a shard stands that has been asked something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its partition is being read.
    Loading,
    /// At work.
    Active,
    /// Its partition could not be read.
    Failed,
}

/// Kafka's words for the standings, in their order.
const STATES: [&str; 3] = ["loading", "active", "failed"];

/// One load: when it ended, and how long it took.
#[derive(Clone, Copy, Debug)]
struct Load {
    ended: Millis,
    took_ms: Millis,
}

/// The numbers of all shards of one coordinator.
#[derive(Debug, Default)]
pub struct ShardMetrics {
    standings: [AtomicUsize; 3],
    queued: AtomicUsize,
    loads: Mutex<VecDeque<Load>>,
}

/// Counts as one for as long as it lives.
#[derive(Debug)]
pub struct Counted {
    metrics: Arc<ShardMetrics>,
    counter: fn(&ShardMetrics) -> &AtomicUsize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.counter)(&self.metrics).fetch_sub(1, Ordering::Relaxed);
    }
}

impl ShardMetrics {
    fn count(self: &Arc<Self>, counter: fn(&Self) -> &AtomicUsize) -> Counted {
        counter(self).fetch_add(1, Ordering::Relaxed);
        Counted { metrics: Arc::clone(self), counter }
    }

    /// A shard stands so, until what is given back is dropped.
    pub fn stands(self: &Arc<Self>, standing: Standing) -> Counted {
        self.count(match standing {
            Standing::Loading => |metrics| &metrics.standings[0],
            Standing::Active => |metrics| &metrics.standings[1],
            Standing::Failed => |metrics| &metrics.standings[2],
        })
    }

    /// A request waits for a shard, until what is given back is dropped.
    pub fn queue(self: &Arc<Self>) -> Counted {
        self.count(|metrics| &metrics.queued)
    }

    /// A shard was loaded, which took so long.
    pub fn loaded(&self, ended: Millis, took_ms: Millis) {
        let mut loads = self.loads.lock();
        if loads.len() == LOADS_MAX {
            loads.pop_front();
        }
        loads.push_back(Load { ended, took_ms });
    }

    /// All of it under Kafka's name of the coordinator's metrics, such as `group_coordinator_metrics`.
    pub fn families(&self, group: &str, now: Millis) -> Vec<Family> {
        let name = |what: &str| format!("kafka_server_{group}_{what}");
        let (mut sum, mut max, mut number) = (0, 0, 0);
        {
            let mut loads = self.loads.lock();
            loads.retain(|load| now.saturating_sub(load.ended) < WINDOW_MS);
            for load in loads.iter() {
                (sum, max, number) = (sum + load.took_ms, max.max(load.took_ms), number + 1);
            }
        }
        let average = if number > 0 { sum as f64 / f64::from(number) } else { 0.0 };
        let in_state = |(state, count): (&str, &AtomicUsize)| Sample {
            labels: vec![("state", state.to_owned())],
            value: count.load(Ordering::Relaxed) as f64,
        };
        vec![
            Family {
                name: name("num_partitions"),
                help: "Partitions of the coordinator's topic that are in use here.",
                is_counter: false,
                samples: STATES.into_iter().zip(&self.standings).map(in_state).collect(),
            },
            Family::gauge(
                &name("partition_load_time_max"),
                "The longest that reading a partition took in the last 30 seconds, in ms.",
                max as f64,
            ),
            Family::gauge(
                &name("partition_load_time_avg"),
                "What reading a partition took in the last 30 seconds, in ms.",
                average,
            ),
            Family::gauge(
                &name("event_queue_size"),
                "Requests that wait for the coordinator.",
                self.queued.load(Ordering::Relaxed) as f64,
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_while_they_stand_so_and_loads_for_a_while() {
        let metrics = Arc::new(ShardMetrics::default());
        let value = |name: &str, now: Millis| {
            let families = metrics.families("group_coordinator_metrics", now);
            let name = format!("kafka_server_group_coordinator_metrics_{name}");
            let found = families.into_iter().find(|family| family.name == name);
            found.map(|family| family.samples.iter().map(|one| one.value).collect::<Vec<_>>())
        };
        let loading = metrics.stands(Standing::Loading);
        let waiting = metrics.queue();
        assert_eq!(value("num_partitions", 0), Some(vec![1.0, 0.0, 0.0]));
        assert_eq!(value("event_queue_size", 0), Some(vec![1.0]));
        drop((loading, waiting));
        let _active = metrics.stands(Standing::Active);
        assert_eq!(value("num_partitions", 0), Some(vec![0.0, 1.0, 0.0]));
        assert_eq!(value("event_queue_size", 0), Some(vec![0.0]));
        metrics.loaded(1_000, 20);
        metrics.loaded(2_000, 40);
        assert_eq!(value("partition_load_time_max", 3_000), Some(vec![40.0]));
        assert_eq!(value("partition_load_time_avg", 3_000), Some(vec![30.0]));
        assert_eq!(value("partition_load_time_avg", 31_500), Some(vec![40.0]));
        assert_eq!(value("partition_load_time_max", 60_000), Some(vec![0.0]));
    }
}
