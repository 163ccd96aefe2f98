//! Names of files and directories, as Kafka writes them. Never touches a file.
//!
//! A reader may meet any of them, from any version of Kafka: what has another shape is [`Directory::Other`] and left
//! alone.

use std::fmt::Write;

use crate::types::{Offset, TopicPartition, Uuid};

/// Records.
pub const LOG: &str = ".log";
/// Offsets to positions.
pub const INDEX: &str = ".index";
/// Timestamps to offsets.
pub const TIME_INDEX: &str = ".timeindex";
/// Aborted transactions.
pub const TXN_INDEX: &str = ".txnindex";
/// The producers' state at an offset.
pub const SNAPSHOT: &str = ".snapshot";
/// Given up; removed after a while.
pub const DELETED: &str = ".deleted";
/// The cleaner's unfinished work.
pub const CLEANED: &str = ".cleaned";
/// The cleaner's finished work, about to replace what it was made from.
pub const SWAP: &str = ".swap";
/// The leader epochs of a partition.
pub const LEADER_EPOCHS: &str = "leader-epoch-checkpoint";
/// The topic id of a partition.
pub const PARTITION_METADATA: &str = "partition.metadata";

/// What belongs to a segment, all named for its first offset.
pub const SEGMENT_SUFFIXES: [&str; 4] = [LOG, INDEX, TIME_INDEX, TXN_INDEX];

/// `offset` with twenty digits, and `suffix`.
pub fn file(offset: Offset, suffix: &str) -> String {
    let mut name = String::with_capacity(20 + suffix.len());
    write!(name, "{offset:020}{suffix}").expect("a string takes everything");
    name
}

/// The offset that a file named `<offset><suffix>` is for; none for other names.
pub fn offset(name: &str, suffix: &str) -> Option<Offset> {
    let digits = name.strip_suffix(suffix)?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

/// What the name of a directory in a log directory says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directory {
    /// `<topic>-<partition>`.
    Partition(TopicPartition),
    /// `<topic>-<partition>.<uuid>-future`: a replica on its way from another log directory.
    Future(TopicPartition),
    /// `<topic>-<partition>.<uuid>-stray`: not this node's, by the metadata.
    Stray(TopicPartition),
    /// `<topic>-<partition>.<uuid>-delete`: being removed.
    Deleted(TopicPartition),
    /// Anything else.
    Other,
}

/// The longest name that Kafka gives a directory.
const NAME_MAX: usize = 255;

/// The directory of a partition.
pub fn partition(at: &TopicPartition) -> String {
    format!("{}-{}", at.topic, at.partition)
}

/// Reads the name of a directory.
pub fn directory(name: &str) -> Directory {
    let suffixed = [
        ("-delete", Directory::Deleted as fn(TopicPartition) -> Directory),
        ("-stray", Directory::Stray),
        ("-future", Directory::Future),
    ];
    for (suffix, kind) in suffixed {
        if let Some((plain, uuid)) =
            name.strip_suffix(suffix).and_then(|rest| rest.rsplit_once('.'))
            && uuid.len() == 32
        {
            return parse_partition(plain).map_or(Directory::Other, kind);
        }
    }
    parse_partition(name).map_or(Directory::Other, Directory::Partition)
}

fn parse_partition(name: &str) -> Option<TopicPartition> {
    let (topic, partition) = name.rsplit_once('-')?;
    let digits = !partition.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit());
    (!topic.is_empty() && digits)
        .then(|| partition.parse().ok())
        .flatten()
        .map(|at| TopicPartition::new(topic, at))
}

/// The name that the directory of `at` takes on before it is removed.
pub fn deleted(at: &TopicPartition, unique: Uuid) -> String {
    with_suffix(at, unique, "-delete", true)
}

/// The name that the directory of `at` takes on when the metadata does not place it here.
pub fn stray(at: &TopicPartition, unique: Uuid) -> String {
    with_suffix(at, unique, "-stray", true)
}

/// The name of the directory that `at` moves into from another log directory.
pub fn future(at: &TopicPartition, unique: Uuid) -> String {
    with_suffix(at, unique, "-future", false)
}

fn with_suffix(at: &TopicPartition, unique: Uuid, suffix: &str, shorten: bool) -> String {
    let mut hex = String::with_capacity(32);
    for byte in unique.as_bytes() {
        write!(hex, "{byte:02x}").expect("a string takes everything");
    }
    let end = format!("-{}.{hex}{suffix}", at.partition);
    // The topic gives way: what a deleted directory was is no longer of interest, but its name must fit. Topic names
    // are ASCII; for any other, the whole is kept.
    let room = NAME_MAX.saturating_sub(end.len());
    let topic = if shorten {
        at.topic.get(..room.min(at.topic.len())).unwrap_or(&at.topic)
    } else {
        &at.topic
    };
    format!("{topic}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_kafkas_form() {
        assert_eq!(file(42, LOG), "00000000000000000042.log");
        assert_eq!(offset("00000000000000000042.log", LOG), Some(42));
        assert_eq!(offset("00000000000000000042.log.deleted", LOG), None);
        assert_eq!(offset("-0000000000000000042.log", LOG), None);
        assert_eq!(offset(".log", LOG), None);
        assert_eq!(offset("99999999999999999999.log", LOG), None);
    }

    #[test]
    fn directories_are_told_apart() {
        let at = TopicPartition::new("a-b.c", 7);
        let unique = Uuid::from_bytes([0xab; 16]);
        assert_eq!(directory("a-b.c-7"), Directory::Partition(at.clone()));
        assert_eq!(deleted(&at, unique), "a-b.c-7.abababababababababababababababab-delete");
        assert_eq!(directory(&deleted(&at, unique)), Directory::Deleted(at.clone()));
        assert_eq!(directory(&stray(&at, unique)), Directory::Stray(at.clone()));
        assert_eq!(directory(&future(&at, unique)), Directory::Future(at));
        assert_eq!(directory("topic-delete"), Directory::Other);
        assert_eq!(directory("no_number"), Directory::Other);
        assert_eq!(directory("-3"), Directory::Other);
        let long = TopicPartition::new("x".repeat(249), 12_345);
        assert_eq!(deleted(&long, unique).len(), 255);
    }
}
