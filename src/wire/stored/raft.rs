//! Schemas of raft.

use crate::types::Uuid;
use crate::wire::message::message;

message! {
    /// Kafka's ControlRecordTypeSchema.
    ControlRecordTypeSchema (0..=0) {
        r#type: i16;
    }

    /// Kafka's EndTxnMarker.
    EndTxnMarker (0..=0) {
        coordinator_epoch: i32;
    }

    /// Kafka's LeaderChangeMessage.
    LeaderChangeMessage (0..=1, flexible 0) {
        version: i16;
        leader_id: i32;
        voters: Vec<LeaderChangeVoter>;
        granting_voters: Vec<LeaderChangeVoter>;
    }

    /// One of the `voters` of [`LeaderChangeMessage`].
    LeaderChangeVoter {
        voter_id: i32;
        [1..] voter_directory_id: Uuid;
    }

    /// Kafka's SnapshotHeaderRecord.
    SnapshotHeaderRecord (0..=0, flexible 0) {
        version: i16;
        last_contained_log_timestamp: i64;
    }

    /// Kafka's SnapshotFooterRecord.
    SnapshotFooterRecord (0..=0, flexible 0) {
        version: i16;
    }

    /// Kafka's KRaftVersionRecord.
    KRaftVersionRecord (0..=0, flexible 0) {
        version: i16;
        kraft_version: i16;
    }

    /// Kafka's VotersRecord.
    VotersRecord (0..=0, flexible 0) {
        version: i16;
        voters: Vec<Voter>;
    }

    /// One of the `voters` of [`VotersRecord`].
    Voter {
        voter_id: i32;
        voter_directory_id: Uuid;
        endpoints: Vec<Endpoint>;
        kraft_version_feature: KRaftVersionFeature;
    }

    /// One of the `endpoints` of [`Voter`].
    Endpoint {
        name: String;
        host: String;
        port: u16;
    }

    /// The `kraft_version_feature` of [`Voter`].
    KRaftVersionFeature {
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// Kafka's QuorumStateData.
    QuorumStateData (0..=1, flexible 0) {
        [0] cluster_id: String;
        leader_id: i32 = -1;
        leader_epoch: i32 = -1;
        voted_id: i32 = -1;
        [1..] voted_directory_id: Uuid;
        [0] applied_offset: i64;
        [0] current_voters: Option<Vec<QuorumStateVoter>> = Some(Vec::new());
    }

    /// One of the `current_voters` of [`QuorumStateData`].
    QuorumStateVoter {
        voter_id: i32;
    }
}
