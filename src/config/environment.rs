//! Environment variables to settings, by the conventions of the images people use.
//!
//! Reads no environment: the variables are handed in.

use std::collections::BTreeMap;

use super::keys::{self, BROKER};

/// The settings in these variables: `KAFKA_…` (apache/kafka, cp-kafka), `KAFKA_CFG_…` (bitnami) and `VLTAVA_…`, the
/// later convention winning. `_` is a dot, `__` an underscore, `___` a dash.
///
/// Variables that name no setting are passed over: Kubernetes and the images put `KAFKA_PORT` and its like everywhere.
pub(super) fn settings(variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    for prefix in ["KAFKA_", "KAFKA_CFG_", "VLTAVA_"] {
        for (variable, value) in variables {
            let name = variable.strip_prefix(prefix).map(setting_name);
            if let Some(name) = name.filter(|name| is_setting(name)) {
                settings.insert(name, value.clone());
            }
        }
    }
    settings
}

/// `LOG_DIRS` is `log.dirs`, `LISTENER_NAME_SASL__SSL_X___Y` is `listener.name.sasl_ssl.x-y`.
fn setting_name(variable: &str) -> String {
    variable.to_lowercase().replace('_', ".").replace("...", "-").replace("..", "_")
}

fn is_setting(name: &str) -> bool {
    const PREFIXES: [&str; 4] =
        ["listener.name.", "config.providers.", "rsm.config.", "rlmm.config."];
    keys::find(BROKER, name).is_some()
        || name == "super.users"
        || name == "allow.everyone.if.no.acl.found"
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_conventions_and_their_order() {
        let variables = [
            ("KAFKA_NODE_ID", "1"),
            ("KAFKA_CFG_NODE_ID", "2"),
            ("KAFKA_CFG_PROCESS_ROLES", "broker"),
            ("VLTAVA_PROCESS_ROLES", "broker,controller"),
            ("KAFKA_LISTENER_NAME_SASL__SSL_SCRAM___SHA___512_SASL_JAAS_CONFIG", "x"),
            ("KAFKA_HEAP_OPTS", "-Xmx1g"),
            ("KAFKA_PORT", "tcp://10.0.0.1:9092"),
            ("VLTAVA", "/usr/bin/vltava"),
            ("LOG_DIRS", "/x"),
        ];
        let variables = variables.map(|(name, value)| (name.to_string(), value.to_string())).into();
        let expected = [
            ("listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config", "x"),
            ("node.id", "2"),
            ("process.roles", "broker,controller"),
        ];
        assert_eq!(
            settings(&variables),
            expected.map(|(name, value)| (name.to_string(), value.to_string())).into()
        );
    }
}
