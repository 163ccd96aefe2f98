//! Drives a broker's standing with the controller: sends what the machine asks for, and tells it what comes back.
//!
//! The requests are those that a broker in another process would send. Decides nothing.
//!
//! When this actor dies its successor registers anew under the same incarnation, which the controller takes for the
//! same life: the broker stays unfenced.

use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, SpawnHandle};
use tokio::sync::watch;

use super::channel::ControllerChannel;
use super::lifecycle::{Effect, Event, Lifecycle, Settings, Standing, State};
use super::publisher_actor::Published;
use crate::clock::Clock;
use crate::error::ErrorCode;
use crate::supervision::{DeathWatch, Stop};
use crate::types::{Millis, NodeId, Offset, Uuid};
use crate::wire::messages::broker_heartbeat::BrokerHeartbeatRequest;
use crate::wire::messages::broker_registration::BrokerRegistrationRequest;

/// What the lifecycle is made of.
#[derive(Clone)]
pub struct LifecycleSpec {
    /// This node.
    pub node_id: NodeId,
    /// Intervals and patience.
    pub settings: Settings,
    /// The epoch of the last life, if it ended in good order.
    pub previous_epoch: Option<i64>,
    /// What to register with; the epoch of the last life is filled in.
    pub registration: BrokerRegistrationRequest,
    /// The way to the controller.
    pub channel: Arc<dyn ControllerChannel>,
    /// Told of every change.
    pub standing: Arc<watch::Sender<(State, i64)>>,
    /// Which log directories have failed so far.
    pub failed_dirs: Arc<dyn Fn() -> Vec<Uuid> + Send + Sync>,
    /// The time.
    pub clock: Clock,
}

/// Begin a controlled shutdown.
pub struct BeginShutdown;

impl Message for BeginShutdown {
    type Result = ();
}

/// The actor of a broker's standing.
pub struct LifecycleActor {
    spec: LifecycleSpec,
    machine: Lifecycle,
    wake: Option<SpawnHandle>,
    ready: bool,
    watch: DeathWatch,
}

impl LifecycleActor {
    /// A broker that has not begun.
    pub fn new(spec: LifecycleSpec, watch: DeathWatch) -> Self {
        let machine = Lifecycle::new(spec.settings, spec.previous_epoch);
        Self { spec, machine, wake: None, ready: false, watch }
    }

    fn step(&mut self, event: Event, ctx: &mut Context<Self>) {
        let effects = self.machine.step(event, self.spec.clock.now());
        for effect in effects {
            self.carry_out(effect, ctx);
        }
    }

    fn carry_out(&mut self, effect: Effect, ctx: &mut Context<Self>) {
        match effect {
            Effect::Register { previous_epoch } => self.register(previous_epoch, ctx),
            Effect::Heartbeat {
                epoch,
                metadata_offset,
                want_fence,
                want_shut_down,
                offline_dirs,
            } => {
                let request = BrokerHeartbeatRequest {
                    broker_id: self.spec.node_id,
                    broker_epoch: epoch,
                    current_metadata_offset: metadata_offset,
                    want_fence,
                    want_shut_down,
                    offline_log_dirs: offline_dirs,
                    cordoned_log_dirs: Some(Vec::new()),
                    ..Default::default()
                };
                self.heartbeat(request, ctx);
            }
            Effect::Enter(state) => {
                tracing::info!(?state, epoch = self.machine.epoch(), "broker");
                self.watch.detail(format!("{state:?}"));
                self.spec.standing.send_replace((state, self.machine.epoch()));
            }
            Effect::Fail(code) => {
                tracing::error!(?code, "the broker could not register in time");
                self.watch.fail();
                ctx.stop();
            }
            Effect::WakeAt(at) => self.wake_at(at, ctx),
        }
    }

    fn wake_at(&mut self, at: Millis, ctx: &mut Context<Self>) {
        if let Some(earlier) = self.wake.take() {
            ctx.cancel_future(earlier);
        }
        let delay_ms = (at - self.spec.clock.now()).max(1);
        let delay = Duration::from_millis(delay_ms.unsigned_abs());
        self.wake = Some(ctx.run_later(delay, |actor, ctx| actor.step(Event::Tick, ctx)));
    }

    fn register(&self, previous_broker_epoch: i64, ctx: &mut Context<Self>) {
        let request =
            BrokerRegistrationRequest { previous_broker_epoch, ..self.spec.registration.clone() };
        let asked = self.spec.channel.register(request);
        ctx.spawn(wrap_future::<_, Self>(asked).map(|answer, actor, ctx| {
            let event = match answer {
                Err(code) => {
                    tracing::debug!(%code, "the registration got no answer");
                    Event::Unanswered
                }
                Ok(response) => {
                    Event::Registered(checked(response.error_code).map(|()| response.broker_epoch))
                }
            };
            actor.step(event, ctx);
        }));
    }

    fn heartbeat(&self, request: BrokerHeartbeatRequest, ctx: &mut Context<Self>) {
        let asked = self.spec.channel.heartbeat(request);
        ctx.spawn(wrap_future::<_, Self>(asked).map(|answer, actor, ctx| {
            let event = match answer {
                Err(_) => Event::Unanswered,
                Ok(response) => Event::Heard(checked(response.error_code).map(|()| Standing {
                    caught_up: response.is_caught_up,
                    fenced: response.is_fenced,
                    should_shut_down: response.should_shut_down,
                })),
            };
            actor.step(event, ctx);
        }));
    }
}

fn checked(code: i16) -> Result<(), ErrorCode> {
    match ErrorCode::from_code(code) {
        Some(ErrorCode::None) => Ok(()),
        Some(code) => Err(code),
        None => Err(ErrorCode::UnknownServerError),
    }
}

impl Actor for LifecycleActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.step(Event::Start, ctx);
        let failed = (self.spec.failed_dirs)();
        if !failed.is_empty() {
            self.step(Event::DirsFailed(failed), ctx);
        }
    }
}

impl Handler<Published> for LifecycleActor {
    type Result = ();

    /// The partitions have been told before; what they still have to open they open when it is asked for.
    fn handle(&mut self, published: Published, ctx: &mut Self::Context) {
        let offset: Offset = published.image.provenance.offset;
        self.step(Event::Published(offset), ctx);
        if !self.ready {
            self.ready = true;
            self.step(Event::Ready, ctx);
        }
    }
}

/// A log directory has failed.
pub struct DirsFailed;

impl Message for DirsFailed {
    type Result = ();
}

impl Handler<DirsFailed> for LifecycleActor {
    type Result = ();

    fn handle(&mut self, _: DirsFailed, ctx: &mut Self::Context) {
        self.step(Event::DirsFailed((self.spec.failed_dirs)()), ctx);
    }
}

impl Handler<BeginShutdown> for LifecycleActor {
    type Result = ();

    fn handle(&mut self, _: BeginShutdown, ctx: &mut Self::Context) {
        self.step(Event::Stop { controlled: true }, ctx);
    }
}

impl Handler<Stop> for LifecycleActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
