//! `kafka-console-producer`: the lines of standard input as records of a topic, with Kafka's options and words.

mod line;
mod options;
mod partitioner;
mod sender;

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::options::{Exception, Usage};
use super::tool;
use super::{complain, say};
use line::{Line, LineReader};
use options::Options;
use sender::Sender;

const USAGE: Usage = Usage::new(include_str!("../usage/console-producer.txt"));
/// Lines that are read ahead of what is sent.
const LINES_AHEAD: usize = 1024;

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
    let (lines, mut read) = mpsc::channel(LINES_AHEAD);
    let reader = LineReader::new(&options.reader)?;
    std::thread::spawn(move || read_lines(&reader, &lines));
    let linger = Duration::from_millis(options.linger_ms);
    let (sync, batch_bytes) = (options.sync, options.batch_bytes);
    let mut sender = Sender::new(options);
    loop {
        let Some(first) = read.recv().await else { return Ok(()) };
        let deadline = Instant::now() + linger;
        let mut batch = vec![first?];
        let mut bytes = batch.iter().map(Line::size).sum::<usize>();
        let mut failure = None;
        let mut ended = false;
        while !sync && bytes < batch_bytes {
            match timeout_at(deadline, read.recv()).await {
                Ok(Some(Ok(line))) => {
                    bytes += line.size();
                    batch.push(line);
                }
                Ok(Some(Err(thrown))) => {
                    failure = Some(thrown);
                    break;
                }
                Ok(None) => {
                    ended = true;
                    break;
                }
                Err(_) => break,
            }
        }
        sender.send(batch).await;
        match failure {
            Some(thrown) => return Err(thrown),
            None if ended => return Ok(()),
            None => {}
        }
    }
}

/// Reads lines until the input ends, a line is wrong, or nobody takes them any more.
fn read_lines(reader: &LineReader, lines: &mpsc::Sender<Result<Line, Exception>>) {
    let input = std::io::stdin();
    let prompt = input.is_terminal();
    let mut input = input.lock();
    for number in 1.. {
        if prompt {
            say(">");
        }
        let mut text = Vec::new();
        match input.read_until(b'\n', &mut text) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if text.last() == Some(&b'\n') {
            text.pop();
            if text.last() == Some(&b'\r') {
                text.pop();
            }
        }
        let line = reader.parse(&text, number);
        let wrong = line.is_err();
        if lines.blocking_send(line).is_err() || wrong {
            return;
        }
    }
}
