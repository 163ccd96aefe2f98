//! A line of input as a record: headers, key and value, told apart by separators (`LineMessageReader`).

use crate::cli::options::Exception;
use crate::cli::tool::{Properties, property};

/// One record in the making: parts of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) headers: Vec<Header<'a>>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
}

/// The key and the value of a header.
type Header<'a> = (&'a [u8], Option<&'a [u8]>);

/// How lines are read.
pub(super) struct LineReader {
    parse_key: bool,
    parse_headers: bool,
    ignore_error: bool,
    key_separator: Vec<u8>,
    headers_delimiter: Vec<u8>,
    headers_separator: Vec<u8>,
    headers_key_separator: Vec<u8>,
    null_marker: Option<Vec<u8>>,
}

impl LineReader {
    /// Lines read by these properties.
    pub(super) fn new(properties: &Properties) -> Result<Self, Exception> {
        let flag = |name| {
            property(properties, name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
        };
        let text =
            |name, default: &str| property(properties, name).unwrap_or(default).as_bytes().to_vec();
        let reader = Self {
            parse_key: flag("parse.key"),
            parse_headers: flag("parse.headers"),
            ignore_error: flag("ignore.error"),
            key_separator: text("key.separator", "\t"),
            headers_delimiter: text("headers.delimiter", "\t"),
            headers_separator: text("headers.separator", ","),
            headers_key_separator: text("headers.key.separator", ":"),
            null_marker: property(properties, "null.marker").map(|text| text.as_bytes().to_vec()),
        };
        if reader.parse_headers {
            let same =
                |one: &str, other: &str| Err(wrong(format!("{one} and {other} may not be equal")));
            if reader.headers_delimiter == reader.headers_separator {
                return same("headers.delimiter", "headers.separator");
            }
            if reader.headers_separator == reader.headers_key_separator {
                return same("headers.separator", "headers.key.separator");
            }
        }
        Ok(reader)
    }

    /// The record of a line; the error is Java's.
    pub(super) fn parse<'a>(&self, line: &'a [u8], number: usize) -> Result<Line<'a>, Exception> {
        let mut rest = line;
        let headers =
            self.take(self.parse_headers, &mut rest, &self.headers_delimiter, "headers delimiter");
        let key = headers.and_then(|headers| {
            let key = self.take(self.parse_key, &mut rest, &self.key_separator, "key separator")?;
            Ok((headers, key))
        });
        let (headers, key) = key.map_err(|name| {
            let line = String::from_utf8_lossy(line);
            wrong(format!("No {name} found on line number {number}: '{line}'"))
        })?;
        let headers = match headers.filter(|headers| !self.is_null(headers)) {
            Some(headers) => self.headers(headers, number)?,
            None => Vec::new(),
        };
        Ok(Line { headers, key: key.and_then(|key| self.bytes(key)), value: self.bytes(rest) })
    }

    /// What stands before `separator`, which is passed over too; the error is the name of what is missing.
    fn take<'a>(
        &self,
        enabled: bool,
        rest: &mut &'a [u8],
        separator: &[u8],
        name: &'static str,
    ) -> Result<Option<&'a [u8]>, &'static str> {
        if !enabled {
            return Ok(None);
        }
        match find(rest, separator) {
            Some(at) => {
                let (taken, behind) = rest.split_at(at);
                *rest = behind.get(separator.len()..).unwrap_or_default();
                Ok(Some(taken))
            }
            None if self.ignore_error => Ok(None),
            None => Err(name),
        }
    }

    fn is_null(&self, bytes: &[u8]) -> bool {
        self.null_marker.as_deref() == Some(bytes)
    }

    fn bytes<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        (!self.is_null(bytes)).then_some(bytes)
    }

    fn headers<'a>(&self, text: &'a [u8], number: usize) -> Result<Vec<Header<'a>>, Exception> {
        let mut headers = Vec::new();
        let mut rest = Some(text);
        while let Some(text) = rest {
            let end = find(text, &self.headers_separator);
            let pair = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
            rest = end.and_then(|end| text.get(end + self.headers_separator.len()..));
            let Some(at) = find(pair, &self.headers_key_separator) else {
                if self.ignore_error {
                    headers.push((pair, None));
                    continue;
                }
                return Err(wrong(format!(
                    "No header key separator found in pair '{}' on line number {number}",
                    String::from_utf8_lossy(pair)
                )));
            };
            let (name, value) = pair.split_at(at);
            if self.is_null(name) {
                return Err(wrong(format!(
                    "Header keys should not be equal to the null marker '{}' as they can't be null",
                    String::from_utf8_lossy(name)
                )));
            }
            let value = value.get(self.headers_key_separator.len()..).unwrap_or_default();
            headers.push((name, self.bytes(value)));
        }
        Ok(headers)
    }
}

fn wrong(message: String) -> Exception {
    Exception::new("org.apache.kafka.common.KafkaException", message)
}

/// Where `part` first stands in `bytes`.
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(properties: &[(&str, &str)]) -> LineReader {
        let owned = properties.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        LineReader::new(&owned.collect()).expect("it can be read")
    }

    fn bytes(text: &str) -> Option<&[u8]> {
        Some(text.as_bytes())
    }

    #[test]
    fn a_line_is_a_value() {
        let line = reader(&[]).parse(b"a\tb", 1);
        assert_eq!(line, Ok(Line { value: bytes("a\tb"), ..Line::default() }));
    }

    #[test]
    fn headers_key_and_value() {
        let reader =
            reader(&[("parse.key", "true"), ("parse.headers", "true"), ("null.marker", "NULL")]);
        let line = reader.parse(b"h1:v1,h2:NULL\tkey\tvalue\twith tab", 1).expect("a line");
        assert_eq!(line.headers, [(&b"h1"[..], bytes("v1")), (&b"h2"[..], None)]);
        assert_eq!((line.key, line.value), (bytes("key"), bytes("value\twith tab")));
        let line = reader.parse(b"NULL\tNULL\tNULL", 1);
        assert_eq!(line, Ok(Line::default()));
        let says = |line: &[u8]| reader.parse(line, 7).expect_err("it is wrong").message;
        assert_eq!(says(b"none"), "No headers delimiter found on line number 7: 'none'");
        assert_eq!(says(b"h:v\tno"), "No key separator found on line number 7: 'h:v\tno'");
        assert_eq!(says(b"h\tk\tv"), "No header key separator found in pair 'h' on line number 7");
    }

    #[test]
    fn errors_can_be_ignored() {
        let reader = reader(&[("parse.key", "true"), ("ignore.error", "true")]);
        assert_eq!(reader.parse(b"v", 1), Ok(Line { value: bytes("v"), ..Line::default() }));
    }
}
