//! Records that Kafka 4.3.1 itself wrote: they are read as what they are, and written again as the same bytes.

use std::collections::BTreeSet;

use super::super::records;
use super::super::state::Status;
use super::shard::read;
use crate::coordinator::machine::StoredRecord;
use crate::testing::bytes;

/// Two producers in all states, one whose epochs were used up; `__transaction_state` as it lay on the disk at
/// `transaction.version` 2, one record a line: key and value in hex.
const WRITTEN: &str = include_str!("kafka.hex");

#[test]
fn what_kafka_wrote_is_written_again() {
    let mut seen = BTreeSet::new();
    for line in WRITTEN.lines() {
        let (key, value) = line.split_once(' ').unwrap();
        let record = StoredRecord { key: bytes(key), value: Some(bytes(value)) };
        let (id, picture) = read(&record);
        let picture = picture.unwrap();
        seen.insert(picture.status);
        let again = records::transaction(&id, &picture, 2).unwrap();
        assert_eq!(again.key, record.key);
        // Kafka writes topics and partitions in the order of its hash maps.
        assert_eq!(read(&again), read(&record));
        if picture.partitions.values().map(BTreeSet::len).sum::<usize>() < 2 {
            assert_eq!(again, record);
        }
    }
    assert_eq!(seen, BTreeSet::from(Status::ALL));
}
