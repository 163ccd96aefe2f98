//! `kafka-consumer-perf-test`: how fast records can be consumed, with Kafka's options, words and exit codes.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::consumer::settings::{Settings, Subject};
use super::consumer::{Chunk, Consumer, Event};
use super::options::{Exception, Given, Stop, Usage};
use super::progress::Progress;
use super::{say, time, tool};
use crate::client::offsets::{EARLIEST, LATEST};
use crate::clock::Clock;
use crate::types::Millis;

const USAGE: Usage = Usage::new(include_str!("usage/consumer-perf-test.txt"));
const HEADER: &str = "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n";
const DETAILED_HEADER: &str = "time, threadId, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n";

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let outcome = options(args).and_then(|options| Ok(tool::run(consume(options))?));
    tool::outcome(outcome, &USAGE)
}

struct Options {
    consumer: Settings,
    records: u64,
    detailed: bool,
    hide_header: bool,
    interval: Duration,
    timeout: Duration,
}

fn options(args: &[String]) -> Result<Options, Stop> {
    let given = USAGE.parse_some(args)?;
    given.require(&["bootstrap-server"])?;
    one_of(&given, ["include", "topic"])?;
    one_of(&given, ["messages", "num-records"])?;
    let records = match given.number::<i64>("num-records")? {
        Some(records) => records,
        None => given.number::<i64>("messages")?.unwrap_or_default(),
    };
    let interval: i64 = given.number("reporting-interval")?.unwrap_or(5000);
    if interval <= 0 {
        return Err(
            Exception::illegal_argument("Reporting interval must be greater than 0.").into()
        );
    }
    let timeout: i64 = given.number("timeout")?.unwrap_or(10_000);
    let ms = |number: i64| Duration::from_millis(u64::try_from(number).unwrap_or(0));
    Ok(Options {
        consumer: settings(&given)?,
        records: u64::try_from(records).unwrap_or(0),
        detailed: given.has("show-detailed-stats"),
        hide_header: given.has("hide-header"),
        interval: ms(interval),
        timeout: ms(timeout),
    })
}

fn one_of(given: &Given, names: [&str; 2]) -> Result<(), Stop> {
    if names.iter().filter(|name| given.has(name)).count() == 1 {
        return Ok(());
    }
    let [one, other] = names;
    Err(Stop::Usage(format!(
        "Exactly one of the following arguments is required: [{one}], [{other}]"
    )))
}

fn settings(given: &Given) -> Result<Settings, Exception> {
    let mut properties = Vec::new();
    for file in ["consumer.config", "command-config"] {
        if let Some(path) = given.value(file)? {
            properties.extend(tool::properties_of(path)?);
        }
    }
    properties.extend(tool::properties_in(&given.values("command-property")));
    let subject = match given.value("topic")? {
        Some(topic) => Subject::Topic(topic.to_owned()),
        None => Subject::Include(given.value("include")?.unwrap_or_default().to_owned()),
    };
    let mut settings = Settings::new(subject, properties)?;
    settings.bootstrap = given.value("bootstrap-server")?.unwrap_or_default().to_owned();
    let mut random = [0; 4];
    let _ = getrandom::fill(&mut random);
    let generated = || format!("perf-consumer-{}", u32::from_le_bytes(random) % 100_000);
    settings.group = Some(given.value("group")?.map_or_else(generated, str::to_owned));
    settings.client_id = "perf-consumer-client".to_owned();
    settings.reset = Some(if given.has("from-latest") { LATEST } else { EARLIEST });
    settings.partition_bytes = given.number("fetch-size")?.unwrap_or(settings.partition_bytes);
    Ok(settings)
}

/// What was consumed by a moment.
#[derive(Clone, Copy, Default)]
struct Consumed {
    records: u64,
    bytes: u64,
}

async fn consume(options: Options) -> Result<(), Exception> {
    if !options.hide_header {
        say(if options.detailed { DETAILED_HEADER } else { HEADER });
    }
    let mut consumer = Consumer::new(options.consumer);
    let (start, started) = (Instant::now(), Clock::System.now());
    let mut joining = Some(start);
    let mut rebalanced = Duration::ZERO;
    let (mut all, mut told) = (Consumed::default(), Consumed::default());
    let (mut last_record, mut last_line) = (start, start);
    let mut progress = Progress::new("records", options.records);
    while all.records < options.records && last_record.elapsed() <= options.timeout {
        let end = last_record + options.timeout;
        let chunk = consumer.poll(Some(end.min(last_line + options.interval))).await?;
        while let Some(event) = consumer.event() {
            match event {
                Event::Assigned(_) => {
                    rebalanced += joining.take().map_or(Duration::ZERO, |at| at.elapsed())
                }
                Event::Revoked(_) => joining = Some(Instant::now()),
            }
        }
        if let Some(chunk) = chunk {
            count(&mut consumer, &chunk, &mut all)?;
            last_record = Instant::now();
            progress.at(all.records / 1024 * 1024);
        }
        if last_line.elapsed() >= options.interval {
            if options.detailed {
                let now = stamp(Clock::System.now());
                let figures = figures(all, told, last_line.elapsed(), Duration::ZERO);
                say(&format!("{now}, 0, {figures}\n"));
            }
            told = all;
            last_line = Instant::now();
        }
    }
    let elapsed = start.elapsed();
    progress.end();
    consumer.close().await;
    if all.records < options.records {
        let timeout = options.timeout.as_millis();
        say(&format!(
            "WARNING: Exiting before consuming the expected number of records: timeout ({timeout} ms) exceeded. You can use the --timeout option to increase the timeout.\n"
        ));
    }
    if !options.detailed {
        let ended = started + i64::try_from(elapsed.as_millis()).unwrap_or(0);
        let figures = figures(all, Consumed::default(), elapsed, rebalanced);
        say(&format!("{}, {}, {figures}\n", stamp(started), stamp(ended)));
    }
    Ok(())
}

fn count(consumer: &mut Consumer, chunk: &Chunk, all: &mut Consumed) -> Result<(), Exception> {
    let next = chunk.records(|_, record| {
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, |bytes| bytes.len() as u64);
        all.records += 1;
        all.bytes += length(record.key) + length(record.value);
        ControlFlow::Continue(())
    })?;
    consumer.used(&chunk.place, next);
    Ok(())
}

/// Amounts in all, and rates of what came since `before`, over the time and over that part of it which went to
/// fetching.
fn figures(all: Consumed, before: Consumed, elapsed: Duration, rebalanced: Duration) -> String {
    let megabytes = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
    let fetching = elapsed.saturating_sub(rebalanced);
    let per = |amount: f64, time: Duration| amount / time.as_secs_f64().max(0.001);
    let (records, bytes) =
        ((all.records - before.records) as f64, megabytes(all.bytes - before.bytes));
    format!(
        "{:.4}, {:.4}, {}, {:.4}, {}, {}, {:.4}, {:.4}",
        megabytes(all.bytes),
        per(bytes, elapsed),
        all.records,
        per(records, elapsed),
        rebalanced.as_millis(),
        fetching.as_millis(),
        per(bytes, fetching),
        per(records, fetching)
    )
}

/// `2026-08-01 12:34:56:789`.
fn stamp(time: Millis) -> String {
    time::iso(time).replace('T', " ").replace(',', ":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints() {
        let says = |line: &str| {
            let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            match options(&args) {
                Err(Stop::Usage(text)) => text,
                other => panic!("{:?}", other.map(|_| ())),
            }
        };
        assert_eq!(
            says("--bootstrap-server x --num-records 1"),
            "Exactly one of the following arguments is required: [include], [topic]"
        );
        assert_eq!(
            says("--bootstrap-server x --topic t"),
            "Exactly one of the following arguments is required: [messages], [num-records]"
        );
    }

    #[test]
    fn lines() {
        let all = Consumed { records: 1000, bytes: 1 << 20 };
        let text =
            figures(all, Consumed::default(), Duration::from_secs(2), Duration::from_secs(1));
        assert_eq!(text, "1.0000, 0.5000, 1000, 500.0000, 1000, 1000, 1.0000, 1000.0000");
        assert_eq!(stamp(0), "1970-01-01 00:00:00:000");
    }
}
