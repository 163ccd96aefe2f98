//! The frame of a JoinGroup answer. A group's leader is told the metadata of all members: large ones are sent from
//! where the group keeps them, so that an answer of many megabytes takes next to no memory of its own.
//!
//! Decides nothing about the group; an answer without large metadata is framed like any other.

use bytes::Bytes;

use super::answer::{Answer, Outgoing, Part, Pending};
use super::context::{Call, Head};
use super::throttle::Toll;
use super::{Refusal, begin_frame, end_frame, frame, join_group, table};
use crate::wire::codec::{EncodeError, Reader, Wire, Writer};
use crate::wire::message::Message;
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse};

/// Metadata from so many bytes on are a piece of their own; smaller ones are cheaper to copy.
const PIECE_BYTES_MIN: usize = 16 << 10;

/// Decodes the request, runs its handler, and frames the answer.
pub(crate) fn serve(call: Call, reader: Reader) -> Result<Pending, Refusal> {
    let request = table::decode::<JoinGroupRequest>(&call, reader)?;
    let (head, toll) = (call.head(), Toll::of::<JoinGroupRequest>(&call));
    Ok(Box::pin(async move {
        let mut response = join_group::handle(call, request).await;
        if let Some(toll) = toll {
            toll.take(&mut response);
        }
        framed(head, response)
    }))
}

fn framed(head: Head, response: JoinGroupResponse) -> Answer {
    if response.members.iter().all(|member| member.metadata.len() < PIECE_BYTES_MIN) {
        return frame::<JoinGroupRequest>(head, &response);
    }
    match in_pieces(head, response) {
        Ok(outgoing) => Answer::Frame(outgoing),
        Err(error) => {
            // As with any answer that its version cannot hold: the client must not wait for it.
            tracing::error!(%error, "a leader's answer cannot be encoded");
            Answer::Close
        }
    }
}

/// The members are what the answer ends with, and the metadata what a member ends with. Both are encoded empty, and
/// what is there is put in their place.
fn in_pieces(head: Head, mut response: JoinGroupResponse) -> Result<Outgoing, EncodeError> {
    let version = head.version;
    let members = std::mem::take(&mut response.members);
    let mut writer = begin_frame::<JoinGroupRequest>(head)?;
    response.encode(&mut writer, version)?;
    writer.set_flexible(JoinGroupResponse::is_flexible(version));
    replace_empty(&mut writer, members.len())?;
    let mut pieces = Vec::new();
    for mut member in members {
        let metadata: Bytes = std::mem::take(&mut member.metadata);
        member.write(&mut writer, version)?;
        replace_empty(&mut writer, metadata.len())?;
        if metadata.len() < PIECE_BYTES_MIN {
            writer.put(&metadata);
        } else {
            pieces.push(Part::Bytes(writer.buffer().split()));
            pieces.push(Part::Shared(metadata));
        }
        writer.tag_count(0)?;
    }
    writer.tag_count(0)?;
    pieces.push(Part::Bytes(writer.into_buffer()));
    Ok(joined(pieces))
}

/// Takes the empty list or byte string at the end away, with the tags behind it, and begins one of `count`.
fn replace_empty(writer: &mut Writer, count: usize) -> Result<(), EncodeError> {
    let count = u32::try_from(count).map_err(|_| EncodeError::Length(count))?;
    // A compact length and a count of tags, one byte each; or four bytes of length.
    let empty_bytes = if writer.is_flexible() { 2 } else { 4 };
    let end = writer.len().saturating_sub(empty_bytes);
    writer.buffer().truncate(end);
    if writer.is_flexible() {
        // Compact lengths count from 1, since 0 stands for none.
        writer.uvarint(count.wrapping_add(1));
    } else {
        writer.i32(count.cast_signed());
    }
    Ok(())
}

fn joined(pieces: Vec<Part>) -> Outgoing {
    let length = |part: &Part| match part {
        Part::Bytes(bytes) => bytes.len(),
        Part::Shared(bytes) => bytes.len(),
        Part::File(piece) => piece.len,
    };
    let more_bytes = pieces.iter().skip(1).map(length).sum();
    let mut pieces = pieces.into_iter();
    let head = match pieces.next() {
        Some(Part::Bytes(head)) => end_frame(head, more_bytes),
        _ => Default::default(),
    };
    Outgoing { head, tail: pieces.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::messages::join_group::JoinGroupResponseMember;

    fn bytes(answer: Answer) -> (Vec<u8>, usize) {
        let Answer::Frame(outgoing) = answer else { panic!("no frame") };
        let mut all = outgoing.head.to_vec();
        for part in &outgoing.tail {
            match part {
                Part::Bytes(bytes) => all.extend_from_slice(bytes),
                Part::Shared(bytes) => all.extend_from_slice(bytes),
                Part::File(_) => panic!("no file"),
            }
        }
        (all, outgoing.tail.len())
    }

    #[test]
    fn pieces_are_the_frame_in_every_version() {
        let member = |n: usize| JoinGroupResponseMember {
            member_id: format!("member {n}"),
            group_instance_id: None,
            metadata: vec![n as u8; n * PIECE_BYTES_MIN / 2].into(),
            ..Default::default()
        };
        for version in JoinGroupResponse::VERSIONS {
            let response = JoinGroupResponse {
                generation_id: 7,
                protocol_name: Some("range".into()),
                leader: "member 1".into(),
                members: (0..5).map(member).collect(),
                ..Default::default()
            };
            let head = Head { version, correlation_id: 9 };
            let (whole, _) = bytes(frame::<JoinGroupRequest>(head, &response));
            let (pieces, count) = bytes(framed(head, response));
            assert!(whole == pieces, "version {version}");
            // Three are large, and each stands between two others.
            assert_eq!(count, 6);
        }
    }
}
