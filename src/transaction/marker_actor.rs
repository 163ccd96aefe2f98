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

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::machine::TransactionMachine;
use super::request::{Markers, TransactionReply, TransactionRequest, Written};
use crate::coordinator::shards::Shards;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::supervision::{DeathWatch, Stop};
use crate::types::{NONE, NodeId, PartitionId, TRANSACTION_TOPIC};
use crate::wire::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};

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
            let delivery = deliver(self.spec.clone(), partition, fresh, line.under_way.clone());
            ctx.spawn(wrap_future::<_, Self>(delivery).map(move |(), sender, ctx| {
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

/// Has the markers of some transactions of one shard written, however long that takes.
async fn deliver(
    spec: MarkerSpec,
    shard: PartitionId,
    mut open: Vec<Markers>,
    under_way: UnderWay,
) {
    let mut untold: Vec<Written> = open.iter().map(written).collect();
    let strike_out = |ended: &[Written]| {
        let mut under_way = under_way.lock();
        under_way.retain(|one| !ended.contains(one));
    };
    let mut pause_ms = BACKOFF_MS.0;
    loop {
        for (leader, request) in requests(&spec.image.load(), shard, &mut open) {
            let answer = tokio::time::timeout(PATIENCE, (spec.sink)(leader, request)).await;
            match answer.unwrap_or(Err(ErrorCode::RequestTimedOut)) {
                Ok(response) => take_in(&mut open, &response),
                Err(code) => tracing::debug!(leader, ?code, "markers will be sent again"),
            }
        }
        let (done, left): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|one| one.partitions.is_empty());
        open = left;
        for done in done.chunks(TOLD_MAX) {
            let done: Vec<Written> = done.iter().map(written).collect();
            strike_out(&done);
            untold.retain(|one| !done.contains(one));
            let told = TransactionRequest::MarkersWritten(done);
            if spec.shards.ask_partition(shard, told).await.is_err() {
                // Its successor will have all written again, which changes nothing.
                tracing::debug!(shard, "a shard is gone before its transactions have ended");
            }
        }
        if open.is_empty() || !spec.shards.led().contains(&shard) {
            return strike_out(&untold);
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        pause_ms = (pause_ms * 2).min(BACKOFF_MS.1);
    }
}

/// One request for each leader. Partitions that are gone need no marker; those without a leader wait.
fn requests(
    image: &Image,
    shard: PartitionId,
    open: &mut [Markers],
) -> BTreeMap<NodeId, WriteTxnMarkersRequest> {
    let coordinator_epoch = image
        .topics
        .partition(TRANSACTION_TOPIC, shard)
        .map_or(NONE, |registration| registration.leader_epoch);
    let mut requests: BTreeMap<NodeId, WriteTxnMarkersRequest> = BTreeMap::new();
    for one in open {
        let mut by_leader: BTreeMap<NodeId, Vec<WritableTxnMarkerTopic>> = BTreeMap::new();
        one.partitions.retain(|topic, partitions| {
            partitions.retain(|partition| image.topics.partition(topic, *partition).is_some());
            !partitions.is_empty()
        });
        for (topic, partitions) in &one.partitions {
            for partition in partitions {
                let registration = image.topics.partition(topic, *partition);
                let Some(leader) = registration.and_then(|known| known.leader()) else { continue };
                let topics = by_leader.entry(leader).or_default();
                match topics.last_mut().filter(|last| *last.name == **topic) {
                    Some(last) => last.partition_indexes.push(*partition),
                    None => topics.push(WritableTxnMarkerTopic {
                        name: topic.to_string(),
                        partition_indexes: vec![*partition],
                        ..Default::default()
                    }),
                }
            }
        }
        for (leader, topics) in by_leader {
            requests.entry(leader).or_default().markers.push(WritableTxnMarker {
                producer_id: one.producer_id,
                producer_epoch: one.producer_epoch,
                transaction_result: one.committed,
                topics,
                coordinator_epoch,
                transaction_version: i8::try_from(one.client_version).unwrap_or(0),
                ..Default::default()
            });
        }
    }
    requests
}

/// What became of one marker.
enum Fate {
    Written,
    Again,
    /// The partition refuses it for good: somebody newer has ended the transaction there.
    Refused,
}

const fn fate(code: ErrorCode) -> Fate {
    match code {
        ErrorCode::None | ErrorCode::UnsupportedForMessageFormat => Fate::Written,
        ErrorCode::InvalidProducerEpoch | ErrorCode::TransactionCoordinatorFenced => Fate::Refused,
        _ => Fate::Again,
    }
}

/// Strikes out what is written. A transaction whose marker is refused for good is left as it stands, as Kafka does.
fn take_in(open: &mut Vec<Markers>, response: &WriteTxnMarkersResponse) {
    let mut places: HashMap<i64, usize> =
        open.iter().enumerate().map(|(place, one)| (one.producer_id, place)).collect();
    let mut refused = BTreeSet::new();
    for result in &response.markers {
        let Some(place) = places.remove(&result.producer_id) else { continue };
        let one = &mut open[place];
        for topic in &result.topics {
            let Some(partitions) = one.partitions.get_mut(topic.name.as_str()) else { continue };
            for answered in &topic.partitions {
                let code = ErrorCode::from_code(answered.error_code)
                    .unwrap_or(ErrorCode::UnknownServerError);
                match fate(code) {
                    Fate::Written => {
                        partitions.remove(&answered.partition_index);
                    }
                    Fate::Again => {}
                    Fate::Refused => {
                        let (id, partition) = (&*one.transactional_id, answered.partition_index);
                        tracing::error!(id, topic.name, partition, ?code, "a marker is refused");
                        refused.insert(place);
                    }
                }
            }
            if partitions.is_empty() {
                one.partitions.remove(topic.name.as_str());
            }
        }
    }
    for place in refused.into_iter().rev() {
        open.remove(place);
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
