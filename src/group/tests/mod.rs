//! Tests of the group machine: golden scripts, a random history, and what Kafka itself wrote.

mod fuzz;
mod kafka;
mod replies;
mod scripts;
mod shard;

use super::partition_for;

#[test]
fn groups_fall_where_kafka_puts_them() {
    // Asked of Kafka 4.3.1 with 50 partitions; the hash of the first is negative.
    assert_eq!(partition_for("my-group", 50), 12);
    assert_eq!(partition_for("negative-hash-group-3", 50), 32);
    assert_eq!(partition_for("", 50), 0);
    // "polygenelubricants".hashCode() is i32::MIN, whose absolute value is no i32.
    assert_eq!(partition_for("polygenelubricants", 50), 0);
}
