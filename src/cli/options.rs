//! Command lines of those tools of Kafka's that read them with joptsimple: their options and complaints to the letter.
//!
//! The table that `--help` prints is the schema: an option takes an argument where the table shows `<…>`, perhaps one
//! where it shows `[…]`. Options may begin with one dash or two, cannot be abbreviated, and take `=value` as well as
//! `value`. What a tool makes of its options is the tool's business.

use std::collections::BTreeMap;

/// What an option takes behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Something,
    Perhaps,
}

/// An exception that Java would throw: its class, and what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exception {
    /// Its class, package included.
    pub(crate) class: String,
    /// What it says.
    pub(crate) message: String,
    /// What it was caused by, the nearest first, as `class: message`.
    pub(crate) causes: Vec<String>,
    /// What else went wrong, as `class: message`.
    pub(crate) suppressed: Vec<String>,
}

impl Exception {
    /// An exception without a cause.
    pub(crate) fn new(class: &str, message: impl Into<String>) -> Self {
        Self { class: class.to_owned(), message: message.into(), ..Self::default() }
    }

    /// `IllegalArgumentException`.
    pub(crate) fn illegal_argument(message: impl Into<String>) -> Self {
        Self::new("java.lang.IllegalArgumentException", message)
    }

    /// This as the cause of an `ExecutionException`.
    pub(crate) fn in_execution(self) -> Self {
        let line = self.line();
        let mut causes = self.causes;
        causes.insert(0, line.clone());
        Self {
            class: "java.util.concurrent.ExecutionException".to_owned(),
            message: line,
            causes,
            ..Self::default()
        }
    }

    /// This as the cause of a `RuntimeException`.
    pub(crate) fn in_runtime(self) -> Self {
        Self { class: "java.lang.RuntimeException".to_owned(), ..self.in_execution() }
    }

    /// `class: message`.
    pub(crate) fn line(&self) -> String {
        if self.message.is_empty() {
            self.class.clone()
        } else {
            format!("{}: {}", self.class, self.message)
        }
    }

    /// What Java prints of it, the frames left out; ends with a newline.
    pub(crate) fn trace(&self) -> String {
        let mut text = self.line();
        text.push('\n');
        for suppressed in &self.suppressed {
            text.push_str(&format!("\tSuppressed: {suppressed}\n"));
        }
        for cause in &self.causes {
            text.push_str(&format!("Caused by: {cause}\n"));
        }
        text
    }
}

/// Why a tool ends before its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Print this and the table on stderr, and fail.
    Usage(String),
    /// Say which Kafka this is.
    Version,
    /// Whatever the tool does with exceptions.
    Throw(Exception),
}

impl Stop {
    /// For tools that print the table with whatever is wrong with a command line.
    pub(super) fn with_table(self) -> Self {
        match self {
            Self::Throw(exception) => Self::Usage(exception.message),
            other => other,
        }
    }
}

impl From<Exception> for Stop {
    fn from(exception: Exception) -> Self {
        Self::Throw(exception)
    }
}

/// The text that `--help` prints: what the tool is for, then the table.
pub(crate) struct Usage {
    text: &'static str,
}

impl Usage {
    /// `text` as Kafka's tool prints it.
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text }
    }

    /// What the tool is for.
    fn about(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The table.
    pub(crate) fn table(&self) -> &'static str {
        self.text.split_once('\n').map_or("", |(_, table)| table)
    }

    /// Every option, and what it takes.
    fn options(&self) -> BTreeMap<&'static str, Takes> {
        let table = self.table();
        let width = table.find("Description").unwrap_or(0);
        let mut options = BTreeMap::new();
        let mut current = None;
        for line in table.lines().skip(2) {
            let left = line.get(..width.min(line.len())).unwrap_or(line);
            // What a tool cannot do without is starred.
            if let Some(name) = left.strip_prefix("* ").unwrap_or(left).strip_prefix("--") {
                let name = name.split([' ', ',']).next().unwrap_or_default();
                current = Some(name);
                options.insert(name, Takes::Nothing);
            }
            let Some(takes) = current.and_then(|name| options.get_mut(name)) else { continue };
            match (left.find('<'), left.find('[')) {
                (Some(_), _) if *takes == Takes::Nothing => *takes = Takes::Something,
                (_, Some(_)) if *takes == Takes::Nothing => *takes = Takes::Perhaps,
                _ => {}
            }
        }
        options
    }

    /// As [`Usage::parse`], but a command line without anything asks for help.
    pub(crate) fn parse_some(&self, args: &[String]) -> Result<Given, Stop> {
        match args {
            [] => Err(Stop::Usage(self.about().to_owned())),
            args => self.parse(args),
        }
    }

    /// Reads a command line, and answers `--help` and `--version`.
    pub(crate) fn parse(&self, args: &[String]) -> Result<Given, Stop> {
        let given = self.read(args)?;
        if given.has("help") {
            return Err(Stop::Usage(self.about().to_owned()));
        }
        if given.has("version") {
            return Err(Stop::Version);
        }
        Ok(given)
    }

    fn read(&self, args: &[String]) -> Result<Given, Stop> {
        let options = self.options();
        let mut given = Given::default();
        let mut args = args.iter().peekable();
        while let Some(arg) = args.next() {
            if arg == "--" {
                break;
            }
            let Some(option) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')) else {
                continue;
            };
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (option, None),
            };
            let Some((&name, takes)) = options.get_key_value(name) else {
                let class = "joptsimple.UnrecognizedOptionException";
                let what = format!("{name} is not a recognized option");
                return Err(Exception::new(class, what).into());
            };
            let value = match takes {
                Takes::Nothing => None,
                Takes::Something => {
                    Some(value.or_else(|| args.next().cloned()).ok_or_else(|| {
                        let class = "joptsimple.OptionMissingRequiredArgumentException";
                        Exception::new(class, format!("Option {name} requires an argument"))
                    })?)
                }
                Takes::Perhaps => {
                    // A number below 0 is no option.
                    let is_value =
                        |next: &&String| !next.starts_with('-') || next.parse::<i64>().is_ok();
                    value.or_else(|| args.next_if(is_value).cloned())
                }
            };
            given.options.push((name, value));
        }
        Ok(given)
    }
}

/// A command line: options in order, with their arguments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    options: Vec<(&'static str, Option<String>)>,
}

impl Given {
    /// Whether an option was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(given, _)| *given == name)
    }

    /// The argument of an option that may have one. Given twice, it is an error.
    pub(crate) fn value(&self, name: &str) -> Result<Option<&str>, Exception> {
        let values = self.values(name);
        if values.len() > 1 {
            let class = "joptsimple.MultipleArgumentsForOptionException";
            let what =
                format!("Found multiple arguments for option {name}, but you asked for only one");
            return Err(Exception::new(class, what));
        }
        Ok(values.first().copied())
    }

    /// Every argument of an option, in order.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let with_name = self.options.iter().filter(|(given, _)| *given == name);
        with_name.filter_map(|(_, value)| value.as_deref()).collect()
    }

    /// Whichever of `names` were given, in the order of the command line, with their arguments.
    pub(crate) fn in_order(&self, names: &[&str]) -> impl Iterator<Item = (&str, Option<&str>)> {
        let named = self.options.iter().filter(move |(given, _)| names.contains(given));
        named.map(|(given, value)| (*given, value.as_deref()))
    }

    /// The number that an option was given.
    pub(crate) fn number<N: std::str::FromStr>(&self, name: &str) -> Result<Option<N>, Exception> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            let number = format!("java.lang.NumberFormatException: For input string: \"{text}\"");
            Exception {
                class: "joptsimple.OptionArgumentConversionException".to_owned(),
                message: format!("Cannot parse argument '{text}' of option {name}"),
                causes: vec![format!("joptsimple.internal.ReflectionException: {number}"), number],
                ..Exception::default()
            }
        })
    }

    /// Complains of the first of `names` that was not given.
    pub(crate) fn require(&self, names: &[&str]) -> Result<(), Stop> {
        match names.iter().find(|name| !self.has(name)) {
            Some(missing) => Err(Stop::Usage(format!("Missing required argument \"[{missing}]\""))),
            None => Ok(()),
        }
    }

    /// Complains where an option was given beside the one that has replaced it; the pairs are the old one and the new.
    pub(crate) fn replaced(&self, pairs: &[(&str, &str)]) -> Result<(), Stop> {
        match pairs.iter().find(|(old, new)| self.has(old) && self.has(new)) {
            Some((old, new)) => Err(Stop::Usage(format!(
                "Options --{new} and --{old} cannot be specified together."
            ))),
            None => Ok(()),
        }
    }

    /// Complains of the first of `others` that was given beside `name`.
    pub(crate) fn exclude(&self, name: &str, others: &[&str]) -> Result<(), Stop> {
        match others.iter().find(|other| self.has(name) && self.has(other)) {
            Some(other) => Err(Stop::Usage(format!(
                "Option \"[{name}]\" can't be used with option \"[{other}]\""
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: Usage = Usage::new(
        "What it is for.\n\
         Option                       Description\n\
         ------                       -----------\n\
         * --must <String: a word>    Not without.\n\
         --count <Integer: how many>  How many [or more].\n\
         --flag                       Just <that>.\n\
         --long-long-long-long-long   Its argument is on\n  \
         <String: the next>           the next line.\n\
         --perhaps [String]           Maybe.\n\
         --help                       Help.\n\
         --version                    Version.\n",
    );

    fn parse(line: &str) -> Result<Given, Stop> {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        USAGE.parse(&args)
    }

    #[test]
    fn the_table_is_the_schema() {
        let given = parse("--flag --count 3 --long-long-long-long-long -x --perhaps --count=4");
        let given = given.expect("it can be read");
        assert!(given.has("flag") && given.has("perhaps") && !given.has("help"));
        assert_eq!(given.values("count"), ["3", "4"]);
        assert_eq!(given.value("long-long-long-long-long"), Ok(Some("-x")));
        assert_eq!(given.value("perhaps"), Ok(None));
        assert!(given.value("count").is_err());
        assert_eq!(parse("--must be").expect("it can be read").value("must"), Ok(Some("be")));
    }

    #[test]
    fn complaints() {
        let says = |line: &str| match parse(line) {
            Err(Stop::Throw(exception)) => exception.line(),
            Err(Stop::Usage(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            says("--none"),
            "joptsimple.UnrecognizedOptionException: none is not a recognized option"
        );
        assert_eq!(
            says("--count"),
            "joptsimple.OptionMissingRequiredArgumentException: Option count requires an argument"
        );
        assert_eq!(says("--flag --help"), "What it is for.");
        let given = parse("--count three --flag").expect("it can be read");
        let exception = given.number::<i32>("count").expect_err("it is no number");
        assert_eq!(exception.message, "Cannot parse argument 'three' of option count");
        assert_eq!(
            given.require(&["flag", "perhaps"]),
            Err(Stop::Usage("Missing required argument \"[perhaps]\"".to_owned()))
        );
        assert_eq!(
            given.exclude("count", &["perhaps", "flag"]),
            Err(Stop::Usage("Option \"[count]\" can't be used with option \"[flag]\"".to_owned()))
        );
    }

    #[test]
    fn an_execution_exception_tells_its_cause() {
        let inner = Exception::new("a.B", "why").in_execution();
        assert_eq!(
            inner.trace(),
            "java.util.concurrent.ExecutionException: a.B: why\nCaused by: a.B: why\n"
        );
    }
}
