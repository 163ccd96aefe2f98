//! Keeps the logs of the node in order, one after the other: retention, silent producers, syncs, checkpoints, files
//! that wait for their removal.
//!
//! What changes a log is done by its own actor; what takes the disk's time is done aside from every thread that serves
//! others. A partition that fails or hangs is told of and passed over. Never decides what goes: the log does, by its
//! topic's settings.
//!
//! One walk at a time, partition after partition, so that ten thousand of them never ask for the disk at once. What
//! becomes due during a walk is done by the next; a checkpoint reads views alone and needs no walk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use arc_swap::ArcSwap;

use super::replica::Replica;
use super::table::PartitionTable;
use super::upkeep::{Schedule, Task};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::log::Log;
use crate::log::checkpoint::{
    CLEANER_OFFSETS, HIGH_WATERMARKS, LOG_START_OFFSETS, RECOVERY_POINTS,
};
use crate::log::flush::FlushTask;
use crate::log::manager::LogManager;
use crate::log::names::Directory;
use crate::log::retention::Retained;
use crate::metrics::Metrics;
use crate::supervision::{DeathWatch, Stop};
use crate::types::{Millis, TopicIdPartition};

/// How long one partition may hold up the others.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest sleep: a clock that is set forward is noticed after that.
const SLEEP_MAX_MS: Millis = 60_000;
/// How many partitions are passed before others on the thread get their turn.
const TURN: usize = 64;

/// What the upkeep is made of.
#[derive(Clone)]
pub struct UpkeepSpec {
    /// The node's configuration, dynamic values included.
    pub config: Arc<ArcSwap<Config>>,
    /// The log directories.
    pub logs: Arc<LogManager>,
    /// The node's replicas.
    pub table: Arc<PartitionTable>,
    /// The time.
    pub clock: Clock,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

/// The actor.
pub struct Upkeep {
    spec: UpkeepSpec,
    /// What comes due when.
    schedule: Schedule,
    /// What waits for the round that is under way.
    pending: BTreeSet<Task>,
    /// When files of which partitions may be removed for good.
    removals: BTreeMap<TopicIdPartition, Millis>,
    /// Directories that were found marked for removal, and when first.
    marked: HashMap<PathBuf, Millis>,
    /// Whether a walk is under way.
    running: bool,
    watch: DeathWatch,
}

impl Upkeep {
    /// An upkeep that begins now.
    pub fn new(spec: UpkeepSpec, watch: DeathWatch) -> Self {
        let schedule = Schedule::new(&spec.config.load(), spec.clock.now());
        Self {
            spec,
            schedule,
            pending: BTreeSet::new(),
            removals: BTreeMap::new(),
            marked: HashMap::new(),
            running: false,
            watch,
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let now = self.spec.clock.now();
        for task in self.schedule.take(&self.spec.config.load(), now) {
            match task {
                Task::RecoveryPoints => self.checkpoint(RECOVERY_POINTS),
                Task::StartOffsets => self.checkpoint(LOG_START_OFFSETS),
                Task::HighWatermarks => self.checkpoint(HIGH_WATERMARKS),
                other => drop(self.pending.insert(other)),
            }
        }
        self.begin_round(now, ctx);
        let next = self.removals.values().copied().min().unwrap_or(Millis::MAX);
        let wait_ms = self.schedule.next().min(next).saturating_sub(now).clamp(1, SLEEP_MAX_MS);
        ctx.run_later(Duration::from_millis(wait_ms.unsigned_abs()), Self::tick);
    }

    /// Writes down how far the open logs are. What is noted here is of replicas that are in the table: on this thread
    /// none is taken out meanwhile.
    fn checkpoint(&self, name: &'static str) {
        for replica in self.spec.table.all() {
            if let Some(view) = replica.open_view() {
                self.spec.logs.note(replica.log_dir(), &replica.name, view.offsets());
            }
        }
        let logs = self.spec.logs.clone();
        drop(tokio::task::spawn_blocking(move || {
            logs.write_checkpoint(name);
            // What was forgotten meanwhile must not be found by a topic of the same name.
            logs.write_checkpoint(CLEANER_OFFSETS);
        }));
    }

    /// Goes through the partitions, unless that is being done.
    fn begin_round(&mut self, now: Millis, ctx: &mut Context<Self>) {
        let is_due = |due: &Millis| *due <= now;
        if self.running || self.pending.is_empty() && !self.removals.values().any(is_due) {
            return;
        }
        let tasks = std::mem::take(&mut self.pending);
        let due: BTreeSet<_> =
            self.removals.iter().filter(|(_, due)| is_due(due)).map(|(id, _)| *id).collect();
        self.removals.retain(|id, _| !due.contains(id));
        if tasks.contains(&Task::Retention) {
            self.remove_marked(now);
        }
        self.running = true;
        self.watch.detail(format!("{tasks:?}"));
        let round = Round { spec: self.spec.clone(), tasks, due, removals: Vec::new() };
        ctx.spawn(wrap_future::<_, Self>(round.run()).map(|removals, upkeep, _| {
            upkeep.running = false;
            upkeep.removals.extend(removals);
        }));
    }

    /// Removes directories of deleted partitions that whoever deleted them has left behind.
    fn remove_marked(&mut self, now: Millis) {
        let Ok(found) = self.spec.logs.discover() else { return };
        let is_deleted = |kind: &Directory| matches!(kind, Directory::Deleted(_));
        let found: BTreeSet<PathBuf> =
            found.into_iter().filter(|one| is_deleted(&one.kind)).map(|one| one.path).collect();
        self.marked.retain(|path, _| found.contains(path));
        let delay_ms = self.spec.config.load().log_segment_delete_delay_ms();
        for path in found {
            let since = *self.marked.entry(path.clone()).or_insert(now);
            if now.saturating_sub(since) > delay_ms {
                let logs = self.spec.logs.clone();
                drop(tokio::task::spawn_blocking(move || {
                    if let Err(error) = logs.remove_dir(&path) {
                        tracing::warn!(path = %path.display(), %error, "a deleted partition's directory stays");
                    }
                }));
            }
        }
    }
}

/// One walk through the partitions.
struct Round {
    spec: UpkeepSpec,
    tasks: BTreeSet<Task>,
    /// Partitions that have files to be removed for good.
    due: BTreeSet<TopicIdPartition>,
    removals: Vec<(TopicIdPartition, Millis)>,
}

/// What a partition's actor has done, and what is left to others.
struct Turn {
    retained: Result<Retained, Error>,
    remove: Vec<PathBuf>,
    next_removal: Option<Millis>,
    flush: Result<Option<FlushTask>, Error>,
}

impl Round {
    async fn run(mut self) -> Vec<(TopicIdPartition, Millis)> {
        let mut replicas = self.spec.table.all();
        replicas.sort_by(|one, other| one.name.cmp(&other.name));
        for (at, replica) in replicas.iter().enumerate() {
            if at % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            if !self.concerns(replica).await {
                continue;
            }
            match tokio::time::timeout(PATIENCE, self.keep(replica)).await {
                Ok(Ok(())) => {}
                Ok(Err(code)) => {
                    tracing::warn!(partition = %replica.name, %code, "the log is not kept in order");
                }
                Err(_) => {
                    tracing::warn!(partition = %replica.name, "the partition does not answer; going on without it");
                }
            }
        }
        self.removals
    }

    /// Whether there is anything to do for a partition. A log at rest is opened only for retention, and only when it
    /// has records.
    async fn concerns(&self, replica: &Arc<Replica>) -> bool {
        if replica.is_offline() {
            return false;
        }
        if self.due.contains(&replica.id) {
            return true;
        }
        let Some(view) = replica.open_view() else {
            return self.tasks.contains(&Task::Retention) && self.may_have_too_much(replica).await;
        };
        let all = [Task::Retention, Task::Producers, Task::Flush];
        all.iter().any(|task| self.tasks.contains(task))
            || self.tasks.contains(&Task::Sealed) && view.has_unsynced_segments()
    }

    async fn may_have_too_much(&self, replica: &Arc<Replica>) -> bool {
        let config = replica.settings().config.clone();
        if !config.delete || config.retention_ms < 0 && config.retention_bytes < 0 {
            return false;
        }
        let (logs, replica) = (self.spec.logs.clone(), replica.clone());
        let looked = tokio::task::spawn_blocking(move || {
            logs.has_records(replica.log_dir(), &replica.name).unwrap_or(false)
        });
        looked.await.unwrap_or(false)
    }

    async fn keep(&mut self, replica: &Arc<Replica>) -> Result<(), ErrorCode> {
        let (now, tasks) = (self.spec.clock.now(), self.tasks.clone());
        let turn = replica.with_log(move |log| take_turn(log, &tasks, now)).await?;
        match turn.retained {
            Ok(retained) => self.spec.metrics.logs.deleted(retained.segments, retained.bytes),
            Err(error) => {
                tracing::error!(partition = %replica.name, %error, "retention fails");
            }
        }
        if let Some(due) = turn.next_removal {
            self.removals.push((replica.id, due));
        }
        if !turn.remove.is_empty() {
            let logs = self.spec.logs.clone();
            // Nobody waits for a removal, but one is done after the other.
            let _ = tokio::task::spawn_blocking(move || logs.remove_files(&turn.remove)).await;
        }
        match turn.flush {
            Ok(Some(task)) => self.flush(replica, task).await,
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::error!(partition = %replica.name, %error, "the log cannot be synced");
                Ok(())
            }
        }
    }

    async fn flush(&self, replica: &Arc<Replica>, task: FlushTask) -> Result<(), ErrorCode> {
        let (metrics, clock) = (self.spec.metrics.clone(), self.spec.clock.clone());
        let synced = tokio::task::spawn_blocking(move || {
            let begun = clock.now();
            let synced = task.run();
            metrics.logs.flushed(clock.now() - begun);
            (synced, task)
        });
        let now = self.spec.clock.now();
        match synced.await {
            Ok((Ok(()), task)) => replica.with_log(move |log| log.flushed(&task, now)).await,
            // What the kernel could not write it may have dropped: the log is opened anew.
            Ok((Err(error), _)) => {
                tracing::error!(partition = %replica.name, %error, "the log cannot be synced");
                replica.with_log(Log::fail).await
            }
            Err(_) => Err(ErrorCode::UnknownServerError),
        }
    }
}

/// What one partition's actor does of the tasks.
fn take_turn(log: &mut Log, tasks: &BTreeSet<Task>, now: Millis) -> Turn {
    let retained = match tasks.contains(&Task::Retention) {
        true => log.retain(now),
        false => Ok(Retained::default()),
    };
    if tasks.contains(&Task::Producers) {
        log.expire_producers(now);
    }
    let remove = log.take_due(now);
    let flush = if tasks.contains(&Task::Flush) && log.is_flush_due(now) {
        log.prepare_flush(log.log_end_offset())
    } else if tasks.contains(&Task::Sealed) {
        log.prepare_flush_sealed()
    } else {
        Ok(None)
    };
    Turn { retained, remove, next_removal: log.next_removal(), flush }
}

impl Actor for Upkeep {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.notify(Tick);
    }
}

/// The first look at the clock.
struct Tick;

impl actix::Message for Tick {
    type Result = ();
}

impl Handler<Tick> for Upkeep {
    type Result = ();

    fn handle(&mut self, _: Tick, ctx: &mut Self::Context) {
        self.tick(ctx);
    }
}

impl Handler<Stop> for Upkeep {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
