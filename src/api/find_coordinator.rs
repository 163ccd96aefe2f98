//! FindCoordinator (10), versions 0-6: who keeps a group, a transactional id, or the state of a share partition.
//!
//! v1 added transactions; v4 several keys at once (KIP-699); v6 share partitions (KIP-932). The topic that the
//! coordinator keeps its records in is made when it is first asked for. Share partitions have no coordinator yet.
//!
//! The coordinator is the leader of the partition that the key's hash falls on, in `__consumer_offsets` or
//! `__transaction_state`; the hash is Java's `String.hashCode`, since a cluster's records may have been written by
//! Kafka. COORDINATOR_NOT_AVAILABLE is what a client tries again upon, and so stands for whatever may pass: the topic
//! is not there yet, or its partition has no leader. INVALID_REQUEST: no such type of key. GROUP_AUTHORIZATION_FAILED,
//! TRANSACTIONAL_ID_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::auto_create;
use super::context::Call;
use super::permissions;
use crate::coordinator::shards::partition_for;
use crate::error::ErrorCode;
use crate::metadata::topics::{PartitionRegistration, TopicImage};
use crate::types::{NONE, OFFSETS_TOPIC, TRANSACTION_TOPIC, Uuid};
use crate::wire::messages::find_coordinator::{
    Coordinator, FindCoordinatorRequest, FindCoordinatorResponse,
};

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;

pub(crate) async fn handle(call: Call, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    if call.version < 4 {
        return for_one(find(&call, request.key_type, request.key).await);
    }
    let mut response = FindCoordinatorResponse::default();
    for key in request.coordinator_keys {
        let mut found = find(&call, request.key_type, key).await;
        // As Kafka has it, the message is only there when the request was refused as a whole.
        let whole = found.error_code == permissions::FIND_SHARE.error.code();
        if is_known(request.key_type) && !whole {
            found.error_message = Some(String::new());
        }
        response.coordinators.push(found);
    }
    response
}

const fn is_known(key_type: i8) -> bool {
    matches!(key_type, GROUP | TRANSACTION | SHARE)
}

/// The answer about one key, in the form of versions before 4.
fn for_one(found: Coordinator) -> FindCoordinatorResponse {
    FindCoordinatorResponse {
        error_code: found.error_code,
        error_message: found.error_message,
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        ..FindCoordinatorResponse::default()
    }
}

async fn find(call: &Call, key_type: i8, key: String) -> Coordinator {
    let name = match key_type {
        GROUP => {
            if let Err(code) = call.check(&permissions::FIND_GROUP, &key) {
                return nobody(key, code);
            }
            OFFSETS_TOPIC
        }
        TRANSACTION => {
            if let Err(code) = call.check(&permissions::FIND_TRANSACTION, &key) {
                return nobody(key, code);
            }
            TRANSACTION_TOPIC
        }
        SHARE if call.version >= 6 && !call.may_cluster(&permissions::FIND_SHARE) => {
            return nobody(key, permissions::FIND_SHARE.error);
        }
        SHARE if call.version >= 6 && is_share_partition(&key) => {
            return nobody(key, ErrorCode::CoordinatorNotAvailable);
        }
        _ => return nobody(key, ErrorCode::InvalidRequest),
    };
    let Some(topic) = ensure_topic(call, name).await else {
        return nobody(key, ErrorCode::CoordinatorNotAvailable);
    };
    let image = call.context.image();
    let partition = partition_for(&key, topic.partitions.len());
    let leader = topic.partition(partition).and_then(PartitionRegistration::leader);
    let leader =
        leader.and_then(|leader| image.cluster.alive_brokers().find(|broker| broker.id == leader));
    let found = leader.and_then(|leader| Some((leader, leader.endpoint(&call.session.listener)?)));
    let Some((leader, endpoint)) = found else {
        return nobody(key, ErrorCode::CoordinatorNotAvailable);
    };
    Coordinator {
        key,
        node_id: leader.id,
        host: endpoint.host.clone(),
        port: i32::from(endpoint.port),
        error_message: Some(ErrorCode::None.name().into()),
        ..Coordinator::default()
    }
}

/// A coordinator's own topic, which is made when it is not there.
pub(super) async fn ensure_topic(call: &Call, name: &str) -> Option<Arc<TopicImage>> {
    if call.context.image().topics.by_name(name).is_none() {
        auto_create::create(call, BTreeSet::from([name.into()])).await;
    }
    call.context.image().topics.by_name(name).cloned()
}

fn nobody(key: String, code: ErrorCode) -> Coordinator {
    Coordinator {
        key,
        node_id: NONE,
        port: NONE,
        error_code: code.code(),
        error_message: Some(code.message().into()),
        ..Coordinator::default()
    }
}

/// `group:topic id:partition`.
fn is_share_partition(key: &str) -> bool {
    let mut parts = key.rsplitn(3, ':');
    let is_partition = parts.next().is_some_and(|partition| partition.parse::<i32>().is_ok());
    let is_topic = parts.next().is_some_and(|topic| topic.parse::<Uuid>().is_ok());
    is_partition && is_topic && parts.next().is_some_and(|group| !group.is_empty())
}
