//! What a scrape is told of quotas, under Kafka's names: `byte-rate` and `throttle-time` of the types `Produce`,
//! `Fetch`, and their like. Nothing is told of clients while no quota is set.

use super::sensors::Reading;
use super::{Kind, Quotas};
use crate::metrics::{Family, Sample};
use crate::types::Millis;

/// The prefix of a kind's series, what its rate is called, and what that is.
const fn names(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Produce => ("produce", "byte_rate", "Bytes a second that a client sends."),
        Kind::Fetch => ("fetch", "byte_rate", "Bytes a second that a client is sent."),
        Kind::Request => ("request", "request_time", "Percent of a thread's time."),
        Kind::ControllerMutation => {
            ("controllermutation", "mutation_rate", "Partitions a second made or deleted.")
        }
    }
}

impl Quotas {
    /// The rates and throttle times of all clients that are measured.
    pub fn families(&self, now: Millis) -> Vec<Family> {
        let mut families = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| self.enabled(*kind)) {
            let readings = self.sensors[kind as usize].read(self.shape, now);
            let (prefix, rate, help) = names(kind);
            let family = |name: &str, help, value: fn(&Reading) -> f64| {
                let sample = |(user, client_id, reading): &(String, String, Reading)| Sample {
                    labels: vec![("user", user.clone()), ("client_id", client_id.clone())],
                    value: value(reading),
                };
                Family {
                    name: format!("kafka_server_{prefix}_{name}"),
                    help,
                    is_counter: false,
                    samples: readings.iter().map(sample).collect(),
                }
            };
            families.push(family(rate, help, |reading| reading.rate));
            let help = "For how long a client is made silent on average, in ms.";
            families.push(family("throttle_time", help, |reading| reading.throttle_ms));
        }
        families
    }
}
