//! TxnOffsetCommit: offsets that count once their producer's transaction is committed (KIP-98, KIP-447).
//!
//! The records go into the log at once, within the producer's transaction; the machine keeps them as pending until the
//! marker comes ([`super::offsets`]). So a transaction costs OffsetFetch nothing, and one that is aborted leaves no
//! trace but the markers.

use super::commit::write_offset;
use super::foreign::GroupKind;
use super::machine::{Group, GroupMachine};
use super::offsets::Committed;
use super::records;
use super::request::{GroupReply, commit_in_transaction_refused, coordinator_code};
use super::step::Step;
use crate::coordinator::machine::{Ticket, Transaction};
use crate::error::ErrorCode;
use crate::partition::append::Voucher;
use crate::wire::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitResponse, TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
};

impl GroupMachine {
    /// Writes offsets of a group down, as part of a transaction. A group that does not exist comes to be with them, if
    /// nobody claims to be a member of it.
    pub(super) fn commit_in_transaction(
        &self,
        ticket: Ticket,
        request: &TxnOffsetCommitRequest,
        voucher: Voucher,
        step: &mut Step,
    ) {
        let response = match self.check_commit_in_transaction(request) {
            Ok(()) => write(request, step),
            Err(code) => commit_in_transaction_refused(request, code),
        };
        let (producer_id, producer_epoch) = (request.producer_id, request.producer_epoch);
        step.out.transaction = Some(Transaction { producer_id, producer_epoch, voucher });
        step.reply(ticket, GroupReply::CommitInTransaction(response));
    }

    fn check_commit_in_transaction(
        &self,
        request: &TxnOffsetCommitRequest,
    ) -> Result<(), ErrorCode> {
        let generation = request.generation_id;
        if !records::is_writable(&request.group_id) {
            return Err(ErrorCode::InvalidGroupId);
        }
        match self.groups.get(request.group_id.as_str()) {
            Some(Group::Classic(group)) => group.check_commit_in_transaction(
                &request.member_id,
                request.group_instance_id.as_deref(),
                generation,
            ),
            Some(Group::Consumer(group)) => {
                let instance_id = request.group_instance_id.as_deref();
                let by = group.check_commit(&request.member_id, instance_id, generation, None)?;
                for topic in &request.topics {
                    let id = self.image.topics.id(&topic.name).unwrap_or_default();
                    for partition in &topic.partitions {
                        by.check(id, partition.partition_index)?;
                    }
                }
                Ok(())
            }
            Some(Group::Foreign(group)) if group.kind == GroupKind::Share => {
                Err(ErrorCode::GroupIdNotFound)
            }
            Some(Group::Foreign(_)) if generation >= 0 => Err(ErrorCode::UnknownMemberId),
            None if generation >= 0 => Err(ErrorCode::IllegalGeneration),
            Some(Group::Foreign(_)) | None => Ok(()),
        }
    }
}

fn write(request: &TxnOffsetCommitRequest, step: &mut Step) -> TxnOffsetCommitResponse {
    let mut response = TxnOffsetCommitResponse::default();
    for topic in &request.topics {
        let mut answered =
            TxnOffsetCommitResponseTopic { name: topic.name.clone(), ..Default::default() };
        for partition in &topic.partitions {
            let committed = Committed::now(
                partition.committed_offset,
                partition.committed_leader_epoch,
                partition.committed_metadata.as_deref(),
                step.now,
            );
            let index = partition.partition_index;
            let code = write_offset(&request.group_id, &topic.name, index, &committed, step);
            answered.partitions.push(TxnOffsetCommitResponsePartition {
                partition_index: partition.partition_index,
                error_code: code.code(),
                ..Default::default()
            });
        }
        response.topics.push(answered);
    }
    response
}

/// The partition did not take the offsets: none of them is kept.
pub(super) fn append_refused(reply: &mut GroupReply, code: ErrorCode) {
    let GroupReply::CommitInTransaction(response) = reply else { return };
    for partition in response.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.error_code = coordinator_code(code).code();
    }
}
