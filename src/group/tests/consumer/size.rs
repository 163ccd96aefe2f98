//! A group of a thousand members that come as fast as they can, and of whom one goes.

use super::super::shard::Shard;
use super::client::{Client, change, cluster};
use crate::group::machine::Group;
use crate::group::settings::Settings;
use crate::types::Millis;

/// Lets every member beat when it is due, and tells how long it takes until all are settled.
fn settle(shard: &mut Shard, clients: &mut [Client], due: &mut [Millis]) -> Millis {
    let begin = shard.now;
    while !is_settled(shard) {
        beat_next(shard, clients, due);
        assert!(shard.now - begin < 60_000, "it never settles");
    }
    shard.now - begin
}

/// The next who is due beats.
fn beat_next(shard: &mut Shard, clients: &mut [Client], due: &mut [Millis]) {
    let (at, _) = due.iter().enumerate().min_by_key(|(_, at)| **at).expect("clients");
    if due[at] > shard.now {
        shard.advance(due[at] - shard.now);
    }
    clients[at].beat("g", shard);
    due[at] = shard.now + clients[at].interval_ms;
}

fn is_settled(shard: &Shard) -> bool {
    match shard.machine.groups.get("g") {
        Some(Group::Consumer(group)) => group.state().name() == "Stable",
        _ => false,
    }
}

#[test]
fn a_thousand_members_settle_within_a_second_and_miss_one_within_half_a_second() {
    let mut shard = Shard::new(Settings::default());
    change(&mut shard, cluster(&[("a", 2_000)]));
    let mut clients: Vec<Client> =
        (0..1_000).map(|at| Client::new(&format!("m{at}"), &["a"])).collect();
    for client in &mut clients {
        assert!(client.beat("g", &mut shard));
    }
    let mut due: Vec<Millis> =
        clients.iter().map(|client| shard.now + client.interval_ms).collect();
    let settled_ms = settle(&mut shard, &mut clients, &mut due);
    assert!(settled_ms <= 1_000, "{settled_ms} ms of the group's time");
    for client in &clients {
        assert_eq!(client.owned.len(), 2, "{}", client.id);
    }
    // A quiet while later, everyone comes as seldom as those do who have nothing to do.
    let quiet_at = shard.now + 2_000;
    while shard.now < quiet_at {
        beat_next(&mut shard, &mut clients, &mut due);
    }
    let idle_ms: Vec<Millis> = clients.iter().map(|client| client.interval_ms).collect();
    assert!(idle_ms.iter().all(|ms| *ms == 333), "{idle_ms:?}");
    let mut gone = clients.remove(500);
    due.remove(500);
    gone.epoch = -1;
    assert!(gone.beat("g", &mut shard));
    assert!(!is_settled(&shard));
    let settled_ms = settle(&mut shard, &mut clients, &mut due);
    assert!(settled_ms <= 500, "{settled_ms} ms of the group's time");
    let owned: usize = clients.iter().map(|client| client.owned.len()).sum();
    assert_eq!(owned, 2_000);
}
