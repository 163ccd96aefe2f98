//! A shard of transactions without an actor.

use std::sync::Arc;

use super::super::machine::TransactionMachine;
use super::super::records::{self, Entry};
use super::super::request::{TransactionReply, TransactionRequest};
use super::super::settings::Settings;
use super::super::state::Transaction;
use crate::coordinator::machine::StoredRecord;
pub(super) use crate::coordinator::testing::BEGIN;
use crate::coordinator::testing::{self, Ground};
use crate::metadata::Image;

pub(super) type Replies = testing::Replies<TransactionMachine>;
pub(super) type Shard = testing::Shard<Transactions>;

/// What successors begin with.
pub(crate) struct Transactions {
    settings: Settings,
    level: i16,
    next_id: i64,
}

impl Ground for Transactions {
    type Machine = TransactionMachine;

    fn empty(&self) -> TransactionMachine {
        let mut machine = TransactionMachine::new(self.settings, &Image::default());
        machine.level = self.level;
        machine
    }
}

impl Shard {
    pub(super) fn new(settings: Settings, level: i16) -> Self {
        Self::begin(Transactions { settings, level, next_id: 100 })
    }

    /// The feature's level changes.
    pub(super) fn set_level(&mut self, level: i16) {
        self.machine.level = level;
        self.ground.level = level;
    }

    /// A producer id that nobody has had.
    pub(super) fn fresh_id(&mut self) -> i64 {
        self.ground.next_id += 1;
        self.ground.next_id - 1
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

    /// Puts a picture into the log, as somebody else might have written it.
    pub(super) fn put_picture(&mut self, id: &str, picture: &Transaction) {
        self.put(records::transaction(id, picture, self.machine.level).unwrap());
    }
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
