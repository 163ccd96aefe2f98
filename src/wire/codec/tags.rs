//! Tagged fields of other versions (KIP-482), passed through unread. Never interprets them.

use std::fmt;

use super::error::EncodeError;
use super::writer::Writer;

/// Tagged fields that this version of Kafka does not know, kept as they came, in one piece of memory.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnknownTags(Option<Box<RawTags>>);

#[derive(Clone, Default, PartialEq, Eq)]
struct RawTags {
    count: usize,
    /// Number, size and body of each, as on the wire.
    bytes: Vec<u8>,
}

impl UnknownTags {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |raw| raw.count)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds one. They are written in the order they are added, which must be ascending.
    pub fn push(&mut self, tag: u32, body: &[u8]) {
        let raw = self.0.get_or_insert_default();
        raw.count += 1;
        push_uvarint(&mut raw.bytes, tag);
        push_uvarint(&mut raw.bytes, body.len() as u32);
        raw.bytes.extend_from_slice(body);
    }

    /// Number and body of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let mut rest = self.0.as_ref().map_or(&[][..], |raw| &raw.bytes[..]);
        std::iter::from_fn(move || {
            let tag = split_uvarint(&mut rest)?;
            let size = split_uvarint(&mut rest)?;
            let (body, after) = rest.split_at_checked(size as usize)?;
            rest = after;
            Some((tag, body))
        })
    }

    /// Writes those of a number from `from` up to but without `to`, where a struct has a tagged field of its own.
    pub fn write(&self, writer: &mut Writer, from: u32, to: u32) -> Result<(), EncodeError> {
        if self.is_empty() {
            return Ok(());
        }
        let mut last = None;
        for (tag, body) in self.iter() {
            if last.is_some_and(|last| last >= tag) || tag == to {
                return Err(EncodeError::Tags);
            }
            last = Some(tag);
            if tag >= from && tag < to {
                writer.uvarint(tag);
                writer.uvarint(body.len() as u32);
                writer.put(body);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for UnknownTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

fn push_uvarint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn split_uvarint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
