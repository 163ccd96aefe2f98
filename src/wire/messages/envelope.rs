//! Envelope (API 58), version 0. A broker passes a client's request on to the controller (KIP-590).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What Envelope asks.
    EnvelopeRequest (0..=0, flexible 0) {
        request_data: Bytes;
        request_principal: Option<Bytes> = Some(Bytes::new());
        client_host_address: Bytes;
    }

    /// What Envelope answers.
    EnvelopeResponse (0..=0, flexible 0) {
        response_data: Option<Bytes>;
        error_code: i16;
    }
}

request!(Envelope: EnvelopeRequest => EnvelopeResponse);
