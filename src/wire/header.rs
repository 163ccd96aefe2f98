//! What stands before every request and response in its frame.
//!
//! Written out by hand because of one exception: the client id is never compact, even where the header is flexible
//! (KIP-482), so that a broker can read it before it knows the client's version.

use serde_json::{Value, json};

use super::codec::{DecodeError, EncodeError, Reader, Text, UnknownTags, Wire, Writer};
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
    pub client_id: Option<Text>,
    /// Tagged fields, of which Kafka knows none.
    pub unknown_tags: UnknownTags,
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
            "clientId": self.client_id.as_deref(),
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
