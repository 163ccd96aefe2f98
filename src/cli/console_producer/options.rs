//! What `kafka-console-producer` may be asked, and the producer's properties that it sets.

use crate::cli::options::{Exception, Given, Stop, Usage};
use crate::cli::tool::{self, Properties, property};
use crate::wire::compression::Codec;

/// A command line that makes sense.
pub(super) struct Options {
    pub(super) topic: String,
    pub(super) bootstrap: String,
    pub(super) reader: Properties,
    pub(super) producer: Properties,
    pub(super) sync: bool,
    pub(super) acks: i16,
    pub(super) idempotent: bool,
    pub(super) codec: Codec,
    pub(super) retries: u64,
    pub(super) linger_ms: u64,
    pub(super) batch_bytes: usize,
    pub(super) max_block_ms: u64,
    pub(super) timeout_ms: i32,
}

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<Options, Stop> {
    let given = usage.parse(args).map_err(|stop| match stop {
        Stop::Throw(thrown) => Stop::Usage(thrown.message),
        other => other,
    })?;
    given.require(&["bootstrap-server", "topic"])?;
    for (old, new) in [
        ("property", "reader-property"),
        ("producer-property", "command-property"),
        ("producer.config", "command-config"),
    ] {
        if given.has(old) && given.has(new) {
            return Err(Stop::Usage(format!(
                "Options --{new} and --{old} cannot be specified together."
            )));
        }
    }
    Ok(checked(&given)?)
}

fn checked(given: &Given) -> Result<Options, Exception> {
    let producer = properties(
        given,
        &["command-config", "producer.config"],
        &["command-property", "producer-property"],
    )?;
    let reader = properties(given, &["reader-config"], &["reader-property", "property"])?;
    let acks = match given.value("request-required-acks")?.or(property(&producer, "acks")) {
        None | Some("-1" | "all") => -1,
        Some("0") => 0,
        Some("1") => 1,
        Some(other) => return Err(invalid(other, "acks", "all, -1, 0, 1")),
    };
    let codec = match given.has("compression-codec") {
        true => Some(
            given.value("compression-codec")?.filter(|name| !name.is_empty()).unwrap_or("gzip"),
        ),
        false => property(&producer, "compression.type"),
    };
    let codec = match codec {
        None | Some("none") => Codec::None,
        Some(name) => Codec::from_name(name)
            .ok_or_else(|| invalid(name, "compression.type", "none, gzip, snappy, lz4, zstd"))?,
    };
    let idempotence = property(&producer, "enable.idempotence");
    Ok(Options {
        topic: given.value("topic")?.unwrap_or_default().to_owned(),
        bootstrap: given.value("bootstrap-server")?.unwrap_or_default().to_owned(),
        reader,
        sync: given.has("sync"),
        acks,
        idempotent: acks == -1 && idempotence != Some("false"),
        codec,
        retries: number(given, "message-send-max-retries", &producer, "retries", 3)?,
        linger_ms: number(given, "timeout", &producer, "linger.ms", 1000)?,
        batch_bytes: number(given, "batch-size", &producer, "batch.size", 16_384)?,
        max_block_ms: number(given, "max-block-ms", &producer, "max.block.ms", 60_000)?,
        timeout_ms: number(given, "request-timeout-ms", &producer, "request.timeout.ms", 1500)?,
        producer,
    })
}

fn invalid(value: &str, name: &str, valid: &str) -> Exception {
    Exception::new(
        "org.apache.kafka.common.config.ConfigException",
        format!("Invalid value {value} for configuration {name}: String must be one of: {valid}"),
    )
}

/// An option that was given, else a property, else the option's default.
fn number<N: std::str::FromStr>(
    given: &Given,
    option: &str,
    properties: &Properties,
    name: &str,
    default: N,
) -> Result<N, Exception> {
    if let Some(number) = given.number(option)? {
        return Ok(number);
    }
    Ok(property(properties, name).and_then(|text| text.trim().parse().ok()).unwrap_or(default))
}

/// The properties of the files, then those that were given by themselves.
fn properties(given: &Given, files: &[&str], options: &[&str]) -> Result<Properties, Exception> {
    let mut properties = Vec::new();
    for file in files {
        if let Some(path) = given.value(file)? {
            properties.extend(tool::properties_of(path)?);
        }
    }
    for option in options {
        properties.extend(tool::properties_in(&given.values(option)));
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
    fn options_go_before_properties() {
        let options = parse(
            "--bootstrap-server x --topic t --request-required-acks 1 --command-property acks=0 \
             --command-property linger.ms=5 --compression-codec --sync",
        );
        let Ok(options) = options else { panic!("it makes sense") };
        assert_eq!((options.acks, options.linger_ms, options.codec), (1, 5, Codec::Gzip));
        assert!(options.sync && !options.idempotent);
    }

    #[test]
    fn complaints() {
        let says = |line: &str| match parse(line) {
            Err(Stop::Usage(text)) => text,
            Err(Stop::Throw(thrown)) => thrown.line(),
            _ => panic!("it makes no sense"),
        };
        assert_eq!(says("--bootstrap-server x"), "Missing required argument \"[topic]\"");
        assert_eq!(
            says("--bootstrap-server x --topic t --request-required-acks 5"),
            "org.apache.kafka.common.config.ConfigException: Invalid value 5 for configuration acks: String must be one of: all, -1, 0, 1"
        );
    }
}
