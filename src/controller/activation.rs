//! The first records of a leadership: those of an empty log, or the end of what a former controller left half done.
//!
//! Where metadata transactions are known (KIP-868, metadata version 3.6) the first records are one: a controller that
//! dies within leaves nothing, and its successor aborts what is open.

use crate::metadata::Image;
use crate::metadata::MetadataVersion;
use crate::metadata::configs::ResourceType;
use crate::metadata::features::{ELR_VERSION, METADATA_VERSION};
use crate::raft::events::VersionedRecord;
use crate::wire::stored::metadata::{
    AbortTransactionRecord, BeginTransactionRecord, ConfigRecord, EndTransactionRecord,
    MetadataRecord,
};

/// What a former controller's unfinished transaction is ended with, in Kafka's words.
const FAILOVER: &str = "Controller failover";
/// The name of the transaction that holds the first records.
const BOOTSTRAP: &str = "Bootstrap records";

/// The records with which a leadership begins on the state of `image`.
///
/// `bootstrap` are those that the cluster was formatted with; `isr_min` is `min.insync.replicas` of this node's file;
/// `open_transaction` says that the log ends within a metadata transaction.
pub(crate) fn records(
    image: &Image,
    bootstrap: &[VersionedRecord],
    isr_min: i32,
    open_transaction: bool,
) -> Vec<VersionedRecord> {
    let mut records = Vec::new();
    if open_transaction {
        let abort =
            AbortTransactionRecord { reason: Some(FAILOVER.to_owned()), ..Default::default() };
        records.push((MetadataRecord::AbortTransaction(abort), 0));
    }
    if image.features.metadata_version.is_some() {
        return records;
    }
    let version = MetadataVersion::from_level(level(bootstrap, METADATA_VERSION))
        .unwrap_or(MetadataVersion::MINIMUM);
    let transaction = version.is_metadata_transaction_supported();
    if transaction {
        let begin =
            BeginTransactionRecord { name: Some(BOOTSTRAP.to_owned()), ..Default::default() };
        records.push((MetadataRecord::BeginTransaction(begin), 0));
    }
    records.extend_from_slice(bootstrap);
    if level(bootstrap, ELR_VERSION) > 0 {
        // With eligible replicas the least number in sync is the cluster's: from now on no broker's file may differ.
        let config = ConfigRecord {
            resource_type: ResourceType::BROKER.0,
            name: "min.insync.replicas".to_owned(),
            value: Some(isr_min.to_string()),
            ..Default::default()
        };
        records.push((MetadataRecord::Config(config), 0));
    }
    if transaction {
        records.push((MetadataRecord::EndTransaction(EndTransactionRecord::default()), 0));
    }
    records
}

fn level(bootstrap: &[VersionedRecord], feature: &str) -> i16 {
    let found = bootstrap.iter().rev().find_map(|(record, _)| match record {
        MetadataRecord::FeatureLevel(record) if record.name == feature => {
            Some(record.feature_level)
        }
        _ => None,
    });
    found.unwrap_or(0)
}
