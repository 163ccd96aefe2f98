//! The brokers' own records: what their keys say, and the marker that ends a transaction.
//!
//! The values of the others (leader change, snapshot header and footer, versions and voters of the quorum) are messages
//! of their own, under `wire::stored::raft`.

use super::error::RecordsError;
use super::record::invalid;

/// What a control record is about: the second half of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlType {
    /// A transaction ends and its records do not count.
    Abort,
    /// A transaction ends and its records count.
    Commit,
    /// A leader of the quorum begins (KIP-595).
    LeaderChange,
    /// A snapshot begins (KIP-630).
    SnapshotHeader,
    /// A snapshot ends.
    SnapshotFooter,
    /// The quorum's feature level (KIP-853).
    KraftVersion,
    /// The quorum's voters (KIP-853).
    KraftVoters,
    /// A type of a later version.
    Unknown(i16),
}

impl ControlType {
    /// The type of a control record's key. Error: a key of fewer than four bytes, or none.
    pub fn parse(key: Option<&[u8]>) -> Result<Self, RecordsError> {
        let Some(&[v0, v1, t0, t1]) = key.and_then(|key| key.first_chunk()) else {
            return Err(invalid(format!(
                "Invalid value size found for control record key. Must have at least 4 bytes, but found only {}",
                key.map_or(0, <[u8]>::len)
            )));
        };
        let version = i16::from_be_bytes([v0, v1]);
        if version < 0 {
            return Err(invalid(format!(
                "Invalid version found for control record: {version}. May indicate data corruption"
            )));
        }
        Ok(Self::from_id(i16::from_be_bytes([t0, t1])))
    }

    /// The type of a number.
    pub const fn from_id(id: i16) -> Self {
        match id {
            0 => Self::Abort,
            1 => Self::Commit,
            2 => Self::LeaderChange,
            3 => Self::SnapshotHeader,
            4 => Self::SnapshotFooter,
            5 => Self::KraftVersion,
            6 => Self::KraftVoters,
            id => Self::Unknown(id),
        }
    }

    /// The number of the type.
    pub const fn id(self) -> i16 {
        match self {
            Self::Abort => 0,
            Self::Commit => 1,
            Self::LeaderChange => 2,
            Self::SnapshotHeader => 3,
            Self::SnapshotFooter => 4,
            Self::KraftVersion => 5,
            Self::KraftVoters => 6,
            Self::Unknown(id) => id,
        }
    }

    /// Kafka's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Abort => "ABORT",
            Self::Commit => "COMMIT",
            Self::LeaderChange => "LEADER_CHANGE",
            Self::SnapshotHeader => "SNAPSHOT_HEADER",
            Self::SnapshotFooter => "SNAPSHOT_FOOTER",
            Self::KraftVersion => "KRAFT_VERSION",
            Self::KraftVoters => "KRAFT_VOTERS",
            Self::Unknown(_) => "UNKNOWN",
        }
    }

    /// The key of a control record: version 0, then the type.
    pub const fn key(self) -> [u8; 4] {
        let [t0, t1] = self.id().to_be_bytes();
        [0, 0, t0, t1]
    }
}

/// The value of a record that ends a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndTxnMarker {
    /// The epoch of the transaction coordinator that decided.
    pub coordinator_epoch: i32,
}

impl EndTxnMarker {
    /// The marker in a value, of this version or a later one.
    pub fn decode(value: Option<&[u8]>) -> Result<Self, RecordsError> {
        let Some(&[v0, v1, epoch @ ..]) = value.and_then(|value| value.first_chunk::<6>()) else {
            return Err(invalid(format!(
                "Invalid value size found for end transaction marker. Must have at least 6 bytes, but found only {}",
                value.map_or(0, <[u8]>::len)
            )));
        };
        let version = i16::from_be_bytes([v0, v1]);
        if version < 0 {
            return Err(invalid(format!(
                "Invalid version found for end transaction marker: {version}"
            )));
        }
        Ok(Self { coordinator_epoch: i32::from_be_bytes(epoch) })
    }

    /// The value: version 0, then the epoch.
    pub const fn encode(self) -> [u8; 6] {
        let [a, b, c, d] = self.coordinator_epoch.to_be_bytes();
        [0, 0, a, b, c, d]
    }
}
