//! A request as it travels, header and message together, and the way back from the bytes of its answer.
//!
//! Never asks who answers, or whether an answer belongs to a request: that is for who numbers them.

use bytes::Bytes;

use super::codec::{DecodeError, EncodeError, Reader, Writer};
use super::header::{RequestHeader, ResponseHeader};
use super::message::{Message, Request};

/// How many bytes tell a frame's length. They do not count themselves.
pub const LENGTH_BYTES: usize = 4;

/// A request behind its header: what an envelope holds, and a frame behind its length.
pub fn encode<R: Request>(
    request: &R,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<Bytes, EncodeError> {
    let mut writer = Writer::new();
    write(&mut writer, request, version, correlation_id, client_id)?;
    Ok(writer.freeze())
}

/// A request as it goes over a connection: its length, its header, itself.
pub fn frame<R: Request>(
    request: &R,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<Bytes, EncodeError> {
    let mut writer = Writer::new();
    writer.put(&[0; LENGTH_BYTES]);
    write(&mut writer, request, version, correlation_id, client_id)?;
    let mut frame = writer.into_buffer();
    let length = frame.len() - LENGTH_BYTES;
    let told = i32::try_from(length).map_err(|_| EncodeError::Length(length))?;
    frame[..LENGTH_BYTES].copy_from_slice(&told.to_be_bytes());
    Ok(frame.freeze())
}

fn write<R: Request>(
    writer: &mut Writer,
    request: &R,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<(), EncodeError> {
    let header = RequestHeader {
        request_api_key: R::KEY.code(),
        request_api_version: version,
        correlation_id,
        client_id: client_id.map(str::to_owned),
        ..Default::default()
    };
    header.encode(writer, R::KEY.request_header_version(version))?;
    request.encode(writer, version)
}

/// The answer to a request of `version`, out of a frame without its length.
pub fn decode<R: Request>(answer: Bytes, version: i16) -> Result<R::Response, DecodeError> {
    let mut reader = Reader::new(answer);
    ResponseHeader::decode(&mut reader, R::KEY.response_header_version(version))?;
    R::Response::decode(&mut reader, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::api_key::ApiKey;
    use crate::wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};

    #[test]
    fn a_frame_is_its_length_and_what_an_envelope_holds() {
        let request = HeartbeatRequest { group_id: "g".into(), ..Default::default() };
        let framed = frame(&request, 4, 7, Some("me")).expect("it encodes");
        let bare = encode(&request, 4, 7, Some("me")).expect("it encodes");
        assert_eq!(framed[..LENGTH_BYTES], (bare.len() as u32).to_be_bytes());
        assert_eq!(framed[LENGTH_BYTES..], bare);
        let mut reader = Reader::new(bare);
        let header = RequestHeader::decode(&mut reader, 2).expect("a header");
        assert_eq!(header.request_api_key, ApiKey::Heartbeat.code());
        assert_eq!((header.request_api_version, header.correlation_id), (4, 7));
        assert_eq!(header.client_id.as_deref(), Some("me"));
        assert_eq!(HeartbeatRequest::decode(&mut reader, 4), Ok(request));
    }

    #[test]
    fn an_answer_stands_behind_its_header() {
        let answer = HeartbeatResponse { error_code: 27, ..Default::default() };
        let mut writer = Writer::new();
        ResponseHeader { correlation_id: 7, ..Default::default() }
            .encode(&mut writer, 1)
            .expect("a header");
        answer.encode(&mut writer, 4).expect("it encodes");
        assert_eq!(decode::<HeartbeatRequest>(writer.freeze(), 4), Ok(answer));
        assert!(decode::<HeartbeatRequest>(Bytes::from_static(&[0; 3]), 4).is_err());
    }
}
