//! What the records hold: random letters, lines of a file, or growing numbers.

use crate::cli::argparse::Parsed;
use crate::cli::options::Exception;
use crate::cli::say;

/// How many random letters there are beyond one record; records begin anywhere among them.
const POOL_BYTES: usize = 1 << 16;

/// See the module.
pub(super) enum Payload {
    Random { pool: Vec<u8>, size: usize, state: u64 },
    Lines { lines: Vec<Vec<u8>>, state: u64 },
    Monotonic { text: String },
}

impl Payload {
    /// The payload that was asked for: letters of `size`, unless it is another.
    pub(super) fn new(parsed: &Parsed, size: u64) -> Result<Self, Exception> {
        if parsed.has("payload-monotonic") {
            return Ok(Self::Monotonic { text: String::new() });
        }
        if let Some(path) = parsed.value("payload-file") {
            return Ok(Self::Lines { lines: lines(parsed, path)?, state: 1 });
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut state = 1;
        let letter = |_| b'A' + u8::try_from(random(&mut state) % 26).unwrap_or(0);
        let pool = (0..size.saturating_add(POOL_BYTES)).map(letter).collect();
        Ok(Self::Random { pool, size, state })
    }

    /// The value of record `number`.
    pub(super) fn next(&mut self, number: u64) -> &[u8] {
        match self {
            Self::Random { pool, size, state } => {
                let start = random(state) as usize % POOL_BYTES;
                pool.get(start..start + *size).unwrap_or_default()
            }
            Self::Lines { lines, state } => {
                let index = random(state) as usize % lines.len().max(1);
                lines.get(index).map(Vec::as_slice).unwrap_or_default()
            }
            Self::Monotonic { text } => {
                *text = number.to_string();
                text.as_bytes()
            }
        }
    }
}

/// xorshift64*: repeatable, and good enough for letters.
fn random(state: &mut u64) -> u32 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as u32
}

fn lines(parsed: &Parsed, path: &str) -> Result<Vec<Vec<u8>>, Exception> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    say(&format!("Reading payloads from: {}\n", absolute.display()));
    let text = std::fs::read(path).unwrap_or_default();
    if text.is_empty() {
        return Err(Exception::illegal_argument("File does not exist or empty file provided."));
    }
    let delimiter = match parsed.value("payload-delimiter") {
        None | Some("\\n") => "\n",
        Some(other) => other,
    };
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<_> = text.split(delimiter).map(|line| line.as_bytes().to_vec()).collect();
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    say(&format!("Number of records read: {}\n", lines.len()));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_letters() {
        let mut payload = Payload::new(&Parsed::default(), 100).expect("letters");
        let first = payload.next(0).to_vec();
        assert!(first.len() == 100 && first.iter().all(u8::is_ascii_uppercase));
        assert_ne!(payload.next(1), first);
    }

    #[test]
    fn growing_numbers() {
        let mut payload = Payload::Monotonic { text: String::new() };
        assert_eq!(payload.next(7), b"7");
    }
}
