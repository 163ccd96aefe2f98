//! Records that Kafka 4.3.1 itself wrote: they are read as what they are, and written again as the same bytes.

use super::super::records::{self, Entry};
use crate::coordinator::machine::StoredRecord;
use crate::testing::bytes;

/// A consumer joined, committed three partitions and left; `__consumer_offsets` as it lay on the disk, one record a
/// line: key and value in hex.
const WRITTEN: &str = include_str!("kafka.hex");

#[test]
fn what_kafka_wrote_is_written_again() {
    let mut seen = 0;
    for line in WRITTEN.lines() {
        let (key, value) = line.split_once(' ').unwrap();
        let record = StoredRecord { key: bytes(key), value: Some(bytes(value)) };
        let again = match records::parse(&record).unwrap() {
            Entry::Group { picture: Some(picture), .. } => records::group(&picture),
            Entry::Offset { group, topic, partition, value: Some(value) } => {
                records::offset(&group, &topic, partition, &value.at(0))
            }
            _ => panic!("nothing else was written"),
        };
        assert_eq!(again, record);
        seen += 1;
    }
    assert_eq!(seen, 6);
}
