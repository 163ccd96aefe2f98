//! Command lines of those tools of Kafka's that read them with argparse4j: sub-commands, options, their complaints to
//! the letter.
//!
//! The text that `--help` prints is the schema: the usage in its first paragraph tells what must be given and what
//! excludes what, the lines below it which names an option has and what follows them. What a tool makes of its options
//! is the tool's business.

mod justify;
mod schema;

use std::collections::BTreeMap;

use justify::justified;
use schema::{Choice, Schema, Takes};

/// A tool.
#[derive(Debug)]
pub(crate) struct Program {
    /// What it calls itself.
    pub(crate) name: &'static str,
    /// What `--help` prints; its first paragraph is the usage that goes with complaints.
    pub(crate) help: &'static str,
    /// Its sub-commands, each with what `--help` prints behind it; none for a tool that does one thing.
    pub(crate) commands: &'static [(&'static str, &'static str)],
}

/// A command line that makes sense.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// The sub-command; empty for a tool that does one thing.
    pub(crate) command: &'static str,
    /// What belongs to no option.
    pub(crate) arguments: Vec<String>,
    options: BTreeMap<&'static str, Vec<String>>,
}

impl Parsed {
    /// Whether an option was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }

    /// The value of an option: the last one counts.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.options.get(name)?.last().map(String::as_str)
    }

    /// Every value of an option, in order.
    pub(crate) fn values(&self, name: &str) -> &[String] {
        self.options.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Help was asked for: print this on stdout.
    Help(&'static str),
    /// The command line is wrong.
    Wrong(Complaint),
}

/// What is wrong with a command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    program: &'static str,
    usage: &'static str,
    /// What is wrong.
    pub(crate) message: String,
}

impl Complaint {
    /// What most tools print: usage and message.
    pub(crate) fn text(&self) -> String {
        let message = justified(&format!("{}: error: {}", self.program, self.message));
        format!("{}\n{message}\n", self.usage)
    }
}

impl Program {
    /// Reads a command line, the program's name left out.
    pub(crate) fn parse(&self, args: &[String]) -> Result<Parsed, Stop> {
        let schema = Schema::of(self.help, None);
        let mut reading = Reading { schema: &schema, args: args.iter(), parsed: Parsed::default() };
        let outcome = reading.run(!self.commands.is_empty());
        let word = self.understood(outcome, self.help)?;
        let (rest, mut parsed) = (reading.args, reading.parsed);
        if !self.commands.is_empty() {
            let Some(word) = word else {
                return Err(self.wrong("too few arguments"));
            };
            let found = self.commands.iter().find(|(name, _)| *name == word);
            let Some(&(name, help)) = found else {
                let names = self.commands.iter().map(|(name, _)| format!("'{name}'"));
                let names = names.collect::<Vec<_>>().join(", ");
                return Err(self.wrong(format!("invalid choice: '{word}' (choose from {names})")));
            };
            parsed.command = name;
            let schema = Schema::of(help, Some(name));
            let mut reading = Reading { schema: &schema, args: rest, parsed };
            let outcome = reading.run(false).and_then(|_| reading.check());
            self.understood(outcome, help)?;
            parsed = reading.parsed;
        }
        let reading = Reading { schema: &schema, args: [].iter(), parsed };
        self.understood(reading.check(), self.help)?;
        Ok(reading.parsed)
    }

    fn understood<T>(
        &self,
        outcome: Result<T, Option<String>>,
        help: &'static str,
    ) -> Result<T, Stop> {
        outcome.map_err(|message| match message {
            Some(message) => Stop::Wrong(self.complaint(help, message)),
            None => Stop::Help(help),
        })
    }

    fn complaint(&self, help: &'static str, message: String) -> Complaint {
        let usage = help.split("\n\n").next().unwrap_or_default().trim_end();
        Complaint { program: self.name, usage, message }
    }

    /// A complaint of the tool's own about what was given.
    pub(crate) fn wrong(&self, message: impl Into<String>) -> Stop {
        Stop::Wrong(self.complaint(self.help, message.into()))
    }

    /// The number that is an option's value; `kind` is Java's name of its type.
    pub(crate) fn number<N: std::str::FromStr>(
        &self,
        parsed: &Parsed,
        name: &str,
        kind: &str,
    ) -> Result<Option<N>, Stop> {
        let Some(text) = parsed.value(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            let command = self.commands.iter().find(|(command, _)| *command == parsed.command);
            let help = command.map_or(self.help, |(_, help)| help);
            let schema = Schema::of(help, command.map(|(command, _)| *command));
            let title = schema.option(name).map_or(name.to_owned(), Choice::title);
            Stop::Wrong(self.complaint(
                help,
                format!("argument {title}: could not convert '{text}' to {kind} (For input string: \"{text}\")"),
            ))
        })
    }
}

struct Reading<'a> {
    schema: &'a Schema,
    args: std::slice::Iter<'a, String>,
    parsed: Parsed,
}

/// The error is a complaint, or none where help was asked for.
type Read<T> = Result<T, Option<String>>;

impl Reading<'_> {
    /// Reads to the end; with `commands` to the first word that belongs to no option, which is returned.
    fn run(&mut self, commands: bool) -> Read<Option<String>> {
        while let Some(arg) = self.args.next() {
            if !is_option(arg) {
                if commands {
                    return Ok(Some(arg.clone()));
                }
                if !self.schema.takes_arguments {
                    return Err(unrecognized(arg));
                }
                self.parsed.arguments.push(arg.clone());
            } else if let Some(long) = arg.strip_prefix("--") {
                self.long(arg, long)?;
            } else {
                self.short(arg)?;
            }
        }
        Ok(None)
    }

    /// What must be given is there. Like argparse4j, it misses first what was declared last.
    fn check(&self) -> Read<()> {
        let missing = |option: &&Choice| option.required && !self.parsed.has(option.name());
        let declared = |own: bool| self.schema.options.iter().rev().filter(move |o| o.own == own);
        if let Some(option) = declared(true).chain(declared(false)).find(missing) {
            return Err(Some(format!("argument {} is required", option.title())));
        }
        for group in self.schema.required_groups() {
            if !group.iter().any(|option| self.parsed.has(option.name())) {
                let titles: Vec<_> = group.iter().map(|option| option.title()).collect();
                let titles = titles.join(" ");
                return Err(Some(format!("one of the arguments {titles} is required")));
            }
        }
        Ok(())
    }

    fn long(&mut self, arg: &str, long: &str) -> Read<()> {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let name = format!("--{name}");
        let mut abbreviated = self.schema.starting_with(&name);
        let only = abbreviated.next().filter(|_| abbreviated.next().is_none());
        match self.schema.flag(&name).or(only) {
            Some(option) if option.name() == "help" => Err(None),
            Some(option) => self.give(option, value),
            None => Err(unrecognized(arg)),
        }
    }

    fn short(&mut self, arg: &str) -> Read<()> {
        let letters = arg.trim_start_matches('-');
        for (at, letter) in letters.char_indices() {
            let Some(option) = self.schema.flag(&format!("-{letter}")) else {
                return Err(unrecognized(arg));
            };
            match option.takes {
                _ if option.name() == "help" => return Err(None),
                Takes::Nothing => self.give(option, None)?,
                _ => {
                    let rest =
                        letters.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
                    return self
                        .give(option, rest.map(|rest| rest.strip_prefix('=').unwrap_or(rest)));
                }
            }
        }
        Ok(())
    }

    fn give(&mut self, option: &Choice, value: Option<&str>) -> Read<()> {
        let excluded = |other: &&Choice| {
            other.group.is_some()
                && other.group == option.group
                && other.name() != option.name()
                && self.parsed.has(other.name())
        };
        if let Some(other) = self.schema.options.iter().find(excluded) {
            let (this, other) = (option.title(), other.title());
            return Err(Some(format!("argument {this}: not allowed with argument {other}")));
        }
        let values = self.parsed.options.entry(option.name()).or_default();
        match (option.takes, value) {
            (Takes::Nothing, _) => {}
            (_, Some(value)) => values.push(value.to_owned()),
            (Takes::One, None) => match next_value(&mut self.args) {
                Some(value) => values.push(value),
                None => {
                    let title = option.title();
                    return Err(Some(format!("argument {title}: expected one argument")));
                }
            },
            (Takes::Many, None) => {
                let more: Vec<_> = std::iter::from_fn(|| next_value(&mut self.args)).collect();
                if more.is_empty() {
                    let title = option.title();
                    return Err(Some(format!("argument {title}: expected 1 argument(s)")));
                }
                values.extend(more);
            }
        }
        Ok(())
    }
}

/// The next word, unless it is an option.
fn next_value(args: &mut std::slice::Iter<'_, String>) -> Option<String> {
    let next = args.as_slice().first().filter(|next| !is_option(next))?;
    args.next();
    Some(next.clone())
}

/// Whether a word is the name of an option; a negative number is not.
fn is_option(arg: &str) -> bool {
    match arg.strip_prefix('-') {
        None | Some("") => false,
        Some(rest) => rest.parse::<f64>().is_err(),
    }
}

fn unrecognized(arg: &str) -> Option<String> {
    Some(format!("unrecognized arguments: '{arg}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: Program = Program {
        name: "tool",
        help: "usage: tool [-h] [--config CONFIG]\n            (--server SERVER | --controller CONTROLLER)\n            \
               {go,stop} ...\n\nA tool.\n\noptional arguments:\n  -h, --help             help\n  --config CONFIG        \
               x\n  --server SERVER, -s SERVER\n                         x\n  --controller CONTROLLER\n",
        commands: &[
            (
                "go",
                "usage: tool (--server SERVER | --controller CONTROLLER)\n            go [-h] --id ID --dir DIR \
                    [--dry-run] [--props A=B [A=B ...]]\n\noptional arguments:\n  -h, --help             help\n  \
                    --id ID, -i ID         x\n  --dir DIR              x\n  --dry-run              x\n  \
                    --props A=B [A=B ...]\n                         --id of things\n",
            ),
            (
                "stop",
                "usage: tool stop [-h]\n\noptional arguments:\n  -h, --help             help\n",
            ),
        ],
    };

    fn parse(line: &str) -> Result<Parsed, Stop> {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        TOOL.parse(&args)
    }

    #[test]
    fn the_text_is_the_schema() {
        let parsed =
            parse("-s x --conf=y go -i -5 --dir d --props a=b c=d --dry-run").expect("sense");
        assert_eq!(
            (parsed.command, parsed.value("server"), parsed.value("config")),
            ("go", Some("x"), Some("y"))
        );
        assert_eq!(TOOL.number(&parsed, "id", "Integer"), Ok(Some(-5)));
        assert_eq!(parsed.values("props"), ["a=b", "c=d"]);
        assert!(parsed.has("dry-run"));
        assert_eq!(parse("-s x stop --help"), Err(Stop::Help(TOOL.commands[1].1)));
    }

    #[test]
    fn complaints() {
        let says = |line: &str| match parse(line) {
            Err(Stop::Wrong(complaint)) => complaint.message,
            other => panic!("{other:?}"),
        };
        assert_eq!(says("--server x"), "too few arguments");
        assert_eq!(says("stop"), "one of the arguments --server/-s --controller is required");
        assert_eq!(says("-s x wait"), "invalid choice: 'wait' (choose from 'go', 'stop')");
        assert_eq!(
            says("-s x --controller y"),
            "argument --controller: not allowed with argument --server/-s"
        );
        assert_eq!(says("-s x go"), "argument --dir is required");
        assert_eq!(says("-s x go --dir d"), "argument --id/-i is required");
        assert_eq!(says("-s x go --dir"), "argument --dir: expected one argument");
        assert_eq!(says("-s x go --props"), "argument --props: expected 1 argument(s)");
        assert_eq!(says("-s x go y"), "unrecognized arguments: 'y'");
        let parsed = parse("-s x go --dir d -i y").expect("sense");
        let Err(Stop::Wrong(complaint)) = TOOL.number::<i32>(&parsed, "id", "Integer") else {
            panic!("no number")
        };
        assert!(
            complaint.message.starts_with("argument --id/-i: could not convert 'y' to Integer")
        );
        assert!(complaint.text().contains("\n            go [-h] --id"));
    }
}
