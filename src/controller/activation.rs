//! The first records of a leadership: those of an empty log, or the end of what a former controller left half done.
//! Never writes configuration that the operator did not format the cluster with.

use crate::controller::machine::Settings;
use crate::controller::requests::VersionedRecord;
use crate::metadata::Image;
use crate::metadata::features::ELR_VERSION;
use crate::wire::stored::metadata::{
    AbortTransactionRecord, BeginTransactionRecord, ConfigRecord, EndTransactionRecord, MetadataRecord,
};

/// The kind of resource that is a broker, in a `ConfigRecord`.
const BROKER_RESOURCE: i8 = 4;
const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
