//! One shard without an actor, for the tests of machines: the machine, a log in memory, and a clock that is moved by
//! hand.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::{Decision, Machine, StoredRecord, Ticket};
use crate::types::Millis;

/// When the tests begin.
pub(crate) const BEGIN: Millis = 1_000_000;

/// Who was answered what.
pub(crate) type Replies<M> = Vec<(Ticket, <M as Machine>::Reply)>;

/// What a shard's machines are made from.
pub(crate) trait Ground {
    type Machine: Machine;

    /// A machine that knows nothing yet.
    fn empty(&self) -> Self::Machine;
}

/// A machine with what its actor would do.
pub(crate) struct Shard<G: Ground> {
    pub(crate) ground: G,
    pub(crate) machine: G::Machine,
    /// Each record and when it was written.
    pub(crate) log: Vec<(Millis, StoredRecord)>,
    pub(crate) timers: BTreeMap<<G::Machine as Machine>::Timer, Millis>,
    pub(crate) now: Millis,
    /// Who has asked and has no answer.
    pub(crate) open: BTreeSet<Ticket>,
    last_ticket: u64,
}

impl<G: Ground> Shard<G> {
    /// A shard with an empty log.
    pub(crate) fn begin(ground: G) -> Self {
        let mut shard = Self {
            machine: ground.empty(),
            ground,
            log: Vec::new(),
            timers: BTreeMap::new(),
            now: BEGIN,
            open: BTreeSet::new(),
            last_ticket: 0,
        };
        let decision = shard.machine.loaded(BEGIN);
        shard.carry_out(decision);
        shard
    }

    /// Asks, and tells who was answered what.
    pub(crate) fn ask(&mut self, request: <G::Machine as Machine>::Request) -> Replies<G::Machine> {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.open.insert(ticket);
        let decision = self.machine.decide(ticket, request, self.now);
        self.carry_out(decision)
    }

    /// The ticket of the request asked last.
    pub(crate) fn last(&self) -> Ticket {
        Ticket(self.last_ticket)
    }

    /// Lets time pass and timers come due.
    pub(crate) fn advance(&mut self, by_ms: Millis) -> Replies<G::Machine> {
        let until = self.now + by_ms;
        let mut replies = Vec::new();
        while let Some((timer, at)) =
            self.timers.iter().min_by_key(|(_, at)| **at).map(|(timer, at)| (timer.clone(), *at))
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
    pub(crate) fn reload(&mut self) {
        self.machine = self.successor();
        self.open.clear();
        self.timers.clear();
        let decision = self.machine.loaded(self.now);
        self.carry_out(decision);
    }

    /// What the log alone tells.
    pub(crate) fn successor(&self) -> G::Machine {
        self.replay(|_, _| true)
    }

    /// What the log tells when of each key only the last record is left.
    pub(crate) fn successor_after_compaction(&self) -> G::Machine {
        let mut last = BTreeMap::new();
        for (offset, (_, record)) in self.log.iter().enumerate() {
            last.insert(&record.key, offset);
        }
        self.replay(|offset, record| last.get(&record.key) == Some(&offset))
    }

    fn replay(&self, is_left: impl Fn(usize, &StoredRecord) -> bool) -> G::Machine {
        let mut machine = self.ground.empty();
        for (offset, (timestamp, record)) in self.log.iter().enumerate() {
            if is_left(offset, record) {
                machine.apply(offset as i64, *timestamp, record);
            }
        }
        machine
    }

    /// Does what was decided, and tells who was answered what.
    pub(crate) fn carry_out(&mut self, decision: Decision<G::Machine>) -> Replies<G::Machine> {
        for record in decision.records {
            self.put(record);
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

    /// Writes a record, and has it applied.
    pub(crate) fn put(&mut self, record: StoredRecord) {
        self.machine.apply(self.log.len() as i64, self.now, &record);
        self.log.push((self.now, record));
    }
}
