//! Envelope (58), version 0: a client's request that a broker passes on to the controller (KIP-590).
//!
//! What is inside is served as if the client had asked here itself: its principal and its address decide what it may
//! do. An answer that this node is not the active controller is the envelope's own, so that the broker asks elsewhere.
//!
//! Whoever may send envelopes may speak for anybody, so the permission (`ClusterAction` on the cluster) is the
//! cluster's own. Only what KIP-590 lets pass can be in one: not another envelope, nor what a broker answers by itself.
//!
//! Errors of the envelope: CLUSTER_AUTHORIZATION_FAILED; NOT_CONTROLLER, and the broker looks for the new one;
//! INVALID_REQUEST and UNSUPPORTED_VERSION for what is in it; PRINCIPAL_DESERIALIZATION_FAILURE. All others are inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::time::Instant;

use super::answer::{Answer, Outgoing, Part, Pending};
use super::context::{Call, Session};
use super::table::decode;
use super::{Refusal, authorize, dispatch, frame, permissions};
use crate::error::ErrorCode;
use crate::wire::api_key::ApiKey;
use crate::wire::codec::Reader;
use crate::wire::message::Message;
use crate::wire::messages::envelope::{EnvelopeRequest, EnvelopeResponse};
use crate::wire::stored::principal::DefaultPrincipalData;

pub(crate) fn handle(call: Call, reader: Reader) -> Result<Pending, Refusal> {
    let request: EnvelopeRequest = decode(&call, reader)?;
    Ok(Box::pin(async move {
        let response = match open(&call, request) {
            Ok((pending, session)) => {
                let answer = pending.await;
                // Such as in the moment between winning an election and acting on it.
                match session.misdirected.as_ref().is_some_and(|it| it.load(Ordering::Acquire)) {
                    true => refused(ErrorCode::NotController),
                    false => enclosed(answer),
                }
            }
            Err(code) => refused(code),
        };
        frame::<EnvelopeRequest>(call.head(), &response)
    }))
}

/// Starts what is inside.
fn open(call: &Call, request: EnvelopeRequest) -> Result<(Pending, Arc<Session>), ErrorCode> {
    call.check_cluster(&permissions::ENVELOPE)?;
    let leader = call.context.quorum.leader_and_epoch().leader_id;
    if leader != Some(call.context.node_id) {
        return Err(ErrorCode::NotController);
    }
    let api = request.request_data.first_chunk().map(|code| i16::from_be_bytes(*code));
    if !api.and_then(ApiKey::from_code).is_some_and(ApiKey::is_forwardable) {
        return Err(ErrorCode::InvalidRequest);
    }
    let session = Arc::new(session(call, &request)?);
    match dispatch(&call.context, &session, request.request_data, Instant::now()) {
        Ok(answer) => Ok((Box::pin(answer.answered(call.context.metrics.clone())), session)),
        Err(Refusal::Unsupported { .. }) => Err(ErrorCode::UnsupportedVersion),
        Err(_) => Err(ErrorCode::InvalidRequest),
    }
}

/// The client as it stands before the broker.
fn session(call: &Call, request: &EnvelopeRequest) -> Result<Session, ErrorCode> {
    let ip = address(&request.client_host_address).ok_or(ErrorCode::InvalidRequest)?;
    let principal = request.request_principal.clone().unwrap_or_default();
    let (principal, _) = DefaultPrincipalData::decode_versioned(principal)
        .map_err(|_| ErrorCode::PrincipalDeserializationFailure)?;
    Ok(Session {
        listener: call.session.listener.clone(),
        kind: call.session.kind,
        // The port is not told. Nothing depends on it here: nothing is sent to it, and rules name addresses only.
        peer: SocketAddr::new(ip, 0),
        host: authorize::host_of(ip),
        principal: format!("{}:{}", principal.r#type, principal.name),
        software: Default::default(),
        client_id: Default::default(),
        // Held for nobody: the time is told in the answer, and the broker that the client is connected to keeps it.
        mute: Default::default(),
        patience: Default::default(),
        misdirected: Some(Arc::default()),
    })
}

fn address(bytes: &Bytes) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(&bytes[..]) {
        return Some(Ipv4Addr::from(v4).into());
    }
    <[u8; 16]>::try_from(&bytes[..]).ok().map(|v6| Ipv6Addr::from(v6).into())
}

fn enclosed(answer: Answer) -> EnvelopeResponse {
    match answer {
        Answer::Frame(outgoing) => match without_length(outgoing) {
            Some(bytes) => {
                EnvelopeResponse { response_data: Some(bytes), ..EnvelopeResponse::default() }
            }
            None => refused(ErrorCode::UnknownServerError),
        },
        Answer::Nothing | Answer::Close => refused(ErrorCode::UnknownServerError),
    }
}

/// The frame's bytes behind its length. What a controller answers lies in memory, never in files.
fn without_length(outgoing: Outgoing) -> Option<Bytes> {
    let mut bytes = outgoing.head;
    for part in outgoing.tail {
        match part {
            Part::Bytes(more) => bytes.extend_from_slice(&more),
            Part::Shared(more) => bytes.extend_from_slice(&more),
            Part::File(_) => return None,
        }
    }
    let mut bytes = bytes.freeze();
    (bytes.len() >= 4).then(|| bytes.split_off(4))
}

fn refused(code: ErrorCode) -> EnvelopeResponse {
    EnvelopeResponse { error_code: code.code(), ..EnvelopeResponse::default() }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;

    #[test]
    fn addresses_are_as_long_as_their_family_says() {
        let v4 = Bytes::from_static(&[10, 0, 0, 1]);
        assert_eq!(address(&v4), Some("10.0.0.1".parse().unwrap()));
        let v6 = Bytes::copy_from_slice(&Ipv6Addr::LOCALHOST.octets());
        assert_eq!(address(&v6), Some("::1".parse().unwrap()));
        assert_eq!(address(&Bytes::from_static(&[10, 0, 0])), None);
        assert_eq!(address(&Bytes::new()), None);
    }

    #[test]
    fn an_answer_is_enclosed_without_its_length() {
        let outgoing = Outgoing {
            head: BytesMut::from(&[0, 0, 0, 3, 1][..]),
            tail: vec![Part::Shared(Bytes::from_static(&[2, 3]))],
        };
        let enclosed = enclosed(Answer::Frame(outgoing));
        assert_eq!(
            (enclosed.error_code, enclosed.response_data.as_deref()),
            (0, Some(&[1, 2, 3][..]))
        );
        assert_ne!(super::enclosed(Answer::Close).error_code, 0);
    }
}
