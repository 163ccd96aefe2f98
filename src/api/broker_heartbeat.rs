//! BrokerHeartbeat (63), versions 0-2: a broker is alive, and asks to serve or to stop (KIP-631).
//!
//! v1 names directories that failed (KIP-858), v2 those that take no new replicas (KIP-1066). Controllers' listeners
//! only.
//!
//! A broker that is not heard of for `broker.session.timeout.ms` is fenced: it leads nothing, and its partitions get
//! other leaders if there are any. STALE_BROKER_EPOCH: it has registered again since; BROKER_ID_NOT_REGISTERED: it
//! must. Both end what it is doing. The answer says whether it may serve, and whether it may stop.

use super::context::Call;
use super::forward;
use super::permissions;
use crate::wire::messages::broker_heartbeat::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};

pub(crate) async fn handle(call: Call, request: BrokerHeartbeatRequest) -> BrokerHeartbeatResponse {
    let answer = match call.check_cluster(&permissions::BROKER_HEARTBEAT) {
        Ok(()) => forward::ask(&call, request, None).await,
        Err(code) => Err(code),
    };
    answer.unwrap_or_else(|code| BrokerHeartbeatResponse {
        error_code: code.code(),
        ..Default::default()
    })
}
