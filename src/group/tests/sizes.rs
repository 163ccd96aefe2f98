//! What is too large for a batch is refused, and nothing of it is done.

use bytes::Bytes;

use super::super::request::{GroupReply, GroupRequest, RequestContext};
use super::super::settings::Settings;
use super::shard::{Shard, subscription};
use crate::error::ErrorCode;
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use crate::wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use crate::wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

fn join(shard: &mut Shard, member_id: &str) -> (i32, String) {
    let protocol = JoinGroupRequestProtocol {
        name: "range".to_owned(),
        metadata: subscription(&["t"]),
        ..Default::default()
    };
    let request = JoinGroupRequest {
        group_id: "g".to_owned(),
        member_id: member_id.to_owned(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 10_000,
        protocol_type: "consumer".to_owned(),
        protocols: vec![protocol],
        ..Default::default()
    };
    let context = RequestContext { version: 3, client_id: "c".to_owned(), ..Default::default() };
    let mut replies = shard.ask(GroupRequest::Join { request, context });
    if replies.is_empty() {
        replies = shard.advance(3_000);
    }
    let [(_, GroupReply::Join(reply))] = &replies[..] else { panic!("{replies:?}") };
    (reply.generation_id, reply.member_id.to_string())
}

fn sync(shard: &mut Shard, member: &(i32, String), len: usize) -> ErrorCode {
    let assignment = SyncGroupRequestAssignment {
        member_id: member.1.clone(),
        assignment: Bytes::from(vec![1; len]),
        ..Default::default()
    };
    let request = SyncGroupRequest {
        group_id: "g".to_owned(),
        generation_id: member.0,
        member_id: member.1.clone(),
        assignments: vec![assignment],
        ..Default::default()
    };
    let replies = shard.ask(GroupRequest::Sync(request));
    let [(_, GroupReply::Sync(reply))] = &replies[..] else { panic!("{replies:?}") };
    ErrorCode::from_code(reply.error_code).expect("a code")
}

#[test]
fn assignments_that_are_too_large_are_refused_and_the_group_goes_on() {
    let settings = Settings { batch_bytes_max: 10_000, ..Settings::default() };
    let mut shard = Shard::new(settings);
    let member = join(&mut shard, "");
    let written = shard.log.len();
    assert_eq!(sync(&mut shard, &member, 10_000), ErrorCode::UnknownServerError);
    assert_eq!(shard.log.len(), written);
    assert_eq!(sync(&mut shard, &member, 10), ErrorCode::RebalanceInProgress);
    let again = join(&mut shard, &member.1);
    assert_eq!(again, (member.0 + 1, member.1));
    assert_eq!(sync(&mut shard, &again, 9_000), ErrorCode::None);
    assert_eq!(shard.log.len(), written + 1);
}

#[test]
fn more_offsets_than_a_batch_holds_are_refused() {
    let settings = Settings { batch_bytes_max: 10_000, ..Settings::default() };
    let mut shard = Shard::new(settings);
    let mut commit = |partitions: i32| {
        let partition = |partition_index| OffsetCommitRequestPartition {
            partition_index,
            ..Default::default()
        };
        let topic = OffsetCommitRequestTopic {
            name: "t".to_owned(),
            partitions: (0..partitions).map(partition).collect(),
            ..Default::default()
        };
        let request = OffsetCommitRequest {
            group_id: "g".to_owned(),
            generation_id_or_member_epoch: -1,
            topics: vec![topic],
            ..Default::default()
        };
        let replies = shard.ask(GroupRequest::CommitOffsets { request, version: 8 });
        let [(_, GroupReply::CommitOffsets(reply))] = &replies[..] else { panic!("{replies:?}") };
        let codes = reply.topics.iter().flat_map(|topic| &topic.partitions);
        let codes = codes.map(|partition| ErrorCode::from_code(partition.error_code));
        (codes.collect::<std::collections::HashSet<_>>(), shard.log.len())
    };
    assert_eq!(commit(1_000), ([Some(ErrorCode::UnknownServerError)].into(), 0));
    assert_eq!(commit(100), ([Some(ErrorCode::None)].into(), 100));
}

fn commit_one(shard: &mut Shard, partition_index: i32) {
    let partition = OffsetCommitRequestPartition { partition_index, ..Default::default() };
    let topic = OffsetCommitRequestTopic {
        name: "t".to_owned(),
        partitions: vec![partition],
        ..Default::default()
    };
    let request = OffsetCommitRequest {
        group_id: "g".to_owned(),
        generation_id_or_member_epoch: -1,
        retention_time_ms: -1,
        topics: vec![topic],
        ..Default::default()
    };
    shard.ask(GroupRequest::CommitOffsets { request, version: 8 });
}

#[test]
fn offsets_are_forgotten_as_many_at_a_time_as_a_batch_holds() {
    let settings = Settings { batch_bytes_max: 2_000, ..Settings::default() };
    let mut shard = Shard::new(settings);
    for partition in 0..60 {
        commit_one(&mut shard, partition);
    }
    assert_eq!(shard.log.len(), 60);
    let partition =
        |partition_index| OffsetDeleteRequestPartition { partition_index, ..Default::default() };
    // The same offset over and over.
    let topic = OffsetDeleteRequestTopic {
        name: "t".to_owned(),
        partitions: vec![partition(0); 1_000],
        ..Default::default()
    };
    let topics = vec![topic];
    let request = OffsetDeleteRequest { group_id: "g".to_owned(), topics, ..Default::default() };
    let replies = shard.ask(GroupRequest::DeleteOffsets(request));
    let [(_, GroupReply::DeleteOffsets(reply))] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(reply.error_code, ErrorCode::UnknownServerError.code());
    let replies = shard.ask(GroupRequest::Delete { group_ids: vec!["g".to_owned()] });
    let [(_, GroupReply::Delete(reply))] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(reply[0].error_code, ErrorCode::UnknownServerError.code());
    assert_eq!(shard.log.len(), 60);
    // Time forgets them in several batches.
    shard.advance(8 * 24 * 60 * 60 * 1_000);
    assert_eq!(shard.log.len(), 60 + 60 + 1);
}
