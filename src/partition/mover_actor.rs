//! Moves replicas between the log directories of this node: copies a log while it is written to, and lets the copy take
//! over when it has all.
//!
//! Each move is a task of its own; as many run at once as `num.replica.alter.log.dirs.threads` allows, and together
//! they keep to `replica.alter.log.dirs.io.max.bytes.per.second`. What is under way when the node stops goes on at the
//! next start. Never touches a log on this thread.
//!
//! KIP-113. `AlterReplicaLogDirs` asks for a move, DescribeLogDirs shows it as a future replica with its lag, and the
//! controller is told where the replica is once it has moved (KIP-858).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};

use super::future::{self, Future, Move, Swapped};
use super::replica::Replica;
use super::table::PartitionTable;
use super::throttle::Throttle;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::log::manager::LogManager;
use crate::log::names::Directory;
use crate::supervision::{DeathWatch, Port, Stop};
use crate::types::{Millis, TopicIdPartition, TopicPartition, Uuid};

/// The bytes that all moves together may copy a second. Only a dynamic setting.
const RATE: &str = "replica.alter.log.dirs.io.max.bytes.per.second";
/// How long a move that failed waits before it is tried again.
const BACKOFF: Duration = Duration::from_secs(10);
/// The longest sleep: a move that is called off is noticed after that.
const SLEEP_MAX_MS: Millis = 500;

/// Which log directory has a replica, for the cluster to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The replica.
    pub id: TopicIdPartition,
    /// The id of its log directory.
    pub directory: Uuid,
}

impl Message for Placed {
    type Result = ();
}

/// What the mover is made of.
#[derive(Clone)]
pub struct MoverSpec {
    /// The node's configuration, dynamic values included.
    pub config: Arc<ArcSwap<Config>>,
    /// The log directories.
    pub logs: Arc<LogManager>,
    /// The node's replicas.
    pub table: Arc<PartitionTable>,
    /// The time.
    pub clock: Clock,
    /// Told where a replica is once it has moved.
    pub placed: Port<Placed>,
}

/// Puts a replica into another log directory, or leaves it where it is if that is the one.
pub struct AlterLogDir {
    /// The replica.
    pub name: TopicPartition,
    /// The path of the log directory.
    pub path: PathBuf,
}

impl Message for AlterLogDir {
    type Result = Result<(), ErrorCode>;
}

/// Goes on with a copy that an earlier life of the node has left.
pub(super) struct Resume {
    pub(super) replica: Arc<Replica>,
    /// The log directory of the copy.
    pub(super) to: usize,
    /// The name of the copy's directory.
    pub(super) left: String,
}

impl Message for Resume {
    type Result = ();
}

/// The actor.
pub struct Mover {
    spec: MoverSpec,
    turns: Arc<Semaphore>,
    throttle: Arc<Mutex<Throttle>>,
    watch: DeathWatch,
}

impl Mover {
    /// A mover with nothing to move yet.
    pub fn new(spec: MoverSpec, watch: DeathWatch) -> Self {
        let threads = spec.config.load().num_replica_alter_log_dirs_threads();
        let threads = threads.and_then(|threads| usize::try_from(threads).ok());
        let turns = threads.filter(|threads| *threads > 0).unwrap_or(spec.logs.dirs().len());
        Self {
            spec,
            turns: Arc::new(Semaphore::new(turns.max(1))),
            throttle: Arc::default(),
            watch,
        }
    }

    fn alter(&self, wanted: &AlterLogDir, ctx: &mut Context<Self>) -> Result<(), ErrorCode> {
        let logs = &self.spec.logs;
        let to = logs.find_dir(&wanted.path).ok_or(ErrorCode::LogDirNotFound)?;
        if logs.dirs().get(to).is_none_or(|dir| dir.is_offline()) {
            return Err(ErrorCode::KafkaStorageError);
        }
        let replica = self.spec.table.find(&wanted.name).ok_or(ErrorCode::ReplicaNotAvailable)?;
        if replica.is_offline() {
            return Err(ErrorCode::KafkaStorageError);
        }
        if let Some(moving) = self.spec.table.moving(&replica.id) {
            if moving.to == to {
                return Ok(());
            }
            moving.cancel();
            self.spec.table.end_move(&moving);
        }
        if replica.log_dir() == to {
            return Ok(());
        }
        if logs.dirs().iter().any(|dir| dir.is_offline()) {
            // There might be a copy on the disk that is not there.
            return Err(ErrorCode::KafkaStorageError);
        }
        self.begin(Move::new(replica, to, None), ctx);
        Ok(())
    }

    fn begin(&self, moving: Move, ctx: &mut Context<Self>) {
        let moving = Arc::new(moving);
        tracing::info!(partition = %moving.replica.name, to = moving.to, resumed = moving.resumed, "moving a replica");
        self.spec.table.begin_move(moving.clone());
        self.run(moving, ctx);
    }

    fn run(&self, moving: Arc<Move>, ctx: &mut Context<Self>) {
        let copying = Copying {
            spec: self.spec.clone(),
            turns: self.turns.clone(),
            throttle: self.throttle.clone(),
            moving,
        };
        ctx.spawn(wrap_future::<_, Self>(copying.run()).map(|(), mover, _| mover.tell()));
        self.tell();
    }

    fn tell(&self) {
        self.watch.detail(format!("{} moves", self.spec.table.moves().len()));
    }
}

/// One move, as a task.
struct Copying {
    spec: MoverSpec,
    turns: Arc<Semaphore>,
    throttle: Arc<Mutex<Throttle>>,
    moving: Arc<Move>,
}

impl Copying {
    async fn run(self) {
        let name = &self.moving.replica.name;
        // Nobody closes it.
        let Ok(_turn) = self.turns.acquire().await else { return };
        loop {
            let old = self.moving.replica.log_dir();
            match self.attempt().await {
                Ok(true) => return self.done(old),
                Ok(false) => return self.called_off().await,
                Err(error) if self.is_hopeless(&error) => {
                    tracing::error!(partition = %name, %error, "the replica does not move");
                    return self.called_off().await;
                }
                Err(error) => {
                    tracing::warn!(partition = %name, %error, "moving the replica failed; trying again");
                    tokio::time::sleep(BACKOFF).await;
                }
            }
        }
    }

    fn is_hopeless(&self, error: &Error) -> bool {
        let dir = self.spec.logs.dirs().get(self.moving.to);
        error.code() == ErrorCode::InconsistentTopicId || dir.is_none_or(|dir| dir.is_offline())
    }

    /// Copies until the copy has taken over (true) or the move is called off (false).
    async fn attempt(&self) -> Result<bool, Error> {
        if self.moving.replica.log_dir() == self.moving.to {
            return Ok(true);
        }
        let source = self.moving.replica.view().await.map_err(Error::from)?;
        let (logs, moving, now) =
            (self.spec.logs.clone(), self.moving.clone(), self.spec.clock.now());
        let mut copy = aside(move || future::open(&logs, &moving, now)).await?;
        loop {
            if self.is_over() {
                return Ok(false);
            }
            if self.waits().await {
                continue;
            }
            let (view, now) = (source.clone(), self.spec.clock.now());
            let (copied, back) = aside(move || {
                let copied = future::copy(&mut copy, &view, now)?;
                Ok((copied, copy))
            })
            .await?;
            copy = back;
            let rate = self.rate();
            self.throttle.lock().spend(copied, rate, self.spec.clock.now());
            // All that is committed is there: time to ask for the log itself.
            if copied == 0 {
                match self.swap(copy).await? {
                    Swapped::Done => return Ok(true),
                    Swapped::NotYet(back) => copy = *back,
                }
            }
        }
    }

    /// Whether the move is called off, or its replica gone.
    fn is_over(&self) -> bool {
        let here = self.spec.table.get(&self.moving.replica.id);
        let same = here.is_some_and(|here| Arc::ptr_eq(&here, &self.moving.replica));
        self.moving.is_cancelled() || !same
    }

    fn rate(&self) -> i64 {
        let rate = self.spec.config.load().get(RATE);
        rate.and_then(|rate| rate.trim().parse().ok()).unwrap_or(i64::MAX)
    }

    /// Sleeps for a while if the rate asks for it, and says so.
    async fn waits(&self) -> bool {
        let wait_ms = self.throttle.lock().wait_ms(self.rate(), self.spec.clock.now());
        if wait_ms > 0 {
            let wait = Duration::from_millis(wait_ms.min(SLEEP_MAX_MS).unsigned_abs());
            tokio::time::sleep(wait).await;
        }
        wait_ms > SLEEP_MAX_MS
    }

    async fn swap(&self, copy: Future) -> Result<Swapped, Error> {
        let (logs, moving, now) =
            (self.spec.logs.clone(), self.moving.clone(), self.spec.clock.now());
        let (reply, answer) = oneshot::channel();
        let work = move |source| {
            let (log, swapped) = future::swap(&logs, &moving, source, copy, now)?;
            // The one who asked may have gone; the log has moved all the same.
            let _ = reply.send(swapped);
            Ok(log)
        };
        self.moving.replica.exchange_log(Box::new(work)).await?;
        Ok(answer.await.map_err(|_| ErrorCode::KafkaStorageError)?)
    }

    /// The copy is the partition's log now: tells the controller, and sees to the files that are left.
    fn done(&self, old: usize) {
        let replica = &self.moving.replica;
        tracing::info!(partition = %replica.name, to = self.moving.to, from = old, "a replica has moved");
        self.spec.table.end_move(&self.moving);
        self.remove_source(old);
        if let Some(directory) = self.spec.logs.directory_id(self.moving.to) {
            let _ = self.spec.placed.try_send(Placed { id: replica.id, directory });
        }
    }

    /// The files go when nobody reads them any more.
    fn remove_source(&self, old: usize) {
        let (logs, replica) = (self.spec.logs.clone(), self.moving.replica.clone());
        let delay_ms = replica.settings().config.file_delete_delay_ms;
        actix_rt::spawn(async move {
            tokio::time::sleep(Duration::from_millis(delay_ms.unsigned_abs())).await;
            drop(tokio::task::spawn_blocking(move || {
                let found = logs.discover().unwrap_or_default();
                let gone = Directory::Deleted(replica.name.clone());
                for one in found.iter().filter(|one| one.log_dir == old && one.kind == gone) {
                    if let Err(error) = logs.remove_dir(&one.path) {
                        tracing::warn!(path = %one.path.display(), %error, "a moved partition's directory stays");
                    }
                }
            }));
        });
    }

    /// Ends a move without a result: the copy goes, the replica stays where it is.
    async fn called_off(&self) {
        self.spec.table.end_move(&self.moving);
        if let Some(path) = self.moving.path(&self.spec.logs) {
            remove(self.spec.logs.clone(), path).await;
        }
    }
}

/// Removes what is left of a copy.
async fn remove(logs: Arc<LogManager>, path: PathBuf) {
    let shown = path.display().to_string();
    match aside(move || logs.remove_dir(&path)).await {
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = shown, %error, "an unfinished copy stays"),
        Ok(()) => {}
    }
}

/// Runs `work` where it may wait for the disk.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(ErrorCode::UnknownServerError.into()))
}

impl Actor for Mover {
    type Context = Context<Self>;

    /// What a life before this one was at goes on.
    fn started(&mut self, ctx: &mut Self::Context) {
        for moving in self.spec.table.moves() {
            // Its task may be at the copy for a moment still: another is begun.
            moving.cancel();
            self.spec.table.end_move(&moving);
            self.begin(Move::new(moving.replica.clone(), moving.to, None), ctx);
            if let Some(path) = moving.path(&self.spec.logs) {
                let logs = self.spec.logs.clone();
                drop(actix_rt::spawn(remove(logs, path)));
            }
        }
    }
}

impl Handler<AlterLogDir> for Mover {
    type Result = Result<(), ErrorCode>;

    fn handle(&mut self, wanted: AlterLogDir, ctx: &mut Self::Context) -> Self::Result {
        self.alter(&wanted, ctx)
    }
}

impl Handler<Resume> for Mover {
    type Result = ();

    fn handle(&mut self, resume: Resume, ctx: &mut Self::Context) {
        if self.spec.table.moving(&resume.replica.id).is_none() {
            self.begin(Move::new(resume.replica, resume.to, Some(resume.left)), ctx);
        }
    }
}

impl Handler<Stop> for Mover {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
