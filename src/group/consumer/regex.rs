//! Subscriptions by regular expression: RE2's syntax, matched whole, in linear time, of a bounded compiled size.
//!
//! Kafka uses RE2/J. What the two syntaxes have in common is nearly all; `translate` and `describe` are for the rest.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use crate::error::{ApiError, ErrorCode};
use crate::metadata::Image;
use crate::types::{Millis, Offset};

/// What a compiled expression may take, in bytes. Kafka has no such bound.
const COMPILED_BYTES_MAX: usize = 1 << 20;

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
    // By itself first: a lone bracket must not be closed by what is put around it.
    let translated = translate(expression);
    build(&translated).map_err(|error| refuse(describe(&error)))?;
    build(&format!("^(?:{translated})$")).map_err(|error| refuse(describe(&error)))
}

fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .octal(true)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
}

/// Resolves an expression: the topics that match and may be known.
pub(crate) fn resolve(regex: &Regex, filter: &TopicFilter, image: &Image) -> BTreeSet<String> {
    let matching = image.topics.iter().filter(|topic| regex.is_match(&topic.name));
    matching.map(|topic| topic.name.as_ref().to_owned()).filter(|name| (filter.0)(name)).collect()
}

/// RE2's syntax to that of the engine: literal runs (`\Q…\E`), and classes, which nest and have operators there.
fn translate(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut rest = expression;
    let mut in_class = false;
    let mut class_start = false;
    while let Some(next) = rest.chars().next() {
        let at_start = std::mem::take(&mut class_start);
        if !in_class && let Some(quoted) = rest.strip_prefix("\\Q") {
            let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            out.push_str(&regex::escape(literal));
            rest = after;
            continue;
        }
        let mut taken = next.len_utf8();
        match next {
            '\\' => {
                let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
                taken += escaped;
                out.push_str(&rest[..taken]);
            }
            '[' if in_class => match rest.starts_with("[:").then(|| rest.find(":]")).flatten() {
                Some(end) => {
                    taken = end + 2;
                    out.push_str(&rest[..taken]);
                }
                None => out.push_str("\\["),
            },
            '[' => {
                in_class = true;
                class_start = true;
                out.push('[');
                if rest[1..].starts_with('^') {
                    taken += 1;
                    out.push('^');
                }
            }
            ']' if in_class && at_start => out.push_str("\\]"),
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(next);
            }
            other => out.push(other),
        }
        rest = &rest[taken..];
    }
    out
}

/// What RE2 says of such an error.
fn describe(error: &regex::Error) -> &'static str {
    const KNOWN: [(&str, &str); 12] = [
        ("unclosed character class", "missing closing ]"),
        ("repetition operator missing expression", "missing argument to repetition operator"),
        ("unclosed group", "missing closing )"),
        ("unopened group", "unexpected )"),
        ("incomplete escape sequence", "trailing backslash at end of expression"),
        ("unrecognized escape sequence", "invalid escape sequence"),
        ("backreferences are not supported", "invalid escape sequence"),
        ("look-around", "invalid or unsupported Perl syntax"),
        ("unrecognized flag", "invalid or unsupported Perl syntax"),
        ("invalid repetition count range", "invalid repetition size"),
        ("invalid character class range", "invalid character class range"),
        ("Unicode property not found", "invalid character class range"),
    ];
    let text = error.to_string();
    let known = KNOWN.iter().find(|(theirs, _)| text.contains(theirs));
    known.map_or("expression is too large", |(_, re2)| re2)
}
