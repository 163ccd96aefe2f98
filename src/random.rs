//! A small source of chance that a seed determines (SplitMix64, Steele, Lea and Flood 2014), so that a machine given
//! the same seed decides the same. Never for secrets.

/// Numbers that look random and follow from the seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A source that starts at `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// What goes on as this source would, if it is given to [`new`](Self::new).
    pub const fn seed(&self) -> u64 {
        self.0
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next_u64() % bound as u64) as usize
    }

    /// One of `items`, of which there must be some.
    pub fn one<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Puts `items` into another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Sixteen bytes, for a uuid.
    pub fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.next_u64()) << 64 | u128::from(self.next_u64())).to_be_bytes()
    }
}
