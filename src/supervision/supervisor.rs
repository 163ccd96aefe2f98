//! The actor that runs children: starts them in order, restarts the dead, stops them last to first. Never panics
//! itself, and never looks into a child.
//!
//! Every decision is made on hearing of something (a death, a deadline, a request), so the state of a slot is all there
//! is to know: `Running` and `Stopping` children are alive as far as is known, `Stopped` and `Offline` ones are not.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, ResponseFuture};
use tokio::sync::oneshot;

use super::child::{Child, Intensity, Life, Restart, Stop};
use super::handle::DeathWatch;
use super::status::{State, StatusTree};
use crate::clock::Clock;
use crate::types::Millis;

/// How a supervisor ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to.
    Stopped,
    /// This child died too often, or was not to die at all.
    GaveUp(String),
}

/// Adds a child to a running supervisor and starts it.
#[derive(Debug)]
pub struct AddChild(pub Child);

/// Why a child was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdded {
    /// There is a child of that name.
    Exists,
    /// The supervisor is on its way out.
    Stopping,
}

impl Message for AddChild {
    type Result = Result<(), NotAdded>;
}

/// Stops a child for good and forgets it; answers once it is gone (or overdue), with false if there was none.
#[derive(Debug)]
pub struct RemoveChild(pub Arc<str>);

impl Message for RemoveChild {
    type Result = bool;
}

/// A child's watch was dropped.
pub(super) struct ChildDown {
    pub(super) child: u64,
    pub(super) life: u64,
    pub(super) failed: bool,
}

impl Message for ChildDown {
    type Result = ();
}

struct Slot {
    /// Never used twice: a death may be told of a child that was removed since.
    id: u64,
    /// How to start it.
    spec: Child,
    state: State,
    /// Which start this is: the death of an earlier one is old news.
    life: u64,
    /// Its live end; taken when it was asked to stop, so that it is asked once.
    stop: Option<Life>,
    recent: VecDeque<Millis>,
    status: StatusTree,
    /// Set when the child is to be forgotten; told when it is gone.
    removal: Option<Vec<oneshot::Sender<()>>>,
}

type OnEnd = dyn FnOnce(End) + Send;

/// Runs children and answers for them.
pub struct Supervisor {
    name: Arc<str>,
    intensity: Intensity,
    clock: Clock,
    /// In start order.
    slots: Vec<Slot>,
    next_id: u64,
    /// When children without an intensity of their own were started again, within the window.
    recent: VecDeque<Millis>,
    /// Set once: from then on nothing is started, and the children go one by one.
    ending: Option<End>,
    on_end: Option<Box<OnEnd>>,
    status: StatusTree,
    watch: Option<DeathWatch>,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Supervisor({}, {} children)", self.name, self.slots.len())
    }
}

impl Supervisor {
    /// A supervisor without children that puts up with `intensity`.
    pub fn new(name: impl Into<Arc<str>>, intensity: Intensity, clock: Clock) -> Self {
        let name = name.into();
        let status = StatusTree::new(Arc::clone(&name));
        Self {
            name,
            intensity,
            clock,
            slots: Vec::new(),
            next_id: 0,
            recent: VecDeque::new(),
            ending: None,
            on_end: None,
            status,
            watch: None,
        }
    }

    /// Makes it a child of another supervisor.
    pub fn under(mut self, watch: DeathWatch) -> Self {
        self.status = watch.status.clone();
        self.watch = Some(watch);
        self
    }

    /// Called once when it has ended and all children are gone: for the top of a tree.
    pub fn on_end(mut self, told: impl FnOnce(End) + Send + 'static) -> Self {
        self.on_end = Some(Box::new(told));
        self
    }

    /// A child to start with.
    ///
    /// # Panics
    /// If there is a child of that name already.
    pub fn child(mut self, child: Child) -> Self {
        assert!(self.find(&child.name).is_none(), "two children named {}", child.name);
        self.insert(child);
        self
    }

    /// Where to see how the children stand.
    pub fn status(&self) -> StatusTree {
        self.status.clone()
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| &*slot.spec.name == name)
    }

    fn insert(&mut self, spec: Child) {
        let status = StatusTree::new(Arc::clone(&spec.name));
        let id = self.next_id;
        self.next_id += 1;
        self.slots.push(Slot {
            id,
            spec,
            state: State::Stopped,
            life: 0,
            stop: None,
            recent: VecDeque::new(),
            status,
            removal: None,
        });
    }

    fn start(&mut self, at: usize, ctx: &mut Context<Self>) {
        let slot = &mut self.slots[at];
        slot.life += 1;
        slot.state = State::Running;
        match slot.life {
            1 => self.status.add(slot.status.clone()),
            _ => slot.status.restarted(),
        }
        // The factory owns the watch from here: should it panic, the watch is dropped, and that is the life's end.
        let watch = DeathWatch {
            child: slot.id,
            life: slot.life,
            parent: Some(ctx.address()),
            status: slot.status.clone(),
            failed: false,
        };
        slot.stop = Some((slot.spec.start)(watch));
    }

    /// Asks the child at `at` to stop, and goes on without it after its deadline.
    fn stop_child(&mut self, at: usize, ctx: &mut Context<Self>) {
        let slot = &mut self.slots[at];
        slot.state = State::Stopping;
        slot.status.set_state(State::Stopping);
        if let Some(life) = slot.stop.take() {
            // A stop is never refused: there is one per life.
            life.stop.do_send(Stop);
        }
        let (id, life) = (slot.id, slot.life);
        ctx.run_later(slot.spec.stop_within, move |supervisor, ctx| {
            supervisor.overdue(id, life, ctx)
        });
    }

    fn overdue(&mut self, id: u64, life: u64, ctx: &mut Context<Self>) {
        let Some(at) = self.slots.iter().position(|slot| slot.id == id && slot.life == life) else {
            return;
        };
        if self.slots[at].state == State::Stopping {
            tracing::warn!(supervisor = %self.name, child = %self.slots[at].spec.name, "child does not stop in time");
            self.gone(at, ctx);
        }
    }

    /// Begins the end, if it has not begun: the children stop one after the other, last to first.
    fn end(&mut self, end: End, ctx: &mut Context<Self>) {
        if self.ending.is_none() {
            self.ending = Some(end);
            self.status.set_state(State::Stopping);
            self.end_next(ctx);
        }
    }

    fn end_next(&mut self, ctx: &mut Context<Self>) {
        if self.slots.iter().any(|slot| slot.state == State::Stopping) {
            return;
        }
        match self.slots.iter().rposition(|slot| slot.state == State::Running) {
            Some(at) => self.stop_child(at, ctx),
            None => ctx.stop(),
        }
    }

    /// A child that was asked to stop has done so, or never will.
    fn gone(&mut self, at: usize, ctx: &mut Context<Self>) {
        let slot = &mut self.slots[at];
        slot.state = State::Stopped;
        slot.stop = None;
        slot.status.set_state(State::Stopped);
        (slot.spec.clear)();
        if let Some(told) = slot.removal.take() {
            self.status.remove(&slot.status);
            self.slots.remove(at);
            for one in told {
                // Nobody may be waiting any more.
                let _ = one.send(());
            }
        }
        if self.ending.is_some() {
            self.end_next(ctx);
        }
    }

    /// Counts a restart; false once it is one too many.
    fn may_restart(&mut self, at: usize) -> bool {
        let now = self.clock.now();
        let slot = &mut self.slots[at];
        match slot.spec.intensity {
            Some(intensity) => within(&mut slot.recent, intensity, now),
            None => within(&mut self.recent, self.intensity, now),
        }
    }

    /// A child died that was not asked to.
    fn died(&mut self, at: usize, failed: bool, ctx: &mut Context<Self>) {
        let slot = &mut self.slots[at];
        let (name, restart) = (Arc::clone(&slot.spec.name), slot.spec.restart);
        (slot.spec.clear)();
        slot.stop = None;
        if restart == Restart::OnPanic && !failed {
            tracing::debug!(supervisor = %self.name, child = %name, "child has ended");
            slot.state = State::Stopped;
            slot.status.set_state(State::Stopped);
            return;
        }
        if restart != Restart::Never && self.may_restart(at) {
            tracing::warn!(supervisor = %self.name, child = %name, failed, "child died; starting it again");
            return self.start(at, ctx);
        }
        let slot = &mut self.slots[at];
        slot.state = State::Offline;
        slot.status.set_state(State::Offline);
        match slot.spec.on_give_up.clone() {
            Some(told) => {
                tracing::error!(supervisor = %self.name, child = %name, "child stays offline");
                told(&name);
            }
            None => {
                tracing::error!(supervisor = %self.name, child = %name, failed, "child died; giving up");
                self.end(End::GaveUp(name.to_string()), ctx);
            }
        }
    }
}

/// Counts one more restart at `now`: whether that is still within the intensity.
fn within(recent: &mut VecDeque<Millis>, intensity: Intensity, now: Millis) -> bool {
    let window_ms = Millis::try_from(intensity.window.as_millis()).unwrap_or(Millis::MAX);
    while recent.front().is_some_and(|then| now - then > window_ms) {
        recent.pop_front();
    }
    recent.push_back(now);
    recent.len() <= intensity.restarts
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        for at in 0..self.slots.len() {
            self.start(at, ctx);
        }
    }
}

impl Drop for Supervisor {
    /// Tells the parent, after the children: they have gone before, but for a supervisor that was torn down.
    fn drop(&mut self) {
        for life in self.slots.iter_mut().rev().filter_map(|slot| slot.stop.take()) {
            life.stop.do_send(Stop);
        }
        let end = self.ending.take().unwrap_or(End::Stopped);
        self.status.set_state(State::Stopped);
        if let (Some(watch), End::GaveUp(_)) = (&mut self.watch, &end) {
            watch.fail();
        }
        if let Some(told) = self.on_end.take() {
            told(end);
        }
    }
}

impl Handler<ChildDown> for Supervisor {
    type Result = ();

    fn handle(&mut self, down: ChildDown, ctx: &mut Self::Context) {
        let Some(at) =
            self.slots.iter().position(|slot| slot.id == down.child && slot.life == down.life)
        else {
            return;
        };
        match self.slots[at].state {
            State::Stopping => self.gone(at, ctx),
            State::Running if self.ending.is_some() => self.gone(at, ctx),
            State::Running => self.died(at, down.failed, ctx),
            State::Stopped | State::Offline => {}
        }
    }
}

impl Handler<Stop> for Supervisor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.end(End::Stopped, ctx);
    }
}

impl Handler<AddChild> for Supervisor {
    type Result = Result<(), NotAdded>;

    fn handle(&mut self, AddChild(child): AddChild, ctx: &mut Self::Context) -> Self::Result {
        if self.ending.is_some() {
            return Err(NotAdded::Stopping);
        }
        if self.find(&child.name).is_some() {
            return Err(NotAdded::Exists);
        }
        self.insert(child);
        self.start(self.slots.len() - 1, ctx);
        Ok(())
    }
}

impl Handler<RemoveChild> for Supervisor {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, RemoveChild(name): RemoveChild, ctx: &mut Self::Context) -> Self::Result {
        let Some(at) = self.find(&name) else { return Box::pin(async { false }) };
        let (tell, told) = oneshot::channel();
        self.slots[at].removal.get_or_insert_default().push(tell);
        match self.slots[at].state {
            State::Running if self.ending.is_none() => self.stop_child(at, ctx),
            State::Running | State::Stopping => {}
            State::Stopped | State::Offline => self.gone(at, ctx),
        }
        Box::pin(async move {
            // The sender is dropped unsent only with the supervisor, and then the child is gone as well.
            let _ = told.await;
            true
        })
    }
}
