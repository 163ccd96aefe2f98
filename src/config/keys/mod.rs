//! The one table of settings: what each is called, its type, default and allowed values, and how it may change.
//!
//! Names, types, defaults, ranges and update modes are Kafka 4.3.1's; the documentation is our own.

use std::sync::LazyLock;

mod broker;
mod client_metrics;
mod group;
mod quota;
mod removed;
mod topic;

pub use broker::BROKER;
pub use client_metrics::CLIENT_METRICS;
pub use group::{GROUP, group_synonym};
pub use quota::QUOTA;
pub use removed::removed;
pub use topic::{TOPIC, TopicSynonym, Unit, topic_synonyms};

/// The type of a value, as `DescribeConfigs` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// Any text, trimmed.
    String,
    /// 32 bits.
    Int,
    /// 16 bits.
    Short,
    /// 64 bits.
    Long,
    /// A floating point number.
    Double,
    /// Texts separated by commas.
    List,
    /// The name of a Java class; kept as text.
    Class,
    /// A secret, never shown.
    Password,
}

impl Kind {
    /// The number of `DescribeConfigs` (KIP-569).
    pub const fn code(self) -> i8 {
        match self {
            Self::Boolean => 1,
            Self::String => 2,
            Self::Int => 3,
            Self::Short => 4,
            Self::Long => 5,
            Self::Double => 6,
            Self::List => 7,
            Self::Class => 8,
            Self::Password => 9,
        }
    }

    /// Kafka's name, as it stands in error texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::String => "STRING",
            Self::Int => "INT",
            Self::Short => "SHORT",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::List => "LIST",
            Self::Class => "CLASS",
            Self::Password => "PASSWORD",
        }
    }
}

/// What holds when nobody has set the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// It must be set.
    Required,
    /// No value.
    Null,
    /// This text, parsed like any other.
    Value(&'static str),
}

/// Which values are allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Validator {
    /// Whatever the type allows.
    Any,
    /// A number not below this.
    AtLeast(i64),
    /// A number from, to, both included.
    Between(i64, i64),
    /// A floating point number from, to, both included.
    BetweenFloats(f64, f64),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// One of these texts in any case.
    OneOfAnyCase(&'static [&'static str]),
    /// Text of some length.
    NonEmpty,
    /// A list without empty entries.
    List,
    /// A list without empty entries that has at least one.
    FullList,
    /// A list of these texts.
    ListOf(&'static [&'static str]),
    /// A list of these texts that has at least one.
    FullListOf(&'static [&'static str]),
    /// gzip's levels: 1 to 9, or -1 for the codec's own choice.
    GzipLevel,
    /// `earliest`, `latest` or `by_duration:` and an ISO 8601 duration (KIP-932).
    OffsetReset,
    /// `*`, or `partition:broker` pairs (KIP-73).
    Throttled,
    /// `id@host:port` entries.
    Voters,
    /// `host:port` entries.
    Servers,
}

/// How much a key matters to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// Decides how a node works at all.
    High,
    /// Worth knowing.
    Medium,
    /// Seldom touched.
    Low,
    /// Accepted but never shown.
    Internal,
}

/// How a broker's key may change while it runs (KIP-226).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateMode {
    /// Only by a restart.
    ReadOnly,
    /// For one broker at a time.
    PerBroker,
    /// For one broker or for all.
    ClusterWide,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in files and requests.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What holds when it is not set.
    pub default: Fallback,
    /// The values it may have.
    pub validator: Validator,
    /// How much it matters.
    pub importance: Importance,
    /// How it may change.
    pub mode: UpdateMode,
    /// What it does.
    pub documentation: &'static str,
}

impl Key {
    /// Whether the value must never be shown.
    pub const fn is_sensitive(&self) -> bool {
        matches!(self.kind, Kind::Password)
    }

    /// Whether the key is left out of descriptions.
    pub const fn is_internal(&self) -> bool {
        matches!(self.importance, Importance::Internal)
    }
}

/// Writes a table of [`Key`]s, a line and a documentation text each.
macro_rules! keys {
    (@default required) => { $crate::config::keys::Fallback::Required };
    (@default null) => { $crate::config::keys::Fallback::Null };
    (@default $value:literal) => { $crate::config::keys::Fallback::Value($value) };
    ($($name:literal: $kind:ident = $default:tt, $validator:expr, $importance:ident, $mode:ident, $doc:literal;)*) => {
        &[$(Key {
            name: $name,
            kind: $crate::config::keys::Kind::$kind,
            default: keys!(@default $default),
            validator: $validator,
            importance: $crate::config::keys::Importance::$importance,
            mode: $crate::config::keys::UpdateMode::$mode,
            documentation: $doc,
        }),*]
    };
}
use keys;

/// The key called `name` in a table sorted by name.
pub fn find(table: &'static [Key], name: &str) -> Option<&'static Key> {
    position(table, name).and_then(|at| table.get(at))
}

/// Where the key called `name` stands in a table sorted by name.
pub fn position(table: &[Key], name: &str) -> Option<usize> {
    table.binary_search_by(|key| key.name.cmp(name)).ok()
}

/// Positions in [`BROKER`] in the order in which Kafka defines its keys, and so reads them.
pub(super) fn definition_order() -> &'static [usize] {
    static ORDER: LazyLock<Vec<usize>> = LazyLock::new(|| {
        include_str!("order.txt").lines().filter_map(|name| position(BROKER, name)).collect()
    });
    &ORDER
}

/// The names to look under, in order, for a broker's key: the finer unit of time wins.
///
/// `listener.name.<listener>.[<mechanism>.]<key>` falls back to `<key>` where `listeners_too`.
pub fn broker_synonyms(name: &str, listeners_too: bool) -> Vec<String> {
    const ROLL: &[&str] = &["log.roll.ms", "log.roll.hours"];
    const JITTER: &[&str] = &["log.roll.jitter.ms", "log.roll.jitter.hours"];
    const FLUSH: &[&str] = &["log.flush.interval.ms", "log.flush.scheduler.interval.ms"];
    const RETENTION: &[&str] =
        &["log.retention.ms", "log.retention.minutes", "log.retention.hours"];
    let fixed = match name {
        "log.roll.ms" | "log.roll.hours" => ROLL,
        "log.roll.jitter.ms" | "log.roll.jitter.hours" => JITTER,
        "log.flush.interval.ms" => FLUSH,
        "log.retention.ms" | "log.retention.minutes" | "log.retention.hours" => RETENTION,
        _ => &[],
    };
    if !fixed.is_empty() {
        return fixed.iter().map(|name| (*name).to_string()).collect();
    }
    let mut names = vec![name.to_string()];
    if let Some(base) = listener_key(name).filter(|_| listeners_too) {
        names.push(base.to_string());
    }
    names
}

/// The plain key that `listener.name.<listener>.[<mechanism>.]<key>` stands for; none without that prefix.
pub fn listener_key(name: &str) -> Option<&str> {
    /// The keys that may also carry a SASL mechanism before them.
    const PER_MECHANISM: &[&str] = &[
        "sasl.jaas.config",
        "sasl.login.callback.handler.class",
        "sasl.login.class",
        "sasl.server.callback.handler.class",
        "connections.max.reauth.ms",
    ];
    let (_, base) = name.strip_prefix("listener.name.")?.split_once('.')?;
    Some(PER_MECHANISM.iter().find(|key| base.ends_with(*key)).copied().unwrap_or(base))
}

/// The type of a broker's key, seeing through listener prefixes; none for a key that Kafka does not know.
pub fn broker_kind(name: &str) -> Option<Kind> {
    let known = |name: &str| find(BROKER, name).or_else(|| find(QUOTA, name)).map(|key| key.kind);
    known(name).or_else(|| listener_key(name).and_then(known))
}

/// The broker key of that name and type, found while compiling: a wrong name or type does not compile.
pub(super) const fn broker_index(name: &str, kind: Kind, nullable: bool) -> usize {
    let mut low = 0;
    let mut high = BROKER.len();
    while low < high {
        let middle = low + (high - low) / 2;
        if precedes(BROKER[middle].name, name) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let key = &BROKER[low];
    assert!(!precedes(name, key.name), "there is no such key");
    assert!(key.kind as u8 == kind as u8, "the key has another type");
    assert!(
        nullable == matches!(key.default, Fallback::Null),
        "a key without a default is an Option"
    );
    low
}

/// Whether `left` comes before `right` by its bytes.
const fn precedes(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() {
        if left[at] != right[at] {
            return left[at] < right[at];
        }
        at += 1;
    }
    left.len() < right.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_whole() {
        for (table, count) in [(BROKER, 360), (TOPIC, 34), (GROUP, 17), (CLIENT_METRICS, 3)] {
            assert_eq!(table.len(), count);
            assert!(table.is_sorted_by_key(|key| key.name));
        }
        assert!(QUOTA.is_sorted_by_key(|key| key.name));
    }

    #[test]
    fn every_synonym_is_a_key() {
        for key in TOPIC {
            assert!(
                topic_synonyms(key.name).iter().all(|synonym| find(BROKER, synonym.name).is_some()),
                "{}",
                key.name
            );
        }
        for key in GROUP {
            assert!(
                group_synonym(key.name).is_none_or(|name| find(BROKER, name).is_some()),
                "{}",
                key.name
            );
        }
    }

    #[test]
    fn listener_prefixes_fall_back_to_the_plain_key() {
        assert_eq!(
            listener_key("listener.name.ext.ssl.keystore.location"),
            Some("ssl.keystore.location")
        );
        assert_eq!(
            listener_key("listener.name.ext.scram-sha-512.sasl.jaas.config"),
            Some("sasl.jaas.config")
        );
        assert_eq!(listener_key("listeners"), None);
        assert_eq!(broker_kind("listener.name.ext.ssl.keystore.password"), Some(Kind::Password));
        assert_eq!(broker_kind("no.such.key"), None);
        assert_eq!(broker_kind("leader.replication.throttled.rate"), Some(Kind::Long));
    }
}
