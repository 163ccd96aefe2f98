//! What a new cluster begins with: `bootstrap.checkpoint`, written by `storage format`, read by the first controller.
//!
//! The form is a snapshot's; the place is the log directory's root, beside the partitions. It counts once: where the
//! metadata log has a record, nobody looks at it again.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;

use super::features::{FEATURES, KRAFT_VERSION, METADATA_VERSION, MetadataVersion};
use super::snapshot::{self, Contents, SnapshotId, SnapshotWriter};
use crate::error::Error;
use crate::log::files::{Durability, Files, replace};
use crate::types::Millis;
use crate::wire::stored::metadata::{FeatureLevelRecord, MetadataRecord};

/// The file in a log directory.
pub const BOOTSTRAP_CHECKPOINT: &str = "bootstrap.checkpoint";

/// The levels that this build gives a new cluster at `version`, `metadata.version` and `kraft.version` among them.
pub fn default_levels(version: MetadataVersion) -> BTreeMap<String, i16> {
    let features =
        FEATURES.iter().map(|feature| (feature.name.to_owned(), feature.default(version)));
    features.chain([(METADATA_VERSION.to_owned(), version.level())]).collect()
}

/// The records of these levels as a new cluster writes them: `metadata.version` first, nothing at level 0, and without
/// `kraft.version`, which lives in the quorum's control records.
pub fn feature_records(levels: &BTreeMap<String, i16>) -> Vec<MetadataRecord> {
    let first = levels.get_key_value(METADATA_VERSION);
    let others = levels
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), METADATA_VERSION | KRAFT_VERSION));
    let all = first.into_iter().chain(others).filter(|&(_, &level)| level > 0);
    let record = |(name, &feature_level): (&String, &i16)| {
        MetadataRecord::FeatureLevel(FeatureLevelRecord {
            name: name.clone(),
            feature_level,
            ..Default::default()
        })
    };
    all.map(record).collect()
}

/// The bytes of a `bootstrap.checkpoint` with these records, made at the time `now`.
pub fn encode(
    records: &[MetadataRecord],
    version: MetadataVersion,
    now: Millis,
) -> Result<Bytes, Error> {
    let mut writer = SnapshotWriter::new(SnapshotId::BOOTSTRAP, &Contents::default(), now);
    for record in records {
        writer.append(record, version)?;
    }
    Ok(writer.finish())
}

/// Writes `bootstrap.checkpoint` into the log directory `dir`.
pub fn write(files: &dyn Files, dir: &Path, bytes: &[u8]) -> Result<(), Error> {
    let path = dir.join(BOOTSTRAP_CHECKPOINT);
    replace(files, &path, bytes, Durability::All).map_err(Error::io(path.display()))
}

/// The records in the `bootstrap.checkpoint` of the log directory `dir`; without one, those of a cluster at the latest
/// version with this build's default levels.
pub fn read(files: &dyn Files, dir: &Path) -> Result<Vec<MetadataRecord>, Error> {
    let path = dir.join(BOOTSTRAP_CHECKPOINT);
    let bytes = match files.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(feature_records(&default_levels(MetadataVersion::LATEST)));
        }
        Err(error) => return Err(Error::io(path.display())(error)),
    };
    let mut records = Vec::new();
    snapshot::decode(&bytes, |record| {
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}
