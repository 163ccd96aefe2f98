//! `kafka-verifiable-producer`: growing numbers as records, and a line of JSON about each, with Kafka's options, words
//! and exit codes.

use std::time::Instant;

use serde_json::{Value, json};

use super::argparse::{Parsed, Program, Stop};
use super::options::Exception;
use super::pace::Pace;
use super::producer::settings::Settings;
use super::producer::{Done, Producer, Record};
use super::say;
use super::tool::{self, Properties};
use crate::clock::Clock;
use crate::types::Millis;

const TOOL: Program = Program {
    name: "verifiable-producer",
    help: include_str!("usage/verifiable-producer.txt"),
    commands: &[],
};

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    if args.is_empty() {
        say(TOOL.help);
        return 0;
    }
    let options = TOOL.parse(args).and_then(|parsed| options(&parsed));
    match options {
        Ok(options) => match options.and_then(|options| tool::run(produce(options))) {
            Ok(code) => code,
            Err(thrown) => tool::thrown_in_main(&thrown),
        },
        Err(stop) => tool::unparsed(stop, 0),
    }
}

struct Options {
    topic: String,
    max: u64,
    throughput: i64,
    create_time: Option<Millis>,
    prefix: Option<i64>,
    repeating_keys: Option<i64>,
    producer: Settings,
}

/// The inner error is one that Java would throw.
fn options(parsed: &Parsed) -> Result<Result<Options, Exception>, Stop> {
    let int = |name| TOOL.number::<i32>(parsed, name, "Integer");
    let long = |name| TOOL.number::<i64>(parsed, name, "Long");
    let acks = int("acks")?.unwrap_or(-1);
    if ![-1, 0, 1].contains(&acks) {
        return Err(TOOL
            .wrong(format!("argument --acks: invalid choice: '{acks}' (choose from {{0,1,-1}})")));
    }
    let max = int("max-messages")?.unwrap_or(-1);
    let create_time = long("message-create-time")?.filter(|time| *time >= 0);
    let throughput = int("throughput")?.unwrap_or(-1);
    let (prefix, repeating_keys) = (int("value-prefix")?, int("repeating-keys")?);
    Ok(properties(parsed, acks).and_then(|properties| {
        Ok(Options {
            topic: parsed.value("topic").unwrap_or_default().to_owned(),
            max: u64::try_from(max).unwrap_or(u64::MAX),
            throughput: i64::from(throughput),
            create_time,
            prefix: prefix.map(i64::from),
            repeating_keys: repeating_keys.map(i64::from).filter(|keys| *keys > 0),
            producer: Settings::new(&properties)?,
        })
    }))
}

fn properties(parsed: &Parsed, acks: i32) -> Result<Properties, Exception> {
    let mut properties = vec![
        (
            "bootstrap.servers".to_owned(),
            parsed.value("bootstrap-server").unwrap_or_default().to_owned(),
        ),
        ("acks".to_owned(), acks.to_string()),
        ("retries".to_owned(), "0".to_owned()),
    ];
    for file in ["producer.config", "command-config"] {
        if let Some(path) = parsed.value(file) {
            properties.extend(tool::properties_of(path)?);
        }
    }
    Ok(properties)
}

/// What is told of a record.
struct Sent {
    key: Option<String>,
    value: String,
}

/// Produces until enough was sent, or the tool is to end. The exit code.
async fn produce(options: Options) -> Result<i32, Exception> {
    let start = Instant::now();
    event("startup_complete", &json!({}));
    let pace = Pace::new((options.throughput >= 0).then_some(options.throughput as f64));
    let mut producer: Producer<Sent> = Producer::new(options.producer, &options.topic);
    let (mut sent, mut acked, mut code) = (0_u64, 0_u64, 0);
    let mut interrupt = std::pin::pin!(tool::interrupted());
    'sending: while sent < options.max {
        while let Some(due) = pace.next(sent) {
            tokio::select! {
                () = producer.turn(Some(due)) => {}
                signal = &mut interrupt => {
                    code = signal;
                    break 'sending;
                }
            }
            acked += report(&mut producer, &options.topic);
        }
        let value = match options.prefix {
            Some(prefix) => format!("{prefix}.{sent}"),
            None => sent.to_string(),
        };
        let number = i64::try_from(sent).unwrap_or(i64::MAX);
        let key = options.repeating_keys.map(|keys| (number % keys).to_string());
        let elapsed = i64::try_from(start.elapsed().as_millis()).unwrap_or(0);
        let timestamp =
            options.create_time.map_or_else(|| Clock::System.now(), |time| time + elapsed);
        let record = Record {
            timestamp,
            key: key.as_ref().map(|key| key.as_bytes()),
            value: Some(value.as_bytes()),
            headers: &[],
        };
        let tag = Sent { key: key.clone(), value: value.clone() };
        let outcome = tokio::select! {
            outcome = producer.send(record, tag) => outcome,
            signal = &mut interrupt => {
                code = signal;
                break;
            }
        };
        if let Err(thrown) = outcome {
            failure(&options.topic, key.as_deref(), &value, &thrown);
        }
        sent += 1;
        acked += report(&mut producer, &options.topic);
    }
    producer.flush().await;
    acked += report(&mut producer, &options.topic);
    event("shutdown_complete", &json!({}));
    let seconds = start.elapsed().as_secs_f64();
    event(
        "tool_data",
        &json!({
            "sent": sent,
            "acked": acked,
            "target_throughput": options.throughput,
            "avg_throughput": acked as f64 / seconds,
        }),
    );
    Ok(code)
}

/// Tells what became of records. How many are acknowledged.
fn report(producer: &mut Producer<Sent>, topic: &str) -> u64 {
    let mut acked = 0;
    while let Some(Done { tags, partition, outcome }) = producer.done() {
        for (tag, place) in tags.into_iter().zip(0..) {
            match &outcome {
                Ok(base) => {
                    acked += 1;
                    let told = json!({
                        "key": tag.key,
                        "value": tag.value,
                        "offset": if *base < 0 { -1 } else { base + place },
                        "topic": topic,
                        "partition": partition,
                    });
                    event("producer_send_success", &told);
                }
                Err(thrown) => failure(topic, tag.key.as_deref(), &tag.value, thrown),
            }
        }
    }
    acked
}

fn failure(topic: &str, key: Option<&str>, value: &str, thrown: &Exception) {
    event(
        "producer_send_error",
        &json!({
            "topic": topic,
            "key": key,
            "value": value,
            "exception": thrown.class,
            "message": thrown.message,
        }),
    );
}

/// One line of JSON: when, what, and what more there is to tell.
pub(super) fn event(name: &str, more: &Value) {
    let mut line = json!({"timestamp": Clock::System.now(), "name": name});
    if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
        line.extend(more.clone());
    }
    say(&format!("{line}\n"));
}
