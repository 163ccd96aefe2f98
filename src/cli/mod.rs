//! The command line: the server's own commands and Kafka's tools.

/// `kafka-dump-log`.
pub mod dump_log;
