//! A classic group takes in a member of the new protocol, and is classic again when that has gone.

use super::super::shard::{Shard, subscription};
use super::client::{Client, change, cluster};
use crate::error::ErrorCode;
use crate::group::machine::Group;
use crate::group::request::{GroupReply, GroupRequest, RequestContext};
use crate::group::settings::Settings;
use crate::wire::messages::heartbeat::HeartbeatRequest;
use crate::wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

fn join(shard: &mut Shard, member_id: &str) -> Option<JoinGroupResponse> {
    let protocol = JoinGroupRequestProtocol {
        name: "range".into(),
        metadata: subscription(&["a"]),
        ..Default::default()
    };
    let request = JoinGroupRequest {
        group_id: "g".into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 20_000,
        member_id: member_id.into(),
        protocol_type: "consumer".into(),
        protocols: vec![protocol],
        ..Default::default()
    };
    let context =
        RequestContext { version: 3, client_id: "c".into(), client_host: "/127.0.0.1".into() };
    let replies = shard.ask(GroupRequest::Join { request, context });
    joined(replies)
}

fn joined(replies: super::super::shard::Replies) -> Option<JoinGroupResponse> {
    replies.into_iter().find_map(|(_, reply)| match reply {
        GroupReply::Join(response) => Some(response),
        _ => None,
    })
}

/// The code of the answer, and the bytes of the assignment.
fn sync(shard: &mut Shard, member_id: &str, generation_id: i32, own: bool) -> (i16, Vec<u8>) {
    // Version 0: topic `a` with partitions 0 to 3.
    let mut assignment = vec![0, 0, 0, 0, 0, 1, 0, 1, b'a', 0, 0, 0, 4];
    assignment.extend((0..4i32).flat_map(i32::to_be_bytes));
    assignment.extend([0xff; 4]);
    let share = SyncGroupRequestAssignment {
        member_id: member_id.into(),
        assignment: assignment.into(),
        ..Default::default()
    };
    let request = SyncGroupRequest {
        group_id: "g".into(),
        generation_id,
        member_id: member_id.into(),
        assignments: if own { vec![share] } else { Vec::new() },
        ..Default::default()
    };
    let replies = shard.ask(GroupRequest::Sync(request));
    match &replies[0].1 {
        GroupReply::Sync(response) => (response.error_code, response.assignment.to_vec()),
        other => panic!("{other:?}"),
    }
}

fn beat(shard: &mut Shard, member_id: &str, generation_id: i32) -> ErrorCode {
    let (group_id, member_id) = ("g".into(), member_id.into());
    let request =
        HeartbeatRequest { group_id, generation_id, member_id, ..HeartbeatRequest::default() };
    match &shard.ask(GroupRequest::Heartbeat(request))[0].1 {
        GroupReply::Heartbeat(response) => ErrorCode::from_code(response.error_code).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn kind(shard: &Shard) -> &'static str {
    let machine = shard.successor();
    match machine.groups.get("g") {
        Some(Group::Classic(_)) => "classic",
        Some(Group::Consumer(_)) => "consumer",
        _ => "none",
    }
}

#[test]
fn a_group_goes_up_and_comes_down() {
    let mut shard = Shard::new(Settings::default());
    change(&mut shard, cluster(&[("a", 4)]));
    assert_eq!(join(&mut shard, ""), None, "it waits for others");
    let first = joined(shard.advance(3_000)).unwrap();
    let (id, generation) = (first.member_id, first.generation_id);
    assert_eq!(sync(&mut shard, &id, generation, true).0, 0);
    assert_eq!(kind(&shard), "classic");

    let mut newcomer = Client::new("new", &["a"]);
    assert!(newcomer.beat("g", &mut shard));
    assert_eq!(kind(&shard), "consumer");
    assert_eq!(newcomer.owned.len(), 0, "the classic member has everything");
    assert_eq!(beat(&mut shard, &id, generation), ErrorCode::RebalanceInProgress);
    // It joins again without what it has: it gives up half.
    let again = join(&mut shard, &id).unwrap();
    assert_eq!((again.error_code, again.member_id.as_str()), (0, id.as_str()));
    assert!(again.generation_id > generation);
    let (code, assignment) = sync(&mut shard, &id, again.generation_id, false);
    assert_eq!(code, 0);
    assert_eq!(&assignment[2..13], [0, 0, 0, 1, 0, 1, b'a', 0, 0, 0, 2]);
    shard.advance(500);
    assert!(newcomer.beat("g", &mut shard));
    assert_eq!(newcomer.owned.len(), 2);
    assert_eq!(beat(&mut shard, &id, again.generation_id), ErrorCode::None);
    shard.reload();
    assert_eq!(beat(&mut shard, &id, again.generation_id), ErrorCode::None);

    newcomer.epoch = -1;
    assert!(newcomer.beat("g", &mut shard));
    assert_eq!(kind(&shard), "classic");
    let last = again.generation_id;
    let told = beat(&mut shard, &id, last);
    assert!(told == ErrorCode::RebalanceInProgress || told == ErrorCode::IllegalGeneration);
    let alone = join(&mut shard, &id).unwrap();
    assert_eq!(alone.error_code, 0);
    assert_eq!(sync(&mut shard, &id, alone.generation_id, true).0, 0);
    assert_eq!(beat(&mut shard, &id, alone.generation_id), ErrorCode::None);
}
