//! Kafka's checkpoint files: a version, a count, and a line for each entry.
//!
//! ```text
//! 0
//! 2
//! orders 0 4711
//! orders 1 12
//! ```
//!
//! Always replaced as a whole, never changed in place.
//!
//! The same shape serves two kinds of entries: an offset of a partition in the four files of a log directory, and an
//! epoch's beginning in a partition's own ([`super::epochs`]). None of them is the truth: each spares work, and a
//! damaged one is passed over (`log::manager`) or made anew.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::io;
use std::path::Path;

use super::files::{Durability, Files, replace};
use crate::error::Error;
use crate::types::{Offset, TopicPartition};

/// Up to where each log is known to be on the disk.
pub const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
/// The high watermark of each log.
pub const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
/// Where each log starts, if that is not where its first segment does.
pub const LOG_START_OFFSETS: &str = "log-start-offset-checkpoint";
/// Up to where each log is compacted.
pub const CLEANER_OFFSETS: &str = "cleaner-offset-checkpoint";

/// An offset for each of some partitions.
pub type Offsets = BTreeMap<TopicPartition, Offset>;

/// The text of a checkpoint of version 0 with these lines.
pub fn encode<T: Display>(lines: impl ExactSizeIterator<Item = T>) -> String {
    let mut text = format!("0\n{}\n", lines.len());
    for line in lines {
        writeln!(text, "{line}").expect("a string takes everything");
    }
    text
}

/// The entries of a checkpoint, each made from the words of its line. Error: what is wrong with it.
pub fn decode<T>(bytes: &[u8], entry: impl Fn(&[&str]) -> Option<T>) -> Result<Vec<T>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not text")?;
    let mut lines = text.lines();
    match lines.next().map(str::trim) {
        Some("0") => {}
        Some(version) => return Err(format!("version {version:?} is unknown")),
        None => return Err("empty".into()),
    }
    let count: usize = lines.next().and_then(|line| line.trim().parse().ok()).ok_or("no count")?;
    let entries = lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            entry(&words).ok_or_else(|| format!("malformed line {line:?}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if entries.len() == count {
        Ok(entries)
    } else {
        Err(format!("{} lines instead of {count}", entries.len()))
    }
}

/// Reads the offsets in `path`; a file that is not there holds none.
pub fn read(files: &dyn Files, path: &Path) -> Result<Offsets, Error> {
    let bytes = match files.read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Offsets::new()),
        Err(error) => return Err(Error::io(path.display())(error)),
    };
    let entries = decode(&bytes, |words| match words {
        [topic, partition, offset] => {
            Some((TopicPartition::new(*topic, partition.parse().ok()?), offset.parse().ok()?))
        }
        _ => None,
    });
    Ok(entries
        .map_err(|what| Error::Corrupt(format!("{}: {what}", path.display())))?
        .into_iter()
        .collect())
}

/// The text of a checkpoint of offsets.
pub fn text<'a>(offsets: impl IntoIterator<Item = (&'a TopicPartition, Offset)>) -> String {
    let lines = offsets.into_iter();
    let lines = lines.map(|(at, offset)| format!("{} {} {offset}", at.topic, at.partition));
    encode(lines.collect::<Vec<_>>().iter())
}

/// Replaces the text in `path`, durably.
pub fn write(files: &dyn Files, path: &Path, text: &str) -> Result<(), Error> {
    replace(files, path, text.as_bytes(), Durability::All).map_err(Error::io(path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::files::memory::MemoryFiles;

    #[test]
    fn offsets_survive() {
        let files = MemoryFiles::new();
        files.create_dir(Path::new("/d")).unwrap();
        let path = Path::new("/d/recovery");
        assert_eq!(read(&files, path).unwrap(), Offsets::new());
        let offsets: Offsets =
            [(TopicPartition::new("b", 0), 7), (TopicPartition::new("a", 11), 1 << 40)]
                .into_iter()
                .collect();
        let text = text(offsets.iter().map(|(at, offset)| (at, *offset)));
        write(&files, path, &text).unwrap();
        assert_eq!(files.read(path).unwrap(), b"0\n2\na 11 1099511627776\nb 0 7\n");
        assert_eq!(read(&files, path).unwrap(), offsets);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "1\n0\n", "0\n", "0\n1\n", "0\n0\na 0 1\n", "0\n1\na b 1\n", "0\n1\na 1\n"]
        {
            let files = MemoryFiles::new();
            files.create_dir(Path::new("/d")).unwrap();
            files.create(Path::new("/d/x")).unwrap().write_at(text.as_bytes(), 0).unwrap();
            assert!(read(&files, Path::new("/d/x")).is_err(), "{text:?}");
        }
    }
}
