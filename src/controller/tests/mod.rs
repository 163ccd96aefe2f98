//! The machine, by golden scripts and by random histories, and its actor.

mod acls;
mod actor;
mod histories;
mod scripts;

use std::sync::Arc;

use super::machine::{Machine, Settings};
use super::requests::{ControllerReply, ControllerRequest, Decision, RequestContext};
use crate::config::Config;
use crate::metadata::Image;
use crate::metadata::cluster::VersionRange;
use crate::metadata::features::{ELR_VERSION, METADATA_VERSION, SUPPORTED};
use crate::raft::events::VersionedRecord;
use crate::types::{Millis, NodeId, Uuid};
use crate::wire::messages::broker_registration::{BrokerRegistrationRequest, Feature};
use crate::wire::stored::metadata::{FeatureLevelRecord, MetadataRecord};

fn settings() -> Settings {
    let config = Config::from_map([
        ("process.roles", "controller"),
        ("node.id", "1"),
        ("controller.quorum.voters", "1@localhost:9093"),
        ("listeners", "CONTROLLER://localhost:9093"),
        ("controller.listener.names", "CONTROLLER"),
    ]);
    Settings {
        cluster_id: "cluster".to_owned(),
        idle_interval_ms: None,
        ..Settings::new(Arc::new(config.expect("a valid configuration")))
    }
}

fn feature(name: &str, feature_level: i16) -> VersionedRecord {
    let record = FeatureLevelRecord { name: name.to_owned(), feature_level, ..Default::default() };
    (MetadataRecord::FeatureLevel(record), 0)
}

fn bootstrap(elr: bool) -> Vec<VersionedRecord> {
    let mut records = vec![feature(METADATA_VERSION, 30)];
    records.extend(elr.then(|| feature(ELR_VERSION, 1)));
    records
}

/// One controller, its log and its time.
struct Cluster {
    machine: Machine,
    now: Millis,
    log: Vec<MetadataRecord>,
}

impl Cluster {
    fn new(seed: u64) -> Self {
        Self {
            machine: Machine::new(settings(), Image::default(), 0, seed),
            now: 0,
            log: Vec::new(),
        }
    }

    fn take(&mut self, records: Vec<VersionedRecord>) {
        for (record, _) in records {
            self.machine
                .apply(self.machine.next_offset, &record, self.now)
                .expect("the record fits");
            self.log.push(record);
        }
    }

    fn decide(&mut self, request: ControllerRequest, version: i16) -> Decision<ControllerReply> {
        let context = RequestContext { version, ..Default::default() };
        let decision = self.machine.decide(&request, &context, self.now);
        self.take(decision.records.clone());
        decision
    }

    fn activate(&mut self, elr: bool) -> Vec<VersionedRecord> {
        self.machine.activate(self.now);
        let records = self.machine.activation_records(&bootstrap(elr));
        self.take(records.clone());
        records
    }

    fn epoch(&self, broker: NodeId) -> i64 {
        self.machine.broker(broker).map_or(-1, |broker| broker.epoch)
    }

    fn register(
        &self,
        id: NodeId,
        incarnation: u8,
        previous_broker_epoch: i64,
    ) -> BrokerRegistrationRequest {
        let supported = SUPPORTED.iter();
        let feature = |(name, range): &(&str, VersionRange)| Feature {
            name: (*name).to_owned(),
            min_supported_version: range.min,
            max_supported_version: range.max,
            ..Default::default()
        };
        let byte = u8::try_from(id).expect("small ids");
        BrokerRegistrationRequest {
            broker_id: id,
            cluster_id: "cluster".to_owned(),
            incarnation_id: Uuid::from_bytes([incarnation; 16]),
            features: supported.map(feature).collect(),
            log_dirs: vec![Uuid::from_bytes([byte + 200; 16])],
            previous_broker_epoch,
            ..Default::default()
        }
    }
}
