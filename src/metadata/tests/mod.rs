//! Every record type, images there and back, snapshots, the copy in sled. Here is what the tests have in common.

mod levels;
mod replay;
mod round_trips;
mod snapshots;

use std::path::Path;

use bytes::Bytes;

use super::configs::ResourceType;
use super::features::*;
use super::records::record_version;
use super::snapshot::{Contents, SnapshotId};
use super::store::Store;
use super::topics::*;
use super::*;
use crate::log::files::Files;
use crate::log::files::memory::MemoryFiles;
use crate::random::Random;
use crate::types::{NodeId, Uuid};
use crate::wire::stored::metadata::*;
use crate::wire::stored::raft;

fn id(n: u8) -> Uuid {
    Uuid::from_bytes([n; 16])
}

fn replayed(records: &[MetadataRecord]) -> (Image, Changes) {
    replay_over(&Image::default(), records)
}

fn replay_over(base: &Image, records: &[MetadataRecord]) -> (Image, Changes) {
    let mut delta = Delta::new(base);
    for record in records {
        delta.replay(record).unwrap();
    }
    delta.apply(Provenance { offset: 9, epoch: 2, timestamp: 5 })
}

fn fails(base: &Image, record: MetadataRecord) -> String {
    Delta::new(base).replay(&record).unwrap_err().to_string()
}

fn broker(broker_id: NodeId) -> MetadataRecord {
    MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id,
        incarnation_id: id(9),
        broker_epoch: 100,
        end_points: vec![BrokerEndpoint {
            name: "PLAINTEXT".into(),
            host: "h".into(),
            port: 65_535,
            security_protocol: 0,
            ..Default::default()
        }],
        features: vec![BrokerFeature {
            name: "metadata.version".into(),
            min_supported_version: 7,
            max_supported_version: 30,
            ..Default::default()
        }],
        rack: Some("r".into()),
        fenced: true,
        log_dirs: vec![id(5), id(4)],
        ..Default::default()
    })
}

fn topic(name: &str, topic_id: Uuid) -> MetadataRecord {
    MetadataRecord::Topic(TopicRecord { name: name.into(), topic_id, ..Default::default() })
}

fn partition(topic_id: Uuid, partition_id: i32) -> MetadataRecord {
    MetadataRecord::Partition(PartitionRecord {
        partition_id,
        topic_id,
        replicas: vec![1, 2],
        isr: vec![1],
        leader: 1,
        leader_epoch: 3,
        partition_epoch: 4,
        directories: vec![id(1), id(2)],
        ..Default::default()
    })
}

fn config(name: &str, key: &str, value: Option<&str>) -> MetadataRecord {
    MetadataRecord::Config(ConfigRecord {
        resource_type: 2,
        resource_name: name.into(),
        name: key.into(),
        value: value.map(Into::into),
        ..Default::default()
    })
}

fn level(name: &str, feature_level: i16) -> MetadataRecord {
    MetadataRecord::FeatureLevel(FeatureLevelRecord {
        name: name.into(),
        feature_level,
        ..Default::default()
    })
}
