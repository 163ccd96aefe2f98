//! The last offset of each key, in bounded memory: keys are held by a digest of 128 bits.
//!
//! The digest is keyed at random, so that nobody can make two keys that meet. Never grows.
//!
//! Two keys with one digest would cost the older of them its record. With 2⁶⁴ as the bound of collisions among 128 bits
//! that is less likely than a damaged crc; Kafka takes the same risk with MD5. Open addressing, linear probing: 24
//! bytes a key, and no pointer.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::types::{NONE, Offset};

/// Bytes of memory that a key takes.
const SLOT_BYTES: u64 = 24;

/// See the module.
pub(super) struct OffsetMap {
    /// Two halves of the digest, and the offset plus one: zero is an empty slot.
    slots: Vec<[u64; 3]>,
    /// Slots in use.
    len: usize,
    /// When it counts as full: below the number of slots, or a search for an absent key would not end.
    len_max: usize,
    /// Up to which offset everything was seen, keys or none.
    latest: Offset,
    /// One a half; keyed by chance for each map.
    hashers: [RandomState; 2],
}

impl OffsetMap {
    /// A map in at most `bytes_max` of memory, filled to `load_factor` at most, and no larger than `keys_max` keys
    /// need.
    pub(super) fn new(keys_max: u64, bytes_max: u64, load_factor: f64) -> Self {
        let load_factor = load_factor.clamp(0.01, 0.99);
        let needed = (keys_max as f64 / load_factor).ceil() as u64 + 2;
        let slots = usize::try_from(needed.min(bytes_max / SLOT_BYTES).max(2)).unwrap_or(2);
        let len_max = ((slots as f64 * load_factor) as usize).clamp(1, slots - 1);
        let hashers = [RandomState::new(), RandomState::new()];
        Self { slots: vec![[0; 3]; slots], len: 0, len_max, latest: Offset::from(NONE), hashers }
    }

    /// The slot that has the key, or the empty one that it would get.
    fn find(&self, key: &[u8]) -> (usize, [u64; 2]) {
        let digest = [self.hashers[0].hash_one(key), self.hashers[1].hash_one(key)];
        let count = self.slots.len();
        let mut at = ((u128::from(digest[0]) * count as u128) >> 64) as usize;
        loop {
            let slot = &self.slots[at];
            if slot[2] == 0 || slot[..2] == digest {
                return (at, digest);
            }
            at = if at + 1 == count { 0 } else { at + 1 };
        }
    }

    /// Notes that `key` was last seen at `offset`, unless the map is full: then it says false.
    pub(super) fn put(&mut self, key: &[u8], offset: Offset) -> bool {
        if self.len >= self.len_max {
            return false;
        }
        let (at, [one, other]) = self.find(key);
        self.len += usize::from(self.slots[at][2] == 0);
        self.slots[at] = [one, other, offset.unsigned_abs() + 1];
        debug_assert!(
            self.len <= self.len_max && self.len < self.slots.len(),
            "no slot is left empty"
        );
        self.latest = offset;
        true
    }

    /// Where the key was seen last.
    pub(super) fn get(&self, key: &[u8]) -> Option<Offset> {
        let (at, _) = self.find(key);
        self.slots[at][2].checked_sub(1).map(|offset| offset as Offset)
    }

    /// Up to which offset everything has been seen; −1 at first.
    pub(super) const fn latest(&self) -> Offset {
        self.latest
    }

    /// Notes that everything up to `offset` has been seen.
    pub(super) fn seen(&mut self, offset: Offset) {
        self.latest = self.latest.max(offset);
    }

    /// How full it is, as a share of 1.
    pub(super) fn utilization(&self) -> f64 {
        self.len as f64 / self.slots.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_held_until_it_is_full() {
        let mut map = OffsetMap::new(1_000, 24 * 100, 0.9);
        assert_eq!(map.latest(), -1);
        let key = |n: u64| n.to_be_bytes();
        let held = (0..1_000).take_while(|n| map.put(&key(*n), *n as i64 * 2)).count();
        assert_eq!((held, map.latest()), (90, 178));
        assert!((0..90).all(|n| map.get(&key(n)) == Some(n as i64 * 2)));
        assert_eq!(map.get(&key(90)), None);
        assert!((map.utilization() - 0.9).abs() < 0.001);
        let mut small = OffsetMap::new(1, u64::MAX, 0.9);
        assert!(small.put(b"a", 0) && small.put(b"a", 7));
        assert_eq!((small.get(b"a"), small.slots.len() < 10), (Some(7), true));
        small.seen(3);
        assert_eq!(small.latest(), 7);
    }
}
