//! From the committed metadata log to images: replays what the quorum tells, and publishes.
//!
//! Whatever is committed while one image is being published goes into the next as one change. Subscribers are told in
//! the order in which they were given: the partitions come before the coordinators, since these write to those. One
//! that is slow gets one image for all that it missed. Never decides, but on when a snapshot is due.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message};
use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::broker::settings::{self, Reconfigured};
use crate::broker::snapshots::SnapshotSchedule;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::metadata::changes::Changes;
use crate::metadata::loader::Loader;
use crate::metadata::{Image, Provenance};
use crate::quota::Quotas;
use crate::raft::events::{CommittedBatch, QuorumEvent};
use crate::raft::quorum_actor::Quorum;
use crate::supervision::{DeathWatch, Port, Refused, Stop};
use crate::types::{Millis, Offset};

/// How many events may wait.
pub const MAILBOX: usize = 4096;
/// How soon a subscriber whose mailbox was full is tried again.
const TELL_AGAIN: Duration = Duration::from_millis(5);

/// A new image and what it changes.
#[derive(Clone, Debug)]
pub struct Published {
    /// The metadata now.
    pub image: Arc<Image>,
    /// What differs from the image that the subscriber was told before; from nothing, for the first.
    pub changes: Arc<Changes>,
}

impl Message for Published {
    type Result = ();
}

/// What the publisher is made of.
#[derive(Clone)]
pub struct PublisherSpec {
    /// Where the committed log comes from.
    pub quorum: Quorum,
    /// Where everybody finds the metadata of the moment.
    pub image: Arc<ArcSwap<Image>>,
    /// How far the metadata of the moment goes: who changed something waits here until it can be read back.
    pub shown: Arc<watch::Sender<Offset>>,
    /// The node's configuration: dynamic settings take effect before the image that brings them is published.
    pub config: Arc<ArcSwap<Config>>,
    /// Who keeps something that a dynamic setting decides on.
    pub reconfigured: Vec<Reconfigured>,
    /// What clients are held to.
    pub quotas: Arc<Quotas>,
    /// Who is told of each new image, in order.
    pub subscribers: Vec<Port<Published>>,
    /// Under which name the quorum knows this publisher.
    pub name: &'static str,
    /// `metadata.log.max.record.bytes.between.snapshots`.
    pub snapshot_bytes: i64,
    /// `metadata.log.max.snapshot.interval.ms`.
    pub snapshot_interval_ms: Millis,
    /// The time.
    pub clock: Clock,
}

/// One who is told.
struct Subscriber {
    port: Port<Published>,
    /// What it was told last.
    told: Option<Arc<Image>>,
    behind: bool,
}

impl Subscriber {
    /// Hands the image over; false if it must be tried again. `latest` is what changed since the last image.
    fn tell(&mut self, image: &Arc<Image>, latest: Option<&(Arc<Image>, Arc<Changes>)>) -> bool {
        let changes = match (&self.told, latest) {
            (Some(told), Some((before, changes))) if Arc::ptr_eq(told, before) => changes.clone(),
            // It has missed some in between: compared as a whole.
            (Some(told), _) => Arc::new(Changes::between(told, image)),
            (None, _) => Arc::new(Changes::between(&Image::default(), image)),
        };
        match self.port.try_send(Published { image: image.clone(), changes }) {
            Ok(()) => {
                self.told = Some(image.clone());
                true
            }
            Err(Refused::Full(_)) => false,
            Err(Refused::Down(_)) => {
                // Its successor knows nothing.
                self.told = None;
                false
            }
        }
    }
}

/// The actor that publishes.
pub struct Publisher {
    spec: PublisherSpec,
    subscribers: Vec<Subscriber>,
    loader: Loader,
    provenance: Provenance,
    /// When the next snapshot is handed in.
    schedule: SnapshotSchedule,
    /// A publishing is notified: what is committed until it runs goes along.
    due: bool,
    /// A timer runs to try subscribers again that would take no more.
    tell_due: bool,
    watch: DeathWatch,
}

impl Publisher {
    /// A publisher that has been told nothing.
    pub fn new(spec: PublisherSpec, watch: DeathWatch) -> Self {
        let ports = spec.subscribers.iter().cloned();
        let subscribers =
            ports.map(|port| Subscriber { port, told: None, behind: false }).collect();
        let now = spec.clock.now();
        let schedule = SnapshotSchedule::new(spec.snapshot_bytes, spec.snapshot_interval_ms, now);
        Self {
            spec,
            subscribers,
            loader: Loader::default(),
            provenance: Provenance::default(),
            schedule,
            due: false,
            tell_due: false,
            watch,
        }
    }

    fn replay(&mut self, batch: &CommittedBatch) -> Result<(), Error> {
        batch.records.iter().try_for_each(|record| self.loader.replay(record))?;
        self.provenance =
            Provenance { offset: batch.last, epoch: batch.epoch, timestamp: batch.timestamp };
        self.schedule.committed(batch.bytes as u64);
        Ok(())
    }

    fn publish(&mut self, ctx: &mut Context<Self>) {
        self.due = false;
        if let Some((image, changes)) = self.loader.take(self.provenance) {
            self.show(Arc::new(image), changes, ctx);
        }
        // Records that change nothing that is shown move it too.
        self.spec.shown.send_replace(self.provenance.offset);
    }

    fn show(&mut self, image: Arc<Image>, changes: Changes, ctx: &mut Context<Self>) {
        settings::take_effect(&self.spec.config, &image.configs, &self.spec.reconfigured);
        if !changes.client_quotas.is_empty() {
            self.spec.quotas.update(&image.client_quotas);
        }
        // From here on every request sees it; the actors are told after.
        let before = self.spec.image.swap(image.clone());
        self.watch.detail(format!("offset {}", image.provenance.offset));
        if self.schedule.take(self.spec.clock.now()) {
            self.spec.quorum.hand_in(image);
        }
        self.subscribers.iter_mut().for_each(|subscriber| subscriber.behind = true);
        self.tell(Some(&(before, Arc::new(changes))), ctx);
    }

    fn tell(&mut self, latest: Option<&(Arc<Image>, Arc<Changes>)>, ctx: &mut Context<Self>) {
        let image = self.spec.image.load_full();
        let mut again = false;
        for subscriber in self.subscribers.iter_mut().filter(|subscriber| subscriber.behind) {
            subscriber.behind = !subscriber.tell(&image, latest);
            again |= subscriber.behind;
        }
        if again && !self.tell_due {
            self.tell_due = true;
            ctx.run_later(TELL_AGAIN, |publisher, ctx| {
                publisher.tell_due = false;
                publisher.tell(None, ctx);
            });
        }
    }
}

impl Actor for Publisher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let address = ctx.address();
        let port = Port::from_fn(move |event| {
            address.try_send(event).map_err(|error| match error {
                actix::dev::SendError::Full(event) => Refused::Full(event),
                actix::dev::SendError::Closed(event) => Refused::Down(event),
            })
        });
        self.spec.quorum.subscribe(self.spec.name, port);
    }
}

impl Handler<QuorumEvent> for Publisher {
    type Result = ();

    fn handle(&mut self, event: QuorumEvent, ctx: &mut Self::Context) {
        match event {
            QuorumEvent::Loaded { image, log_bytes } => {
                self.provenance = image.provenance;
                let changes = Changes::between(&self.spec.image.load(), &image);
                self.loader.replace((*image).clone());
                self.schedule.loaded(log_bytes);
                self.show(image, changes, ctx);
                self.spec.shown.send_replace(self.provenance.offset);
            }
            QuorumEvent::Committed(batch) => {
                if let Err(error) = self.replay(&batch) {
                    tracing::error!(%error, offset = batch.first, "the metadata log cannot be replayed");
                    self.watch.fail();
                    return ctx.stop();
                }
                if !self.due {
                    self.due = true;
                    ctx.notify(Publish);
                }
            }
            QuorumEvent::Leading(..) | QuorumEvent::Following(_) => {}
        }
    }
}

/// Publishes what has gathered.
struct Publish;

impl Message for Publish {
    type Result = ();
}

impl Handler<Publish> for Publisher {
    type Result = ();

    fn handle(&mut self, _: Publish, ctx: &mut Self::Context) {
        self.publish(ctx);
    }
}

impl Handler<Stop> for Publisher {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
