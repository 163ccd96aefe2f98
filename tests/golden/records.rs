//! Record batches against Kafka's own: good ones decode to the same records, damaged ones fail at the same stage with
//! the same error, and appends are judged and stored alike.
//!
//! Where Kafka answers −1 because something inside it failed, ours is an error of the protocol; nothing else may
//! differ.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use vltava::error::ErrorCode;
use vltava::log::append::PendingAppend;
use vltava::log::files::memory::MemoryFiles;
use vltava::log::settings::LogSettings;
use vltava::log::{Log, OpenOptions, producers};
use vltava::types::TopicPartition;
use vltava::wire::compression::{Codec, Compression};
use vltava::wire::records::{
    Batch, ControlType, Depth, EndTxnMarker, Options, Origin, Record, Rejected, Target,
    TimestampType, check, check_request, split,
};

use crate::messages::unhex;

/// What any batch here may unpack to.
const MAX_BYTES: usize = 64 << 20;
/// Above this many bytes a field is given by its size and digest.
const BIG: usize = 256;
/// How many of the vectors under `dir` we agree with, and how many there are.
pub(crate) fn run(dir: &Path) -> (usize, usize) {
    let mut tally = Tally::default();
    for line in lines(&dir.join("batches.jsonl")) {
        tally.note(&line["name"], good(&line));
    }
    for line in lines(&dir.join("damaged.jsonl")) {
        tally.note(&line["name"], damaged(&line));
    }
    let mut logs = HashMap::new();
    for line in lines(&dir.join("appends.jsonl")) {
        let log = logs.entry(line["scenario"].to_string()).or_insert_with(|| log(&line));
        tally.note(&json!([line["scenario"], line["step"], line["what"]]), append(&line, log));
    }
    (tally.passed, tally.total)
}

/// The same over a file of good batches alone: those beside this one are of our own making, and read by Kafka's tool.
pub(crate) fn run_file(path: &Path) -> (usize, usize) {
    let mut tally = Tally::default();
    for line in lines(path) {
        tally.note(&line["name"], good(&line));
    }
    (tally.passed, tally.total)
}

#[derive(Default)]
struct Tally {
    passed: usize,
    total: usize,
}

impl Tally {
    fn note(&mut self, name: &Value, outcome: Result<(), String>) {
        self.total += 1;
        match outcome {
            Ok(()) => self.passed += 1,
            Err(difference) => println!("records {name}: {difference}"),
        }
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a line of json")).collect()
}

fn bytes(line: &Value) -> Bytes {
    unhex(line["hex"].as_str().expect("bytes in hex"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn same(what: &str, ours: &Value, kafkas: &Value) -> Result<(), String> {
    if ours == kafkas { Ok(()) } else { Err(format!("{what}: ours {ours}\n  kafka's {kafkas}")) }
}

// ---- good batches ------------------------------------------------------------------------------------------------

fn good(line: &Value) -> Result<(), String> {
    let bytes = bytes(line);
    let mut found = Vec::new();
    for batch in split(&bytes) {
        let batch = batch.map_err(|error| error.to_string())?;
        batch.check_crc().map_err(|error| error.to_string())?;
        found.push(describe(&batch)?);
    }
    let mut expected = line["batches"].clone();
    for batch in expected.as_array_mut().expect("batches") {
        for record in batch["records"].as_array_mut().expect("records") {
            // control messages other than markers are the messages' own vectors
            record.as_object_mut().expect("a record").remove("control");
        }
    }
    same("batches", &json!(found), &expected)?;
    every_cut(&bytes)
}

/// A cut buffer holds the whole batches before the cut and no error.
fn every_cut(bytes: &[u8]) -> Result<(), String> {
    let ends: Vec<usize> = split(bytes)
        .flatten()
        .scan(0, |end, batch| {
            *end += batch.bytes().len();
            Some(*end)
        })
        .collect();
    for cut in (0..bytes.len()).step_by(1 + bytes.len() / 5_000) {
        let mut batches = split(&bytes[..cut]);
        let whole = batches.by_ref().filter(Result::is_ok).count();
        if whole != ends.iter().filter(|end| **end <= cut).count() {
            return Err(format!("cut at {cut}: {whole} batches"));
        }
    }
    Ok(())
}

fn describe(batch: &Batch<'_>) -> Result<Value, String> {
    let header = batch.header();
    let mut node = Map::new();
    let mut put = |name: &str, value: Value| node.insert(name.to_owned(), value);
    put("baseOffset", json!(header.base_offset));
    put("lastOffset", json!(header.last_offset()));
    put("sizeInBytes", json!(header.size_in_bytes()));
    put("partitionLeaderEpoch", json!(header.partition_leader_epoch));
    put("magic", json!(2));
    put("crc", json!(header.crc));
    put("compression", json!(header.codec().map_err(|error| error.to_string())?.name()));
    put("timestampType", json!(header.timestamp_type().name()));
    put("transactional", json!(header.is_transactional()));
    put("control", json!(header.is_control()));
    if let Some(horizon) = header.delete_horizon_ms() {
        put("deleteHorizonMs", json!(horizon));
    }
    put("baseTimestamp", json!(header.base_timestamp));
    put("maxTimestamp", json!(header.max_timestamp));
    put("producerId", json!(header.producer_id));
    put("producerEpoch", json!(header.producer_epoch));
    put("baseSequence", json!(header.base_sequence));
    put("lastSequence", json!(header.last_sequence()));
    put("count", json!(header.records_count));
    put("records", Value::Array(read(batch, header.is_control())?));
    Ok(Value::Object(node))
}

fn read(batch: &Batch<'_>, control: bool) -> Result<Vec<Value>, String> {
    let payload = batch.payload(MAX_BYTES).map_err(|error| error.to_string())?;
    let mut stream = batch.stream(MAX_BYTES).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for record in payload.records() {
        let record = record.map_err(|error| error.to_string())?;
        let value = describe_record(&record, control)?;
        let streamed = stream
            .next_record()
            .map_err(|error| error.to_string())?
            .ok_or("the stream ends early")?;
        same("streamed", &describe_record(&streamed, control)?, &value)?;
        found.push(value);
    }
    Ok(found)
}

fn describe_record(record: &Record<'_>, control: bool) -> Result<Value, String> {
    let mut node = Map::new();
    node.insert("offset".to_owned(), json!(record.offset));
    node.insert("timestamp".to_owned(), json!(record.timestamp));
    node.insert("sequence".to_owned(), json!(record.sequence));
    put_bytes(&mut node, "key", record.key);
    put_bytes(&mut node, "value", record.value);
    let headers = record.headers.map(|header| {
        let mut node = Map::new();
        node.insert("key".to_owned(), json!(header.key_text()));
        put_bytes(&mut node, "value", header.value);
        Value::Object(node)
    });
    node.insert("headers".to_owned(), headers.collect());
    if control {
        let kind = ControlType::parse(record.key).map_err(|error| error.to_string())?;
        node.insert("controlType".to_owned(), json!(kind.name()));
        if matches!(kind, ControlType::Abort | ControlType::Commit) {
            let marker = EndTxnMarker::decode(record.value).map_err(|error| error.to_string())?;
            node.insert("coordinatorEpoch".to_owned(), json!(marker.coordinator_epoch));
        }
    }
    Ok(Value::Object(node))
}

fn put_bytes(node: &mut Map<String, Value>, name: &str, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) if bytes.len() > BIG => {
            node.insert(format!("{name}Size"), json!(bytes.len()));
            node.insert(format!("{name}Sha256"), json!(hex(&sha256(bytes))));
        }
        bytes => {
            node.insert(name.to_owned(), json!(bytes.map(hex)));
        }
    }
}

// ---- damaged batches ---------------------------------------------------------------------------------------------

fn damaged(line: &Value) -> Result<(), String> {
    let bytes = bytes(line);
    let batches: Vec<_> = split(&bytes).collect();
    if let (Some(read_stage), true) = (line.get("read"), batches.iter().all(Result::is_ok)) {
        let found: Result<Vec<_>, String> =
            batches.iter().flatten().map(|batch| read(batch, false)).collect();
        match found {
            Ok(found) if ok(read_stage) => {
                same(
                    "read",
                    &Value::Array(found.into_iter().flatten().collect()),
                    &read_stage["records"],
                )?;
            }
            Ok(_) => return Err(format!("read, though kafka says {read_stage}")),
            // The format of lz4 knows no offset 0. Kafka's reader takes it for whatever lay in its memory.
            Err(error) if error.contains("OffsetZero") => return Ok(()),
            Err(error) if ok(read_stage) => return Err(format!("not read: {error}")),
            Err(_) => {}
        }
    }
    let produced = check_request(&bytes, 13);
    // a batch whose own header is cut short fails as a whole here, and with Kafka one stage later
    let early = matches!(&produced, Err(rejected) if rejected.code == ErrorCode::CorruptMessage)
        && ok(&line["produce"]);
    if !early {
        agree("produce", &produced, &line["produce"])?;
    }
    if produced.is_err() && !early {
        return Ok(()); // Kafka appends nothing of these, which no request gets as far as
    }
    let options = Options { depth: Depth::Records, ..Options::new("t", 0, NOW) };
    if is_poison(line) && check(bytes.clone(), &options).is_err() {
        return Ok(());
    }
    store(&bytes, &options, 0, &mut log(line), &line["append"])
}

/// Whether Kafka stores what its consumers then cannot read. Here that may be refused.
fn is_poison(line: &Value) -> bool {
    ok(&line["append"]) && line.get("read").is_some_and(|read| !ok(read))
}

fn ok(outcome: &Value) -> bool {
    outcome["ok"] == json!(true)
}

fn agree<T>(stage: &str, ours: &Result<T, Rejected>, kafkas: &Value) -> Result<(), String> {
    match ours {
        Ok(_) if ok(kafkas) => Ok(()),
        Ok(_) => Err(format!("{stage}: ours is ok, kafka's {kafkas}")),
        Err(rejected) if ok(kafkas) => Err(format!("{stage}: ours is {rejected}, kafka's is ok")),
        Err(rejected) => agree_on_errors(stage, rejected, kafkas),
    }
}

fn agree_on_errors(stage: &str, ours: &Rejected, kafkas: &Value) -> Result<(), String> {
    if kafkas["error"] == json!("UNKNOWN_SERVER_ERROR") {
        let better = [ErrorCode::CorruptMessage, ErrorCode::InvalidRecord].contains(&ours.code);
        return if better { Ok(()) } else { Err(format!("{stage}: {ours}")) };
    }
    same(stage, &json!(ours.code.name()), &kafkas["error"])?;
    // What is wrong within a payload is found in another order here.
    let of_payload =
        ["Found invalid", "Invalid negative", "Incorrect declared", "Reached end of input stream"];
    let of_payload = of_payload
        .iter()
        .any(|start| kafkas["message"].as_str().is_some_and(|text| text.starts_with(start)));
    let of_header = ours.message.starts_with("Record batch is corrupt");
    if !of_payload && !of_header {
        same(stage, &json!(ours.message), &kafkas["message"])?;
    }
    let record = |error: &vltava::wire::records::RecordError| json!({"batchIndex": error.batch_index, "message": error.message});
    let ours: Vec<_> = ours.record_errors.iter().map(record).collect();
    same(stage, &json!(ours), kafkas.get("recordErrors").unwrap_or(&json!([])))
}

// ---- appends -----------------------------------------------------------------------------------------------------

/// The time at which all appends happen.
const NOW: i64 = 1_700_000_000_000;

fn setting(line: &Value, key: &str) -> Option<String> {
    line.get("topicConfig")?.get(key)?.as_str().map(str::to_owned)
}

/// A log on memory, of the topic that a scenario has.
fn log(line: &Value) -> Log {
    let log_append_time =
        setting(line, "message.timestamp.type").as_deref() == Some("LogAppendTime");
    let settings = LogSettings { log_append_time, ..LogSettings::default() };
    let (files, at) = (Arc::new(MemoryFiles::new()), TopicPartition::new("t", 0));
    let options = OpenOptions { now: NOW, ..OpenOptions::default() };
    Log::open(files, Path::new("/logs/t-0"), at, Arc::new(settings), &options)
        .expect("memory takes a log")
}

fn append(line: &Value, log: &mut Log) -> Result<(), String> {
    let number = |key: &str| setting(line, key).and_then(|text| text.parse().ok());
    let default = Options::new("t", 0, NOW);
    let options = Options {
        origin: if line["origin"] == json!("client") {
            Origin::Client
        } else {
            Origin::Coordinator
        },
        compression: match setting(line, "compression.type").as_deref().unwrap_or("producer") {
            "producer" => Target::Producer,
            name => Target::To(Compression::from(Codec::from_name(name).expect("a codec"))),
        },
        timestamp_type: setting(line, "message.timestamp.type")
            .and_then(|name| TimestampType::from_name(&name))
            .unwrap_or_default(),
        timestamp_before_max_ms: number("message.timestamp.before.max.ms").unwrap_or(i64::MAX),
        timestamp_after_max_ms: number("message.timestamp.after.max.ms").unwrap_or(3_600_000),
        max_message_bytes: number("max.message.bytes")
            .map_or(default.max_message_bytes, |limit| limit as i32),
        segment_bytes: number("segment.bytes").map_or(default.segment_bytes, |limit| limit as i32),
        compacted: setting(line, "cleanup.policy").as_deref() == Some("compact"),
        depth: Depth::Records,
        ..default
    };
    let transaction_version = line["transactionVersion"].as_i64().unwrap_or_default() as i16;
    store(&bytes(line), &options, transaction_version, log, &line["outcome"])
}

/// Judges and appends `bytes`, and compares with what Kafka made of them.
fn store(
    bytes: &Bytes,
    options: &Options<'_>,
    transaction_version: i16,
    log: &mut Log,
    kafkas: &Value,
) -> Result<(), String> {
    let checked = check(bytes.clone(), options);
    if kafkas["ok"] == json!(true) && kafkas["lastOffset"] == json!(-1) {
        // a request as empty as this does not get as far
        return checked.map_or(Ok(()), |_| Err("stored, though kafka stores nothing".to_owned()));
    }
    let checked = match checked {
        Ok(checked) => checked,
        Err(rejected) => return agree("append", &Err::<(), _>(rejected), kafkas),
    };
    let origin = match options.origin {
        Origin::Client => producers::Origin::Client,
        Origin::Coordinator => producers::Origin::Coordinator,
    };
    let before = log.log_end_offset();
    let mut appends =
        [PendingAppend { transaction_version, ..PendingAppend::new(checked.bytes, origin) }];
    log.append_as_leader(&mut appends, 7, NOW).map_err(|error| error.to_string())?;
    log.set_high_watermark(log.log_end_offset());
    same("logEndOffset", &json!(log.log_end_offset()), &kafkas["logEndOffset"])?;
    same("lastStableOffset", &json!(log.view().last_stable_offset()), &kafkas["lastStableOffset"])?;
    match appends[0].result.take().ok_or("no result")? {
        Err(error) => same("append", &json!(error.code.name()), &kafkas["error"]),
        Ok(appended) => {
            same("duplicate", &json!(appended.duplicate), &kafkas["duplicate"])?;
            same("firstOffset", &json!(appended.base_offset), &kafkas["firstOffset"])?;
            same("lastOffset", &json!(appended.last_offset), &kafkas["lastOffset"])?;
            same("logAppendTime", &json!(appended.append_time), &kafkas["logAppendTime"])?;
            if appended.duplicate {
                return Ok(());
            }
            same("maxTimestamp", &json!(checked.header.max_timestamp), &kafkas["maxTimestamp"])?;
            let data = log
                .view()
                .read(before, usize::MAX, true, i64::MAX)
                .map_err(|error| error.to_string())?;
            let stored = data.to_vec().map_err(|error| error.to_string())?;
            let expected = unhex(kafkas["stored"].as_str().expect("stored bytes"));
            same_batch(&stored, &expected, options.compression)
        }
    }
}

/// The same bytes; where the batch was packed anew, the same header (but for length and crc) and the same records.
fn same_batch(ours: &[u8], kafkas: &[u8], wanted: Target) -> Result<(), String> {
    if ours == kafkas {
        return Ok(());
    }
    let repacked = matches!(wanted, Target::To(compression) if compression.codec != Codec::None);
    if !repacked {
        return Err(format!("stored {}\n  kafka's {}", hex(ours), hex(kafkas)));
    }
    let mut described = Vec::new();
    for bytes in [ours, kafkas] {
        let batch =
            split(bytes).next().ok_or("nothing is stored")?.map_err(|error| error.to_string())?;
        batch.check_crc().map_err(|error| error.to_string())?;
        let mut batch = describe(&batch)?;
        for varies in ["sizeInBytes", "crc"] {
            batch.as_object_mut().expect("a batch").remove(varies);
        }
        described.push(batch);
    }
    same("stored", &described[0], &described[1])
}

// ---- digest ------------------------------------------------------------------------------------------------------

/// SHA-256 (FIPS 180-4), with its constants from their definition: roots of the first primes.
fn sha256(bytes: &[u8]) -> [u8; 32] {
    let primes: Vec<u32> = (2..312).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
    let root = |prime: u32, cube: bool| {
        // the first 32 bits of the fraction of the root, by bisection in integers
        let (mut low, mut high) = (0_u128, 1_u128 << 40);
        while high - low > 1 {
            let middle = (low + high) / 2;
            let power = if cube { middle.pow(3) >> 32 } else { middle.pow(2) };
            if power <= u128::from(prime) << 64 { low = middle } else { high = middle }
        }
        low as u32
    };
    let k: Vec<u32> = primes.iter().take(64).map(|prime| root(*prime, true)).collect();
    let mut hash: Vec<u32> = primes.iter().take(8).map(|prime| root(*prime, false)).collect();
    let mut message = bytes.to_vec();
    message.push(0x80);
    message.resize((message.len() + 8).next_multiple_of(64) - 8, 0);
    message.extend((bytes.len() as u64 * 8).to_be_bytes());
    for block in message.chunks_exact(64) {
        let mut w: Vec<u32> = block
            .chunks_exact(4)
            .map(|word| u32::from_be_bytes(word.try_into().expect("four bytes")))
            .collect();
        for t in 16..64 {
            let s0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ w[t - 15] >> 3;
            let s1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ w[t - 2] >> 10;
            w.push(w[t - 16].wrapping_add(s0).wrapping_add(w[t - 7]).wrapping_add(s1));
        }
        let mut v = hash.clone();
        for t in 0..64 {
            let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = v[4] & v[5] ^ !v[4] & v[6];
            let one =
                v[7].wrapping_add(s1).wrapping_add(choice).wrapping_add(k[t]).wrapping_add(w[t]);
            let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let two = s0.wrapping_add(v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(one);
            v[0] = one.wrapping_add(two);
        }
        hash.iter_mut().zip(v).for_each(|(hash, value)| *hash = hash.wrapping_add(value));
    }
    let mut digest = [0; 32];
    digest
        .chunks_exact_mut(4)
        .zip(hash)
        .for_each(|(out, word)| out.copy_from_slice(&word.to_be_bytes()));
    digest
}
