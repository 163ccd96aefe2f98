//! Clients of the classic protocol, as members of a group that others join by the new one.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::super::shard::{Replies, Shard};
use crate::group::request::{GroupReply, GroupRequest, RequestContext};
use crate::types::PartitionId;
use crate::wire::codec::{Reader, Writer};
use crate::wire::message::Message;
use crate::wire::messages::heartbeat::HeartbeatRequest;
use crate::wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use crate::wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use crate::wire::stored::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, TopicPartition,
};

/// A cooperative consumer: it says what it owns when it joins, and gives up what it is not given again.
#[derive(Clone, Debug, Default)]
pub(super) struct Classic {
    pub(super) id: String,
    generation: i32,
    topics: Vec<String>,
    owned: BTreeSet<(String, PartitionId)>,
    /// Since its last JoinGroup nobody has told it to join again.
    is_joined: bool,
}

impl Classic {
    pub(super) fn new(topics: &[&str]) -> Self {
        let topics = topics.iter().map(|topic| (*topic).into()).collect();
        Self { topics, generation: -1, ..Self::default() }
    }

    fn metadata(&self) -> Bytes {
        let of_topic = |topic: &String| TopicPartition {
            topic: topic.clone(),
            partitions: self
                .owned
                .iter()
                .filter(|(name, _)| name == topic)
                .map(|(_, id)| *id)
                .collect(),
            ..TopicPartition::default()
        };
        let names: BTreeSet<&String> = self.owned.iter().map(|(topic, _)| topic).collect();
        let said = ConsumerProtocolSubscription {
            topics: self.topics.clone(),
            owned_partitions: names.into_iter().map(of_topic).collect(),
            ..ConsumerProtocolSubscription::default()
        };
        let mut writer = Writer::new();
        writer.i16(1);
        said.encode(&mut writer, 1).unwrap();
        writer.freeze()
    }

    /// Goes on as a client does: a heartbeat, or what that has asked for.
    pub(super) fn go_on(&mut self, shard: &mut Shard) {
        if self.is_joined {
            let request = HeartbeatRequest {
                group_id: "g".into(),
                generation_id: self.generation,
                member_id: self.id.clone(),
                ..HeartbeatRequest::default()
            };
            match shard.ask(GroupRequest::Heartbeat(request)).first() {
                Some((_, GroupReply::Heartbeat(reply))) if reply.error_code != 0 => {
                    self.hear(reply.error_code)
                }
                _ => {}
            }
        } else if let Some(reply) = self.join(shard) {
            match reply.error_code {
                0 | 79 => {
                    self.id = reply.member_id;
                    self.generation = reply.generation_id;
                }
                code => self.hear(code),
            }
            if reply.error_code == 0 {
                self.sync(shard);
            }
        }
    }

    /// Told to join again, or that it is no member any more.
    fn hear(&mut self, code: i16) {
        self.is_joined = false;
        if code != 27 {
            (self.id, self.generation) = (String::new(), -1);
            self.owned.clear();
        }
    }

    fn join(&self, shard: &mut Shard) -> Option<JoinGroupResponse> {
        let protocol = JoinGroupRequestProtocol {
            name: "cooperative".into(),
            metadata: self.metadata(),
            ..JoinGroupRequestProtocol::default()
        };
        let request = JoinGroupRequest {
            group_id: "g".into(),
            session_timeout_ms: 20_000,
            rebalance_timeout_ms: 20_000,
            member_id: self.id.clone(),
            protocol_type: "consumer".into(),
            protocols: vec![protocol],
            ..JoinGroupRequest::default()
        };
        let context =
            RequestContext { version: 9, client_id: "k".into(), client_host: "/127.0.0.1".into() };
        let replies = shard.ask(GroupRequest::Join { request, context });
        own(shard, replies, |reply| match reply {
            GroupReply::Join(reply) => Some(reply),
            _ => None,
        })
    }

    fn sync(&mut self, shard: &mut Shard) {
        let request = SyncGroupRequest {
            group_id: "g".into(),
            generation_id: self.generation,
            member_id: self.id.clone(),
            ..SyncGroupRequest::default()
        };
        let replies = shard.ask(GroupRequest::Sync(request));
        let reply: Option<SyncGroupResponse> = own(shard, replies, |reply| match reply {
            GroupReply::Sync(reply) => Some(reply),
            _ => None,
        });
        match reply {
            Some(reply) if reply.error_code == 0 => self.take(&reply.assignment),
            Some(reply) => self.hear(reply.error_code),
            // The leader of a classic group is awaited: this one tries again.
            None => {}
        }
    }

    fn take(&mut self, assignment: &Bytes) {
        let given: BTreeSet<_> = partitions(assignment).collect();
        // What it gives up is said by joining again.
        let keeps_all = self.owned.is_subset(&given);
        self.owned = given;
        self.is_joined = keeps_all;
    }

    pub(super) fn leave(self, shard: &mut Shard) {
        let members = vec![MemberIdentity { member_id: self.id, ..MemberIdentity::default() }];
        let group_id = "g".into();
        shard.ask(GroupRequest::Leave(LeaveGroupRequest {
            group_id,
            members,
            ..Default::default()
        }));
    }
}

/// The answer to what was asked last, where it is there.
fn own<T>(shard: &Shard, replies: Replies, is: impl Fn(GroupReply) -> Option<T>) -> Option<T> {
    let mine = replies.into_iter().find(|(ticket, _)| *ticket == shard.last());
    mine.and_then(|(_, reply)| is(reply))
}

fn partitions(assignment: &Bytes) -> impl Iterator<Item = (String, PartitionId)> + use<> {
    let mut reader = Reader::new(assignment.clone());
    let version = reader.i16().unwrap_or(0);
    let read = ConsumerProtocolAssignment::decode(&mut reader, version).unwrap_or_default();
    read.assigned_partitions
        .into_iter()
        .flat_map(|topic| topic.partitions.into_iter().map(move |id| (topic.topic.clone(), id)))
}
