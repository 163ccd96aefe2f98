//! From the committed metadata log to images: replays what the quorum tells, and publishes.
//!
//! Whatever is committed while one image is being published goes into the next as one change. Subscribers are told in the
//! order in which they were given: the partitions come before the coordinators, since these write to those. Never decides.

use std::sync::Arc;

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message};
use arc_swap::ArcSwap;

use crate::error::Error;
use crate::metadata::changes::Changes;
use crate::metadata::loader::Loader;
use crate::metadata::{Image, Provenance};
use crate::raft::events::{CommittedBatch, QuorumEvent};
use crate::raft::quorum_actor::Quorum;
use crate::supervision::{DeathWatch, Port, Stop};

/// How many events may wait.
pub const MAILBOX: usize = 4096;

/// A new image and what it changes.
#[derive(Clone, Debug)]
pub struct Published {
    /// The metadata now.
    pub image: Arc<Image>,
    /// What differs from the image before.
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
    /// Who is told of each new image, in order.
    pub subscribers: Vec<Port<Published>>,
    /// Under which name the quorum knows this publisher.
    pub name: &'static str,
}

/// The actor that publishes.
pub struct Publisher {
    spec: PublisherSpec,
    loader: Loader,
    provenance: Provenance,
    due: bool,
    watch: DeathWatch,
}

impl Publisher {
    /// A publisher that has been told nothing.
    pub fn new(spec: PublisherSpec, watch: DeathWatch) -> Self {
        Self {
            spec,
            loader: Loader::default(),
            provenance: Provenance::default(),
            due: false,
            watch,
        }
    }

    fn replay(&mut self, batch: &CommittedBatch) -> Result<(), Error> {
        batch.records.iter().try_for_each(|record| self.loader.replay(record))?;
        self.provenance =
            Provenance { offset: batch.last, epoch: batch.epoch, timestamp: batch.timestamp };
        Ok(())
    }

    fn publish(&mut self) {
        self.due = false;
        if let Some((image, changes)) = self.loader.take(self.provenance) {
            self.tell(Arc::new(image), changes);
        }
    }

    fn tell(&self, image: Arc<Image>, changes: Changes) {
        self.spec.image.store(image.clone());
        let published = Published { image, changes: Arc::new(changes) };
        for subscriber in &self.spec.subscribers {
            if subscriber.try_send(published.clone()).is_err() {
                tracing::warn!("a subscriber misses an image; it compares when it sees the next");
            }
        }
    }
}

impl Actor for Publisher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let address = ctx.address();
        let port = Port::from_fn(move |event| {
            use crate::supervision::Refused;
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
            QuorumEvent::Loaded { image, .. } => {
                self.provenance = image.provenance;
                let changes = Changes::between(&self.spec.image.load(), &image);
                self.loader.replace((*image).clone());
                self.tell(image, changes);
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

    fn handle(&mut self, _: Publish, _: &mut Self::Context) {
        self.publish();
    }
}

impl Handler<Stop> for Publisher {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
