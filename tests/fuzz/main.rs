//! Bytes that nobody sane would write, for everything that reads bytes: no panic, no hang, no memory without reason.
//!
//! A mutational fuzzer without instrumentation, so that it runs wherever the tests do: good inputs are damaged from a
//! seed, and what can be read must hold what its target promises. Without arguments: a short slice of each target.
//! `scripts/fuzz MINUTES` runs longer; `--target NAME`, `--seconds N` (each), `--seed N`. A failing input is written to
//! `tests/fuzz/findings` and is tried first from then on.

#[path = "../golden/messages.rs"]
#[allow(dead_code)]
mod messages;
#[path = "../golden/table.rs"]
#[allow(dead_code)]
mod table;

mod coordinators;
mod files;
mod mutate;
mod requests;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mutate::Dice;
use targets::{TARGETS, Target};
use vltava::random::Random;

/// One input may not take longer, without optimisation: of the fuzzer's own time, whoever else the machine works for.
const INPUT_TIME_MAX: Duration = Duration::from_secs(10);
/// What the process may have in memory at its peak, in KiB.
const MEMORY_KIB_MAX: u64 = 512 * 1024;

struct Arguments {
    target: Option<String>,
    seconds: u64,
    seed: u64,
}

fn arguments() -> Arguments {
    let mut arguments = Arguments { target: None, seconds: 4, seed: 1 };
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        let mut number = || rest.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--seconds" => arguments.seconds = number(),
            "--seed" => arguments.seed = number(),
            "--target" => arguments.target = rest.next(),
            // What cargo hands to every test.
            _ => {}
        }
    }
    arguments
}

fn findings() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/findings")
}

/// Tries one input; why it fails, if it does.
fn attempt(target: &Target, input: &[u8]) -> Result<(), String> {
    let began = Instant::now();
    survive(target, input)?;
    if began.elapsed() < INPUT_TIME_MAX {
        return Ok(());
    }
    // On a busy machine that says little. Once more, by the clock that stands while others have the processor.
    let began = processor_time();
    survive(target, input)?;
    let took = processor_time().saturating_sub(began);
    if took > INPUT_TIME_MAX { Err(format!("took {took:?}")) } else { Ok(()) }
}

/// Runs the target; what it says when it panics.
fn survive(target: &Target, input: &[u8]) -> Result<(), String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("a panic").to_owned()
    })
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// The inputs that once failed.
fn replay(target: &Target) -> Result<usize, String> {
    let mut count = 0;
    let listed = std::fs::read_dir(findings()).map_err(|error| error.to_string())?;
    for path in listed.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(target.name) {
            let input = std::fs::read(&path).map_err(|error| error.to_string())?;
            attempt(target, &input).map_err(|why| format!("{}: {why}", path.display()))?;
            count += 1;
        }
    }
    Ok(count)
}

fn fuzz(target: &Target, seconds: u64, seed: u64) -> Result<u64, String> {
    replay(target)?;
    let corpus = (target.corpus)();
    for good in &corpus {
        attempt(target, good).map_err(|why| format!("a good input: {why}"))?;
    }
    let mut dice = Dice(Random::new(seed));
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut runs = 0;
    while Instant::now() < until {
        for _ in 0..16 {
            let input = mutate::damage(&corpus, &mut dice);
            runs += 1;
            if let Err(why) = attempt(target, &input) {
                let path = findings().join(format!("{}-{:016x}", target.name, dice.0.seed()));
                std::fs::write(&path, &input).map_err(|error| error.to_string())?;
                return Err(format!(
                    "run {runs} of seed {seed}: {why}\n  kept as {}",
                    path.display()
                ));
            }
        }
    }
    Ok(runs)
}

/// The most that this process has had in memory, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// Panics of the fuzzer's own thread are caught and told of; those of a node's threads are kept for who drives it.
fn watch_panics() {
    let tell = std::panic::take_hook();
    // With a backtrace asked for, panics tell where they are.
    let is_told = std::env::var_os("RUST_BACKTRACE").is_some_and(|asked| asked != "0");
    let fuzzer = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if is_told {
            tell(panic);
        }
        if std::thread::current().id() != fuzzer {
            let mut panics = requests::PANICS.lock().unwrap_or_else(|broken| broken.into_inner());
            panics.push(panic.to_string());
        }
    }));
}

fn main() -> ExitCode {
    let Arguments { target: only, seconds, seed } = arguments();
    watch_panics();
    let mut code = ExitCode::SUCCESS;
    for target in TARGETS {
        if only.as_deref().is_some_and(|only| only != target.name) {
            continue;
        }
        match fuzz(target, seconds, seed) {
            Ok(runs) => {
                println!("fuzz: {:<18} {runs:>10} runs, peak {} MiB", target.name, peak_kib() >> 10)
            }
            Err(why) => {
                println!("fuzz: {:<18} FAILED {why}", target.name);
                code = ExitCode::FAILURE;
            }
        }
    }
    requests::tidy();
    if peak_kib() > MEMORY_KIB_MAX {
        println!("fuzz: FAILED peak of {} MiB", peak_kib() >> 10);
        code = ExitCode::FAILURE;
    }
    code
}
