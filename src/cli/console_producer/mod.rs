//! `kafka-console-producer`: the lines of standard input as records of a topic, with Kafka's options and words.

mod line;
mod options;

use std::io::{IsTerminal, Read};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::options::{Exception, Usage};
use super::producer::{Producer, Record};
use super::tool;
use super::{complain, say};
use crate::clock::Clock;
use line::LineReader;
use options::Options;

const USAGE: Usage = Usage::new(include_str!("../usage/console-producer.txt"));
const CALLBACK: &str = "org.apache.kafka.clients.producer.internals.ErrorLoggingCallback";
/// Blocks of input that are read ahead of what is sent.
const BLOCKS_AHEAD: usize = 8;
/// How much is read at once, in bytes; a longer line makes a longer block.
const BLOCK_BYTES: usize = 256 << 10;
/// How long to wait at most for more input before looking after what is under way.
const IDLE: Duration = Duration::from_secs(1);

/// The lengths of a record's key and value: what complaints tell of it.
type Lengths = (Option<usize>, Option<usize>);

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let options = match options::parse(&USAGE, args) {
        Ok(options) => options,
        Err(stop) => return tool::stopped(stop, &USAGE, |thrown| failed(&thrown)),
    };
    match tool::run(produce(options)) {
        Ok(()) => 0,
        Err(thrown) => failed(&thrown),
    }
}

fn failed(thrown: &Exception) -> i32 {
    if thrown.class.starts_with("joptsimple.") {
        complain(&format!("{}\n", thrown.message));
    } else {
        complain(&thrown.trace());
    }
    1
}

async fn produce(options: Options) -> Result<(), Exception> {
    let reader = LineReader::new(&options.reader)?;
    let (blocks, mut read) = mpsc::channel(BLOCKS_AHEAD);
    std::thread::spawn(move || read_blocks(&blocks));
    let mut sending = Sending {
        reader,
        producer: Producer::new(options.producer, &options.topic),
        topic: options.topic,
        sync: options.sync,
        number: 0,
    };
    let outcome = loop {
        let idle = (Instant::now() + IDLE).into_std();
        let block = tokio::select! {
            block = read.recv() => block,
            () = sending.producer.turn(Some(idle)) => {
                sending.report();
                continue;
            }
        };
        let Some(block) = block else { break Ok(()) };
        if let Err(thrown) = sending.send(&block).await {
            break Err(thrown);
        }
        sending.report();
    };
    sending.producer.flush().await;
    sending.report();
    outcome
}

struct Sending {
    reader: LineReader,
    producer: Producer<Lengths>,
    topic: String,
    sync: bool,
    number: usize,
}

impl Sending {
    /// Sends the lines of a block. The error is of a line that is none; the block's rest is not sent.
    async fn send(&mut self, block: &[u8]) -> Result<(), Exception> {
        for text in block.split_inclusive(|byte| *byte == b'\n') {
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            self.number += 1;
            let line = self.reader.parse(text, self.number)?;
            let lengths = (line.key.map(<[u8]>::len), line.value.map(<[u8]>::len));
            let record = Record {
                timestamp: Clock::System.now(),
                key: line.key,
                value: line.value,
                headers: &line.headers,
            };
            if let Err(thrown) = self.producer.send(record, lengths).await {
                self.complain(lengths, &thrown);
            }
            if self.sync {
                self.producer.flush().await;
                self.report();
            }
        }
        Ok(())
    }

    /// Tells of records that could not be sent.
    fn report(&mut self) {
        while let Some(done) = self.producer.done() {
            if let Err(thrown) = done.outcome {
                done.tags.iter().for_each(|lengths| self.complain(*lengths, &thrown));
            }
        }
    }

    fn complain(&self, (key, value): Lengths, thrown: &Exception) {
        let length = |length: Option<usize>| {
            length.map_or("null".to_owned(), |length| format!("{length} bytes"))
        };
        tool::log_error(
            &format!(
                "Error when sending message to topic {} with key: {}, value: {} with error:",
                self.topic,
                length(key),
                length(value)
            ),
            CALLBACK,
        );
        complain(&thrown.trace());
    }
}

/// Reads whole lines, many at once where they come fast, until the input ends or nobody takes them any more.
fn read_blocks(blocks: &mpsc::Sender<Bytes>) {
    let input = std::io::stdin();
    let prompt = input.is_terminal();
    let mut input = input.lock();
    let mut buffer = BytesMut::new();
    loop {
        if prompt {
            say(">");
        }
        let start = buffer.len();
        buffer.resize(start + BLOCK_BYTES, 0);
        let count = input.read(&mut buffer[start..]).unwrap_or(0);
        buffer.truncate(start + count);
        if count == 0 {
            if !buffer.is_empty() {
                let _ = blocks.blocking_send(buffer.freeze());
            }
            return;
        }
        let fresh = buffer.get(start..).unwrap_or_default();
        if let Some(end) = fresh.iter().rposition(|byte| *byte == b'\n') {
            let lines = buffer.split_to(start + end + 1);
            if blocks.blocking_send(lines.freeze()).is_err() {
                return;
            }
        }
    }
}
