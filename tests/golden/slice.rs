//! Makes the committed vectors: a seeded search for bytes that are readable as a message and say much.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::table::{ALL, Codec};

/// How many changes are tried for each version.
const TRIALS: usize = 6000;
/// The most bytes that a message may take.
const SIZE_MAX: usize = 90;

/// Writes vectors for every message in every version to `file`.
pub(crate) fn write(file: &Path) -> ExitCode {
    let mut text = String::new();
    for codec in ALL.iter().map(|codec| codec()) {
        for version in codec.versions.clone() {
            let bytes = search(&codec, version);
            let outcome = (codec.read)(bytes, version).expect("the search found it readable");
            let again = outcome.again.expect("what is read can be written");
            let hex = again.iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").expect("memory takes all");
                hex
            });
            let vector =
                json!({"name": codec.name, "version": version, "json": outcome.json, "hex": hex});
            writeln!(text, "{vector}").expect("memory takes all");
        }
    }
    std::fs::write(file, text).expect("the file can be written");
    ExitCode::SUCCESS
}

/// Bytes that are a message, climbing from its defaults: a random change is kept when the message then has no fewer
/// values.
fn search(codec: &Codec, version: i16) -> Bytes {
    let mut dice = Dice(version as u64);
    let mut best = (0, (codec.default)(version));
    for _ in 0..TRIALS {
        let mut trial = best.1.to_vec();
        for _ in 0..=dice.roll(3) {
            let at = dice.roll(trial.len() as u64 + 1) as usize;
            match dice.roll(3) {
                0 => trial.insert(at, dice.byte()),
                1 => drop(trial.splice(at..at, [0, 0, 0, dice.byte()])),
                _ => trial.iter_mut().skip(at).take(1).for_each(|byte| *byte = dice.byte()),
            }
        }
        trial.extend([dice.roll(2) as u8; SIZE_MAX]);
        let trial = Bytes::from(trial);
        let Ok(size) = (codec.probe)(trial.clone(), version) else { continue };
        let bytes = trial.slice(..size);
        let Some(values) = values(codec, bytes.clone(), version) else { continue };
        if size <= SIZE_MAX && values >= best.0 {
            best = (values, bytes);
        }
    }
    best.1
}

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// A byte as messages have them: counts, lengths, letters.
    fn byte(&mut self) -> u8 {
        match self.roll(4) {
            0 => 0,
            1 => b'a' + self.roll(26) as u8,
            _ => self.roll(5) as u8,
        }
    }
}

/// How many values the bytes hold; none if what they mean cannot be written again.
fn values(codec: &Codec, bytes: Bytes, version: i16) -> Option<usize> {
    let outcome = (codec.read)(bytes, version).ok()?;
    outcome.again.ok()?;
    Some(1 + leaves(&outcome.json))
}

fn leaves(json: &Value) -> usize {
    match json {
        Value::Array(items) => items.iter().map(leaves).sum(),
        Value::Object(fields) => fields.values().map(leaves).sum(),
        Value::Number(number) => 1 + usize::from(number.as_f64() != Some(0.0)),
        Value::String(text) => 1 + usize::from(!text.is_empty()),
        _ => 1,
    }
}
