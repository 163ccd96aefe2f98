//! The controller's actor: follows the quorum's log as a standby, and while its node leads the quorum answers
//! requests. Decides nothing: the machine does. What waits in the mailbox is decided together and appended once.
//!
//! Answers leave when what was written before them is committed, in order. When an append fails or leadership goes,
//! the actor ends; whoever waits is told NOT_CONTROLLER, and its successor replays the log into a fresh machine.
//!
//! | the quorum says | a standby | the active one |
//! |---|---|---|
//! | `Loaded` | a machine of that state | ends: its own state is of no more use |
//! | `Committed` | applies the records | they are its own, and applied already |
//! | `Leading` | begins: sessions, timers, first records | ends: it would lead twice |
//! | `Following` | goes on | ends |

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture,
};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::controller::batches::add;
use crate::controller::handle_actor::Ask;
use crate::controller::machine::{Machine, Settings};
use crate::controller::requests::{ControllerReply, ControllerRequest};
use crate::error::{Error, ErrorCode};
use crate::metadata::Image;
use crate::raft::Quorum;
use crate::raft::events::VersionedRecord;
use crate::raft::events::{CommittedBatch, QuorumEvent};
use crate::supervision::{self, Child, DeathWatch, Port, Stop};
use crate::types::{LeaderEpoch, Millis, Offset};

/// How many requests are decided before the rest must wait for the next append.
const REQUESTS_PER_APPEND_MAX: usize = 1_000;
/// The longest time between two looks at the timers.
const TICK_MAX: Duration = Duration::from_secs(1);
/// The shortest time between two looks at the timers.
const TICK_MIN: Duration = Duration::from_millis(5);
/// How many messages may wait in the mailbox.
pub const MAILBOX: usize = 4_096;

/// What the controller needs of the quorum.
pub trait Proposer: Send + Sync {
    /// Tells `port` of the log from a loaded state on, under a name that stands for the controller alone.
    fn subscribe(&self, port: Port<QuorumEvent>);

    /// Appends `batches`, each atomic, if this node leads in `epoch` and the next offset of the log is `first`.
    /// Returns at once; the receiver learns when all are committed, or why they are not. Calls take effect in their
    /// order.
    fn propose(
        &self,
        epoch: LeaderEpoch,
        first: Offset,
        batches: Vec<Vec<VersionedRecord>>,
    ) -> oneshot::Receiver<Result<Offset, ErrorCode>>;
}

impl Proposer for Quorum {
    fn subscribe(&self, port: Port<QuorumEvent>) {
        Self::subscribe(self, "controller", port);
    }

    fn propose(
        &self,
        epoch: LeaderEpoch,
        first: Offset,
        batches: Vec<Vec<VersionedRecord>>,
    ) -> oneshot::Receiver<Result<Offset, ErrorCode>> {
        Self::propose(self, epoch, Some(first), batches)
    }
}

/// What the actor is made of. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// What the machine takes from the configuration.
    pub settings: Settings,
    /// The first records of an empty log.
    pub bootstrap: Vec<VersionedRecord>,
    /// The quorum.
    pub proposer: Arc<dyn Proposer>,
    /// The time.
    pub clock: Clock,
    /// Where the machine's chance begins: anew in each life, or ids of topics would come again.
    pub seed: Arc<dyn Fn() -> u64 + Send + Sync>,
}

type Parked = (oneshot::Sender<Result<ControllerReply, ErrorCode>>, ControllerReply);

/// Answers that wait until everything up to an offset is committed.
struct Pending {
    last: Offset,
    answers: Vec<Parked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Standby,
    Active(LeaderEpoch),
}

/// The actor.
pub struct Controller {
    parts: Parts,
    /// Active only between `Leading` and the end of this life: there is no way back to standby but a new life.
    role: Role,
    /// None before the quorum has given a state.
    machine: Option<Machine>,
    /// Requests that came since the last flush.
    waiting: VecDeque<Ask>,
    /// Answers to what is proposed and not committed, in the order of the log.
    pending: VecDeque<Pending>,
    /// Where the quorum is to send its news, once this life has begun.
    follows: Option<Port<QuorumEvent>>,
    watch: DeathWatch,
}

struct Flush;

impl Message for Flush {
    type Result = ();
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parts({:?})", self.settings)
    }
}

impl Controller {
    /// The controller as a supervisor's child, behind `handle`; every life follows the log from a loaded state on.
    pub fn child(parts: Parts, handle: &supervision::Handle<Self>) -> Child {
        let own = handle.clone();
        Child::new("controller", MAILBOX, handle, move |watch| {
            let mut controller = Self::new(parts.clone(), watch);
            controller.follows = Some(own.port());
            controller
        })
    }

    /// A standby that knows nothing yet.
    pub fn new(parts: Parts, watch: DeathWatch) -> Self {
        Self {
            parts,
            role: Role::Standby,
            machine: None,
            waiting: VecDeque::new(),
            pending: VecDeque::new(),
            follows: None,
            watch,
        }
    }

    fn now(&self) -> Millis {
        self.parts.clock.now()
    }

    fn lead(&mut self, epoch: LeaderEpoch, context: &mut Context<Self>) {
        let now = self.now();
        let Some(machine) = self.machine.as_mut() else { return };
        machine.activate(now);
        let records = machine.activation_records(&self.parts.bootstrap);
        self.role = Role::Active(epoch);
        tracing::info!(epoch, records = records.len(), "this node is the active controller");
        self.watch.detail(format!("active in epoch {epoch}"));
        if !records.is_empty() {
            self.write(vec![records], Vec::new(), context);
        }
        self.tick(context);
    }

    fn replay(&mut self, batch: &CommittedBatch, context: &mut Context<Self>) {
        let now = self.now();
        let Some(machine) = self.machine.as_mut() else { return };
        for (offset, record) in (batch.first..).zip(&batch.records) {
            // An active controller has applied its own records already, when it wrote them.
            if offset >= machine.next_offset
                && let Err(error) = machine.apply(offset, record, now)
            {
                return self.fail(&error, context);
            }
        }
        // The quorum's own records take offsets too.
        machine.next_offset = machine.next_offset.max(batch.last + 1);
        machine.settle();
    }

    /// Decides on all that waits, and appends what comes of it at once.
    fn flush(&mut self, context: &mut Context<Self>) {
        let now = self.now();
        let mut batches = Vec::new();
        let mut answers = Vec::new();
        for _ in 0..REQUESTS_PER_APPEND_MAX {
            let Some(ask) = self.waiting.pop_front() else { break };
            let (Role::Active(_), Some(machine)) = (self.role, self.machine.as_mut()) else {
                drop(ask.answer.send(Err(ErrorCode::NotController)));
                continue;
            };
            // Who asked has gone; a change that nobody waits for is not begun.
            if ask.context.deadline.is_some_and(|deadline| deadline < now) {
                drop(ask.answer.send(Err(ErrorCode::RequestTimedOut)));
                continue;
            }
            let decision = machine.decide(&ask.request, &ask.context, now);
            if let Err(error) = apply_all(machine, &decision.records, now) {
                return self.fail(&error, context);
            }
            add(&mut batches, decision.records, decision.atomic);
            answers.push((ask.answer, decision.reply));
        }
        if let Some(machine) = self.machine.as_mut() {
            machine.settle();
        }
        self.append(batches, answers, context);
        if !self.waiting.is_empty() {
            context.notify(Flush);
        }
    }

    /// Applies and appends records that nobody asked for.
    fn write(
        &mut self,
        records: Vec<Vec<VersionedRecord>>,
        answers: Vec<Parked>,
        context: &mut Context<Self>,
    ) {
        let now = self.now();
        if let Some(machine) = self.machine.as_mut()
            && let Err(error) = records.iter().try_for_each(|batch| apply_all(machine, batch, now))
        {
            return self.fail(&error, context);
        }
        self.append(records, answers, context);
    }

    /// Appends records that are applied already.
    fn append(
        &mut self,
        batches: Vec<Vec<VersionedRecord>>,
        answers: Vec<Parked>,
        context: &mut Context<Self>,
    ) {
        let (Role::Active(epoch), Some(machine)) = (self.role, self.machine.as_ref()) else {
            return;
        };
        let count: usize = batches.iter().map(Vec::len).sum();
        if count == 0 {
            // An answer that writes nothing may still tell of what is not committed yet: it waits for that.
            match self.pending.back_mut() {
                Some(pending) => pending.answers.extend(answers),
                None => release(answers),
            }
            return;
        }
        // Where the first record was applied. If the quorum's log goes on elsewhere, somebody else has written, and all
        // this is refused.
        let first = machine.next_offset - Offset::try_from(count).unwrap_or(0);
        debug_assert!(
            self.pending.back().is_none_or(|before| before.last < first),
            "answers wait in the order of the log"
        );
        self.pending.push_back(Pending { last: machine.next_offset - 1, answers });
        let committed = self.parts.proposer.propose(epoch, first, batches);
        let waited = async move { committed.await.unwrap_or(Err(ErrorCode::NotController)) };
        context.spawn(waited.into_actor(self).map(
            |outcome, actor: &mut Self, context| match outcome {
                Ok(last) => actor.committed(last),
                Err(code) => actor.resign(code, context),
            },
        ));
    }

    fn committed(&mut self, last: Offset) {
        while self.pending.front().is_some_and(|pending| pending.last <= last) {
            if let Some(pending) = self.pending.pop_front() {
                release(pending.answers);
            }
        }
    }

    /// Ends: the state holds what may never be committed.
    fn resign(&mut self, code: ErrorCode, context: &mut Context<Self>) {
        tracing::warn!(%code, "the controller resigns, its state may be ahead of the log");
        self.role = Role::Standby;
        self.refuse_all();
        self.watch.fail();
        context.stop();
    }

    fn fail(&mut self, error: &Error, context: &mut Context<Self>) {
        tracing::error!(%error, "a metadata record does not fit what is there");
        self.resign(ErrorCode::UnknownServerError, context);
    }

    fn refuse_all(&mut self) {
        for ask in self.waiting.drain(..) {
            drop(ask.answer.send(Err(ErrorCode::NotController)));
        }
        for (answer, _) in self.pending.drain(..).flat_map(|pending| pending.answers) {
            drop(answer.send(Err(ErrorCode::NotController)));
        }
    }

    /// Does what is due, and comes again when something else may be.
    fn tick(&mut self, context: &mut Context<Self>) {
        if self.role == Role::Standby {
            return;
        }
        let now = self.now();
        while let Some(records) = self.machine.as_mut().and_then(|machine| machine.due(now)) {
            let mut batches = Vec::new();
            add(&mut batches, records, false);
            self.write(batches, Vec::new(), context);
        }
        let due = self.machine.as_ref().and_then(Machine::next_due);
        let until = due
            .map_or(TICK_MAX, |due| Duration::from_millis(u64::try_from(due - now).unwrap_or(0)));
        context.run_later(until.clamp(TICK_MIN, TICK_MAX), Self::tick);
    }
}

fn apply_all(machine: &mut Machine, records: &[VersionedRecord], now: Millis) -> Result<(), Error> {
    records.iter().try_for_each(|(record, _)| machine.apply(machine.next_offset, record, now))
}

fn release(answers: Vec<Parked>) {
    for (answer, reply) in answers {
        drop(answer.send(Ok(reply)));
    }
}

impl Actor for Controller {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        if let Some(port) = self.follows.take() {
            self.parts.proposer.subscribe(port);
        }
    }
}

impl Handler<Ask> for Controller {
    type Result = ();

    fn handle(&mut self, ask: Ask, context: &mut Context<Self>) {
        if self.role == Role::Standby {
            drop(ask.answer.send(Err(ErrorCode::NotController)));
            return;
        }
        if let (ControllerRequest::BrokerHeartbeat(heartbeat), Some(machine)) =
            (&ask.request, self.machine.as_mut())
        {
            // A broker that spoke is alive, however long its request then waits for its turn.
            machine.heard_of(heartbeat.broker_id, heartbeat.broker_epoch, self.parts.clock.now());
        }
        self.waiting.push_back(ask);
        // actix runs what is notified when the mailbox is drained: all that waits is decided together.
        if self.waiting.len() == 1 {
            context.notify(Flush);
        }
    }
}

impl Handler<Flush> for Controller {
    type Result = ();

    fn handle(&mut self, _: Flush, context: &mut Context<Self>) {
        self.flush(context);
    }
}

impl Handler<QuorumEvent> for Controller {
    type Result = ();

    fn handle(&mut self, event: QuorumEvent, context: &mut Context<Self>) {
        match event {
            QuorumEvent::Loaded { .. } if self.role != Role::Standby => {
                self.resign(ErrorCode::NotController, context);
            }
            QuorumEvent::Loaded { image, .. } => {
                let seed = (self.parts.seed)();
                let next_offset = image.provenance.snapshot_offset();
                let settings = self.parts.settings.clone();
                self.machine =
                    Some(Machine::new(settings, Image::clone(&image), next_offset, seed));
            }
            QuorumEvent::Committed(batch) => self.replay(&batch, context),
            QuorumEvent::Leading(..) if self.role != Role::Standby => {
                self.resign(ErrorCode::NotController, context);
            }
            QuorumEvent::Leading(epoch, next_offset) => {
                if let Some(machine) = self.machine.as_mut() {
                    machine.next_offset = next_offset;
                }
                self.lead(epoch, context);
            }
            QuorumEvent::Following(leader) if self.role != Role::Standby => {
                tracing::info!(?leader, "this node is no longer the active controller");
                self.resign(ErrorCode::NotController, context);
            }
            QuorumEvent::Following(leader) => self.watch.detail(format!("standby of {leader:?}")),
        }
    }
}

impl Handler<Stop> for Controller {
    type Result = ();

    fn handle(&mut self, _: Stop, context: &mut Context<Self>) {
        self.refuse_all();
        context.stop();
    }
}
