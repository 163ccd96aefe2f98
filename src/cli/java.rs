//! The order in which Java's hash maps and sets list things, and how it writes numbers: some of Kafka's tools print so.
//!
//! Caveat: things of one bucket come in the order in which they were put; places' is taken to be their own order.

use crate::types::TopicPartition;

/// `Double.toString`.
pub(super) fn double(value: f64) -> String {
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

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
    fn numbers_as_java_writes_them() {
        for (value, text) in
            [(1024.0, "1024.0"), (1e7, "1.0E7"), (1.5e8, "1.5E8"), (0.25, "0.25"), (1e-4, "1.0E-4")]
        {
            assert_eq!(double(value), text);
        }
    }

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
