//! `kafka-console-consumer`: records of topics on standard output, with Kafka's options and words.

mod consumer;
mod formatter;
mod group;
mod options;
mod unpack;

use std::io::Write;

use super::complain;
use super::options::{Exception, Usage};
use super::tool;
use consumer::Consumer;
use formatter::Formatter;
use options::Options;

const USAGE: Usage = Usage::new(include_str!("../usage/console-consumer.txt"));
const LOGGER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";

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
    let count = tool::run(consume(options));
    complain(&format!("Processed a total of {count} messages\n"));
    0
}

/// Prints records until enough are printed, none comes in time, or the user has enough. How many were printed.
async fn consume(options: Options) -> u64 {
    let formatter = Formatter::new(&options.formatter, &options.formatting);
    let max = options.max_messages;
    let mut consumer = Consumer::new(options);
    let mut count = 0;
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    while max.is_none_or(|max| count < max) {
        let received = tokio::select! {
            received = consumer.receive() => received,
            _ = &mut interrupt => break,
        };
        match received {
            Ok(message) => {
                count += 1;
                let mut out = std::io::stdout().lock();
                let printed = out
                    .write_all(&formatter.format(&message))
                    .and_then(|()| if consumer.is_drained() { out.flush() } else { Ok(()) });
                if printed.is_err() {
                    complain("Unable to write to standard out, closing consumer.\n");
                    break;
                }
            }
            Err(thrown) => {
                log_end(&thrown);
                break;
            }
        }
    }
    let _ = std::io::stdout().flush();
    consumer.close().await;
    count
}

fn log_end(thrown: &Exception) {
    tool::log_error("Error processing message, terminating consumer process: ", LOGGER);
    complain(&thrown.trace());
}
