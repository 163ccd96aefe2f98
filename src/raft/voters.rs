//! Who votes, and where they are reached. Never who leads.
//!
//! By node id: a node is one voter, whatever directories it has had. Two requests about one node may name different
//! directories, and then only one of them is a voter.

use std::collections::BTreeMap;

use crate::types::{NodeId, Uuid};

/// A replica of the metadata log: a node, and the directory it keeps the log in. The directory's id is zero where it
/// is not known: in a configured set of voters, and in requests from before KIP-853.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaKey {
    /// `node.id`.
    pub id: NodeId,
    /// `directory.id` of the metadata log's directory.
    pub directory_id: Uuid,
}

impl ReplicaKey {
    /// The replica of node `id` in that directory.
    pub const fn new(id: NodeId, directory_id: Uuid) -> Self {
        Self { id, directory_id }
    }
}

/// Where a voter listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The listener's name.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// One voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Which replica it is.
    pub key: ReplicaKey,
    /// Where it listens, its first controller listener first.
    pub endpoints: Vec<Endpoint>,
    /// The lowest and highest `kraft.version` it supports.
    pub kraft_versions: (i16, i16),
}

/// The voters of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoterSet(BTreeMap<NodeId, Voter>);

impl VoterSet {
    /// A set of these voters; of two with one id the later stays.
    pub fn new(voters: impl IntoIterator<Item = Voter>) -> Self {
        Self(voters.into_iter().map(|voter| (voter.key.id, voter)).collect())
    }

    /// The set that `controller.quorum.voters` names: directories are unknown, and only `kraft.version` 0 is supported.
    pub fn fixed<'a>(
        listener: &str,
        voters: impl IntoIterator<Item = (NodeId, &'a str, u16)>,
    ) -> Self {
        Self::new(voters.into_iter().map(|(id, host, port)| Voter {
            key: ReplicaKey::new(id, Uuid::ZERO),
            endpoints: vec![Endpoint { name: listener.to_owned(), host: host.to_owned(), port }],
            kraft_versions: (0, 0),
        }))
    }

    /// The voters by id.
    pub fn iter(&self) -> impl Iterator<Item = &Voter> {
        self.0.values()
    }

    /// The voter of that id.
    pub fn get(&self, id: NodeId) -> Option<&Voter> {
        self.0.get(&id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody votes: a node that has not found its cluster yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `replica` is a voter. A directory counts only where both sides know theirs.
    pub fn contains(&self, replica: ReplicaKey) -> bool {
        self.0.get(&replica.id).is_some_and(|voter| {
            let directory_id = voter.key.directory_id;
            directory_id.is_zero()
                || replica.directory_id.is_zero()
                || directory_id == replica.directory_id
        })
    }

    /// Whether `replica` is the only voter, and so a majority by itself.
    pub fn is_only(&self, replica: ReplicaKey) -> bool {
        self.len() == 1 && self.contains(replica)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_counts_where_it_is_known() {
        let (here, there) = (Uuid::from_bytes([1; 16]), Uuid::from_bytes([2; 16]));
        let fixed = VoterSet::fixed("CONTROLLER", [(1, "a", 1), (2, "b", 2)]);
        assert!(
            fixed.contains(ReplicaKey::new(1, here)) && !fixed.is_only(ReplicaKey::new(1, here))
        );
        let voter =
            Voter { key: ReplicaKey::new(1, here), endpoints: Vec::new(), kraft_versions: (0, 1) };
        let known = VoterSet::new([voter]);
        assert!(
            known.is_only(ReplicaKey::new(1, here))
                && known.is_only(ReplicaKey::new(1, Uuid::ZERO))
        );
        assert!(
            !known.contains(ReplicaKey::new(1, there)) && !known.contains(ReplicaKey::new(2, here))
        );
    }
}
