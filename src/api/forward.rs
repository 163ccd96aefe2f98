//! The way of a request to the active controller: in this process, or elsewhere. A client's request goes there in an
//! envelope that says whose it is (KIP-590), a broker's own as it is.
//!
//! Where controller and broker share the process, a client is answered when the broker's own metadata shows what the
//! controller has committed, so that who asks the same node next reads what it has written. Apache Kafka answers at the
//! commit, and its clients try again; they still must where the controller is elsewhere.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::context::{Call, Context, ListenerKind};
use crate::client::{ClientError, Pool};
use crate::controller::requests::{Exchange, RequestContext};
use crate::error::ErrorCode;
use crate::quota::Mutations;
use crate::types::Millis;
use crate::wire::codec::EncodeError;
use crate::wire::exchange;
use crate::wire::message::{Message, Request};
use crate::wire::messages::envelope::EnvelopeRequest;
use crate::wire::stored::principal::DefaultPrincipalData;

/// How long a client without patience of its own is made to wait for a controller.
const PATIENCE_MS: i32 = 30_000;
/// How long between two tries while there is no controller.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// How long a committed answer waits for the metadata to show it. What makes images may be starting anew.
const SHOWN_WITHIN: Duration = Duration::from_millis(500);

/// Asks the active controller, for as long as `timeout_ms`.
///
/// A broker's client knows nothing of controllers, so while there is none its request waits. Who asks on a
/// controller's own listener is told `NOT_CONTROLLER`, and looks for another.
pub(crate) async fn ask<E>(
    call: &Call,
    request: E,
    timeout_ms: Option<i32>,
) -> Result<<E as Exchange>::Reply, ErrorCode>
where
    E: Exchange + Request<Response = <E as Exchange>::Reply> + Clone,
{
    ask_bounded(call, request, timeout_ms, None).await
}

/// The same for a request that makes or deletes partitions, which may be bounded.
pub(crate) async fn ask_bounded<E>(
    call: &Call,
    request: E,
    timeout_ms: Option<i32>,
    mutations: Option<Arc<Mutations>>,
) -> Result<<E as Exchange>::Reply, ErrorCode>
where
    E: Exchange + Request<Response = <E as Exchange>::Reply> + Clone,
{
    let patience_ms = timeout_ms.unwrap_or(PATIENCE_MS).max(0);
    let deadline = call.context.clock.now() + Millis::from(patience_ms);
    loop {
        let answer = match &call.context.elsewhere {
            Some(pool) => in_envelope(call, pool, &request).await,
            None => {
                let context = RequestContext {
                    mutations: mutations.clone(),
                    ..call.controller_context(Some(patience_ms))
                };
                call.context.controller.exchange(request.clone(), context).await
            }
        };
        let waits = call.session.kind == ListenerKind::Broker
            && answer.as_ref().err() == Some(&ErrorCode::NotController);
        if !waits {
            if answer.is_ok() && call.context.elsewhere.is_none() {
                until_shown(call).await;
            }
            return answer;
        }
        if call.context.clock.now() >= deadline {
            return Err(ErrorCode::RequestTimedOut);
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

/// Waits until this broker's metadata holds all that is committed now.
async fn until_shown(call: &Call) {
    if call.session.kind != ListenerKind::Broker {
        return;
    }
    let committed = call.context.quorum.high_watermark() - 1;
    let mut shown = call.context.shown.subscribe();
    let shows = shown.wait_for(|offset| *offset >= committed);
    if tokio::time::timeout(SHOWN_WITHIN, shows).await.is_err() {
        tracing::debug!(committed, "answered before the metadata shows it");
    }
}

/// Asks the active controller once, on behalf of this node.
pub(crate) async fn ask_as_node<E>(
    context: &Context,
    request: E,
    asker: RequestContext,
) -> Result<<E as Exchange>::Reply, ErrorCode>
where
    E: Exchange + Request<Response = <E as Exchange>::Reply>,
{
    match &context.elsewhere {
        Some(pool) => {
            let address = leader(context)?;
            pool.ask(&address, &request).await.map_err(|error| unanswered(&error))
        }
        None => context.controller.exchange(request, asker).await,
    }
}

fn leader(context: &Context) -> Result<String, ErrorCode> {
    let (host, port) = context.quorum.leader_address().ok_or(ErrorCode::NotController)?;
    Ok(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
}

/// A controller that does not answer may have ceased to be one.
fn unanswered(error: &ClientError) -> ErrorCode {
    tracing::debug!(%error, "no answer of the controller");
    match error {
        ClientError::Unsupported(_) => ErrorCode::UnsupportedVersion,
        _ => ErrorCode::NotController,
    }
}

async fn in_envelope<R: Request>(
    call: &Call,
    pool: &Pool,
    request: &R,
) -> Result<R::Response, ErrorCode> {
    let address = leader(&call.context)?;
    let envelope = enclose(call, request).map_err(|error| {
        tracing::error!(api = R::NAME, %error, "a request cannot be passed on");
        ErrorCode::UnknownServerError
    })?;
    let answer = pool.ask(&address, &envelope).await.map_err(|error| unanswered(&error))?;
    match ErrorCode::from_code(answer.error_code) {
        Some(ErrorCode::None) => {}
        code => return Err(code.unwrap_or(ErrorCode::UnknownServerError)),
    }
    exchange::decode::<R>(answer.response_data.unwrap_or_default(), call.version).map_err(|error| {
        tracing::error!(api = R::NAME, %error, "the controller's answer cannot be read");
        ErrorCode::UnknownServerError
    })
}

fn enclose<R: Request>(call: &Call, request: &R) -> Result<EnvelopeRequest, EncodeError> {
    let principal = call.session.principal.as_str();
    let (kind, name) = principal.split_once(':').unwrap_or(("User", principal));
    let principal = DefaultPrincipalData {
        r#type: kind.to_owned(),
        name: name.to_owned(),
        ..Default::default()
    };
    Ok(EnvelopeRequest {
        request_data: exchange::encode(
            request,
            call.version,
            call.correlation_id,
            call.client_id.as_deref(),
        )?,
        request_principal: Some(principal.encode_versioned(0)?),
        client_host_address: match call.session.peer.ip() {
            IpAddr::V4(address) => Bytes::copy_from_slice(&address.octets()),
            IpAddr::V6(address) => Bytes::copy_from_slice(&address.octets()),
        },
        ..Default::default()
    })
}
