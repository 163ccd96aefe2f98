//! The way of a request to the active controller. In this process for now: brokers without one will pass requests on
//! from here, in envelopes (KIP-590).

use std::time::Duration;

use super::context::{Call, ListenerKind};
use crate::controller::requests::Exchange;
use crate::error::ErrorCode;
use crate::types::Millis;

/// How long a client without patience of its own is made to wait for a controller.
const PATIENCE_MS: i32 = 30_000;
/// How long between two tries while there is no controller.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// Asks the active controller, for as long as `timeout_ms`.
///
/// A broker's client knows nothing of controllers, so while there is none its request waits. Who asks on a
/// controller's own listener is told `NOT_CONTROLLER`, and looks for another.
pub(crate) async fn ask<E>(
    call: &Call,
    request: E,
    timeout_ms: Option<i32>,
) -> Result<E::Reply, ErrorCode>
where
    E: Exchange + Clone,
{
    let patience_ms = timeout_ms.unwrap_or(PATIENCE_MS).max(0);
    let deadline = call.context.clock.now() + Millis::from(patience_ms);
    loop {
        let context = call.controller_context(Some(patience_ms));
        let answer = call.context.controller.exchange(request.clone(), context).await;
        let waits = call.session.kind == ListenerKind::Broker
            && answer.as_ref().err() == Some(&ErrorCode::NotController);
        if !waits {
            return answer;
        }
        if call.context.clock.now() >= deadline {
            return Err(ErrorCode::RequestTimedOut);
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}
