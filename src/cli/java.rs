//! The order in which Java's hash maps and sets list things: some of Kafka's tools print in it.
//!
//! Caveat: things of one bucket come in the order in which they were put; places' is taken to be their own order.

use crate::types::TopicPartition;

/// Sorts `places` as a `HashMap` of that many lists them.
pub(super) fn sort_as_hash_map(places: &mut [TopicPartition]) {
    places.sort();
    sort(places, 16, hash_code);
}

/// Sorts `items` as a `HashMap` lists texts that was made for `expected` of them, and got them in the given order.
pub(super) fn sort_by_text<T>(items: &mut [T], expected: usize, key: impl Fn(&T) -> &str) {
    sort(items, expected, |item| hash_text(key(item)));
}

fn sort<T>(items: &mut [T], expected: usize, hash: impl Fn(&T) -> i32) {
    let mut buckets = expected.max(1).next_power_of_two();
    while items.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    let bucket = |item: &T| {
        let hash = hash(item) as u32;
        (hash ^ hash >> 16) as usize & (buckets - 1)
    };
    items.sort_by_key(bucket);
}

/// `TopicPartition.hashCode`.
fn hash_code(place: &TopicPartition) -> i32 {
    let topic = hash_text(&place.topic);
    (31_i32.wrapping_add(place.partition)).wrapping_mul(31).wrapping_add(topic)
}

/// `String.hashCode`.
fn hash_text(text: &str) -> i32 {
    let units = text.encode_utf16();
    units.fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_java_lists_them() {
        let place = |topic: &str, partition| TopicPartition::new(topic, partition);
        let mut places = [place("tour-l-a", 0), place("tour-l-a", 1), place("tour-l-b", 0)];
        sort_as_hash_map(&mut places);
        assert_eq!(places, [place("tour-l-b", 0), place("tour-l-a", 0), place("tour-l-a", 1)]);
        let mut keys = ["b", "q", "a", "A"];
        sort_by_text(&mut keys, 16, |key| key);
        assert_eq!(keys, ["q", "a", "A", "b"]);
    }
}
