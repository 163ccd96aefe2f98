//! The cluster as records, as an immutable [`Image`], and as the difference between two.
//!
//! Records of the metadata log go into a [`Delta`], a delta becomes the next image, and an image becomes records again
//! for a snapshot. Pure, but for [`snapshot`]'s files and [`store`]. Never decides anything: that is the controller's.
//!
//! # In which order to read
//!
//! 1. [`image`], and its parts: [`topics`], [`cluster`], [`configs`], [`features`], [`acls`], [`quotas`], [`access`].
//! 2. [`delta`]: what each record does. [`changes`]: what of an image others have to look at again.
//! 3. [`loader`]: the same with transactions. [`records`]: the way back.
//! 4. [`snapshot`] and [`bootstrap`]: files. [`store`]: a copy in sled.
//!
//! # The life of a record
//!
//! ```text
//! controller ──▶ metadata log ──▶ committed ──▶ Loader ──▶ Image, Changes ──▶ broker::publisher ──▶ everybody
//!     ╰──▶ Delta, at once: the controller's own state                 ╰──▶ snapshot ──▶ the log before it may go
//! ```
//!
//! # What must stay true
//!
//! * An image is never changed. It is made of persistent maps, so the next one shares with it all that is the same, and
//!   comparing two costs what differs.
//! * The same records over the same image make the same image, on every node. Whatever a node thinks of a record, it
//!   takes it in.
//! * An image as records, replayed over nothing, is that image, as far as its metadata version has a place for it.
//! * Nothing here has a default value of a setting: what is not set is not there.

// SCRAM credentials and delegation tokens, as data.
pub mod access;
// Access control entries, as data.
pub mod acls;
// What a new cluster begins with.
pub mod bootstrap;
// What differs between two images.
pub mod changes;
// Registered brokers and controllers.
pub mod cluster;
// Dynamic configuration by resource.
pub mod configs;
// Records over an image.
pub mod delta;
// Metadata versions, features, and which levels of them this build has.
pub mod features;
// The whole of it at one offset.
pub mod image;
// Committed records to images, transaction by transaction.
pub mod loader;
// Client quotas, as data.
pub mod quotas;
// An image as records.
pub mod records;
// Snapshots in Kafka's form.
pub mod snapshot;
// A copy of the latest image in sled.
pub mod store;
// Topics and their partitions.
pub mod topics;

pub use changes::Changes;
pub use delta::Delta;
pub use features::MetadataVersion;
pub use image::{Image, Provenance};
pub use loader::Loader;

#[cfg(test)]
mod tests;
