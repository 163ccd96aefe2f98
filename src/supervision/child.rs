//! What a supervisor must know to run one child. Never holds the child itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::channel::channel;
use actix::{Actor, Addr, Context, Handler, Message, Recipient};
use actix_rt::ArbiterHandle;

use super::handle::{DeathWatch, Handle};

/// What a supervisor does when a child dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Start it again, whatever the cause.
    Always,
    /// Start it again only after a panic or a failure it owned up to; a quiet end is an end.
    OnPanic,
    /// Its death is a reason to give up.
    Never,
}

/// At most `restarts` restarts within `window`; one more is too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// How many restarts are put up with.
    pub restarts: usize,
    /// Within how long.
    pub window: Duration,
}

impl Intensity {
    /// `restarts` restarts within a minute.
    pub const fn per_minute(restarts: usize) -> Self {
        Self { restarts, window: Duration::from_secs(60) }
    }
}

/// Asks a supervised actor to end: it puts its things in order and then calls `ctx.stop()`. Its [`DeathWatch`]
/// confirms.
#[derive(Clone, Copy, Debug)]
pub struct Stop;

impl Message for Stop {
    type Result = ();
}

/// The live end of a child, without its type.
pub(super) struct Life {
    /// How to ask it to end.
    pub(super) stop: Recipient<Stop>,
}

pub(super) type Start = dyn Fn(DeathWatch) -> Life + Send + Sync;
pub(super) type OnGiveUp = dyn Fn(&str) + Send + Sync;

/// How to run one child: its name, its factory, and what to do when it dies.
#[derive(Clone)]
pub struct Child {
    pub(super) name: Arc<str>,
    /// What its death leads to.
    pub(super) restart: Restart,
    /// How often it alone may die; none where its deaths are counted among its siblings'.
    pub(super) intensity: Option<Intensity>,
    /// Told its name when it stays down, instead of ending the supervisor.
    pub(super) on_give_up: Option<Arc<OnGiveUp>>,
    /// How long its stop is waited for.
    pub(super) stop_within: Duration,
    /// Starts a life of it, and leads its handle there.
    pub(super) start: Arc<Start>,
    /// Leads its handle nowhere.
    pub(super) clear: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Child({}, {:?})", self.name, self.restart)
    }
}

impl Child {
    /// A child that `make` builds afresh on every start, on the supervisor's own thread. `mailbox` is how many
    /// messages may wait for it; `handle` will lead to it. Restarted always, and given five seconds to stop, unless
    /// said otherwise.
    pub fn new<A>(
        name: impl Into<Arc<str>>,
        mailbox: usize,
        handle: &Handle<A>,
        make: impl Fn(DeathWatch) -> A + Send + Sync + 'static,
    ) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<Stop>,
    {
        Self::on(name, None, mailbox, handle, make)
    }

    /// The same, on the thread of `arbiter`; the factory runs there too.
    pub fn on_arbiter<A>(
        name: impl Into<Arc<str>>,
        arbiter: ArbiterHandle,
        mailbox: usize,
        handle: &Handle<A>,
        make: impl Fn(DeathWatch) -> A + Send + Sync + 'static,
    ) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<Stop>,
    {
        Self::on(name, Some(arbiter), mailbox, handle, make)
    }

    fn on<A>(
        name: impl Into<Arc<str>>,
        arbiter: Option<ArbiterHandle>,
        mailbox: usize,
        handle: &Handle<A>,
        make: impl Fn(DeathWatch) -> A + Send + Sync + 'static,
    ) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<Stop>,
    {
        let make = Arc::new(make);
        let (starting, clearing) = (handle.clone(), handle.clone());
        let start = move |watch| {
            let make = Arc::clone(&make);
            let addr = launch(arbiter.as_ref(), mailbox, move || make(watch));
            starting.set(Some(addr.clone()));
            Life { stop: addr.recipient() }
        };
        Self {
            name: name.into(),
            restart: Restart::Always,
            intensity: None,
            on_give_up: None,
            stop_within: Duration::from_secs(5),
            start: Arc::new(start),
            clear: Arc::new(move || clearing.set(None)),
        }
    }

    /// When to start it again.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Counts this child's restarts by themselves instead of with its siblings'.
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.intensity = Some(intensity);
        self
    }

    /// Leaves this child down, alone, where the supervisor would otherwise give up; `told` learns its name.
    pub fn on_give_up(mut self, told: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_give_up = Some(Arc::new(told));
        self
    }

    /// How long a stop may take before the supervisor goes on without it.
    pub fn stop_within(mut self, deadline: Duration) -> Self {
        self.stop_within = deadline;
        self
    }
}

/// Starts an actor on a thread of its own choosing. A panic in `make` is the new actor's, not the caller's.
fn launch<A>(
    arbiter: Option<&ArbiterHandle>,
    mailbox: usize,
    make: impl FnOnce() -> A + Send + 'static,
) -> Addr<A>
where
    A: Actor<Context = Context<A>>,
{
    let (sender, receiver) = channel(mailbox);
    let run = move || {
        let context = Context::with_receiver(receiver);
        actix_rt::spawn(context.into_future(make()));
    };
    match arbiter {
        // An arbiter that has gone drops the closure, and with it the watch: that is a death like any other.
        Some(arbiter) => drop(arbiter.spawn_fn(run)),
        None => drop(actix_rt::spawn(async move { run() })),
    }
    Addr::new(sender)
}
