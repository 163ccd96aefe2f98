//! Metadata versions, features, and which levels of them this build has.
//!
//! Two questions have two answers here. What Kafka 4.3.1 knows: [`FEATURES`] and [`MetadataVersion`], which the tools
//! print. What this build can do: [`SUPPORTED`], the one place to raise when a feature's machinery is there.
//!
//! A feature's level is agreed on by the cluster and changed by `UpdateFeatures` alone; what a node registers with are
//! the levels that it could take. A node that lacks the level of the moment is refused.

use std::fmt;

use super::cluster::VersionRange;

/// The feature whose levels are metadata versions.
pub const METADATA_VERSION: &str = "metadata.version";
/// The feature of the quorum itself: 1 has voters as records (KIP-853).
pub const KRAFT_VERSION: &str = "kraft.version";
/// The feature of transactions: 1 has flexible records, 2 an epoch for each transaction (KIP-890).
pub const TRANSACTION_VERSION: &str = "transaction.version";
/// The feature of groups: 1 has the new protocol of consumer groups (KIP-848).
pub const GROUP_VERSION: &str = "group.version";
/// The feature of eligible leader replicas (KIP-966).
pub const ELR_VERSION: &str = "eligible.leader.replicas.version";
/// The feature of share groups (KIP-932).
pub const SHARE_VERSION: &str = "share.version";
/// The feature of streams groups (KIP-1071).
pub const STREAMS_VERSION: &str = "streams.version";

/// The levels of each feature that this build has: what it registers with, what it may be told to set.
pub const SUPPORTED: [(&str, VersionRange); 7] = [
    (
        METADATA_VERSION,
        VersionRange { min: MetadataVersion::MINIMUM.0, max: MetadataVersion::LATEST.0 },
    ),
    (KRAFT_VERSION, VersionRange { min: 0, max: 1 }),
    (TRANSACTION_VERSION, VersionRange { min: 0, max: 2 }),
    (GROUP_VERSION, VersionRange { min: 0, max: 1 }),
    (ELR_VERSION, VersionRange { min: 0, max: 1 }),
    (SHARE_VERSION, VersionRange { min: 0, max: 0 }),
    (STREAMS_VERSION, VersionRange { min: 0, max: 0 }),
];

/// The levels of the feature `name` that this build has; none if it does not know it.
pub fn supported(name: &str) -> Option<VersionRange> {
    SUPPORTED.iter().find(|(known, _)| *known == name).map(|&(_, range)| range)
}

/// What Kafka knows of a feature other than `metadata.version`.
#[derive(Debug)]
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// Its levels, from 0 up.
    pub levels: &'static [FeatureLevel],
}

/// What Kafka knows of one level of a feature.
#[derive(Debug)]
pub struct FeatureLevel {
    /// The metadata version from which a new cluster has it; none for a level that is never the default.
    pub default_from: Option<MetadataVersion>,
    /// The metadata version of its release.
    pub bootstrap: MetadataVersion,
    /// The least level of other features that it needs.
    pub dependencies: &'static [(&'static str, i16)],
}

const fn level(default_from: i16, bootstrap: i16) -> FeatureLevel {
    let default_from = if default_from == 0 { None } else { Some(MetadataVersion(default_from)) };
    FeatureLevel { default_from, bootstrap: MetadataVersion(bootstrap), dependencies: &[] }
}

/// Every feature but `metadata.version`, in Kafka's order.
pub const FEATURES: [Feature; 6] = [
    Feature { name: KRAFT_VERSION, levels: &[level(7, 7), level(21, 21)] },
    Feature { name: TRANSACTION_VERSION, levels: &[level(7, 7), level(0, 24), level(24, 24)] },
    Feature { name: GROUP_VERSION, levels: &[level(7, 7), level(22, 22)] },
    Feature {
        name: ELR_VERSION,
        levels: &[
            level(7, 7),
            FeatureLevel {
                default_from: Some(MetadataVersion(26)),
                bootstrap: MetadataVersion(26),
                dependencies: &[(METADATA_VERSION, 23)],
            },
        ],
    },
    Feature { name: SHARE_VERSION, levels: &[level(7, 7), level(28, 28)] },
    Feature { name: STREAMS_VERSION, levels: &[level(7, 7), level(29, 29)] },
];

impl Feature {
    /// The feature called `name`.
    pub fn find(name: &str) -> Option<&'static Self> {
        FEATURES.iter().find(|feature| feature.name == name)
    }

    /// The highest level that Kafka has.
    pub fn latest(&self) -> i16 {
        i16::try_from(self.levels.len()).unwrap_or(i16::MAX) - 1
    }

    /// What Kafka knows of `level`.
    pub fn level(&self, level: i16) -> Option<&'static FeatureLevel> {
        usize::try_from(level).ok().and_then(|level| self.levels.get(level))
    }

    /// The level that Kafka gives a new cluster at `version`.
    pub fn kafka_default(&self, version: MetadataVersion) -> i16 {
        let reached = |level: &FeatureLevel| level.default_from.is_some_and(|from| from <= version);
        self.levels.iter().rposition(reached).and_then(|at| i16::try_from(at).ok()).unwrap_or(0)
    }

    /// The level that this build gives a new cluster at `version`: Kafka's, or the highest it has.
    pub fn default(&self, version: MetadataVersion) -> i16 {
        self.kafka_default(version).min(supported(self.name).map_or(0, |range| range.max))
    }
}

/// A level of `metadata.version`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetadataVersion(i16);

/// The name of each metadata version, from level 7 up. The last is not for use in production.
const NAMES: [&str; 25] = [
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2",
    "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0",
    "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
    "4.4-IV0",
];

impl MetadataVersion {
    /// The lowest that a KRaft cluster of this release may have.
    pub const MINIMUM: Self = Self(7);
    /// The highest for production: what a new cluster gets.
    pub const LATEST: Self = Self(30);
    /// The highest that has a name: known to the tools, refused to clusters.
    pub const LATEST_TESTING: Self = Self(31);

    /// The version at `level`, if it is one that a cluster may have.
    pub const fn from_level(level: i16) -> Option<Self> {
        if level >= Self::MINIMUM.0 && level <= Self::LATEST.0 { Some(Self(level)) } else { None }
    }

    /// The version that `text` names: `4.0-IV3`, or `4.0` (also `4.0.1`) for the highest of its release.
    pub fn from_name(text: &str) -> Option<Self> {
        let key = match text.match_indices('.').nth(1) {
            Some((end, _)) => text.get(..end)?,
            None => text,
        };
        let stable =
            usize::from(Self::LATEST.0.unsigned_abs() - Self::MINIMUM.0.unsigned_abs()) + 1;
        let release =
            |name: &str| name.split_once("-IV").is_some_and(|(release, _)| release == key);
        let exact = NAMES.iter().position(|name| *name == key);
        exact
            .or_else(|| NAMES.iter().take(stable).rposition(|&name| release(name)))
            .and_then(Self::at)
    }

    fn at(index: usize) -> Option<Self> {
        i16::try_from(index).ok().map(|index| Self(index + Self::MINIMUM.0))
    }

    /// Every version up to `last`, lowest first.
    pub fn all(last: Self) -> impl Iterator<Item = Self> {
        (Self::MINIMUM.0..=last.0).map(Self)
    }

    /// The number in records and requests.
    pub const fn level(self) -> i16 {
        self.0
    }

    /// The full name: `4.3-IV0`.
    pub fn name(self) -> &'static str {
        usize::try_from(self.0 - Self::MINIMUM.0)
            .ok()
            .and_then(|at| NAMES.get(at))
            .copied()
            .unwrap_or("unknown")
    }

    /// Whether users may have SCRAM credentials in metadata.
    pub const fn is_scram_supported(self) -> bool {
        self.0 >= 11
    }

    /// Whether a shrinking ISR must raise the leader epoch.
    pub const fn is_leader_epoch_bump_required_on_isr_shrink(self) -> bool {
        self.0 < 12
    }

    /// Whether the metadata log may have transactions.
    pub const fn is_metadata_transaction_supported(self) -> bool {
        self.0 >= 13
    }

    /// Whether delegation tokens are in metadata.
    pub const fn is_delegation_token_supported(self) -> bool {
        self.0 >= 14
    }

    /// Whether controllers register.
    pub const fn is_controller_registration_supported(self) -> bool {
        self.0 >= 15
    }

    /// Whether replicas are assigned to directories (KIP-858).
    pub const fn is_directory_assignment_supported(self) -> bool {
        self.0 >= 17
    }

    /// Whether partitions have eligible leader replicas (KIP-966), once their feature is on.
    pub const fn is_elr_supported(self) -> bool {
        self.0 >= 23
    }

    /// Whether log directories can be cordoned (KIP-1066).
    pub const fn is_cordoned_log_dirs_supported(self) -> bool {
        self.0 >= 30
    }

    /// The version of `RegisterBrokerRecord`.
    pub const fn register_broker_record_version(self) -> i16 {
        match self.0 {
            30.. => 4,
            17.. => 3,
            8.. => 2,
            _ => 1,
        }
    }

    /// The version of `PartitionRecord` and of `PartitionChangeRecord`.
    pub const fn partition_record_version(self) -> i16 {
        match self.0 {
            23.. => 2,
            17.. => 1,
            _ => 0,
        }
    }

    /// The version of Fetch between brokers.
    pub const fn fetch_request_version(self) -> i16 {
        match self.0 {
            27.. => 18,
            21.. => 17,
            19.. => 16,
            10.. => 15,
            9 => 14,
            _ => 13,
        }
    }

    /// The version of ListOffsets between brokers.
    pub const fn list_offset_request_version(self) -> i16 {
        match self.0 {
            29.. => 11,
            25.. => 10,
            21.. => 9,
            9.. => 8,
            _ => 7,
        }
    }
}

impl fmt::Display for MetadataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for MetadataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name(), self.0)
    }
}
