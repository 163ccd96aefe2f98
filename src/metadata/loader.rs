//! From committed records to images, transaction by transaction (KIP-868). Never shows half of one.
//!
//! A transaction may span many batches; within one the delta grows on and the state before it is kept aside, so that an
//! abort is one assignment.

use super::changes::Changes;
use super::delta::Delta;
use super::image::{Image, Provenance};
use crate::error::Error;
use crate::wire::stored::metadata::MetadataRecord;

/// Replays committed records, and gives out an image when no transaction is open.
#[derive(Debug, Default)]
pub struct Loader {
    image: Image,
    /// What has come since; none while nothing has.
    delta: Option<Box<Delta>>,
    /// The delta as it was when the open transaction began.
    before: Option<Box<Delta>>,
}

impl Loader {
    /// Goes on from `image`.
    pub const fn new(image: Image) -> Self {
        Self { image, delta: None, before: None }
    }

    /// The image last given out.
    pub const fn image(&self) -> &Image {
        &self.image
    }

    /// Whether a transaction is open.
    pub const fn is_in_transaction(&self) -> bool {
        self.before.is_some()
    }

    /// Replays one record.
    pub fn replay(&mut self, record: &MetadataRecord) -> Result<(), Error> {
        let delta = self.delta.get_or_insert_with(|| Box::new(Delta::new(&self.image)));
        match record {
            MetadataRecord::BeginTransaction(_) if self.before.is_some() => {
                Err(misfit("begins within another"))
            }
            MetadataRecord::BeginTransaction(_) => {
                self.before = Some(delta.clone());
                Ok(())
            }
            MetadataRecord::EndTransaction(_) => {
                self.before.take().map(drop).ok_or_else(|| misfit("ends that never began"))
            }
            MetadataRecord::AbortTransaction(_) => match self.before.take() {
                Some(before) => {
                    *delta = before;
                    Ok(())
                }
                None => Err(misfit("is aborted that never began")),
            },
            other => delta.replay(other),
        }
    }

    /// The image up to `provenance` and what changed since the last one; none while a transaction is open.
    pub fn take(&mut self, provenance: Provenance) -> Option<(Image, Changes)> {
        if self.before.is_some() {
            return None;
        }
        let changes = match self.delta.take() {
            Some(delta) => {
                let (image, changes) = delta.apply(provenance);
                self.image = image;
                changes
            }
            None => {
                self.image.provenance = provenance;
                Changes::default()
            }
        };
        Some((self.image.clone(), changes))
    }

    /// Puts `image`, loaded from a snapshot, in the place of what was; what changed by that. An open transaction is
    /// forgotten: a snapshot never has half of one.
    pub fn replace(&mut self, image: Image) -> Changes {
        let changes = Changes::between(&self.image, &image);
        *self = Self::new(image);
        changes
    }
}

fn misfit(what: &str) -> Error {
    Error::Corrupt(format!("metadata log: a transaction {what}"))
}
