//! Fetched bytes as records: what is committed, from a position on. The records are borrowed, never copied.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use bytes::Bytes;

use crate::client::ClientError;
use crate::types::{Offset, TopicPartition};
use crate::wire::messages::fetch::AbortedTransaction;
use crate::wire::records::{BatchHeader, ControlType, Record, RecordsError, split};

/// The most that one batch may unpack to, in bytes.
const UNPACKED_BYTES_MAX: usize = 1 << 30;

/// What one fetch brought of one partition.
#[derive(Debug)]
pub(in crate::cli) struct Chunk {
    pub(in crate::cli) place: TopicPartition,
    /// Records before this were not asked for.
    pub(super) position: Offset,
    pub(super) bytes: Bytes,
    /// With these, records of aborted transactions are left out.
    pub(super) aborted: Option<Vec<AbortedTransaction>>,
}

impl Chunk {
    /// How much it is, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Where to go on behind it.
    pub(super) fn end(&self) -> Result<Offset, ClientError> {
        let mut end = self.position;
        for batch in split(&self.bytes) {
            end = end.max(batch.map_err(wrong)?.header().next_offset());
        }
        Ok(end)
    }

    /// Shows the records in order, with their batches' heads, until `see` has enough. Where to go on behind the last
    /// that it saw.
    pub(in crate::cli) fn records(
        &self,
        mut see: impl FnMut(&BatchHeader, &Record<'_>) -> ControlFlow<()>,
    ) -> Result<Offset, ClientError> {
        let mut aborted = self.aborted.clone().unwrap_or_default();
        // The first to begin at the end, where it is taken off.
        aborted.sort_by_key(|transaction| std::cmp::Reverse(transaction.first_offset));
        let mut aborting = BTreeSet::new();
        let mut next = self.position;
        for batch in split(&self.bytes) {
            let batch = batch.map_err(wrong)?;
            let header = *batch.header();
            // From the first record of such a transaction to its marker, all that its producer wrote was aborted.
            while let Some(transaction) =
                aborted.pop_if(|transaction| transaction.first_offset <= header.last_offset())
            {
                aborting.insert(transaction.producer_id);
            }
            // Brokers answer with what is stored together: the first batches may lie before what was asked for.
            if header.next_offset() <= self.position {
                continue;
            }
            // Never a control batch: it is what ends the leaving out.
            let left_out = !header.is_control()
                && header.is_transactional()
                && aborting.contains(&header.producer_id);
            if !left_out {
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
                    if record.offset < self.position {
                        continue;
                    }
                    next = record.offset + 1;
                    if see(&header, &record).is_break() {
                        return Ok(next);
                    }
                }
            }
            // Not behind its last record: compaction may have taken those at the end, which would be asked for ever.
            next = header.next_offset();
        }
        Ok(next)
    }
}

fn wrong(error: RecordsError) -> ClientError {
    ClientError::Protocol(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::records::BatchBuilder;

    fn chunk(bytes: Bytes, position: Offset, aborted: Option<Vec<AbortedTransaction>>) -> Chunk {
        Chunk { place: TopicPartition::new("t", 0), position, bytes, aborted }
    }

    fn offsets(chunk: &Chunk, most: usize) -> (Vec<Offset>, Offset) {
        let mut offsets = Vec::new();
        let next = chunk.records(|_, record| {
            offsets.push(record.offset);
            if offsets.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (offsets, next.expect("they are records"))
    }

    #[test]
    fn records_from_a_position_on() {
        let mut builder = BatchBuilder::new().base_offset(5);
        for value in ["a", "b", "c"] {
            builder.append(1, None, Some(value.as_bytes()));
        }
        let chunk = chunk(builder.build(), 6, None);
        assert_eq!(offsets(&chunk, 9), (vec![6, 7], 8));
        assert_eq!(offsets(&chunk, 1), (vec![6], 7));
        assert_eq!(chunk.end().ok(), Some(8));
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
        let bytes = Bytes::from([batch(0, 1), batch(1, 2)].concat());
        let aborted = AbortedTransaction { producer_id: 1, first_offset: 0, ..Default::default() };
        assert_eq!(offsets(&chunk(bytes.clone(), 0, Some(vec![aborted])), 9), (vec![1], 2));
        assert_eq!(offsets(&chunk(bytes, 0, None), 9), (vec![0, 1], 2));
    }
}
