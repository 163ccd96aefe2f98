//! One shard without an actor: a machine, a log in memory, and a clock that is moved by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::machine::{Timer, TransactionMachine};
use super::super::records::{self, Entry};
use super::super::request::{TransactionReply, TransactionRequest};
use super::super::settings::Settings;
use super::super::state::Transaction;
use crate::coordinator::machine::{Decision, Machine, StoredRecord, Ticket};
use crate::metadata::Image;
use crate::types::Millis;

/// When the tests begin.
pub(super) const BEGIN: Millis = 1_000_000;

pub(super) type Replies = Vec<(Ticket, TransactionReply)>;

/// A machine with what its actor would do.
pub(super) struct Shard {
    pub(super) machine: TransactionMachine,
    pub(super) log: Vec<StoredRecord>,
    pub(super) timers: BTreeMap<Timer, Millis>,
    pub(super) now: Millis,
    /// Who has asked and has no answer.
    pub(super) open: BTreeSet<Ticket>,
    pub(super) next_id: i64,
    settings: Settings,
    last_ticket: u64,
}

impl Shard {
    pub(super) fn new(settings: Settings, level: i16) -> Self {
        let mut shard = Self {
            machine: machine(settings, level),
            log: Vec::new(),
            timers: BTreeMap::new(),
            now: BEGIN,
            open: BTreeSet::new(),
            next_id: 100,
            settings,
            last_ticket: 0,
        };
        let decision = shard.machine.loaded(BEGIN);
        shard.carry_out(decision);
        shard
    }

    /// A producer id that nobody has had.
    pub(super) fn fresh_id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// Asks, and tells who was answered what.
    pub(super) fn ask(&mut self, request: TransactionRequest) -> Replies {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.open.insert(ticket);
        let decision = self.machine.decide(ticket, request, self.now);
        self.carry_out(decision)
    }

    /// Asks as the handlers do: once more with a fresh producer id, if one is wanted.
    pub(super) fn ask_fully(
        &mut self,
        request: impl Fn(Option<i64>) -> TransactionRequest,
    ) -> Replies {
        let replies = self.ask(request(None));
        let is_wanted =
            replies.iter().any(|(_, reply)| *reply == TransactionReply::NeedsProducerId);
        if !is_wanted {
            return replies;
        }
        let id = self.fresh_id();
        self.ask(request(Some(id)))
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
            self.timers.iter().min_by_key(|(_, at)| **at).map(|(timer, at)| (*timer, *at))
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
    pub(super) fn successor(&self) -> TransactionMachine {
        let mut machine = machine(self.settings, self.machine.level);
        for (offset, record) in (0..).zip(&self.log) {
            machine.apply(offset, self.now, record);
        }
        machine
    }

    /// What the log tells when of each key only the last record is left.
    pub(super) fn successor_after_compaction(&self) -> TransactionMachine {
        let mut last = BTreeMap::new();
        for (offset, record) in self.log.iter().enumerate() {
            last.insert(record.key.clone(), offset);
        }
        let mut machine = machine(self.settings, self.machine.level);
        for (offset, record) in self.log.iter().enumerate() {
            if last.get(&record.key) == Some(&offset) {
                machine.apply(offset as i64, self.now, record);
            }
        }
        machine
    }

    /// Puts a picture into the log, as somebody else might have written it.
    pub(super) fn put(&mut self, id: &str, picture: &Transaction) {
        let record = records::transaction(id, picture, self.machine.level).unwrap();
        self.carry_out(Decision { records: vec![record], ..Decision::default() });
    }

    pub(super) fn carry_out(&mut self, decision: Decision<TransactionMachine>) -> Replies {
        for record in decision.records {
            self.machine.apply(self.log.len() as i64, self.now, &record);
            self.log.push(record);
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

fn machine(settings: Settings, level: i16) -> TransactionMachine {
    let mut machine = TransactionMachine::new(settings, &Image::default());
    machine.level = level;
    machine
}

/// What a record says: the id, and its picture.
pub(super) fn read(record: &StoredRecord) -> (Arc<str>, Option<Transaction>) {
    match records::parse(record).expect("a record of our own") {
        Entry::Transaction { transactional_id, picture } => {
            (transactional_id, picture.map(|picture| *picture))
        }
        Entry::Unknown => panic!("a record of an unknown type"),
    }
}
