//! Which listeners the node has: those that it was started with, and what the dynamic setting `listeners` adds or takes
//! away (KIP-226).
//!
//! A listener is known by its name: one that stays keeps its port. The controllers' own never change. Never accepts.
//!
//! A port that cannot be bound is logged and tried again with the next change; what was there goes on serving.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::{Actor, ActorContext, Context, Handler, Message};

use super::binding::bind_one;
use super::parts::Parts;
use crate::config::Listener;
use crate::supervision::{AddChild, DeathWatch, RemoveChild, Stop};

/// The brokers' listeners are to be these.
pub(super) struct Rebind(pub(super) Vec<Listener>);

impl Message for Rebind {
    type Result = ();
}

/// The actor.
pub(super) struct Listeners {
    parts: Arc<Parts>,
    watch: DeathWatch,
}

impl Listeners {
    /// Beside the listeners that `parts` were bound with.
    pub(super) fn new(parts: Arc<Parts>, watch: DeathWatch) -> Self {
        Self { parts, watch }
    }

    fn rebind(&self, wanted: &[Listener]) {
        let Some(supervisor) = self.watch.supervisor() else { return };
        let mut running = self.parts.listening.lock();
        let named: BTreeSet<&str> = wanted.iter().map(|listener| listener.name.as_str()).collect();
        let gone: Vec<_> =
            running.iter().filter(|name| !named.contains(name.as_str())).cloned().collect();
        for name in gone {
            tracing::info!(listener = name, "closing a listener");
            running.remove(&name);
            supervisor.do_send(RemoveChild(name.into()));
        }
        for listener in wanted {
            if running.contains(&listener.name) {
                continue;
            }
            match bind_one(listener, &self.parts.config) {
                Ok(bound) => {
                    tracing::info!(listener = listener.name, address = %bound.address, "opening a listener");
                    supervisor.do_send(AddChild(self.parts.listener_child(&bound)));
                }
                Err(error) => {
                    tracing::error!(listener = listener.name, %error, "a listener cannot be opened");
                    continue;
                }
            }
            running.insert(listener.name.clone());
        }
    }
}

impl Actor for Listeners {
    type Context = Context<Self>;

    /// What the metadata had said before.
    fn started(&mut self, _: &mut Self::Context) {
        let wanted: Vec<_> = self.parts.current.load().broker_listeners().cloned().collect();
        self.rebind(&wanted);
    }
}

impl Handler<Rebind> for Listeners {
    type Result = ();

    fn handle(&mut self, Rebind(wanted): Rebind, _: &mut Self::Context) {
        self.rebind(&wanted);
    }
}

impl Handler<Stop> for Listeners {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
