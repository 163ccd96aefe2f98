//! Whether a transaction that begins here is one that its coordinator knows of (KIP-890). Pure.
//!
//! Before the first batch of a transaction is appended, its coordinator is asked. Whoever asks gets a guard first, and
//! brings it along with the batch; the guard is void as soon as anything of the transaction is in the log, its end
//! included. So an answer that comes late, when the transaction it was about has ended, opens nothing.
//!
//! ```text
//! first batch ──▶ ask: Guard(7) ──▶ coordinator: "add the partition" ──▶ append with Guard(7) ──▶ settled, Guard(7) is
//! void
//!                                        ╰── meanwhile a marker is written: Guard(7) is void, the append is refused
//! ```
//!
//! Kafka's `VerificationGuard` and `VerificationStateEntry`.

use std::collections::HashMap;

use crate::types::Millis;
use crate::wire::records::BatchHeader;

/// Stands for one question to the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard(u64);

/// What a batch brings along that begins a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Voucher {
    /// Nothing: it may only continue one.
    #[default]
    None,
    /// The guard, and with it that the coordinator has agreed.
    Guard(Guard),
    /// Nobody is asked (`transaction.partition.verification.enable` is off, or the batch is known to be good).
    Waived,
}

/// A batch that may begin a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Beginning {
    /// Whose it is.
    pub producer_id: i64,
    /// The producer's epoch.
    pub producer_epoch: i16,
    /// The sequence of its first record; −1 for a coordinator's, which has none.
    pub base_sequence: i32,
    /// Whether the producer's epoch is above that of its last transaction (transaction version 2).
    pub supports_epoch_bump: bool,
}

/// A question that is open, or was answered and not yet made use of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verification {
    /// What must be brought along.
    guard: Guard,
    /// The producer's, as it was when it was asked last.
    epoch: i16,
    /// No batch behind this one may come first: it would keep this one out.
    lowest_sequence: i32,
    supports_epoch_bump: bool,
    /// When it was asked first.
    since: Millis,
}

impl Verification {
    /// Whether `sequence` may be appended, to a producer of which `is_new` says that no batch is known.
    pub(super) const fn admits(&self, sequence: i32, is_new: bool) -> bool {
        let begins_amidst = self.supports_epoch_bump && is_new && sequence != 0;
        !begins_amidst && sequence <= self.lowest_sequence
    }
}

/// The open questions of a partition, by producer.
#[derive(Debug, Default)]
pub(super) struct Verifications {
    open: HashMap<i64, Verification>,
    /// Counts questions: guards of one log never repeat.
    asked: u64,
}

impl Verifications {
    /// The question about a producer's next transaction, asked anew unless it is open.
    pub(super) fn ask(&mut self, beginning: &Beginning, now: Millis) -> Guard {
        let (epoch, sequence) = (beginning.producer_epoch, beginning.base_sequence);
        let asked = &mut self.asked;
        let entry = self.open.entry(beginning.producer_id).or_insert_with(|| {
            *asked += 1;
            Verification {
                guard: Guard(*asked),
                epoch,
                lowest_sequence: sequence,
                supports_epoch_bump: beginning.supports_epoch_bump,
                since: now,
            }
        });
        if epoch > entry.epoch || (epoch == entry.epoch && sequence < entry.lowest_sequence) {
            (entry.epoch, entry.lowest_sequence) = (epoch, sequence);
        }
        entry.guard
    }

    /// The question about a producer's next transaction.
    pub(super) fn get(&self, producer_id: i64) -> Option<&Verification> {
        self.open.get(&producer_id)
    }

    /// Whether what a batch brings along is good.
    pub(super) fn accept(&self, producer_id: i64, voucher: Voucher) -> bool {
        match voucher {
            Voucher::None => false,
            Voucher::Waived => true,
            Voucher::Guard(guard) => {
                self.open.get(&producer_id).is_some_and(|open| open.guard == guard)
            }
        }
    }

    /// A transactional batch is staged: what was asked is settled, or void. Only the question about a producer's next
    /// transaction outlives the marker of the one before, where the epoch tells the two apart.
    pub(super) fn settle(&mut self, header: &BatchHeader) {
        let Some(open) = self.open.get(&header.producer_id) else { return };
        let is_of_next =
            open.supports_epoch_bump && header.is_control() && header.producer_epoch == open.epoch;
        if !is_of_next {
            self.open.remove(&header.producer_id);
        }
    }

    /// Whether nothing was ever asked: no guard is anywhere that a count begun anew could give out again.
    pub(super) const fn is_unused(&self) -> bool {
        self.asked == 0
    }

    /// Forgets questions that nobody has come back for.
    pub(super) fn expire(&mut self, now: Millis, expiration_ms: Millis) {
        self.open.retain(|_, open| now.saturating_sub(open.since) < expiration_ms);
    }
}
