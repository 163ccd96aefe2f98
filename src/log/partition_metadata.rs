//! `partition.metadata`: the id of the topic that a partition's directory belongs to.
//!
//! ```text
//! version: 0
//! topic_id: AAAAAAAAAAAAAAAAAAAAAQ
//! ```
//!
//! A topic that was deleted and created again has the same name and another id: this file is how a node that was away
//! meanwhile knows that the records it has are of the old one (KIP-516).

use std::io;
use std::path::Path;

use super::files::{self, Durability, Files, replace};
use super::names::PARTITION_METADATA;
use crate::error::Error;
use crate::types::TopicId;

/// The topic id in the directory `dir`; none if it does not say.
pub fn read(files: &dyn Files, dir: &Path) -> Result<Option<TopicId>, Error> {
    let path = dir.join(PARTITION_METADATA);
    let bytes = match files.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(path.display())(error)),
    };
    let id = decode(&bytes)
        .ok_or_else(|| Error::Corrupt(format!("{}: not a topic id", path.display())))?;
    Ok(Some(id))
}

fn decode(bytes: &[u8]) -> Option<TopicId> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.lines();
    lines.next()?.strip_prefix("version:").filter(|version| version.trim() == "0")?;
    let id: TopicId = lines.next()?.strip_prefix("topic_id:")?.trim().parse().ok()?;
    (!id.is_zero()).then_some(id)
}

/// Writes the topic id into the directory `dir`. The name is durable once the log is flushed; before that the file
/// may be gone after a power loss, and is written again.
pub fn write(files: &dyn Files, dir: &Path, id: TopicId) -> Result<(), Error> {
    let path = dir.join(PARTITION_METADATA);
    replace(files, &path, encode(id).as_bytes(), Durability::Content)
        .map_err(Error::io(path.display()))
}

/// The same for a directory that nobody reads yet.
pub fn write_new(files: &dyn Files, dir: &Path, id: TopicId) -> Result<(), Error> {
    let path = dir.join(PARTITION_METADATA);
    files::write_new(files, &path, encode(id).as_bytes(), Durability::Content)
        .map_err(Error::io(path.display()))
}

fn encode(id: TopicId) -> String {
    format!("version: 0\ntopic_id: {id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::files::memory::MemoryFiles;
    use crate::types::Uuid;

    #[test]
    fn id_survives() {
        let files = MemoryFiles::new();
        let dir = Path::new("/d");
        files.create_dir(dir).unwrap();
        assert_eq!(read(&files, dir).unwrap(), None);
        write(&files, dir, Uuid::ONE).unwrap();
        assert_eq!(read(&files, dir).unwrap(), Some(Uuid::ONE));
        assert_eq!(files.read(&dir.join(PARTITION_METADATA)).unwrap().len(), 43);
        files.create(&dir.join(PARTITION_METADATA)).unwrap().write_at(b"version: 1\n", 0).unwrap();
        assert!(read(&files, dir).is_err());
    }

    #[test]
    fn a_power_loss_leaves_the_id_or_nothing() {
        for at in 0..10 {
            let files = MemoryFiles::new();
            let dir = Path::new("/d");
            files.create_dir(dir).unwrap();
            files.fsync_dir(Path::new("/")).unwrap();
            files.crash_at(files.changes() + at);
            let written = write(&files, dir, Uuid::ONE).is_ok();
            for seed in 0..50 {
                let found = read(&files.after_power_loss(seed), dir).unwrap();
                assert!(found.is_none_or(|id| id == Uuid::ONE), "{at} {seed}: {found:?}");
            }
            assert!(!written || read(&files, dir).is_ok_and(|id| id == Some(Uuid::ONE)));
        }
    }
}
