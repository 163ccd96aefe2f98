//! A whole node in one thread, over files in memory and a clock that only goes when nothing else does: random produces,
//! fetches, commits, rebalances, restarts, crashes and errors of the disk, all from one seed.
//!
//! What must hold: what was acknowledged is found, at the offset that was told; offsets have no holes; an idempotent
//! producer's values are there once; a committed offset never goes back by itself.
//!
//! `SEEDS=n` runs so many, `SEED=n` runs that one; a failure names its seed, and `RUST_LOG` shows what led to it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::Arbiter;

use super::super::parts::Ground;
use super::harness::{Node, config, format};
use super::requests::*;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::ErrorCode;
use crate::log::files::Files;
use crate::log::files::memory::{Call, MemoryFiles};
use crate::random::Random;
use crate::wire::messages::find_coordinator::FindCoordinatorRequest;
use crate::wire::messages::heartbeat::HeartbeatRequest;
use crate::wire::messages::init_producer_id::InitProducerIdRequest;
use crate::wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

const TOPICS: [&str; 2] = ["apples", "pears"];
const PARTITIONS: i32 = 2;
const GROUPS: [&str; 3] = ["red", "green", "blue"];
const STEPS: usize = 100;
/// How often the clock goes while the node has nothing to do.
const TICK_MS: u64 = 20;

/// What was done, to be told when it fails.
type Diary = Arc<parking_lot::Mutex<Vec<String>>>;

type Place = (&'static str, i32);

/// What clients know of a partition.
#[derive(Default)]
struct Known {
    /// By offset, what was acknowledged.
    acknowledged: BTreeMap<i64, String>,
    /// The producer's next sequence.
    sequence: i32,
}

/// What clients know of a group's offset.
#[derive(Default, Clone, Copy)]
struct Offsets {
    acknowledged: i64,
    tried: i64,
}

struct World {
    random: Random,
    config: Config,
    files: MemoryFiles,
    clock: Clock,
    node: Option<Node>,
    /// Whether what is acknowledged is synced, so that the power may go.
    durable: bool,
    producer: i64,
    known: BTreeMap<Place, Known>,
    groups: BTreeMap<&'static str, Offsets>,
    next_value: u64,
    diary: Diary,
}

impl World {
    async fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let durable = random.below(2) == 0;
        let flush = if durable { "1" } else { "9223372036854775807" };
        let segment = ["1048576", "1073741824"][random.below(2)];
        let config =
            config(&[("log.flush.interval.messages", flush), ("log.segment.bytes", segment)]);
        let (files, clock) = (MemoryFiles::new(), Clock::manual(1_700_000_000_000));
        format(&config, &files);
        // The operator's directory is older than the node.
        files.fsync_dir(Path::new("/")).expect("memory can be synced");
        let ticking = clock.clone();
        actix_rt::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(TICK_MS)).await;
                ticking.advance(TICK_MS as i64);
            }
        });
        let mut world = Self {
            random,
            config,
            files,
            clock,
            node: None,
            durable,
            producer: -1,
            known: BTreeMap::new(),
            groups: GROUPS.iter().map(|group| (*group, Offsets::default())).collect(),
            next_value: 0,
            diary: Diary::default(),
        };
        world.start().await;
        for topic in TOPICS {
            let request = create(topic, PARTITIONS, &[]);
            let answer = world.node().ask(&request, CREATE).await.expect("answered");
            assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
        }
        let find = FindCoordinatorRequest { key: "red".to_owned(), ..Default::default() };
        let found = world.node().ask(&find, 3).await.expect("answered");
        assert_eq!(found.error_code, 0, "{found:?}");
        world.producer = world.new_producer().await;
        world
    }

    fn node(&self) -> &Node {
        self.node.as_ref().expect("the node runs")
    }

    fn note(&self, what: String) {
        self.diary.lock().push(what);
    }

    async fn start(&mut self) {
        let threads = Some([Arbiter::current()].into());
        let files = Arc::new(self.files.clone());
        let ground = Ground { files, clock: self.clock.clone(), threads };
        self.node = Some(Node::start(self.config.clone(), ground).await);
    }

    async fn new_producer(&self) -> i64 {
        let request = InitProducerIdRequest {
            transactional_id: None,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        };
        for _ in 0..1000 {
            let answer = self.node().ask(&request, 4).await.expect("answered");
            if answer.error_code == 0 {
                return answer.producer_id;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("there are no producer ids");
    }

    async fn step(&mut self) {
        match self.random.below(100) {
            0..=44 => self.produce().await,
            45..=59 => self.fetch().await,
            60..=74 => self.commit().await,
            75..=81 => self.rebalance().await,
            82..=88 => self.wait().await,
            89..=92 => self.fault(),
            93..=95 => self.restart().await,
            _ => self.crash().await,
        }
    }

    /// Sends one batch, and again until it is known to be there, as an idempotent producer does.
    async fn produce(&mut self) {
        let place = (*self.random.one(&TOPICS), self.random.below(PARTITIONS as usize) as i32);
        let count = 1 + self.random.below(5);
        let values: Vec<String> =
            (0..count).map(|n| format!("{}", self.next_value + n as u64)).collect();
        self.next_value += count as u64;
        let sequence = self.known.entry(place).or_default().sequence;
        // Long ones now and then, so that segments roll.
        let padding = " ".repeat([0, 40_000][self.random.below(2)]);
        let padded: Vec<String> = values.iter().map(|value| format!("{value}{padding}")).collect();
        let records = batch(&padded, Some((self.producer, 0, sequence)));
        self.note(format!("produce {place:?} {values:?}"));
        // Now and then the node goes down with the request in it.
        if self.random.below(20) == 0 {
            let request = produce(place.0, place.1, records.clone());
            let steps = self.random.below(40) as u64;
            self.files.crash_at(self.files.changes() + steps);
            let asked =
                tokio::time::timeout(Duration::from_secs(1), self.node().ask(&request, PRODUCE));
            let answer = asked.await;
            self.note(format!("  crash after {steps} changes, {}", answer.is_ok()));
            if let Ok(Some(answer)) = answer
                && produced(&answer).error_code == 0
            {
                self.acknowledge(place, produced(&answer).base_offset, &values);
                return self.crash().await;
            }
            self.crash().await;
        }
        for attempt in 0..2000 {
            let request = produce(place.0, place.1, records.clone());
            let answer = self.node().ask(&request, PRODUCE).await.expect("answered");
            let told = produced(&answer);
            match ErrorCode::from_code(told.error_code) {
                Some(ErrorCode::None) => return self.acknowledge(place, told.base_offset, &values),
                Some(code) if code.is_retriable() => {}
                code => panic!("{code:?} ends a producer's attempts: {told:?}"),
            }
            if attempt % 50 == 0 {
                self.note(format!("  refused: {}", told.error_code));
            }
            if attempt % 50 == 49 {
                // Offline after too many errors of the disk: that takes a restart, as in life.
                self.restart().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{place:?} does not come back");
    }

    fn acknowledge(&mut self, place: Place, base: i64, values: &[String]) {
        let known = self.known.entry(place).or_default();
        known.sequence += values.len() as i32;
        for (offset, value) in (base..).zip(values) {
            let before = known.acknowledged.insert(offset, value.clone());
            assert_eq!(before, None, "{place:?} gives offset {offset} twice");
        }
    }

    /// Reads one partition whole, and holds it against what is known.
    async fn fetch(&mut self) {
        let place = (*self.random.one(&TOPICS), self.random.below(PARTITIONS as usize) as i32);
        self.check(place).await;
    }

    async fn check(&mut self, place: Place) {
        let found = self.read(place).await;
        let mut seen = BTreeSet::new();
        for (expected, (offset, value)) in (0..).zip(&found) {
            assert_eq!(*offset, expected, "{place:?} has a hole");
            assert!(seen.insert(value.clone()), "{place:?} has {value} twice");
        }
        let found: BTreeMap<i64, String> = found.into_iter().collect();
        let Some(known) = self.known.get(&place) else { return };
        for (offset, value) in &known.acknowledged {
            assert_eq!(found.get(offset), Some(value), "{place:?} has lost offset {offset}");
        }
    }

    async fn read(&mut self, (topic, partition): Place) -> Vec<(i64, String)> {
        let mut found: Vec<(i64, String)> = Vec::new();
        for attempt in 0..2000 {
            let from = found.last().map_or(0, |(offset, _)| offset + 1);
            let answer = self.node().ask(&fetch(topic, partition, from), FETCH).await;
            // A disk that cannot be read closes the connection, where the answer was begun.
            let Some(answer) = answer else { continue };
            match fetched(&answer) {
                (0, more) if more.is_empty() => return found,
                (0, more) => {
                    let new = more.into_iter().filter(|(offset, _)| *offset >= from);
                    found.extend(new.map(|(offset, value)| (offset, value.trim_end().to_owned())));
                }
                (code, _) => {
                    let code = ErrorCode::from_code(code).expect("an error that Kafka has");
                    assert!(code.is_retriable(), "{topic}-{partition} at {from}: {code:?}");
                    if attempt % 50 == 49 {
                        self.restart().await;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        panic!("{topic}-{partition} cannot be read");
    }

    /// Commits, once; an error leaves open whether it was done.
    async fn commit(&mut self) {
        let group = *self.random.one(&GROUPS);
        self.check_committed(group).await;
        let offsets = self.groups.get_mut(group).expect("a known group");
        offsets.tried = offsets.tried.max(offsets.acknowledged) + 1;
        let tried = offsets.tried;
        let answer =
            self.node().ask(&commit(group, TOPICS[0], tried), COMMIT).await.expect("answered");
        let code = answer.topics[0].partitions[0].error_code;
        self.note(format!("commit {group} {tried}: {code}"));
        match ErrorCode::from_code(code) {
            Some(ErrorCode::None) => {
                self.groups.insert(group, Offsets { acknowledged: tried, tried });
            }
            // The group has a member, whose alone it is to commit.
            Some(ErrorCode::UnknownMemberId) => {}
            Some(code) if code.is_retriable() => {}
            code => panic!("a commit is answered {code:?}"),
        }
    }

    async fn check_committed(&mut self, group: &'static str) {
        for attempt in 0..2000 {
            let answer = self.node().ask(&committed(group, TOPICS[0]), COMMITTED).await;
            let answer = answer.expect("answered");
            let told = &answer.groups[0];
            if told.error_code == 0 {
                let found = told.topics[0].partitions[0].committed_offset.max(0);
                let Offsets { acknowledged, tried } = self.groups[group];
                assert!(
                    (acknowledged..=tried).contains(&found),
                    "{group} has {found}, was told {acknowledged}, has tried {tried}"
                );
                // What has been seen may not go back either.
                self.groups.insert(group, Offsets { acknowledged: found, tried });
                return;
            }
            let code = ErrorCode::from_code(told.error_code).expect("an error that Kafka has");
            assert!(code.is_retriable(), "{group}: {code:?}");
            if attempt % 50 == 49 {
                self.restart().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{group} does not come back");
    }

    /// A member joins, syncs, beats, and leaves; any of it may fail, none of it may hang.
    async fn rebalance(&mut self) {
        let group = *self.random.one(&GROUPS);
        let joined = self.node().ask(&join(group, ""), JOIN).await.expect("answered");
        self.note(format!("join {group}: {}", joined.error_code));
        if joined.error_code != 0 {
            return;
        }
        let (group_id, member_id) = (group.to_owned(), joined.member_id.clone());
        let assignment = SyncGroupRequestAssignment {
            member_id: member_id.clone(),
            assignment: bytes::Bytes::from_static(b"all"),
            ..Default::default()
        };
        let sync = SyncGroupRequest {
            group_id: group_id.clone(),
            generation_id: joined.generation_id,
            member_id: member_id.clone(),
            assignments: vec![assignment],
            ..Default::default()
        };
        self.node().ask(&sync, 2).await.expect("answered");
        let beat = HeartbeatRequest {
            group_id: group_id.clone(),
            generation_id: joined.generation_id,
            member_id: member_id.clone(),
            ..Default::default()
        };
        self.node().ask(&beat, 2).await.expect("answered");
        if self.random.below(3) > 0 {
            let member = MemberIdentity { member_id, ..Default::default() };
            let leave = LeaveGroupRequest { group_id, members: vec![member], ..Default::default() };
            self.node().ask(&leave, 3).await.expect("answered");
        }
    }

    async fn wait(&mut self) {
        let wait_ms = [10, 1_000, 20_000, 60_000][self.random.below(4)];
        self.note(format!("wait {wait_ms} ms"));
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }

    /// The disk fails once, at whatever comes next.
    fn fault(&mut self) {
        let call =
            [Call::Write, Call::Sync, Call::Read, Call::Open, Call::Create][self.random.below(5)];
        self.note(format!("the next {call:?} fails"));
        self.files.fail_next(call, io::ErrorKind::Other);
    }

    async fn restart(&mut self) {
        self.note("restart".to_owned());
        if let Some(node) = self.node.take() {
            node.try_stop().await;
        }
        self.files = self.files.after_kill();
        self.start().await;
    }

    /// The process is killed, or the power goes where that may lose nothing.
    async fn crash(&mut self) {
        let seed = self.random.seed();
        let left =
            if self.durable { self.files.after_power_loss(seed) } else { self.files.after_kill() };
        self.note(if self.durable { "power loss" } else { "kill" }.to_owned());
        self.files.crash_at(self.files.changes());
        if let Some(node) = self.node.take() {
            node.abandon().await;
        }
        self.files = left;
        self.start().await;
    }
}

fn simulate(seed: u64) -> Result<(), String> {
    let diary = Diary::default();
    let kept = diary.clone();
    let run = move || {
        let runtime = || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().start_paused(true).max_blocking_threads(1).build();
            runtime.expect("a runtime can be built")
        };
        actix_rt::System::with_tokio_rt(runtime).block_on(async move {
            let mut world = World::new(seed).await;
            world.diary = kept;
            for _ in 0..STEPS {
                world.step().await;
            }
            for topic in TOPICS {
                for partition in 0..PARTITIONS {
                    world.check((topic, partition)).await;
                }
            }
            for group in GROUPS {
                world.check_committed(group).await;
            }
            if let Some(node) = world.node.take() {
                node.try_stop().await;
            }
        });
    };
    let ended = std::thread::Builder::new().name(format!("seed {seed}")).spawn(run);
    ended.expect("a thread can be started").join().map_err(|_| {
        let diary = diary.lock();
        let last = diary.len().saturating_sub(25);
        diary[last..].join("\n")
    })
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn nothing_acknowledged_is_lost() {
    if std::env::var_os("RUST_LOG").is_some() {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    }
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(15),
    };
    for seed in seeds {
        if let Err(diary) = simulate(seed) {
            panic!("SEED={seed} fails; the end of its diary:\n{diary}");
        }
    }
}
