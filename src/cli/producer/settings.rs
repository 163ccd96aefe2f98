//! How a tool produces, as a producer's properties say it.

use std::time::Duration;

use crate::cli::options::Exception;
use crate::cli::tool::{Properties, property};
use crate::wire::compression::Codec;

/// See the module. The names are those of the properties.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Settings {
    pub(in crate::cli) bootstrap: String,
    pub(in crate::cli) client_id: String,
    pub(in crate::cli) acks: i16,
    pub(in crate::cli) idempotent: bool,
    pub(in crate::cli) codec: Codec,
    pub(in crate::cli) retries: u64,
    pub(in crate::cli) linger: Duration,
    pub(in crate::cli) batch_bytes: usize,
    pub(in crate::cli) buffer_bytes: usize,
    pub(in crate::cli) request_bytes_max: usize,
    pub(in crate::cli) in_flight_max: usize,
    pub(in crate::cli) max_block: Duration,
    pub(in crate::cli) delivery_timeout: Duration,
    pub(in crate::cli) timeout_ms: i32,
    /// All that is sent is part of transactions.
    pub(in crate::cli) transactional_id: Option<String>,
    pub(in crate::cli) transaction_timeout_ms: i32,
    /// Where [`Settings::send_now`] is set, nothing waits for company.
    pub(in crate::cli) send_now: bool,
}

impl Settings {
    /// The producer's own defaults, and what `properties` say.
    pub(in crate::cli) fn new(properties: &Properties) -> Result<Self, Exception> {
        let text = |name| property(properties, name).map(str::trim);
        let ms = |name, default| number(properties, name, default).map(Duration::from_millis);
        let acks = acks(text("acks").unwrap_or("all"))?;
        let idempotence = text("enable.idempotence").is_none_or(|text| text != "false");
        Ok(Self {
            bootstrap: text("bootstrap.servers").unwrap_or_default().to_owned(),
            client_id: text("client.id").unwrap_or("producer-1").to_owned(),
            acks,
            idempotent: acks == -1 && idempotence,
            codec: codec(text("compression.type").unwrap_or("none"))?,
            retries: number(properties, "retries", 2_147_483_647)?,
            linger: ms("linger.ms", 5)?,
            batch_bytes: number(properties, "batch.size", 16_384)?,
            buffer_bytes: number(properties, "buffer.memory", 32 << 20)?,
            request_bytes_max: number(properties, "max.request.size", 1 << 20)?,
            in_flight_max: number(properties, "max.in.flight.requests.per.connection", 5)?,
            max_block: ms("max.block.ms", 60_000)?,
            delivery_timeout: ms("delivery.timeout.ms", 120_000)?,
            timeout_ms: number(properties, "request.timeout.ms", 30_000)?,
            transactional_id: text("transactional.id").map(str::to_owned),
            transaction_timeout_ms: number(properties, "transaction.timeout.ms", 60_000)?,
            send_now: false,
        })
    }
}

/// The number that `acks` stands for.
pub(in crate::cli) fn acks(text: &str) -> Result<i16, Exception> {
    match text {
        "all" | "-1" => Ok(-1),
        "0" => Ok(0),
        "1" => Ok(1),
        other => Err(invalid(other, "acks", "all, -1, 0, 1")),
    }
}

/// The codec that `compression.type` names.
pub(in crate::cli) fn codec(name: &str) -> Result<Codec, Exception> {
    match name {
        "none" => Ok(Codec::None),
        name => Codec::from_name(name)
            .ok_or_else(|| invalid(name, "compression.type", "none, gzip, snappy, lz4, zstd")),
    }
}

fn invalid(value: &str, name: &str, valid: &str) -> Exception {
    config(format!(
        "Invalid value {value} for configuration {name}: String must be one of: {valid}"
    ))
}

fn config(message: String) -> Exception {
    Exception::new("org.apache.kafka.common.config.ConfigException", message)
}

fn number<N: std::str::FromStr>(
    properties: &Properties,
    name: &str,
    default: N,
) -> Result<N, Exception> {
    let Some(text) = property(properties, name) else { return Ok(default) };
    text.trim().parse().map_err(|_| {
        config(format!("Invalid value {text} for configuration {name}: Not a number of type INT"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_heard() {
        let listed = |text: &str| -> Properties {
            let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let settings = Settings::new(&listed("acks=1 linger.ms=0 compression.type=lz4"));
        let settings = settings.expect("it makes sense");
        assert_eq!((settings.acks, settings.idempotent, settings.codec), (1, false, Codec::Lz4));
        assert_eq!((settings.linger, settings.batch_bytes), (Duration::ZERO, 16_384));
        let why = Settings::new(&listed("acks=7")).expect_err("no such acks").message;
        assert!(why.ends_with("String must be one of: all, -1, 0, 1"));
        assert!(Settings::new(&listed("linger.ms=soon")).is_err());
    }
}
