//! Has markers written: asks each shard of this node what is to be ended, sends WriteTxnMarkers to the leaders of the
//! partitions, again until all have them, and tells the shard.
//!
//! What must be written is in the shards, which are replayed from the log: nothing is lost with the sender, and a shard
//! that is loaded anew hands out again what was under way. That a shard is asked at all is what loads it after a start,
//! so that ends that were decided are carried out and transactions that took too long are aborted without a client's
//! help.
//!
//! Decides nothing about transactions.
//!
//! ```text
//! shard ◀── AwaitMarkers ── sender ── WriteTxnMarkers ──▶ leaders, until each partition has its marker
//!       ── Markers ──▶             ◀── per partition ──
//!       ◀── MarkersWritten ──
//! ```
//!
//! A marker that is written twice changes nothing (the partition has no transaction of that producer then), so whatever
//! is uncertain is sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::addressing::{requests, take_in};
use super::machine::TransactionMachine;
use super::request::{Markers, TransactionReply, TransactionRequest, Written};
use crate::coordinator::shards::Shards;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metrics::{Metrics, Waiting};
use crate::supervision::{DeathWatch, Stop};
use crate::types::{NodeId, PartitionId};
use crate::wire::messages::write_txn_markers::{WriteTxnMarkersRequest, WriteTxnMarkersResponse};

/// How many transactions of one shard may wait for their markers here; others wait in the shard.
const UNDER_WAY_MAX: usize = 4_096;
/// How many transactions one request is about.
const BATCH_MAX: usize = 256;
/// How many ends the shard is told of at once: ids are long at worst, and records bounded.
const TOLD_MAX: usize = 8;
/// The first pause before something is tried again, and the longest.
const BACKOFF_MS: (u64, u64) = (20, 1_000);
/// How long a leader may take. What it does later all the same changes nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// What comes of asking somebody.
pub type Answer<T> = Pin<Box<dyn Future<Output = T>>>;
/// Has markers written by the node that leads their partitions. An error stands for all of them.
pub type MarkerSink = Arc<
    dyn Fn(NodeId, WriteTxnMarkersRequest) -> Answer<Result<WriteTxnMarkersResponse, ErrorCode>>
        + Send
        + Sync,
>;
/// Gives a producer id that nobody has had.
pub type ProducerIdSource = Arc<dyn Fn() -> Answer<Result<i64, ErrorCode>> + Send + Sync>;

/// What the sender is made of.
#[derive(Clone)]
pub struct MarkerSpec {
    /// The shards of this node.
    pub shards: Shards<TransactionMachine>,
    /// The metadata of the moment.
    pub image: Arc<ArcSwap<Image>>,
    /// The way to the partitions' leaders.
    pub sink: MarkerSink,
    /// Where producer ids come from.
    pub producer_ids: ProducerIdSource,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// What the sender knows of one shard.
#[derive(Default)]
struct Line {
    /// The shard is being asked, or will be after a pause.
    asked: bool,
    /// The shard has been asked before, and remembers what it has handed out.
    known: bool,
    under_way: UnderWay,
}

/// What is being written. Before the shard is told that something is, it is struck out here: a producer's next
/// transaction may have the same name, and may end before the rest of the request is done.
type UnderWay = Arc<Mutex<BTreeSet<Written>>>;

/// The actor that has markers written.
pub struct MarkerSender {
    spec: MarkerSpec,
    lines: BTreeMap<PartitionId, Line>,
    watch: DeathWatch,
}

impl MarkerSender {
    /// A sender that has asked nobody yet.
    pub fn new(spec: MarkerSpec, watch: DeathWatch) -> Self {
        Self { spec, lines: BTreeMap::new(), watch }
    }

    /// Follows which shards are here.
    fn look(&mut self, ctx: &mut Context<Self>) {
        let led = self.spec.shards.led();
        self.lines.retain(|partition, _| led.contains(partition));
        for partition in led {
            self.lines.entry(partition).or_default();
            self.ask(partition, ctx);
        }
    }

    /// Waits for the shards to change, for ever.
    fn follow(&mut self, ctx: &mut Context<Self>) {
        self.look(ctx);
        let mut changes = self.spec.shards.changes();
        let change = async move { changes.changed().await.is_ok() };
        ctx.spawn(wrap_future::<_, Self>(change).map(|changed, sender, ctx| {
            if changed {
                sender.follow(ctx);
            }
        }));
    }

    fn ask(&mut self, partition: PartitionId, ctx: &mut Context<Self>) {
        let Some(line) = self.lines.get_mut(&partition) else { return };
        let max = UNDER_WAY_MAX.saturating_sub(line.under_way.lock().len()).min(BATCH_MAX);
        if line.asked || max == 0 {
            return;
        }
        line.asked = true;
        let request = TransactionRequest::AwaitMarkers { afresh: !line.known, max };
        let shards = self.spec.shards.clone();
        let asking = async move { shards.ask_partition(partition, request).await };
        ctx.spawn(
            wrap_future::<_, Self>(asking)
                .map(move |answer, sender, ctx| sender.answered(partition, answer, ctx)),
        );
    }

    fn answered(
        &mut self,
        partition: PartitionId,
        answer: Result<TransactionReply, ErrorCode>,
        ctx: &mut Context<Self>,
    ) {
        let Some(line) = self.lines.get_mut(&partition) else { return };
        let Ok(TransactionReply::Markers { markers, needs_producer_id }) = answer else {
            // The shard is loading, failing, or moves; its successor knows nothing of this sender.
            line.known = false;
            ctx.run_later(Duration::from_millis(100), move |sender, ctx| {
                sender.release(partition, ctx);
            });
            return;
        };
        line.known = true;
        let fresh = |one: &Markers| line.under_way.lock().insert(written(one));
        let fresh: Vec<Markers> = markers.into_iter().filter(fresh).collect();
        if !fresh.is_empty() {
            let (spec, under_way) = (self.spec.clone(), line.under_way.clone());
            let delivery = Delivery::new(spec, partition, fresh, under_way);
            ctx.spawn(wrap_future::<_, Self>(delivery.run()).map(move |(), sender, ctx| {
                sender.ask(partition, ctx);
            }));
        }
        if needs_producer_id {
            self.bring_producer_id(partition, ctx);
        } else {
            self.release(partition, ctx);
        }
    }

    fn bring_producer_id(&self, partition: PartitionId, ctx: &mut Context<Self>) {
        let (shards, id) = (self.spec.shards.clone(), (self.spec.producer_ids)());
        let bringing = async move {
            match id.await {
                Ok(id) => {
                    let brought = TransactionRequest::ProducerId(id);
                    shards.ask_partition(partition, brought).await.is_ok()
                }
                Err(_) => false,
            }
        };
        ctx.spawn(wrap_future::<_, Self>(bringing).map(move |brought, sender, ctx| {
            let pause = Duration::from_millis(if brought { 0 } else { BACKOFF_MS.1 });
            ctx.run_later(pause, move |sender, ctx| sender.release(partition, ctx));
            let _ = sender;
        }));
    }

    /// The shard may be asked again.
    fn release(&mut self, partition: PartitionId, ctx: &mut Context<Self>) {
        if let Some(line) = self.lines.get_mut(&partition) {
            line.asked = false;
        }
        self.ask(partition, ctx);
    }
}

fn written(one: &Markers) -> Written {
    Written {
        transactional_id: one.transactional_id.clone(),
        producer_id: one.producer_id,
        producer_epoch: one.producer_epoch,
    }
}

/// The markers of some transactions of one shard, on their way.
struct Delivery {
    spec: MarkerSpec,
    shard: PartitionId,
    open: Vec<Markers>,
    /// What the shard has not been told of.
    untold: Vec<Written>,
    /// What is written everywhere, and the shard has refused to hear of.
    refused: Vec<Written>,
    under_way: UnderWay,
    /// What the metrics were told of.
    waiting: Waiting,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.wait_for(Waiting::default());
        let mut under_way = self.under_way.lock();
        under_way.retain(|one| !self.untold.contains(one));
    }
}

impl Delivery {
    fn new(spec: MarkerSpec, shard: PartitionId, open: Vec<Markers>, under_way: UnderWay) -> Self {
        let untold: Vec<Written> = open.iter().map(written).collect();
        let (refused, waiting) = (Vec::new(), Waiting::default());
        let mut new = Self { spec, shard, open, untold, refused, under_way, waiting };
        new.wait_for(Waiting { under_way: new.open.len(), ..Waiting::default() });
        new
    }

    fn wait_for(&mut self, now: Waiting) {
        let before = std::mem::replace(&mut self.waiting, now);
        self.spec.metrics.transactions.wait_for(before, now);
    }

    /// Has all markers written, however long that takes.
    async fn run(mut self) {
        let mut pause_ms = BACKOFF_MS.0;
        loop {
            let without_leader = self.round().await;
            let is_done = self.open.is_empty() && self.refused.is_empty();
            if is_done || !self.spec.shards.led().contains(&self.shard) {
                return;
            }
            let under_way = self.open.len();
            let retried = under_way - without_leader.min(under_way);
            self.wait_for(Waiting { under_way, retried, without_leader });
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            pause_ms = (pause_ms * 2).min(BACKOFF_MS.1);
        }
    }

    /// Asks every leader once, all at the same time: one that is silent keeps nobody waiting but those it concerns. How
    /// many transactions have a partition without a leader.
    async fn round(&mut self) -> usize {
        let image = self.spec.image.load_full();
        let (requests, without_leader) = requests(&image, self.shard, &mut self.open);
        let mut asked = JoinSet::new();
        for (leader, request) in requests {
            let sink = self.spec.sink.clone();
            asked.spawn_local(async move {
                (leader, tokio::time::timeout(PATIENCE, sink(leader, request)).await)
            });
        }
        // Some have nothing left to mark from the beginning.
        self.tell().await;
        while let Some(answered) = asked.join_next().await {
            let Ok((leader, answer)) = answered else { continue };
            match answer.unwrap_or(Err(ErrorCode::RequestTimedOut)) {
                Ok(response) => {
                    let marked = take_in(&mut self.open, &response);
                    self.spec.metrics.transactions.marked(marked);
                    self.tell().await;
                }
                Err(code) => tracing::debug!(leader, ?code, "markers will be sent again"),
            }
        }
        without_leader
    }

    /// Tells the shard of what is written everywhere.
    async fn tell(&mut self) {
        let is_done = |one: &mut Markers| one.partitions.is_empty();
        let mut done = std::mem::take(&mut self.refused);
        done.extend(self.open.extract_if(.., is_done).map(|one| written(&one)));
        for done in done.chunks(TOLD_MAX) {
            self.under_way.lock().retain(|one| !done.contains(one));
            self.untold.retain(|one| !done.contains(one));
            let told = TransactionRequest::MarkersWritten(done.to_vec());
            match self.spec.shards.ask_partition(self.shard, told).await {
                Ok(TransactionReply::Refused(code)) => {
                    tracing::debug!(self.shard, ?code, "a shard will be told again");
                    self.refused.extend_from_slice(done);
                    // Still in hand: a successor that hands them out must not have them written beside this.
                    self.under_way.lock().extend(done.iter().cloned());
                    self.untold.extend_from_slice(done);
                }
                Ok(_) => {}
                // Its successor will have all written again, which changes nothing.
                Err(code) => tracing::debug!(self.shard, ?code, "a shard is gone before its ends"),
            }
        }
    }
}

impl Actor for MarkerSender {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let _ = &self.watch;
        self.follow(ctx);
    }
}

impl Handler<Stop> for MarkerSender {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
