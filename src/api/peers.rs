//! The way of a request to another broker, through the listener that brokers use between them. Retries nothing, and
//! never looks into an answer.

use super::context::Context;
use crate::client::ClientError;
use crate::error::ErrorCode;
use crate::types::NodeId;
use crate::wire::message::Request;

/// Asks the broker `node`.
///
/// # Errors
/// `BROKER_NOT_AVAILABLE` when the metadata do not know where it listens or that it is alive, `NETWORK_EXCEPTION` when
/// it does not answer, `UNSUPPORTED_VERSION`.
pub(crate) async fn ask<R: Request>(
    context: &Context,
    node: NodeId,
    request: &R,
) -> Result<R::Response, ErrorCode> {
    let image = context.image();
    let listener = context.config.load().inter_broker_listener_name();
    let endpoint = image.cluster.endpoint(node, &listener).filter(|_| image.cluster.is_alive(node));
    let endpoint = endpoint.ok_or(ErrorCode::BrokerNotAvailable)?;
    let (host, port) = (&endpoint.host, endpoint.port);
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    context.peers.ask(&format!("{host}:{port}"), request).await.map_err(|error| {
        tracing::debug!(api = R::NAME, node, %error, "no answer of a broker");
        match error {
            ClientError::Unsupported(_) => ErrorCode::UnsupportedVersion,
            _ => ErrorCode::NetworkException,
        }
    })
}
