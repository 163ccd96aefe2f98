//! Heartbeat (12), versions 0-4: a member says that it is alive, and learns whether it must join again.
//!
//! v3 added static members (KIP-345).
//!
//! REBALANCE_IN_PROGRESS: join again; ILLEGAL_GENERATION and UNKNOWN_MEMBER_ID: it was given up in the meantime;
//! FENCED_INSTANCE_ID: another has taken its place.
//!
//! Better on purpose: where all is well, clients that can bear it are not answered at once, but when a rebalance
//! begins, when anything else comes on their connection, or after `group.classic.heartbeat.wait.max.ms` (a key of our
//! own). A rebalance then takes round trips and not the seconds until everybody's next heartbeat.

use tokio::time::Instant;

use super::context::{Call, Session};
use super::permissions;
use crate::error::ErrorCode;
use crate::group::request::{GroupReply, GroupRequest};
use crate::wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};

/// Clients that do nothing less while a heartbeat is unanswered, by how the name of their software begins (KIP-511).
/// Others wait for it: kafkajs, which does not name itself, beats between two batches, and franz-go before it commits a
/// transaction.
const PATIENT: [&str; 3] = ["apache-kafka-java", "librdkafka", "confluent-kafka"];

pub(crate) async fn handle(call: Call, request: HeartbeatRequest) -> HeartbeatResponse {
    let group_id = request.group_id.clone();
    if let Err(code) = call.check(&permissions::HEARTBEAT, &group_id) {
        return HeartbeatResponse { error_code: code.code(), ..HeartbeatResponse::default() };
    }
    let groups = &call.context.groups;
    let wait_max = call.context.heartbeat_wait_max;
    let reply = if !wait_max.is_zero() && is_patient(&call.session) {
        let news = groups.ask(&group_id, GroupRequest::AwaitNews(request));
        match call.session.patience.wait(Instant::now() + wait_max, news).await {
            Some(reply) => reply,
            None => return HeartbeatResponse::default(),
        }
    } else {
        groups.ask(&group_id, GroupRequest::Heartbeat(request)).await
    };
    let code = match reply {
        Ok(GroupReply::Heartbeat(response)) => return response,
        Ok(_) => ErrorCode::UnknownServerError,
        Err(code) => code,
    };
    HeartbeatResponse { error_code: code.code(), ..HeartbeatResponse::default() }
}

fn is_patient(session: &Session) -> bool {
    let named = session.software.get().map(|(name, _)| name.as_str());
    named.is_some_and(|name| PATIENT.iter().any(|known| name.starts_with(known)))
}
