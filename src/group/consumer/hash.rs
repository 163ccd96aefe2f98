//! The hash of the topics that a group reads: when it changes, the group is assigned anew. XXH3 over the fields in
//! Kafka's order, so that a group that Kafka wrote is not taken for changed.
//!
//! Fields are little-endian, as Kafka's hash stream has them; racks come sorted. A change of leaders is none here: only
//! what an assignor can see counts.

use twox_hash::XxHash3_64;

use crate::metadata::Image;

/// The hash of one topic: its id, name and partitions with the racks of their replicas. 0 where there is no such topic.
pub(crate) fn topic_hash(name: &str, image: &Image) -> i64 {
    let Some(topic) = image.topics.by_name(name) else { return 0 };
    let mut bytes = vec![0u8];
    let (most, least) = topic.id.as_bytes().split_at(8);
    bytes.extend(most.iter().rev());
    bytes.extend(least.iter().rev());
    put_text(&mut bytes, name);
    let partitions = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    bytes.extend(partitions.to_le_bytes());
    for (id, partition) in topic.partitions.iter() {
        bytes.extend(id.to_le_bytes());
        let rack = |node: &i32| image.cluster.brokers.get(node)?.rack.as_deref();
        let mut racks: Vec<&str> = partition.replicas.iter().filter_map(rack).collect();
        racks.sort_unstable();
        for rack in racks {
            let units = i32::try_from(rack.encode_utf16().count()).unwrap_or(i32::MAX);
            bytes.extend(units.to_le_bytes());
            put_text(&mut bytes, rack);
        }
    }
    XxHash3_64::oneshot(&bytes).cast_signed()
}

/// The hash of all topics that a group reads, from theirs in the order of their names. 0 where it reads none.
pub(crate) fn group_hash(hashes: impl Iterator<Item = i64>) -> i64 {
    let bytes: Vec<u8> = hashes.flat_map(i64::to_le_bytes).collect();
    if bytes.is_empty() { 0 } else { XxHash3_64::oneshot(&bytes).cast_signed() }
}

/// A text's UTF-16 units, and how many there are.
fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let mut units = 0i32;
    for unit in text.encode_utf16() {
        bytes.extend(unit.to_le_bytes());
        units += 1;
    }
    bytes.extend(units.to_le_bytes());
}
