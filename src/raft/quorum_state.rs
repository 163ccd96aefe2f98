//! Whom a node follows and voted for, as Kafka's file `quorum-state` holds it: one JSON object in version 0 (fixed
//! voters) or 1 (voters in the log, KIP-853). Only the text: who writes it makes it durable before anything rests on
//! it.
//!
//! ```text
//! {"leaderId":1,"leaderEpoch":7,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
//! ```
//!
//! A node that forgot its epoch could vote twice in it, and a leader that forgot could lead twice.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::raft::voters::{ReplicaKey, VoterSet};
use crate::types::{LeaderEpoch, NONE, NodeId, Uuid};

/// The file's name within the directory of the metadata log.
pub const FILE: &str = "quorum-state";

/// What a node must not forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ElectionState {
    /// The latest epoch heard of.
    pub epoch: LeaderEpoch,
    /// Who leads it, if known.
    pub leader_id: Option<NodeId>,
    /// Whom this node voted for in it.
    pub voted: Option<ReplicaKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    leader_id: NodeId,
    leader_epoch: LeaderEpoch,
    voted_id: NodeId,
    voted_directory_id: Option<String>,
    #[serde(rename = "data_version")]
    version: i16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version0 {
    cluster_id: &'static str,
    leader_id: NodeId,
    leader_epoch: LeaderEpoch,
    voted_id: NodeId,
    applied_offset: i64,
    current_voters: Vec<VoterId>,
    #[serde(rename = "data_version")]
    version: i16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VoterId {
    voter_id: NodeId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version1 {
    leader_id: NodeId,
    leader_epoch: LeaderEpoch,
    voted_id: NodeId,
    voted_directory_id: String,
    #[serde(rename = "data_version")]
    version: i16,
}

impl ElectionState {
    /// Reads the file's text.
    ///
    /// Errors: text that is not such an object, of a version that nobody knows, or without a possible epoch.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let corrupt = |why: String| Error::Corrupt(format!("{FILE}: {why}"));
        let stored: Stored =
            serde_json::from_slice(text).map_err(|error| corrupt(error.to_string()))?;
        if !(0..=1).contains(&stored.version) {
            return Err(corrupt(format!("unknown data_version {}", stored.version)));
        }
        let directory_id = match stored.voted_directory_id.as_deref() {
            None => Uuid::ZERO,
            Some(text) => text
                .parse()
                .map_err(|_| corrupt(format!("votedDirectoryId {text} is not a uuid")))?,
        };
        Ok(Self {
            epoch: stored.leader_epoch.max(0),
            leader_id: (stored.leader_id != NONE).then_some(stored.leader_id),
            voted: (stored.voted_id != NONE)
                .then_some(ReplicaKey::new(stored.voted_id, directory_id)),
        })
    }

    /// The file's text, in the version that goes with `kraft_version`; version 0 names the voters too.
    pub fn to_text(self, kraft_version: i16, voters: &VoterSet) -> String {
        let (leader_id, leader_epoch) = (self.leader_id.unwrap_or(NONE), self.epoch);
        let voted_id = self.voted.map_or(NONE, |voted| voted.id);
        let text = if kraft_version == 0 {
            serde_json::to_string(&Version0 {
                cluster_id: "",
                leader_id,
                leader_epoch,
                voted_id,
                applied_offset: 0,
                current_voters: voters
                    .iter()
                    .map(|voter| VoterId { voter_id: voter.key.id })
                    .collect(),
                version: 0,
            })
        } else {
            let voted_directory_id =
                self.voted.map_or(Uuid::ZERO, |voted| voted.directory_id).to_string();
            serde_json::to_string(&Version1 {
                leader_id,
                leader_epoch,
                voted_id,
                voted_directory_id,
                version: 1,
            })
        };
        text.expect("numbers and strings have a JSON form")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // As a node of Kafka 4.3.1 wrote them: with controller.quorum.voters, and formatted with --standalone.
    const FIXED: &str = concat!(
        r#"{"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,"#,
        r#""currentVoters":[{"voterId":1}],"data_version":0}"#
    );
    const DYNAMIC: &str = concat!(
        r#"{"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","#,
        r#""data_version":1}"#
    );

    #[test]
    fn both_versions_read_and_write_as_kafka_does() {
        let voters = VoterSet::fixed("CONTROLLER", [(1, "localhost", 9093)]);
        for (version, text, epoch) in [(0, FIXED, 2), (1, DYNAMIC, 1)] {
            let state = ElectionState { epoch, leader_id: Some(1), voted: None };
            assert_eq!(ElectionState::parse(text.as_bytes()).unwrap(), state);
            assert_eq!(state.to_text(version, &voters), text);
        }
        let voted = ElectionState {
            epoch: 7,
            leader_id: None,
            voted: Some(ReplicaKey::new(3, "xTOiyaRTTbqrErTMCrlKRQ".parse().unwrap())),
        };
        assert_eq!(ElectionState::parse(voted.to_text(1, &voters).as_bytes()).unwrap(), voted);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "{}",
            "[]",
            &FIXED.replace("\"data_version\":0", "\"data_version\":2"),
            &FIXED[..40],
        ] {
            assert!(ElectionState::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
