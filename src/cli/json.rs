//! The JSON files that tools are told by, read as Kafka reads them, with its complaints.

use serde_json::Value;

use super::options::Exception;

const MAPPING: &str = "com.fasterxml.jackson.databind.JsonMappingException";

/// A file's text; a missing one is Java's exception.
pub(super) fn read(path: &str) -> Result<String, Exception> {
    std::fs::read_to_string(path)
        .map_err(|_| Exception::new("java.nio.file.NoSuchFileException", path))
}

/// What `text` says, if it is JSON.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// A field that must be there.
pub(super) fn field<'a>(of: &'a Value, name: &str) -> Result<&'a Value, Exception> {
    of.get(name).ok_or_else(|| mapping(format!("No such field exists: `{name}`")))
}

/// A field that must be text.
pub(super) fn text(of: &Value, name: &str) -> Result<String, Exception> {
    let value = field(of, name)?;
    let wrong = || mapping(format!("Expected `String` value, received {value}"));
    Ok(value.as_str().ok_or_else(wrong)?.to_owned())
}

/// A field that must be a number.
pub(super) fn number<N: TryFrom<i64>>(of: &Value, name: &str) -> Result<N, Exception> {
    let value = field(of, name)?;
    let number = value.as_i64().and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| mapping(format!("Expected a number, received {value}")))
}

/// A field that must be a list.
pub(super) fn list<'a>(of: &'a Value, name: &str) -> Result<&'a [Value], Exception> {
    let value = field(of, name)?;
    let wrong = || mapping(format!("Expected JSON array, received {value}"));
    Ok(value.as_array().ok_or_else(wrong)?)
}

fn mapping(message: String) -> Exception {
    Exception::new(MAPPING, message)
}

/// `error` as a tool throws it that expects none.
pub(super) fn unexpected(error: Exception) -> Exception {
    let line = error.line();
    Exception {
        class: "java.lang.RuntimeException".to_owned(),
        message: line.clone(),
        causes: vec![line],
        ..Exception::default()
    }
}
