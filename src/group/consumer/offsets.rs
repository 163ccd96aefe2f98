//! OffsetCommit and OffsetFetch of consumer groups: whose epoch is good for which partition.
//!
//! A member may commit between being moved on and hearing of it. Its old epoch is then good for the partitions that it
//! had in that epoch and still has: nobody else can have read them meanwhile.

use super::group::ConsumerGroup;
use super::member::{Member, Owned};
use crate::error::ErrorCode;
use crate::types::{PartitionId, TopicId};

/// Who may commit: everything, or what its epoch is good for.
pub(in crate::group) enum Committer<'a> {
    /// Its epoch is the present one, or nobody is there to object.
    Anything,
    /// It has not heard of its present epoch yet: what it had before is still its own (KIP-1251).
    Earlier(&'a Member, i32),
}

impl ConsumerGroup {
    /// Whether someone may commit offsets, by this version of OffsetCommit or, without one, in a transaction.
    pub(in crate::group) fn check_commit(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        epoch: i32,
        version: Option<i16>,
    ) -> Result<Committer<'_>, ErrorCode> {
        if epoch < 0 && self.members.is_empty() {
            return Ok(Committer::Anything);
        }
        // Before version 3 of TxnOffsetCommit nobody says who commits.
        if version.is_none() && epoch == -1 && member_id.is_empty() && instance_id.is_none() {
            return Ok(Committer::Anything);
        }
        let member = self.members.get(member_id).ok_or(ErrorCode::UnknownMemberId)?;
        if !member.is_classic() && version.is_some_and(|version| version < 9) {
            return Err(ErrorCode::UnsupportedVersion);
        }
        let stale = stale(member);
        match epoch {
            _ if epoch == member.current.epoch => Ok(Committer::Anything),
            _ if epoch > member.current.epoch => Err(stale),
            _ => Ok(Committer::Earlier(member, epoch)),
        }
    }

    /// Whether someone may ask for offsets.
    pub(in crate::group) fn check_fetch(
        &self,
        member_id: Option<&str>,
        epoch: i32,
    ) -> Result<(), ErrorCode> {
        // Tools say nothing of themselves.
        if member_id.is_none() && epoch < 0 {
            return Ok(());
        }
        let member = self.members.get(member_id.unwrap_or_default());
        let member = member.ok_or(ErrorCode::UnknownMemberId)?;
        if member.current.epoch == epoch { Ok(()) } else { Err(stale(member)) }
    }
}

fn stale(member: &Member) -> ErrorCode {
    match member.subscription.classic {
        Some(_) => ErrorCode::IllegalGeneration,
        None => ErrorCode::StaleMemberEpoch,
    }
}

impl Committer<'_> {
    /// Whether an offset of this partition may be kept.
    pub(in crate::group) fn check(
        &self,
        topic: TopicId,
        partition: PartitionId,
    ) -> Result<(), ErrorCode> {
        let Self::Earlier(member, epoch) = self else { return Ok(()) };
        let since = |owned: &Owned| owned.get(&topic)?.get(&partition).copied();
        let since = since(&member.current.assigned).or_else(|| since(&member.current.revoking));
        match since {
            Some(since) if *epoch >= since => Ok(()),
            _ => Err(stale(member)),
        }
    }
}
