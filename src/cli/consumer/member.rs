//! A member of a group, of whichever protocol the settings ask for.
//!
//! A classic member is told to join again and gets everything anew; one of the consumer protocol is told what is its
//! own from now on.

use std::collections::BTreeMap;
use std::time::Instant;

use super::classic::ClassicMember;
use super::modern::ModernMember;
use super::settings::{Protocol, Settings};
use crate::client::{ClientError, Cluster};
use crate::types::{Offset, TopicPartition};

/// What a heartbeat brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing that matters.
    Steady,
    /// All partitions are to be given back, and the group joined again.
    Rejoin,
    /// These partitions, and no others, are the member's.
    Assigned(Vec<TopicPartition>),
}

/// See the module.
pub(super) enum Member {
    Classic(ClassicMember),
    Modern(ModernMember),
}

impl Member {
    pub(super) fn new(group: &str, settings: &Settings) -> Self {
        match settings.protocol {
            Protocol::Classic => Self::Classic(ClassicMember::new(group, settings)),
            Protocol::Consumer => Self::Modern(ModernMember::new(group, settings)),
        }
    }

    /// Names the topics that the member wants.
    pub(super) fn subscribe(&mut self, topics: Vec<String>) {
        match self {
            Self::Classic(member) => member.subscribe(topics),
            Self::Modern(member) => member.subscribe(topics),
        }
    }

    /// Joins, or joins again, and answers what is assigned.
    pub(super) async fn join(
        &mut self,
        cluster: &mut Cluster,
    ) -> Result<Vec<TopicPartition>, ClientError> {
        match self {
            Self::Classic(member) => member.join(cluster).await,
            Self::Modern(member) => member.join(cluster).await,
        }
    }

    /// Beats when it is time to.
    pub(super) async fn beat(&mut self, cluster: &mut Cluster) -> Result<Beat, ClientError> {
        match self {
            Self::Classic(member) => member.beat(cluster).await,
            Self::Modern(member) => member.beat(cluster).await,
        }
    }

    /// When it is time to beat.
    pub(super) fn next_heartbeat(&self) -> Instant {
        match self {
            Self::Classic(member) => member.next_heartbeat(),
            Self::Modern(member) => member.next_heartbeat(),
        }
    }

    /// Commits positions; of none there is nothing to say.
    pub(super) async fn commit(
        &mut self,
        cluster: &mut Cluster,
        positions: &BTreeMap<TopicPartition, Offset>,
    ) -> Result<(), ClientError> {
        if positions.is_empty() {
            return Ok(());
        }
        match self {
            Self::Classic(member) => member.commit(cluster, positions).await,
            Self::Modern(member) => member.commit(cluster, positions).await,
        }
    }

    /// Leaves; what the group thinks of it does not matter any more.
    pub(super) async fn leave(&self, cluster: &mut Cluster) {
        match self {
            Self::Classic(member) => member.leave(cluster).await,
            Self::Modern(member) => member.leave(cluster).await,
        }
    }
}
