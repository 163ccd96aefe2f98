//! The quorum's actor: feeds the machine what happens, and does what its effects say. Decides nothing.
//!
//! Proposals that arrive while a sync is under way are appended and synced together after it. Syncing and the writing
//! of snapshots happen on the blocking pool, so that a slow disk holds up no other actor of the thread. A failing disk
//! ends the actor; its successor opens the files anew, and leads in a new epoch.
//!
//! A full disk is waited for: nothing of the metadata log may be refused once it has an offset.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle,
    WrapFuture,
};
use actix_rt::ArbiterHandle;

use crate::clock::Clock;
use crate::error::{Error, ErrorCode};

use crate::log::cache::Cache;
use crate::log::files::Files;
use crate::metadata::store::Store as Copy;
use crate::raft::batch;
use crate::raft::core::{Core, Proposal};
use crate::raft::follow_actor::{Following, Peers};
use crate::raft::machine::{LeaderAndEpoch, Machine, Settings};
use crate::raft::quorum_actor::{Propose, Quorum, Subscribed};
use crate::raft::snapshot_copy;
use crate::raft::step::{Effect, Event};
use crate::raft::store::{Opened, Store, StoreSettings, snapshot_id};
use crate::raft::subscriber::{Subscriber, Told};
use crate::raft::voters::{ReplicaKey, VoterSet};
use crate::supervision::{Child, DeathWatch, Stop};
use crate::types::{METADATA_TOPIC, Millis, Offset};

/// How long what is to be written waits for room on the disk, or for descriptors, before it is tried again.
const SHORTAGE_RETRY: Duration = Duration::from_millis(500);

/// How soon a subscriber whose mailbox was full is tried again.
const TELL_AGAIN: Duration = Duration::from_millis(5);

/// What the actor is made of. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// This replica: `node.id`, and the id of the metadata log's directory.
    pub me: ReplicaKey,
    /// The cluster's id.
    pub cluster_id: String,
    /// `controller.quorum.voters`, if set: see [`VoterSet::fixed`].
    pub fixed_voters: Option<VoterSet>,
    /// `controller.quorum.bootstrap.servers`: where to ask who leads.
    pub bootstrap_servers: Vec<(String, u16)>,
    /// `metadata.log.dir`.
    pub log_dir: PathBuf,
    /// The file system.
    pub files: Arc<dyn Files>,
    /// Open files and loaded indexes, shared with the partitions.
    pub cache: Arc<Cache>,
    /// How the files are kept.
    pub store: StoreSettings,
    /// `controller.quorum.fetch.timeout.ms`.
    pub fetch_timeout_ms: Millis,
    /// `controller.quorum.retry.backoff.ms`.
    pub retry_backoff_ms: Millis,
    /// The way to other nodes, for a node that does not vote.
    pub peers: Option<Arc<dyn Peers>>,
    /// Where a copy of the latest snapshot is kept; none for nobody's use.
    pub copy: Option<Copy>,
    /// The time.
    pub clock: Clock,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parts({:?}, {})", self.me, self.log_dir.display())
    }
}

/// The actor.
pub struct QuorumActor {
    pub(super) parts: Parts,
    pub(super) quorum: Quorum,
    pub(super) core: Option<Core>,
    subscribers: BTreeMap<String, Subscriber>,
    next_ticket: u64,
    /// A flush is notified, or waits for what is short.
    flush_due: bool,
    syncing: bool,
    tell_due: bool,
    wake: Option<SpawnHandle>,
    pub(super) snapshotting: bool,
    pub(super) following: Following,
    watch: DeathWatch,
}

struct Flush;

impl Message for Flush {
    type Result = ();
}

impl QuorumActor {
    /// The actor behind `quorum`.
    pub fn new(parts: Parts, quorum: Quorum, watch: DeathWatch) -> Self {
        Self {
            parts,
            quorum,
            core: None,
            subscribers: BTreeMap::new(),
            next_ticket: 1,
            flush_due: false,
            syncing: false,
            tell_due: false,
            wake: None,
            snapshotting: false,
            following: Following::default(),
            watch,
        }
    }

    /// The actor as a supervisor's child, on `arbiter` if one is given.
    pub fn child(parts: Parts, quorum: &Quorum, arbiter: Option<ArbiterHandle>) -> Child {
        let handle = quorum.actor().clone();
        let quorum = quorum.clone();
        let make = move |watch| Self::new(parts.clone(), quorum.clone(), watch);
        match arbiter {
            Some(arbiter) => Child::on_arbiter("quorum", arbiter, super::MAILBOX, &handle, make),
            None => Child::new("quorum", super::MAILBOX, &handle, make),
        }
    }

    pub(super) fn now(&self) -> Millis {
        self.parts.clock.now()
    }

    /// Puts the latest snapshot right if need be, and sees to its copy aside.
    fn mend_snapshot(&self) -> Result<(), Error> {
        let Some(copy) = self.parts.copy.clone() else { return Ok(()) };
        let dir = self.parts.log_dir.join(format!("{METADATA_TOPIC}-0"));
        let files = Arc::clone(&self.parts.files);
        if let Some(id) = snapshot_copy::mend(&*files, &dir, &copy)? {
            drop(tokio::task::spawn_blocking(move || {
                snapshot_copy::refresh(&*files, &dir, id, &copy);
            }));
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Error> {
        let parts = &self.parts;
        let now = parts.clock.now();
        self.mend_snapshot()?;
        let parts = &self.parts;
        let (store, opened) = Store::open(
            Arc::clone(&parts.files),
            &parts.log_dir,
            Arc::clone(&parts.cache),
            parts.store.clone(),
            now,
        )?;
        let Opened { state, shape, voters, bootstrap } = opened;
        let voters = voters.or_else(|| parts.fixed_voters.clone()).unwrap_or_default();
        if voters.contains(parts.me) && voters.len() > 1 {
            return Err(Error::Config("a quorum of several voters is not supported yet".into()));
        }
        let settings = Settings {
            me: parts.me,
            fetch_timeout_ms: parts.fetch_timeout_ms,
            retry_backoff_ms: parts.retry_backoff_ms,
        };
        self.quorum.0.voters.store(Arc::new(voters.clone()));
        self.quorum.0.view.store(Some(Arc::clone(store.log().view())));
        let machine = Machine::new(settings, voters, bootstrap, state, shape);
        self.core = Some(Core::new(machine, store));
        Ok(())
    }

    /// What goes wrong with the files cannot be gone on from: the successor opens them anew.
    pub(super) fn fail(&mut self, error: &Error, ctx: &mut Context<Self>) {
        tracing::error!(%error, "the metadata quorum cannot go on");
        let epoch = self.quorum.leader_and_epoch().epoch;
        self.quorum.0.leader.store(Arc::new(LeaderAndEpoch { leader_id: None, epoch }));
        self.core = None;
        self.watch.fail();
        ctx.stop();
    }

    /// Takes one event in and does what comes of it.
    pub(super) fn step(&mut self, event: Event, ctx: &mut Context<Self>) {
        let now = self.now();
        let Some(core) = self.core.as_mut() else { return };
        for effect in core.machine.step(event, now) {
            if let Err(error) = self.perform(effect, now, ctx) {
                return self.fail(&error, ctx);
            }
        }
    }

    fn perform(
        &mut self,
        effect: Effect,
        now: Millis,
        ctx: &mut Context<Self>,
    ) -> Result<(), Error> {
        let Some(core) = self.core.as_mut() else { return Ok(()) };
        match effect {
            Effect::WriteState(state) => core.store.write_state(state, core.machine.voters())?,
            Effect::AppendLeaderChange { epoch, first, bootstrap } => {
                core.append_leader_change(epoch, first, bootstrap, now);
                self.flush_soon(ctx);
            }
            Effect::Append { epoch, first, .. } => {
                core.append_proposal(epoch, first, now);
                self.flush_soon(ctx);
            }
            Effect::Committed { ticket, last } => core.answer(ticket, Ok(last)),
            Effect::Refuse { ticket, code } => core.answer(ticket, Err(code)),
            Effect::Advance(high_watermark) => {
                core.store.set_high_watermark(high_watermark);
                self.quorum.0.high_watermark.store(high_watermark, Ordering::Release);
                self.tell(ctx);
            }
            Effect::Publish(leader) => self.publish(leader, ctx),
            Effect::AnswerFetch { outcome, .. } => core.compared = Some(outcome),
            Effect::Answer { code, .. } => core.elected = Some(code),
            Effect::Fetch { from, epoch, position } => self.fetch(from, epoch, position, ctx),
            Effect::FetchSnapshot { from, epoch, snapshot } => {
                self.fetch_snapshot(from, epoch, snapshot_id(snapshot), ctx)?;
            }
            Effect::AppendFetched => self.append_fetched(now, ctx)?,
            Effect::Truncate(to) => core.store.truncate(to, now)?,
            Effect::WakeAt(_) => self.wake(now, ctx),
        }
        Ok(())
    }

    fn publish(&mut self, leader: LeaderAndEpoch, ctx: &mut Context<Self>) {
        tracing::info!(leader = ?leader.leader_id, epoch = leader.epoch, "metadata quorum");
        self.watch.detail(format!("epoch {} leader {:?}", leader.epoch, leader.leader_id));
        self.quorum.0.leader.store(Arc::new(leader));
        if let Some(core) = &self.core {
            core.store.log().view().waiters().wake_all();
        }
        self.tell(ctx);
    }

    /// Ticks when the machine next wants it.
    fn wake(&mut self, now: Millis, ctx: &mut Context<Self>) {
        if let Some(handle) = self.wake.take() {
            ctx.cancel_future(handle);
        }
        let Some(at) = self.core.as_ref().and_then(|core| core.machine.next_wake()) else { return };
        let wait = Duration::from_millis(u64::try_from(at - now).unwrap_or(0));
        self.wake = Some(ctx.run_later(wait, |actor, ctx| {
            actor.wake = None;
            actor.step(Event::Tick, ctx);
            let now = actor.now();
            actor.wake(now, ctx);
        }));
    }
}

/// Writing and syncing.
impl QuorumActor {
    /// What the mailbox holds is taken in before the flush: they share a write and a sync.
    fn flush_soon(&mut self, ctx: &mut Context<Self>) {
        if !self.flush_due && !self.syncing {
            self.flush_due = true;
            ctx.notify(Flush);
        }
    }

    fn flush(&mut self, ctx: &mut Context<Self>) {
        self.flush_due = false;
        if let Err(error) = self.write_and_sync(ctx) {
            self.fail(&error, ctx);
        }
    }

    fn write_and_sync(&mut self, ctx: &mut Context<Self>) -> Result<(), Error> {
        let now = self.now();
        let Some(core) = self.core.as_mut() else { return Ok(()) };
        let written = core.write(now);
        match written.and_then(|()| self.sync(ctx)) {
            Err(error) if error.is_shortage() => {
                tracing::warn!(%error, "the metadata log waits for what is short");
                // Until then, what is proposed waits with it.
                self.flush_due = true;
                ctx.run_later(SHORTAGE_RETRY, Self::flush);
                Ok(())
            }
            done => done,
        }
    }

    /// Syncs what is written, away from this thread.
    pub(super) fn sync(&mut self, ctx: &mut Context<Self>) -> Result<(), Error> {
        let Some(core) = self.core.as_mut() else { return Ok(()) };
        let Some(task) = core.store.prepare_flush()? else { return Ok(()) };
        self.syncing = true;
        let running = tokio::task::spawn_blocking(move || task.run().map(|()| task));
        ctx.spawn(running.into_actor(self).map(|ran, actor: &mut Self, ctx| {
            actor.syncing = false;
            let synced = ran.unwrap_or_else(|error| Err(Error::Io(std::io::Error::other(error))));
            let now = actor.now();
            let Some(core) = actor.core.as_mut() else { return };
            match synced {
                Err(error) => actor.fail(&error, ctx),
                Ok(task) => {
                    core.store.flushed(&task, now);
                    actor.step(Event::Synced { end: task.up_to() }, ctx);
                    if actor.core.as_ref().is_some_and(Core::has_unwritten) {
                        actor.flush_soon(ctx);
                    }
                }
            }
        }));
        Ok(())
    }
}

/// Telling those who follow.
impl QuorumActor {
    fn resubscribe(&mut self) {
        let wanted = self.quorum.0.subscriptions.lock().clone();
        self.subscribers.retain(|name, _| wanted.contains_key(name));
        for (name, subscription) in wanted {
            let known = self.subscribers.get(&name).map(|subscriber| subscriber.life);
            if known != Some(subscription.life) {
                self.subscribers
                    .insert(name, Subscriber::new(subscription.port, subscription.life));
            }
        }
    }

    /// Everyone begins again with the state.
    pub(super) fn restart_subscribers(&mut self) {
        self.subscribers.values_mut().for_each(Subscriber::restart);
    }

    pub(super) fn tell(&mut self, ctx: &mut Context<Self>) {
        let Some(core) = self.core.as_mut() else { return };
        let mut again = false;
        for subscriber in self.subscribers.values_mut() {
            match subscriber.tell(core) {
                Ok(told) => again |= told == Told::Again,
                Err(error) => return self.fail(&error, ctx),
            }
        }
        core.forget_told(self.subscribers.values());
        if again && !self.tell_due {
            self.tell_due = true;
            ctx.run_later(TELL_AGAIN, |actor, ctx| {
                actor.tell_due = false;
                actor.tell(ctx);
            });
        }
    }
}

impl Actor for QuorumActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Err(error) = self.open() {
            return self.fail(&error, ctx);
        }
        self.resubscribe();
        self.step(Event::Start, ctx);
    }
}

impl Handler<Flush> for QuorumActor {
    type Result = ();

    fn handle(&mut self, _: Flush, ctx: &mut Context<Self>) {
        self.flush(ctx);
    }
}

impl Handler<Propose> for QuorumActor {
    type Result = ();

    fn handle(&mut self, propose: Propose, ctx: &mut Context<Self>) {
        let Propose { epoch, first, batches, answer } = propose;
        let encoded: Result<Vec<_>, _> =
            batches.iter().map(|batch| batch::encode_records(batch)).collect();
        let refused = match (&mut self.core, encoded) {
            (None, _) => ErrorCode::NotController,
            (Some(core), _) if core.is_congested() => ErrorCode::NotController,
            (Some(_), Err(error)) => {
                tracing::error!(%error, "a record of metadata cannot be written");
                ErrorCode::UnknownServerError
            }
            (Some(core), Ok(encoded)) => {
                let count = encoded.iter().map(Vec::len).sum::<usize>();
                let ticket = self.next_ticket;
                self.next_ticket += 1;
                core.propose(ticket, Proposal { encoded, batches }, answer);
                let count = Offset::try_from(count).unwrap_or(0);
                return self.step(Event::Propose { ticket, epoch, first, count }, ctx);
            }
        };
        // Who asked may have gone.
        let _ = answer.send(Err(refused));
    }
}

impl Handler<Subscribed> for QuorumActor {
    type Result = ();

    fn handle(&mut self, _: Subscribed, ctx: &mut Context<Self>) {
        self.resubscribe();
        self.tell(ctx);
    }
}

impl Handler<Stop> for QuorumActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        let now = self.now();
        self.step(Event::Stop, ctx);
        if let Some(core) = self.core.as_mut()
            && let Err(error) = core.write(now).and_then(|()| core.store.close(now))
        {
            tracing::warn!(%error, "the metadata log is not closed in order");
        }
        ctx.stop();
    }
}
