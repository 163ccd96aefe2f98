//! A configuration for tests that care for a few settings of it.

use super::Config;

impl Config {
    /// A node that is broker and controller, with these settings.
    pub(crate) fn combined<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let node = [
            ("process.roles", "broker,controller"),
            ("node.id", "1"),
            ("listeners", "PLAINTEXT://:0,CONTROLLER://:0"),
            ("controller.listener.names", "CONTROLLER"),
            ("controller.quorum.bootstrap.servers", "localhost:9093"),
        ];
        Self::from_map(node.into_iter().chain(settings)).expect("a configuration")
    }

    /// The node that Kafka's own answers in the tests' files come from.
    pub(crate) fn recorded<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let node = [
            ("process.roles", "broker,controller"),
            ("node.id", "1"),
            ("controller.quorum.voters", "1@127.0.0.1:29093"),
            ("listeners", "PLAINTEXT://127.0.0.1:29092,CONTROLLER://127.0.0.1:29093"),
            ("advertised.listeners", "PLAINTEXT://127.0.0.1:29092"),
            ("controller.listener.names", "CONTROLLER"),
            ("inter.broker.listener.name", "PLAINTEXT"),
            ("log.dirs", "/data"),
        ];
        Self::from_map(node.into_iter().chain(settings)).expect("a configuration")
    }
}
