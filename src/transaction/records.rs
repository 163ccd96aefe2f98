//! Keys and values of `__transaction_state`: what Kafka 4.3 writes at each level of `transaction.version`, and what is
//! read in all.
//!
//! ```text
//! key    i16 0 │ transactional id
//! value  i16 version │ producer id, epoch, timeout │ state │ partitions (null in Empty) │ last update │ start
//!        version 1 (level 1 and above), tagged: previous and next producer id, the client's transaction version
//! ```

use std::sync::Arc;

use super::state::{NO_PRODUCER_EPOCH, Partitions, Status, Transaction};
use crate::coordinator::machine::StoredRecord;
use crate::wire::codec::{DecodeError, EncodeError};
use crate::wire::stored::transaction::{
    PartitionsSchema, TransactionKey, TransactionLogKey, TransactionLogValue, TransactionValue,
};

/// How long a transactional id in a record may be, in bytes.
const ID_LEN_MAX: usize = i16::MAX as usize;

/// Whether an id fits into a record. Requests have the same bound, but not after what is no UTF-8 in them was replaced.
pub(super) const fn is_writable(transactional_id: &str) -> bool {
    transactional_id.len() <= ID_LEN_MAX
}

/// What one record says.
pub(super) enum Entry {
    /// How an id stands; none when it is forgotten.
    Transaction { transactional_id: Arc<str>, picture: Option<Box<Transaction>> },
    /// Of a type that Kafka 4.3 does not know.
    Unknown,
}

/// A record that says how an id stands, at a level of `transaction.version`.
pub(super) fn transaction(
    transactional_id: &str,
    picture: &Transaction,
    level: i16,
) -> Result<StoredRecord, EncodeError> {
    let is_tagged = level >= 1;
    let schema =
        |(topic, partitions): (&Arc<str>, &std::collections::BTreeSet<i32>)| PartitionsSchema {
            topic: topic.to_string(),
            partition_ids: partitions.iter().copied().collect(),
            ..Default::default()
        };
    let partitions = (picture.status != Status::Empty)
        .then(|| picture.partitions.iter().map(schema).collect::<Vec<_>>());
    let mut value = TransactionLogValue {
        producer_id: picture.producer_id,
        producer_epoch: picture.producer_epoch,
        transaction_timeout_ms: picture.timeout_ms,
        transaction_status: picture.status.id(),
        transaction_partitions: partitions,
        transaction_last_update_timestamp_ms: picture.updated_ms,
        transaction_start_timestamp_ms: picture.started_ms,
        ..Default::default()
    };
    if is_tagged {
        value.previous_producer_id = picture.previous_producer_id;
        value.next_producer_id = picture.next_producer_id;
        value.client_transaction_version = picture.client_version;
    }
    let value = TransactionValue::TransactionLog(value).encode(i16::from(is_tagged))?;
    Ok(StoredRecord { key: key(transactional_id)?, value: Some(value) })
}

/// A record that forgets an id.
pub(super) fn tombstone(transactional_id: &str) -> Result<StoredRecord, EncodeError> {
    Ok(StoredRecord { key: key(transactional_id)?, value: None })
}

fn key(transactional_id: &str) -> Result<bytes::Bytes, EncodeError> {
    let key =
        TransactionLogKey { transactional_id: transactional_id.to_owned(), ..Default::default() };
    TransactionKey::TransactionLog(key).encode()
}

/// Reads a record.
pub(super) fn parse(record: &StoredRecord) -> Result<Entry, DecodeError> {
    if record.key.get(..2) != Some(&[0, 0]) {
        return Ok(Entry::Unknown);
    }
    let TransactionKey::TransactionLog(key) = TransactionKey::decode(record.key.clone())?;
    let transactional_id = key.transactional_id.into();
    let Some(value) = record.value.clone() else {
        return Ok(Entry::Transaction { transactional_id, picture: None });
    };
    let TransactionValue::TransactionLog(value) = TransactionValue::decode(0, value)?;
    let Some(status) = Status::from_id(value.transaction_status) else {
        return Ok(Entry::Unknown);
    };
    let mut partitions = Partitions::new();
    for schema in value.transaction_partitions.unwrap_or_default() {
        partitions.entry(schema.topic.into()).or_default().extend(schema.partition_ids);
    }
    let picture = Transaction {
        producer_id: value.producer_id,
        previous_producer_id: value.previous_producer_id,
        next_producer_id: value.next_producer_id,
        producer_epoch: value.producer_epoch,
        last_producer_epoch: NO_PRODUCER_EPOCH,
        timeout_ms: value.transaction_timeout_ms,
        status,
        partitions,
        started_ms: value.transaction_start_timestamp_ms,
        updated_ms: value.transaction_last_update_timestamp_ms,
        client_version: value.client_transaction_version,
    };
    Ok(Entry::Transaction { transactional_id, picture: Some(Box::new(picture)) })
}
