//! What `kafka-console-producer` may be asked, and the producer's properties that it sets.

use std::time::Duration;

use crate::cli::options::{Exception, Given, Stop, Usage};
use crate::cli::producer::settings::{Settings, acks, codec};
use crate::cli::tool::{self, Properties, property};

/// A command line that makes sense.
pub(super) struct Options {
    pub(super) topic: String,
    pub(super) reader: Properties,
    pub(super) sync: bool,
    pub(super) producer: Settings,
}

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<Options, Stop> {
    let given = usage.parse(args).map_err(Stop::with_table)?;
    given.require(&["bootstrap-server", "topic"])?;
    given.replaced(&[
        ("property", "reader-property"),
        ("producer-property", "command-property"),
        ("producer.config", "command-config"),
    ])?;
    Ok(checked(&given)?)
}

fn checked(given: &Given) -> Result<Options, Exception> {
    let producer = tool::properties_given(
        given,
        &["command-config", "producer.config"],
        &["command-property", "producer-property"],
    )?;
    let reader =
        tool::properties_given(given, &["reader-config"], &["reader-property", "property"])?;
    let client_id = property(&producer, "client.id").unwrap_or("console-producer").to_owned();
    let mut settings = Settings::new(&producer)?;
    if let Some(text) = given.value("request-required-acks")? {
        settings.acks = acks(text)?;
        settings.idempotent &= settings.acks == -1;
    }
    if given.has("compression-codec") {
        let name = given.value("compression-codec")?.filter(|name| !name.is_empty());
        settings.codec = codec(name.unwrap_or("gzip"))?;
    }
    let ms = |option, name, default| -> Result<Duration, Exception> {
        Ok(Duration::from_millis(number(given, option, &producer, name, default)?))
    };
    let sync = given.has("sync");
    Ok(Options {
        topic: given.value("topic")?.unwrap_or_default().to_owned(),
        reader,
        sync,
        producer: Settings {
            bootstrap: given.value("bootstrap-server")?.unwrap_or_default().to_owned(),
            client_id,
            retries: number(given, "message-send-max-retries", &producer, "retries", 3)?,
            linger: ms("timeout", "linger.ms", 1000)?,
            batch_bytes: number(given, "batch-size", &producer, "batch.size", 16_384)?,
            buffer_bytes: number(given, "max-memory-bytes", &producer, "buffer.memory", 32 << 20)?,
            max_block: ms("max-block-ms", "max.block.ms", 60_000)?,
            timeout_ms: number(given, "request-timeout-ms", &producer, "request.timeout.ms", 1500)?,
            send_now: sync,
            ..settings
        },
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::compression::Codec;

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
        let producer = options.producer;
        let linger = Duration::from_millis(5);
        assert_eq!((producer.acks, producer.linger, producer.codec), (1, linger, Codec::Gzip));
        assert!(options.sync && !producer.idempotent);
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
