//! The frame of a fetch response: written by hand, so that records go out as pieces of files and are never copied.
//!
//! The fields around the records are the generated codec's; only the lengths that span the pieces are ours.
//!
//! ```text
//! head   length │ header │ throttle time │ error │ session │ topics… │ partition … length of records │
//! tail   ├ a piece of a file: records      (sendfile)
//!        ├ bytes: tags, the next partition … length of records
//!        ├ a piece of a file
//!        └ bytes: the last tags
//! ```
//!
//! `throttle_time_ms` is always 0 here: who must be silent got `nothing_yet` instead. Once the frame's length is
//! written, as many bytes must follow: a file that turns out to be shorter ends the connection (see `net::output`).

use std::io;

use bytes::BytesMut;

use super::answer::{Answer, FilePiece, Outgoing, Part};
use super::context::{Call, Head};
use super::fetch_read::Read;
use super::fetch_session::{TopicRef, Wanted};
use super::{begin_frame, end_frame};
use crate::error::ErrorCode;
use crate::log::view::RecordsSlice;
use crate::wire::codec::{EncodeError, Wire, Writer};
use crate::wire::message::Message;
use crate::wire::messages::fetch::{FetchRequest, FetchResponse, LeaderIdAndEpoch, PartitionData};

/// Pieces smaller than this are read into the frame: a copy is cheaper than a system call.
const COPY_BYTES_MAX: usize = 16 * 1024;

/// The answer that names those partitions that are `told`.
pub(super) fn build(
    call: &Call,
    session_id: i32,
    wanted: &[Wanted],
    reads: Vec<Read>,
    told: &[bool],
) -> Answer {
    let shown: Vec<(&Wanted, Read)> = wanted
        .iter()
        .zip(reads)
        .zip(told)
        .filter(|(_, told)| **told)
        .map(|(shown, _)| shown)
        .collect();
    match encode(call.head(), session_id, shown) {
        Ok(outgoing) => Answer::Frame(outgoing),
        Err(error) => {
            tracing::error!(version = call.version, %error, "fetch response cannot be encoded");
            Answer::Close
        }
    }
}

/// Pieces gathered so far; the last is still being written to.
struct Rope {
    /// Those that are done.
    pieces: Vec<Part>,
    /// The piece under way: always bytes.
    writer: Writer,
    /// Whether lengths are varints, and structures end in tags (KIP-482).
    flexible: bool,
    version: i16,
}

fn encode(
    head: Head,
    session_id: i32,
    mut shown: Vec<(&Wanted, Read)>,
) -> Result<Outgoing, EncodeError> {
    let version = head.version;
    let writer = begin_frame::<FetchRequest>(head)?;
    let mut rope =
        Rope { pieces: Vec::new(), writer, flexible: FetchResponse::is_flexible(version), version };
    rope.writer.i32(0); // throttle time
    if version >= 7 {
        rope.writer.i16(0);
        rope.writer.i32(session_id);
    }
    // Partitions of one topic that stand together share its header.
    let mut topics = 0;
    for (place, (wanted, _)) in shown.iter().enumerate() {
        if place == 0 || shown[place - 1].0.topic != wanted.topic {
            topics += 1;
        }
    }
    rope.count(topics);
    let mut rest = shown.drain(..).peekable();
    while let Some((wanted, read)) = rest.next() {
        let mut group = vec![read];
        while let Some((_, read)) = rest.next_if(|(next, _)| next.topic == wanted.topic) {
            group.push(read);
        }
        rope.topic(&wanted.topic)?;
        rope.count(group.len());
        for read in group {
            rope.partition(read)?;
        }
        rope.no_tags();
    }
    rope.no_tags();
    Ok(rope.finish())
}

impl Rope {
    /// The length of an array. A compact one counts from 1, since 0 stands for none.
    fn count(&mut self, count: usize) {
        if self.flexible {
            self.writer.uvarint(count as u32 + 1);
        } else {
            self.writer.i32(count as i32);
        }
    }

    fn no_tags(&mut self) {
        if self.flexible {
            self.writer.uvarint(0);
        }
    }

    fn topic(&mut self, topic: &TopicRef) -> Result<(), EncodeError> {
        self.writer.set_flexible(self.flexible);
        match topic {
            TopicRef::Id(id) => self.writer.put(id.as_bytes()),
            TopicRef::Name(name) => name.write(&mut self.writer, self.version)?,
        }
        Ok(())
    }

    /// Encodes a partition with empty records, then puts the true length and the records where the empty ones are:
    /// right at the end, or before the count of tagged fields, which is 0 for any partition that has records.
    fn partition(&mut self, read: Read) -> Result<(), EncodeError> {
        let (data, slices) = read.into_parts();
        // Before anything is promised: what cannot be read is an error of its partition.
        let (data, slices) = match slices.iter().map(load).collect::<io::Result<Vec<_>>>() {
            Ok(loaded) => (data, loaded),
            Err(error) => {
                tracing::error!(partition = data.partition_index, %error, "records cannot be read");
                (unreadable(&data), Vec::new())
            }
        };
        let length: usize = slices.iter().map(Loaded::len).sum();
        let mut data = PartitionData { records: Some(bytes::Bytes::new()), ..data };
        if self.version < 12 {
            data.current_leader = LeaderIdAndEpoch::default();
        }
        data.write(&mut self.writer, self.version)?;
        if length == 0 {
            return Ok(());
        }
        // Empty records are `1` as a compact length and `0` tags, two bytes; or four bytes of length.
        let tail = if self.flexible { 2 } else { 4 };
        let written = self.writer.len();
        self.writer.buffer().truncate(written - tail);
        if self.flexible {
            self.writer.uvarint(length as u32 + 1);
        } else {
            self.writer.i32(length as i32);
        }
        for slice in slices {
            let file = match slice {
                Loaded::Copied(bytes) => {
                    self.writer.put(&bytes);
                    continue;
                }
                Loaded::File(file) => file,
            };
            let done = std::mem::replace(&mut self.writer, Writer::with_capacity(64));
            self.pieces.push(Part::Bytes(done.into_buffer()));
            self.writer.set_flexible(self.flexible);
            self.pieces.push(Part::File(file));
        }
        self.no_tags();
        Ok(())
    }

    fn finish(mut self) -> Outgoing {
        self.pieces.push(Part::Bytes(self.writer.into_buffer()));
        let length = |part: &Part| match part {
            Part::Bytes(bytes) => bytes.len(),
            Part::Shared(bytes) => bytes.len(),
            Part::File(piece) => piece.len,
        };
        let more_bytes = self.pieces.iter().skip(1).map(length).sum();
        let mut pieces = self.pieces.into_iter();
        let head = match pieces.next() {
            Some(Part::Bytes(head)) => end_frame(head, more_bytes),
            _ => BytesMut::new(),
        };
        Outgoing { head, tail: pieces.collect() }
    }
}

/// A run of batches on its way out.
enum Loaded {
    Copied(Vec<u8>),
    File(FilePiece),
}

impl Loaded {
    const fn len(&self) -> usize {
        match self {
            Self::Copied(bytes) => bytes.len(),
            Self::File(piece) => piece.len,
        }
    }
}

/// Reads a small run; a large one goes from its file to the socket.
fn load(slice: &RecordsSlice) -> io::Result<Loaded> {
    if let Some(file) = slice.file.as_std().filter(|_| slice.len > COPY_BYTES_MAX) {
        let file = file.clone();
        return Ok(Loaded::File(FilePiece { file, position: slice.position, len: slice.len }));
    }
    let mut bytes = Vec::with_capacity(slice.len);
    slice.read_into(&mut bytes)?;
    Ok(Loaded::Copied(bytes))
}

/// What a partition is told whose records the disk does not give.
fn unreadable(data: &PartitionData) -> PartitionData {
    PartitionData {
        partition_index: data.partition_index,
        error_code: ErrorCode::KafkaStorageError.code(),
        high_watermark: -1,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;
    use std::sync::Arc;

    use super::*;
    use crate::api::frame;
    use crate::log::files::{File, Files, disk::Disk};
    use crate::types::Uuid;
    use crate::wire::messages::fetch::{EpochEndOffset, FetchableTopicResponse};

    /// What stands for the records of partitions, one behind the other in a file.
    struct Records {
        file: Arc<dyn File>,
        bytes: Vec<u8>,
        _dir: tempfile::TempDir,
    }

    impl Records {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
            let file = Disk.create(&dir.path().join("records")).unwrap();
            file.pwritev(&mut [io::IoSlice::new(&bytes)], 0).unwrap();
            Self { file, bytes, _dir: dir }
        }

        fn slice(&self, position: usize, len: usize) -> RecordsSlice {
            RecordsSlice { file: self.file.clone(), position: position as u64, len }
        }
    }

    /// A partition, and where its records lie.
    fn partition(index: i32, version: i16) -> (PartitionData, Vec<(usize, usize)>) {
        let data = PartitionData {
            partition_index: index,
            high_watermark: 7_000_000_019,
            last_stable_offset: if version >= 4 { 7_000_000_000 } else { -1 },
            log_start_offset: if version >= 5 { i64::from(index) << 33 } else { -1 },
            preferred_read_replica: -1,
            ..Default::default()
        };
        match index % 5 {
            0 => (data, vec![]),
            1 => (data, vec![(10, 500)]),
            // Two segments, one of which goes from its file.
            2 => (data, vec![(0, 60_000), (70_000, 90)]),
            3 => (data, vec![(3, COPY_BYTES_MAX + 1), (100_000, COPY_BYTES_MAX), (9, 100_000)]),
            _ if version >= 12 => {
                let diverging_epoch =
                    EpochEndOffset { epoch: 3, end_offset: 9, ..Default::default() };
                (PartitionData { diverging_epoch, ..data }, vec![])
            }
            _ => (PartitionData { error_code: 1, ..data }, vec![]),
        }
    }

    fn wanted_of(topic: TopicRef, partition: i32) -> Wanted {
        Wanted {
            topic,
            partition,
            fetch_offset: 0,
            max_bytes: i32::MAX,
            leader_epoch: -1,
            last_fetched_epoch: -1,
            log_start_offset: -1,
        }
    }

    fn flat(outgoing: Outgoing) -> Vec<u8> {
        let mut bytes = outgoing.head.to_vec();
        for part in outgoing.tail {
            match part {
                Part::Bytes(more) => bytes.extend(more),
                Part::Shared(more) => bytes.extend(more),
                Part::File(FilePiece { file, position, len }) => {
                    let from = bytes.len();
                    bytes.resize(from + len, 0);
                    file.read_exact_at(&mut bytes[from..], position).unwrap();
                }
            }
        }
        bytes
    }

    #[test]
    fn it_is_what_the_schema_writes() {
        let records = Records::new();
        for version in FetchResponse::VERSIONS {
            for shape in [&[][..], &[1], &[5], &[3, 1, 130], &[1; 130]] {
                let head = Head { version, correlation_id: i32::from(version) << 20 };
                let (mut wanted, mut reads, mut responses) = (Vec::new(), Vec::new(), Vec::new());
                for (place, count) in shape.iter().enumerate() {
                    let (name, id) = (format!("topic-{place}"), Uuid::random());
                    let mut topic = FetchableTopicResponse::default();
                    match version {
                        13.. => topic.topic_id = id,
                        _ => topic.topic = name.as_str().into(),
                    }
                    for index in 0..*count {
                        let named = match version {
                            13.. => TopicRef::Id(id),
                            _ => TopicRef::Name(name.clone()),
                        };
                        wanted.push(wanted_of(named, index));
                        let (data, places) = partition(index, version);
                        let slices = places.iter().map(|(at, len)| records.slice(*at, *len));
                        reads.push(Read::of(data.clone(), slices.collect()));
                        let all: Vec<&[u8]> =
                            places.iter().map(|(at, len)| &records.bytes[*at..at + len]).collect();
                        topic
                            .partitions
                            .push(PartitionData { records: Some(all.concat().into()), ..data });
                    }
                    responses.push(topic);
                }
                let session_id = if version >= 7 { 77 } else { 0 };
                let response = FetchResponse { session_id, responses, ..Default::default() };
                let Answer::Frame(schema) = frame::<FetchRequest>(head, &response) else {
                    panic!("the schema writes it")
                };
                let hand = encode(head, session_id, wanted.iter().zip(reads).collect()).unwrap();
                assert!(flat(hand) == flat(schema), "version {version}, {shape:?}");
            }
        }
    }
}
