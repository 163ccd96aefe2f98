//! What the quorum keeps: control records of the metadata log and its snapshots, the file `quorum-state`; and the
//! control records that every log may have. A control batch's record has version and type as its key (two i16) and
//! one of these as its value.

use crate::types::Uuid;
use crate::wire::message::message;

message! {
    /// The type of a control record, in its key behind the version.
    ControlRecordTypeSchema (0..=0) {
        r#type: i16;
    }

    /// The value of a control record that ends a transaction.
    EndTxnMarker (0..=0) {
        coordinator_epoch: i32;
    }

    /// First record of a leader of the quorum (KIP-595).
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

    /// First record of a snapshot (KIP-630).
    SnapshotHeaderRecord (0..=0, flexible 0) {
        version: i16;
        last_contained_log_timestamp: i64;
    }

    /// Last record of a snapshot (KIP-630).
    SnapshotFooterRecord (0..=0, flexible 0) {
        version: i16;
    }

    /// The version of the quorum's own protocol: 1 lets voters come and go (KIP-853).
    KRaftVersionRecord (0..=0, flexible 0) {
        version: i16;
        kraft_version: i16;
    }

    /// The voters of the quorum (KIP-853).
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

    /// The file `quorum-state`: leader, epoch and vote. Version 0 names the voters, 1 the directory voted for.
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
