//! One shard without an actor: a machine, a log in memory, and a clock that is moved by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{BufMut, Bytes, BytesMut};

use super::super::machine::{GroupMachine, Timer};
use super::super::request::{GroupReply, GroupRequest};
use super::super::settings::Settings;
use crate::coordinator::machine::{Decision, Machine, StoredRecord, Ticket};
use crate::metadata::Image;
use crate::types::Millis;

/// When the tests begin.
pub(super) const BEGIN: Millis = 1_000_000;

pub(super) type Replies = Vec<(Ticket, GroupReply)>;

/// A machine with what its actor would do.
pub(super) struct Shard {
    pub(super) machine: GroupMachine,
    pub(super) settings: Settings,
    pub(super) log: Vec<(Millis, StoredRecord)>,
    pub(super) timers: BTreeMap<Timer, Millis>,
    pub(super) now: Millis,
    /// Who has asked and has no answer.
    pub(super) open: BTreeSet<Ticket>,
    last_ticket: u64,
    /// The metadata that successors begin with.
    pub(super) image: Arc<Image>,
    names: Arc<AtomicU64>,
}

impl Shard {
    pub(super) fn new(settings: Settings) -> Self {
        let names = Arc::new(AtomicU64::new(0));
        let mut shard = Self {
            machine: machine(settings, &names, &Arc::default()),
            settings,
            log: Vec::new(),
            timers: BTreeMap::new(),
            now: BEGIN,
            open: BTreeSet::new(),
            last_ticket: 0,
            image: Arc::default(),
            names,
        };
        let decision = shard.machine.loaded(BEGIN);
        shard.carry_out(decision);
        shard
    }

    /// Asks, and tells who was answered what.
    pub(super) fn ask(&mut self, request: GroupRequest) -> Replies {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.open.insert(ticket);
        let decision = self.machine.decide(ticket, request, self.now);
        self.carry_out(decision)
    }

    /// The ticket of the request asked last.
    pub(super) fn last(&self) -> Ticket {
        Ticket(self.last_ticket)
    }

    /// Lets time pass and timers come due.
    pub(super) fn advance(&mut self, by_ms: Millis) -> Replies {
        let until = self.now + by_ms;
        let mut replies = Vec::new();
        while let Some((timer, at)) =
            self.timers.iter().min_by_key(|(_, at)| **at).map(|(t, at)| (t.clone(), *at))
        {
            if at > until {
                break;
            }
            self.timers.remove(&timer);
            self.now = self.now.max(at);
            let decision = self.machine.fire(timer, self.now);
            replies.extend(self.carry_out(decision));
        }
        self.now = until;
        replies
    }

    /// A successor takes over from the log. Nobody who waited gets an answer.
    pub(super) fn reload(&mut self) {
        self.machine = self.successor();
        self.open.clear();
        self.timers.clear();
        let decision = self.machine.loaded(self.now);
        self.carry_out(decision);
    }

    /// What the log alone tells.
    pub(super) fn successor(&self) -> GroupMachine {
        let mut machine = machine(self.settings, &self.names, &self.image);
        for (offset, (timestamp, record)) in (0..).zip(&self.log) {
            machine.apply(offset, *timestamp, record);
        }
        machine
    }

    /// What the log tells when of each key only the last record is left.
    pub(super) fn successor_after_compaction(&self) -> GroupMachine {
        let mut last = BTreeMap::new();
        for (offset, (_, record)) in self.log.iter().enumerate() {
            last.insert(record.key.clone(), offset);
        }
        let mut machine = machine(self.settings, &self.names, &self.image);
        for (offset, (timestamp, record)) in self.log.iter().enumerate() {
            if last.get(&record.key) == Some(&offset) {
                machine.apply(offset as i64, *timestamp, record);
            }
        }
        machine
    }

    pub(super) fn carry_out(&mut self, decision: Decision<GroupMachine>) -> Replies {
        for record in decision.records {
            self.machine.apply(self.log.len() as i64, self.now, &record);
            self.log.push((self.now, record));
        }
        for (timer, at) in decision.timers {
            match at {
                Some(at) => self.timers.insert(timer, at),
                None => self.timers.remove(&timer),
            };
        }
        for (ticket, _) in &decision.replies {
            assert!(self.open.remove(ticket), "{ticket:?} is answered twice, or has never asked");
        }
        decision.replies
    }
}

fn machine(settings: Settings, names: &Arc<AtomicU64>, image: &Arc<Image>) -> GroupMachine {
    let names = names.clone();
    let next = move || u128::from(names.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes();
    GroupMachine::new(settings, image.clone(), Box::new(next))
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
