//! The node's configuration as the cluster's metadata changes it while the node runs: for all brokers, and for this
//! one. Never checks a value: what Kafka would not take is passed over by `config`, which says so.
//!
//! ```text
//! value of a key:   this broker's ─▶ all brokers' ─▶ server.properties ─▶ Kafka's default        the first that is set
//! ```

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::{Config, Overlay};
use crate::metadata::configs::{ConfigsImage, ResourceType};

/// What is told of a configuration that has taken effect.
pub type Reconfigured = Arc<dyn Fn(&Config) + Send + Sync>;

/// `config` with what `configs` holds for all brokers and for this one; none when it has that already.
pub fn overlaid(config: &Config, configs: &ConfigsImage) -> Option<Config> {
    let of = |name: &str| configs.get(ResourceType::BROKER, name).map(|settings| &**settings);
    let overlay = Overlay::new(of(""), of(&config.node_id().to_string()));
    (*config.overlay_given() != overlay).then(|| config.with_overlay(overlay))
}

/// Lets what `configs` holds take effect: whoever reads `current` sees it from now on, and `told` is told.
pub(super) fn take_effect(
    current: &ArcSwap<Config>,
    configs: &ConfigsImage,
    told: &[Reconfigured],
) {
    let before = current.load_full();
    let Some(config) = overlaid(&before, configs) else { return };
    // What the file gives cause to warn of was told when the node started.
    for warning in config.warnings().iter().filter(|one| !before.warnings().contains(one)) {
        tracing::warn!("{warning}");
    }
    let config = Arc::new(config);
    current.store(config.clone());
    tracing::info!(settings = ?names(&config), "dynamic settings have taken effect");
    told.iter().for_each(|told| told(&config));
}

/// The names alone: values may be secret.
fn names(config: &Config) -> Vec<&str> {
    let overlay = config.overlay_given();
    let mut names: Vec<&str> =
        overlay.default.keys().chain(overlay.broker.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn settings_of_the_cluster_and_of_the_broker_take_effect_and_are_taken_back() {
        let config = Config::combined([("max.connections.per.ip", "9")]);
        let current = ArcSwap::from_pointee(config);
        let seen: Arc<Mutex<Vec<i32>>> = Arc::default();
        let told: Vec<Reconfigured> = vec![{
            let seen = seen.clone();
            Arc::new(move |config| seen.lock().push(config.max_connections_per_ip()))
        }];
        let mut configs = ConfigsImage::default();
        let key = "max.connections.per.ip";
        configs.set(ResourceType::BROKER, "", key, Some("5"));
        configs.set(ResourceType::BROKER, "2", key, Some("1"));
        take_effect(&current, &configs, &told);
        take_effect(&current, &configs, &told);
        configs.set(ResourceType::BROKER, "1", key, Some("7"));
        take_effect(&current, &configs, &told);
        configs.set(ResourceType::BROKER, "1", key, None);
        configs.set(ResourceType::BROKER, "", key, None);
        take_effect(&current, &configs, &told);
        assert_eq!(*seen.lock(), [5, 7, 9]);
        assert_eq!(current.load().max_connections_per_ip(), 9);
    }
}
