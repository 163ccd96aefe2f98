//! A configuration for tests that care for a few settings of it.

use super::Config;

impl Config {
    /// A node that is broker and controller, with these settings.
    pub(crate) fn combined<const N: usize>(settings: [(&str, &str); N]) -> Self {
        let node = [
            ("process.roles", "broker,controller"),
            ("node.id", "1"),
            ("listeners", "PLAINTEXT://:0,CONTROLLER://:0"),
            ("controller.listener.names", "CONTROLLER"),
            ("controller.quorum.bootstrap.servers", "localhost:9093"),
        ];
        Self::from_map(node.into_iter().chain(settings)).expect("a configuration")
    }
}
