//! Which topic names are allowed, and which two would be one in the names of metrics. Never looks at what exists.
//!
//! Kafka's metrics write `.` as `_`, so `a.b` and `a_b` would be one series: the second of two such topics is refused.

use crate::error::{ApiError, ErrorCode};

/// The longest name: a directory's name may have 255 characters, and `-` with a partition's number, or a suffix for
/// renaming, must still fit.
const NAME_LENGTH_MAX: usize = 249;

/// Whether `name` may name a topic; the error says why not, in Kafka's words.
pub fn validate(name: &str) -> Result<(), ApiError> {
    let Some(reason) = reason_invalid(name) else { return Ok(()) };
    Err(ApiError::new(ErrorCode::InvalidTopicException, format!("Topic name is invalid: {reason}")))
}

fn reason_invalid(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the empty string is not allowed".to_owned());
    }
    if name == "." || name == ".." {
        return Some(format!("'{name}' is not allowed"));
    }
    if name.encode_utf16().count() > NAME_LENGTH_MAX {
        return Some(format!(
            "the length of '{name}' is longer than the max allowed length {NAME_LENGTH_MAX}"
        ));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !name.bytes().all(legal) {
        return Some(format!(
            "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        ));
    }
    None
}

/// The name under which `topic` would appear in a metric; none when it cannot collide with another.
pub(crate) fn unified(topic: &str) -> Option<String> {
    topic.contains(['.', '_']).then(|| topic.replace('.', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(name: &str) -> String {
        validate(name).expect_err("the name should be refused").text().to_owned()
    }

    #[test]
    fn names_are_judged_as_kafka_judges_them() {
        assert_eq!(validate("tour-a"), Ok(()));
        assert_eq!(validate(&"x".repeat(249)), Ok(()));
        assert_eq!(reason(""), "Topic name is invalid: the empty string is not allowed");
        assert_eq!(reason(".."), "Topic name is invalid: '..' is not allowed");
        assert!(reason(&"x".repeat(250)).ends_with("is longer than the max allowed length 249"));
        assert_eq!(
            reason("tour/bad"),
            "Topic name is invalid: 'tour/bad' contains one or more characters other than ASCII alphanumerics, '.', \
             '_' and '-'"
        );
    }

    #[test]
    fn dots_and_underscores_collide() {
        assert_eq!(unified("a.b_c").as_deref(), Some("a_b_c"));
        assert_eq!(unified("a-b"), None);
    }
}
