//! Vectors of messages. A line of `NAME.jsonl` or `messages.jsonl` is `{name, version, hex, json, …}`; a line of
//! `damaged.jsonl` says whether the bytes can be read, and what is written back.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;
use vltava::wire::api_key::ApiKey;
use vltava::wire::codec::{DecodeError, EncodeError, Reader, Writer};
use vltava::wire::header::{RequestHeader, ResponseHeader};
use vltava::wire::message::Message;

use crate::table::{Codec, codec, reframe};

/// A message that was read.
pub(crate) struct Outcome {
    /// It as JSON.
    pub(crate) json: Value,
    /// How many bytes were left.
    pub(crate) left: usize,
    /// It written back.
    pub(crate) again: Result<Bytes, EncodeError>,
}

/// Reads `bytes` as an `M` and writes it back.
pub(crate) fn read<M: Message>(bytes: Bytes, version: i16) -> Result<Outcome, DecodeError> {
    let mut reader = Reader::new(bytes);
    let message = M::decode(&mut reader, version)?;
    let mut writer = Writer::new();
    let again = message.encode(&mut writer, version).map(|()| writer.freeze());
    Ok(Outcome { json: message.to_json(version), left: reader.remaining(), again })
}

/// Runs over every file of vectors in `directory`: how many passed, of how many.
pub(crate) fn run(directory: &Path) -> (usize, usize) {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .expect("the directory of vectors")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files
        .iter()
        .map(|file| run_file(file))
        .fold((0, 0), |sum, tally| (sum.0 + tally.0, sum.1 + tally.1))
}

/// Runs over one file of vectors.
pub(crate) fn run_file(file: &Path) -> (usize, usize) {
    let (mut passed, mut total) = (0, 0);
    for line in fs::read_to_string(file).expect("a file of vectors").lines() {
        let vector: Value = serde_json::from_str(line).expect("a vector is JSON");
        total += 1;
        match check(&vector) {
            Ok(()) => passed += 1,
            Err(why) => println!("{}: {} {why}", text(&vector, "name"), vector["version"]),
        }
    }
    (passed, total)
}

fn check(vector: &Value) -> Result<(), String> {
    let name = text(vector, "name");
    let version = i16::try_from(vector["version"].as_i64().expect("a version")).expect("a version");
    let bytes = unhex(text(vector, "hex"));
    let codec = codec(name).ok_or("is no message")?;
    if vector["outcome"].is_string() {
        return check_damaged(vector, &codec, version, bytes);
    }
    let outcome =
        (codec.read)(bytes.clone(), version).map_err(|error| format!("is not read: {error}"))?;
    same("left", &outcome.left, &0)?;
    if !same_json(&outcome.json, &vector["json"]) {
        return Err(format!("json: got {}, expected {}", outcome.json, vector["json"]));
    }
    same("bytes", &outcome.again, &Ok(bytes.clone()))?;
    for end in 0..bytes.len() {
        if (codec.probe)(bytes.slice(..end), version).is_ok() {
            return Err(format!("is read though cut at {end}"));
        }
    }
    if vector["headerHex"].is_string() {
        check_header(vector, version)?;
    }
    if vector["framedHex"].is_string() {
        let framed = unhex(text(vector, "framedHex"));
        same("frame", &reframe(text(vector, "kind"), name, version, framed.clone()), &Ok(framed))?;
    }
    Ok(())
}

fn check_damaged(vector: &Value, codec: &Codec, version: i16, bytes: Bytes) -> Result<(), String> {
    match (text(vector, "outcome"), (codec.read)(bytes, version)) {
        ("refused", Err(_)) => Ok(()),
        ("refused", Ok(_)) => {
            Err(format!("is read though others refuse it: {}", text(vector, "hex")))
        }
        (_, Err(error)) => Err(format!("is refused: {error}: {}", text(vector, "hex"))),
        (_, Ok(outcome)) => {
            same("left", &outcome.left, &(vector["left"].as_u64().expect("a number") as usize))?;
            // What can be read and not be written again: a tag that is known, among those that are not.
            if vector["writeException"].is_string() {
                return match outcome.again {
                    Err(_) => Ok(()),
                    Ok(_) => {
                        Err(format!("is written though others cannot: {}", text(vector, "hex")))
                    }
                };
            }
            same("bytes", &outcome.again, &Ok(unhex(text(vector, "again"))))
        }
    }
}

/// The header of a request or response is read, written back, and of the version that the table of APIs says.
fn check_header(vector: &Value, version: i16) -> Result<(), String> {
    let bytes = unhex(text(vector, "headerHex"));
    let key = vector["apiKey"].as_i64().expect("a key") as i16;
    let key = ApiKey::from_code(key).ok_or("is of an unknown API")?;
    let is_request = text(vector, "kind") == "request";
    let header_version = if is_request {
        key.request_header_version(version)
    } else {
        key.response_header_version(version)
    };
    same(
        "header version",
        &i64::from(header_version),
        &vector["headerVersion"].as_i64().expect("a version"),
    )?;
    let read = if is_request { read::<RequestHeader> } else { read::<ResponseHeader> };
    let outcome = read(bytes.clone(), header_version)
        .map_err(|error| format!("has no readable header: {error}"))?;
    same("header", &outcome.again, &Ok(bytes))
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected {
        Ok(())
    } else {
        Err(format!("{what}: got {got:?}, expected {expected:?}"))
    }
}

/// Equal, where decimal fractions may differ in the last place: the bytes tell those apart.
fn same_json(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().expect("a float"), b.as_f64().expect("a float"));
            (a - b).abs() <= a.abs() * 1e-15
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same_json(a, b)))
        }
        _ => one == other,
    }
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("a vector without {field}"))
}

/// `00ff` → two bytes.
pub(crate) fn unhex(text: &str) -> Bytes {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hex digit") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
