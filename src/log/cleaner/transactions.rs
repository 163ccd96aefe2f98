//! Which batches belong to aborted transactions, and which markers have nothing left to decide. Pure; told of every
//! batch in order.
//!
//! What is known ahead are the aborted ones, from the indexes (`.txnindex`). Of a transaction that was committed there
//! is no entry: it is noted when a batch of it passes by, and its marker is idle when none did. A transaction of which
//! the cleaner has already removed every batch leaves a marker alone, and that is how markers end.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::txn_index::AbortedTxn;
use crate::types::Offset;
use crate::wire::records::{BatchHeader, ControlType};

struct Aborting {
    txn: AbortedTxn,
    /// Whether there are batches of it still.
    observed: bool,
}

/// What a control batch means for the cleaner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Control {
    /// Nothing is left of what it decides.
    pub(super) discard: bool,
    /// The transaction whose records readers still have to skip.
    pub(super) aborted: Option<AbortedTxn>,
}

/// The transactions at the place where the cleaner is.
#[derive(Default)]
pub(super) struct Transactions {
    /// Aborted ones that begin further on, by first offset and producer.
    ahead: BTreeMap<(Offset, i64), AbortedTxn>,
    /// Those that have begun here and whose marker has not come, by producer: each has one at a time.
    aborting: HashMap<i64, Aborting>,
    /// Producers of which a batch has come that is in no aborted transaction.
    committing: HashSet<i64>,
}

impl Transactions {
    /// Takes in transactions that are known to be aborted.
    pub(super) fn new(aborted: impl IntoIterator<Item = AbortedTxn>) -> Self {
        let ahead =
            aborted.into_iter().map(|txn| ((txn.first_offset, txn.producer_id), txn)).collect();
        Self { ahead, ..Self::default() }
    }

    /// Lets those begin that do so at `offset` or before.
    fn advance(&mut self, offset: Offset) {
        while let Some(first) = self.ahead.first_entry()
            && first.key().0 <= offset
        {
            let txn = first.remove();
            self.aborting.entry(txn.producer_id).or_insert(Aborting { txn, observed: false });
        }
    }

    /// Whether the records of a batch, which is no control batch, are aborted.
    pub(super) fn is_aborted(&mut self, header: &BatchHeader) -> bool {
        self.advance(header.last_offset());
        if !header.is_transactional() {
            return false;
        }
        if let Some(aborting) = self.aborting.get_mut(&header.producer_id) {
            aborting.observed = true;
            return true;
        }
        self.committing.insert(header.producer_id);
        false
    }

    /// What a control batch means, given its type; none if it has no record.
    pub(super) fn control(&mut self, header: &BatchHeader, kind: Option<ControlType>) -> Control {
        self.advance(header.last_offset());
        match kind {
            Some(ControlType::Abort) => match self.aborting.remove(&header.producer_id) {
                Some(aborting) if aborting.observed => {
                    Control { discard: false, aborted: Some(aborting.txn) }
                }
                _ => Control { discard: true, aborted: None },
            },
            Some(ControlType::Commit) => {
                Control { discard: !self.committing.remove(&header.producer_id), aborted: None }
            }
            // A leader's change or a snapshot's marks, in the metadata log: not for the cleaner to judge.
            Some(_) => Control::default(),
            // A round before has emptied it, and left the head for its producer's sake.
            None => Control { discard: true, aborted: None },
        }
    }
}
