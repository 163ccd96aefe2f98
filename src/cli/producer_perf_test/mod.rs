//! `kafka-producer-perf-test`: how fast records can be produced, with Kafka's options, words and exit codes.
//!
//! Caveat: transactions need a cluster of transaction version 2.

mod payload;
mod stats;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::argparse::{Parsed, Program, Stop};
use super::options::Exception;
use super::pace::Pace;
use super::producer::metrics::Value;
use super::producer::settings::Settings;
use super::producer::{Producer, Record};
use super::progress::Progress;
use super::tool::{self, Properties, property};
use super::{complain, say};
use crate::clock::Clock;
use crate::types::Uuid;
use payload::Payload;
use stats::Stats;

const TOOL: Program = Program {
    name: "kafka-producer-perf-test",
    help: include_str!("../usage/producer-perf-test.txt"),
    commands: &[],
};

/// How long a transaction takes unless the options say, in milliseconds.
const TRANSACTION_MS: i64 = 3_000;

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    if args.is_empty() {
        say(TOOL.help);
        return 0;
    }
    match TOOL.parse(args).and_then(|parsed| options(&parsed)) {
        Ok(outcome) => match outcome.and_then(|options| tool::run(produce(options))) {
            Ok(()) => 0,
            Err(thrown) => tool::thrown_in_main(&thrown),
        },
        Err(stop) => tool::unparsed(stop, 1),
    }
}

struct Options {
    topic: String,
    records: u64,
    warmup: u64,
    throughput: f64,
    interval: Duration,
    payload: Payload,
    print_metrics: bool,
    producer: Settings,
    /// How long a transaction takes.
    transaction: Option<Duration>,
}

/// The inner error is one that Java would throw.
fn options(parsed: &Parsed) -> Result<Result<Options, Exception>, Stop> {
    let long = |name| TOOL.number::<i64>(parsed, name, "Long");
    let records = long("num-records")?.unwrap_or_default();
    let throughput = TOOL.number::<f64>(parsed, "throughput", "Double")?.unwrap_or(-1.0);
    let size = TOOL.number::<i64>(parsed, "record-size", "Integer")?;
    let warmup = long("warmup-records")?.unwrap_or_default();
    let interval = long("reporting-interval")?.unwrap_or(5000);
    if records <= 0 {
        return Err(TOOL.wrong("--num-records should be greater than zero."));
    }
    if warmup >= records {
        return Err(TOOL.wrong(
            "The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.",
        ));
    }
    if size.is_some_and(|size| size <= 0) {
        return Err(TOOL.wrong("--record-size should be greater than zero."));
    }
    let duration = long("transaction-duration-ms")?;
    if duration.is_some_and(|duration| duration <= 0) {
        return Err(TOOL.wrong("--transaction-duration-ms should be greater than zero."));
    }
    if interval <= 0 {
        return Err(TOOL.wrong("--reporting-interval should be greater than zero."));
    }
    let sources = [
        "bootstrap-server",
        "command-property",
        "producer-props",
        "producer.config",
        "command-config",
    ];
    if !sources.iter().any(|source| parsed.has(source)) {
        return Err(TOOL.wrong(
            "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or \
             --command-config must be specified.",
        ));
    }
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(properties(parsed).and_then(|properties| {
        let producer = Settings::new(&properties)?;
        let is_transactional = producer.transactional_id.is_some();
        let duration = Duration::from_millis(unsigned(duration.unwrap_or(TRANSACTION_MS)));
        Ok(Options {
            transaction: is_transactional.then_some(duration),
            topic: parsed.value("topic").unwrap_or_default().to_owned(),
            records: unsigned(records),
            warmup: unsigned(warmup),
            throughput,
            interval: Duration::from_millis(unsigned(interval)),
            payload: Payload::new(parsed, size.map_or(0, unsigned))?,
            print_metrics: parsed.has("print-metrics"),
            producer,
        })
    }))
}

fn properties(parsed: &Parsed) -> Result<Properties, Exception> {
    let mut properties = vec![("client.id".to_owned(), "perf-producer-client".to_owned())];
    for file in ["producer.config", "command-config"] {
        if let Some(path) = parsed.value(file) {
            properties.extend(tool::properties_of(path)?);
        }
    }
    for option in ["producer-props", "command-property"] {
        for text in parsed.values(option) {
            let Some((name, value)) = text.split_once('=') else {
                return Err(Exception::illegal_argument(format!("Invalid property: {text}")));
            };
            properties.push((name.to_owned(), value.to_owned()));
        }
    }
    if let Some(servers) = parsed.value("bootstrap-server") {
        properties.push(("bootstrap.servers".to_owned(), servers.to_owned()));
    }
    let id = match parsed.value("transactional-id") {
        Some(id) => Some(id.to_owned()),
        None if property(&properties, "transactional.id").is_some() => None,
        None if parsed.has("transaction-duration-ms") => {
            Some(format!("performance-producer-{}", Uuid::random()))
        }
        None => None,
    };
    properties.extend(id.map(|id| ("transactional.id".to_owned(), id)));
    Ok(properties)
}

/// What is remembered of a record until it is acknowledged.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Tag {
    /// When it was sent, in milliseconds from the start.
    sent_ms: u32,
    /// How long its value is, in bytes.
    length: u32,
    /// Whether the warm-up was over.
    steady: bool,
}

async fn produce(options: Options) -> Result<(), Exception> {
    let Options { topic, records, warmup, throughput, interval, mut payload, .. } = options;
    if warmup > 0 {
        say(&format!(
            "Warmup first {warmup} records. Steady state results will print after the complete test summary.\n"
        ));
    }
    let mut producer: Producer<Tag> = Producer::new(options.producer, &topic);
    let start = Instant::now();
    let millis = |start: Instant| u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
    let pace = Pace::new((throughput >= 0.0).then_some(throughput));
    let mut stats = Stats::new(records, interval, false);
    let mut steady: Option<Stats> = None;
    let mut progress = Progress::new("records", records);
    let mut begun: Option<Instant> = None;
    for sent in 0..records {
        while let Some(due) = pace.next(sent) {
            producer.turn(Some(due)).await;
            settle(&mut producer, &mut stats, &mut steady, millis(start));
        }
        if warmup > 0 && sent == warmup {
            steady = Some(Stats::new(records - warmup, interval, true));
        }
        let value = payload.next(sent);
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let timestamp = Clock::System.now();
        let record = Record { timestamp, value: Some(value), ..Record::default() };
        let tag = Tag { sent_ms: millis(start), length, steady: steady.is_some() };
        if let Err(thrown) = producer.send(record, tag).await {
            complain(&thrown.trace());
        }
        settle(&mut producer, &mut stats, &mut steady, millis(start));
        if let Some(duration) = options.transaction {
            let since = *begun.get_or_insert_with(Instant::now);
            if since.elapsed() >= duration {
                producer.commit().await?;
                begun = None;
            }
        }
        progress.at(sent + 1);
    }
    match options.transaction {
        Some(_) => producer.commit().await?,
        None => producer.flush().await,
    }
    settle(&mut producer, &mut stats, &mut steady, millis(start));
    progress.end();
    stats.tell_total();
    if let Some(mut steady) = steady {
        steady.tell_total();
    }
    if options.print_metrics {
        print_metrics(&producer.metrics());
    }
    Ok(())
}

fn print_metrics(metrics: &BTreeMap<String, Value>) {
    let width = metrics.keys().map(String::len).max().unwrap_or(0);
    let mut lines = format!("\n{:<width$}   Value\n", "Metric Name");
    for (name, value) in metrics {
        let value = match value {
            Value::Number(number) => format!("{number:.3}"),
            Value::Text(text) => text.clone(),
        };
        lines.push_str(&format!("{name:<width$} : {value}\n"));
    }
    say(&lines);
}

/// Takes in what has come back.
fn settle(producer: &mut Producer<Tag>, stats: &mut Stats, steady: &mut Option<Stats>, now: u32) {
    while let Some(done) = producer.done() {
        if let Err(thrown) = &done.outcome {
            complain(&thrown.trace());
            continue;
        }
        // Records of one millisecond and one length come in runs.
        for run in done.tags.chunk_by(|one, other| one == other) {
            let Some(&tag) = run.first() else { continue };
            let (count, latency) = (run.len() as u64, now.saturating_sub(tag.sent_ms));
            let bytes = count * u64::from(tag.length);
            stats.add(count, bytes, latency);
            if let Some(steady) = steady.as_mut().filter(|_| tag.steady) {
                steady.add(count, bytes, latency);
            }
        }
        match steady {
            Some(steady) => steady.tell_in_time(),
            None => stats.tell_in_time(),
        }
    }
}
