//! Appends that wait for the coordinator of their transaction (KIP-890): the first of a transaction asks, those of the
//! same producer that come meanwhile wait behind it, in order. Never asks by itself: the actor does.
//!
//! ```text
//!           coordinator is asked          it agrees                    the group is written
//! append ─────────────────────▶ waiting ───────────▶ agreed, tried ───────────────────────▶ the log knows
//!                                  │ it refuses, or the log refuses
//!                                  ╰──▶ answered with that error
//! ```
//!
//! By producer *and* epoch: what a fenced producer sends does not wait behind, or before, what its successor does.

use std::collections::BTreeMap;

use super::append::{Append, Verify};
use crate::error::ApiError;
use crate::log::Log;
use crate::log::producers::{Guard, Voucher};
use crate::types::Millis;

/// One producer in one of its epochs.
pub(super) type Key = (i64, i16);

/// A question for a coordinator, and the guard to come back with.
pub(super) struct Question {
    pub(super) key: Key,
    pub(super) guard: Guard,
    pub(super) ask: Verify,
}

/// What becomes of an append.
pub(super) enum Admission {
    /// It may be tried now.
    Now(Append),
    /// It waits, for an answer to a question that is asked already, or to this one.
    Waits(Option<Question>),
}

/// The appends that wait.
#[derive(Default)]
pub(super) struct Verifying {
    /// In the order they came; the first of each has asked.
    waiting: BTreeMap<Key, Vec<Append>>,
    /// Whose transactions were agreed to in the group that is being gathered.
    agreed: Vec<(Key, Guard)>,
}

impl Verifying {
    /// Takes in an append. One that is refused is answered.
    pub(super) fn admit(&mut self, mut append: Append, log: &mut Log, now: Millis) -> Admission {
        let Some(transaction) = append.transaction.take() else { return Admission::Now(append) };
        let beginning = transaction.beginning;
        let key = (beginning.producer_id, beginning.producer_epoch);
        if let Some(waiting) = self.waiting.get_mut(&key) {
            waiting.push(append);
            return Admission::Waits(None);
        }
        if let Some((_, guard)) = self.agreed.iter().find(|(agreed, _)| *agreed == key) {
            append.voucher = with_guard(append.voucher, *guard);
            return Admission::Now(append);
        }
        match log.verify(&beginning, now) {
            Ok(None) => Admission::Now(append),
            Ok(Some(guard)) => {
                self.waiting.insert(key, vec![append]);
                Admission::Waits(Some(Question { key, guard, ask: transaction.verify }))
            }
            Err(error) => {
                append.refuse(error);
                Admission::Waits(None)
            }
        }
    }

    /// The coordinator has answered: gives those that may be tried now, and answers those that may not.
    pub(super) fn answered(
        &mut self,
        key: Key,
        guard: Guard,
        answer: &Result<(), ApiError>,
    ) -> Vec<Append> {
        let mut waiting = self.waiting.remove(&key).unwrap_or_default();
        match answer {
            Ok(()) => {
                self.agreed.push((key, guard));
                for append in &mut waiting {
                    append.voucher = with_guard(append.voucher, guard);
                }
                waiting
            }
            Err(error) => {
                waiting.into_iter().for_each(|append| append.refuse(error.clone()));
                Vec::new()
            }
        }
    }

    /// The group is written: the log itself knows now who has begun.
    pub(super) fn written(&mut self) {
        self.agreed.clear();
    }
}

fn with_guard(voucher: Voucher, guard: Guard) -> Voucher {
    match voucher {
        Voucher::Waived => Voucher::Waived,
        _ => Voucher::Guard(guard),
    }
}
