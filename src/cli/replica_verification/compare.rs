//! What the replicas of one partition answered, batch by batch. Looks at offsets and checksums, never at records.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::types::{NodeId, Offset, TopicPartition};
use crate::wire::records::{BatchHeader, split};

/// What one replica answered.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    /// −1 where it did not answer.
    pub(super) high_watermark: Offset,
    pub(super) bytes: Bytes,
}

impl Default for Copy {
    fn default() -> Self {
        Self { high_watermark: -1, bytes: Bytes::new() }
    }
}

/// Why there is nothing more to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The replicas are at different offsets, which was told.
    Told,
    /// These bytes are no batches.
    Unreadable(String),
}

/// Up to where all copies hold the same, from `position` on; below the high watermark only. What differs is told.
pub(super) fn compare(
    place: &TopicPartition,
    position: Offset,
    copies: &BTreeMap<NodeId, Copy>,
    mut tell: impl FnMut(String),
) -> Result<Offset, Trouble> {
    let mut readers: Vec<_> = copies
        .iter()
        .map(|(&node, copy)| (node, copy.high_watermark, split(&copy.bytes)))
        .collect();
    let mut next = position;
    loop {
        // One batch of each replica a round. What one of them has not shown yet is asked for again, from `next`.
        let mut first: Option<(NodeId, BatchHeader)> = None;
        let mut is_in_all = true;
        for (node, high_watermark, batches) in &mut readers {
            let header = match batches.next() {
                None => {
                    is_in_all = false;
                    continue;
                }
                Some(Ok(batch)) => *batch.header(),
                Some(Err(_)) => {
                    return Err(Trouble::Unreadable(format!(
                        "Error in processing replica {node} in partition {place} at offset {next}"
                    )));
                }
            };
            // Not committed: replicas may rightly differ there.
            if header.last_offset() >= *high_watermark {
                is_in_all = false;
                continue;
            }
            match first {
                None => first = Some((*node, header)),
                Some((other, expected)) => {
                    let (one, two) = (expected.last_offset(), header.last_offset());
                    if one != two {
                        tell(format!(
                            "partition {place}: replica {other}'s offset {one} doesn't match replica {node}'s offset {two}"
                        ));
                        return Err(Trouble::Told);
                    }
                    let (ours, theirs) = (expected.crc, header.crc);
                    // What follows can still be compared, since the offsets agree.
                    if ours != theirs {
                        tell(format!(
                            "partition {place} has unmatched checksum at offset {two}; replica {other}'s checksum {ours}; \
                             replica {node}'s checksum {theirs}"
                        ));
                    }
                }
            }
        }
        match first {
            Some((_, header)) if is_in_all => next = header.next_offset(),
            _ => return Ok(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::records::BatchBuilder;

    fn batch(offset: Offset, value: &[u8]) -> Vec<u8> {
        let mut builder = BatchBuilder::new().base_offset(offset);
        builder.append(0, None, Some(value));
        builder.build().to_vec()
    }

    fn copies(batches: [&[Vec<u8>]; 2], high_watermark: Offset) -> BTreeMap<NodeId, Copy> {
        let copy = |batches: &[Vec<u8>]| Copy { high_watermark, bytes: batches.concat().into() };
        let [one, other] = batches;
        BTreeMap::from([(1, copy(one)), (2, copy(other))])
    }

    fn outcome(copies: &BTreeMap<NodeId, Copy>) -> (Result<Offset, Trouble>, Vec<String>) {
        let mut told = Vec::new();
        let outcome = compare(&TopicPartition::new("t", 3), 0, copies, |line| told.push(line));
        (outcome, told)
    }

    #[test]
    fn as_far_as_all_have_it_and_no_farther_than_the_high_watermark() {
        let (one, two) = (batch(0, b"a"), batch(1, b"b"));
        let both = [one.clone(), two.clone()];
        assert_eq!(outcome(&copies([&both, &both], 2)), (Ok(2), vec![]));
        assert_eq!(outcome(&copies([&both, &both], 1)), (Ok(1), vec![]));
        assert_eq!(outcome(&copies([&both, &[one]], 2)), (Ok(1), vec![]));
        assert_eq!(outcome(&copies([&both, &[]], 2)), (Ok(0), vec![]));
    }

    #[test]
    fn what_differs_is_told() {
        let (told, lines) = outcome(&copies([&[batch(0, b"a")], &[batch(0, b"b")]], 1));
        assert_eq!(told, Ok(1));
        assert!(
            lines
                .concat()
                .starts_with("partition t-3 has unmatched checksum at offset 0; replica 1's")
        );
        let (told, lines) = outcome(&copies([&[batch(0, b"a")], &[batch(1, b"a")]], 9));
        assert_eq!(told, Err(Trouble::Told));
        assert_eq!(
            lines.concat(),
            "partition t-3: replica 1's offset 0 doesn't match replica 2's offset 1"
        );
    }
}
