//! Offsets in transactions: who may commit them, when they count, and that a refused append leaves nothing.

use super::super::machine::GroupMachine;
use super::super::request::{GroupReply, GroupRequest};
use super::super::settings::Settings;
use crate::coordinator::machine::{Decision, Machine, Ticket};
use crate::error::ErrorCode;
use crate::partition::append::Voucher;
use crate::wire::messages::offset_fetch::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use crate::wire::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};

const PRODUCER: i64 = 7;
const NOW: i64 = 1_000;

fn machine() -> GroupMachine {
    let mut machine =
        GroupMachine::new(Settings::default(), Default::default(), Box::new(|| [1; 16]));
    let _ = machine.loaded(NOW);
    machine
}

fn commit(machine: &mut GroupMachine, offset: i64, generation_id: i32) -> Decision<GroupMachine> {
    let partition = TxnOffsetCommitRequestPartition {
        partition_index: 0,
        committed_offset: offset,
        ..Default::default()
    };
    let topic = TxnOffsetCommitRequestTopic {
        name: "t".into(),
        partitions: vec![partition],
        ..Default::default()
    };
    let request = TxnOffsetCommitRequest {
        group_id: "g".into(),
        producer_id: PRODUCER,
        producer_epoch: 3,
        generation_id,
        topics: vec![topic],
        ..Default::default()
    };
    let request = GroupRequest::CommitInTransaction { request, voucher: Voucher::None };
    machine.decide(Ticket(1), request, NOW)
}

fn code_of(reply: &GroupReply) -> ErrorCode {
    let GroupReply::CommitInTransaction(reply) = reply else { panic!("{reply:?}") };
    ErrorCode::from_code(reply.topics[0].partitions[0].error_code).unwrap()
}

/// Does what the actor does once the partition has the records.
fn take(machine: &mut GroupMachine, decision: &Decision<GroupMachine>, from: i64) {
    let transaction = decision.transaction.expect("it is part of a transaction");
    assert_eq!((transaction.producer_id, transaction.producer_epoch), (PRODUCER, 3));
    for (record, offset) in decision.records.iter().zip(from..) {
        machine.apply_transactional(offset, NOW, PRODUCER, record);
    }
}

/// The offset, or the error.
fn fetch(machine: &mut GroupMachine, require_stable: bool) -> Result<i64, ErrorCode> {
    let topic = OffsetFetchRequestTopics {
        name: "t".into(),
        partition_indexes: vec![0],
        ..Default::default()
    };
    let request = OffsetFetchRequestGroup {
        group_id: "g".into(),
        topics: Some(vec![topic]),
        ..Default::default()
    };
    let request = GroupRequest::FetchOffsets { request, require_stable };
    let decision = machine.decide(Ticket(2), request, NOW);
    let [(_, GroupReply::FetchOffsets(reply))] = &decision.replies[..] else { panic!("no reply") };
    let partition = &reply.topics[0].partitions[0];
    match ErrorCode::from_code(partition.error_code).unwrap() {
        ErrorCode::None => Ok(partition.committed_offset),
        code => Err(code),
    }
}

#[test]
fn offsets_count_when_their_transaction_is_committed() {
    let mut machine = machine();
    let decision = commit(&mut machine, 5, -1);
    assert_eq!(code_of(&decision.replies[0].1), ErrorCode::None);
    take(&mut machine, &decision, 0);
    assert_eq!(fetch(&mut machine, true), Err(ErrorCode::UnstableOffsetCommit));
    assert_eq!(fetch(&mut machine, false), Ok(-1));
    machine.end_transaction(PRODUCER, true);
    assert_eq!(fetch(&mut machine, true), Ok(5));
    let decision = commit(&mut machine, 9, -1);
    take(&mut machine, &decision, 2);
    machine.end_transaction(PRODUCER, false);
    assert_eq!(fetch(&mut machine, true), Ok(5));
}

#[test]
fn what_the_partition_refuses_was_never_there() {
    let mut machine = machine();
    let mut decision = commit(&mut machine, 5, -1);
    let reply = &mut decision.replies[0].1;
    GroupMachine::append_refused(reply, ErrorCode::InvalidProducerEpoch);
    assert_eq!(code_of(reply), ErrorCode::InvalidProducerEpoch);
    assert_eq!(fetch(&mut machine, true), Ok(-1));
}

#[test]
fn a_member_that_nobody_knows_commits_nothing() {
    let mut machine = machine();
    let decision = commit(&mut machine, 5, 3);
    assert!(decision.records.is_empty());
    assert_eq!(code_of(&decision.replies[0].1), ErrorCode::IllegalGeneration);
}
