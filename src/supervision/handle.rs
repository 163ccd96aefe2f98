//! How others reach a supervised actor, and how its death is told. Never starts or stops anything.

use std::fmt;
use std::sync::Arc;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};
use arc_swap::ArcSwapOption;

use super::status::StatusTree;
use super::supervisor::{ChildDown, Supervisor};

/// A message that could not be delivered, handed back.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused<M> {
    /// The mailbox is full: the sender should slow down.
    Full(M),
    /// The actor is down, for a moment or for good.
    Down(M),
}

/// The actor went down before it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the actor is down")
    }
}

/// A stable address: it follows the actor across restarts.
///
/// Made before the actor, and given to whoever will speak to it: so two actors can know each other, and neither needs
/// to be started first.
pub struct Handle<A: Actor>(Arc<ArcSwapOption<Addr<A>>>);

impl<A: Actor> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Actor> Default for Handle<A> {
    fn default() -> Self {
        Self(Arc::new(ArcSwapOption::empty()))
    }
}

impl<A: Actor> fmt::Debug for Handle<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle<{}>", std::any::type_name::<A>())
    }
}

impl<A: Actor> From<Addr<A>> for Handle<A> {
    /// A handle on an actor that nobody supervises.
    fn from(addr: Addr<A>) -> Self {
        Self(Arc::new(ArcSwapOption::from_pointee(addr)))
    }
}

impl<A: Actor> Handle<A> {
    /// The address of the moment, or none while the actor is down.
    pub fn get(&self) -> Option<Addr<A>> {
        self.0.load().as_deref().cloned()
    }

    /// Whether the actor is up.
    pub fn is_up(&self) -> bool {
        self.0.load().as_deref().is_some_and(Addr::connected)
    }

    /// Puts a message into the mailbox, if there is room.
    pub fn try_send<M>(&self, message: M) -> Result<(), Refused<M>>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        match self.0.load().as_deref() {
            None => Err(Refused::Down(message)),
            Some(addr) => addr.try_send(message).map_err(refused),
        }
    }

    /// Sends a message and waits for the answer; waits for room too when the mailbox is full.
    pub async fn ask<M>(&self, message: M) -> Result<M::Result, Down>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let addr = self.get().ok_or(Down)?;
        addr.send(message).await.map_err(|_| Down)
    }

    /// The same way in, for one kind of message and without the actor's type.
    pub fn port<M>(&self) -> Port<M>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let handle = self.clone();
        Port::from_fn(move |message| handle.try_send(message))
    }

    pub(super) fn set(&self, addr: Option<Addr<A>>) {
        self.0.store(addr.map(Arc::new));
    }
}

fn refused<M>(error: actix::dev::SendError<M>) -> Refused<M> {
    match error {
        actix::dev::SendError::Full(message) => Refused::Full(message),
        actix::dev::SendError::Closed(message) => Refused::Down(message),
    }
}

type Deliver<M> = dyn Fn(M) -> Result<(), Refused<M>> + Send + Sync;

/// Where messages of one kind go: an actor's mailbox across restarts, or any function.
pub struct Port<M>(Arc<Deliver<M>>);

impl<M> Clone for Port<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> fmt::Debug for Port<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Port<{}>", std::any::type_name::<M>())
    }
}

impl<M> Port<M> {
    /// A port that hands every message to `deliver`.
    pub fn from_fn(deliver: impl Fn(M) -> Result<(), Refused<M>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// A port that drops every message.
    pub fn nowhere() -> Self {
        Self::from_fn(|_| Ok(()))
    }

    /// Delivers a message, if there is room.
    pub fn try_send(&self, message: M) -> Result<(), Refused<M>> {
        (self.0)(message)
    }
}

/// Kept by a supervised actor as its *last* field; dropping it, by stop or by panic, tells the supervisor that the
/// actor and all it held are gone.
pub struct DeathWatch {
    /// Which child of the supervisor.
    pub(super) child: u64,
    /// Which life of it.
    pub(super) life: u64,
    /// Who is told; none where nobody supervises, or where it was told already.
    pub(super) parent: Option<Addr<Supervisor>>,
    pub(super) status: StatusTree,
    /// Whether the actor itself calls its end a failure.
    pub(super) failed: bool,
}

impl DeathWatch {
    /// A watch that nobody looks at: for actors started without a supervisor.
    pub fn nobody() -> Self {
        Self {
            child: 0,
            life: 0,
            parent: None,
            status: StatusTree::new("unsupervised"),
            failed: false,
        }
    }

    /// The supervisor of this actor, for a parent that adds and removes its own children beside itself.
    pub fn supervisor(&self) -> Option<Addr<Supervisor>> {
        self.parent.clone()
    }

    /// Says that the coming stop is a failure, as a panic would be.
    pub fn fail(&mut self) {
        self.failed = true;
    }

    /// A line for whoever looks at the status of this actor.
    pub fn detail(&self, detail: impl Into<String>) {
        self.status.set_detail(detail.into());
    }
}

impl fmt::Debug for DeathWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeathWatch({})", self.status.name())
    }
}

impl Drop for DeathWatch {
    fn drop(&mut self) {
        let failed = self.failed || std::thread::panicking();
        if let Some(parent) = self.parent.take() {
            // A death notice is never refused: there are at most as many as there are children.
            parent.do_send(ChildDown { child: self.child, life: self.life, failed });
        }
    }
}
