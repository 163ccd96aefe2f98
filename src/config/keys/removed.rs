//! Keys of older Kafka releases that files still carry: accepted, and said to do nothing.

/// What became of a key that older releases knew; none for keys that never were.
pub fn removed(name: &str) -> Option<&'static str> {
    if name == "zookeeper.connect" || name.starts_with("zookeeper.") {
        return Some("ZooKeeper is gone: metadata lives in the controllers' quorum");
    }
    if name.starts_with("password.encoder.") {
        return Some("passwords are no longer encoded in ZooKeeper");
    }
    Some(match name {
        "advertised.host.name" | "advertised.port" => "set advertised.listeners instead",
        "host.name" | "port" => "set listeners instead",
        "authorizer.zookeeper.url" => "ZooKeeper is gone",
        "broker.id.generation.enable" | "reserved.broker.max.id" => "set node.id instead",
        "control.plane.listener.name" => "set controller.listener.names instead",
        "controlled.shutdown.max.retries" | "controlled.shutdown.retry.backoff.ms" => {
            "the controller drives controlled shutdown"
        }
        "delegation.token.master.key" => "set delegation.token.secret.key instead",
        "eligible.leader.replicas.enable" => {
            "it is a feature level now: eligible.leader.replicas.version"
        }
        "group.coordinator.new.enable" => "there is one group coordinator",
        "inter.broker.protocol.version" => "it is a feature level now: metadata.version",
        "leader.imbalance.per.broker.percentage" => "any imbalance is put right",
        "log.cleaner.min.dirty.ratio" => "the name is log.cleaner.min.cleanable.ratio",
        "log.message.downconversion.enable" | "log.message.format.version" => {
            "there is one message format"
        }
        "log.message.timestamp.difference.max.ms" => {
            "set log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms instead"
        }
        "metadata.log.segment.min.bytes" => "there is no such floor any more",
        "offsets.commit.required.acks" => "offset commits wait for all in-sync replicas",
        "replica.high.watermark.checkpoint.interval" => {
            "the name is replica.high.watermark.checkpoint.interval.ms"
        }
        "transaction.partition.verification.enabled" => {
            "the name is transaction.partition.verification.enable"
        }
        _ => return None,
    })
}
