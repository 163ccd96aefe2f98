//! What the quorum's actor answers to others: fetches of replicas and observers, snapshots, DescribeQuorum, the
//! election protocol. Handlers only.
//!
//! Fetches of the log are compared here and read elsewhere: the actor says whether the fetcher's log agrees with ours,
//! and `quorum_actor` reads the bytes from the view.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use bytes::Bytes;

use crate::error::{Error, ErrorCode};
use crate::log::files::Files;
use crate::metadata::Image;
use crate::metadata::snapshot::{self, Contents, SnapshotId};
use crate::raft::actor::QuorumActor;
use crate::raft::control::voters_record;
use crate::raft::core::Core;
use crate::raft::machine::Role;
use crate::raft::quorum_actor::{
    Describe, Description, Election, ElectionAsk, HandIn, Progressed, ReadSnapshot, SnapshotAsk,
    SnapshotPart,
};
use crate::raft::shape::OffsetAndEpoch;
use crate::raft::snapshot_copy;
use crate::raft::step::Event;
use crate::raft::store::snapshot_id;
use crate::types::Millis;

/// The most of a snapshot that is sent at once, in bytes, whatever is asked.
const SNAPSHOT_PART_MAX: usize = 8 << 20;

impl Handler<Progressed> for QuorumActor {
    type Result = ();

    fn handle(&mut self, Progressed { ask, answer }: Progressed, ctx: &mut Context<Self>) {
        let (replica, epoch, position) = (ask.replica, ask.epoch, ask.position);
        self.step(Event::Fetch { ticket: 0, replica, epoch, position }, ctx);
        let compared = self.core.as_mut().and_then(|core| core.compared.take());
        // Who asked may have gone.
        let _ = answer.send(compared.unwrap_or(Err(ErrorCode::BrokerNotAvailable)));
    }
}

impl Handler<Election> for QuorumActor {
    type Result = ();

    fn handle(&mut self, Election { ask, answer }: Election, ctx: &mut Context<Self>) {
        let ticket = 0;
        let event = match ask {
            ElectionAsk::Vote { candidate, epoch, last, voter, pre_vote } => {
                Event::Vote { ticket, candidate, epoch, last, voter, pre_vote }
            }
            ElectionAsk::BeginEpoch { leader_id, epoch, voter } => {
                Event::BeginEpoch { ticket, leader_id, epoch, voter }
            }
            ElectionAsk::EndEpoch { leader_id, epoch } => {
                Event::EndEpoch { ticket, leader_id, epoch }
            }
        };
        self.step(event, ctx);
        let elected = self.core.as_mut().and_then(|core| core.elected.take());
        // Who asked may have gone.
        let _ = answer.send(elected.unwrap_or(Some(ErrorCode::BrokerNotAvailable)));
    }
}

impl Handler<Describe> for QuorumActor {
    type Result = ();

    fn handle(&mut self, Describe(answer): Describe, _: &mut Context<Self>) {
        let now = self.now();
        let description = self.core.as_ref().map(|core| core.describe(now));
        // Who asked may have gone.
        let _ = answer.send(description.unwrap_or(Err(ErrorCode::BrokerNotAvailable)));
    }
}

impl Handler<ReadSnapshot> for QuorumActor {
    type Result = ();

    /// Says which file it is, and has it read aside: the disk is waited for by nobody else.
    fn handle(&mut self, ReadSnapshot { ask, answer }: ReadSnapshot, _: &mut Context<Self>) {
        let found = self.core.as_ref().map(|core| core.find_snapshot(&ask));
        let (files, path) = match found.unwrap_or(Err(ErrorCode::BrokerNotAvailable)) {
            Ok(found) => found,
            // Who asked may have gone.
            Err(code) => return drop(answer.send(Err(code))),
        };
        drop(tokio::task::spawn_blocking(move || answer.send(read_part(&*files, &path, &ask))));
    }
}

impl Core {
    fn describe(&self, now: Millis) -> Result<Description, ErrorCode> {
        let Role::Leader(leader) = self.machine.role() else {
            return Err(ErrorCode::NotLeaderOrFollower);
        };
        let (voters, me) = (self.machine.voters(), self.machine.me());
        Ok(Description {
            leader: self.machine.leader(),
            high_watermark: leader.high_watermark.unwrap_or(-1),
            replicas: leader.describe(voters, me, self.machine.shape().end, now),
            voters: voters.clone(),
        })
    }

    /// Where a snapshot that is asked for lies.
    fn find_snapshot(&self, ask: &SnapshotAsk) -> Result<(Arc<dyn Files>, PathBuf), ErrorCode> {
        self.machine.check_leader(ask.epoch)?;
        let id = snapshot_id(ask.snapshot);
        if !self.store.snapshots().contains(&id) || id == SnapshotId::BOOTSTRAP {
            return Err(ErrorCode::SnapshotNotFound);
        }
        Ok((Arc::clone(self.store.files()), self.store.dir().join(id.file_name())))
    }
}

/// Reads a part of a snapshot. One that was deleted meanwhile is not found.
fn read_part(files: &dyn Files, path: &Path, ask: &SnapshotAsk) -> Result<SnapshotPart, ErrorCode> {
    let read = || -> io::Result<Option<SnapshotPart>> {
        let file = files.open(path)?;
        let size = file.len()?;
        if ask.position >= size {
            return Ok(None);
        }
        let rest = usize::try_from(size - ask.position).unwrap_or(usize::MAX);
        let mut bytes = vec![0; rest.min(ask.max_bytes.clamp(1, SNAPSHOT_PART_MAX))];
        let read = file.read_at(&mut bytes, ask.position)?;
        bytes.truncate(read);
        Ok(Some(SnapshotPart { size, bytes: Bytes::from(bytes) }))
    };
    match read() {
        Ok(Some(part)) => Ok(part),
        Ok(None) => Err(ErrorCode::PositionOutOfRange),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ErrorCode::SnapshotNotFound),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "cannot read a snapshot");
            Err(ErrorCode::KafkaStorageError)
        }
    }
}

/// Makes a snapshot of an image and writes it.
fn write(
    files: &Arc<dyn Files>,
    dir: &Path,
    image: &Image,
    mut contents: Contents,
    now: Millis,
    copy: Option<&crate::metadata::store::Store>,
) -> Result<SnapshotId, Error> {
    contents.last_contained_log_timestamp = image.provenance.timestamp;
    let id = SnapshotId::of(image.provenance);
    let bytes = snapshot::encode(image, &contents, now)?;
    snapshot::write(&**files, dir, id, &bytes)?;
    if let Some(copy) = copy {
        snapshot_copy::keep(copy, image, &bytes);
    }
    tracing::info!(
        offset = id.offset,
        epoch = id.epoch,
        bytes = bytes.len(),
        "metadata snapshot written"
    );
    Ok(id)
}

impl Handler<HandIn> for QuorumActor {
    type Result = ();

    fn handle(&mut self, HandIn(image): HandIn, ctx: &mut Context<Self>) {
        let now = self.now();
        let Some(core) = &self.core else { return };
        let id = SnapshotId::of(image.provenance);
        let committed = core.machine.high_watermark().unwrap_or(0);
        let old = core.store.snapshots().last().is_some_and(|latest| id.offset <= latest.offset);
        // The last cannot be: an image is made of committed batches; but one of an earlier life may come late.
        if self.snapshotting || old || id.offset > committed {
            return;
        }
        self.snapshotting = true;
        let (files, dir) = (Arc::clone(core.store.files()), core.store.dir().to_owned());
        let kraft_version = core.store.kraft_version();
        let voters = (kraft_version > 0).then(|| voters_record(core.machine.voters()));
        let contents = Contents { kraft_version, voters, ..Contents::default() };
        let (covered, copy) = (core.uncovered_bytes, self.parts.copy.clone());
        let writing = tokio::task::spawn_blocking(move || {
            write(&files, &dir, &image, contents, now, copy.as_ref())
        });
        ctx.spawn(writing.into_actor(self).map(move |written, actor: &mut Self, ctx| {
            actor.snapshotting = false;
            match written {
                Ok(Ok(id)) => actor.snapshot_written(id, covered, ctx),
                Ok(Err(error)) => tracing::error!(%error, "cannot write a metadata snapshot"),
                Err(error) => tracing::error!(%error, "cannot write a metadata snapshot"),
            }
        }));
    }
}

impl QuorumActor {
    /// Takes note of a snapshot, and deletes of the past what it makes needless.
    fn snapshot_written(&mut self, id: SnapshotId, covered: u64, ctx: &mut Context<Self>) {
        let now = self.now();
        let Some(core) = self.core.as_mut() else { return };
        core.store.add_snapshot(id);
        core.uncovered_bytes = core.uncovered_bytes.saturating_sub(covered);
        self.step(Event::SnapshotWritten(OffsetAndEpoch::new(id.offset, id.epoch)), ctx);
        let Some(core) = self.core.as_mut() else { return };
        match core.store.clean(now) {
            Ok(None) => {}
            Ok(Some((start, oldest))) => self.step(Event::Cleaned { start, oldest }, ctx),
            Err(error) => self.fail(&error, ctx),
        }
    }
}
