//! Subscriptions by regular expression: which topics one stands for.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use regex::Regex;

use crate::error::{ApiError, ErrorCode};
use crate::metadata::Image;
use crate::re2;
use crate::types::{Millis, Offset};

/// A topic's name is given; whether who asks may know of it.
#[derive(Clone)]
pub struct TopicFilter(pub Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl fmt::Debug for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TopicFilter")
    }
}

impl Default for TopicFilter {
    /// Everyone may know of everything.
    fn default() -> Self {
        Self(Arc::new(|_| true))
    }
}

/// What an expression stood for when it was last resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The topics it matches.
    pub(crate) topics: BTreeSet<String>,
    /// The offset of the metadata it was resolved with.
    pub(crate) version: Offset,
    /// When that was.
    pub(crate) timestamp: Millis,
}

/// Compiles an expression.
///
/// # Errors
/// `INVALID_REGULAR_EXPRESSION`, with Kafka's text.
pub(crate) fn compile(expression: &str) -> Result<Regex, ApiError> {
    let refuse = |why: &str| {
        ApiError::new(
            ErrorCode::InvalidRegularExpression,
            format!(
                "SubscribedTopicRegex `{expression}` is not a valid regular expression: {why}."
            ),
        )
    };
    re2::compile(expression).map_err(refuse)
}

/// Resolves an expression: the topics that match and may be known.
pub(crate) fn resolve(regex: &Regex, filter: &TopicFilter, image: &Image) -> BTreeSet<String> {
    let matching = image.topics.iter().filter(|topic| regex.is_match(&topic.name));
    matching.map(|topic| topic.name.as_ref().to_owned()).filter(|name| (filter.0)(name)).collect()
}
