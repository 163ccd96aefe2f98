//! Random histories from seeds, of members of either protocol. After every step the invariants hold, and the log alone
//! tells the same as the machine. In the end, every member has its share once the heartbeats go on.

use super::super::shard::Shard;
use super::classic::Classic;
use super::client::{Client, ask, change, cluster};
use super::invariants::{Seen, check, settled};
use crate::group::settings::Settings;
use crate::random::Random;

const TOPICS: [&[&str]; 5] = [&["a"], &["a", "b"], &["b"], &["a", "b", "c"], &[]];
const REGEXES: [&str; 4] = ["a|b", ".*", "", "c"];

fn act(dice: &mut Random, shard: &mut Shard, clients: &mut Vec<Client>) {
    let which = |dice: &mut Random, clients: &[Client]| dice.below(clients.len().max(1));
    match dice.below(20) {
        0 | 1 if clients.len() < 7 => {
            let mut client = Client::new(&format!("m{}", dice.below(12)), TOPICS[dice.below(4)]);
            if dice.below(4) == 0 {
                client.instance_id = Some(format!("i{}", dice.below(2)));
            }
            if dice.below(3) == 0 {
                client.regex = Some(REGEXES[dice.below(4)].into());
            }
            if !clients.iter().any(|known| known.id == client.id) && client.beat("g", shard) {
                clients.push(client);
            }
        }
        2 if !clients.is_empty() => {
            let mut client = clients.remove(which(dice, clients));
            client.epoch = if client.instance_id.is_some() && dice.below(2) == 0 { -2 } else { -1 };
            client.owned.clear();
            shard.ask(ask(client.heartbeat("g")));
        }
        3 if !clients.is_empty() => {
            let at = which(dice, clients);
            clients[at].topics =
                TOPICS[dice.below(5)].iter().map(|topic| (*topic).into()).collect();
        }
        4 => change(
            shard,
            match dice.below(3) {
                0 => cluster(&[("a", 3), ("b", 2)]),
                1 => cluster(&[("a", 3), ("b", 4), ("c", 1)]),
                _ => cluster(&[("a", 3), ("b", 2), ("c", 5)]),
            },
        ),
        5 => {
            shard.advance(dice.below(20_000) as i64);
        }
        6 => shard.reload(),
        7 if !clients.is_empty() => {
            // An answer is lost.
            let at = which(dice, clients);
            shard.ask(ask(clients[at].heartbeat("g")));
        }
        8 if !clients.is_empty() => {
            // One is gone without a word.
            clients.remove(which(dice, clients));
        }
        _ if !clients.is_empty() => {
            let at = which(dice, clients);
            clients[at].beat("g", shard);
            shard.advance(dice.below(300) as i64);
        }
        _ => {}
    }
}

/// What a client of the classic protocol does.
fn act_classic(dice: &mut Random, shard: &mut Shard, olds: &mut Vec<Classic>) {
    let which = |dice: &mut Random, olds: &[Classic]| dice.below(olds.len().max(1));
    match dice.below(12) {
        0 | 1 if olds.len() < 4 => olds.push(Classic::new(TOPICS[dice.below(4)])),
        2 if !olds.is_empty() => {
            let old = olds.remove(which(dice, olds));
            // Some are gone without a word.
            if dice.below(3) > 0 {
                old.leave(shard);
            }
        }
        3 => {
            shard.advance(dice.below(3_000) as i64);
        }
        _ if !olds.is_empty() => {
            let at = which(dice, olds);
            olds[at].go_on(shard);
        }
        _ => {}
    }
}

/// A history of so many clients of the classic protocol in a hundred steps.
fn run(seed: u64, classic: usize) {
    let mut dice = Random::new(seed);
    let mut shard = Shard::new(Settings::default());
    change(&mut shard, cluster(&[("a", 3), ("b", 2)]));
    let (mut clients, mut olds) = (Vec::new(), Vec::new());
    let mut seen = Seen::default();
    for _ in 0..80 + 2 * classic {
        if dice.below(100) < classic {
            act_classic(&mut dice, &mut shard, &mut olds);
        } else {
            act(&mut dice, &mut shard, &mut clients);
        }
        check(&shard, &clients, &mut seen);
    }
    for _ in 0..90 {
        for client in &mut clients {
            client.beat("g", &mut shard);
        }
        for old in &mut olds {
            old.go_on(&mut shard);
        }
        shard.advance(1_000);
        check(&shard, &clients, &mut seen);
    }
    settled(&shard, &clients);
}

fn histories(classic: usize) {
    let rounds = std::env::var("GROUP_FUZZ_SEEDS").ok().and_then(|text| text.parse().ok());
    for seed in 0..rounds.unwrap_or(25) {
        let outcome = std::panic::catch_unwind(|| run(seed, classic));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[test]
fn random_histories_keep_the_invariants() {
    histories(0);
}

#[test]
fn random_histories_of_both_protocols_keep_the_invariants() {
    histories(45);
}
