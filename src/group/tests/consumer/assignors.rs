//! Assignments as Kafka 4.3.1's assignors gave them.

use crate::group::consumer::assign::string_hash;

#[test]
fn strings_hash_as_javas() {
    assert_eq!(string_hash("polygenelubricants"), i32::MIN);
}
