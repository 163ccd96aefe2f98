//! The vocabulary of quotas: types of entities, keys, and which values a key takes. Judges no request as a whole.

use crate::error::{ApiError, ErrorCode};

/// The type of entity that a user is.
pub const USER: &str = "user";
/// The type of entity that a client id is.
pub const CLIENT_ID: &str = "client-id";
/// The type of entity that an address is.
pub const IP: &str = "ip";

/// Bytes a second that a client may send.
pub const PRODUCER_BYTE_RATE: &str = "producer_byte_rate";
/// Bytes a second that a client may be sent.
pub const CONSUMER_BYTE_RATE: &str = "consumer_byte_rate";
/// The share of one thread's time, in percent.
pub const REQUEST_PERCENTAGE: &str = "request_percentage";
/// Partitions a second that a client may make or delete.
pub const CONTROLLER_MUTATION_RATE: &str = "controller_mutation_rate";
/// Connections a second from one address.
pub const CONNECTION_CREATION_RATE: &str = "connection_creation_rate";

/// What kind of number a quota is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Double,
    Int,
    Long,
}

/// The keys of users and clients.
const CLIENTS: [(&str, Number); 4] = [
    (PRODUCER_BYTE_RATE, Number::Long),
    (CONSUMER_BYTE_RATE, Number::Long),
    (REQUEST_PERCENTAGE, Number::Double),
    (CONTROLLER_MUTATION_RATE, Number::Double),
];

/// The keys of addresses.
const ADDRESSES: [(&str, Number); 1] = [(CONNECTION_CREATION_RATE, Number::Int)];

/// The names of the quotas of addresses, or of users and clients.
pub fn names(of_addresses: bool) -> impl Iterator<Item = &'static str> {
    let keys = if of_addresses { &ADDRESSES[..] } else { &CLIENTS[..] };
    keys.iter().map(|(name, _)| *name)
}

/// Whether `name` is an address, or could be the name of a host; names are not looked up.
pub fn is_address(name: &str) -> bool {
    let is_label = |label: &str| {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.len() <= 63 && label.chars().all(legal)
    };
    let numeric = name.chars().all(|c| c.is_ascii_digit() || c == '.');
    name.parse::<std::net::IpAddr>().is_ok() || !numeric && name.split('.').all(is_label)
}

/// Refuses a quota that an address, or a user or client, cannot have.
///
/// # Errors
/// `INVALID_REQUEST`, in Kafka's words.
pub fn check(of_addresses: bool, key: &str, value: f64) -> Result<(), ApiError> {
    let invalid = |why: String| Err(ApiError::new(ErrorCode::InvalidRequest, why));
    let keys = if of_addresses { &ADDRESSES[..] } else { &CLIENTS[..] };
    let Some((_, number)) = keys.iter().find(|(name, _)| *name == key) else {
        return invalid(format!("Invalid configuration key {key}"));
    };
    if value <= 0.0 {
        return invalid(format!("Quota {key} must be greater than 0"));
    }
    let (most, article) = match number {
        Number::Double => return Ok(()),
        Number::Int => (f64::from(i32::MAX), "an INT"),
        Number::Long => (i64::MAX as f64, "a LONG"),
    };
    if value > most {
        return invalid(format!("Proposed value for {key} is too large for {article}."));
    }
    if (value % 1.0).abs() > 1e-6 {
        return invalid(format!("{key} cannot be a fractional value."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_judged_as_kafka_does() {
        let says = |address, key: &str, value| match check(address, key, value) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.text().to_owned(),
        };
        for (address, key, value, expected) in [
            (false, "producer_byte_rate", 1.0, "ok"),
            (false, "request_percentage", 0.5, "ok"),
            (false, "producer_byte_rate", 0.0, "Quota producer_byte_rate must be greater than 0"),
            (false, "producer_byte_rate", 1.5, "producer_byte_rate cannot be a fractional value."),
            (false, "no", 1.0, "Invalid configuration key no"),
            (
                false,
                "connection_creation_rate",
                1.0,
                "Invalid configuration key connection_creation_rate",
            ),
            (
                true,
                "connection_creation_rate",
                3e9,
                "Proposed value for connection_creation_rate is too large for an INT.",
            ),
            (
                false,
                "consumer_byte_rate",
                1e19,
                "Proposed value for consumer_byte_rate is too large for a LONG.",
            ),
            (true, "producer_byte_rate", 1.0, "Invalid configuration key producer_byte_rate"),
        ] {
            assert_eq!(says(address, key, value), expected);
        }
    }
}
