//! Compacts the logs of the node that want it, the dirtiest first, `log.cleaner.threads` at a time.
//!
//! Reading and writing is done aside, at the pace that the configuration allows; only the exchange of finished segments
//! is done by the partition's own actor. A partition that fails is told of, counted, passed over and tried again later:
//! it never stops the others. Never decides what of a log is kept: `log::cleaner` does.
//!
//! ```text
//! look (aside) ──▶ in order of dirt ──▶ job ──▶ map, then per group: write, .swap, sync, exchange, sync ──▶ checkpoint
//!   ▲  every log.cleaner.backoff.ms      ╰── as many as log.cleaner.threads ──╯                                  │
//!   ╰────────────────────────────────────────────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! The checkpoint comes last: a node that stops before compacts the same once more, and finds nothing to do.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler, SpawnHandle};
use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::cleaner::{Registry, Throttle, in_order};
use super::replica::Replica;
use super::table::PartitionTable;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::log::Log;
use crate::log::cleaner::{Candidate, Limits, Replacement, Stats, Work, candidate, is_stopped};
use crate::log::manager::LogManager;
use crate::metrics::{Cleaned, Metrics};
use crate::supervision::{DeathWatch, Stop};
use crate::types::{Millis, TopicIdPartition};

/// How many bytes pass between two looks at the clock.
const STRIDE: u64 = 256 << 10;
/// The longest that the cleaner rests, in ms: a timer has an end.
const BACKOFF_MAX_MS: Millis = 24 * 60 * 60_000;
/// The longest nap of a thread that is throttled, in ms: then it looks whether it is wanted still.
const NAP_MAX_MS: Millis = 300;

/// What the cleaner is made of.
#[derive(Clone)]
pub struct CleanerSpec {
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
    /// What outlives the actor.
    pub state: Arc<CleanerState>,
}

/// What is being compacted, by whichever life of the actor, and what could not be.
#[derive(Debug, Default)]
pub struct CleanerState {
    registry: Mutex<Registry>,
    throttle: Mutex<Throttle>,
}

/// The actor.
pub struct Cleaner {
    spec: CleanerSpec,
    /// Partitions at rest that have nothing to compact.
    rested: HashSet<TopicIdPartition>,
    /// Whether a look is under way.
    looking: bool,
    timer: Option<SpawnHandle>,
    wanted: Arc<AtomicBool>,
    /// Tells the supervisor when this life ends.
    _watch: DeathWatch,
}

impl Cleaner {
    /// A cleaner that looks around now.
    pub fn new(spec: CleanerSpec, watch: DeathWatch) -> Self {
        Self {
            spec,
            rested: HashSet::new(),
            looking: false,
            timer: None,
            wanted: Arc::new(AtomicBool::new(true)),
            _watch: watch,
        }
    }

    /// Looks at all logs, unless that is being done or all threads are busy.
    fn look(&mut self, ctx: &mut Context<Self>) {
        let config = self.spec.config.load();
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let threads = usize::try_from(config.log_cleaner_threads()).unwrap_or(0);
        if self.looking || !config.log_cleaner_enable() {
            return;
        }
        if self.spec.state.registry.lock().running() >= threads {
            return self.later(ctx);
        }
        self.looking = true;
        let look = Look { spec: self.spec.clone(), rested: std::mem::take(&mut self.rested) };
        ctx.spawn(wrap_future::<_, Self>(look.run()).map(|(found, rested), cleaner, ctx| {
            cleaner.looking = false;
            cleaner.rested = rested;
            cleaner.begin(found, ctx);
        }));
    }

    fn later(&mut self, ctx: &mut Context<Self>) {
        let wait_ms = self.spec.config.load().log_cleaner_backoff_ms().clamp(1, BACKOFF_MAX_MS);
        let wait = Duration::from_millis(wait_ms.unsigned_abs());
        self.timer = Some(ctx.run_later(wait, |cleaner, ctx| {
            cleaner.timer = None;
            cleaner.look(ctx);
        }));
    }

    /// Starts as many as there are threads for.
    fn begin(&mut self, found: Vec<(Arc<Replica>, Candidate)>, ctx: &mut Context<Self>) {
        let threads = usize::try_from(self.spec.config.load().log_cleaner_threads()).unwrap_or(0);
        for (replica, candidate) in in_order(found) {
            let state = self.spec.state.clone();
            let mut registry = state.registry.lock();
            if registry.running() >= threads {
                break;
            }
            if !registry.begin(replica.id) {
                continue;
            }
            let taken = Taken { state: state.clone(), id: replica.id };
            let wanted = self.wanted.clone();
            let job = Job { spec: self.spec.clone(), replica, candidate, wanted, taken };
            ctx.spawn(wrap_future::<_, Self>(job.run()).map(|(), cleaner, ctx| cleaner.look(ctx)));
        }
        self.later(ctx);
    }
}

impl Drop for Cleaner {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Release);
    }
}

/// A partition that is being compacted; given back however that ends.
struct Taken {
    state: Arc<CleanerState>,
    id: TopicIdPartition,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.state.registry.lock().end(&self.id);
    }
}

/// One look at all logs.
struct Look {
    spec: CleanerSpec,
    rested: HashSet<TopicIdPartition>,
}

impl Look {
    /// The logs that should be compacted, and the partitions at rest that need not be looked at again.
    async fn run(mut self) -> (Vec<(Arc<Replica>, Candidate)>, HashSet<TopicIdPartition>) {
        let now = self.spec.clock.now();
        let mut open = Vec::new();
        for replica in self.spec.table.all() {
            let is_free = self.spec.state.registry.lock().is_free(&replica.id, now);
            if replica.settings().config.compact
                && !replica.is_offline()
                && is_free
                && self.is_open(&replica).await
            {
                open.push(replica);
            }
        }
        let spec = self.spec.clone();
        let found = tokio::task::spawn_blocking(move || find(&spec, open, now)).await;
        (found.unwrap_or_default(), self.rested)
    }

    /// Whether a log is open; one at rest is opened when it has closed segments that were not compacted.
    async fn is_open(&mut self, replica: &Arc<Replica>) -> bool {
        if replica.open_view().is_some() {
            self.rested.remove(&replica.id);
            return true;
        }
        if self.rested.contains(&replica.id) {
            return false;
        }
        let (logs, at) = (self.spec.logs.clone(), replica.clone());
        let dirty =
            tokio::task::spawn_blocking(move || logs.may_be_dirty(at.log_dir(), &at.name)).await;
        if dirty.unwrap_or(false) {
            return replica.view().await.is_ok();
        }
        self.rested.insert(replica.id);
        false
    }
}

/// What should be compacted of these logs. Reads the disk.
fn find(
    spec: &CleanerSpec,
    replicas: Vec<Arc<Replica>>,
    now: Millis,
) -> Vec<(Arc<Replica>, Candidate)> {
    let mut found = Vec::new();
    let (mut max_ratio, mut max_delay_ms) = (0.0f64, 0);
    for replica in replicas {
        let Some(view) = replica.open_view() else { continue };
        let settings = replica.settings().log.clone();
        let checkpoint = spec.logs.cleaned(replica.log_dir(), &replica.name);
        match candidate(&view, &settings, checkpoint, now) {
            Ok(candidate) => {
                if candidate.reset {
                    let from = candidate.first_dirty;
                    spec.logs.note_cleaned(replica.log_dir(), &replica.name, from);
                }
                max_ratio = max_ratio.max(candidate.ratio());
                max_delay_ms = max_delay_ms.max(candidate.overdue_ms);
                if candidate.is_due(&settings) {
                    found.push((replica, candidate));
                }
            }
            Err(error) => give_up(spec, &replica, view.size(), &error.to_string()),
        }
    }
    spec.metrics.cleaner.looked(now, max_ratio, max_delay_ms);
    tell_uncleanable(spec);
    found
}

/// Passes over a partition for a while.
fn give_up(spec: &CleanerSpec, replica: &Replica, bytes: u64, error: &str) {
    let mut registry = spec.state.registry.lock();
    let retry_ms = registry.failed(replica.id, replica.log_dir(), bytes, spec.clock.now());
    drop(registry);
    tracing::error!(partition = %replica.name, error, retry_ms, "the log cannot be compacted for now");
    tell_uncleanable(spec);
}

fn tell_uncleanable(spec: &CleanerSpec) {
    let mut by_dir: Vec<_> =
        spec.logs.dirs().iter().map(|dir| (dir.path().display().to_string(), 0, 0)).collect();
    let mut registry = spec.state.registry.lock();
    for one in registry.uncleanable(|id| spec.table.get(id).is_some()) {
        if let Some((_, partitions, bytes)) = by_dir.get_mut(one.log_dir) {
            *partitions += 1;
            *bytes += one.bytes;
        }
    }
    drop(registry);
    spec.metrics.cleaner.uncleanable(by_dir);
}

/// The compaction of one log.
struct Job {
    spec: CleanerSpec,
    replica: Arc<Replica>,
    candidate: Candidate,
    wanted: Arc<AtomicBool>,
    taken: Taken,
}

/// Why a compaction ended early.
enum Early {
    /// It is no longer wanted, or the partition is not there.
    Moot(ErrorCode),
    Failed(Error),
}

impl From<Error> for Early {
    fn from(error: Error) -> Self {
        if is_stopped(&error) { Self::Moot(ErrorCode::None) } else { Self::Failed(error) }
    }
}

impl From<ErrorCode> for Early {
    fn from(code: ErrorCode) -> Self {
        Self::Moot(code)
    }
}

impl From<tokio::task::JoinError> for Early {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Failed(Error::Corrupt(format!("compacting panicked: {error}")))
    }
}

impl Job {
    async fn run(self) {
        let begun = self.spec.clock.now();
        let name = &self.replica.name;
        match self.clean(begun).await {
            Ok(stats) => {
                self.spec.state.registry.lock().succeeded(&self.taken.id);
                let took_ms = self.spec.clock.now().saturating_sub(begun);
                self.spec.metrics.cleaner.cleaned(Cleaned {
                    took_ms,
                    read_bytes: stats.mapped_bytes + stats.read_bytes,
                    recopied_bytes: stats.read_bytes,
                    written_bytes: stats.written_bytes,
                    map_utilization: stats.map_utilization,
                });
                tracing::info!(partition = %name, took_ms, from_bytes = stats.read_bytes,
                    to_bytes = stats.written_bytes, segments = stats.segments, "compacted a log");
            }
            Err(Early::Moot(code)) => {
                tracing::debug!(partition = %name, %code, "compaction ended early");
            }
            Err(Early::Failed(error)) => {
                let bytes = self.candidate.cleanable_bytes;
                give_up(&self.spec, &self.replica, bytes, &error.to_string());
            }
        }
    }

    async fn clean(&self, now: Millis) -> Result<Stats, Early> {
        let basis = self.replica.with_log(Log::prepare_cleaning).await??;
        let config = self.spec.config.load();
        let threads = u64::try_from(config.log_cleaner_threads()).unwrap_or(1).max(1);
        let limits = Limits {
            map_bytes: u64::try_from(config.log_cleaner_dedupe_buffer_size()).unwrap_or(0)
                / threads,
            load_factor: config.log_cleaner_io_buffer_load_factor(),
        };
        drop(config);
        let (candidate, mut pace) = (self.candidate, self.pace());
        let mut work = tokio::task::spawn_blocking(move || {
            Work::begin(basis, &candidate, limits, now, &mut |bytes| pace.take(bytes))
        })
        .await??;
        loop {
            let mut pace = self.pace();
            let (back, made) = tokio::task::spawn_blocking(move || {
                let made = work.next(&mut |bytes| pace.take(bytes));
                (work, made)
            })
            .await?;
            work = back;
            match made? {
                Some(replacement) => self.replace(Arc::new(replacement)).await?,
                None => break,
            }
        }
        let (logs, replica, end) = (self.spec.logs.clone(), self.replica.clone(), work.end());
        tokio::task::spawn_blocking(move || {
            logs.note_cleaned(replica.log_dir(), &replica.name, end);
            logs.write_checkpoint(crate::log::checkpoint::CLEANER_OFFSETS);
        })
        .await?;
        Ok(work.stats())
    }

    /// Puts a finished segment in its place; what is durable is made so aside from whoever writes.
    async fn replace(&self, replacement: Arc<Replacement>) -> Result<(), Early> {
        let new = replacement.clone();
        let marked = self.replica.with_log(move |log| log.begin_replacing(&new)).await;
        if !matches!(marked, Ok(Ok(true))) {
            discard(replacement).await;
            marked??;
            return Err(Early::Moot(ErrorCode::None));
        }
        // Between the steps, so that the partition's actor never waits for the directory's sync.
        if let Err(error) = sync_names(replacement.clone()).await {
            let new = replacement.clone();
            self.replica.with_log(move |log| log.abandon_replacing(&new)).await?;
            return Err(error);
        }
        let (new, now) = (replacement.clone(), self.spec.clock.now());
        // The last names are synced before the checkpoint says that this is compacted.
        match self.replica.with_log(move |log| log.finish_replacing(&new, now)).await?? {
            true => sync_names(replacement).await,
            false => Err(Early::Moot(ErrorCode::None)),
        }
    }

    fn pace(&self) -> Pacer {
        Pacer {
            spec: self.spec.clone(),
            id: self.replica.id,
            wanted: self.wanted.clone(),
            passed: 0,
        }
    }
}

async fn sync_names(replacement: Arc<Replacement>) -> Result<(), Early> {
    Ok(tokio::task::spawn_blocking(move || replacement.sync_names()).await??)
}

async fn discard(replacement: Arc<Replacement>) {
    // What stays is removed by the next compaction, or the next start.
    let _ = tokio::task::spawn_blocking(move || replacement.discard()).await;
}

/// Holds a thread to the rate that is allowed, and ends it when it is not wanted any more.
struct Pacer {
    spec: CleanerSpec,
    id: TopicIdPartition,
    wanted: Arc<AtomicBool>,
    passed: u64,
}

impl Pacer {
    fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire) && self.spec.table.get(&self.id).is_some()
    }

    fn take(&mut self, bytes: u64) -> bool {
        self.passed += bytes;
        if self.passed < STRIDE {
            return true;
        }
        let rate = self.spec.config.load().log_cleaner_io_max_bytes_per_second();
        let now = self.spec.clock.now();
        let mut wait_ms =
            self.spec.state.throttle.lock().take(std::mem::take(&mut self.passed), rate, now);
        while wait_ms > 0 && self.is_wanted() {
            let nap_ms = wait_ms.min(NAP_MAX_MS);
            std::thread::sleep(Duration::from_millis(nap_ms.unsigned_abs()));
            wait_ms -= nap_ms;
        }
        self.is_wanted()
    }
}

impl Actor for Cleaner {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.later(ctx);
    }
}

impl Handler<Stop> for Cleaner {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.wanted.store(false, Ordering::Release);
        ctx.stop();
    }
}
