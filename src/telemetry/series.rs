//! What clients have pushed, a bounded number of series: the latest value of each, or the sum of what has come.

use std::collections::BTreeMap;

use super::otlp::{Point, TEXT_BYTES_MAX};
use super::subscriptions::Client;
use crate::metrics::{Family, Sample};
use crate::types::{Millis, Uuid};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: String,
    instance: Uuid,
    attributes: String,
}

#[derive(Debug)]
struct Held {
    client_id: String,
    software: String,
    value: f64,
    is_counter: bool,
    /// A client that is gone leaves nothing behind for ever.
    keep_until: Millis,
}

/// The series of all clients.
#[derive(Debug)]
pub(super) struct Series {
    max: usize,
    held: BTreeMap<Key, Held>,
}

impl Series {
    pub(super) fn new(max: usize) -> Self {
        Self { max, held: BTreeMap::new() }
    }

    /// Takes in what one client has pushed. What there is no room for is dropped.
    pub(super) fn take(&mut self, client: &Client<'_>, points: Vec<Point>, keep_until: Millis) {
        if client.client_id.len() > TEXT_BYTES_MAX {
            return;
        }
        for point in points {
            let Point { name, attributes, value, is_delta, is_counter } = point;
            let key = Key { name: series_name(&name), instance: client.instance, attributes };
            if let Some(held) = self.held.get_mut(&key) {
                held.value = if is_delta { held.value + value } else { value };
                held.keep_until = keep_until;
            } else if self.held.len() < self.max {
                let (software, version) = client.software;
                let held = Held {
                    client_id: client.client_id.to_owned(),
                    software: format!("{software} {version}"),
                    value,
                    is_counter,
                    keep_until,
                };
                self.held.insert(key, held);
            }
        }
    }

    /// The series of clients that have pushed of late.
    pub(super) fn families(&mut self, now: Millis) -> Vec<Family> {
        self.held.retain(|_, held| held.keep_until > now);
        let mut families: Vec<Family> = Vec::new();
        for (key, held) in &self.held {
            if families.last().is_none_or(|family| family.name != key.name) {
                families.push(Family {
                    name: key.name.clone(),
                    help: "Pushed by clients.",
                    is_counter: held.is_counter,
                    samples: Vec::new(),
                });
            }
            let labels = vec![
                ("client_instance_id", key.instance.to_string()),
                ("client_id", held.client_id.clone()),
                ("client_software", held.software.clone()),
                ("attributes", key.attributes.clone()),
            ];
            if let Some(family) = families.last_mut() {
                family.samples.push(Sample { labels, value: held.value });
            }
        }
        families
    }
}

/// A metric's name as Prometheus allows it, so that it cannot be taken for one of the node's own.
fn series_name(name: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("client_telemetry_{}", name.chars().map(legal).collect::<String>())
}
