//! One shard of the transaction coordinator: the transactional ids that fall into one partition of
//! `__transaction_state`.
//!
//! What is written of an id is all there is to know of it but for one thing: the epoch before the latest rise, which
//! only serves who asks the same again, and is forgotten with the shard as in Kafka.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tracing::{debug, error, info};

use super::records::{self, Entry};
use super::request::{TransactionReply, TransactionRequest};
use super::settings::Settings;
use super::state::{Status, Transaction, may_follow};
use crate::coordinator::machine::{Decision, Machine, StoredRecord, Ticket};
use crate::error::ErrorCode;
use crate::metadata::{Image, features};
use crate::types::{Millis, Offset};

/// What a shard waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The next look for transactions that took too long.
    TimeOuts,
    /// The next look for ids that nobody uses.
    Expiry,
}

/// The transactional ids of one shard.
pub struct TransactionMachine {
    pub(super) settings: Settings,
    /// The cluster's level of `transaction.version`.
    pub(super) level: i16,
    pub(super) transactions: BTreeMap<Arc<str>, Transaction>,
    /// Those that are open.
    pub(super) ongoing: BTreeSet<Arc<str>>,
    /// Those whose end is decided and not yet written everywhere.
    pub(super) preparing: BTreeSet<Arc<str>>,
    /// Of those, the ones that the marker sender has.
    pub(super) handed: BTreeSet<Arc<str>>,
    /// The marker sender, when it waits.
    pub(super) sender: Option<Ticket>,
    /// Timed-out ones that cannot be aborted without a fresh producer id.
    pub(super) wanting_id: BTreeSet<Arc<str>>,
}

impl TransactionMachine {
    /// A shard that is about to be loaded, under the metadata of the moment.
    pub fn new(settings: Settings, image: &Image) -> Self {
        Self {
            settings,
            level: image.features.level(features::TRANSACTION_VERSION),
            transactions: BTreeMap::new(),
            ongoing: BTreeSet::new(),
            preparing: BTreeSet::new(),
            handed: BTreeSet::new(),
            sender: None,
            wanting_id: BTreeSet::new(),
        }
    }

    /// Writes the next picture of an id. The epoch that is never written is kept at once.
    pub(super) fn write(
        &mut self,
        transactional_id: &str,
        picture: &Transaction,
        out: &mut Decision<Self>,
    ) -> Result<(), ErrorCode> {
        let record = records::transaction(transactional_id, picture, self.level);
        let record = record.map_err(|cause| {
            error!(transactional_id, %cause, "a transaction cannot be written down");
            ErrorCode::UnknownServerError
        })?;
        // Half, since an end may be two records of one batch.
        if record.bytes() > self.settings.batch_bytes_max / 2 {
            error!(transactional_id, "a transaction holds too much to be written down");
            return Err(ErrorCode::UnknownServerError);
        }
        if let Some(known) = self.transactions.get(transactional_id) {
            assert_sound(transactional_id, known, picture);
        }
        if let Some(known) = self.transactions.get_mut(transactional_id) {
            known.last_producer_epoch = picture.last_producer_epoch;
        }
        out.records.push(record);
        Ok(())
    }

    /// Takes in how an id stands now, and keeps the sets beside the ids in step with it.
    fn take(&mut self, id: Arc<str>, picture: Option<Transaction>) {
        let status = picture.as_ref().map(|picture| picture.status);
        if status == Some(Status::Ongoing) {
            self.ongoing.insert(id.clone());
        } else {
            self.ongoing.remove(&id);
            self.wanting_id.remove(&id);
        }
        if status.is_some_and(Status::is_preparing) {
            self.preparing.insert(id.clone());
        } else {
            self.preparing.remove(&id);
            self.handed.remove(&id);
        }
        match picture {
            None => {
                self.transactions.remove(&id);
            }
            Some(mut picture) => {
                if let Some(known) = self.transactions.get(&id) {
                    picture.last_producer_epoch = known.last_producer_epoch;
                }
                self.transactions.insert(id, picture);
            }
        }
    }

    /// Forgets ids that nobody has used for long.
    fn expire(&mut self, now: Millis) -> Decision<Self> {
        let mut out = Decision::default();
        let before = now - self.settings.id_expiration_ms;
        let expired = self
            .transactions
            .iter()
            .filter(|(_, one)| one.status.may_expire() && one.updated_ms <= before)
            .map(|(id, _)| id);
        for id in expired {
            match records::tombstone(id) {
                Ok(record) => out.records.push(record),
                Err(cause) => debug!(id = &**id, %cause, "a transactional id cannot be forgotten"),
            }
            if self.is_full(&out) {
                break;
            }
        }
        let is_full = self.is_full(&out);
        if !out.records.is_empty() {
            info!(count = out.records.len(), "transactional ids have expired");
        }
        let next = if is_full { now } else { now + self.settings.expiration_interval_ms };
        out.timers.push((Timer::Expiry, Some(next)));
        out
    }

    /// Whether a batch holds as much as it should: what is left to do can wait for the next.
    pub(super) fn is_full(&self, out: &Decision<Self>) -> bool {
        out.records.iter().map(StoredRecord::bytes).sum::<usize>()
            > self.settings.batch_bytes_max / 4
    }

    fn survey(&self) -> [usize; 6] {
        let mut counts = [0; 6];
        for one in self.transactions.values() {
            if let Some(count) = counts.get_mut(one.status as usize) {
                *count += 1;
            }
        }
        counts
    }
}

/// Holds what must be true of every change: an end that is decided is never turned, and no epoch comes twice.
fn assert_sound(id: &str, known: &Transaction, next: &Transaction) {
    assert!(
        may_follow(known.status, next.status),
        "{id}: {} after {}",
        next.status.name(),
        known.status.name()
    );
    assert!(
        next.producer_id != known.producer_id || next.producer_epoch >= known.producer_epoch,
        "{id}: epoch {} after {}",
        next.producer_epoch,
        known.producer_epoch
    );
}

impl Machine for TransactionMachine {
    type Request = TransactionRequest;
    type Reply = TransactionReply;
    type Timer = Timer;

    fn decide(
        &mut self,
        ticket: Ticket,
        request: TransactionRequest,
        now: Millis,
    ) -> Decision<Self> {
        let mut out = Decision::default();
        let reply = match request {
            TransactionRequest::Init { transactional_id, timeout_ms, expected, fresh_id } => {
                self.init(&transactional_id, timeout_ms, expected, fresh_id, now, &mut out)
            }
            TransactionRequest::AddPartitions {
                transactional_id,
                producer_id,
                producer_epoch,
                partitions,
                verify_only,
                client_version,
            } => {
                let producer = (producer_id, producer_epoch);
                if verify_only {
                    self.verify(&transactional_id, producer, partitions)
                } else {
                    let client = super::add::Client { producer, version: client_version };
                    self.add(&transactional_id, client, partitions, now, &mut out)
                }
            }
            TransactionRequest::End {
                transactional_id,
                producer_id,
                producer_epoch,
                committed,
                client_version,
                fresh_id,
            } => {
                let end = super::end::End {
                    producer: (producer_id, producer_epoch),
                    committed,
                    client_version,
                    fresh_id,
                };
                self.end(&transactional_id, &end, now, &mut out)
            }
            TransactionRequest::Describe { transactional_id } => {
                TransactionReply::Describe(self.describe(transactional_id))
            }
            TransactionRequest::List(filters) => TransactionReply::List(self.list(&filters, now)),
            TransactionRequest::AwaitMarkers { afresh, max } => {
                self.await_markers(ticket, afresh, max, &mut out);
                return out;
            }
            TransactionRequest::MarkersWritten(written) => {
                self.markers_written(&written, now, &mut out)
            }
            TransactionRequest::ProducerId(id) => self.abort_with_fresh_id(id, now, &mut out),
            TransactionRequest::Survey => TransactionReply::Survey(self.survey()),
        };
        out.replies.push((ticket, reply));
        out
    }

    fn fire(&mut self, timer: Timer, now: Millis) -> Decision<Self> {
        match timer {
            Timer::TimeOuts => self.abort_timed_out(now),
            Timer::Expiry => self.expire(now),
        }
    }

    fn apply(&mut self, offset: Offset, _timestamp: Millis, record: &StoredRecord) {
        match records::parse(record) {
            Ok(Entry::Transaction { transactional_id, picture }) => {
                self.take(transactional_id, picture.map(|picture| *picture));
            }
            Ok(Entry::Unknown) => debug!(offset, "a record of an unknown type is passed over"),
            Err(cause) => error!(offset, %cause, "a record of a transaction cannot be read"),
        }
    }

    fn loaded(&mut self, now: Millis) -> Decision<Self> {
        let timers = vec![
            (Timer::TimeOuts, Some(now + self.settings.abort_interval_ms)),
            (Timer::Expiry, Some(now + self.settings.expiration_interval_ms)),
        ];
        Decision { timers, ..Decision::default() }
    }

    fn image_changed(&mut self, image: &Arc<Image>, _now: Millis) -> Decision<Self> {
        self.level = image.features.level(features::TRANSACTION_VERSION);
        Decision::default()
    }

    fn refused(_request: &TransactionRequest, code: ErrorCode) -> TransactionReply {
        TransactionReply::Refused(code)
    }
}
