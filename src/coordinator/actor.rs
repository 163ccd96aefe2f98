//! One shard: one partition of an internal topic and the machine that is kept in it.
//!
//! The shard replays its partition when it is first asked something, then feeds its machine requests and timers,
//! appends what the machine decides, and holds answers back until that is committed. When an append fails, or an offset
//! is not the one foreseen, the shard stops as failed: its successor replays the log, which is the one way to recover.
//! It never decides anything itself.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, SpawnHandle};
use tokio::sync::oneshot;

use super::machine::{Decision, Machine, MakeMachine, StoredRecord, Ticket};
use super::transactional::EndTransaction;
use crate::clock::Clock;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metrics::{Counted, ShardMetrics, Standing};
use crate::partition::append::{Append, Appended};
use crate::partition::replica::Replica;
use crate::supervision::{DeathWatch, Stop};
use crate::types::{Millis, Offset};
use crate::wire::records::BatchBuilder;

/// How long a shard waits that its disk has refused: less than ten of its lives end in a minute.
const STORAGE_PAUSE: Duration = Duration::from_secs(7);

/// Requests that may wait for a shard.
pub(super) const MAILBOX: usize = 4096;

/// A request for the machine of a shard.
pub struct Ask<M: Machine> {
    /// What is asked.
    pub request: M::Request,
    /// Where the answer goes.
    pub reply: oneshot::Sender<M::Reply>,
    /// Counts it while it waits.
    pub queued: Counted,
}

impl<M: Machine> Message for Ask<M> {
    type Result = ();
}

/// The cluster's metadata has changed.
pub struct ImageChanged(pub Arc<Image>);

impl Message for ImageChanged {
    type Result = ();
}

/// What a shard is made of.
pub struct ShardSpec<M: Machine> {
    /// The partition that holds the shard's records.
    pub replica: Arc<Replica>,
    /// Makes an empty machine.
    pub machine: MakeMachine<M>,
    /// The metadata of the moment.
    pub image: Arc<arc_swap::ArcSwap<Image>>,
    /// The time, for timers and timestamps.
    pub clock: Clock,
    /// The numbers of all shards.
    pub metrics: Arc<ShardMetrics>,
}

impl<M: Machine> Clone for ShardSpec<M> {
    fn clone(&self) -> Self {
        Self {
            replica: self.replica.clone(),
            machine: self.machine.clone(),
            image: self.image.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
        }
    }
}

struct Parked<M: Machine> {
    /// The offset that the high watermark must have passed.
    after: Offset,
    replies: Vec<(Ticket, M::Reply)>,
}

/// What a shard is to do.
pub(super) enum Work<M: Machine> {
    /// A request for its machine.
    Ask(Ask<M>),
    /// A marker to write.
    End(EndTransaction),
}

enum Life<M: Machine> {
    /// Nothing read yet; the first request starts that.
    AtRest,
    /// The partition is being replayed; requests wait.
    Loading(Vec<Work<M>>),
    /// At work.
    Ready(M),
}

/// The actor of one shard.
pub struct Shard<M: Machine> {
    pub(super) spec: ShardSpec<M>,
    life: Life<M>,
    /// Counts it, as it stands.
    standing: Option<Counted>,
    /// What could not be done yet, as an append was waited for that may be refused. The mailbox waits too, meanwhile.
    pub(super) backlog: VecDeque<Work<M>>,
    pub(super) is_waiting: bool,
    /// The offset that the next record will have.
    pub(super) next_offset: Offset,
    /// Everything below is committed.
    committed: Offset,
    /// Answers that wait for that, in the order of the log.
    parked: VecDeque<Parked<M>>,
    /// Who waits for an answer, whether it is parked or not decided yet.
    waiting: HashMap<Ticket, oneshot::Sender<M::Reply>>,
    /// Tickets count requests of one life; they are never used again.
    next_ticket: u64,
    /// By time, and by name: the same timers in both.
    timers: BTreeSet<(Millis, M::Timer)>,
    due: BTreeMap<M::Timer, Millis>,
    /// The one timer of the runtime, for the earliest.
    alarm: Option<(Millis, SpawnHandle)>,
    watch: DeathWatch,
}

impl<M: Machine> Shard<M> {
    /// A shard at rest.
    pub fn new(spec: ShardSpec<M>, watch: DeathWatch) -> Self {
        Self {
            spec,
            life: Life::AtRest,
            standing: None,
            backlog: VecDeque::new(),
            is_waiting: false,
            next_offset: 0,
            committed: 0,
            parked: VecDeque::new(),
            waiting: HashMap::new(),
            next_ticket: 0,
            timers: BTreeSet::new(),
            due: BTreeMap::new(),
            alarm: None,
            watch,
        }
    }

    pub(super) fn fail(&mut self, ctx: &mut Context<Self>, why: &str) {
        tracing::warn!(partition = %self.spec.replica.name, why, "coordinator shard gives up its state");
        self.watch.fail();
        ctx.stop();
    }

    /// Fails after a while, so that a disk that is full for long does not make the supervisor give the shard up.
    fn fail_slowly(&mut self, ctx: &mut Context<Self>, why: &'static str) {
        let pause = wrap_future::<_, Self>(tokio::time::sleep(STORAGE_PAUSE));
        ctx.wait(pause.map(move |(), shard, ctx| shard.fail(ctx, why)));
    }

    /// Reads the partition into a fresh machine, aside from the mailbox so that others on this thread go on.
    fn load(&mut self, first: Work<M>, ctx: &mut Context<Self>) {
        self.life = Life::Loading(vec![first]);
        self.standing = Some(self.spec.metrics.stands(Standing::Loading));
        let spec = self.spec.clone();
        let began = spec.clock.now();
        let loading = async move {
            let image = spec.image.load_full();
            let mut machine = (spec.machine)(&image);
            let end = super::loading::replay(&spec.replica, &mut machine).await?;
            Ok::<_, ErrorCode>((machine, end, image))
        };
        ctx.spawn(wrap_future::<_, Self>(loading).map(move |loaded, shard, ctx| match loaded {
            Ok((machine, end, image)) => {
                let now = shard.spec.clock.now();
                shard.spec.metrics.loaded(now, now - began);
                shard.loaded(machine, end, &image, ctx);
            }
            Err(code) => shard.not_loaded(code),
        }));
    }

    fn loaded(&mut self, mut machine: M, end: Offset, seen: &Arc<Image>, ctx: &mut Context<Self>) {
        tracing::info!(partition = %self.spec.replica.name, end, "coordinator shard loaded");
        self.standing = Some(self.spec.metrics.stands(Standing::Active));
        self.next_offset = end;
        self.committed = end;
        let decision = machine.loaded(self.spec.clock.now());
        let Life::Loading(waiting) = std::mem::replace(&mut self.life, Life::Ready(machine)) else {
            return;
        };
        self.carry_out(decision, ctx);
        // What was told while it loaded was passed over.
        let image = self.spec.image.load_full();
        if !Arc::ptr_eq(&image, seen) {
            self.take_image(&image, ctx);
        }
        self.backlog.extend(waiting);
        self.go_on(ctx);
    }

    fn take_image(&mut self, image: &Arc<Image>, ctx: &mut Context<Self>) {
        let now = self.spec.clock.now();
        if let Life::Ready(machine) = &mut self.life {
            let decision = machine.image_changed(image, now);
            self.carry_out(decision, ctx);
        }
    }

    /// Does what has gathered, up to the next append that is waited for.
    pub(super) fn go_on(&mut self, ctx: &mut Context<Self>) {
        while !self.is_waiting
            && let Some(work) = self.backlog.pop_front()
        {
            match work {
                Work::Ask(ask) => self.decide(ask, ctx),
                Work::End(end) => self.end_transaction(end, ctx),
            }
        }
    }

    /// The machine, while the shard is at work.
    pub(super) const fn machine(&mut self) -> Option<&mut M> {
        match &mut self.life {
            Life::Ready(machine) => Some(machine),
            _ => None,
        }
    }

    fn not_loaded(&mut self, code: ErrorCode) {
        self.standing = Some(self.spec.metrics.stands(Standing::Failed));
        let Life::Loading(all) = std::mem::replace(&mut self.life, Life::AtRest) else { return };
        all.into_iter().for_each(|work| work.refuse(code));
    }

    fn decide(&mut self, ask: Ask<M>, ctx: &mut Context<Self>) {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiting.insert(ticket, ask.reply);
        let now = self.spec.clock.now();
        let Life::Ready(machine) = &mut self.life else { return };
        #[cfg(test)]
        crate::faults::pass("decide", &self.spec.replica.id.topic_id.to_string());
        let decision = machine.decide(ticket, ask.request, now);
        self.carry_out(decision, ctx);
    }

    fn carry_out(&mut self, decision: Decision<M>, ctx: &mut Context<Self>) {
        let Decision { records, replies, timers, transaction } = decision;
        debug_assert!(
            replies.iter().all(|(ticket, _)| self.waiting.contains_key(ticket)),
            "{}: somebody is answered twice",
            self.spec.replica.name
        );
        for (timer, at) in timers {
            self.set_timer(timer, at);
        }
        if let Some(transaction) = transaction.filter(|_| !records.is_empty()) {
            self.set_alarm(ctx);
            return self.append_in_transaction(records, replies, transaction, ctx);
        }
        if !records.is_empty() && !self.append(&records, ctx) {
            return;
        }
        // Also for a decision without records: what it tells may rest on records that are not committed yet.
        if self.committed >= self.next_offset {
            self.answer(replies);
        } else if !replies.is_empty() {
            debug_assert!(
                self.parked.back().is_none_or(|last| last.after <= self.next_offset),
                "answers wait in the order of the log"
            );
            self.parked.push_back(Parked { after: self.next_offset, replies });
        }
        self.set_alarm(ctx);
    }

    /// Applies the records at once and sends them to the partition; answers wait until they are committed.
    fn append(&mut self, records: &[StoredRecord], ctx: &mut Context<Self>) -> bool {
        let now = self.spec.clock.now();
        let mut batch = BatchBuilder::new();
        let base = self.next_offset;
        for record in records {
            batch.append(now, Some(&record.key), record.value.as_deref());
        }
        let (reply, appended) = oneshot::channel();
        if self.spec.replica.append(Append::from_coordinator(batch.build(), reply)).is_err() {
            self.fail(ctx, "the partition takes no append");
            return false;
        }
        let Life::Ready(machine) = &mut self.life else { return false };
        for (record, offset) in records.iter().zip(base..) {
            machine.apply(offset, now, record);
        }
        self.next_offset = base + records.len() as Offset;
        let expected_end = self.next_offset;
        ctx.spawn(wrap_future::<_, Self>(appended).map(
            move |appended, shard, ctx| match appended {
                Ok(Ok(Appended { base_offset, .. })) if base_offset == base => {
                    shard.committed(expected_end, ctx)
                }
                Ok(Ok(_)) => shard.fail(ctx, "somebody else writes to the partition"),
                Ok(Err(error)) if error.code == ErrorCode::KafkaStorageError => {
                    shard.fail_slowly(ctx, "the disk takes no append")
                }
                Ok(Err(_)) | Err(_) => shard.fail(ctx, "an append failed"),
            },
        ));
        true
    }

    pub(super) fn committed(&mut self, end: Offset, _ctx: &mut Context<Self>) {
        debug_assert!(end <= self.next_offset, "committed to {end} of {}", self.next_offset);
        self.committed = self.committed.max(end);
        while self.parked.front().is_some_and(|parked| parked.after <= self.committed) {
            if let Some(parked) = self.parked.pop_front() {
                self.answer(parked.replies);
            }
        }
    }

    pub(super) fn answer(&mut self, replies: Vec<(Ticket, M::Reply)>) {
        for (ticket, reply) in replies {
            if let Some(waiting) = self.waiting.remove(&ticket) {
                // The one who asked may have gone, which is no news to anybody.
                let _ = waiting.send(reply);
            }
        }
    }

    fn set_timer(&mut self, timer: M::Timer, at: Option<Millis>) {
        if let Some(earlier) = self.due.remove(&timer) {
            self.timers.remove(&(earlier, timer.clone()));
        }
        if let Some(at) = at {
            self.due.insert(timer.clone(), at);
            self.timers.insert((at, timer));
        }
        debug_assert_eq!(
            self.timers.len(),
            self.due.len(),
            "a timer is known by time or by name alone"
        );
    }

    /// Keeps one alarm, for the earliest timer.
    fn set_alarm(&mut self, ctx: &mut Context<Self>) {
        let earliest = self.timers.first().map(|(at, _)| *at);
        match (earliest, &self.alarm) {
            (None, _) => {}
            (Some(at), Some((set, _))) if *set <= at => {}
            (Some(at), _) => {
                if let Some((_, alarm)) = self.alarm.take() {
                    ctx.cancel_future(alarm);
                }
                let delay_ms = (at - self.spec.clock.now()).max(0);
                let delay = Duration::from_millis(delay_ms.unsigned_abs());
                self.alarm = Some((at, ctx.run_later(delay, |shard, ctx| shard.ring(ctx))));
            }
        }
    }

    fn ring(&mut self, ctx: &mut Context<Self>) {
        self.alarm = None;
        let now = self.spec.clock.now();
        while let Some((at, _)) = self.timers.first()
            && *at <= now
        {
            let Some((_, timer)) = self.timers.pop_first() else { break };
            self.due.remove(&timer);
            let Life::Ready(machine) = &mut self.life else { return };
            let decision = machine.fire(timer, now);
            self.carry_out(decision, ctx);
        }
        self.set_alarm(ctx);
    }
}

impl<M: Machine> Actor for Shard<M> {
    type Context = Context<Self>;
}

impl<M: Machine> Work<M> {
    fn refuse(self, code: ErrorCode) {
        // The one who asked may have gone, which is no news to anybody.
        match self {
            Self::Ask(ask) => drop(ask.reply.send(M::refused(&ask.request, code))),
            Self::End(end) => drop(end.reply.send(Err(code))),
        }
    }
}

impl<M: Machine> Shard<M> {
    pub(super) fn take_on(&mut self, work: Work<M>, ctx: &mut Context<Self>) {
        match &mut self.life {
            Life::AtRest => self.load(work, ctx),
            Life::Loading(waiting) if waiting.len() < MAILBOX => waiting.push(work),
            Life::Loading(_) => work.refuse(ErrorCode::CoordinatorLoadInProgress),
            Life::Ready(_) => {
                self.backlog.push_back(work);
                self.go_on(ctx);
            }
        }
    }
}

impl<M: Machine> Handler<Ask<M>> for Shard<M> {
    type Result = ();

    fn handle(&mut self, ask: Ask<M>, ctx: &mut Context<Self>) {
        self.take_on(Work::Ask(ask), ctx);
    }
}

impl<M: Machine> Handler<ImageChanged> for Shard<M> {
    type Result = ();

    fn handle(&mut self, ImageChanged(image): ImageChanged, ctx: &mut Context<Self>) {
        self.take_image(&image, ctx);
    }
}

impl<M: Machine> Handler<Stop> for Shard<M> {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}
