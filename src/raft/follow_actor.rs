//! What the quorum's actor asks of others: how a node that does not vote gets the log and its snapshots. Sends what the
//! machine says, and brings back the answers.
//!
//! One fetch is always under way, to the leader or, while nobody knows one, to each of the bootstrap servers in turn:
//! whoever is asked names the leader in its answer (KIP-595). A snapshot is fetched piece by piece into a `.part` file
//! (KIP-630), renamed when it is whole and synced, and the log begins anew behind it.

use std::pin::Pin;
use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, SpawnHandle, WrapFuture};
use bytes::Bytes;

use crate::client::Pool;
use crate::error::{Error, ErrorCode};
use crate::log::files::File;
use crate::metadata::snapshot::SnapshotId;
use crate::raft::actor::QuorumActor;
use crate::raft::batch;
use crate::raft::control::Control;
use crate::raft::machine::LeaderAndEpoch;
use crate::raft::shape::OffsetAndEpoch;
use crate::raft::step::{Event, Fetched, From};
use crate::types::{LeaderEpoch, METADATA_TOPIC, Millis, NONE, NodeId, Offset, Uuid};
use crate::wire::message::Request;
use crate::wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, ReplicaState,
};
use crate::wire::messages::fetch_snapshot::{
    FetchSnapshotRequest, FetchSnapshotResponse, PartitionSnapshot, SnapshotId as WireSnapshotId,
    TopicSnapshot,
};

/// How long a leader may wait for something new before it answers, in milliseconds.
const MAX_WAIT_MS: i32 = 500;
/// `controller.quorum.fetch.max.bytes` and `controller.quorum.fetch.snapshot.max.bytes`.
const MAX_BYTES: i32 = 1 << 20;

/// An answer on its way.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Host and port.
pub type Address = (String, u16);

/// The way to other nodes' controller listeners. An answer comes within the request's own time-out, or is an error.
pub trait Peers: Send + Sync {
    /// Sends a fetch.
    fn fetch(&self, to: &Address, request: FetchRequest) -> Answer<FetchResponse>;
    /// Sends a fetch of a snapshot.
    fn fetch_snapshot(
        &self,
        to: &Address,
        request: FetchSnapshotRequest,
    ) -> Answer<FetchSnapshotResponse>;
}

fn address((host, port): &Address) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn ask<R>(pool: &Arc<Pool>, to: &Address, request: R) -> Answer<R::Response>
where
    R: Request + Send + Sync + 'static,
    R::Response: Send,
{
    let (pool, to) = (Arc::clone(pool), address(to));
    Box::pin(async move {
        let answer = pool.ask(&to, &request).await;
        answer.map_err(|error| Error::Io(std::io::Error::other(format!("{to}: {error}"))))
    })
}

impl Peers for Arc<Pool> {
    fn fetch(&self, to: &Address, request: FetchRequest) -> Answer<FetchResponse> {
        ask(self, to, request)
    }

    fn fetch_snapshot(
        &self,
        to: &Address,
        request: FetchSnapshotRequest,
    ) -> Answer<FetchSnapshotResponse> {
        ask(self, to, request)
    }
}

/// What is under way to and from the leader.
#[derive(Default)]
pub(super) struct Following {
    /// The one request under way.
    task: Option<SpawnHandle>,
    /// Which of those who may know the leader is asked next.
    round: usize,
    /// What the last fetch brought.
    fetched: Bytes,
    /// The snapshot that is being fetched, kept across failures of single pieces.
    part: Option<Part>,
}

/// A snapshot that is being fetched.
struct Part {
    id: SnapshotId,
    file: Arc<dyn File>,
    position: u64,
}

fn position_of(offset: Offset, epoch: LeaderEpoch) -> Option<OffsetAndEpoch> {
    (offset >= 0 && epoch >= 0).then_some(OffsetAndEpoch::new(offset, epoch))
}

fn leader_of(leader_id: NodeId, epoch: LeaderEpoch) -> LeaderAndEpoch {
    LeaderAndEpoch { leader_id: (leader_id != NONE).then_some(leader_id), epoch: epoch.max(0) }
}

fn error_of(code: i16) -> Option<ErrorCode> {
    match code {
        0 => None,
        code => Some(ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError)),
    }
}

impl QuorumActor {
    /// Where `from` listens.
    fn address(&mut self, from: From) -> Option<Address> {
        let voters = self.core.as_ref()?.machine.voters();
        let of_voter = |id| {
            let endpoint = voters.get(id)?.endpoints.first()?;
            Some((endpoint.host.clone(), endpoint.port))
        };
        match from {
            From::Leader(id) => {
                self.quorum.0.addresses.lock().get(&id).cloned().or_else(|| of_voter(id))
            }
            From::Anyone => {
                let mut known = self.parts.bootstrap_servers.clone();
                known.extend(voters.iter().filter_map(|voter| of_voter(voter.key.id)));
                known.extend(self.quorum.0.addresses.lock().values().cloned());
                self.following.round = self.following.round.wrapping_add(1);
                let at = self.following.round.checked_rem(known.len())?;
                known.get(at).cloned()
            }
        }
    }

    fn fetch_request(&self, epoch: LeaderEpoch, position: OffsetAndEpoch) -> FetchRequest {
        let me = self.parts.me;
        let partition = FetchPartition {
            partition: 0,
            current_leader_epoch: epoch,
            fetch_offset: position.offset,
            last_fetched_epoch: position.epoch,
            partition_max_bytes: MAX_BYTES,
            replica_directory_id: me.directory_id,
            ..Default::default()
        };
        FetchRequest {
            cluster_id: Some(self.parts.cluster_id.clone()),
            // Every controller that there may be takes version 15 or later, where this replaces `replica_id`.
            replica_state: ReplicaState { replica_id: me.id, ..Default::default() },
            max_wait_ms: MAX_WAIT_MS,
            min_bytes: 0,
            max_bytes: MAX_BYTES,
            topics: vec![FetchTopic {
                topic: METADATA_TOPIC.to_owned(),
                topic_id: Uuid::ONE,
                partitions: vec![partition],
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    pub(super) fn fetch(
        &mut self,
        from: From,
        epoch: LeaderEpoch,
        position: OffsetAndEpoch,
        ctx: &mut Context<Self>,
    ) {
        let request = self.fetch_request(epoch, position);
        let answer = match (self.address(from), &self.parts.peers) {
            (Some(to), Some(peers)) => peers.fetch(&to, request),
            _ => nobody(),
        };
        self.await_answer(answer, ctx, |actor, response, ctx| actor.fetch_answered(response, ctx));
    }

    /// One request is under way at a time: another one means that the first is of no interest any more.
    fn await_answer<T: 'static>(
        &mut self,
        answer: Answer<T>,
        ctx: &mut Context<Self>,
        then: impl FnOnce(&mut Self, T, &mut Context<Self>) + 'static,
    ) {
        if let Some(task) = self.following.task.take() {
            ctx.cancel_future(task);
        }
        let task = ctx
            .spawn(answer.into_actor(self).map(move |answered, actor: &mut Self, ctx| {
            actor.following.task = None;
            match answered {
                Ok(response) => then(actor, response, ctx),
                Err(error) => {
                    tracing::debug!(%error, "the leader of the metadata quorum does not answer");
                    actor.step(Event::FetchFailed, ctx);
                }
            }
        }));
        self.following.task = Some(task);
    }

    fn fetch_answered(&mut self, response: FetchResponse, ctx: &mut Context<Self>) {
        for node in response.node_endpoints {
            if let Ok(port) = u16::try_from(node.port) {
                self.quorum.0.addresses.lock().insert(node.node_id, (node.host, port));
            }
        }
        let partition = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
        let Some(partition) = partition.filter(|_| response.error_code == 0) else {
            return self.step(Event::FetchFailed, ctx);
        };
        let bytes = partition.records.unwrap_or_default();
        let batches = match batch::outline(&bytes) {
            Ok(batches) => batches,
            Err(error) => {
                tracing::error!(%error, "the leader of the metadata quorum sent what is no log");
                return self.step(Event::FetchFailed, ctx);
            }
        };
        let (leader, diverging, snapshot) =
            (partition.current_leader, partition.diverging_epoch, partition.snapshot_id);
        self.following.fetched = bytes;
        let fetched = Fetched {
            code: error_of(partition.error_code),
            leader: leader_of(leader.leader_id, leader.leader_epoch),
            high_watermark: (partition.high_watermark >= 0).then_some(partition.high_watermark),
            diverging: position_of(diverging.end_offset, diverging.epoch),
            snapshot: position_of(snapshot.end_offset, snapshot.epoch),
            batches,
        };
        self.step(Event::Fetched(fetched), ctx);
        self.following.fetched = Bytes::new();
    }

    pub(super) fn append_fetched(
        &mut self,
        now: Millis,
        ctx: &mut Context<Self>,
    ) -> Result<(), Error> {
        let bytes = std::mem::take(&mut self.following.fetched);
        let Some(core) = self.core.as_mut() else { return Ok(()) };
        core.store.append(&bytes, now)?;
        core.uncovered_bytes += bytes.len() as u64;
        for decoded in batch::decode(&bytes) {
            for control in decoded?.control {
                match control {
                    Control::Voters(voters) => {
                        self.quorum.0.voters.store(Arc::new(voters.clone()));
                        core.machine.set_voters(voters);
                    }
                    Control::KraftVersion(version) => core.store.set_kraft_version(version),
                    Control::Other => {}
                }
            }
        }
        self.sync(ctx)
    }

    pub(super) fn fetch_snapshot(
        &mut self,
        from: NodeId,
        epoch: LeaderEpoch,
        id: SnapshotId,
        ctx: &mut Context<Self>,
    ) -> Result<(), Error> {
        if self.following.part.as_ref().is_none_or(|part| part.id != id) {
            let Some(core) = &self.core else { return Ok(()) };
            let file = core.store.begin_snapshot(id)?;
            self.following.part = Some(Part { id, file, position: 0 });
        }
        let position = self.following.part.as_ref().map_or(0, |part| part.position);
        let request = self.snapshot_request(epoch, id, position);
        let answer = match (self.address(From::Leader(from)), &self.parts.peers) {
            (Some(to), Some(peers)) => peers.fetch_snapshot(&to, request),
            _ => nobody(),
        };
        self.await_answer(answer, ctx, move |actor, response, ctx| {
            if let Err(error) = actor.snapshot_answered(from, epoch, response, ctx) {
                actor.fail(&error, ctx);
            }
        });
        Ok(())
    }

    fn snapshot_request(
        &self,
        epoch: LeaderEpoch,
        id: SnapshotId,
        position: u64,
    ) -> FetchSnapshotRequest {
        let me = self.parts.me;
        let partition = PartitionSnapshot {
            partition: 0,
            current_leader_epoch: epoch,
            snapshot_id: WireSnapshotId {
                end_offset: id.offset,
                epoch: id.epoch,
                ..Default::default()
            },
            position: i64::try_from(position).unwrap_or(i64::MAX),
            replica_directory_id: me.directory_id,
            ..Default::default()
        };
        FetchSnapshotRequest {
            cluster_id: Some(self.parts.cluster_id.clone()),
            replica_id: me.id,
            max_bytes: MAX_BYTES,
            topics: vec![TopicSnapshot {
                name: METADATA_TOPIC.to_owned(),
                partitions: vec![partition],
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    fn snapshot_answered(
        &mut self,
        from: NodeId,
        epoch: LeaderEpoch,
        response: FetchSnapshotResponse,
        ctx: &mut Context<Self>,
    ) -> Result<(), Error> {
        let partition = response.topics.into_iter().flat_map(|topic| topic.partitions).next();
        let (Some(partition), Some(part)) = (partition, &mut self.following.part) else {
            self.step(Event::FetchFailed, ctx);
            return Ok(());
        };
        if let Some(code) = error_of(response.error_code).or(error_of(partition.error_code)) {
            self.following.part = None;
            let leader = leader_of(
                partition.current_leader.leader_id,
                partition.current_leader.leader_epoch,
            );
            self.step(
                Event::Fetched(Fetched { code: Some(code), leader, ..Default::default() }),
                ctx,
            );
            return Ok(());
        }
        let id = part.id;
        part.file.write_at(&partition.unaligned_records, part.position)?;
        part.position += partition.unaligned_records.len() as u64;
        let whole = u64::try_from(partition.size).is_ok_and(|size| part.position >= size);
        if !whole && partition.unaligned_records.is_empty() {
            self.step(Event::FetchFailed, ctx);
            return Ok(());
        }
        self.step(Event::SnapshotProgress, ctx);
        if !whole {
            return self.fetch_snapshot(from, epoch, id, ctx);
        }
        self.following.part = None;
        self.snapshot_whole(id, ctx)
    }

    fn snapshot_whole(&mut self, id: SnapshotId, ctx: &mut Context<Self>) -> Result<(), Error> {
        let now = self.now();
        let Some(core) = self.core.as_mut() else { return Ok(()) };
        if let Some(voters) = core.store.finish_snapshot(id, now)? {
            self.quorum.0.voters.store(Arc::new(voters.clone()));
            core.machine.set_voters(voters);
        }
        core.forget_log();
        self.restart_subscribers();
        self.step(Event::SnapshotFetched(OffsetAndEpoch::new(id.offset, id.epoch)), ctx);
        Ok(())
    }
}

fn nobody<T>() -> Answer<T> {
    Box::pin(async {
        Err(Error::Config("nobody is known who may lead the metadata quorum".into()))
    })
}
