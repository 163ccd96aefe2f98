//! What stands before every request and response in its frame.
//!
//! Written out by hand because of one exception: the client id is never compact, even where the header is flexible
//! (KIP-482), so that a broker can read it before it knows the client's version.

use serde_json::{Value, json};

use super::codec::{DecodeError, EncodeError, Reader, UnknownTags, Wire, Writer};
use super::message::{Message, message};

/// Before a request. Version 1 with requests that are not flexible, 2 with those that are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestHeader {
    /// The number of the API.
    pub request_api_key: i16,
    /// The version of the API.
    pub request_api_version: i16,
    /// What the response will be known by.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<String>,
    /// Tagged fields, of which Kafka knows none.
    pub unknown_tags: UnknownTags,
}

impl RequestHeader {
    /// Reads what a broker needs of a header of `version`: the correlation id, and what `known_as` makes of the client
    /// id, which comes with every request and is nearly always the same. Key and version stand before it and are known;
    /// tagged fields are passed over.
    pub fn open<T>(
        reader: &mut Reader,
        version: i16,
        known_as: impl FnOnce(&[u8]) -> T,
    ) -> Result<(i32, Option<T>), DecodeError> {
        reader.set_flexible(false);
        reader.slice(4)?;
        let correlation_id = reader.i32()?;
        let client_id = match reader.string_size()? {
            Some(size) => Some(known_as(reader.slice(size)?)),
            None => None,
        };
        if version >= Self::FLEXIBLE_FROM {
            for _ in 0..reader.tag_count()? {
                let (_, size) = reader.tag()?;
                reader.slice(size)?;
            }
        }
        Ok((correlation_id, client_id))
    }
}

impl Wire for RequestHeader {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = reader.is_flexible();
        reader.set_flexible(false);
        let mut header = Self {
            request_api_key: reader.i16()?,
            request_api_version: reader.i16()?,
            correlation_id: reader.i32()?,
            client_id: Wire::read(reader, version)?,
            unknown_tags: UnknownTags::default(),
        };
        reader.set_flexible(flexible);
        if flexible {
            for _ in 0..reader.tag_count()? {
                let (tag, size) = reader.tag()?;
                reader.unknown_tag(tag, size, &mut header.unknown_tags)?;
            }
        }
        Ok(header)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        let flexible = writer.is_flexible();
        writer.set_flexible(false);
        writer.i16(self.request_api_key);
        writer.i16(self.request_api_version);
        writer.i32(self.correlation_id);
        self.client_id.write(writer, version)?;
        writer.set_flexible(flexible);
        writer.tag_count(self.unknown_tags.len())?;
        self.unknown_tags.write(writer, 0, u32::MAX)
    }

    fn json(&self, _version: i16) -> Value {
        json!({
            "requestApiKey": self.request_api_key,
            "requestApiVersion": self.request_api_version,
            "correlationId": self.correlation_id,
            "clientId": self.client_id,
        })
    }
}

impl Message for RequestHeader {
    const NAME: &'static str = "RequestHeader";
    const VERSIONS: std::ops::RangeInclusive<i16> = 1..=2;
    const FLEXIBLE_FROM: i16 = 2;
}

message! {
    /// Before a response. Version 0 with responses that are not flexible, 1 with those that are; always 0 with
    /// ApiVersions.
    ResponseHeader (0..=1, flexible 1) {
        correlation_id: i32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_reads_what_decoding_does() {
        for (version, client_id) in
            [(1, Some("me")), (1, None), (2, Some("me")), (2, None), (2, Some(""))]
        {
            let mut header = RequestHeader {
                request_api_key: 3,
                correlation_id: 7,
                client_id: client_id.map(str::to_owned),
                ..Default::default()
            };
            if version == 2 {
                header.unknown_tags.push(5, b"later");
            }
            let mut writer = Writer::new();
            header.encode(&mut writer, version).unwrap();
            writer.put(b"body");
            let mut reader = Reader::new(writer.freeze());
            let opened =
                RequestHeader::open(&mut reader, version, |client_id| client_id.to_vec()).unwrap();
            assert_eq!(opened, (7, client_id.map(|client_id| client_id.as_bytes().to_vec())));
            assert_eq!(reader.rest(), &b"body"[..]);
        }
        let cut = bytes::Bytes::from_static(b"\0\x03\0\0\0\0\0\x07\0\x05me");
        let opened = RequestHeader::open(&mut Reader::new(cut), 1, |client_id| client_id.len());
        assert_eq!(opened, Err(DecodeError::Truncated));
    }
}
