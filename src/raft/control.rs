//! The quorum's own records in the log and in snapshots: who leads, who votes. Values to bytes and back, nothing else.
//!
//! | record | when |
//! |---|---|
//! | `LeaderChangeMessage` | the first of each epoch |
//! | `KRaftVersionRecord`, `VotersRecord` | behind it in the log's first epoch (KIP-853), and at the head of each
//! snapshot |
//! | snapshot header and footer | around a snapshot's records; `metadata::snapshot` reads those |
//!
//! Their batches take up offsets, and carry no metadata.

use bytes::Bytes;

use crate::error::Error;
use crate::raft::voters::{Endpoint, ReplicaKey, Voter, VoterSet};
use crate::types::{LeaderEpoch, Millis, NodeId, Offset};
use crate::wire::codec::{Reader, Writer};
use crate::wire::message::Message;
use crate::wire::records::{BatchBuilder, ControlType};
use crate::wire::stored::raft as stored;
use crate::wire::stored::raft::{
    KRaftVersionFeature, KRaftVersionRecord, LeaderChangeMessage, LeaderChangeVoter, VotersRecord,
};

/// What the control records of a log or snapshot say of the quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The level of `kraft.version`.
    KraftVersion(i16),
    /// The voters.
    Voters(VoterSet),
    /// Something that changes no state of the quorum.
    Other,
}

impl Control {
    /// Reads one control record.
    ///
    /// Errors: a key or value that is not of its type.
    pub fn decode(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Self, Error> {
        let corrupt =
            |error: &dyn std::fmt::Display| Error::Corrupt(format!("control record: {error}"));
        let kind = ControlType::parse(key).map_err(|error| corrupt(&error))?;
        let mut reader = Reader::new(Bytes::copy_from_slice(value.unwrap_or_default()));
        match kind {
            ControlType::KraftVersion => {
                let record =
                    KRaftVersionRecord::decode(&mut reader, 0).map_err(|error| corrupt(&error))?;
                Ok(Self::KraftVersion(record.kraft_version))
            }
            ControlType::KraftVoters => {
                let record =
                    VotersRecord::decode(&mut reader, 0).map_err(|error| corrupt(&error))?;
                Ok(Self::Voters(voters_of(record)))
            }
            _ => Ok(Self::Other),
        }
    }
}

/// The voters in a record.
pub fn voters_of(record: VotersRecord) -> VoterSet {
    VoterSet::new(record.voters.into_iter().map(|voter| {
        let versions = voter.kraft_version_feature;
        Voter {
            key: ReplicaKey::new(voter.voter_id, voter.voter_directory_id),
            endpoints: voter
                .endpoints
                .into_iter()
                .map(|endpoint| Endpoint {
                    name: endpoint.name,
                    host: endpoint.host,
                    port: endpoint.port,
                })
                .collect(),
            kraft_versions: (versions.min_supported_version, versions.max_supported_version),
        }
    }))
}

/// The record that holds these voters.
pub fn voters_record(voters: &VoterSet) -> VotersRecord {
    let voters = voters.iter().map(|voter| stored::Voter {
        voter_id: voter.key.id,
        voter_directory_id: voter.key.directory_id,
        endpoints: voter
            .endpoints
            .iter()
            .map(|endpoint| stored::Endpoint {
                name: endpoint.name.clone(),
                host: endpoint.host.clone(),
                port: endpoint.port,
                ..Default::default()
            })
            .collect(),
        kraft_version_feature: KRaftVersionFeature {
            min_supported_version: voter.kraft_versions.0,
            max_supported_version: voter.kraft_versions.1,
            ..Default::default()
        },
        ..Default::default()
    });
    VotersRecord { voters: voters.collect(), ..Default::default() }
}

fn encode(message: &impl Message) -> Bytes {
    let mut writer = Writer::new();
    message.encode(&mut writer, 0).expect("version 0 holds every field that is set");
    writer.freeze()
}

/// What the first batch of an epoch says.
#[derive(Clone, Copy, Debug)]
pub struct LeaderChange<'a> {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// The batch's first offset.
    pub first: Offset,
    /// Who leads.
    pub leader_id: NodeId,
    /// Who votes.
    pub voters: &'a VoterSet,
    /// With a level of `kraft.version` the voters are written too, for the log's first leader.
    pub bootstrap: Option<i16>,
}

impl LeaderChange<'_> {
    /// The batch, as written at `now`.
    pub fn to_batch(self, now: Millis) -> Bytes {
        let voter = |id| LeaderChangeVoter { voter_id: id, ..Default::default() };
        let message = LeaderChangeMessage {
            leader_id: self.leader_id,
            voters: self.voters.iter().map(|known| voter(known.key.id)).collect(),
            granting_voters: vec![voter(self.leader_id)],
            ..Default::default()
        };
        let mut batch = BatchBuilder::new()
            .base_offset(self.first)
            .partition_leader_epoch(self.epoch)
            .control(true);
        batch.append(now, Some(&ControlType::LeaderChange.key()), Some(&encode(&message)));
        if let Some(kraft_version) = self.bootstrap {
            let version = KRaftVersionRecord { kraft_version, ..Default::default() };
            batch.append(now, Some(&ControlType::KraftVersion.key()), Some(&encode(&version)));
            let voters = encode(&voters_record(self.voters));
            batch.append(now, Some(&ControlType::KraftVoters.key()), Some(&voters));
        }
        batch.build()
    }
}
