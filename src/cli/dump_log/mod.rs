//! `kafka-dump-log`: prints what lies in a partition's files. Reads files only; never a broker, and writes nothing.
//!
//! The lines are those of Kafka 4.3.1's tool, errors included: a failure prints the first line of what Java would print
//! and ends with status 1. Caveats: batches of formats 0 and 1 are an error; decoder classes other than Kafka's own
//! `StringDecoder` cannot be loaded.

mod batches;
mod decoders;
mod indexes;
mod options;
mod producers;
mod remote;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use self::options::{Asked, Options};

/// Runs the tool with `args` (without its own name), printing to standard output and error. The exit status.
pub(super) fn run(args: &[String]) -> i32 {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr().lock();
    run_with(args, &mut out, &mut err)
}

fn run_with(args: &[String], out: &mut dyn Write, err: &mut dyn Write) -> i32 {
    let options = match options::parse(args) {
        Ok(Asked::Dump(options)) => options,
        Ok(Asked::Version) => {
            let _ = writeln!(out, "4.3.1");
            return 0;
        }
        Err(usage) => {
            let _ = write!(err, "{usage}");
            return 1;
        }
    };
    let mut dump = Dump { options: &options, out, err, complaints: Complaints::default() };
    let outcome = dump.files();
    let _ = dump.out.flush();
    match outcome {
        Ok(()) => 0,
        Err(Failure::Output) => 1,
        Err(Failure::Exception(exception)) => {
            let _ = writeln!(dump.err, "Exception in thread \"main\" {exception}");
            1
        }
    }
}

/// Why the tool ends early.
enum Failure {
    /// Nobody reads what it prints.
    Output,
    /// Java's class of the exception and its message.
    Exception(String),
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Self::Output
    }
}

fn exception(class: &str, message: impl fmt::Display) -> Failure {
    Failure::Exception(format!("{class}: {message}"))
}

/// One run of the tool.
struct Dump<'r> {
    options: &'r Options,
    out: &'r mut dyn Write,
    err: &'r mut dyn Write,
    complaints: Complaints,
}

/// Pairs of numbers that do not go together, by file.
type Pairs = Vec<(String, Vec<(i64, i64)>)>;

/// What is found to be wrong and printed at the end, by file in the order of finding.
#[derive(Default)]
struct Complaints {
    /// Entries of an offset index, and the last offset of the batch they point at; one for an entry.
    index: Pairs,
    /// Timestamps of a time index, and the latest one of the batch they point at.
    timestamp: Pairs,
    /// Timestamps of a time index, and the one before that is not less.
    order: Pairs,
    /// Offsets of a time index that end no batch, and the end of the batch that they are in, or −1.
    missing: Pairs,
    /// Offsets of a log, and those that come next though they are not the next; one for an offset.
    gaps: Pairs,
}

fn complain(about: &mut Pairs, file: &Path, pair: (i64, i64)) {
    let name = absolute(file);
    match about.iter_mut().find(|(file, _)| *file == name) {
        Some((_, pairs)) => pairs.push(pair),
        None => about.push((name, vec![pair])),
    }
}

impl Dump<'_> {
    fn files(&mut self) -> Result<(), Failure> {
        for name in self.options.files.split(',') {
            let file = PathBuf::from(java_path(name));
            writeln!(self.out, "Dumping {}", file.display())?;
            match file.extension().and_then(|suffix| suffix.to_str()) {
                Some("log" | "checkpoint") => self.log(&file)?,
                Some("index") => self.offset_index(&file)?,
                Some("timeindex") => self.time_index(&file)?,
                Some("txnindex") => self.transaction_index(&file)?,
                Some("snapshot") => self.producer_snapshot(&file)?,
                _ => {
                    self.out.flush()?;
                    writeln!(self.err, "Ignoring unknown file {}", file.display())?;
                }
            }
        }
        self.out.flush()?;
        self.complain()
    }

    fn complain(&mut self) -> Result<(), Failure> {
        let err = &mut self.err;
        for (file, pairs) in &mut self.complaints.index {
            writeln!(err, "Mismatches in :{file}")?;
            one_each(pairs);
            for (index, log) in pairs.iter().rev() {
                writeln!(err, "  Index offset: {index}, log offset: {log}")?;
            }
        }
        for (file, pairs) in &self.complaints.timestamp {
            writeln!(err, "Found timestamp mismatch in :{file}")?;
            for (index, log) in pairs {
                writeln!(err, "  Index timestamp: {index}, log timestamp: {log}")?;
            }
        }
        for (file, pairs) in &self.complaints.order {
            writeln!(err, "Found out of order timestamp in :{file}")?;
            for (index, before) in pairs {
                writeln!(
                    err,
                    "  Index timestamp: {index}, Previously indexed timestamp: {before}"
                )?;
            }
        }
        for (file, pairs) in &self.complaints.missing {
            writeln!(err, "The following indexed offsets are not found in :{file}")?;
            for (index, log) in pairs {
                writeln!(err, "Indexed offset: {index}, found log offset: {log}")?;
            }
        }
        for (file, pairs) in &mut self.complaints.gaps {
            writeln!(err, "Non-consecutive offsets in {file}")?;
            one_each(pairs);
            for (before, after) in pairs {
                writeln!(err, "  {before} is followed by {after}")?;
            }
        }
        Ok(())
    }
}

/// A path as Java's `File` holds it: no doubled and no trailing slashes.
fn java_path(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for character in name.chars() {
        if character != '/' || !path.ends_with('/') {
            path.push(character);
        }
    }
    if path.len() > 1 && path.ends_with('/') {
        path.pop();
    }
    path
}

/// A path from the root, not otherwise changed.
fn absolute(file: &Path) -> String {
    let root = if file.is_absolute() {
        PathBuf::new()
    } else {
        std::env::current_dir().unwrap_or_default()
    };
    root.join(file).display().to_string()
}

/// Keeps the last pair of each first number, in order.
fn one_each(pairs: &mut Vec<(i64, i64)>) {
    pairs.reverse();
    pairs.sort_by_key(|(first, _)| *first);
    pairs.dedup_by_key(|(first, _)| *first);
}

fn file_name(file: &Path) -> &str {
    file.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The offset that a file's name begins with.
fn base_offset(file: &Path) -> Result<i64, Failure> {
    let name = file_name(file).split('.').next().unwrap_or_default();
    name.parse().map_err(|_| {
        exception("java.lang.NumberFormatException", format_args!("For input string: \"{name}\""))
    })
}

/// The file of the same segment with another suffix.
fn sibling(file: &Path, suffix: &str) -> PathBuf {
    let name = file_name(file).split('.').next().unwrap_or_default();
    Path::new(&absolute(file)).with_file_name(format!("{name}.{suffix}"))
}

fn not_found(file: &Path) -> Failure {
    exception("java.nio.file.NoSuchFileException", file.display())
}
