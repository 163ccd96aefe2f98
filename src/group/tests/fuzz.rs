//! Random histories from seeds. After every step: nobody is answered twice, generations only grow, members of an
//! assignment are members, and the log alone tells the same as the machine, before and after compaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::super::classic::{ClassicGroup, State};
use super::super::machine::Group;
use super::super::request::{GroupReply, GroupRequest, RequestContext};
use super::super::settings::Settings;
use super::replies::{recorded, show_group};
use super::shard::{Replies, Shard, subscription};
use crate::random::Random;
use crate::wire::messages::heartbeat::HeartbeatRequest;
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use crate::wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use crate::wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

/// What the clients know: group → the names they were given, and the generation they heard of.
#[derive(Default)]
struct Clients {
    known: BTreeMap<String, Vec<(String, i32)>>,
}

impl Clients {
    fn hear(&mut self, group: &str, replies: &Replies) {
        for (_, reply) in replies {
            if let GroupReply::Join(reply) = reply
                && !reply.member_id.is_empty()
            {
                let names = self.known.entry(group.into()).or_default();
                names.retain(|(name, _)| *name != reply.member_id);
                names.push((reply.member_id.clone(), reply.generation_id));
            }
        }
    }

    fn pick(&self, group: &str, dice: &mut Random) -> (String, i32) {
        match self.known.get(group) {
            Some(names) if dice.below(8) > 0 => dice.one(names).clone(),
            _ => (String::new(), dice.below(3) as i32 - 1),
        }
    }
}

const INSTANCES: [Option<&str>; 5] = [None, None, None, Some("i"), Some("j")];

fn join(group: &str, member: (String, i32), dice: &mut Random) -> GroupRequest {
    let protocol = |(name, topics): &(&str, &[&str])| JoinGroupRequestProtocol {
        name: (*name).into(),
        metadata: subscription(topics),
        ..Default::default()
    };
    let offers: [&[(&str, &[&str])]; 4] = [
        &[("range", &["t"])],
        &[("range", &["t", "u"]), ("sticky", &["u"])],
        &[("sticky", &["t"]), ("range", &["t"])],
        &[("sticky", &["u"])],
    ];
    // Static members are the ones that come back without a name.
    let instances: &[Option<&str>] = if member.0.is_empty() { &INSTANCES[2..] } else { &INSTANCES };
    let request = JoinGroupRequest {
        group_id: group.into(),
        session_timeout_ms: 6_000 + dice.below(20_000) as i32,
        rebalance_timeout_ms: 1_000 + dice.below(30_000) as i32,
        member_id: member.0,
        group_instance_id: dice.one(instances).map(Into::into),
        protocol_type: if dice.below(30) == 0 { "connect".into() } else { "consumer".into() },
        protocols: dice.one(&offers[..]).iter().map(protocol).collect(),
        ..Default::default()
    };
    let context = RequestContext {
        version: dice.below(10) as i16,
        client_id: "c".into(),
        client_host: "/127.0.0.1".into(),
    };
    GroupRequest::Join { request, context }
}

fn sync(
    shard: &Shard,
    group: &str,
    (member_id, generation_id): (String, i32),
    dice: &mut Random,
) -> GroupRequest {
    let mut assignments = Vec::new();
    if let Some(Group::Classic(known)) = shard.machine.groups.get(group) {
        for member in known.members.keys().filter(|_| dice.below(5) > 0) {
            let assignment = Bytes::from(format!("{member}@{generation_id}"));
            let member_id = member.as_ref().into();
            assignments.push(SyncGroupRequestAssignment {
                member_id,
                assignment,
                ..Default::default()
            });
        }
    }
    let group_instance_id =
        if dice.below(4) == 0 { dice.one(&INSTANCES).map(Into::into) } else { None };
    let group_id = group.into();
    GroupRequest::Sync(SyncGroupRequest {
        group_id,
        generation_id,
        member_id,
        group_instance_id,
        assignments,
        ..Default::default()
    })
}

fn commit(group: &str, (member_id, generation): (String, i32), dice: &mut Random) -> GroupRequest {
    let partition = OffsetCommitRequestPartition {
        partition_index: dice.below(3) as i32,
        committed_offset: dice.below(1_000) as i64,
        ..Default::default()
    };
    let name = (*dice.one(&["t", "u"])).into();
    let topics =
        vec![OffsetCommitRequestTopic { name, partitions: vec![partition], ..Default::default() }];
    let request = OffsetCommitRequest {
        group_id: group.into(),
        member_id,
        generation_id_or_member_epoch: generation,
        topics,
        ..Default::default()
    };
    GroupRequest::CommitOffsets { request, version: 9 }
}

fn request(shard: &Shard, clients: &Clients, group: &str, dice: &mut Random) -> GroupRequest {
    let member = clients.pick(group, dice);
    let group_id: String = group.into();
    match dice.below(20) {
        0..=6 => join(group, member, dice),
        7..=11 => sync(shard, group, member, dice),
        12..=14 => {
            let request = HeartbeatRequest {
                group_id,
                generation_id: member.1,
                member_id: member.0,
                ..Default::default()
            };
            match dice.below(2) {
                0 => GroupRequest::Heartbeat(request),
                _ => GroupRequest::AwaitNews(request),
            }
        }
        15 => {
            let instance = if member.0.is_empty() { *dice.one(&INSTANCES) } else { None };
            let group_instance_id = instance.map(Into::into);
            let members = vec![MemberIdentity {
                member_id: member.0,
                group_instance_id,
                ..Default::default()
            }];
            GroupRequest::Leave(LeaveGroupRequest { group_id, members, ..Default::default() })
        }
        16..=18 => commit(group, member, dice),
        _ => GroupRequest::Delete { group_ids: vec![group_id] },
    }
}

/// Everyone does as clients do: joins if the others wait for it, and the leader brings assignments.
fn settle(shard: &mut Shard, group: &str, dice: &mut Random) -> Replies {
    let members = |shard: &Shard| match shard.machine.groups.get(group) {
        Some(Group::Classic(known)) => {
            (known.state, known.generation, known.leader.clone(), known.members.clone())
        }
        _ => (State::Empty, 0, None, BTreeMap::new()),
    };
    let mut replies = Vec::new();
    if let (State::PreparingRebalance, _, _, known) = members(shard) {
        for member in known.values().filter(|member| member.joining.is_none()) {
            let GroupRequest::Join { mut request, context } = join(group, (String::new(), 0), dice)
            else {
                continue;
            };
            request.member_id = member.id.as_ref().into();
            request.group_instance_id = member.instance_id.as_deref().map(Into::into);
            request.protocol_type = "consumer".into();
            request.protocols.clone_from(&member.protocols);
            replies.extend(shard.ask(GroupRequest::Join { request, context }));
        }
        replies.extend(shard.advance(5_000));
    }
    if let (State::CompletingRebalance, generation, Some(leader), _) = members(shard) {
        let mut request = sync(shard, group, (leader.as_ref().into(), generation), dice);
        if let GroupRequest::Sync(request) = &mut request {
            request.group_instance_id = None;
        }
        replies.extend(shard.ask(request));
    }
    replies
}

fn check_group(group: &ClassicGroup, shard: &Shard) {
    let waiting: Vec<_> = group
        .members
        .values()
        .flat_map(|member| [member.joining, member.syncing])
        .flatten()
        .collect();
    assert!(waiting.iter().all(|ticket| shard.open.contains(ticket)), "who waits is known to wait");
    assert!(group.held.values().all(|ticket| shard.open.contains(ticket)), "so are heartbeats");
    assert!(group.held.keys().all(|member| group.members.contains_key(member)));
    assert!(group.held.is_empty() || group.state == State::Stable, "there is news");
    let joining = group.members.values().filter(|member| member.joining.is_some()).count();
    assert_eq!(joining, group.joining);
    assert!(
        group.leader.as_ref().is_none_or(|leader| group.members.contains_key(leader)),
        "the leader is a member"
    );
    assert!(
        group.instances.values().all(|member| group.members.contains_key(member)),
        "static members are members"
    );
    assert!(group.pending_syncs.iter().all(|member| group.members.contains_key(member)));
    assert!(group.pending_joins.iter().all(|member| !group.members.contains_key(member)));
    match group.state {
        State::Empty => assert!(group.members.is_empty()),
        State::Stable => {
            assert!(joining == 0 && waiting.is_empty(), "nobody waits in a stable group")
        }
        State::PreparingRebalance => {
            assert!(shard.timers.keys().any(|timer| format!("{timer:?}").starts_with("Join")))
        }
        State::CompletingRebalance => assert_eq!(joining, 0),
    }
    for member in group.members.values() {
        let timer = super::super::machine::Timer::Session {
            group: group.id.clone(),
            member: member.id.clone(),
        };
        assert!(
            shard.timers.contains_key(&timer) || member.is_excused(),
            "someone minds {}",
            member.id
        );
    }
}

fn check(shard: &Shard, generations: &mut BTreeMap<Arc<str>, i32>) {
    let mut waiting = 0;
    generations.retain(|group, _| shard.machine.groups.contains_key(group));
    let successor = shard.successor();
    for group_id in shard.machine.group_ids() {
        let Some(Group::Classic(group)) = shard.machine.groups.get(&group_id) else { continue };
        check_group(group, shard);
        waiting += group
            .members
            .values()
            .flat_map(|member| [member.joining, member.syncing])
            .flatten()
            .count()
            + group.held.len();
        let last = generations.insert(group_id.clone(), group.generation).unwrap_or(0);
        assert!(group.generation >= last, "generations only grow");
        if matches!(group.state, State::Stable) {
            let Some(Group::Classic(read)) = successor.groups.get(&group_id) else {
                panic!("a stable group is written")
            };
            assert_eq!(show_group(read), show_group(group));
        }
    }
    assert_eq!(waiting, shard.open.len(), "everyone who has no answer waits somewhere");
    assert_eq!(recorded(&successor), recorded(&shard.successor_after_compaction()));
    let offsets = |lines: Vec<String>| {
        lines.into_iter().filter(|line| line.contains("Committed")).collect::<Vec<_>>()
    };
    assert_eq!(offsets(recorded(&successor)), offsets(recorded(&shard.machine)));
}

fn history(seed: u64, steps: usize) {
    let mut dice = Random::new(seed);
    let settings = Settings {
        max_size: 2 + dice.below(4),
        initial_rebalance_delay_ms: dice.below(5_000) as i64,
        offsets_retention_ms: 100_000,
        retention_check_interval_ms: 20_000,
        ..Settings::default()
    };
    let mut shard = Shard::new(settings);
    let mut clients = Clients::default();
    let mut generations = BTreeMap::new();
    for _ in 0..steps {
        let group = *dice.one(&["g", "h"]);
        match dice.below(40) {
            0..=9 => {
                let replies = shard.advance(dice.below(6_000) as i64);
                clients.hear(group, &replies);
            }
            10 if dice.below(8) == 0 => {
                shard.reload();
                generations.clear();
            }
            11..=15 => {
                let replies = settle(&mut shard, group, &mut dice);
                clients.hear(group, &replies);
            }
            _ => {
                let request = request(&shard, &clients, group, &mut dice);
                let replies = shard.ask(request);
                clients.hear(group, &replies);
            }
        }
        check(&shard, &mut generations);
    }
    // Whoever still waits is answered in the end: nothing is left but sessions that end.
    shard.advance(10 * 60 * 1_000);
    assert!(shard.open.is_empty(), "seed {seed}: someone was never answered");
}

#[test]
fn random_histories_keep_the_promises() {
    for seed in 0..60 {
        history(seed, 150);
    }
}
