//! Addresses: `NAME://host:port` of listeners, `id@host:port` of voters, `host:port` of bootstrap servers.
//!
//! Parses and compares; opens nothing and looks up no name.
//!
//! Names are compared in capitals everywhere, as Kafka does; hosts are never looked up here, since a configuration must
//! mean the same on a machine without a resolver.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv6Addr;

use super::value;
use crate::types::NodeId;

/// What a listener speaks below Kafka's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecurityProtocol {
    /// Nothing.
    Plaintext,
    /// TLS.
    Ssl,
    /// SASL over nothing.
    SaslPlaintext,
    /// SASL over TLS.
    SaslSsl,
}

impl SecurityProtocol {
    /// Every protocol, by number.
    pub const ALL: [Self; 4] = [Self::Plaintext, Self::Ssl, Self::SaslPlaintext, Self::SaslSsl];

    /// Kafka's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
        }
    }

    /// The number in `RegisterBrokerRecord`.
    pub const fn id(self) -> i16 {
        match self {
            Self::Plaintext => 0,
            Self::Ssl => 1,
            Self::SaslPlaintext => 2,
            Self::SaslSsl => 3,
        }
    }

    /// The protocol of a name in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for SecurityProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An address that a node listens on or tells others to use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Listener {
    /// Its name in capitals, such as `PLAINTEXT` or `CONTROLLER`.
    pub name: String,
    /// A host name or address without brackets; empty means every address.
    pub host: String,
    /// The port; 0 lets the system choose one.
    pub port: u16,
    /// What it speaks.
    pub security_protocol: SecurityProtocol,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "{}://[{}]:{}", self.name, self.host, self.port)
        } else {
            write!(f, "{}://{}:{}", self.name, self.host, self.port)
        }
    }
}

/// A member of a quorum that is written down in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Its node id.
    pub id: NodeId,
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// `listener.security.protocol.map`: names in capitals to what they speak.
pub(super) fn parse_protocol_map(text: &str) -> Result<BTreeMap<String, SecurityProtocol>, String> {
    const KEY: &str = "listener.security.protocol.map";
    let mut map = BTreeMap::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let Some((name, protocol)) = entry.rsplit_once(':') else {
            return Err(format!(
                "Error parsing configuration property '{KEY}': {}",
                value::no_colon(entry)
            ));
        };
        let protocol = SecurityProtocol::from_name(protocol.trim()).ok_or_else(|| {
            format!("Invalid security protocol `{}` defined in {KEY}", protocol.trim())
        })?;
        map.insert(name.trim().to_uppercase(), protocol);
    }
    Ok(map)
}

/// The listeners of `listeners` or `advertised.listeners`; ports must differ where `distinct_ports`.
pub(super) fn parse_listeners(
    entries: &[String],
    protocols: &BTreeMap<String, SecurityProtocol>,
    distinct_ports: bool,
) -> Result<Vec<Listener>, String> {
    let in_context = |why: String| {
        format!("Error creating broker listeners from '[{}]': {why}", entries.join(", "))
    };
    let mut listeners = Vec::with_capacity(entries.len());
    for entry in entries {
        listeners.push(parse_listener(entry, protocols).map_err(in_context)?);
    }
    check_distinct(&listeners, entries, distinct_ports).map_err(in_context)?;
    Ok(listeners)
}

fn parse_listener(
    entry: &str,
    protocols: &BTreeMap<String, SecurityProtocol>,
) -> Result<Listener, String> {
    let unable = || format!("Unable to parse {entry} to a broker endpoint");
    let (name, address) = entry.split_once("://").ok_or_else(unable)?;
    let name = name.to_uppercase();
    let (host, port) = split_address(address).ok_or_else(unable)?;
    if name.is_empty() {
        return Err("The provided listener name is null or empty string".to_owned());
    }
    let security_protocol = *protocols
        .get(&name)
        .ok_or_else(|| format!("No security protocol defined for listener {name}"))?;
    Ok(Listener { name, host: host.to_string(), port, security_protocol })
}

fn check_distinct(
    listeners: &[Listener],
    entries: &[String],
    distinct_ports: bool,
) -> Result<(), String> {
    let listed = entries.join(", ");
    for (at, listener) in listeners.iter().enumerate() {
        let others = &listeners[..at];
        if others.iter().any(|other| other.name == listener.name) {
            return Err(format!("Each listener must have a different name, listeners: [{listed}]"));
        }
        // Port 0 is any free one, another for each who asks.
        if !distinct_ports || listener.port == 0 {
            continue;
        }
        let sharing: Vec<_> = others.iter().filter(|other| other.port == listener.port).collect();
        match sharing[..] {
            [] => {}
            // The two families have ports of their own.
            [other]
                if is_ip(&other.host)
                    && is_ip(&listener.host)
                    && is_ipv6(&other.host) != is_ipv6(&listener.host) => {}
            [other] if !is_ip(&other.host) && !is_ip(&listener.host) => {
                return Err(format!(
                    "Each listener must have a different port, listeners: [{listed}]"
                ));
            }
            _ => {
                return Err(format!(
                    "If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, \
                     listeners: [{listed}], port: {}",
                    listener.port
                ));
            }
        }
    }
    Ok(())
}

fn is_ip(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
}

fn is_ipv6(host: &str) -> bool {
    host.parse::<Ipv6Addr>().is_ok()
}

/// `host:port`, the host in brackets or not; none where Kafka would not take it either.
pub(super) fn split_address(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-%._:".contains(&byte);
    if !host.bytes().all(allowed) || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((host, port.parse().ok()?))
}

/// The entries of `controller.quorum.voters`; a later one with the same id wins.
pub(super) fn parse_voters(entries: &[String]) -> Result<Vec<Voter>, String> {
    const FORM: &str = "Each entry should be in the form `{id}@{host}:{port}`.";
    let mut voters: Vec<Voter> = Vec::with_capacity(entries.len());
    for entry in entries {
        let (id, address) = entry.split_once('@').ok_or_else(|| {
            format!("Invalid configuration value for controller.quorum.voters. {FORM}")
        })?;
        let id =
            id.parse().map_err(|_| format!("Failed to parse voter ID as an integer from {id}"))?;
        let (host, port) = split_address(address).filter(|(host, _)| !host.is_empty()).ok_or_else(|| {
            format!(
                "Failed to parse host name from entry {entry} for the configuration controller.quorum.voters. {FORM}"
            )
        })?;
        if host == "0.0.0.0" {
            return Err(format!("Host string ({host}) is not routeable"));
        }
        voters.retain(|voter| voter.id != id);
        voters.push(Voter { id, host: host.to_string(), port });
    }
    Ok(voters)
}

/// The `host:port` entries of the list called `name`.
pub(super) fn parse_servers(name: &str, entries: &[String]) -> Result<Vec<(String, u16)>, String> {
    let parse = |entry: &String| match split_address(entry) {
        Some((host, port)) if !host.is_empty() => Ok((host.to_string(), port)),
        _ => Err(format!(
            "Failed to parse host name from {entry} for the configuration {name}. \
             Each entry should be in the form \"{{host}}:{{port}}\""
        )),
    };
    entries.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::super::value::parse_list;
    use super::*;

    fn listeners(text: &str) -> Result<Vec<String>, String> {
        let protocols = parse_protocol_map("PLAINTEXT:PLAINTEXT,EXT:SASL_SSL,controller:plaintext")
            .expect("a map");
        parse_listeners(&parse_list(text), &protocols, true)
            .map(|all| all.iter().map(|one| format!("{one} {}", one.security_protocol)).collect())
    }

    #[test]
    fn listeners_are_parsed_and_named_in_capitals() {
        let parsed = listeners("plaintext://:9092, EXT://[::1]:0,CONTROLLER://h-1.x_y:9093");
        let expected = [
            "PLAINTEXT://:9092 PLAINTEXT",
            "EXT://[::1]:0 SASL_SSL",
            "CONTROLLER://h-1.x_y:9093 PLAINTEXT",
        ];
        assert_eq!(parsed.expect("listeners"), expected);
        assert!(listeners("PLAINTEXT://:0,EXT://:0").is_ok(), "ephemeral ports do not clash");
        assert!(listeners("PLAINTEXT://127.0.0.1:1,EXT://[::1]:1").is_ok());
    }

    #[test]
    fn clashes_and_nonsense_are_refused_as_by_kafka() {
        for (text, says) in [
            ("PLAINTEXT://host", "Unable to parse PLAINTEXT://host to a broker endpoint"),
            ("PLAINTEXT://:1x", "Unable to parse PLAINTEXT://:1x to a broker endpoint"),
            ("PLAINTEXT:/:1", "Unable to parse PLAINTEXT:/:1 to a broker endpoint"),
            ("PLAINTEXT://:70000", "Unable to parse PLAINTEXT://:70000 to a broker endpoint"),
            ("NOPE://:1", "No security protocol defined for listener NOPE"),
            (
                "PLAINTEXT://:1, EXT://:1",
                "Each listener must have a different port, listeners: [PLAINTEXT://:1, EXT://:1]",
            ),
            (
                "PLAINTEXT://:1, PLAINTEXT://:2",
                "Each listener must have a different name, listeners: [PLAINTEXT://:1, PLAINTEXT://:2]",
            ),
            (
                "PLAINTEXT://127.0.0.1:1, EXT://[::1]:1, CONTROLLER://:1",
                "If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, listeners: \
                 [PLAINTEXT://127.0.0.1:1, EXT://[::1]:1, CONTROLLER://:1], port: 1",
            ),
        ] {
            let expected = format!("Error creating broker listeners from '[{text}]': {says}");
            assert_eq!(listeners(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn voters_and_servers() {
        let one = |text: &str| parse_voters(&parse_list(text));
        assert_eq!(
            one("1@h:9093").expect("voters"),
            [Voter { id: 1, host: "h".to_string(), port: 9093 }]
        );
        for (text, says) in [
            ("h:1", "Invalid configuration value for controller.quorum.voters."),
            ("x@h:1", "Failed to parse voter ID as an integer from x"),
            ("1@h", "Failed to parse host name from entry 1@h"),
            ("1@0.0.0.0:1", "Host string (0.0.0.0) is not routeable"),
        ] {
            assert!(one(text).expect_err("refused").starts_with(says), "{text}");
        }
        assert!(
            parse_servers("controller.quorum.bootstrap.servers", &["localhost".to_string()])
                .is_err()
        );
    }
}
