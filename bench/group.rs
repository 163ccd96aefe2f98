//! What one large consumer group (KIP-848) costs: how long its members need to settle, how soon one that leaves is
//! missed, and what a member takes of the node's memory and time. Prints a table and asserts nothing.
//!
//! Members are simulated: each is a task with a connection of its own that beats as it is told and takes what it is
//! given. `GROUP_BENCH_MEMBERS=100,1000` says how many (two partitions each), `GROUP_BENCH_NODE=host:port,pid` takes a
//! node that runs already, of whatever kind, instead of starting one.

#![allow(missing_docs)]

mod process;
mod scratch;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use vltava::types::Uuid;
use vltava::wire::exchange;
use vltava::wire::message::Request;
use vltava::wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicPartitions,
};
use vltava::wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use vltava::wire::messages::find_coordinator::FindCoordinatorRequest;

use process::Process;
use scratch::scratch;

/// How long nothing may change before a group counts as settled; not part of the time.
const CALM: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(120);

/// The node that is measured, and its process.
struct Node {
    address: String,
    pid: u32,
    /// Ours, unless one was given.
    _started: Option<(Process, tempfile::TempDir)>,
}

impl Node {
    fn find() -> Self {
        let Some(given) = std::env::var("GROUP_BENCH_NODE").ok() else { return Self::start() };
        let (address, pid) = given.split_once(',').expect("host:port,pid");
        Self { address: address.into(), pid: pid.parse().expect("a process"), _started: None }
    }

    fn start() -> Self {
        let dir = scratch();
        let process = Process::start(dir.path(), &[]);
        let address = process.address.clone();
        Self { address, pid: process.child.id(), _started: Some((process, dir)) }
    }

    /// The processor time it has taken, in seconds. A tick is a hundredth on every Linux.
    fn cpu_s(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).expect("a process");
        let (_, fields) = stat.rsplit_once(')').expect("its name");
        let ticks = fields.split_whitespace().skip(11).take(2).map(|n| n.parse().unwrap_or(0.0));
        ticks.sum::<f64>() / 100.0
    }

    /// The memory it has, in KiB.
    fn memory_kib(&self) -> f64 {
        let path = format!("/proc/{}/status", self.pid);
        let status = std::fs::read_to_string(path).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

/// A connection that has one request under way at a time.
struct Peer(TcpStream);

impl Peer {
    async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("set");
        Self(stream)
    }

    async fn ask<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        let frame = exchange::frame(request, version, 0, Some("bench")).expect("a small request");
        self.0.write_all(&frame).await.expect("sent");
        let length = self.0.read_i32().await.expect("an answer");
        let mut answer = vec![0; usize::try_from(length).expect("a length")];
        self.0.read_exact(&mut answer).await.expect("an answer");
        exchange::decode::<R>(Bytes::from(answer), version).expect("an answer")
    }

    /// Makes a topic, and waits until groups are coordinated. Gives the topic's id.
    async fn prepare(&mut self, topic: &str, num_partitions: i32) -> Uuid {
        let topic = CreatableTopic {
            name: topic.into(),
            num_partitions,
            replication_factor: 1,
            ..Default::default()
        };
        let create =
            CreateTopicsRequest { topics: vec![topic], timeout_ms: 30_000, ..Default::default() };
        let made = self.ask(&create, 7).await;
        assert_eq!(made.topics[0].error_code, 0, "{made:?}");
        let find =
            FindCoordinatorRequest { coordinator_keys: vec!["g".into()], ..Default::default() };
        while self.ask(&find, 4).await.coordinators[0].error_code != 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        made.topics[0].topic_id
    }
}

/// How the group stands, as its members know it.
#[derive(Default)]
struct Standing {
    /// The epoch of each member, and how many partitions it has.
    members: BTreeMap<usize, (i32, usize)>,
    changed: Option<Instant>,
    beats: u64,
}

impl Standing {
    fn is_settled(&self, members: usize, partitions: usize) -> bool {
        let first = self.members.values().next().map(|(epoch, _)| *epoch);
        self.members.len() == members
            && self.members.values().all(|(epoch, _)| Some(*epoch) == first)
            && self.members.values().map(|(_, owned)| owned).sum::<usize>() == partitions
    }
}

/// One member, until it is told to leave.
struct Member {
    number: usize,
    peer: Peer,
    request: ConsumerGroupHeartbeatRequest,
    owned: Vec<TopicPartitions>,
    standing: Rc<RefCell<Standing>>,
}

impl Member {
    async fn live(mut self, topic: String, leave: Rc<Notify>) {
        self.request.subscribed_topic_names = Some(vec![topic]);
        self.request.rebalance_timeout_ms = 30_000;
        self.request.topic_partitions = Some(Vec::new());
        loop {
            let answer = self.peer.ask(&self.request, 1).await;
            let pause = self.hear(answer);
            if tokio::time::timeout(pause, leave.notified()).await.is_ok() {
                break;
            }
        }
        self.request.member_epoch = -1;
        self.peer.ask(&self.request, 1).await;
    }

    /// Takes in an answer, and says when to come back.
    fn hear(&mut self, answer: ConsumerGroupHeartbeatResponse) -> Duration {
        assert_eq!(answer.error_code, 0, "{answer:?}");
        self.request.member_epoch = answer.member_epoch;
        self.request.subscribed_topic_names = None;
        self.request.rebalance_timeout_ms = -1;
        let is_new = answer.assignment.is_some();
        self.request.topic_partitions = answer.assignment.map(|assignment| {
            self.owned = assignment.topic_partitions;
            self.owned.clone()
        });
        let owned = self.owned.iter().map(|topic| topic.partitions.len()).sum();
        let mut standing = self.standing.borrow_mut();
        standing.beats += 1;
        let now = (answer.member_epoch, owned);
        if standing.members.insert(self.number, now) != Some(now) {
            standing.changed = Some(Instant::now());
        }
        // A client tells at once what it has now.
        if is_new {
            return Duration::ZERO;
        }
        Duration::from_millis(u64::try_from(answer.heartbeat_interval_ms).unwrap_or(0))
    }
}

/// How long it takes from `begun` until nothing changes any more.
async fn settle(
    standing: &RefCell<Standing>,
    members: usize,
    partitions: usize,
    begun: Instant,
) -> f64 {
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let standing = standing.borrow();
        let changed = standing.changed.unwrap_or(begun);
        if changed.elapsed() >= CALM && standing.is_settled(members, partitions) {
            return changed.saturating_duration_since(begun).as_secs_f64();
        }
        assert!(begun.elapsed() < PATIENCE, "the group does not settle");
    }
}

async fn measure(node: &Node, count: usize) {
    let topic = format!("t{count}-{}", std::process::id());
    let partitions = 2 * count;
    let mut admin = Peer::connect(&node.address).await;
    admin.prepare(&topic, i32::try_from(partitions).expect("so many")).await;
    let standing = Rc::new(RefCell::new(Standing::default()));
    let mut peers = Vec::new();
    for _ in 0..count {
        peers.push(Peer::connect(&node.address).await);
    }
    let before_kib = node.memory_kib();
    let (begun, cpu_s) = (Instant::now(), node.cpu_s());
    let leaves: Vec<Rc<Notify>> = (0..count).map(|_| Rc::default()).collect();
    for (number, peer) in peers.into_iter().enumerate() {
        let request = ConsumerGroupHeartbeatRequest {
            group_id: topic.clone(),
            member_id: format!("member-{number}"),
            ..Default::default()
        };
        let member =
            Member { number, peer, request, owned: Vec::new(), standing: standing.clone() };
        tokio::task::spawn_local(member.live(topic.clone(), leaves[number].clone()));
    }
    let joined_s = settle(&standing, count, partitions, begun).await;
    let join_cpu_s = node.cpu_s() - cpu_s;
    let member_kib = (node.memory_kib() - before_kib) / count as f64;

    let (cpu_s, beats, begun) = (node.cpu_s(), standing.borrow().beats, Instant::now());
    tokio::time::sleep(Duration::from_secs(10)).await;
    let idle_s = begun.elapsed().as_secs_f64();
    let idle_cpu_s = node.cpu_s() - cpu_s;
    let beats = standing.borrow().beats - beats;

    let begun = Instant::now();
    standing.borrow_mut().members.remove(&(count / 2));
    leaves[count / 2].notify_one();
    let left_s = settle(&standing, count - 1, partitions, begun).await;
    println!(
        "{count:>7} {joined_s:>9.3} {:>14.1} {left_s:>9.3} {member_kib:>12.1} {:>11.1} {:>13.2} {:>13.1}",
        join_cpu_s * 1e3,
        beats as f64 / idle_s,
        idle_cpu_s / idle_s * 100.0,
        idle_cpu_s / beats as f64 * 1e6,
    );
    for leave in &leaves {
        leave.notify_one();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
}

fn main() {
    let counts = std::env::var("GROUP_BENCH_MEMBERS").unwrap_or_else(|_| "10,100,1000".into());
    let node = Node::find();
    println!(
        "members    join s  join's CPU ms   leave s   KiB/member  idle beats/s    idle CPU %   CPU us/beat"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    for count in counts.split(',') {
        let count = count.trim().parse().expect("a number of members");
        tokio::task::LocalSet::new().block_on(&runtime, measure(&node, count));
    }
}
