//! Creating topics that somebody asks for (`auto.create.topics.enable`), and the coordinators' own.

use std::collections::BTreeSet;

use super::context::Call;
use crate::error::ErrorCode;

/// Creates the topics in `names` that may be; those that were not, and what their asker is told.
pub(crate) async fn create(call: &Call, names: BTreeSet<String>) -> Vec<(String, ErrorCode)> {
    let _ = call;
    names.into_iter().map(|name| (name, ErrorCode::UnknownTopicOrPartition)).collect()
}
