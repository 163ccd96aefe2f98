//! A copy of the latest image in sled, beside the segment files: its snapshot, and its ACLs one by one for those who
//! look at them from outside.
//!
//! The metadata log and its `.checkpoint` files are what counts: a copy that is missing, old or damaged is made again,
//! never trusted. Nothing else names sled. The database is open only while a call lasts, so that a running node spends
//! neither memory nor a thread on it and starts without it.
//!
//! ```text
//! tree "image"   "id"                      format u8 | offset i64 | epoch i32 | chunks u32 | crc-32c u32, big endian
//!                offset i64, chunk u32     a piece of the snapshot's bytes
//! tree "acls"    id, 16 bytes              the record as in the metadata log
//! ```
//!
//! Pieces are written under the new offset and flushed before `"id"` names them; those of the old go after. So whenever
//! the process dies, `"id"` names one whole snapshot or none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes};

use super::acls::Acl;
use super::image::Image;
use super::records::acl_record;
use super::snapshot::SnapshotId;
use crate::error::Error;
use crate::types::Uuid;
use crate::wire::records::checksum;
use crate::wire::stored::metadata::MetadataRecord;

/// The directory of the database within the directory of the metadata log.
pub const STORE_DIR: &str = "metadata.sled";

const FORMAT: u8 = 1;
const CHUNK_BYTES: usize = 256 << 10;
const CACHE_BYTES: u64 = 1 << 20;
const LOCK_TRIES_MAX: usize = 200;
const LOCK_RETRY_AFTER: Duration = Duration::from_millis(5);

/// Where the copy is kept.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    /// The copy in `dir`, the metadata log's own. Touches nothing yet.
    pub fn new(dir: &Path) -> Self {
        Self { path: dir.join(STORE_DIR) }
    }

    /// Keeps `snapshot`, which is `image`'s, and the image's ACLs, in the place of what was kept. Takes as long as a
    /// write to the disk: not for a thread that others wait for. A database that cannot be used is made anew.
    pub fn save(&self, image: &Image, snapshot: &[u8]) -> Result<(), Error> {
        match self.guarded(|db| save(db, image, snapshot)) {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "rebuilding the copy of the metadata");
                std::fs::remove_dir_all(&self.path).map_err(Error::io(self.path.display()))?;
                self.guarded(|db| save(db, image, snapshot))
            }
        }
    }

    /// The snapshot last kept; none if there is none or it is damaged.
    pub fn load(&self) -> Option<(SnapshotId, Bytes)> {
        if !self.path.exists() {
            return None;
        }
        self.guarded(load).ok().flatten()
    }

    /// The ACLs last kept, by id; none if there are none or they are damaged.
    pub fn acls(&self) -> Option<Vec<(Uuid, Arc<Acl>)>> {
        if !self.path.exists() {
            return None;
        }
        self.guarded(load_acls).ok()
    }

    /// Opens the database. What was closed just now lets go of its lock a moment later, on a thread of sled's.
    fn open(&self) -> Result<sled::Db, sled::Error> {
        let config = sled::Config::new().path(&self.path).mode(sled::Mode::LowSpace);
        let config = config.cache_capacity(CACHE_BYTES).flush_every_ms(None);
        for _ in 1..LOCK_TRIES_MAX {
            match config.open() {
                Err(error) if is_locked(&error) => std::thread::sleep(LOCK_RETRY_AFTER),
                opened => return opened,
            }
        }
        config.open()
    }

    /// Opens the database, works with it, closes it. sled panics over damaged files.
    fn guarded<T>(
        &self,
        work: impl FnOnce(&sled::Db) -> Result<T, sled::Error>,
    ) -> Result<T, Error> {
        let run = || work(&self.open()?);
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Error::Corrupt(format!("{}: {error}", self.path.display()))),
            Err(_) => Err(Error::Corrupt(format!("{}: cannot be opened", self.path.display()))),
        }
    }
}

/// Whether somebody holds the database, rather than that it is no database.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

fn chunk_key(offset: i64, chunk: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&offset.to_be_bytes());
    key[8..].copy_from_slice(&chunk.to_be_bytes());
    key
}

fn save(db: &sled::Db, image: &Image, snapshot: &[u8]) -> Result<(), sled::Error> {
    let id = SnapshotId::of(image.provenance);
    let tree = db.open_tree("image")?;
    let mut chunks = 0;
    for bytes in snapshot.chunks(CHUNK_BYTES) {
        tree.insert(chunk_key(id.offset, chunks), bytes)?;
        chunks += 1;
    }
    db.flush()?;
    let mut entry = Vec::with_capacity(21);
    entry.put_u8(FORMAT);
    entry.put_i64(id.offset);
    entry.put_i32(id.epoch);
    entry.put_u32(chunks);
    entry.put_u32(checksum(snapshot));
    tree.insert("id", entry)?;
    for key in tree.iter().keys() {
        let key = key?;
        if key != "id" && key.get(..8) != Some(&id.offset.to_be_bytes()) {
            tree.remove(key)?;
        }
    }
    save_acls(db, image)?;
    db.flush()?;
    Ok(())
}

fn save_acls(db: &sled::Db, image: &Image) -> Result<(), sled::Error> {
    let tree = db.open_tree("acls")?;
    for key in tree.iter().keys() {
        let key = key?;
        let id = <[u8; 16]>::try_from(&*key).map(Uuid::from_bytes);
        if !id.is_ok_and(|id| image.acls.by_id().contains_key(&id)) {
            tree.remove(key)?;
        }
    }
    for (id, acl) in image.acls.by_id() {
        let Ok(record) = MetadataRecord::AccessControlEntry(acl_record(*id, acl)).encode(0) else {
            continue;
        };
        if tree.get(id.as_bytes())?.as_deref() != Some(&record) {
            tree.insert(id.as_bytes(), &*record)?;
        }
    }
    Ok(())
}

fn load(db: &sled::Db) -> Result<Option<(SnapshotId, Bytes)>, sled::Error> {
    let tree = db.open_tree("image")?;
    let Some(entry) = tree.get("id")? else { return Ok(None) };
    let Some((id, chunks, crc)) = parse_entry(&entry) else { return Ok(None) };
    let mut bytes = Vec::new();
    for chunk in 0..chunks {
        let Some(piece) = tree.get(chunk_key(id.offset, chunk))? else { return Ok(None) };
        bytes.extend_from_slice(&piece);
    }
    Ok((checksum(&bytes) == crc).then(|| (id, bytes.into())))
}

fn parse_entry(entry: &[u8]) -> Option<(SnapshotId, u32, u32)> {
    let (&[FORMAT], rest) = entry.split_first_chunk()? else { return None };
    let (offset, rest) = rest.split_first_chunk()?;
    let (epoch, rest) = rest.split_first_chunk()?;
    let (chunks, crc) = rest.split_first_chunk()?;
    let id = SnapshotId { offset: i64::from_be_bytes(*offset), epoch: i32::from_be_bytes(*epoch) };
    Some((id, u32::from_be_bytes(*chunks), u32::from_be_bytes(crc.try_into().ok()?)))
}

fn load_acls(db: &sled::Db) -> Result<Vec<(Uuid, Arc<Acl>)>, sled::Error> {
    let mut acls = Vec::new();
    for entry in &db.open_tree("acls")? {
        let (_, value) = entry?;
        if let Ok(MetadataRecord::AccessControlEntry(record)) =
            MetadataRecord::decode(Bytes::copy_from_slice(&value))
        {
            acls.push((record.id, Arc::new(Acl::from(&record))));
        }
    }
    Ok(acls)
}
