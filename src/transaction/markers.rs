//! Ends that are decided and not yet written to every partition: handed to the marker sender, and taken back when done.
//!
//! ```text
//! preparing   ids whose end is decided and not written everywhere, as the records have it
//! handed      those of them that the sender has: forgotten when the sender says that it begins afresh
//! sender      the ticket of its question, while there is nothing to do
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use super::end::complete;
use super::machine::TransactionMachine;
use super::request::{Markers, TransactionReply, Written};
use super::state::{Status, Transaction};
use crate::coordinator::machine::{Decision, Ticket};
use crate::types::Millis;

impl TransactionMachine {
    /// The sender is there: it is answered with what is to be done, at once or when there is something.
    pub(super) fn await_markers(
        &mut self,
        ticket: Ticket,
        afresh: bool,
        max: usize,
        out: &mut Decision<Self>,
    ) {
        if let Some(earlier) = self.sender.take() {
            out.replies.push((earlier, work(Vec::new(), false)));
        }
        if afresh {
            self.handed.clear();
        }
        let open: Vec<Arc<str>> =
            self.preparing.difference(&self.handed).take(max).cloned().collect();
        let needs_id = !self.wanting_id.is_empty();
        if open.is_empty() && !needs_id {
            self.sender = Some(ticket);
            return;
        }
        let markers = |id: &Arc<str>| Some(markers(id, self.transactions.get(id)?));
        let found = open.iter().filter_map(markers).collect();
        self.handed.extend(open);
        out.replies.push((ticket, work(found, needs_id)));
    }

    /// Hands an end that was just decided to the sender, if it waits.
    pub(super) fn offer(
        &mut self,
        transactional_id: &str,
        prepared: &Transaction,
        out: &mut Decision<Self>,
    ) {
        let Some(ticket) = self.sender.take() else { return };
        let id: Arc<str> = transactional_id.into();
        self.handed.insert(id.clone());
        out.replies.push((ticket, work(vec![markers(&id, prepared)], false)));
    }

    /// Asks the sender for a producer id, if it waits.
    pub(super) fn ask_for_id(&mut self, out: &mut Decision<Self>) {
        if let Some(ticket) = self.sender.take() {
            out.replies.push((ticket, work(Vec::new(), true)));
        }
    }

    /// Completes what is written everywhere.
    pub(super) fn markers_written(
        &mut self,
        written: &[Written],
        now: Millis,
        out: &mut Decision<Self>,
    ) -> TransactionReply {
        let written: BTreeSet<&Written> = written.iter().collect();
        let mut reply = TransactionReply::Done;
        for one in written {
            let Some(known) = self.transactions.get(&one.transactional_id) else { continue };
            let is_it = known.status.is_preparing()
                && known.producer_id == one.producer_id
                && known.producer_epoch == one.producer_epoch;
            if !is_it {
                continue;
            }
            let next = complete(known, now);
            // One that cannot be written keeps none of the others from their ends; the sender says all of them again.
            if let Err(code) = self.write(&one.transactional_id, &next, out) {
                reply = TransactionReply::Refused(code);
            }
        }
        reply
    }
}

const fn work(markers: Vec<Markers>, needs_producer_id: bool) -> TransactionReply {
    TransactionReply::Markers { markers, needs_producer_id }
}

fn markers(id: &Arc<str>, prepared: &Transaction) -> Markers {
    Markers {
        transactional_id: id.clone(),
        producer_id: prepared.producer_id,
        producer_epoch: prepared.producer_epoch,
        committed: prepared.status == Status::PrepareCommit,
        client_version: prepared.client_version,
        partitions: prepared.partitions.clone(),
    }
}
