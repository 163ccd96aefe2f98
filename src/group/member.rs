//! One member of a classic group: what it can do, what it was assigned, what it waits for.
//!
//! It waits for at most one answer of each kind: a request that comes while another waits takes its place, and the
//! earlier is refused (the client has given it up, or its answer was lost).

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::coordinator::machine::Ticket;
use crate::types::Millis;
use crate::wire::messages::describe_groups::DescribedGroupMember;
use crate::wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponseMember,
};

/// A member of a classic group.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its name, given by the coordinator.
    pub(crate) id: Arc<str>,
    /// What a static member calls itself (`group.instance.id`, KIP-345).
    pub(crate) instance_id: Option<Arc<str>>,
    /// The client's name for itself when it joined.
    pub(crate) client_id: String,
    /// Whence it joined, with a leading slash.
    pub(crate) client_host: String,
    /// How long it may take to rejoin.
    pub(crate) rebalance_timeout_ms: i32,
    /// How long it may be silent.
    pub(crate) session_timeout_ms: i32,
    /// The protocols it can follow with its metadata for each, best first.
    pub(crate) protocols: Vec<JoinGroupRequestProtocol>,
    /// Its share of the current generation.
    pub(crate) assignment: Bytes,
    /// Who waits for its JoinGroup.
    pub(crate) joining: Option<Ticket>,
    /// Who waits for its SyncGroup.
    pub(crate) syncing: Option<Ticket>,
    /// Has not been through a rebalance yet, so it does not know its name and cannot send heartbeats.
    pub(crate) is_new: bool,
}

impl Member {
    /// Whether its metadata is what it was.
    pub(crate) fn matches(&self, protocols: &[JoinGroupRequestProtocol]) -> bool {
        self.protocols == protocols
    }

    /// Its metadata for `protocol`; empty where it does not follow that.
    pub(crate) fn metadata(&self, protocol: &str) -> Bytes {
        let found = self.protocols.iter().find(|offered| offered.name == protocol);
        found.map_or_else(Bytes::new, |offered| offered.metadata.clone())
    }

    /// The names of its protocols, each once, best first.
    pub(crate) fn protocol_names(&self) -> impl Iterator<Item = &str> {
        let mut seen = HashSet::new();
        let names = self.protocols.iter().map(|protocol| protocol.name.as_str());
        names.filter(move |name| seen.insert(*name))
    }

    /// Whether it is excused from heartbeats: one who waits for the others cannot send any.
    pub(crate) fn is_excused(&self) -> bool {
        !self.is_new && (self.joining.is_some() || self.syncing.is_some())
    }

    /// How long it may be silent.
    pub(crate) fn session_ms(&self) -> Millis {
        Millis::from(self.session_timeout_ms)
    }

    /// How the leader sees it.
    pub(crate) fn for_leader(&self, protocol: &str) -> JoinGroupResponseMember {
        JoinGroupResponseMember {
            member_id: self.id.as_ref().into(),
            group_instance_id: self.instance_id.as_deref().map(Into::into),
            metadata: self.metadata(protocol),
            ..JoinGroupResponseMember::default()
        }
    }

    /// How a tool sees it; the metadata only where the group has settled on a protocol.
    pub(crate) fn described(&self, protocol: Option<&str>) -> DescribedGroupMember {
        DescribedGroupMember {
            member_id: self.id.as_ref().into(),
            group_instance_id: self.instance_id.as_deref().map(Into::into),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            member_metadata: protocol.map_or_else(Bytes::new, |protocol| self.metadata(protocol)),
            member_assignment: self.assignment.clone(),
            ..DescribedGroupMember::default()
        }
    }
}

/// The protocols of a request, in memory of their own: they stay for long, and the request's bytes are part of
/// something larger.
pub(super) fn keep(protocols: &[JoinGroupRequestProtocol]) -> Vec<JoinGroupRequestProtocol> {
    let keep = |protocol: &JoinGroupRequestProtocol| JoinGroupRequestProtocol {
        name: protocol.name.clone(),
        metadata: Bytes::copy_from_slice(&protocol.metadata),
        ..JoinGroupRequestProtocol::default()
    };
    protocols.iter().map(keep).collect()
}

/// What protocols take in memory, in bytes.
pub(super) fn metadata_bytes(protocols: &[JoinGroupRequestProtocol]) -> usize {
    let one = size_of::<JoinGroupRequestProtocol>();
    protocols.iter().map(|protocol| one + protocol.name.len() + protocol.metadata.len()).sum()
}

/// The rebalance timeout of a request: before version 1 it is the session timeout.
pub(super) fn rebalance_timeout_ms(request: &JoinGroupRequest, version: i16) -> i32 {
    if version == 0 { request.session_timeout_ms } else { request.rebalance_timeout_ms }
}
