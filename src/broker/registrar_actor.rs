//! Drives a controller's registration: sends it when the registrar says so, and tells it what comes back.

use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, SpawnHandle, WrapFuture,
};

use crate::broker::channel::ControllerChannel;
use crate::broker::publisher_actor::Published;
use crate::broker::registrar::{Effect, Event, Registrar};
use crate::clock::Clock;
use crate::supervision::{DeathWatch, Stop};
use crate::wire::messages::controller_registration::ControllerRegistrationRequest;

/// What the actor is made of.
#[derive(Clone)]
pub struct RegistrarSpec {
    /// What to register with.
    pub registration: ControllerRegistrationRequest,
    /// The way to the active controller.
    pub channel: Arc<dyn ControllerChannel>,
    /// The time.
    pub clock: Clock,
}

impl std::fmt::Debug for RegistrarSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RegistrarSpec({:?})", self.registration)
    }
}

/// The actor.
pub struct RegistrarActor {
    spec: RegistrarSpec,
    registrar: Registrar,
    wake: Option<SpawnHandle>,
    watch: DeathWatch,
}

impl RegistrarActor {
    /// A controller that knows no metadata yet.
    pub fn new(spec: RegistrarSpec, watch: DeathWatch) -> Self {
        Self { spec, registrar: Registrar::default(), wake: None, watch }
    }

    fn step(&mut self, event: Event, ctx: &mut Context<Self>) {
        let now = self.spec.clock.now();
        if let Some(handle) = self.wake.take() {
            ctx.cancel_future(handle);
        }
        match self.registrar.step(event, now) {
            None => {}
            Some(Effect::Register) => self.register(ctx),
            Some(Effect::WakeAt(at)) => {
                let wait = Duration::from_millis(u64::try_from(at - now).unwrap_or(0));
                self.wake = Some(ctx.run_later(wait, |actor, ctx| actor.step(Event::Tick, ctx)));
            }
        }
    }

    fn register(&self, ctx: &mut Context<Self>) {
        let answer = self.spec.channel.register_controller(self.spec.registration.clone());
        ctx.spawn(answer.into_actor(self).map(|answer, actor: &mut Self, ctx| {
            let event = match answer {
                Ok(response) if response.error_code == 0 => Event::Accepted,
                Ok(response) => {
                    let code = response.error_code;
                    tracing::warn!(code, "the controller's registration is refused");
                    Event::Failed
                }
                Err(error) => {
                    tracing::debug!(%error, "no answer to the controller's registration");
                    Event::Failed
                }
            };
            actor.watch.detail(format!("{event:?}"));
            actor.step(event, ctx);
        }));
    }
}

impl Actor for RegistrarActor {
    type Context = Context<Self>;
}

impl Handler<Published> for RegistrarActor {
    type Result = ();

    fn handle(&mut self, published: Published, ctx: &mut Self::Context) {
        let registration = &self.spec.registration;
        let (id, incarnation_id) = (registration.controller_id, registration.incarnation_id);
        self.step(Event::published(&published.image, id, incarnation_id), ctx);
    }
}

impl Handler<Stop> for RegistrarActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
