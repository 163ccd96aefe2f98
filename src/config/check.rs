//! The rules that join several settings, in Kafka's words; what we cannot do yet, refused; and what deserves a warning.
//!
//! Decides about one node alone: whether peers or ports are there is not known here.
//!
//! The order matters: the first rule that is broken is what is told, and scripts look for Kafka's words.

use std::collections::BTreeMap;

use super::keys::{self, BROKER};
use super::server::Config;

type Checked = Result<(), String>;

/// Refuses what Kafka refuses, in its order, then what asks for more than we can do.
pub(super) fn check(config: &Config) -> Checked {
    // `tie_node_id` has given one the value of the other where only one is set.
    if config.node_id() != config.broker_id_value() {
        return Err("You must set `node.id` to the same value as `broker.id`.".to_string());
    }
    check_groups(config)?;
    check_logs(config)?;
    check_replication(config)?;
    check_inter_broker(config)?;
    check_roles(config)?;
    check_advertised(config)?;
    check_connections(config)?;
    check_early_start(config)?;
    secured::check(config)
}

/// What Kafka's Scala parts insist on; its messages say so.
fn require(holds: bool, otherwise: impl std::fmt::Display) -> Checked {
    demand(holds, format!("requirement failed: {otherwise}"))
}

/// What its Java parts insist on.
fn demand(holds: bool, otherwise: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn check_groups(config: &Config) -> Checked {
    if !config.group_coordinator_rebalance_protocols().iter().any(|protocol| protocol == "classic")
    {
        return Err("Disabling the 'classic' protocol is not supported.".to_string());
    }
    for (kind, relations) in [("consumer", CONSUMER), ("share", SHARE), ("streams", STREAMS)] {
        for &(left, relation, right) in [INTERVALS, relations, ASSIGNMENT].concat().iter() {
            let (left, right) = (format!("group.{kind}.{left}"), format!("group.{kind}.{right}"));
            let read = |name: &str| config.value(name).and_then(|value| value.as_i64());
            // Not every kind of group has every key.
            let (Some(first), Some(second)) = (read(&left), read(&right)) else { continue };
            let (holds, words) = match relation {
                NotBelow => (first >= second, "greater than or equal to"),
                NotAbove => (first <= second, "less than or equal to"),
                Below => (first < second, "less than"),
            };
            demand(holds, format!("{left} must be {words} {right}"))?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Relation {
    NotBelow,
    NotAbove,
    Below,
}

use Relation::{Below, NotAbove, NotBelow};

type Relations = &'static [(&'static str, Relation, &'static str)];

/// Of groups of every kind, before those of the kind.
const INTERVALS: Relations = &[
    ("max.heartbeat.interval.ms", NotBelow, "min.heartbeat.interval.ms"),
    ("heartbeat.interval.ms", NotBelow, "min.heartbeat.interval.ms"),
    ("heartbeat.interval.ms", NotAbove, "max.heartbeat.interval.ms"),
    ("max.session.timeout.ms", NotBelow, "min.session.timeout.ms"),
    ("session.timeout.ms", NotBelow, "min.session.timeout.ms"),
    ("session.timeout.ms", NotAbove, "max.session.timeout.ms"),
];

/// Of groups of every kind, behind those of the kind.
const ASSIGNMENT: Relations = &[
    ("max.assignment.interval.ms", NotBelow, "min.assignment.interval.ms"),
    ("assignment.interval.ms", NotBelow, "min.assignment.interval.ms"),
    ("assignment.interval.ms", NotAbove, "max.assignment.interval.ms"),
];

const CONSUMER: Relations = &[("heartbeat.interval.ms", Below, "session.timeout.ms")];

const STREAMS: Relations = &[
    ("heartbeat.interval.ms", Below, "session.timeout.ms"),
    ("num.standby.replicas", NotAbove, "max.standby.replicas"),
];

const SHARE: Relations = &[
    ("max.record.lock.duration.ms", NotBelow, "min.record.lock.duration.ms"),
    ("record.lock.duration.ms", NotBelow, "min.record.lock.duration.ms"),
    ("max.record.lock.duration.ms", NotBelow, "record.lock.duration.ms"),
    ("max.delivery.count.limit", NotBelow, "min.delivery.count.limit"),
    ("delivery.count.limit", NotBelow, "min.delivery.count.limit"),
    ("max.delivery.count.limit", NotBelow, "delivery.count.limit"),
    ("max.partition.max.record.locks", NotBelow, "min.partition.max.record.locks"),
    ("partition.max.record.locks", NotBelow, "min.partition.max.record.locks"),
    ("max.partition.max.record.locks", NotBelow, "partition.max.record.locks"),
    ("max.share.sessions", NotBelow, "max.size"),
    ("heartbeat.interval.ms", Below, "session.timeout.ms"),
];

fn check_logs(config: &Config) -> Checked {
    require(
        config.log_roll_ms_value().is_none_or(|ms| ms >= 1),
        "log.roll.ms must be greater than or equal to 1",
    )?;
    require(
        config.log_roll_jitter_ms_value().is_none_or(|ms| ms >= 0),
        "log.roll.jitter.ms must be greater than or equal to 0",
    )?;
    require(
        config.log_retention_ms() != 0,
        "log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
    )?;
    let directories = config.log_dirs_list().unwrap_or(config.log_dir_list());
    let strays: Vec<&str> = config
        .cordoned_log_dirs()
        .iter()
        .filter(|directory| *directory != "*" && !directories.contains(directory))
        .map(String::as_str)
        .collect();
    require(
        strays.is_empty(),
        format!(
            "All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : {}",
            strays.join(", ")
        ),
    )?;
    // The key's own bound lets 0 pass, which Kafka dies of when it divides.
    require(config.log_cleaner_threads() >= 1, "Log cleaner threads should be at least 1")?;
    require(
        config.log_cleaner_dedupe_buffer_size() / i64::from(config.log_cleaner_threads())
            > 1024 * 1024,
        "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.",
    )?;
    let codec = config.offsets_topic_compression_codec();
    demand((0..=4).contains(&codec), format!("Unknown compression type id: {codec}"))
}

fn check_replication(config: &Config) -> Checked {
    require(
        config.replica_fetch_wait_max_ms() <= config.replica_socket_timeout_ms(),
        "replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket \
         timeouts",
    )?;
    require(
        i64::from(config.replica_fetch_wait_max_ms()) <= config.replica_lag_time_max_ms(),
        "replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent \
         changes in ISR",
    )
}

fn check_inter_broker(config: &Config) -> Checked {
    match config.inter_broker_listener_name_text() {
        Some(_) if config.originals().contains_key("security.inter.broker.protocol") => {
            Err("Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.".to_string())
        }
        Some("") => Err("The provided listener name is null or empty string".to_string()),
        Some(name) if config.security_protocol(name).is_none() => Err(format!(
            "Listener with name {} defined in inter.broker.listener.name not found in listener.security.protocol.map.",
            name.to_uppercase()
        )),
        _ => Ok(()),
    }
}

fn check_roles(config: &Config) -> Checked {
    let (broker, controller) = (config.is_broker(), config.is_controller());
    require(
        controller || !config.controller_quorum_auto_join_enable(),
        "controller.quorum.auto.join.enable is only supported when process.roles contains the 'controller' role.",
    )?;
    demand(
        !config.controller_quorum_voters().is_empty()
            || !config.controller_quorum_bootstrap_servers().is_empty(),
        "If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap \
         controllers or controller.quorum.voters must contain a parseable set of controllers.",
    )?;
    check_voters(config)?;
    if !controller {
        require(
            config.controller_listeners().next().is_none(),
            "controller.listener.names must not contain a value appearing in the 'listeners' configuration when running \
             KRaft with just the broker role",
        )?;
    } else if !broker {
        require(
            config.broker_listeners().next().is_none(),
            "The listeners config must only contain KRaft controller listeners from controller.listener.names when \
             process.roles=controller",
        )?;
    }
    check_controller_listeners(config)
}

fn check_voters(config: &Config) -> Checked {
    let voters = config.controller_quorum_voters();
    if voters.is_empty() {
        return Ok(());
    }
    let id = config.node_id();
    let is_voter = voters.iter().any(|voter| voter.id == id);
    let ids: Vec<String> = voters.iter().map(|voter| voter.id.to_string()).collect();
    let set = format!("controller.quorum.voters=Set({})", ids.join(", "));
    if config.is_controller() {
        return require(
            is_voter,
            format!(
                "If process.roles contains the 'controller' role, the node id {id} must be included in the set of \
                 voters {set}"
            ),
        );
    }
    require(
        !is_voter,
        format!(
            "If process.roles contains just the 'broker' role, the node id {id} must not be included in the set of \
             voters {set}"
        ),
    )
}

fn check_controller_listeners(config: &Config) -> Checked {
    if !config.is_controller() {
        // A broker has no such listener of its own: it connects to one, and must know by which protocol.
        let unmapped = |name: &&String| config.security_protocol(name).is_none();
        return match config.controller_listener_names().iter().find(unmapped) {
            None => Ok(()),
            Some(name) => Err(format!(
                "Controller listener with name {} defined in controller.listener.names not found in \
                 listener.security.protocol.map  (an explicit security mapping for each controller listener is \
                 required if listener.security.protocol.map is non-empty, or if there are security protocols other \
                 than PLAINTEXT in use)",
                name.to_uppercase()
            )),
        };
    }
    require(
        config.controller_listeners().next().is_some(),
        "controller.listener.names must contain at least one value appearing in the 'listeners' configuration when \
         running the KRaft controller role",
    )?;
    let listening = |name: &String| {
        config.listeners().iter().any(|listener| listener.name.eq_ignore_ascii_case(name))
    };
    require(
        config.controller_listener_names().iter().all(listening),
        "controller.listener.names must only contain values appearing in the 'listeners' configuration when running \
         the KRaft controller role",
    )
}

fn check_advertised(config: &Config) -> Checked {
    let written = config.advertised_listeners_list().is_some();
    let meta_address = "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.";
    // What was written is refused whatever the role; what follows from `listeners` only where clients would be told it.
    if written {
        require(
            config.advertised_listeners().iter().all(|listener| listener.host != "0.0.0.0"),
            meta_address,
        )?;
    }
    if !config.is_broker() {
        return Ok(());
    }
    require(
        config.advertised_broker_listeners().next().is_some(),
        "There must be at least one broker advertised listener. Perhaps all listeners appear in \
         controller.listener.names?",
    )?;
    require(
        config.advertised_broker_listeners().all(|listener| listener.host != "0.0.0.0"),
        meta_address,
    )?;
    let advertised: Vec<&str> =
        config.advertised_broker_listeners().map(|listener| listener.name.as_str()).collect();
    require(
        advertised.contains(&config.inter_broker_listener_name().as_str()),
        format!(
            "inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options \
             based on currently configured listeners are {}",
            advertised.join(",")
        ),
    )?;
    let listeners: Vec<&str> =
        config.listeners().iter().map(|listener| listener.name.as_str()).collect();
    require(
        advertised.iter().all(|name| listeners.contains(name)),
        format!(
            "advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found \
             {}. The valid options based on the current configuration are {}",
            advertised.join(","),
            listeners.join(",")
        ),
    )
}

fn check_connections(config: &Config) -> Checked {
    let text = config.max_connections_per_ip_overrides_text();
    for entry in super::value::parse_list(text) {
        let Some((_, limit)) = entry.rsplit_once(':') else {
            let why = super::value::no_colon(&entry);
            return Err(format!(
                "Error parsing configuration property 'max.connections.per.ip.overrides': {why}"
            ));
        };
        let limit = limit.trim();
        demand(limit.parse::<i32>().is_ok(), format!("For input string: \"{limit}\""))?;
    }
    require(
        config.max_connections_per_ip() != 0 || !text.is_empty(),
        "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.",
    )?;
    require(
        config.queued_max_request_bytes() <= 0
            || config.queued_max_request_bytes() >= i64::from(config.socket_request_max_bytes()),
        "queued.max.request.bytes must be larger or equal to socket.request.max.bytes",
    )
}

fn check_early_start(config: &Config) -> Checked {
    for name in config.early_start_listeners().unwrap_or_default() {
        let known =
            config.listeners().iter().any(|listener| listener.name.eq_ignore_ascii_case(name))
                || config.is_controller_listener(name);
        demand(
            known,
            format!(
                "early.start.listeners contains listener {name}, but this is not contained in listeners or \
                 controller.listener.names"
            ),
        )?;
    }
    Ok(())
}

/// What works but is probably not what was meant.
pub(super) fn dubious(config: &Config) -> Vec<String> {
    let mut warnings: Vec<String> = secured::idle(config).collect();
    if !config.has_authorizer() && config.super_users().next().is_some() {
        warnings.push("super.users means nothing without authorizer.class.name".to_string());
    }
    if !config.is_controller() && config.controller_listener_names().len() > 1 {
        warnings.push(
            "controller.listener.names has several entries: a broker uses the first".to_string(),
        );
    }
    if config
        .get("metric.reporters")
        .is_some_and(|list| !list.ends_with("JmxReporter") && !list.is_empty())
    {
        warnings.push("metric.reporters names plug-ins, of which there are none here".to_string());
    }
    if i64::from(config.broker_heartbeat_interval_ms()) * 2
        > i64::from(config.broker_session_timeout_ms())
    {
        warnings.push(
            "broker.heartbeat.interval.ms should be at most half of broker.session.timeout.ms"
                .to_string(),
        );
    }
    warnings
}

/// A line for each key that Kafka 4.3 does not know, with a guess at what was meant or what became of it.
pub(super) fn unknown_keys(settings: &BTreeMap<String, String>) -> Vec<String> {
    /// What belongs to plug-ins and tools, and is none of ours to judge.
    const FOREIGN: [&str; 6] = [
        "listener.name.",
        "rsm.config.",
        "rlmm.config.",
        "config.providers.",
        "super.users",
        "allow.everyone.if.",
    ];
    let mut warnings = Vec::new();
    for name in settings.keys() {
        if keys::find(BROKER, name).is_some()
            || FOREIGN.iter().any(|prefix| name.starts_with(prefix))
        {
            continue;
        }
        warnings.push(match (keys::removed(name), nearest(name)) {
            (Some(why), _) => format!("{name} is no longer a setting: {why}"),
            (None, Some(near)) => format!("unknown setting {name}: did you mean {near}?"),
            (None, None) => format!("unknown setting {name}"),
        });
    }
    warnings
}

/// The known key that `name` most likely misspells.
fn nearest(name: &str) -> Option<&'static str> {
    // Three letters: beyond that the guess is more often wrong than right.
    let distances = BROKER.iter().map(|key| (distance(name, key.name), key.name));
    distances.min().filter(|(distance, _)| *distance <= 3).map(|(_, name)| name)
}

/// How many letters must be added, dropped or changed to make one of the other (Levenshtein); 99 when surely many.
fn distance(left: &str, right: &str) -> usize {
    if left.len().abs_diff(right.len()) > 3 {
        return 99;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.chars().enumerate() {
        let mut diagonal = at;
        let mut before = at + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let substituted = diagonal + usize::from(letter != *other);
            diagonal = *cell;
            *cell = substituted.min(*cell + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or(99)
}

mod secured;
#[cfg(test)]
mod tests;
