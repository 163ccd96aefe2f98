//! The directory of a log that is new: made aside under the name of one that is being removed, and given its own name
//! once it is whole. Never touches a directory that is there.
//!
//! ```text
//! t-0.<32 digits>-delete/    what a death leaves half made: the next start removes it, Kafka's too
//!     partition.metadata
//!     leader-epoch-checkpoint
//!     00000000000000000000.log
//! t-0/                       the same, under its own name
//! ```
//!
//! Whoever finds a partition's directory thus finds in it whose it is.

use std::path::Path;
use std::sync::Arc;

use super::epochs::{self, Epochs};
use super::partition_metadata;
use super::producers::Producers;
use super::recovery::Loaded;
use super::segment::{Place, Segment};
use super::{OpenOptions, names};
use crate::error::Error;
use crate::types::TopicPartition;

/// Makes the directory of `place`, which is not there, for a log without records.
pub(super) fn make(
    place: &Arc<Place>,
    at: &TopicPartition,
    options: &OpenOptions,
) -> Result<Loaded, Error> {
    let dir = place.dir();
    let aside = dir.with_file_name(names::deleted(at, options.life));
    // Of an attempt that has failed, maybe.
    place.files.create_dir(&aside).map_err(Error::io(aside.display()))?;
    place.set_dir(aside.clone());
    let made = fill(place, &aside, options);
    place.set_dir(dir.to_path_buf());
    let made = made?;
    place.files.rename(&aside, &dir).map_err(Error::io(dir.display()))?;
    Ok(made)
}

fn fill(place: &Arc<Place>, dir: &Path, options: &OpenOptions) -> Result<Loaded, Error> {
    let start = options.log_start_offset;
    let owner = &options.owner;
    if let Some(id) = owner.topic_id {
        partition_metadata::write_new(&*place.files, dir, id)?;
    }
    let mut epochs = Epochs::default();
    if let Some(epoch) = owner.leader_epoch {
        epochs.assign(epoch, start);
    }
    epochs::write_new(&*place.files, dir, &epochs)?;
    let segment = Segment::create(place, start)?;
    segment.close_file();
    Ok(Loaded {
        segments: vec![segment],
        log_start_offset: start,
        log_end_offset: start,
        recovery_point: if options.clean_shutdown {
            start
        } else {
            options.recovery_point.min(start)
        },
        epochs,
        epochs_stored: true,
        producers: Producers::default(),
        snapshots: Default::default(),
        new_dir: true,
        topic_id: owner.topic_id,
    })
}
