//! One value of a setting: text to value, value to text, and whether it is allowed, in Kafka's words.
//!
//! Knows one key at a time; rules that join several keys are in `check.rs` and `log_config.rs`.
//!
//! Numbers are parsed as Java parses them, lists as Kafka's `ConfigDef` does since 4.0 (trimmed, each entry once), and
//! doubles are printed as Java prints them, since all of that is seen: in messages, in DescribeConfigs, in tools'
//! output that people compare.

use std::fmt;

use super::keys::{Key, Kind, Validator};
use super::listener::{parse_servers, parse_voters};

/// A parsed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Boolean`].
    Boolean(bool),
    /// Of [`Kind::Int`].
    Int(i32),
    /// Of [`Kind::Short`].
    Short(i16),
    /// Of [`Kind::Long`].
    Long(i64),
    /// Of [`Kind::Double`].
    Double(f64),
    /// Of [`Kind::String`], [`Kind::Class`] or [`Kind::Password`].
    Text(String),
    /// Of [`Kind::List`].
    List(Vec<String>),
}

impl fmt::Display for Value {
    /// As `DescribeConfigs` shows it: lists joined by commas, doubles as Java prints them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Short(value) => value.fmt(f),
            Self::Long(value) => value.fmt(f),
            Self::Double(value) => f.write_str(&java_double(*value)),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => f.write_str(&values.join(",")),
        }
    }
}

impl Value {
    /// The whole number in it, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(i64::from(*value)),
            Self::Short(value) => Some(i64::from(*value)),
            Self::Long(value) => Some(*value),
            _ => None,
        }
    }
}

/// Parses `text` as a value of `key` and checks that it is allowed; the error is what Kafka says.
pub(super) fn parse(key: &Key, text: &str) -> Result<Value, String> {
    let value = parse_kind(key.name, key.kind, text)?;
    check(key, &value)?;
    Ok(value)
}

/// Parses `text` as a value of type `kind`; `name` is for the error alone.
pub(super) fn parse_kind(name: &str, kind: Kind, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    let not_a_number = || invalid(name, text, &format!("Not a number of type {}", kind.name()));
    Ok(match kind {
        Kind::Boolean if trimmed.eq_ignore_ascii_case("true") => Value::Boolean(true),
        Kind::Boolean if trimmed.eq_ignore_ascii_case("false") => Value::Boolean(false),
        Kind::Boolean => {
            return Err(invalid(name, text, "Expected value to be either true or false"));
        }
        Kind::Int => Value::Int(trimmed.parse().map_err(|_| not_a_number())?),
        Kind::Short => Value::Short(trimmed.parse().map_err(|_| not_a_number())?),
        Kind::Long => Value::Long(trimmed.parse().map_err(|_| not_a_number())?),
        Kind::Double => Value::Double(trimmed.parse().map_err(|_| not_a_number())?),
        Kind::String | Kind::Class | Kind::Password => Value::Text(trimmed.to_string()),
        Kind::List => Value::List(parse_list(trimmed)),
    })
}

/// The entries of a comma separated list, trimmed, each once; an empty text is an empty list.
pub fn parse_list(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    if text.trim().is_empty() {
        return entries;
    }
    for entry in text.split(',').map(str::trim) {
        if !entries.iter().any(|known| known == entry) {
            entries.push(entry.to_string());
        }
    }
    entries
}

/// Kafka's `Invalid value x for configuration y: why`.
pub(super) fn invalid(name: &str, value: impl fmt::Display, why: &str) -> String {
    format!("Invalid value {value} for configuration {name}: {why}")
}

fn check(key: &Key, value: &Value) -> Result<(), String> {
    let name = key.name;
    // There are no plug-ins: a class that is not Kafka's own is one that Kafka's class loader would not find.
    if let (Kind::Class, Value::Text(class)) = (key.kind, value)
        && !class.is_empty()
        && !class.starts_with("org.apache.kafka.")
    {
        return Err(invalid(name, class, &format!("Class {class} could not be found.")));
    }
    match (key.validator, value) {
        (Validator::AtLeast(low), value) => check_range(name, value, low, i64::MAX),
        (Validator::Between(low, high), value) => check_range(name, value, low, high),
        (Validator::BetweenFloats(low, high), Value::Double(number)) => {
            check_floats(name, *number, low, high)
        }
        (Validator::GzipLevel, Value::Int(level)) if *level != -1 && !(1..=9).contains(level) => {
            Err(invalid(name, level, "Value must be between 1 and 9 or equal to -1"))
        }
        (Validator::OneOf(allowed), Value::Text(text)) => check_one_of(name, text, allowed),
        (Validator::OneOfAnyCase(allowed), Value::Text(text)) => {
            if allowed.iter().any(|word| word.eq_ignore_ascii_case(text)) {
                return Ok(());
            }
            Err(invalid(
                name,
                text,
                &format!("String must be one of (case insensitive): {}", allowed.join(", ")),
            ))
        }
        (Validator::NonEmpty, Value::Text(text)) if text.is_empty() => {
            Err(invalid(name, text, "String must be non-empty"))
        }
        (Validator::OffsetReset, Value::Text(text)) => check_offset_reset(name, text),
        (_, Value::List(entries)) => check_list(key, entries),
        _ => Ok(()),
    }
}

fn check_range(name: &str, value: &Value, low: i64, high: i64) -> Result<(), String> {
    let Some(number) = value.as_i64() else { return Ok(()) };
    if number < low {
        return Err(invalid(name, number, &format!("Value must be at least {low}")));
    }
    if number > high {
        return Err(invalid(name, number, &format!("Value must be no more than {high}")));
    }
    Ok(())
}

fn check_floats(name: &str, number: f64, low: f64, high: f64) -> Result<(), String> {
    if number < low || number.is_nan() {
        return Err(invalid(name, java_double(number), &format!("Value must be at least {low}")));
    }
    if number > high {
        return Err(invalid(
            name,
            java_double(number),
            &format!("Value must be no more than {high}"),
        ));
    }
    Ok(())
}

fn check_one_of(name: &str, text: &str, allowed: &[&str]) -> Result<(), String> {
    if allowed.contains(&text) {
        return Ok(());
    }
    Err(invalid(name, text, &format!("String must be one of: {}", allowed.join(", "))))
}

fn check_list(key: &Key, entries: &[String]) -> Result<(), String> {
    let name = key.name;
    let must_not_be_empty = |valid: &str| {
        Err(format!("Configuration '{name}' must not be empty. Valid values include: {valid}"))
    };
    let allowed: &[&str] = match key.validator {
        Validator::FullList if entries.is_empty() => {
            return must_not_be_empty("any non-empty value");
        }
        Validator::FullListOf(allowed) if entries.is_empty() => {
            return must_not_be_empty(&format!("[{}]", allowed.join(", ")));
        }
        Validator::FullListOf(allowed) | Validator::ListOf(allowed) => allowed,
        Validator::List | Validator::FullList => &[],
        Validator::Throttled => return check_throttled(name, entries),
        Validator::Voters => return parse_voters(entries).map(|_| ()),
        Validator::Servers => return parse_servers(name, entries).map(|_| ()),
        _ => return Ok(()),
    };
    for entry in entries {
        if entry.is_empty() {
            return Err(format!("Configuration '{name}' values must not be empty."));
        }
        if !allowed.is_empty() {
            check_one_of(name, entry, allowed)?;
        }
    }
    Ok(())
}

fn check_throttled(name: &str, entries: &[String]) -> Result<(), String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_pair = |entry: &String| {
        entry.split_once(':').is_some_and(|(left, right)| is_number(left) && is_number(right))
    };
    // The literal stands alone, or it is nothing but a malformed pair.
    let everything = matches!(entries, [only] if only == "*");
    if everything || entries.iter().all(is_pair) {
        return Ok(());
    }
    let why = format!(
        "{name} must be the literal '*' or a list of replicas in the following format: \
         [partitionId]:[brokerId],[partitionId]:[brokerId],..."
    );
    Err(invalid(name, format!("[{}]", entries.join(", ")), &why))
}

fn check_offset_reset(name: &str, text: &str) -> Result<(), String> {
    let duration = text.strip_prefix("by_duration:").and_then(parse_duration);
    if matches!(text, "earliest" | "latest") || duration.is_some() {
        return Ok(());
    }
    let why = format!(
        "Invalid value `{text}` for configuration {name}. The value must be either 'earliest', 'latest' \
         or of the format 'by_duration:<PnDTnHnMn.nS>'."
    );
    Err(invalid(name, text, &why))
}

/// Milliseconds of an ISO 8601 duration such as `P1DT2H3M4.5S`, in any case; none for text that is not one, or is below
/// zero.
pub fn parse_duration(text: &str) -> Option<i64> {
    let upper = text.to_ascii_uppercase();
    let body = upper.strip_prefix('P')?;
    let (days, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (body, ""),
    };
    let mut millis = 0.0_f64;
    let mut parts = 0;
    for (section, units) in [(days, [("D", 86_400_000.0)].as_slice()), (time, &TIME_UNITS)] {
        let mut rest = section;
        for (unit, worth) in units {
            if let Some((number, after)) = rest.split_once(unit) {
                let number: f64 = number
                    .parse()
                    .ok()
                    .filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
                millis += number * worth;
                rest = after;
                parts += 1;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (parts > 0).then_some(millis as i64)
}

const TIME_UNITS: [(&str, f64); 3] = [("H", 3_600_000.0), ("M", 60_000.0), ("S", 1_000.0)];

/// A double as Java prints it: `0.9`, `1.0`, `1.7976931348623157E308`.
pub fn java_double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_string();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_string();
    }
    if number == 0.0 || (1e-3..1e7).contains(&number.abs()) {
        return format!("{number:?}");
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    format!("{mantissa}{point}E{exponent}")
}

/// How Kafka complains of an entry that should be `a:b`: in the words of the Java call that cuts it.
pub(super) fn no_colon(entry: &str) -> String {
    format!("begin 0, end -1, length {}", entry.encode_utf16().count())
}

#[cfg(test)]
mod tests {
    use super::super::keys::{BROKER, GROUP, TOPIC, find};
    use super::*;

    fn topic(name: &str, text: &str) -> Result<String, String> {
        parse(find(TOPIC, name).expect("a topic's key"), text).map(|value| value.to_string())
    }

    fn broker(name: &str, text: &str) -> Result<String, String> {
        parse(find(BROKER, name).expect("a broker's key"), text).map(|value| value.to_string())
    }

    #[test]
    fn values_come_back_as_kafka_shows_them() {
        for (name, text, shown) in [
            ("retention.ms", " 7 ", "7"),
            ("cleanup.policy", "compact, delete", "compact,delete"),
            ("cleanup.policy", "compact,compact", "compact"),
            ("cleanup.policy", "", ""),
            ("min.cleanable.dirty.ratio", "1", "1.0"),
            ("preallocate", "TRUE", "true"),
            ("leader.replication.throttled.replicas", "*", "*"),
            ("leader.replication.throttled.replicas", "0:1,1:1", "0:1,1:1"),
        ] {
            assert_eq!(topic(name, text).as_deref(), Ok(shown), "{name}={text}");
        }
    }

    #[test]
    fn refusals_are_worded_as_kafkas() {
        for (name, text, says) in [
            (
                "retention.ms",
                "x",
                "Invalid value x for configuration retention.ms: Not a number of type LONG",
            ),
            (
                "retention.ms",
                "-2",
                "Invalid value -2 for configuration retention.ms: Value must be at least -1",
            ),
            (
                "min.cleanable.dirty.ratio",
                "1.5",
                "Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
            ),
            (
                "unclean.leader.election.enable",
                "maybe",
                "Invalid value maybe for configuration unclean.leader.election.enable: \
                 Expected value to be either true or false",
            ),
            (
                "compression.type",
                "brotli",
                "Invalid value brotli for configuration compression.type: \
                 String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer",
            ),
            (
                "compression.gzip.level",
                "77",
                "Invalid value 77 for configuration compression.gzip.level: \
                 Value must be between 1 and 9 or equal to -1",
            ),
            (
                "cleanup.policy",
                "compact,",
                "Configuration 'cleanup.policy' values must not be empty.",
            ),
            (
                "leader.replication.throttled.replicas",
                "foo",
                "Invalid value [foo] for configuration leader.replication.throttled.replicas: \
                 leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following \
                 format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
            ),
        ] {
            assert_eq!(topic(name, text), Err(says.to_string()), "{name}={text}");
        }
    }

    #[test]
    fn refusals_of_lists_and_words_are_worded_as_kafkas() {
        for (name, text, says) in [
            (
                "log.dirs",
                "",
                "Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value",
            ),
            ("log.dirs", "/a,,/b", "Configuration 'log.dirs' values must not be empty."),
            (
                "process.roles",
                "",
                "Configuration 'process.roles' must not be empty. Valid values include: [broker, controller]",
            ),
            (
                "group.consumer.migration.policy",
                "foo",
                "Invalid value foo for configuration group.consumer.migration.policy: \
                 String must be one of (case insensitive): DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL",
            ),
        ] {
            assert_eq!(broker(name, text), Err(says.to_string()), "{name}={text}");
        }
    }

    #[test]
    fn every_default_is_a_value_of_its_key() {
        for key in BROKER.iter().chain(TOPIC).chain(GROUP) {
            if let super::super::keys::Fallback::Value(text) = key.default {
                let shown = parse(key, text).map(|value| value.to_string());
                assert_eq!(shown.as_deref(), Ok(text), "{}", key.name);
            }
        }
    }

    #[test]
    fn durations() {
        for (text, millis) in
            [("P1D", 86_400_000), ("PT1H2M3.5S", 3_723_500), ("p1dt1s", 86_401_000)]
        {
            assert_eq!(parse_duration(text), Some(millis), "{text}");
        }
        for text in ["", "P", "PT", "1D", "P1H", "PT-1S", "P1DT"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn doubles_print_as_javas() {
        for (number, text) in [
            (0.05, "0.05"),
            (f64::MAX, "1.7976931348623157E308"),
            (1e10, "1.0E10"),
            (1.0, "1.0"),
            (1e-5, "1.0E-5"),
        ] {
            assert_eq!(java_double(number), text);
        }
    }
}
