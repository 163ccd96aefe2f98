//! Random histories from seeds. After every step: nobody has a partition that another has, epochs never go back, and
//! the log alone tells the same as the machine. In the end, every member has its share once the heartbeats go on.

use std::collections::{BTreeMap, BTreeSet};

use super::super::replies::recorded;
use super::super::shard::Shard;
use super::client::{Client, ask, change, cluster};
use crate::group::consumer::group::partitions;
use crate::group::machine::Group;
use crate::group::settings::Settings;
use crate::random::Random;

const TOPICS: [&[&str]; 5] = [&["a"], &["a", "b"], &["b"], &["a", "b", "c"], &[]];
const REGEXES: [&str; 4] = ["a|b", ".*", "", "c"];

/// What the invariants compare with the step before.
#[derive(Default)]
struct Seen {
    epochs: (i32, i32),
    members: BTreeMap<String, i32>,
}

fn check(shard: &Shard, clients: &[Client], seen: &mut Seen, seed: u64) {
    let mut held = BTreeSet::new();
    let now = match shard.machine.groups.get("g") {
        Some(Group::Consumer(group)) => {
            for member in group.members.values() {
                let current = &member.current;
                for partition in partitions(&current.assigned).chain(partitions(&current.revoking))
                {
                    assert!(held.insert(partition), "seed {seed}: {partition:?} has two owners");
                }
            }
            let epochs = (group.epoch, group.assignment_epoch);
            assert!(epochs >= seen.epochs && epochs.1 >= seen.epochs.1, "seed {seed}: {epochs:?}");
            let members: BTreeMap<String, i32> = group
                .members
                .iter()
                .map(|(id, member)| (id.as_ref().to_owned(), member.current.epoch))
                .collect();
            for (id, epoch) in &members {
                let before = seen.members.get(id).copied().unwrap_or(0);
                assert!(*epoch >= before || *epoch <= 0, "seed {seed}: {id} went back to {epoch}");
            }
            Seen { epochs, members }
        }
        _ => Seen::default(),
    };
    *seen = now;
    // Those who were not fenced without knowing it do not read the same partition.
    let mut read = BTreeMap::new();
    for client in clients.iter().filter(|client| seen.members.contains_key(&client.id)) {
        for partition in &client.owned {
            let other = read.insert(*partition, &client.id);
            assert!(other.is_none(), "seed {seed}: {partition:?} of {} and {other:?}", client.id);
        }
    }
    let mine = recorded(&shard.machine);
    assert_eq!(mine, recorded(&shard.successor()), "seed {seed}");
    assert_eq!(mine, recorded(&shard.successor_after_compaction()), "seed {seed}: compacted");
}

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

fn run(seed: u64) {
    let mut dice = Random::new(seed);
    let mut shard = Shard::new(Settings::default());
    change(&mut shard, cluster(&[("a", 3), ("b", 2)]));
    let mut clients: Vec<Client> = Vec::new();
    let mut seen = Seen::default();
    for _ in 0..80 {
        act(&mut dice, &mut shard, &mut clients);
        check(&shard, &clients, &mut seen, seed);
    }
    for _ in 0..90 {
        for client in &mut clients {
            client.beat("g", &mut shard);
        }
        shard.advance(1_000);
        check(&shard, &clients, &mut seen, seed);
    }
    if let Some(Group::Consumer(group)) = shard.machine.groups.get("g") {
        let state = group.state().name();
        assert!(state == "Stable" || state == "Empty", "seed {seed}: {group:#?}");
    }
}

#[test]
fn random_histories_keep_the_invariants() {
    let rounds = std::env::var("GROUP_FUZZ_SEEDS").ok().and_then(|text| text.parse().ok());
    for seed in 0..rounds.unwrap_or(25) {
        run(seed);
    }
}
