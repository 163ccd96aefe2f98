//! Tells the controller which log directory has which replica (KIP-858): what the metadata does not know yet, gathered
//! for a moment, sent again until it is taken. Decides nothing about where a replica is.
//!
//! Nothing depends on when it is told: a broker serves its replicas wherever they are. The controller needs it to know
//! which of them a failed directory takes along.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::channel::ControllerChannel;
use super::lifecycle::State;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::partition::mover_actor::Placed;
use crate::supervision::{DeathWatch, Stop};
use crate::types::{NodeId, TopicIdPartition, Uuid};
use crate::wire::messages::assign_replicas_to_dirs::{
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse, DirectoryData, PartitionData,
    TopicData,
};

/// How long what is to be told gathers.
const GATHER: Duration = Duration::from_millis(100);
/// How long after a failure it is told again.
const BACKOFF: Duration = Duration::from_secs(2);
/// Replicas in one request, as in Kafka.
const REQUEST_MAX: usize = 2_000;

/// What the actor is made of.
#[derive(Clone)]
pub struct AssignmentsSpec {
    /// This node.
    pub node_id: NodeId,
    /// Its standing and epoch.
    pub standing: Arc<watch::Sender<(State, i64)>>,
    /// The metadata of the moment.
    pub image: Arc<ArcSwap<Image>>,
    /// The way to the controller.
    pub channel: Arc<dyn ControllerChannel>,
}

/// The actor.
pub struct Assignments {
    spec: AssignmentsSpec,
    /// What is to be told, newest only.
    pending: BTreeMap<TopicIdPartition, Uuid>,
    /// Whether a sending is under way or about to be.
    busy: bool,
    watch: DeathWatch,
}

impl Assignments {
    /// An actor with nothing to tell.
    pub fn new(spec: AssignmentsSpec, watch: DeathWatch) -> Self {
        Self { spec, pending: BTreeMap::new(), busy: false, watch }
    }

    fn send_later(&mut self, wait: Duration, ctx: &mut Context<Self>) {
        if !self.busy && !self.pending.is_empty() {
            self.busy = true;
            ctx.run_later(wait, Self::send);
        }
    }

    /// Drops what the metadata knows meanwhile, or what is gone.
    fn forget_known(&mut self) {
        let (image, node) = (self.spec.image.load_full(), self.spec.node_id);
        self.pending.retain(|id, directory| {
            let known = image.topics.partition_by_id(id.topic_id, id.partition);
            known.is_none_or(|known| {
                known.is_replica(node) && known.directory(node) != Some(*directory)
            })
        });
    }

    fn send(&mut self, ctx: &mut Context<Self>) {
        self.busy = false;
        self.forget_known();
        self.watch.detail(format!("{} to tell", self.pending.len()));
        let (state, broker_epoch) = *self.spec.standing.borrow();
        let supported = self.spec.image.load().features.metadata_version();
        if !supported.is_directory_assignment_supported() {
            return self.pending.clear();
        }
        if state != State::Running {
            return self.send_later(BACKOFF, ctx);
        }
        let sent: Vec<_> =
            self.pending.iter().take(REQUEST_MAX).map(|(id, dir)| (*id, *dir)).collect();
        if sent.is_empty() {
            return;
        }
        self.busy = true;
        let request = request(self.spec.node_id, broker_epoch, &sent);
        let asked = self.spec.channel.assign(request);
        ctx.spawn(wrap_future::<_, Self>(asked).map(move |answer, actor, ctx| {
            actor.busy = false;
            let wait = match answer {
                Ok(response) if response.error_code == 0 => {
                    actor.told(&sent, &response);
                    GATHER
                }
                Ok(response) => {
                    let code = ErrorCode::from_code(response.error_code);
                    tracing::warn!(?code, "the controller does not take the replicas' directories");
                    BACKOFF
                }
                Err(_) => BACKOFF,
            };
            actor.send_later(wait, ctx);
        }));
    }

    /// Those that are refused are not told again: the metadata will say why.
    fn told(&mut self, sent: &[(TopicIdPartition, Uuid)], response: &AssignReplicasToDirsResponse) {
        for (id, directory) in sent {
            if self.pending.get(id) == Some(directory) {
                self.pending.remove(id);
            }
        }
        let topics = response.directories.iter().flat_map(|directory| &directory.topics);
        let partitions = topics.flat_map(|topic| &topic.partitions);
        let refused = partitions.filter(|partition| partition.error_code != 0).count();
        if refused > 0 {
            tracing::warn!(refused, "the controller refused some replicas' directories");
        }
    }
}

fn request(
    broker_id: NodeId,
    broker_epoch: i64,
    sent: &[(TopicIdPartition, Uuid)],
) -> AssignReplicasToDirsRequest {
    let mut directories: BTreeMap<Uuid, BTreeMap<Uuid, Vec<PartitionData>>> = BTreeMap::new();
    for (id, directory) in sent {
        let partition = PartitionData { partition_index: id.partition, ..Default::default() };
        let topics = directories.entry(*directory).or_default();
        topics.entry(id.topic_id).or_default().push(partition);
    }
    let topic = |(topic_id, partitions)| TopicData { topic_id, partitions, ..Default::default() };
    let directory = |(id, topics): (Uuid, BTreeMap<Uuid, Vec<PartitionData>>)| DirectoryData {
        id,
        topics: topics.into_iter().map(topic).collect(),
        ..Default::default()
    };
    AssignReplicasToDirsRequest {
        broker_id,
        broker_epoch,
        directories: directories.into_iter().map(directory).collect(),
        ..Default::default()
    }
}

impl Actor for Assignments {
    type Context = Context<Self>;
}

impl Handler<Placed> for Assignments {
    type Result = ();

    fn handle(&mut self, placed: Placed, ctx: &mut Self::Context) {
        self.pending.insert(placed.id, placed.directory);
        self.send_later(GATHER, ctx);
    }
}

impl Handler<Stop> for Assignments {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_holds_all_directories() {
        let id = |topic: u8, partition| TopicIdPartition {
            topic_id: Uuid::from_bytes([topic; 16]),
            partition,
        };
        let (one, two) = (Uuid::from_bytes([1; 16]), Uuid::from_bytes([2; 16]));
        let sent = [(id(1, 0), one), (id(1, 1), two), (id(1, 2), one), (id(2, 0), one)];
        let request = request(7, 9, &sent);
        let shape = |data: &DirectoryData| {
            data.topics.iter().map(|topic| topic.partitions.len()).collect::<Vec<_>>()
        };
        assert_eq!((request.broker_id, request.broker_epoch), (7, 9));
        assert_eq!(
            request.directories.iter().map(shape).collect::<Vec<_>>(),
            [vec![2, 1], vec![1]]
        );
    }
}
