//! ConsumerGroupHeartbeat (68), versions 0-1: a member of a consumer group joins, stays, leaves (KIP-848).
//!
//! v1 added subscriptions by regular expression, and members that choose their own ids. Served while `group.version` is
//! at 1 and `group.coordinator.rebalance.protocols` has `consumer`.
//!
//! One request does what JoinGroup, SyncGroup, Heartbeat and LeaveGroup do: the coordinator assigns, and a member
//! learns from each answer what it should have, and tells what it does have. UNKNOWN_MEMBER_ID and FENCED_MEMBER_EPOCH:
//! begin again from epoch 0, giving up all partitions; UNRELEASED_INSTANCE_ID: the one before has not left;
//! UNSUPPORTED_ASSIGNOR, INVALID_REGULAR_EXPRESSION, GROUP_MAX_SIZE_REACHED, INVALID_REQUEST: fatal.

use std::sync::Arc;
use std::time::Duration;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::group::consumer::heartbeat::ConsumerHeartbeat;
use crate::group::consumer::regex::TopicFilter;
use crate::group::request::{GroupReply, GroupRequest, RequestContext};
use crate::wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};

/// How long an answer is held back that takes a member out, or tells one that it is to have other partitions.
///
/// librdkafka up to 2.12 takes an answer to its leave that comes within the same turn of its loop for one to its next
/// life; and one that leaves while its application has yet to be told of a new assignment joins again without saying
/// all that it must. Either way it gives itself up for good. Kafka never answers these so soon.
const DECENCY: Duration = Duration::from_millis(10);

pub(crate) async fn handle(
    call: Call,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatResponse {
    if !call.serves_consumer_groups() {
        return refused(ErrorCode::UnsupportedVersion);
    }
    if let Err(code) = call.check(&permissions::CONSUMER_HEARTBEAT, &request.group_id) {
        return refused(code);
    }
    let mut names = request.subscribed_topic_names.iter().flatten();
    let denied = |name: &String| call.check(&permissions::CONSUMER_HEARTBEAT_TOPIC, name).err();
    if let Some(code) = names.find_map(denied) {
        return refused(code);
    }
    let group_id = request.group_id.clone();
    let member_epoch = request.member_epoch;
    let asked = ConsumerHeartbeat {
        context: RequestContext {
            version: call.version,
            client_id: call.client_id.as_deref().unwrap_or_default().to_owned(),
            client_host: call.session.client_host(),
        },
        filter: filter(&call),
        request,
    };
    let asked = GroupRequest::ConsumerHeartbeat(Box::new(asked));
    match call.context.groups.ask(&group_id, asked).await {
        Ok(GroupReply::ConsumerHeartbeat(response)) => {
            let is_moved = member_epoch > 0 && response.assignment.is_some();
            if member_epoch < 0 || is_moved {
                tokio::time::sleep(DECENCY).await;
            }
            response
        }
        Ok(_) => refused(ErrorCode::UnknownServerError),
        Err(code) => refused(code),
    }
}

/// Which topics an expression of the caller's may stand for. The call's rights, kept for later: the expression is
/// looked at again when the cluster's topics change.
fn filter(call: &Call) -> TopicFilter {
    let call = Call {
        context: call.context.clone(),
        session: call.session.clone(),
        version: call.version,
        correlation_id: call.correlation_id,
        client_id: None,
        meter: None,
    };
    TopicFilter(Arc::new(move |name| call.may(&permissions::CONSUMER_REGEX_TOPIC, name)))
}

fn refused(code: ErrorCode) -> ConsumerGroupHeartbeatResponse {
    ConsumerGroupHeartbeatResponse {
        error_code: code.code(),
        error_message: Some(code.message().into()),
        ..ConsumerGroupHeartbeatResponse::default()
    }
}
