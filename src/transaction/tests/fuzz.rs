//! Random histories of producers, some of them late or fenced, of failing marker senders and of shards that start anew.
//! After each step: a transaction never both commits and aborts, epochs never go back and producer ids never come back,
//! nothing is open that nobody has opened, an end needs its producer's present epoch, who was fenced stays so, a client
//! that does as it is told is never told that it is in the wrong, and the log tells the same to any successor.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::machine::TransactionMachine;
use super::super::request::{Markers, Producer, TransactionReply, TransactionRequest, Written};
use super::super::settings::Settings;
use super::super::state::{NO_PRODUCER_EPOCH, Status, Transaction};
use super::client::{self, Client};
use super::shard::{Replies, Shard, read};
use crate::error::ErrorCode;
use crate::random::Random;
use crate::types::TopicPartition;

const IDS: [&str; 3] = ["red", "green", "blue"];

/// What the world outside has seen.
#[derive(Default)]
struct World {
    /// Every identity that a producer was ever told.
    told: BTreeMap<&'static str, Vec<Producer>>,
    /// How many of these the latest owner of an id has made late.
    fenced: BTreeMap<&'static str, usize>,
    /// What the marker sender has in hand.
    under_way: Vec<Markers>,
    /// The latest picture of each id, and every producer id that it has had.
    latest: BTreeMap<Arc<str>, Option<Transaction>>,
    used: BTreeSet<i64>,
    /// How many records were looked at.
    seen: usize,
    /// How each end was decided, by the identity of its markers.
    decided: BTreeMap<(Arc<str>, i64, i16), bool>,
    /// The coordinator has aborted or forgotten what it was not asked to.
    has_acted: BTreeSet<Arc<str>>,
}

/// Why a step may write.
struct Cause {
    adds: bool,
    ends: Option<(Producer, i16)>,
}

impl World {
    fn producer(&self, id: &'static str, dice: &mut Random) -> Producer {
        let told = self.told.get(id).map_or(&[][..], Vec::as_slice);
        match (told.last(), dice.below(8)) {
            (Some(last), 0..=4) => *last,
            (Some(_), 5) => *dice.one(told),
            (Some((producer_id, epoch)), 6) => (*producer_id, epoch.saturating_add(1)),
            _ => (dice.below(200) as i64, dice.below(3) as i16),
        }
    }

    fn hear(&mut self, id: &'static str, replies: Replies) {
        for (_, reply) in replies {
            match reply {
                TransactionReply::Init(Ok(producer)) => {
                    self.told.entry(id).or_default().push(producer);
                }
                TransactionReply::End(Ok(producer)) if producer.1 >= 0 => {
                    self.told.entry(id).or_default().push(producer);
                }
                TransactionReply::Markers { markers, .. } => {
                    // As the sender does: what it has in hand, it takes once.
                    for one in markers {
                        if !self.under_way.iter().any(|other| written(other) == written(&one)) {
                            self.under_way.push(one);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// A producer has become the owner of an id: it is somebody else than ever before, and those are late.
    fn own(&mut self, id: &'static str, producer: Producer) {
        let told = self.told.entry(id).or_default();
        assert!(!told.contains(&producer), "{id}: {producer:?} is given out twice");
        self.fenced.insert(id, told.len());
    }

    /// A producer was let do something: it is the owner, or was never told to be anybody.
    fn accept(&self, id: &'static str, producer: Producer) {
        let told = self.told.get(id).map_or(&[][..], Vec::as_slice);
        let (late, present) = told.split_at(self.fenced.get(id).copied().unwrap_or(0));
        assert!(
            present.contains(&producer) || !late.contains(&producer),
            "{id}: {producer:?} was fenced"
        );
    }

    /// Judges what a step has written.
    fn look(&mut self, shard: &Shard, cause: &Cause) {
        for (_, record) in &shard.log[self.seen..] {
            let (id, next) = read(record);
            let before = self.latest.insert(id.clone(), next.clone()).flatten();
            let Some(next) = next else {
                let before = before.expect("what is forgotten was there");
                assert!(before.status.may_expire(), "{id} is forgotten as {:?}", before.status);
                self.has_acted.insert(id);
                continue;
            };
            self.judge(&id, before.as_ref(), &next, cause);
        }
        self.seen = shard.log.len();
    }

    fn judge(
        &mut self,
        id: &Arc<str>,
        before: Option<&Transaction>,
        next: &Transaction,
        cause: &Cause,
    ) {
        use Status::{CompleteAbort, CompleteCommit, Empty, Ongoing, PrepareAbort, PrepareCommit};
        let status = before.map_or(Empty, |before| before.status);
        let may_follow = match next.status {
            Empty => status.may_expire(),
            Ongoing => cause.adds && (status.may_expire() || status == Ongoing),
            PrepareCommit => cause.ends.is_some() && status == Ongoing,
            PrepareAbort => status == Ongoing || status.may_expire(),
            CompleteCommit => status == PrepareCommit,
            CompleteAbort => status == PrepareAbort,
        };
        assert!(may_follow, "{id}: {:?} after {status:?}", next.status);
        if next.status == PrepareAbort && cause.ends.is_none() {
            self.has_acted.insert(id.clone());
        }
        if let Some(before) = before {
            if before.producer_id == next.producer_id {
                assert!(before.producer_epoch <= next.producer_epoch, "{id}: an epoch goes back");
            }
            if next.status.is_preparing() {
                assert_eq!(before.partitions, next.partitions, "{id}: an end that leaves some out");
                if let Some((producer, _)) = cause.ends {
                    assert_eq!(producer, (before.producer_id, before.producer_epoch), "{id}");
                }
                // At the very end of the epochs it cannot rise: nobody was ever told that one.
                let rises = next.producer_epoch > before.producer_epoch
                    || before.producer_epoch == i16::MAX;
                assert!(next.client_version < 2 || rises, "{id}: the epoch stays");
            }
        }
        if before.is_none_or(|before| before.producer_id != next.producer_id) {
            assert!(self.used.insert(next.producer_id), "{id}: a producer id comes back");
        }
        let is_told = next.producer_epoch < i16::MAX;
        if next.status.is_preparing() && next.client_version >= 2 && is_told {
            let key = (id.clone(), next.producer_id, next.producer_epoch);
            let commits = next.status == PrepareCommit;
            assert_eq!(*self.decided.entry(key).or_insert(commits), commits, "{id}: both ends");
        }
    }
}

fn init(shard: &mut Shard, world: &mut World, id: &'static str, dice: &mut Random) -> Replies {
    let expected = (dice.below(3) == 0).then(|| world.producer(id, dice));
    let timeout_ms = *dice.one(&[5_000, 60_000, i32::MAX]);
    let replies = shard.ask_fully(|fresh_id| TransactionRequest::Init {
        transactional_id: id.into(),
        timeout_ms,
        expected,
        fresh_id,
    });
    if expected.is_none() {
        owned(id, &replies, world);
    }
    replies
}

fn owned(id: &'static str, replies: &Replies, world: &mut World) {
    for (_, reply) in replies {
        if let TransactionReply::Init(Ok(producer)) = reply {
            world.own(id, *producer);
        }
    }
}

fn add(shard: &mut Shard, world: &World, id: &'static str, dice: &mut Random) -> Replies {
    let (producer_id, producer_epoch) = world.producer(id, dice);
    let verify_only = dice.below(4) == 0;
    let first = dice.below(3) as i32;
    let partition = |partition| TopicPartition { topic: "t".into(), partition };
    let partitions: Vec<_> = (first..first + 1 + dice.below(2) as i32).map(partition).collect();
    let replies = shard.ask(TransactionRequest::AddPartitions {
        transactional_id: id.into(),
        producer_id,
        producer_epoch,
        partitions: partitions.clone(),
        verify_only,
        client_version: *dice.one(&[0, 2]),
    });
    let known = shard.machine.transactions.get(id);
    let has = |one: &TopicPartition| known.is_some_and(|known| known.holds("t", one.partition));
    for (_, reply) in &replies {
        let TransactionReply::AddPartitions(answers) = reply else { continue };
        for (one, code) in answers {
            assert!(*code != ErrorCode::None || has(one), "{id}: vouched for what is not in it");
            if *code == ErrorCode::None {
                world.accept(id, (producer_id, producer_epoch));
            }
        }
    }
    replies
}

fn markers_step(shard: &mut Shard, world: &mut World, dice: &mut Random) -> Replies {
    match dice.below(6) {
        0 => {
            world.under_way.clear();
            let max = 1 + dice.below(4);
            shard.ask(TransactionRequest::AwaitMarkers { afresh: true, max })
        }
        1 | 2 => shard.ask(TransactionRequest::AwaitMarkers { afresh: false, max: 2 }),
        3 => {
            let id = shard.fresh_id();
            shard.ask(TransactionRequest::ProducerId(id))
        }
        _ => {
            let at = dice.below(world.under_way.len() + 1);
            let done = world.under_way.split_off(at);
            for one in &done {
                let known = shard.machine.transactions.get(&one.transactional_id);
                let known = known.filter(|known| {
                    (known.producer_id, known.producer_epoch)
                        == (one.producer_id, one.producer_epoch)
                        && known.status.is_preparing()
                });
                if let Some(known) = known {
                    assert_eq!(known.status == Status::PrepareCommit, one.committed);
                }
            }
            shard.ask(TransactionRequest::MarkersWritten(done.iter().map(written).collect()))
        }
    }
}

fn written(one: &Markers) -> Written {
    Written {
        transactional_id: one.transactional_id.clone(),
        producer_id: one.producer_id,
        producer_epoch: one.producer_epoch,
    }
}

/// What is written of each id.
fn stored(machine: &TransactionMachine) -> BTreeMap<Arc<str>, Transaction> {
    let forget = |(id, one): (&Arc<str>, &Transaction)| {
        (id.clone(), Transaction { last_producer_epoch: NO_PRODUCER_EPOCH, ..one.clone() })
    };
    machine.transactions.iter().map(forget).collect()
}

fn check(shard: &Shard) {
    let machine = &shard.machine;
    for successor in [shard.successor(), shard.successor_after_compaction()] {
        assert_eq!(stored(&successor), stored(machine), "a successor sees something else");
        assert_eq!(successor.ongoing, machine.ongoing);
        assert_eq!(successor.preparing, machine.preparing);
    }
    for (id, one) in &machine.transactions {
        assert_eq!(machine.ongoing.contains(id), one.status == Status::Ongoing);
        assert_eq!(machine.preparing.contains(id), one.status.is_preparing());
        assert_eq!(one.partitions.is_empty(), one.status.may_expire(), "{id} {one:?}");
    }
    assert!(machine.handed.is_subset(&machine.preparing));
}

fn end(
    shard: &mut Shard,
    world: &World,
    id: &'static str,
    cause: &mut Cause,
    dice: &mut Random,
) -> Replies {
    let (producer_id, producer_epoch) = world.producer(id, dice);
    let client_version = *dice.one(&[0, 2, 2]);
    cause.ends = Some(((producer_id, producer_epoch), client_version));
    let committed = dice.below(2) == 0;
    let replies = shard.ask_fully(|fresh_id| TransactionRequest::End {
        transactional_id: id.into(),
        producer_id,
        producer_epoch,
        committed,
        client_version,
        fresh_id,
    });
    if replies.iter().any(|(_, reply)| matches!(reply, TransactionReply::End(Ok(_)))) {
        world.accept(id, (producer_id, producer_epoch));
    }
    replies
}

/// As if the producer had lived for long: its epochs are nearly used up.
fn age(shard: &mut Shard, world: &mut World, id: &'static str) -> Option<Producer> {
    let known = shard.machine.transactions.get(id).cloned();
    let mut known = known.filter(|known| !known.status.is_preparing())?;
    known.producer_epoch = known.producer_epoch.max(i16::MAX - 3);
    shard.put_picture(id, &known);
    let producer = (known.producer_id, known.producer_epoch);
    world.told.entry(id).or_default().push(producer);
    world.latest.insert(id.into(), Some(known));
    world.seen = shard.log.len();
    Some(producer)
}

/// What the client does that does as it is told.
fn good(shard: &mut Shard, world: &mut World, good: &mut Client, dice: &mut Random) {
    if good.is_idle()
        && dice.below(15) == 0
        && let Some(producer) = age(shard, world, client::ID)
    {
        good.rename(producer);
    }
    let (adds, ends) = good.intent();
    let replies = good.go_on(shard, dice);
    owned(client::ID, &replies, world);
    world.hear(client::ID, replies);
    world.look(shard, &Cause { adds, ends });
    check(shard);
}

fn step(shard: &mut Shard, world: &mut World, dice: &mut Random) {
    let id = *dice.one(&IDS);
    let mut cause = Cause { adds: false, ends: None };
    let replies = match dice.below(24) {
        0..=3 => init(shard, world, id, dice),
        4..=10 => {
            cause.adds = true;
            add(shard, world, id, dice)
        }
        11..=15 => end(shard, world, id, &mut cause, dice),
        16..=20 => markers_step(shard, world, dice),
        21 => shard.advance(dice.below(40_000) as i64),
        22 if dice.below(4) == 0 => {
            shard.reload();
            Vec::new()
        }
        23 if dice.below(6) == 0 => {
            age(shard, world, id);
            Vec::new()
        }
        _ => Vec::new(),
    };
    world.hear(id, replies);
    world.look(shard, &cause);
    check(shard);
}

fn history(seed: u64, steps: usize) {
    let mut dice = Random::new(seed);
    let settings = Settings {
        id_expiration_ms: 500_000,
        expiration_interval_ms: 50_000,
        ..Settings::default()
    };
    let level = dice.below(3) as i16;
    // What the client spoke is written from level 1 on only.
    let mut shard = Shard::new(settings, level.max(1));
    let mut world = World::default();
    let mut client = Client::new(if level < 2 { 0 } else { *dice.one(&[0, 2]) });
    for _ in 0..steps {
        step(&mut shard, &mut world, &mut dice);
        client.is_excused |= world.has_acted.remove(client::ID);
        if dice.below(3) == 0 {
            good(&mut shard, &mut world, &mut client, &mut dice);
        }
    }
    // In the end every end that was decided is carried out.
    let mut rounds = 0;
    while !shard.machine.preparing.is_empty() {
        let replies = shard.ask(TransactionRequest::AwaitMarkers { afresh: true, max: 10 });
        world.hear("red", replies);
        let done = world.under_way.drain(..).map(|one| written(&one)).collect();
        shard.ask(TransactionRequest::MarkersWritten(done));
        rounds += 1;
        assert!(rounds < 10, "seed {seed}: an end is never handed out");
    }
    check(&shard);
}

#[test]
fn random_histories_keep_the_promises() {
    let rounds = std::env::var("TRANSACTION_FUZZ_SEEDS").ok().and_then(|text| text.parse().ok());
    for seed in 0..rounds.unwrap_or(300) {
        let outcome = std::panic::catch_unwind(|| history(seed, 150));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
