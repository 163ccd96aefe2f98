//! `kafka-e2e-latency`: how long a record takes from producer to consumer, with Kafka's options, words and exit codes.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::consumer::settings::{Settings as ConsumerSettings, Start, Subject};
use super::consumer::{Chunk, Consumer};
use super::options::{Exception, Given, Stop, Usage};
use super::producer::settings::Settings as ProducerSettings;
use super::producer::{Producer, Record};
use super::progress::Progress;
use super::tool::{self, Properties};
use super::{complain, say};
use crate::client::offsets::LATEST;
use crate::clock::Clock;

const USAGE: Usage = Usage::new(include_str!("usage/e2e-latency.txt"));
const POLL_TIMEOUT: Duration = Duration::from_secs(60);
/// The options that positions stand for.
const POSITIONS: [&str; 6] = [
    "--bootstrap-server",
    "--topic",
    "--num-records",
    "--producer-acks",
    "--record-size",
    "--command-config",
];

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let outcome = options(args).and_then(|options| Ok(tool::run(measure(options))?));
    tool::outcome(outcome, &USAGE)
}

struct Options {
    given: Given,
    records: u64,
    size: usize,
    key_size: usize,
    headers: usize,
    header_key_size: usize,
    header_size: i64,
    properties: Properties,
}

fn options(args: &[String]) -> Result<Options, Stop> {
    let args = named(args)?;
    let given = USAGE.parse_some(&args).map_err(Stop::with_table)?;
    given.require(&["bootstrap-server", "topic", "num-records", "producer-acks", "record-size"])?;
    let number =
        |name| -> Result<i64, Exception> { Ok(given.number::<i32>(name)?.map_or(0, i64::from)) };
    let unsigned = |name| Ok::<_, Exception>(usize::try_from(number(name)?).unwrap_or(0));
    let records = number("num-records")?;
    let acks = given.value("producer-acks")?.unwrap_or_default();
    if !["1", "all"].contains(&acks) {
        return Err(Stop::Usage(
            "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. Please use '1' or 'all'."
                .to_owned(),
        ));
    }
    if records <= 0 {
        return Err(Stop::Usage("Value for --num-records must be positive.".to_owned()));
    }
    let properties = given.value("command-config")?.map(tool::properties_of).transpose()?;
    Ok(Options {
        records: u64::try_from(records).unwrap_or(0),
        size: unsigned("record-size")?,
        key_size: unsigned("record-key-size")?,
        headers: unsigned("num-headers")?,
        header_key_size: unsigned("record-header-key-size")?,
        header_size: number("record-header-size")?,
        properties: properties.unwrap_or_default(),
        given,
    })
}

/// The command line of before, by position, as the one of today.
fn named(args: &[String]) -> Result<Vec<String>, Stop> {
    if args.is_empty() || args.iter().any(|arg| arg.starts_with("--") && arg != "--help") {
        return Ok(args.to_vec());
    }
    if !(5..=6).contains(&args.len()) {
        return Err(tool::terse(format!(
            "Invalid number of arguments. Expected 5 or 6 positional arguments, but got {}. Usage: bootstrap-server topic \
             num-records producer-acks record-size [optional] command-config",
            args.len()
        ))
        .into());
    }
    say(
        "WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use named arguments instead: --bootstrap-server, --topic, --num-records, --producer-acks, --record-size, --command-config\n",
    );
    let pairs = POSITIONS.iter().zip(args);
    Ok(pairs.flat_map(|(name, value)| [(*name).to_owned(), value.clone()]).collect())
}

async fn measure(options: Options) -> Result<(), Exception> {
    let topic = options.given.value("topic")?.unwrap_or_default().to_owned();
    let bootstrap = options.given.value("bootstrap-server")?.unwrap_or_default().to_owned();
    let acks = options.given.value("producer-acks")?.unwrap_or("all").to_owned();
    create(&bootstrap, &topic, &options.properties).await?;
    let mut properties = options.properties.clone();
    properties.push(("bootstrap.servers".to_owned(), bootstrap));
    properties.push(("acks".to_owned(), acks));
    let subject = Subject::Whole(topic.clone(), Start::Time(LATEST));
    let mut settings = ConsumerSettings::new(subject, properties.clone())?;
    settings.group = None;
    let mut consumer = Consumer::new(settings);
    // The first round finds the ends of the partitions.
    consumer.poll(Some(Instant::now() + Duration::from_millis(1))).await?;
    let mut settings = ProducerSettings::new(&properties)?;
    settings.send_now = true;
    settings.linger = Duration::ZERO;
    let mut producer: Producer<()> = Producer::new(settings, &topic);
    let mut latencies = Vec::with_capacity(usize::try_from(options.records).unwrap_or(0));
    let mut total = Duration::ZERO;
    let letters = vec![b'x'; options.size.max(options.key_size).max(options.header_key_size)];
    let part = |size: usize| letters.get(..size).unwrap_or_default();
    let header_value = vec![b'h'; usize::try_from(options.header_size).unwrap_or(0)];
    let header_value = (options.header_size >= 0).then_some(header_value.as_slice());
    let headers = vec![(part(options.header_key_size), header_value); options.headers];
    let mut progress = Progress::beside_output("records", options.records);
    for number in 0..options.records {
        progress.at(number);
        let start = Instant::now();
        let record = Record {
            timestamp: Clock::System.now(),
            key: (options.key_size > 0).then(|| part(options.key_size)),
            value: Some(part(options.size)),
            headers: &headers,
        };
        producer.send(record, ()).await?;
        producer.flush().await;
        if let Some(done) = producer.done() {
            done.outcome?;
        }
        let Some(chunk) = next_chunk(&mut consumer).await? else {
            return Err(Exception::new(
                "java.lang.RuntimeException",
                "poll() timed out before finding a result (timeout:[60000ms])",
            ));
        };
        check(&chunk, &record)?;
        let elapsed = start.elapsed();
        if number % 1000 == 0 {
            say(&format!("{number}\t{}\n", elapsed.as_secs_f64() * 1000.0));
        }
        total += elapsed;
        latencies.push(elapsed.as_millis());
    }
    progress.end();
    report(total, latencies);
    consumer.close().await;
    Ok(())
}

async fn create(bootstrap: &str, topic: &str, properties: &Properties) -> Result<(), Exception> {
    let mut cluster = tool::cluster(bootstrap, properties, "e2e-latency");
    let names = [topic.to_owned()];
    let known = cluster.metadata(Some(&names), false).await?;
    if known.topics.iter().all(|topic| topic.error_code == 0) {
        return Ok(());
    }
    say(&format!(
        "Topic \"{topic}\" does not exist. Will create topic with 1 partition(s) and replication factor = 1\n"
    ));
    cluster.ask(&tool::small_topic(topic)).await?;
    Ok(())
}

async fn next_chunk(consumer: &mut Consumer) -> Result<Option<Chunk>, Exception> {
    consumer.poll(Some(Instant::now() + POLL_TIMEOUT)).await
}

/// The chunk holds the record that was sent, and nothing else.
fn check(chunk: &Chunk, sent: &Record<'_>) -> Result<(), Exception> {
    let (mut count, mut same) = (0, true);
    chunk.records(|_, record| {
        count += 1;
        same &= record.value == sent.value && record.key == sent.key;
        ControlFlow::Continue(())
    })?;
    let wrong = match (count, same) {
        (1, true) => return Ok(()),
        (1, false) => "The message value read did not match the message value sent".to_owned(),
        (count, _) => format!("Only one result was expected during this test. We found [{count}]"),
    };
    Err(Exception::new("java.lang.RuntimeException", wrong))
}

fn report(total: Duration, mut latencies: Vec<u128>) {
    latencies.sort_unstable();
    let at = |part: f64| {
        let index = (latencies.len() as f64 * part) as usize;
        latencies.get(index).copied().unwrap_or(0)
    };
    let average = total.as_secs_f64() * 1000.0 / latencies.len().max(1) as f64;
    say(&format!("Avg latency: {average:.4} ms\n"));
    say(&format!("Percentiles: 50th = {}, 99th = {}, 99.9th = {}\n", at(0.5), at(0.99), at(0.999)));
    if latencies.is_empty() {
        complain("nothing was measured\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(line: &str) -> String {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        match options(&args) {
            Err(Stop::Usage(text)) => text,
            Err(Stop::Throw(thrown)) => thrown.message,
            other => panic!("{:?}", other.map(|_| ())),
        }
    }

    #[test]
    fn complaints() {
        assert_eq!(says("--bootstrap-server x"), "Missing required argument \"[topic]\"");
        assert!(says("localhost:1 t 1 all").starts_with("Invalid number of arguments."));
        let line = "--bootstrap-server x --topic t --num-records 5 --record-size 1 --producer-acks";
        assert!(says(&format!("{line} 5")).starts_with("Invalid value for --producer-acks."));
    }
}
