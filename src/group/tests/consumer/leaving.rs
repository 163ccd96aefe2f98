//! Members that leave one after the other are taken for one change, as long as the group is small.

use super::super::shard::Shard;
use super::client::{Client, change, cluster};
use crate::group::settings::Settings;

fn group(members: usize) -> (Shard, Vec<Client>) {
    let mut shard = Shard::new(Settings::default());
    change(&mut shard, cluster(&[("a", 120)]));
    let mut clients: Vec<_> =
        (0..members).map(|n| Client::new(&format!("m{n:03}"), &["a"])).collect();
    for _ in 0..8 {
        for client in &mut clients {
            client.beat("g", &mut shard);
        }
        shard.advance(1_000);
    }
    (shard, clients)
}

fn leave(shard: &mut Shard, clients: &mut Vec<Client>) {
    let mut client = clients.pop().unwrap();
    client.epoch = -1;
    client.beat("g", shard);
}

fn owned(clients: &mut [Client], shard: &mut Shard) -> usize {
    for client in clients.iter_mut() {
        client.beat("g", shard);
    }
    clients.iter().map(|client| client.owned.len()).sum()
}

#[test]
fn nobody_is_given_what_the_next_to_leave_would_give_back() {
    let (mut shard, mut clients) = group(6);
    for left in 1..=3 {
        leave(&mut shard, &mut clients);
        assert_eq!(owned(&mut clients, &mut shard), 120 - 20 * left, "not yet");
        shard.advance(30);
    }
    assert_eq!(owned(&mut clients, &mut shard), 60, "not yet");
    shard.advance(30);
    owned(&mut clients, &mut shard);
    assert_eq!(owned(&mut clients, &mut shard), 120);
    // Not for ever: who stays is not to wait until all others have made up their minds.
    let (mut shard, mut clients) = group(20);
    for _ in 0..8 {
        leave(&mut shard, &mut clients);
        shard.advance(40);
        owned(&mut clients, &mut shard);
    }
    assert!(owned(&mut clients, &mut shard) > 72);
}

#[test]
fn who_comes_back_alone_does_not_wait() {
    let (mut shard, mut clients) = group(2);
    leave(&mut shard, &mut clients);
    leave(&mut shard, &mut clients);
    clients.push(Client::new("back", &["a"]));
    assert_eq!(owned(&mut clients, &mut shard), 120);
}

#[test]
fn large_groups_do_not_wait() {
    let (mut shard, mut clients) = group(120);
    leave(&mut shard, &mut clients);
    shard.advance(1);
    assert_eq!(owned(&mut clients, &mut shard), 120);
}
