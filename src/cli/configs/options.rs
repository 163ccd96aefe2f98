//! What `kafka-configs` may be asked, and which options do not go together.

use std::net::ToSocketAddrs;

use crate::cli::options::{Exception, Given, Stop, Usage};

/// What kind of thing has settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Topics,
    Clients,
    Users,
    Brokers,
    Ips,
    ClientMetrics,
    Groups,
    BrokerLoggers,
}

const KINDS: [(&str, Kind); 8] = [
    ("topics", Kind::Topics),
    ("clients", Kind::Clients),
    ("users", Kind::Users),
    ("brokers", Kind::Brokers),
    ("ips", Kind::Ips),
    ("client-metrics", Kind::ClientMetrics),
    ("groups", Kind::Groups),
    ("broker-loggers", Kind::BrokerLoggers),
];

/// An option for a kind and a name at once.
const SHORT: [(&str, Kind); 8] = [
    ("topic", Kind::Topics),
    ("client", Kind::Clients),
    ("user", Kind::Users),
    ("broker", Kind::Brokers),
    ("ip", Kind::Ips),
    ("client-metrics", Kind::ClientMetrics),
    ("group", Kind::Groups),
    ("broker-logger", Kind::BrokerLoggers),
];

/// An option for the default of a kind.
const SHORT_DEFAULTS: [(&str, Kind); 4] = [
    ("broker-defaults", Kind::Brokers),
    ("client-defaults", Kind::Clients),
    ("user-defaults", Kind::Users),
    ("ip-defaults", Kind::Ips),
];

impl Kind {
    /// Kafka's name of it, in the plural.
    pub(super) fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Kafka's name of one.
    pub(super) fn one(self) -> &'static str {
        let name = self.name();
        name.strip_suffix('s').unwrap_or(name)
    }

    /// Its number as a resource with settings; none where it has quotas and credentials instead.
    pub(super) const fn resource_type(self) -> Option<i8> {
        match self {
            Self::Topics => Some(2),
            Self::Brokers => Some(4),
            Self::BrokerLoggers => Some(8),
            Self::ClientMetrics => Some(16),
            Self::Groups => Some(32),
            Self::Clients | Self::Users | Self::Ips => None,
        }
    }

    /// Where settings of its own come from, as DescribeConfigs numbers it.
    pub(super) const fn source(self, is_default: bool) -> Option<i8> {
        match self {
            Self::Topics => Some(1),
            Self::Brokers if is_default => Some(3),
            Self::Brokers => Some(2),
            Self::ClientMetrics => Some(7),
            Self::Groups => Some(8),
            _ => None,
        }
    }
}

/// A command line that makes sense.
pub(super) struct Options {
    pub(super) given: Given,
    pub(super) kind: Kind,
    /// The entity that is meant: its name, or nothing for the default. None means all.
    pub(super) entity: Option<String>,
    /// All kinds with their entities; more than one where a user and a client are meant.
    pub(super) entities: Vec<(Kind, Option<String>)>,
}

impl Options {
    /// The option that names the nodes to ask.
    pub(super) fn server(&self) -> &'static str {
        if self.by_controller() { "bootstrap-controller" } else { "bootstrap-server" }
    }

    /// Whether the controllers are asked.
    pub(super) fn by_controller(&self) -> bool {
        self.given.has("bootstrap-controller")
    }
}

/// Reads a command line.
pub(super) fn parse(usage: &Usage, args: &[String]) -> Result<Options, Stop> {
    let given = usage.parse(args)?;
    if given.has("alter") == given.has("describe") {
        return Err(Stop::Usage(
            "Command must include exactly one action: --describe, --alter".to_owned(),
        ));
    }
    let wrong = |message: String| Stop::Throw(Exception::illegal_argument(message));
    let servers = given.has("bootstrap-server") || given.has("bootstrap-controller");
    if !servers {
        let what = "Exactly one of --bootstrap-server or --bootstrap-controller must be specified";
        return Err(wrong(what.to_owned()));
    }
    let entities = entities(&given)?;
    let kinds: Vec<Kind> = entities.iter().map(|(kind, _)| *kind).collect();
    let Some((kind, entity)) = entities.first().cloned() else {
        return Err(wrong("At least one entity type must be specified".to_owned()));
    };
    let quota = |kind: &Kind| matches!(kind, Kind::Users | Kind::Clients);
    if kinds.len() > 1 && !kinds.iter().all(quota) {
        return Err(wrong(
            "Only 'users' and 'clients' entity types may be specified together".to_owned(),
        ));
    }
    let options = Options { given, kind, entity, entities };
    check(&options).map_err(wrong)?;
    Ok(options)
}

/// Kinds with the names that are meant, in the order of the command line's kinds.
fn entities(given: &Given) -> Result<Vec<(Kind, Option<String>)>, Exception> {
    let mut kinds = Vec::new();
    for name in given.values("entity-type") {
        let known = KINDS.iter().find(|(known, _)| *known == name);
        let names: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
        let (_, kind) = known.ok_or_else(|| {
            Exception::illegal_argument(format!(
                "Invalid entity type {name}, the entity type must be one of {} with a --bootstrap-server or --bootstrap-controller argument",
                names.join(", ")
            ))
        })?;
        kinds.push(*kind);
    }
    let mut names = given
        .in_order(&["entity-name", "entity-default"])
        .map(|(_, name)| name.unwrap_or_default().to_owned());
    let mut entities: Vec<_> = kinds.into_iter().map(|kind| (kind, names.next())).collect();
    for (option, kind) in SHORT {
        let names = given.values(option).into_iter();
        entities.extend(names.map(|name| (kind, Some(name.to_owned()))));
    }
    for (option, kind) in SHORT_DEFAULTS {
        if given.has(option) {
            entities.push((kind, Some(String::new())));
        }
    }
    Ok(entities)
}

fn check(options: &Options) -> Result<(), String> {
    let (given, kind) = (&options.given, options.kind);
    let name = options.entity.as_deref();
    let numbered = matches!(kind, Kind::Brokers | Kind::BrokerLoggers);
    if let Some(name) = name.filter(|name| numbered && !name.is_empty())
        && name.parse::<i32>().is_err()
    {
        let kinds = kind.name();
        return Err(format!(
            "The entity name for {kinds} must be a valid integer broker id, but it is: {name}"
        ));
    }
    if let Some(name) = name.filter(|name| kind == Kind::Ips && !name.is_empty())
        && (name, 0).to_socket_addrs().is_err()
    {
        return Err(format!(
            "The entity name for ips must be a valid IP or resolvable host, but it is: {name}"
        ));
    }
    if given.has("describe") {
        return match (kind, name) {
            (Kind::BrokerLoggers, None) => {
                Err("An entity name must be specified with --describe of broker-loggers".to_owned())
            }
            _ => Ok(()),
        };
    }
    match (kind, name) {
        (Kind::Users | Kind::Clients | Kind::Brokers | Kind::Ips, None) => {
            return Err(
                "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips"
                    .to_owned(),
            );
        }
        (kind, None | Some(""))
            if kind.source(true) != Some(3) && kind.resource_type().is_some() =>
        {
            return Err(format!(
                "An entity name must be specified with --alter of {}",
                kind.name()
            ));
        }
        _ => {}
    }
    let (add, file) = (given.has("add-config"), given.has("add-config-file"));
    if add && file {
        return Err("Only one of --add-config or --add-config-file must be specified".to_owned());
    }
    if !add && !file && !given.has("delete-config") {
        return Err(
            "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Stop> {
        let line = format!("--bootstrap-server x {line}");
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        super::parse(&super::super::USAGE, &args)
    }

    fn entity(line: &str) -> (Kind, Option<String>) {
        match parse(line) {
            Ok(options) => (options.kind, options.entity),
            Err(stop) => panic!("{stop:?}"),
        }
    }

    #[test]
    fn entities_long_and_short() {
        let topic = (Kind::Topics, Some("t".to_owned()));
        assert_eq!(entity("--describe --entity-type topics --entity-name t"), topic);
        assert_eq!(entity("--describe --topic t"), topic);
        assert_eq!(entity("--describe --entity-type groups"), (Kind::Groups, None));
        let default = (Kind::Brokers, Some(String::new()));
        assert_eq!(entity("--describe --broker-defaults"), default);
        assert_eq!(entity("--describe --entity-type brokers --entity-default"), default);
    }

    #[test]
    fn complaints() {
        let says = |line: &str| match parse(line) {
            Err(Stop::Throw(thrown)) => thrown.message,
            Err(Stop::Usage(text)) => text,
            _ => panic!("it makes no sense"),
        };
        assert_eq!(says("--describe"), "At least one entity type must be specified");
        assert!(says("--describe --entity-type tables").starts_with("Invalid entity type tables"));
        assert_eq!(
            says("--alter --entity-type topics --add-config a=b"),
            "An entity name must be specified with --alter of topics"
        );
        assert_eq!(
            says("--describe --entity-type brokers --entity-name abc"),
            "The entity name for brokers must be a valid integer broker id, but it is: abc"
        );
        assert!(says("--alter --topic t").starts_with("At least one of --add-config"));
    }
}
