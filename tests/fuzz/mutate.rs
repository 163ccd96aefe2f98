//! Damage: flips, cuts, splices, and the numbers that break readers. From a seed; never from anything else.

use vltava::random::Random;

/// Chance that takes "none of none" for an answer.
pub(crate) struct Dice(pub(crate) Random);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0.below(sides.max(1))
    }
}

/// Lengths and counts at their edges, in the forms that Kafka has for them.
const NUMBERS: [&[u8]; 16] = [
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff",
    b"\x7f\xff",
    b"\x80\x00",
    b"\x7f\xff\xff\xff",
    b"\x80\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\xfe",
    b"\x00\x10\x00\x00",
    b"\xff\xff\xff\xff\x0f",
    b"\xfe\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
];

/// One of `corpus`, damaged in one to four places. The first byte, which chooses the reader's form, is damaged seldom.
pub(crate) fn damage(corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = corpus[dice.roll(corpus.len())].clone();
    for _ in 0..=dice.roll(4) {
        let least = usize::from(dice.roll(50) > 0).min(bytes.len());
        let at = least + dice.roll(bytes.len() - least);
        match dice.roll(9) {
            0 | 1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.roll(8)),
            2 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = dice.roll(256) as u8),
            3 => bytes.truncate(at),
            4 => bytes.insert(at.min(bytes.len()), dice.roll(256) as u8),
            5 | 6 => {
                let number = NUMBERS[dice.roll(NUMBERS.len())];
                let end = (at + number.len() * usize::from(dice.roll(4) > 0)).min(bytes.len());
                drop(bytes.splice(at.min(end)..end, number.iter().copied()));
            }
            7 => {
                let end = (at + dice.roll(64)).min(bytes.len());
                let piece = bytes[at.min(end)..end].to_vec();
                let to = dice.roll(bytes.len() + 1);
                drop(bytes.splice(to..to, piece));
            }
            _ => {
                let other = &corpus[dice.roll(corpus.len())];
                let from = dice.roll(other.len());
                let piece = other[from..(from + dice.roll(256)).min(other.len())].to_vec();
                bytes.truncate(at);
                bytes.extend(piece);
            }
        }
    }
    bytes
}
