//! What every message can do, and `message!`, the language that their schemas are written in.
//!
//! ```text
//! message! {
//!     /// Asks for records.                                    a message: its versions, and the first flexible one
//!     FetchRequest (4..=18, flexible 12) {
//!         [4..=14] replica_id: i32 = -1;                       in versions 4 to 14; −1 where nothing is said
//!         max_wait_ms: i32;                                    in every version of the struct
//!         [7.., ignorable] session_id: i32;                    from 7; dropped on the way to earlier versions, while
//!         topics: Vec<FetchTopic>;                             without `ignorable` a value that matters is refused
//!         name: Option<String> [null 10..];                    null only from 10; without `[null …]` always
//!         @0 [12..] cluster_id: Option<String>;                tagged field 0, absent on the wire when at its default
//!     }
//!     /// What to fetch of one topic.                          a struct within: no versions of its own
//!     FetchTopic { … }
//! }
//! ```
//!
//! Untagged fields stand in the order of the wire, tagged ones after them by number. Names are Kafka's in snake case,
//! from which the camel case of its JSON follows. Decoding leaves what follows a message to the caller.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use bytes::Bytes;
use serde_json::Value;

use super::api_key::ApiKey;
use super::codec::{DecodeError, EncodeError, Reader, Wire, Writer};

/// The first flexible version of a message that has none.
pub const NEVER_FLEXIBLE: i16 = i16::MAX;

/// A request, a response, a header or a stored record, in all its versions.
pub trait Message: Wire + Default + Clone + PartialEq + Debug {
    /// Kafka's name of it.
    const NAME: &'static str;
    /// The versions that can be read and written.
    const VERSIONS: RangeInclusive<i16>;
    /// From this version on, lengths are compact and structs have tagged fields (KIP-482).
    const FLEXIBLE_FROM: i16;

    /// Whether `version` is flexible.
    fn is_flexible(version: i16) -> bool {
        version >= Self::FLEXIBLE_FROM
    }

    /// Reads a message of `version`, and leaves what follows it unread.
    fn decode(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        if !Self::VERSIONS.contains(&version) {
            return Err(DecodeError::Version(version));
        }
        reader.set_flexible(Self::is_flexible(version));
        Self::read(reader, version)
    }

    /// Writes the message in `version`. On an error the writer's buffer holds part of it.
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if !Self::VERSIONS.contains(&version) {
            return Err(EncodeError::Version(version));
        }
        writer.set_flexible(Self::is_flexible(version));
        self.write(writer, version)
    }

    /// The message as Kafka's JSON converters print it in `version`: without fields that the version lacks and tagged
    /// ones at their default; bytes as base64.
    fn to_json(&self, version: i16) -> Value {
        self.json(version)
    }

    /// Reads a message behind its version, as coordinators and the consumer protocol store it: an i16, then the
    /// message. Answers the version too.
    fn decode_versioned(bytes: Bytes) -> Result<(Self, i16), DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = reader.i16()?;
        Ok((Self::decode(&mut reader, version)?, version))
    }

    /// Writes the message behind its version, an i16.
    fn encode_versioned(&self, version: i16) -> Result<Bytes, EncodeError> {
        let mut writer = Writer::new();
        writer.i16(version);
        self.encode(&mut writer, version)?;
        Ok(writer.freeze())
    }
}

/// A message that asks, and what answers it.
pub trait Request: Message {
    /// Its API.
    const KEY: ApiKey;
    /// What the answer looks like, in the version of the request.
    type Response: Message;
}

/// Kafka's name of a field: `topic_id` is `topicId`. Only `kRaft…` does not follow from its snake case.
pub(crate) fn camel(snake: &str) -> String {
    let snake = snake.trim_start_matches("r#");
    let mut camel = String::with_capacity(snake.len());
    let mut upper = false;
    for letter in snake.chars() {
        match letter {
            '_' => upper = true,
            letter if upper => {
                camel.push(letter.to_ascii_uppercase());
                upper = false;
            }
            letter => camel.push(letter),
        }
    }
    match camel.strip_prefix("kraft") {
        Some(rest) => format!("kRaft{rest}"),
        None => camel,
    }
}

/// A field's default: what is said, or the type's own.
macro_rules! default_value {
    ($type:ty) => {
        <$type as Default>::default()
    };
    ($type:ty, $default:expr) => {
        $default
    };
}

/// Whether a field is there.
macro_rules! in_versions {
    ($version:ident) => {
        true
    };
    ($version:ident, $versions:pat) => {
        matches!($version, $versions)
    };
}

/// What to do with a value that the version has no field for.
macro_rules! absent {
    ($message:ident $version:ident $name:ident, $type:ty, [$($default:expr)?]) => {};
    ($message:ident $version:ident $name:ident, $type:ty, [$($default:expr)?] $versions:pat, $ignorable:ident) => {};
    ($message:ident $version:ident $name:ident, $type:ty, [$($default:expr)?] $versions:pat) => {
        if !matches!($version, $versions)
            && $message.$name != $crate::wire::message::default_value!($type $(, $default)?)
        {
            return Err($crate::wire::codec::EncodeError::Field(stringify!($name), $version));
        }
    };
}

/// Defines messages and the structs within them; the language is described above.
macro_rules! message {
    ($(
        $(#[$doc:meta])*
        $name:ident $(($min:literal ..= $max:literal $(, flexible $flexible:literal)?))? {
            $($([$versions:pat $(, $ignorable:ident)?])? $field:ident: $type:ty $([null $null:pat])?
                $(= $default:expr)?;)*
            $(@$tag:literal $([$tag_versions:pat $(, $tag_ignorable:ident)?])? $tag_field:ident: $tag_type:ty
                $(= $tag_default:expr)?;)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub struct $name {
            $(pub $field: $type,)*
            $(pub $tag_field: $tag_type,)*
            pub unknown_tags: $crate::wire::codec::UnknownTags,
        }

        #[allow(unused_imports, unused_variables, unused_mut, unused_assignments)]
        const _: () = {
        use $crate::wire::codec::{DecodeError, EncodeError, Reader, UnknownTags, Wire, Writer};
        use $crate::wire::message::{absent, camel, default_value, in_versions};

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: default_value!($type $(, $default)?),)*
                    $($tag_field: default_value!($tag_type $(, $tag_default)?),)*
                    unknown_tags: UnknownTags::default(),
                }
            }
        }

        impl Wire for $name {
            fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
                let mut message = Self {
                    $($field: if in_versions!(version $(, $versions)?) {
                        Wire::read(reader, version)?
                    } else {
                        default_value!($type $(, $default)?)
                    },)*
                    $($tag_field: default_value!($tag_type $(, $tag_default)?),)*
                    unknown_tags: UnknownTags::default(),
                };
                $($(if message.$field.is_none() && !matches!(version, $null) {
                    return Err(DecodeError::Null);
                })?)*
                if reader.is_flexible() {
                    for _ in 0..reader.tag_count()? {
                        let (tag, size) = reader.tag()?;
                        match tag {
                            $($tag => {
                                if !in_versions!(version $(, $tag_versions)?) {
                                    return Err(DecodeError::Tag(tag));
                                }
                                message.$tag_field = Wire::read_tagged(reader, version)?;
                            })*
                            _ => reader.unknown_tag(tag, size, &mut message.unknown_tags)?,
                        }
                    }
                }
                Ok(message)
            }

            fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
                $(
                    $(if self.$field.is_none() && !matches!(version, $null) {
                        return Err(EncodeError::Null(stringify!($field), version));
                    })?
                    absent!(self version $field, $type, [$($default)?] $($versions $(, $ignorable)?)?);
                    if in_versions!(version $(, $versions)?) {
                        self.$field.write(writer, version)?;
                    }
                )*
                let mut tags = self.unknown_tags.len();
                $(
                    absent!(self version $tag_field, $tag_type, [$($tag_default)?]
                        $($tag_versions $(, $tag_ignorable)?)?);
                    let $tag_field = in_versions!(version $(, $tag_versions)?)
                        && self.$tag_field != default_value!($tag_type $(, $tag_default)?);
                    tags += usize::from($tag_field);
                )*
                writer.tag_count(tags)?;
                let mut next_tag = 0;
                $(if $tag_field {
                    self.unknown_tags.write(writer, next_tag, $tag)?;
                    writer.tagged($tag, |writer| self.$tag_field.write_tagged(writer, version))?;
                    next_tag = $tag + 1;
                })*
                self.unknown_tags.write(writer, next_tag, u32::MAX)
            }

            #[allow(unreachable_code)]
            fn throttle_time_ms(&mut self) -> Option<&mut i32> {
                $($crate::wire::message::throttle_field!(self $field);)*
                None
            }

            fn json(&self, version: i16) -> serde_json::Value {
                let mut object = serde_json::Map::new();
                $(if in_versions!(version $(, $versions)?) {
                    object.insert(camel(stringify!($field)), self.$field.json(version));
                })*
                $(if in_versions!(version $(, $tag_versions)?)
                    && self.$tag_field != default_value!($tag_type $(, $tag_default)?)
                {
                    object.insert(camel(stringify!($tag_field)), self.$tag_field.json(version));
                })*
                serde_json::Value::Object(object)
            }
        }
        };

        $(impl $crate::wire::message::Message for $name {
            const NAME: &'static str = stringify!($name);
            const VERSIONS: std::ops::RangeInclusive<i16> = $min..=$max;
            const FLEXIBLE_FROM: i16 = $crate::wire::message::flexible_from!($($flexible)?);
        })?
    )*};
}

/// Finds the field that all answers call the same.
macro_rules! throttle_field {
    ($message:ident throttle_time_ms) => {
        return Some(&mut $message.throttle_time_ms)
    };
    ($message:ident $other:ident) => {};
}

macro_rules! flexible_from {
    () => {
        crate::wire::message::NEVER_FLEXIBLE
    };
    ($version:literal) => {
        $version
    };
}

/// Ties a request to its API and its response.
macro_rules! request {
    ($key:ident: $request:ident => $response:ident) => {
        impl $crate::wire::message::Request for $request {
            const KEY: $crate::wire::api_key::ApiKey = $crate::wire::api_key::ApiKey::$key;
            type Response = $response;
        }
    };
}

/// An enum over the kinds of records that one log holds, by Kafka's number of each.
macro_rules! record_types {
    ($(#[$doc:meta])* $name:ident { $($variant:ident($type:ident) = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum $name {
            $($variant($type),)*
        }

        impl $name {
            /// Kafka's number of the record's type.
            pub fn key(&self) -> i16 {
                match self {
                    $(Self::$variant(_) => $key,)*
                }
            }

            /// Kafka's name of the record's type.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => <$type as $crate::wire::message::Message>::NAME,)*
                }
            }

            /// The highest version of the record's type.
            pub fn version_max(&self) -> i16 {
                match self {
                    $(Self::$variant(_) => *<$type as $crate::wire::message::Message>::VERSIONS.end(),)*
                }
            }

            /// The record without its frame, as Kafka's JSON converters print it.
            pub fn to_json(&self, version: i16) -> serde_json::Value {
                match self {
                    $(Self::$variant(record) => $crate::wire::codec::Wire::json(record, version),)*
                }
            }

            fn decode_body(key: i32, version: i16, reader: &mut $crate::wire::codec::Reader)
                -> Result<Self, $crate::wire::codec::DecodeError> {
                match key {
                    $($key => <$type as $crate::wire::message::Message>::decode(reader, version).map(Self::$variant),)*
                    _ => Err($crate::wire::codec::DecodeError::UnknownType(key)),
                }
            }

            fn encode_body(&self, version: i16, writer: &mut $crate::wire::codec::Writer)
                -> Result<(), $crate::wire::codec::EncodeError> {
                match self {
                    $(Self::$variant(record) => $crate::wire::message::Message::encode(record, writer, version),)*
                }
            }
        }

        $(impl From<$type> for $name {
            fn from(record: $type) -> Self {
                Self::$variant(record)
            }
        })*
    };
}

/// Framing as coordinators frame a record's key: an i16 type, then the key, whose version is always 0.
macro_rules! typed_key {
    ($name:ident) => {
        impl $name {
            /// Reads a record's key.
            pub fn decode(bytes: bytes::Bytes) -> Result<Self, $crate::wire::codec::DecodeError> {
                let mut reader = $crate::wire::codec::Reader::new(bytes);
                let key = reader.i16()?;
                Self::decode_body(i32::from(key), 0, &mut reader)
            }

            /// Writes a record's key.
            pub fn encode(&self) -> Result<bytes::Bytes, $crate::wire::codec::EncodeError> {
                let mut writer = $crate::wire::codec::Writer::new();
                writer.i16(self.key());
                self.encode_body(0, &mut writer)?;
                Ok(writer.freeze())
            }
        }
    };
}

/// Framing as coordinators frame a record's value: an i16 version, then the value, whose type its key tells.
macro_rules! versioned_value {
    ($name:ident) => {
        impl $name {
            /// Reads the value of a record whose key is of the type `key`.
            pub fn decode(
                key: i16,
                bytes: bytes::Bytes,
            ) -> Result<Self, $crate::wire::codec::DecodeError> {
                let mut reader = $crate::wire::codec::Reader::new(bytes);
                let version = reader.i16()?;
                Self::decode_body(i32::from(key), version, &mut reader)
            }

            /// Writes a record's value in `version`.
            pub fn encode(
                &self,
                version: i16,
            ) -> Result<bytes::Bytes, $crate::wire::codec::EncodeError> {
                let mut writer = $crate::wire::codec::Writer::new();
                writer.i16(version);
                self.encode_body(version, &mut writer)?;
                Ok(writer.freeze())
            }
        }
    };
}

/// Framing as metadata and remote log records are framed: frame version 1, type, version as varints, then the record.
macro_rules! framed_record {
    ($name:ident) => {
        impl $name {
            /// Reads a record's value; bytes beyond it are refused.
            pub fn decode(bytes: bytes::Bytes) -> Result<Self, $crate::wire::codec::DecodeError> {
                Self::decode_with_version(bytes).map(|(record, _)| record)
            }

            /// Reads a record's value and the version it was written in.
            pub fn decode_with_version(
                bytes: bytes::Bytes,
            ) -> Result<(Self, i16), $crate::wire::codec::DecodeError> {
                let mut reader = $crate::wire::codec::Reader::new(bytes);
                let frame = reader.uvarint()? as i32;
                if frame != 1 {
                    return Err($crate::wire::codec::DecodeError::Frame(frame));
                }
                let key = reader.uvarint()? as i32;
                let version = reader.uvarint()? as i32;
                let version = i16::try_from(version)
                    .map_err(|_| $crate::wire::codec::DecodeError::Version(i16::MAX))?;
                let record = Self::decode_body(key, version, &mut reader)?;
                match reader.remaining() {
                    0 => Ok((record, version)),
                    left => Err($crate::wire::codec::DecodeError::Trailing(left)),
                }
            }

            /// Writes a record's value in `version`.
            pub fn encode(
                &self,
                version: i16,
            ) -> Result<bytes::Bytes, $crate::wire::codec::EncodeError> {
                let mut writer = $crate::wire::codec::Writer::new();
                writer.uvarint(1);
                writer.uvarint(self.key() as u32);
                writer.uvarint(version as u32);
                self.encode_body(version, &mut writer)?;
                Ok(writer.freeze())
            }
        }
    };
}

pub(crate) use {
    absent, default_value, flexible_from, framed_record, in_versions, message, record_types,
    request, throttle_field, typed_key, versioned_value,
};

#[cfg(test)]
mod tests;
