//! The cluster as records, as an immutable [`Image`], and as the difference between two.
//!
//! Records of the metadata log go into a [`Delta`], a delta becomes the next image, and an image becomes records again
//! for a snapshot. Pure, but for [`snapshot`]'s files and [`store`]. Never decides anything: that is the controller's.

/// ACLs, SCRAM credentials and delegation tokens, as data.
pub mod access;
/// Registered brokers and controllers.
pub mod cluster;
/// Dynamic configuration by resource.
pub mod configs;
/// Metadata versions, features, and which levels of them this build has.
pub mod features;
/// The whole of it at one offset.
pub mod image;
/// Client quotas, as data.
pub mod quotas;
/// Topics and their partitions.
pub mod topics;

pub use features::MetadataVersion;
pub use image::{Image, Provenance};
