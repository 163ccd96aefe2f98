//! Snapshots of the metadata log, in Kafka's form (KIP-630): `<20 digits: end offset>-<10 digits: epoch>.checkpoint`.
//!
//! ```text
//! control batch   SnapshotHeader, and where kraft.version > 0: KRaftVersion, KRaftVoters
//! batches         the image's records, at most 1024 to a batch, offsets counted from the file's beginning
//! control batch   SnapshotFooter
//! ```
//!
//! The end offset is one beyond the last record within, the epoch is that record's. Never decides when to make one.

use std::io;
use std::path::Path;

use bytes::Bytes;

use super::delta::Delta;
use super::features::MetadataVersion;
use super::image::{Image, Provenance};
use super::records::{each_record, record_version};
use crate::error::Error;
use crate::log::files::{Durability, Files, remove_if_there, replace};
use crate::types::{LeaderEpoch, Millis, Offset};
use crate::wire::codec::{Reader, Writer};
use crate::wire::message::Message;
use crate::wire::records::{Batch, BatchBuilder, ControlType, split};
use crate::wire::stored::metadata::MetadataRecord;
use crate::wire::stored::raft::{
    KRaftVersionRecord, SnapshotFooterRecord, SnapshotHeaderRecord, VotersRecord,
};

/// What every snapshot's name ends with.
pub const SUFFIX: &str = ".checkpoint";

const BATCH_RECORDS_MAX: usize = 1_024;
const BATCH_BYTES_MAX: usize = 1 << 20;
/// What a batch of metadata may unpack to, in the log as in a snapshot of it, in bytes. Kafka writes at most 8 MiB;
/// this is against nonsense, and as much as may wait to be written.
pub const BATCH_UNPACKED_MAX: usize = 256 << 20;

/// Which snapshot: up to where in the log it reaches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SnapshotId {
    /// One beyond the offset of the last record in it.
    pub offset: Offset,
    /// The epoch of that record.
    pub epoch: LeaderEpoch,
}

impl SnapshotId {
    /// What a cluster is formatted with.
    pub const BOOTSTRAP: Self = Self { offset: 0, epoch: 0 };

    /// The snapshot of an image that reaches up to `provenance`.
    pub const fn of(provenance: Provenance) -> Self {
        Self { offset: provenance.snapshot_offset(), epoch: provenance.epoch }
    }

    /// The name of its file.
    pub fn file_name(self) -> String {
        format!("{:020}-{:010}{SUFFIX}", self.offset, self.epoch)
    }

    /// The snapshot whose file has this name; none for other files.
    pub fn parse(file_name: &str) -> Option<Self> {
        let (offset, epoch) = file_name.strip_suffix(SUFFIX)?.split_once('-')?;
        let digits = |text: &str, count| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(offset, 20) || !digits(epoch, 10) {
            return None;
        }
        Some(Self { offset: offset.parse().ok()?, epoch: epoch.parse().ok()? })
    }
}

/// What a snapshot says beside its records.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Contents {
    /// The append time of the last record in it; 0 where there is none.
    pub last_contained_log_timestamp: Millis,
    /// The quorum's feature level.
    pub kraft_version: i16,
    /// The quorum's voters; none where their addresses are configuration.
    pub voters: Option<VotersRecord>,
}

/// A snapshot in the making, in memory.
pub struct SnapshotWriter {
    /// Batches that are done.
    out: Vec<u8>,
    /// The one that is being filled.
    batch: BatchBuilder,
    /// Counted from the file's beginning: a snapshot's own offsets, which have nothing to do with the log's.
    next_offset: Offset,
    epoch: LeaderEpoch,
    now: Millis,
}

impl SnapshotWriter {
    /// Begins the snapshot `id` at the time `now`.
    pub fn new(id: SnapshotId, contents: &Contents, now: Millis) -> Self {
        let batch = BatchBuilder::new();
        let mut writer = Self { out: Vec::new(), batch, next_offset: 0, epoch: id.epoch, now };
        let header = SnapshotHeaderRecord {
            last_contained_log_timestamp: contents.last_contained_log_timestamp,
            ..Default::default()
        };
        let mut control = writer.control_batch();
        control.append(now, Some(&ControlType::SnapshotHeader.key()), Some(&message(&header)));
        if contents.kraft_version > 0 {
            let version =
                KRaftVersionRecord { kraft_version: contents.kraft_version, ..Default::default() };
            control.append(now, Some(&ControlType::KraftVersion.key()), Some(&message(&version)));
            if let Some(voters) = &contents.voters {
                control.append(now, Some(&ControlType::KraftVoters.key()), Some(&message(voters)));
            }
        }
        writer.push(control);
        writer.batch = writer.data_batch();
        writer
    }

    /// Adds a record as a cluster at `version` writes it. Error: `version` has no place for what the record says.
    pub fn append(
        &mut self,
        record: &MetadataRecord,
        version: MetadataVersion,
    ) -> Result<(), Error> {
        if self.batch.len() >= BATCH_RECORDS_MAX
            || self.batch.uncompressed_size() >= BATCH_BYTES_MAX
        {
            self.flush();
        }
        let value = record.encode(record_version(record, version)).map_err(corrupt)?;
        self.batch.append(self.now, None, Some(&value));
        Ok(())
    }

    /// The bytes of the snapshot.
    pub fn finish(mut self) -> Bytes {
        self.flush();
        let mut control = self.control_batch();
        let footer = message(&SnapshotFooterRecord::default());
        control.append(self.now, Some(&ControlType::SnapshotFooter.key()), Some(&footer));
        self.push(control);
        self.out.into()
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.push(batch);
            self.batch = self.data_batch();
        }
    }

    fn push(&mut self, batch: BatchBuilder) {
        self.next_offset += i64::try_from(batch.len()).unwrap_or(0);
        self.out.extend_from_slice(&batch.build());
    }

    fn data_batch(&self) -> BatchBuilder {
        BatchBuilder::new().base_offset(self.next_offset).partition_leader_epoch(self.epoch)
    }

    fn control_batch(&self) -> BatchBuilder {
        self.data_batch().control(true)
    }
}

impl std::fmt::Debug for SnapshotWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotWriter")
            .field("next_offset", &self.next_offset)
            .finish_non_exhaustive()
    }
}

/// The snapshot of `image`, made at the time `now`.
pub fn encode(image: &Image, contents: &Contents, now: Millis) -> Result<Bytes, Error> {
    let version = image.features.metadata_version();
    let mut writer = SnapshotWriter::new(SnapshotId::of(image.provenance), contents, now);
    let mut outcome = Ok(());
    image.visit_records(version, |record| {
        if outcome.is_ok() {
            outcome = writer.append(&record, version);
        }
    });
    outcome.map(|()| writer.finish())
}

/// Reads the bytes of a snapshot, giving each record to `each`. Error: anything but a whole snapshot.
pub fn decode(
    bytes: &[u8],
    mut each: impl FnMut(MetadataRecord) -> Result<(), Error>,
) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    let (mut began, mut ended) = (false, false);
    let mut place = None;
    let mut batches = split(bytes);
    for batch in &mut batches {
        let batch = batch.map_err(corrupt)?;
        batch.check_crc().map_err(corrupt)?;
        if ended {
            return Err(corrupt("there is more behind the footer"));
        }
        let found = (batch.header().base_offset, batch.header().partition_leader_epoch);
        // One epoch throughout, and no gaps: pieces of two snapshots in one file are found out.
        let (offset, epoch) = *place.get_or_insert(found);
        if found != (offset, epoch) {
            return Err(corrupt("its batches do not follow one another"));
        }
        place = Some((batch.header().next_offset(), epoch));
        if batch.header().is_control() {
            decode_control(&batch, &mut contents, &mut began, &mut ended)?;
        } else if began {
            each_record(&batch, BATCH_UNPACKED_MAX, |_, record| each(record))?;
        }
        if !began {
            return Err(corrupt("it does not begin with a header"));
        }
    }
    match (ended, batches.position() == bytes.len()) {
        (true, true) => Ok(contents),
        (true, false) => Err(corrupt("there is more behind the footer")),
        (false, _) => Err(corrupt("it ends without a footer")),
    }
}

fn decode_control(
    batch: &Batch<'_>,
    contents: &mut Contents,
    began: &mut bool,
    ended: &mut bool,
) -> Result<(), Error> {
    for record in batch.payload(BATCH_UNPACKED_MAX).map_err(corrupt)?.records() {
        let record = record.map_err(corrupt)?;
        let value = record.value.unwrap_or_default();
        match ControlType::parse(record.key).map_err(corrupt)? {
            ControlType::SnapshotHeader if !*began => {
                let header: SnapshotHeaderRecord = parse(value)?;
                contents.last_contained_log_timestamp = header.last_contained_log_timestamp;
                *began = true;
            }
            ControlType::KraftVersion => {
                contents.kraft_version = parse::<KRaftVersionRecord>(value)?.kraft_version
            }
            ControlType::KraftVoters => contents.voters = Some(parse(value)?),
            ControlType::SnapshotFooter => {
                parse::<SnapshotFooterRecord>(value)?;
                *ended = true;
            }
            other => {
                return Err(corrupt(format_args!("a control record of the type {}", other.name())));
            }
        }
    }
    Ok(())
}

/// The image in the bytes of the snapshot `id`.
pub fn image(bytes: &[u8], id: SnapshotId) -> Result<(Image, Contents), Error> {
    let mut delta = Delta::new(&Image::default());
    let contents = decode(bytes, |record| delta.replay(&record))?;
    let timestamp = contents.last_contained_log_timestamp;
    let provenance = Provenance { offset: id.offset - 1, epoch: id.epoch, timestamp };
    Ok((delta.apply(provenance).0, contents))
}

/// The snapshots in the directory of the metadata log, oldest first; none if there is no such directory.
pub fn list(files: &dyn Files, dir: &Path) -> Result<Vec<SnapshotId>, Error> {
    let entries = match files.list(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(dir.display())(error)),
    };
    let mut ids: Vec<_> =
        entries.iter().filter_map(|entry| SnapshotId::parse(&entry.name)).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// The bytes of the snapshot `id`.
pub fn read(files: &dyn Files, dir: &Path, id: SnapshotId) -> Result<Bytes, Error> {
    let path = dir.join(id.file_name());
    files.read(&path).map(Bytes::from).map_err(Error::io(path.display()))
}

/// Writes the snapshot `id` durably; whoever looks finds all of it or nothing.
pub fn write(files: &dyn Files, dir: &Path, id: SnapshotId, bytes: &[u8]) -> Result<(), Error> {
    let path = dir.join(id.file_name());
    replace(files, &path, bytes, Durability::All).map_err(Error::io(path.display()))
}

/// Removes the snapshot `id`.
pub fn remove(files: &dyn Files, dir: &Path, id: SnapshotId) -> Result<(), Error> {
    let path = dir.join(id.file_name());
    remove_if_there(files, &path).map_err(Error::io(path.display()))
}

fn message(message: &impl Message) -> Bytes {
    let mut writer = Writer::new();
    message.encode(&mut writer, 0).expect("version 0 has every field that is set");
    writer.freeze()
}

fn parse<M: Message>(value: &[u8]) -> Result<M, Error> {
    M::decode(&mut Reader::new(Bytes::copy_from_slice(value)), 0).map_err(corrupt)
}

fn corrupt(what: impl std::fmt::Display) -> Error {
    Error::Corrupt(format!("metadata snapshot: {what}"))
}
