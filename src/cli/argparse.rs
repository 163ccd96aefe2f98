//! Command lines of those tools of Kafka's that read them with argparse4j: sub-commands, options, their complaints to
//! the letter. The help texts belong to the tools.

use std::collections::BTreeMap;

/// How often an option may be given, and with what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Nothing follows it.
    Flag,
    /// A value follows; the last one counts.
    Value,
    /// A value follows; all count.
    Values,
}

/// One option.
#[derive(Debug)]
pub(crate) struct OptionSpec {
    /// Its long name without dashes.
    pub(crate) long: &'static str,
    /// Its letter.
    pub(crate) short: char,
    /// What follows it.
    pub(crate) kind: Kind,
    /// Whether it must be given.
    pub(crate) required: bool,
    /// Of the options with the same number above 0 only one may be given.
    pub(crate) group: u8,
}

/// One sub-command.
#[derive(Debug)]
pub(crate) struct CommandSpec {
    /// Its name.
    pub(crate) name: &'static str,
    /// What `--help` prints; its first paragraph is the usage that goes with complaints.
    pub(crate) help: &'static str,
    /// Its options, those first that are missed first.
    pub(crate) options: &'static [OptionSpec],
}

/// A tool.
#[derive(Debug)]
pub(crate) struct Program {
    /// What it calls itself.
    pub(crate) name: &'static str,
    /// What `--help` prints.
    pub(crate) help: &'static str,
    /// Its sub-commands.
    pub(crate) commands: &'static [CommandSpec],
}

/// A command line that makes sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// The sub-command.
    pub(crate) command: &'static str,
    options: BTreeMap<&'static str, Vec<String>>,
}

impl Parsed {
    /// Whether an option was given.
    pub(crate) fn has(&self, long: &str) -> bool {
        self.options.contains_key(long)
    }

    /// The value of an option.
    pub(crate) fn value(&self, long: &str) -> Option<&str> {
        self.options.get(long)?.last().map(String::as_str)
    }

    /// Every value of an option, in order.
    pub(crate) fn values(&self, long: &str) -> &[String] {
        self.options.get(long).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Help was asked for: print this on stdout.
    Help(&'static str),
    /// The command line is wrong: print this on stderr and fail.
    Wrong(String),
}

impl Program {
    /// Reads a command line, the program's name left out.
    pub(crate) fn parse(&self, args: &[String]) -> Result<Parsed, Stop> {
        let Some((first, rest)) = args.split_first() else {
            return Err(self.wrong(self.help, "too few arguments"));
        };
        if first == "-h" || first == "--help" {
            return Err(Stop::Help(self.help));
        }
        if first.starts_with('-') {
            return Err(self.wrong(self.help, &format!("unrecognized arguments: '{first}'")));
        }
        let Some(command) = self.commands.iter().find(|command| command.name == first) else {
            let names: Vec<_> =
                self.commands.iter().map(|command| format!("'{}'", command.name)).collect();
            let message = format!("invalid choice: '{first}' (choose from {})", names.join(", "));
            return Err(self.wrong(self.help, &message));
        };
        let mut reading = Reading { command, args: rest.iter(), options: BTreeMap::new() };
        reading.run().map_err(|message| match message {
            Some(message) => self.wrong(command.help, &message),
            None => Stop::Help(command.help),
        })
    }

    fn wrong(&self, help: &str, message: &str) -> Stop {
        let usage = help.split("\n\n").next().unwrap_or_default().trim_end();
        Stop::Wrong(format!(
            "{usage}\n{}\n",
            justified(&format!("{}: error: {message}", self.name))
        ))
    }
}

struct Reading<'a> {
    command: &'static CommandSpec,
    args: std::slice::Iter<'a, String>,
    options: BTreeMap<&'static str, Vec<String>>,
}

impl Reading<'_> {
    /// The error is a complaint, or none where help was asked for.
    fn run(&mut self) -> Result<Parsed, Option<String>> {
        while let Some(arg) = self.args.next() {
            if let Some(long) = arg.strip_prefix("--").filter(|long| !long.is_empty()) {
                self.long(arg, long)?;
            } else if let Some(letters) =
                arg.strip_prefix('-').filter(|letters| !letters.is_empty())
            {
                self.short(arg, letters)?;
            } else {
                return Err(unrecognized(arg));
            }
        }
        let missing =
            self.command.options.iter().find(|o| o.required && !self.options.contains_key(o.long));
        if let Some(option) = missing {
            return Err(Some(format!("argument {} is required", title(option))));
        }
        Ok(Parsed { command: self.command.name, options: std::mem::take(&mut self.options) })
    }

    fn long(&mut self, arg: &str, long: &str) -> Result<(), Option<String>> {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let exact = self.command.options.iter().find(|option| option.long == name);
        let mut abbreviated =
            self.command.options.iter().filter(|option| option.long.starts_with(name));
        let option = exact.or_else(|| abbreviated.next().filter(|_| abbreviated.next().is_none()));
        match option {
            Some(option) => self.give(option, value),
            None if "help".starts_with(name) => Err(None),
            None => Err(unrecognized(arg)),
        }
    }

    fn short(&mut self, arg: &str, letters: &str) -> Result<(), Option<String>> {
        for (at, letter) in letters.char_indices() {
            if letter == 'h' {
                return Err(None);
            }
            let Some(option) = self.command.options.iter().find(|option| option.short == letter)
            else {
                return Err(unrecognized(arg));
            };
            if option.kind == Kind::Flag {
                self.give(option, None)?;
                continue;
            }
            let rest = letters.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            return self.give(option, rest.map(|rest| rest.strip_prefix('=').unwrap_or(rest)));
        }
        Ok(())
    }

    fn give(
        &mut self,
        option: &'static OptionSpec,
        value: Option<&str>,
    ) -> Result<(), Option<String>> {
        let excluded = |other: &&OptionSpec| {
            other.group == option.group
                && other.long != option.long
                && self.options.contains_key(other.long)
        };
        if option.group > 0
            && let Some(other) = self.command.options.iter().find(excluded)
        {
            let (this, other) = (title(option), title(other));
            return Err(Some(format!("argument {this}: not allowed with argument {other}")));
        }
        let values = self.options.entry(option.long).or_default();
        if option.kind == Kind::Flag {
            return Ok(());
        }
        let next = || self.args.as_slice().first().filter(|next| !next.starts_with('-'));
        let value = match value {
            Some(value) => value.to_owned(),
            None => {
                let Some(next) = next() else {
                    return Err(Some(format!("argument {}: expected one argument", title(option))));
                };
                self.args.next();
                next.clone()
            }
        };
        values.push(value);
        Ok(())
    }
}

fn title(option: &OptionSpec) -> String {
    format!("--{}/-{}", option.long, option.short)
}

fn unrecognized(arg: &str) -> Option<String> {
    Some(format!("unrecognized arguments: '{arg}'"))
}

/// `text` in lines of at most 75 columns, all but the last stretched to exactly that, the odd space in the middle.
fn justified(text: &str) -> String {
    const COLUMNS: usize = 75;
    let mut lines: Vec<Vec<&str>> = vec![Vec::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        if used > 0 && used + 1 + width > COLUMNS {
            lines.push(Vec::new());
            used = 0;
        }
        used += width + usize::from(used > 0);
        if let Some(line) = lines.last_mut() {
            line.push(word);
        }
    }
    let last = lines.len() - 1;
    let stretched = lines.iter().enumerate().map(|(at, words)| match at {
        at if at == last || words.len() < 2 => words.join(" "),
        _ => stretch(words, COLUMNS),
    });
    stretched.collect::<Vec<_>>().join("\n")
}

fn stretch(words: &[&str], columns: usize) -> String {
    let gaps = words.len() - 1;
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    let spaces = columns.saturating_sub(letters);
    let (each, odd) = (spaces / gaps, spaces % gaps);
    let first_odd = (gaps - odd).div_ceil(2);
    let mut line = String::with_capacity(columns);
    for (gap, word) in words.iter().enumerate() {
        line.push_str(word);
        if gap < gaps {
            let is_odd = (first_odd..first_odd + odd).contains(&gap);
            line.push_str(&" ".repeat(each + usize::from(is_odd)));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_stretched_from_the_middle() {
        let text = "kafka-storage: error: invalid choice: 'bogus' (choose from 'info', 'format')";
        assert_eq!(
            justified(text),
            "kafka-storage:  error:  invalid  choice:   'bogus'   (choose  from  'info',\n'format')"
        );
    }
}
