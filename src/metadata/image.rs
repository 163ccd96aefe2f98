//! The cluster's metadata at one offset of the metadata log. Never changed: a `Delta` makes the next one.
//!
//! Who decides something by it takes one image and keeps it to the end of the decision: two looks might see two
//! clusters.

use std::collections::BTreeMap;

use super::access::{DelegationTokensImage, ScramImage};
use super::acls::AclsImage;
use super::cluster::ClusterImage;
use super::configs::ConfigsImage;
use super::features::{METADATA_VERSION, MetadataVersion};
use super::quotas::ClientQuotasImage;
use super::topics::TopicsImage;
use crate::types::{LeaderEpoch, Millis, Offset};

/// Up to where in the metadata log an image reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// The offset of the last record in it, or −1.
    pub offset: Offset,
    /// The epoch of that record, or −1.
    pub epoch: LeaderEpoch,
    /// The append time of that record, or −1.
    pub timestamp: Millis,
}

impl Provenance {
    /// Of an image that holds nothing.
    pub const EMPTY: Self = Self { offset: -1, epoch: -1, timestamp: -1 };

    /// The offset that a snapshot of the image bears: one beyond its last record.
    pub const fn snapshot_offset(self) -> Offset {
        self.offset + 1
    }
}

impl Default for Provenance {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// The levels of features that the cluster has agreed on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeaturesImage {
    /// `metadata.version`; none before the first record of it.
    pub metadata_version: Option<MetadataVersion>,
    /// The other features at a level above 0, by name.
    pub finalized: BTreeMap<String, i16>,
}

impl FeaturesImage {
    /// `metadata.version`, or the lowest while none is set.
    pub fn metadata_version(&self) -> MetadataVersion {
        self.metadata_version.unwrap_or(MetadataVersion::MINIMUM)
    }

    /// The level of the feature `name`: 0 where it is not set.
    pub fn level(&self, name: &str) -> i16 {
        if name == METADATA_VERSION {
            return self.metadata_version.map_or(0, MetadataVersion::level);
        }
        self.finalized.get(name).copied().unwrap_or(0)
    }

    /// Every feature with its level, `metadata.version` among them, as ApiVersions tells them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i16)> {
        let metadata_version =
            self.metadata_version.map(|version| (METADATA_VERSION, version.level()));
        metadata_version
            .into_iter()
            .chain(self.finalized.iter().map(|(name, &level)| (name.as_str(), level)))
    }
}

/// The cluster's metadata at one offset of the metadata log. Cloning it, or a part of it, costs next to nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Image {
    /// Up to where in the metadata log it reaches.
    pub provenance: Provenance,
    /// Levels of features.
    pub features: FeaturesImage,
    /// Registered nodes.
    pub cluster: ClusterImage,
    /// Topics and partitions.
    pub topics: TopicsImage,
    /// Dynamic configuration.
    pub configs: ConfigsImage,
    /// Client quotas.
    pub client_quotas: ClientQuotasImage,
    /// The first producer id that is not yet given out; 0 before the first.
    pub next_producer_id: i64,
    /// Access control entries.
    pub acls: AclsImage,
    /// SCRAM credentials.
    pub scram: ScramImage,
    /// Delegation tokens.
    pub delegation_tokens: DelegationTokensImage,
}

impl Image {
    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self { provenance: self.provenance, ..Self::default() }
    }
}
