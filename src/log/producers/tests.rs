//! Idempotence and transactions as Kafka has them.
