//! What `kafka-console-consumer` may be asked, and the consumer's properties that it sets.

use std::collections::BTreeSet;

use super::formatter::Formatter;
use crate::cli::consumer::settings::{Settings, Start, Subject};
use crate::cli::options::{Exception, Given, Stop, Usage};
use crate::cli::tool::{self, Properties, property};
use crate::client::offsets::{EARLIEST, LATEST};
use crate::types::PartitionId;

/// A command line that makes sense.
pub(super) struct Options {
    pub(super) consumer: Settings,
    pub(super) max_messages: Option<u64>,
    pub(super) timeout_ms: Option<u64>,
    pub(super) formatter: String,
    pub(super) formatting: Properties,
}

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<Options, Stop> {
    let given = usage.parse(args).map_err(Stop::with_table)?;
    given.require(&["bootstrap-server"])?;
    check(&given)?;
    let partition: Option<PartitionId> = given.number("partition")?;
    let start = start(&given)?;
    let consumer = tool::properties_given(
        &given,
        &["command-config", "consumer.config"],
        &["command-property", "consumer-property"],
    )?;
    let from_beginning = from_beginning(&given, &consumer)?;
    let topic = given.value("topic")?.map(str::to_owned);
    let subject = match (topic, partition) {
        (Some(topic), Some(partition)) => Subject::Partition(topic, partition, start),
        (Some(topic), None) => Subject::Topic(topic),
        (None, _) => Subject::Include(given.value("include")?.unwrap_or_default().to_owned()),
    };
    let named = group(&given, &consumer)?;
    let mut consumer = consumer;
    let mut set = |name: &str, value: &str| consumer.push((name.to_owned(), value.to_owned()));
    if let Some(level) = given.value("isolation-level")? {
        set("isolation.level", level);
    }
    if from_beginning {
        set("auto.offset.reset", "earliest");
    }
    let mut settings = Settings::new(subject, consumer)?;
    if property(&settings.properties, "client.id").is_none() {
        settings.client_id = "console-consumer".to_owned();
    }
    settings.bootstrap = given.value("bootstrap-server")?.unwrap_or_default().to_owned();
    let assigns = matches!(settings.subject, Subject::Partition(..));
    // Who names no group gets one that nobody else is in, and that leaves no offsets behind.
    settings.auto_commit &= named.is_some();
    settings.group = named.or_else(|| Some(generated_group())).filter(|_| !assigns);
    let not_negative = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Ok(Options {
        consumer: settings,
        max_messages: not_negative(given.number("max-messages")?),
        timeout_ms: not_negative(given.number("timeout-ms")?),
        formatter: formatter(&given)?,
        formatting: formatting(&given)?,
    })
}

fn generated_group() -> String {
    let mut random = [0; 4];
    let _ = getrandom::fill(&mut random);
    format!("console-consumer-{}", u32::from_le_bytes(random) % 100_000)
}

fn check(given: &Given) -> Result<(), Stop> {
    if given.has("topic") == given.has("include") {
        return Err(Stop::Usage(
            "Exactly one of the following arguments is required: [include], [topic]".to_owned(),
        ));
    }
    if given.has("partition") && !given.has("topic") {
        return Err(Stop::Usage("The topic is required when partition is specified.".to_owned()));
    }
    if given.has("offset") && !given.has("partition") {
        return Err(Stop::Usage("The partition is required when offset is specified.".to_owned()));
    }
    for (one, other) in [("from-beginning", "offset"), ("group", "partition")] {
        if given.has(one) && given.has(other) {
            return Err(Stop::Usage(format!(
                "Options {one} and {other} cannot be specified together."
            )));
        }
    }
    given.replaced(&[
        ("property", "formatter-property"),
        ("consumer-property", "command-property"),
        ("consumer.config", "command-config"),
    ])
}

fn start(given: &Given) -> Result<Start, Stop> {
    let Some(text) = given.value("offset")? else {
        let time = if given.has("from-beginning") { EARLIEST } else { LATEST };
        return Ok(Start::Time(time));
    };
    match text.to_ascii_lowercase().as_str() {
        "earliest" => Ok(Start::Time(EARLIEST)),
        "latest" => Ok(Start::Time(LATEST)),
        number => match number.parse() {
            Ok(offset) if offset >= 0 => Ok(Start::At(offset)),
            _ => Err(Stop::Usage(format!(
                "The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long."
            ))),
        },
    }
}

fn from_beginning(given: &Given, consumer: &Properties) -> Result<bool, Stop> {
    match property(consumer, "auto.offset.reset") {
        Some(set) if given.has("from-beginning") && set != "earliest" => Err(Stop::Usage(format!(
            "Can't simultaneously specify --from-beginning and 'auto.offset.reset={set}', please remove one option"
        ))),
        _ => Ok(given.has("from-beginning")),
    }
}

/// The group that is named, wherever; all places must agree.
fn group(given: &Given, consumer: &Properties) -> Result<Option<String>, Stop> {
    let named = given.value("group")?.map(str::to_owned);
    let set = property(consumer, "group.id").map(str::to_owned);
    let groups: BTreeSet<String> = named.into_iter().chain(set).collect();
    if groups.len() > 1 {
        let quoted: Vec<_> = groups.iter().map(|group| format!("'{group}'")).collect();
        return Err(Stop::Usage(format!(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: {}",
            quoted.join(", ")
        )));
    }
    Ok(groups.into_iter().next())
}

fn formatter(given: &Given) -> Result<String, Stop> {
    let class = given.value("formatter")?.unwrap_or("DefaultMessageFormatter");
    let name = class.rsplit('.').next().unwrap_or(class);
    if Formatter::is_known(name) { Ok(name.to_owned()) } else { Err(Stop::Usage(class.to_owned())) }
}

fn formatting(given: &Given) -> Result<Properties, Exception> {
    let mut properties = match given.value("formatter-config")? {
        Some(path) => tool::properties_of(path)?,
        None => Vec::new(),
    };
    for option in ["formatter-property", "property"] {
        properties.extend(tool::properties_in(&given.values(option)));
    }
    for part in ["key", "value"] {
        if let Some(class) = given.value(&format!("{part}-deserializer"))? {
            properties.push((format!("{part}.deserializer"), class.to_owned()));
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Stop> {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        super::parse(&super::super::USAGE, &args)
    }

    #[test]
    fn complaints() {
        let says = |line: &str| match parse(&format!("--bootstrap-server x {line}")) {
            Err(Stop::Usage(text)) => text,
            Err(Stop::Throw(thrown)) => thrown.message,
            _ => panic!("it makes no sense"),
        };
        let one = "Exactly one of the following arguments is required: [include], [topic]";
        assert_eq!(says(""), one);
        assert_eq!(says("--topic t --include t"), one);
        assert_eq!(
            says("--topic t --offset 3"),
            "The partition is required when offset is specified."
        );
        assert!(
            says("--topic t --partition 0 --offset -5")
                .starts_with("The provided offset value '-5'")
        );
        assert!(says("--topic t --group a --command-property group.id=b").ends_with("'a', 'b'"));
        assert!(says("--topic t --isolation-level dirty").starts_with("Invalid value dirty"));
    }

    #[test]
    fn where_to_begin() {
        let options = |line: &str| match parse(&format!("--bootstrap-server x --topic t {line}")) {
            Ok(options) => options,
            Err(stop) => panic!("{stop:?}"),
        };
        assert_eq!(options("--from-beginning").consumer.reset, Some(EARLIEST));
        let plain = options("").consumer;
        assert_eq!((plain.reset, plain.auto_commit), (Some(LATEST), false));
        assert!(plain.group.is_some_and(|group| group.starts_with("console-consumer-")));
        assert!(options("--group g").consumer.auto_commit);
        let one = options("--partition 2 --offset 7").consumer;
        let Subject::Partition(_, 2, start) = one.subject else { panic!("a partition") };
        assert_eq!((start, one.group), (Start::At(7), None));
    }
}
