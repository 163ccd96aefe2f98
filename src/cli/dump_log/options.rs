//! The tool's options, and what it says about them.

use std::fmt::Write;

use super::decoders::Decoder;

/// What was asked for.
pub(super) enum Asked {
    /// To dump files.
    Dump(Options),
    /// To say which Kafka this is.
    Version,
}

/// The options of a dump.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) files: String,
    pub(super) print_data_log: bool,
    pub(super) deep_iteration: bool,
    pub(super) skip_record_metadata: bool,
    pub(super) verify_index_only: bool,
    pub(super) index_sanity_check: bool,
    pub(super) max_message_size: Option<String>,
    pub(super) max_bytes: Option<String>,
    pub(super) decoder: Decoder,
    /// A class that would have to be loaded.
    pub(super) foreign_class: Option<String>,
}

const ABOUT: &str = "This tool helps to parse a log file and dump its contents to the console, useful for debugging a \
                     seemingly corrupt log segment.";

/// The table of options as Kafka's tool prints it.
const USAGE: &str = include_str!("usage.txt");

const STRING_DECODER: &str = "org.apache.kafka.tools.api.StringDecoder";

/// What an option takes behind it.
enum Takes {
    Nothing,
    Something,
    Perhaps,
}

fn takes(name: &str) -> Option<Takes> {
    Some(match name {
        "cluster-metadata-decoder"
        | "deep-iteration"
        | "help"
        | "index-sanity-check"
        | "offsets-decoder"
        | "print-data-log"
        | "remote-log-metadata-decoder"
        | "share-group-state-decoder"
        | "skip-record-metadata"
        | "transaction-log-decoder"
        | "verify-index-only"
        | "version" => Takes::Nothing,
        "files" | "max-bytes" | "max-message-size" => Takes::Something,
        "key-decoder-class" | "value-decoder-class" => Takes::Perhaps,
        _ => return None,
    })
}

/// Reads `args`; an error is what to print instead.
pub(super) fn parse(args: &[String]) -> Result<Asked, String> {
    let given =
        split(args).map_err(|exception| format!("Exception in thread \"main\" {exception}\n"))?;
    let has = |name: &str| given.iter().any(|(given, _)| *given == name);
    if args.is_empty() || has("help") {
        return Err(format!("{ABOUT}\n{USAGE}"));
    }
    if has("version") {
        return Ok(Asked::Version);
    }
    let mut files =
        given.iter().filter(|(name, _)| *name == "files").map(|(_, value)| value.clone());
    let Some(files_given) = files.next() else {
        return Err(format!("Missing required argument \"[files]\"\n{USAGE}"));
    };
    if files.next().is_some() {
        let class = "joptsimple.MultipleArgumentsForOptionException";
        let what = "Found multiple arguments for option files, but you asked for only one";
        return Err(format!("Exception in thread \"main\" {class}: {what}\n"));
    }
    let value = |name: &str| {
        given.iter().find(|(given, _)| *given == name).and_then(|(_, value)| value.clone())
    };
    let decoder =
        Decoder::ALL.into_iter().find(|decoder| has(decoder.option())).unwrap_or_default();
    let classes = ["value-decoder-class", "key-decoder-class"];
    Ok(Asked::Dump(Options {
        files: files_given.unwrap_or_default(),
        print_data_log: has("print-data-log")
            || decoder != Decoder::Text
            || classes.iter().any(|name| has(name)),
        deep_iteration: has("deep-iteration"),
        skip_record_metadata: has("skip-record-metadata"),
        verify_index_only: has("verify-index-only"),
        index_sanity_check: has("index-sanity-check"),
        max_message_size: value("max-message-size"),
        max_bytes: value("max-bytes"),
        decoder,
        foreign_class: classes
            .iter()
            .filter_map(|name| value(name))
            .find(|class| class != STRING_DECODER),
    }))
}

type Given<'a> = Vec<(&'a str, Option<String>)>;

fn split(args: &[String]) -> Result<Given<'_>, String> {
    let mut given = Given::new();
    let mut args = args.iter().peekable();
    while let Some(arg) = args.next() {
        let Some(name) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')) else { continue };
        let (name, mut value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        let Some(takes) = takes(name) else {
            return Err(format!(
                "joptsimple.UnrecognizedOptionException: {name} is not a recognized option"
            ));
        };
        let mut next = || args.next_if(|next| !next.starts_with('-')).cloned();
        match takes {
            Takes::Nothing => {}
            Takes::Something if value.is_none() => {
                value = next();
                if value.is_none() {
                    let class = "joptsimple.OptionMissingRequiredArgumentException";
                    return Err(format!("{class}: Option {name} requires an argument"));
                }
            }
            Takes::Perhaps if value.is_none() => value = next(),
            Takes::Something | Takes::Perhaps => {}
        }
        given.push((name, value));
    }
    Ok(given)
}

/// An option's number, or what Java says where it is none.
pub(super) fn number(name: &str, value: Option<&str>, default: i32) -> Result<i32, String> {
    let Some(text) = value else { return Ok(default) };
    text.parse().map_err(|_| {
        let mut message = String::from("joptsimple.OptionArgumentConversionException: ");
        write!(message, "Cannot parse argument '{text}' of option {name}")
            .expect("a string takes every write");
        message
    })
}
