//! `kafka-console-consumer`: records of topics on standard output, with Kafka's options and words.

mod coordinator;
mod formatter;
mod options;

use std::io::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::complain;
use super::consumer::Consumer;
use super::options::{Exception, Usage};
use super::tool;
use crate::error::ErrorCode;
use formatter::{Formatter, Message};
use options::Options;

const USAGE: Usage = Usage::new(include_str!("../usage/console-consumer.txt"));
const LOGGER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";

/// How much is gathered before it is written out, in bytes.
const OUT_BYTES: usize = 64 << 10;

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let options = match options::parse(&USAGE, args) {
        Ok(options) => options,
        Err(stop) => {
            return tool::stopped(stop, &USAGE, |thrown| {
                if thrown.class.starts_with("joptsimple.") {
                    complain(&format!("Exception in thread \"main\" {}", thrown.trace()));
                } else {
                    tool::log_error("Unknown error when running consumer: ", LOGGER);
                    complain(&thrown.trace());
                }
                1
            });
        }
    };
    let (count, code) = tool::run(consume(options));
    complain(&format!("Processed a total of {count} messages\n"));
    code
}

/// Prints records until enough are printed, none comes in time, or the user has enough. How many were printed, and the
/// exit code.
async fn consume(options: Options) -> (u64, i32) {
    let formatter = Formatter::new(&options.formatter, &options.formatting);
    let max = options.max_messages.unwrap_or(u64::MAX);
    let patience = options.timeout_ms.map(Duration::from_millis);
    let mut consumer = Consumer::new(options.consumer);
    let mut out = Vec::new();
    let (mut count, mut code) = (0, 0);
    let mut interrupt = std::pin::pin!(tool::interrupted());
    let mut end = patience.map(|patience| Instant::now() + patience);
    while count < max {
        let polled = tokio::select! {
            polled = consumer.poll(end) => polled,
            () = over(end) => Ok(None),
            signal = &mut interrupt => {
                code = signal;
                break;
            }
        };
        // Rebalances are for tools that show them; nobody else would take them away.
        while consumer.event().is_some() {}
        let chunk = match polled {
            Ok(Some(chunk)) => chunk,
            Ok(None) if end.is_some_and(|end| Instant::now() >= end) => {
                log_end(&Exception::new(&tool::exception_class(ErrorCode::RequestTimedOut), ""));
                break;
            }
            Ok(None) => continue,
            Err(thrown) => {
                log_end(&thrown);
                break;
            }
        };
        let next = chunk.records(|header, record| {
            let (topic, partition) = (chunk.place.topic.as_str(), chunk.place.partition);
            let timestamp_type = header.timestamp_type();
            let message = Message { topic, partition, timestamp_type, record: *record };
            formatter.format(&message, &mut out);
            count += 1;
            if count < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match next {
            Ok(next) => consumer.used(&chunk.place, next),
            Err(error) => {
                log_end(&Exception::from(error));
                break;
            }
        }
        // Much at a time while there is much, at once when nothing more is at hand: whoever reads along sees it all.
        if (out.len() >= OUT_BYTES || consumer.is_drained() || count >= max) && !write(&mut out) {
            complain("Unable to write to standard out, closing consumer.\n");
            break;
        }
        // The time is for the next record, not for all of them.
        end = patience.map(|patience| Instant::now() + patience);
    }
    write(&mut out);
    consumer.close().await;
    (count, code)
}

/// Waits until the time is over, whatever a round of the consumer is waiting for.
async fn over(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end.into()).await,
        None => std::future::pending().await,
    }
}

/// Empties `out` into standard output. Whether somebody reads it.
fn write(out: &mut Vec<u8>) -> bool {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(out).and_then(|()| stdout.flush());
    out.clear();
    written.is_ok()
}

fn log_end(thrown: &Exception) {
    tool::log_error("Error processing message, terminating consumer process: ", LOGGER);
    complain(&thrown.trace());
}
