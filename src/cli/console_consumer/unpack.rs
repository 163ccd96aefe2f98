//! Fetched bytes as records: what is committed, from a position on.

use std::collections::BTreeSet;

use super::formatter::Message;
use crate::client::ClientError;
use crate::types::{Offset, TopicPartition};
use crate::wire::messages::fetch::AbortedTransaction;
use crate::wire::records::{ControlType, RecordsError, split};

/// The most that one batch may unpack to, in bytes.
const UNPACKED_BYTES_MAX: usize = 1 << 30;

/// The records of `bytes` from `position` on, and where to go on after them. With `aborted`, without the records of
/// aborted transactions.
pub(super) fn unpack(
    place: &TopicPartition,
    bytes: &[u8],
    position: Offset,
    aborted: Option<Vec<AbortedTransaction>>,
) -> Result<(Vec<Message>, Offset), ClientError> {
    let wrong = |error: RecordsError| ClientError::Protocol(error.to_string());
    let committed_only = aborted.is_some();
    let mut aborted = aborted.unwrap_or_default();
    aborted.sort_by_key(|transaction| std::cmp::Reverse(transaction.first_offset));
    let mut aborting = BTreeSet::new();
    let mut messages = Vec::new();
    let mut next = position;
    for batch in split(bytes) {
        let batch = batch.map_err(wrong)?;
        let header = *batch.header();
        while let Some(transaction) =
            aborted.pop_if(|transaction| transaction.first_offset <= header.last_offset())
        {
            aborting.insert(transaction.producer_id);
        }
        if header.next_offset() <= position {
            continue;
        }
        next = header.next_offset();
        if !header.is_control()
            && committed_only
            && header.is_transactional()
            && aborting.contains(&header.producer_id)
        {
            continue;
        }
        batch.check_crc().map_err(wrong)?;
        let payload = batch.payload(UNPACKED_BYTES_MAX).map_err(wrong)?;
        for record in payload.records() {
            let record = record.map_err(wrong)?;
            if header.is_control() {
                if ControlType::parse(record.key).map_err(wrong)? == ControlType::Abort {
                    aborting.remove(&header.producer_id);
                }
                continue;
            }
            if record.offset < position {
                continue;
            }
            let headers = record.headers.into_iter();
            messages.push(Message {
                topic: place.topic.clone(),
                partition: place.partition,
                offset: record.offset,
                timestamp: record.timestamp,
                timestamp_type: header.timestamp_type(),
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: headers
                    .map(|header| {
                        (header.key_text().into_owned(), header.value.map(<[u8]>::to_vec))
                    })
                    .collect(),
            });
        }
    }
    Ok((messages, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::records::BatchBuilder;

    #[test]
    fn records_from_a_position_on() {
        let mut builder = BatchBuilder::new().base_offset(5);
        for value in ["a", "b", "c"] {
            builder.append(1, None, Some(value.as_bytes()));
        }
        let bytes = builder.build();
        let place = TopicPartition::new("t", 0);
        let (messages, next) = unpack(&place, &bytes, 6, None).expect("they are records");
        let offsets: Vec<_> = messages.iter().map(|message| message.offset).collect();
        assert_eq!((offsets, next), (vec![6, 7], 8));
    }

    #[test]
    fn aborted_records_are_left_out() {
        let batch = |offset, producer| {
            let mut builder = BatchBuilder::new()
                .base_offset(offset)
                .producer(producer, 0, 0)
                .transactional(true);
            builder.append(1, None, Some(b"v"));
            builder.build()
        };
        let bytes = [batch(0, 1), batch(1, 2)].concat();
        let aborted = AbortedTransaction { producer_id: 1, first_offset: 0, ..Default::default() };
        let place = TopicPartition::new("t", 0);
        let (messages, next) =
            unpack(&place, &bytes, 0, Some(vec![aborted.clone()])).expect("they are records");
        assert_eq!((messages.len(), messages[0].offset, next), (1, 1, 2));
        let (messages, _) = unpack(&place, &bytes, 0, None).expect("they are records");
        assert_eq!(messages.len(), 2);
    }
}
