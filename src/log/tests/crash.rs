//! A process killed in every change that a long script makes to its files, or power lost there, and what the next one
//! finds; calls that fail, disks that are full, bits that flip and writes that go astray on the way.
//!
//! After a kill, everything that was answered is there. After a power loss, everything that was synced is. Either way
//! what is there was once written there, in order, whole; the producers are those of what is there; and the log goes
//! on.

use super::model::{Ever, Model, Process, Written, read_until};
use super::*;
use crate::random::Random;

/// What a script has met.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    deaths: usize,
    errors: usize,
    damages: usize,
}

/// A new process finds what a death has left, and goes on.
fn check_death(files: &MemoryFiles, model: &Model, ever: &Ever, power_lost: bool, what: &str) {
    let mut process = Process::start(files).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut found = model.check(&process.log, ever, power_lost, what);
    let at = append(&mut process.log, batch(1, 300, NOW)).unwrap().base_offset;
    found.push(*model::read_all(&process.log, what).last().unwrap());
    assert_eq!(found.last().unwrap().0, at, "{what}");
    process.log.close(NOW).unwrap();
    process.manager.closed(0, &TopicPartition::new("t", 0), process.log.offsets());
    process.manager.clean_shutdown(1);
    drop(process);
    let again = Process::start(files).unwrap();
    assert_eq!(model::read_all(&again.log, what), found, "{what}");
}

/// Every death of a step: as a kill, and as a power loss.
fn check_deaths(
    files: &MemoryFiles,
    model: &Model,
    ever: &Ever,
    seed: u64,
    what: &str,
    tally: &mut Tally,
) {
    for (at, death) in files.take_deaths().into_iter().enumerate() {
        check_death(&death.after_kill(), model, ever, false, &format!("{what}, killed at {at}"));
        let left = death.after_power_loss(seed.wrapping_add(at as u64));
        check_death(&left, model, ever, true, &format!("{what}, power lost at {at}"));
        tally.deaths += 2;
    }
}

/// A bit flips, or a write goes astray: what is served is what was written, or there is an error.
fn check_damage(files: &MemoryFiles, ever: &Ever, random: &mut Random, what: &str) {
    let broken = files.after_kill();
    let names: Vec<_> = broken.list(dir()).unwrap().into_iter().map(|entry| entry.name).collect();
    let mut pick = || {
        let path = dir().join(&names[random.below(names.len())]);
        let at = random.below((Files::len(&broken, &path).unwrap() as usize).max(1)) as u64;
        (path, at)
    };
    let ((from, start), (to, at)) = (pick(), pick());
    match random.below(2) {
        0 => broken.flip_bit(&to, at * 8 + random.below(8) as u64).unwrap(),
        _ => broken.misdirect((&from, start), 64, (&to, at)).unwrap(),
    }
    // A start that is refused is an answer too.
    let Ok(process) = Process::start(&broken) else { return };
    let (served, _) = read_until(&process.log);
    let crcs: std::collections::HashSet<u32> = ever.iter().map(|batch| batch.2).collect();
    assert!(served.iter().all(|batch| crcs.contains(&batch.2)), "{what}: damage is served");
    committed::check(&process.log, &format!("{what}, damaged"));
}

/// What a script is called whose things fail so rarely.
const fn kind(every: usize) -> &'static str {
    if every == 0 { "calm" } else { "with errors" }
}

/// Runs a script of so many steps, and looks at the deaths from one of them on; `every` says how rarely things fail
/// and are damaged, 0 for never.
fn run(seed: u64, (from, steps): (usize, usize), every: usize, deaths: bool) -> Tally {
    let files = memory();
    let (mut random, mut model, mut ever) = (Random::new(seed), Model::default(), Ever::new());
    let mut process = Process::start(&files).unwrap();
    let mut tally = Tally::default();
    if deaths {
        files.keep_deaths();
    }
    for step in 0..steps {
        let what = format!("seed {seed}, {}, step {step}", kind(every));
        let before = model.clone();
        let breaks = every > 0 && random.below(every) == 0;
        if breaks {
            break_something(&files, &mut random);
        }
        let done = model.step(&mut process, &files, &mut random, &mut ever);
        files.set_capacity(None);
        files.forget_failures();
        let appended: Vec<Written> = match model.pending.is_empty() {
            true => model.batches.iter().filter(|batch| batch.0 >= before.end).copied().collect(),
            false => model.pending.clone(),
        };
        let dying = before.with_intentions_of(&model, &appended);
        if step < from {
            files.take_deaths();
        }
        check_deaths(&files, &dying, &ever, seed ^ step as u64, &what, &mut tally);
        match done {
            Ok(()) => model.settle(),
            Err(error) => {
                // A failed log is opened anew, as its actor would; nothing else has changed.
                tally.errors += 1;
                let what = format!("{what}, after {error}");
                drop(process);
                process = Process::start(&files).unwrap();
                let found = dying.check(&process.log, &ever, false, &what);
                model = dying;
                model.adopt(&process.log, &found, process.log.recovery_point());
                files.take_deaths();
            }
        }
        if breaks {
            check_damage(&files, &ever, &mut random, &what);
            tally.damages += 1;
        }
    }
    tally
}

#[test]
fn a_checkpoint_that_finds_no_room_leaves_the_one_before() {
    let files = memory();
    let mut process = Process::start(&files).unwrap();
    append(&mut process.log, batch(3, 10, NOW)).unwrap();
    let found =
        |files: &MemoryFiles| Process::start(&files.after_kill()).unwrap().log.log_start_offset();
    process.log.delete_records(1).unwrap();
    assert_eq!(process.checkpoint(&files).unwrap(), 1);
    process.log.delete_records(2).unwrap();
    files.set_capacity(Some(0));
    assert_eq!(process.checkpoint(&files).unwrap(), 1);
    assert_eq!(found(&files), 1, "the directory is not given up, and what was there is still");
    files.set_capacity(None);
    assert_eq!(process.checkpoint(&files).unwrap(), 2);
    assert_eq!(found(&files), 2);
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn every_death_is_recovered_from() {
    let tally = run(1, (0, 60), 0, true);
    assert!(tally.deaths > 200, "{tally:?}");
}

#[test]
fn errors_full_disks_and_damage_lose_nothing_that_was_answered() {
    let tally =
        (1..=3).map(|seed| run(seed, (0, 150), 6, false)).fold(Tally::default(), |all, one| {
            Tally {
                deaths: all.deaths + one.deaths,
                errors: all.errors + one.errors,
                damages: all.damages + one.damages,
            }
        });
    assert!(tally.errors > 10 && tally.damages > 40, "{tally:?}");
}

/// The whole: `scripts/crash-test`.
#[test]
#[ignore = "takes minutes"]
fn every_death_of_a_long_script_is_recovered_from() {
    let steps = from_environment("VLTAVA_CRASH_STEPS", 2_000) as usize;
    let from = from_environment("VLTAVA_CRASH_FROM", 0) as usize;
    let first = from_environment("VLTAVA_CRASH_SEED", 1);
    for seed in first..first + from_environment("VLTAVA_CRASH_SEEDS", 1) {
        std::thread::scope(|scope| {
            for every in [0, 8] {
                scope.spawn(move || {
                    let tally = run(seed, (from, steps), every, true);
                    println!("seed {seed}, {}: {tally:?}", kind(every));
                });
            }
        });
    }
}
