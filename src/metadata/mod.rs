//! The cluster as records, as an immutable image, and as the difference between two.

/// The cluster's metadata at one offset of the metadata log.
#[derive(Clone, Debug, Default)]
pub struct Image {}
