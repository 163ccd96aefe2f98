//! What a node must be able to do before it starts, for it to be as closed as its configuration wants it. Refuses what
//! is not there yet, and warns of settings that close nothing.

use super::{Checked, demand};
use crate::config::listener::SecurityProtocol;
use crate::config::server::Config;

/// Refuses what would be unsafe to pass over in silence: a node that should be closed must not stand open.
pub(super) fn check(config: &Config) -> Checked {
    for listener in config.listeners() {
        demand(
            listener.security_protocol == SecurityProtocol::Plaintext,
            format!(
                "listener {} asks for {}, which is not there yet: only PLAINTEXT listeners are",
                listener.name, listener.security_protocol
            ),
        )?;
    }
    for name in config.controller_listener_names() {
        // On a node that is only a broker this is the way to the controllers, and no listener of its own.
        let protocol = config.security_protocol(name).unwrap_or(SecurityProtocol::Plaintext);
        demand(
            protocol == SecurityProtocol::Plaintext,
            format!(
                "controllers' listener {name} asks for {protocol}, which is not there yet: only PLAINTEXT is"
            ),
        )?;
    }
    let not_yet = |key: &str, value: &str| {
        format!("{key}={value} asks for what is not there yet: leave {key} out")
    };
    check_authorizer(config)?;
    for (key, class) in [
        ("create.topic.policy.class.name", config.create_topic_policy_class_name()),
        ("alter.config.policy.class.name", config.alter_config_policy_class_name()),
        ("client.quota.callback.class", config.client_quota_callback_class()),
    ] {
        let class = class.unwrap_or_default();
        demand(class.is_empty(), not_yet(key, class))?;
    }
    demand(
        !config.remote_log_storage_system_enable(),
        not_yet("remote.log.storage.system.enable", "true"),
    )
}

/// The one authorizer there is.
const STANDARD_AUTHORIZER: &str = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";

fn check_authorizer(config: &Config) -> Checked {
    let class = config.authorizer_class_name();
    demand(
        class.is_empty() || class == STANDARD_AUTHORIZER,
        format!(
            "authorizer.class.name={class} asks for what is not there: only {STANDARD_AUTHORIZER} is"
        ),
    )?;
    for user in config.super_users().filter(|_| config.has_authorizer()) {
        demand(
            user.contains(':'),
            format!(
                "super.users: expected a string in format principalType:principalName but got {user}"
            ),
        )?;
    }
    Ok(())
}

/// Settings that secure nothing without a listener of their protocol, which Kafka passes over too.
pub(super) fn idle(config: &Config) -> impl Iterator<Item = String> {
    const ONLY_WITH: [(&str, &str); 6] = [
        ("sasl.enabled.mechanisms", "SASL"),
        ("sasl.mechanism.inter.broker.protocol", "SASL"),
        ("sasl.mechanism.controller.protocol", "SASL"),
        ("ssl.client.auth", "SSL"),
        ("ssl.keystore.location", "SSL"),
        ("ssl.truststore.location", "SSL"),
    ];
    let given = |(key, _): &(&str, &str)| config.originals().contains_key(*key);
    ONLY_WITH.into_iter().filter(given).map(|(key, protocol)| {
        format!("{key} secures nothing: no listener speaks {protocol}, nor can one yet")
    })
}
