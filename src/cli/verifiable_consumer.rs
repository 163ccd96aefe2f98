//! `kafka-verifiable-consumer`: a member of a group, and a line of JSON about whatever happens to it, with Kafka's
//! options, words and exit codes.
//!
//! Caveat: of the strategies of classic groups it knows range and round robin.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::argparse::{Parsed, Program, Stop};
use super::consumer::settings::{Settings, Subject, reset};
use super::consumer::{Chunk, Consumer, Event};
use super::options::Exception;
use super::tool;
use super::verifiable_producer::event;
use super::{complain, say};
use crate::types::{Offset, TopicPartition};

const TOOL: Program = Program {
    name: "verifiable-consumer",
    help: include_str!("usage/verifiable-consumer.txt"),
    commands: &[],
};
const LOGGER: &str = "org.apache.kafka.tools.VerifiableConsumer";

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    if args.is_empty() {
        say(TOOL.help);
        return 0;
    }
    match TOOL.parse(args).and_then(|parsed| options(&parsed)) {
        Ok(Ok(options)) => tool::run(consume(options)),
        Ok(Err(thrown)) => tool::thrown_in_main(&thrown),
        Err(stop) => tool::unparsed(stop, 0),
    }
}

struct Options {
    consumer: Settings,
    max: u64,
    verbose: bool,
}

/// The inner error is one that Java would throw.
fn options(parsed: &Parsed) -> Result<Result<Options, Exception>, Stop> {
    let max = TOOL.number::<i32>(parsed, "max-messages", "Integer")?.unwrap_or(-1);
    let session = TOOL.number::<i32>(parsed, "session-timeout", "Integer")?;
    if parsed.has("consumer.config") && parsed.has("command-config") {
        return Err(
            TOOL.wrong("Options --consumer.config and --command-config are mutually exclusive.")
        );
    }
    Ok(settings(parsed, session).map(|consumer| Options {
        consumer,
        max: u64::try_from(max).unwrap_or(u64::MAX),
        verbose: parsed.has("verbose"),
    }))
}

fn settings(parsed: &Parsed, session: Option<i32>) -> Result<Settings, Exception> {
    let protocol = parsed.value("group-protocol").unwrap_or("classic").to_ascii_uppercase();
    if !["CLASSIC", "CONSUMER"].contains(&protocol.as_str()) {
        return Err(Exception::illegal_argument(format!(
            "No enum constant org.apache.kafka.clients.consumer.GroupProtocol.{protocol}"
        )));
    }
    let mut properties = Vec::new();
    for file in ["consumer.config", "command-config"] {
        if let Some(path) = parsed.value(file) {
            properties.extend(tool::properties_of(path)?);
        }
    }
    if parsed.has("consumer.config") {
        say(
            "Option --consumer.config has been deprecated and will be removed in a future version. Use --command-config \
             instead.\n",
        );
    }
    let value = |name: &str| parsed.value(name).map(str::to_owned);
    if protocol == "CONSUMER" {
        let assignor = value("group-remote-assignor");
        properties.extend(assignor.map(|assignor| ("group.remote.assignor".to_owned(), assignor)));
    } else {
        let strategy = value("assignment-strategy");
        let strategy = strategy.map(|class| ("partition.assignment.strategy".to_owned(), class));
        properties.extend(strategy);
    }
    properties.push(("group.protocol".to_owned(), protocol));
    let session = session.map(|ms| ("session.timeout.ms".to_owned(), ms.to_string()));
    properties.extend(session);
    let subject = Subject::Topic(value("topic").unwrap_or_default());
    let mut settings = Settings::new(subject, properties)?;
    settings.bootstrap = value("bootstrap-server").unwrap_or_default();
    settings.group = value("group-id");
    settings.instance = value("group-instance-id").or(settings.instance);
    settings.reset = reset(parsed.value("reset-policy").unwrap_or("earliest"))?;
    settings.auto_commit = parsed.has("enable-autocommit");
    Ok(settings)
}

/// Consumes until enough came, or the tool is to end. The exit code.
async fn consume(options: Options) -> i32 {
    event("startup_complete", &json!({}));
    let auto_commit = options.consumer.auto_commit;
    let mut consumer = Consumer::new(options.consumer);
    let (mut left, mut code) = (options.max, 0);
    let mut interrupt = std::pin::pin!(tool::interrupted());
    while left > 0 {
        let polled = tokio::select! {
            polled = consumer.poll(None) => polled,
            signal = &mut interrupt => {
                code = signal;
                event("shutdown_requested", &json!({}));
                break;
            }
        };
        tell_events(&mut consumer);
        let chunk = match polled {
            Ok(Some(chunk)) => chunk,
            Ok(None) => continue,
            Err(thrown) => {
                log_end(&thrown);
                break;
            }
        };
        match take(&mut consumer, &chunk, options.verbose, &mut left) {
            Ok(()) => {}
            Err(thrown) => {
                log_end(&thrown);
                break;
            }
        }
        if !auto_commit {
            commit(&mut consumer).await;
        }
    }
    consumer.close().await;
    tell_events(&mut consumer);
    event("shutdown_complete", &json!({}));
    if code == 0 {
        // Kafka's process asks itself at its end.
        event("shutdown_requested", &json!({}));
    }
    code
}

fn log_end(thrown: &Exception) {
    tool::log_error("Error during processing, terminating consumer process: ", LOGGER);
    complain(&thrown.trace());
}

/// Tells of the records of a chunk, `left` of them at most.
fn take(
    consumer: &mut Consumer,
    chunk: &Chunk,
    verbose: bool,
    left: &mut u64,
) -> Result<(), Exception> {
    let (topic, partition) = (chunk.place.topic.as_str(), chunk.place.partition);
    let text = |bytes: Option<&[u8]>| bytes.map(|b| String::from_utf8_lossy(b).into_owned());
    let (mut count, mut first, mut last) = (0_u64, None::<Offset>, 0);
    let next = chunk.records(|_, record| {
        if verbose {
            let told = json!({
                "key": text(record.key),
                "value": text(record.value),
                "topic": topic,
                "partition": partition,
                "offset": record.offset,
            });
            event("record_data", &told);
        }
        count += 1;
        first.get_or_insert(record.offset);
        last = record.offset;
        if count < *left { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    consumer.used(&chunk.place, next);
    *left -= count;
    if let Some(first) = first {
        let told = json!({
            "topic": topic,
            "partition": partition,
            "count": count,
            "minOffset": first,
            "maxOffset": last,
        });
        event("records_consumed", &json!({"count": count, "partitions": [told]}));
    }
    Ok(())
}

async fn commit(consumer: &mut Consumer) {
    let outcome = consumer.commit().await;
    let offsets = offsets(consumer.used_up_to());
    let told = match outcome {
        Ok(()) => json!({"offsets": offsets, "success": true}),
        Err(thrown) => json!({"offsets": offsets, "error": thrown.message, "success": false}),
    };
    event("offsets_committed", &told);
}

fn offsets(positions: &BTreeMap<TopicPartition, Offset>) -> Vec<Value> {
    let told = |(place, offset): (&TopicPartition, &Offset)| json!({"topic": place.topic, "partition": place.partition, "offset": offset});
    positions.iter().map(told).collect()
}

fn tell_events(consumer: &mut Consumer) {
    while let Some(happened) = consumer.event() {
        let (name, places) = match happened {
            Event::Assigned(places) => ("partitions_assigned", places),
            Event::Revoked(places) => ("partitions_revoked", places),
        };
        let told = places.iter().map(|p| json!({"topic": p.topic, "partition": p.partition}));
        event(name, &json!({"partitions": told.collect::<Vec<_>>()}));
    }
}
