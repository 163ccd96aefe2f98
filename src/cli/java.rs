//! The order in which Java's hash maps and sets list things: some of Kafka's tools print in it.
//!
//! Caveat: places of one bucket come in the order in which they were put, which is taken to be their own order.

use crate::types::TopicPartition;

/// Sorts `places` as a `HashMap` of that many lists them.
pub(super) fn sort_as_hash_map(places: &mut [TopicPartition]) {
    places.sort();
    let mut buckets = 16;
    while places.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    let bucket = |place: &TopicPartition| {
        let hash = hash_code(place) as u32;
        (hash ^ hash >> 16) as usize & (buckets - 1)
    };
    places.sort_by_key(bucket);
}

/// `TopicPartition.hashCode`.
fn hash_code(place: &TopicPartition) -> i32 {
    let text = place.topic.encode_utf16();
    let topic = text.fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    (31_i32.wrapping_add(place.partition)).wrapping_mul(31).wrapping_add(topic)
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
    }
}
