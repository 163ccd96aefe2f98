//! Random transactions beside a model, with a high watermark that trails: the last stable offset never exceeds it,
//! never goes back and never passes what is open, aborted ranges are what was aborted and nothing else, and a marker of
//! a coordinator that is not the latest changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Producer, first offset, offset of the marker.
type Range = (i64, Offset, Offset);

#[derive(Default)]
struct World {
    /// Where each producer's transaction began.
    open: BTreeMap<i64, Offset>,
    ended: BTreeSet<Range>,
    aborted: BTreeSet<Range>,
    sequences: BTreeMap<i64, i32>,
    /// The latest coordinator of each producer that has written a marker.
    coordinators: BTreeMap<i64, i32>,
    stable: Offset,
}

impl World {
    fn write(&mut self, log: &mut Log, random: &mut Random) {
        let id = random.below(4) as i64;
        let count = 1 + random.below(3);
        let sequence = self.sequences.entry(id).or_default();
        let records = producer_batch(id, 0, *sequence, count, true);
        let mut appends = [PendingAppend::new(records, Origin::Client)];
        log.append_as_leader(&mut appends, EPOCH, NOW).unwrap();
        let first = appends[0].result.take().unwrap().unwrap().base_offset;
        *sequence += count as i32;
        self.open.entry(id).or_insert(first);
    }

    fn end(&mut self, log: &mut Log, random: &mut Random) {
        let id = random.below(4) as i64;
        let latest = self.coordinators.get(&id).copied().unwrap_or(0);
        let coordinator = (latest + random.below(3) as i32 - 1).max(0);
        let aborts = random.below(2) == 0;
        let kind = if aborts { ControlType::Abort } else { ControlType::Commit };
        let records = marker_batch(id, 0, kind, coordinator);
        let mut appends = [PendingAppend::new(records, Origin::Coordinator)];
        log.append_as_leader(&mut appends, EPOCH, NOW).unwrap();
        match appends[0].result.take().unwrap() {
            Ok(marker) => {
                assert!(
                    coordinator >= latest,
                    "a marker of coordinator {coordinator} after {latest}"
                );
                self.coordinators.insert(id, coordinator);
                if let Some(first) = self.open.remove(&id) {
                    let range = (id, first, marker.base_offset);
                    self.ended.insert(range);
                    self.aborted.extend(aborts.then_some(range));
                }
            }
            Err(error) => {
                assert_eq!(error.code, ErrorCode::TransactionCoordinatorFenced);
                assert!(coordinator < latest, "{coordinator} after {latest} is refused");
            }
        }
    }

    fn check(&mut self, log: &Log) {
        let committed = log.view().high_watermark();
        let stable = log.view().last_stable_offset();
        assert!(stable <= committed, "stable up to {stable}, committed up to {committed}");
        assert!(stable >= self.stable, "{stable} after {}", self.stable);
        self.stable = stable;
        // What is ended by a marker that is not committed is still open to readers.
        let ending = self.ended.iter().filter(|(_, _, marker)| *marker >= committed);
        let open = self.open.values().copied().chain(ending.map(|(_, first, _)| *first));
        assert_eq!(stable, open.min().unwrap_or(committed).min(committed));
        let told: BTreeSet<Range> = log
            .view()
            .aborted_transactions(0, stable)
            .unwrap()
            .into_iter()
            .map(|txn| (txn.producer_id, txn.first_offset, txn.last_offset))
            .collect();
        let known: BTreeSet<Range> =
            self.aborted.iter().filter(|(_, first, _)| *first < stable).copied().collect();
        assert_eq!(told, known);
    }
}

fn history(seed: u64) {
    let mut random = Random::new(seed);
    let mut files = memory();
    let mut log = open(&files, small());
    let mut world = World::default();
    for _ in 0..120 {
        match random.below(12) {
            0..=4 => world.write(&mut log, &mut random),
            5..=7 => world.end(&mut log, &mut random),
            8 if random.below(4) == 0 => {
                // Killed. What it had committed is known from the checkpoint.
                let high_watermark = log.view().high_watermark();
                files = files.after_kill();
                let options = OpenOptions { high_watermark, now: NOW, ..OpenOptions::default() };
                log = open_with(&files, small(), &options);
                log.set_high_watermark(high_watermark);
            }
            _ => {
                let behind = log.log_end_offset() - log.view().high_watermark();
                let step = random.below(behind as usize + 1) as Offset;
                log.set_high_watermark(log.view().high_watermark() + step);
            }
        }
        world.check(&log);
    }
}

#[test]
fn random_transactions_are_stable_in_order() {
    for seed in 0..150 {
        let outcome = std::panic::catch_unwind(|| history(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
