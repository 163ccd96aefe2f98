//! Which shards of one coordinator this node has: one for each partition of its topic that the node leads.
//!
//! A shard costs little until it is asked something, so each has its actor at once. The manager never looks into one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message};
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;

use super::actor::{MAILBOX, Shard, ShardSpec};
use super::machine::{Machine, MakeMachine};
use super::shards::Shards;
use crate::clock::Clock;
use crate::metadata::Image;
use crate::metadata::topics::TopicImage;
use crate::partition::replica::Replica;
use crate::partition::table::PartitionTable;
use crate::supervision::{AddChild, Child, DeathWatch, Handle, Intensity, RemoveChild, Stop};
use crate::types::{NodeId, PartitionId, TopicIdPartition};

/// The cluster's metadata has changed, and the node's replicas follow it.
pub struct ImageChanged(pub Arc<Image>);

impl Message for ImageChanged {
    type Result = ();
}

/// What the manager is made of.
pub struct ManagerSpec<M: Machine> {
    /// This node.
    pub node_id: NodeId,
    /// The topic that the coordinator keeps its records in.
    pub topic: &'static str,
    /// Makes an empty machine.
    pub machine: MakeMachine<M>,
    /// Where requests find the shards.
    pub shards: Shards<M>,
    /// The node's replicas.
    pub table: Arc<PartitionTable>,
    /// The metadata of the moment.
    pub image: Arc<ArcSwap<Image>>,
    /// The threads that shards live on.
    pub threads: Arc<[ArbiterHandle]>,
    /// The time.
    pub clock: Clock,
}

impl<M: Machine> Clone for ManagerSpec<M> {
    fn clone(&self) -> Self {
        Self {
            node_id: self.node_id,
            topic: self.topic,
            machine: self.machine.clone(),
            shards: self.shards.clone(),
            table: self.table.clone(),
            image: self.image.clone(),
            threads: self.threads.clone(),
            clock: self.clock.clone(),
        }
    }
}

/// The actor that looks after the shards of one coordinator.
pub struct ShardManager<M: Machine> {
    spec: ManagerSpec<M>,
    /// The shards that are here, and their stable addresses.
    led: BTreeMap<PartitionId, Handle<Shard<M>>>,
    /// Shards that were told to go and have not gone: a successor of the same name has to wait for that.
    leaving: BTreeSet<PartitionId>,
    watch: DeathWatch,
}

impl<M: Machine> ShardManager<M> {
    /// A manager that has seen no metadata yet.
    pub fn new(spec: ManagerSpec<M>, watch: DeathWatch) -> Self {
        Self { spec, led: BTreeMap::new(), leaving: BTreeSet::new(), watch }
    }

    fn follow(&mut self, image: &Arc<Image>, ctx: &mut Context<Self>) {
        let Some(supervisor) = self.watch.supervisor() else { return };
        let topic = image.topics.by_name(self.spec.topic);
        let mut gone: Vec<PartitionId> = self.led.keys().copied().collect();
        let led = topic.map(|topic| self.led_replicas(topic)).unwrap_or_default();
        for replica in led {
            let partition = replica.name.partition;
            gone.retain(|known| *known != partition);
            if !self.led.contains_key(&partition) && !self.leaving.contains(&partition) {
                let handle = Handle::default();
                supervisor.do_send(AddChild(self.child(&replica, &handle)));
                self.led.insert(partition, handle);
            }
        }
        for partition in gone {
            self.led.remove(&partition);
            self.leaving.insert(partition);
            let removal = supervisor.send(RemoveChild(self.name(partition).into()));
            let gone = wrap_future::<_, Self>(removal);
            ctx.spawn(gone.map(move |_, manager, ctx| manager.left(partition, ctx)));
        }
        self.spec.shards.lead(topic.map_or(0, |topic| topic.partitions.len()), self.led.clone());
        self.spec.shards.image_changed(image);
    }

    /// A shard has gone; the metadata may say by now that it is to come back.
    fn left(&mut self, partition: PartitionId, ctx: &mut Context<Self>) {
        self.leaving.remove(&partition);
        let image = self.spec.image.load_full();
        self.follow(&image, ctx);
    }

    fn led_replicas(&self, topic: &TopicImage) -> Vec<Arc<Replica>> {
        let here = topic
            .partitions
            .iter()
            .filter(|(_, registration)| registration.leader == self.spec.node_id);
        let id = |(partition, _)| TopicIdPartition { topic_id: topic.id, partition };
        here.map(id).filter_map(|id| self.spec.table.get(&id)).collect()
    }

    fn name(&self, partition: PartitionId) -> String {
        format!("{}-{partition}", self.spec.topic)
    }

    fn child(&self, replica: &Arc<Replica>, handle: &Handle<Shard<M>>) -> Child {
        let spec = ShardSpec {
            replica: replica.clone(),
            machine: self.spec.machine.clone(),
            image: self.spec.image.clone(),
            clock: self.spec.clock.clone(),
            metrics: self.spec.shards.metrics().clone(),
        };
        let thread = replica.thread(self.spec.threads.len());
        let arbiter = self.spec.threads[thread].clone();
        Child::on_arbiter(
            self.name(replica.name.partition),
            arbiter,
            MAILBOX,
            handle,
            move |watch| Shard::new(spec.clone(), watch),
        )
        .intensity(Intensity::per_minute(10))
        .on_give_up(|name| {
            tracing::error!(shard = name, "the coordinator shard keeps failing and is given up")
        })
    }
}

impl<M: Machine> Actor for ShardManager<M> {
    type Context = Context<Self>;
}

impl<M: Machine> Handler<ImageChanged> for ShardManager<M> {
    type Result = ();

    fn handle(&mut self, ImageChanged(image): ImageChanged, ctx: &mut Self::Context) {
        self.follow(&image, ctx);
    }
}

impl<M: Machine> Handler<Stop> for ShardManager<M> {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
