//! Vectors of messages and record batches: the same bytes mean the same values to us, in both directions.
//!
//! Without arguments: the files beside this one. `messages.jsonl` pins the form of every message in every version; it
//! is of our own making: bytes that a seeded search found to be readable, as we read and write them (`golden write
//! FILE`, `slice.rs`). With two directories as arguments (`scripts/golden`): vectors of messages and of record batches
//! made by another implementation, whole and damaged, and the whole ones cut at every byte.

use std::path::Path;
use std::process::ExitCode;

mod messages;
mod records;
mod slice;
mod table;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tallies = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", file] => return slice::write(Path::new(file)),
        [messages, records] if !messages.starts_with('-') => {
            vec![messages::run(Path::new(messages)), records::run(Path::new(records))]
        }
        _ => {
            let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
            vec![
                messages::run_file(&here.join("messages.jsonl")),
                records::run_file(&here.join("records.jsonl")),
            ]
        }
    };
    let (passed, total) =
        tallies.iter().fold((0, 0), |sum, tally| (sum.0 + tally.0, sum.1 + tally.1));
    println!("golden: {passed} of {total}");
    if passed == total && total > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
