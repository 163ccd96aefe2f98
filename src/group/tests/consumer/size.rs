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
        let (at, _) = due.iter().enumerate().min_by_key(|(_, at)| **at).expect("clients");
        if due[at] > shard.now {
            shard.advance(due[at] - shard.now);
        }
        clients[at].beat("g", shard);
        due[at] = shard.now + clients[at].interval_ms;
        assert!(shard.now - begin < 60_000, "it never settles");
    }
    shard.now - begin
}

fn is_settled(shard: &Shard) -> bool {
    match shard.machine.groups.get("g") {
        Some(Group::Consumer(group)) => group.state().name() == "Stable",
        _ => false,
    }
}

#[test]
fn a_thousand_members_settle_within_a_second() {
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
}
