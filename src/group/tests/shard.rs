//! A shard of groups without an actor, and the short names of its members.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{BufMut, Bytes, BytesMut};

use super::super::machine::GroupMachine;
use super::super::settings::Settings;
pub(super) use crate::coordinator::testing::BEGIN;
use crate::coordinator::testing::{self, Ground};
use crate::metadata::Image;

pub(super) type Replies = testing::Replies<GroupMachine>;
pub(super) type Shard = testing::Shard<Groups>;

/// What successors begin with.
#[derive(Default)]
pub(crate) struct Groups {
    pub(super) settings: Settings,
    pub(super) image: Arc<Image>,
    /// How many names were given.
    names: Arc<AtomicU64>,
}

impl Ground for Groups {
    type Machine = GroupMachine;

    fn empty(&self) -> GroupMachine {
        let names = self.names.clone();
        let next = move || u128::from(names.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes();
        GroupMachine::new(self.settings, self.image.clone(), Box::new(next))
    }
}

impl Shard {
    pub(super) fn new(settings: Settings) -> Self {
        Self::begin(Groups { settings, ..Groups::default() })
    }
}

const UUID: &str = "-00000000-0000-4000-8000-";

/// `c-1` → the name of the first member that was ever named, if its client is called c.
pub(super) fn full_name(short: &str) -> String {
    match short.rsplit_once('-').map(|(client, number)| (client, number.parse::<u64>())) {
        Some((client, Ok(number))) => format!("{client}{UUID}{number:012x}"),
        _ => short.into(),
    }
}

/// The inverse of [`full_name`].
pub(super) fn short_name(full: &str) -> String {
    match full.split_once(UUID).map(|(client, number)| (client, u64::from_str_radix(number, 16))) {
        Some((client, Ok(number))) => format!("{client}-{number}"),
        _ => full.into(),
    }
}

/// A consumer's metadata, version 1: the topics, and no data of the user's nor owned partitions.
pub(super) fn subscription(topics: &[&str]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_i16(1);
    bytes.put_i32(topics.len() as i32);
    for topic in topics {
        bytes.put_i16(topic.len() as i16);
        bytes.put_slice(topic.as_bytes());
    }
    bytes.put_i32(-1);
    bytes.put_i32(0);
    bytes.freeze()
}
