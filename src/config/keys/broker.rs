//! The keys of `server.properties`: every broker and controller setting of Kafka 4.3.1.
//!
//! A table and nothing else: `name: type = default, allowed values, importance, how it may change, documentation`.

use super::Validator::*;
use super::{Key, keys};

/// The keys of `server.properties`: every broker and controller setting of Kafka 4.3.1. By name.
pub static BROKER: &[Key] = keys! {
    "add.partitions.to.txn.retry.backoff.max.ms": Int = "100", AtLeast(0), High, ReadOnly,
        "";
    "add.partitions.to.txn.retry.backoff.ms": Int = "20", AtLeast(1), High, ReadOnly,
        "";
    "advertised.listeners": List = null, FullList, High, ReadOnly,
        "";
    "alter.config.policy.class.name": Class = null, Any, Low, ReadOnly,
        "";
    "alter.log.dirs.replication.quota.window.num": Int = "11", AtLeast(1), Low, ReadOnly,
        "";
    "alter.log.dirs.replication.quota.window.size.seconds": Int = "1", AtLeast(1), Low, ReadOnly,
        "";
    "authorizer.class.name": String = "", Any, Low, ReadOnly,
        "";
    "auto.create.topics.enable": Boolean = "true", Any, High, ReadOnly,
        "";
    "auto.leader.rebalance.enable": Boolean = "true", Any, High, ReadOnly,
        "";
    "background.threads": Int = "10", AtLeast(1), High, ClusterWide,
        "";
    "broker.heartbeat.interval.ms": Int = "2000", Any, Medium, ReadOnly,
        "";
    "broker.id": Int = "-1", Any, High, ReadOnly,
        "";
    "broker.rack": String = null, Any, Medium, ReadOnly,
        "";
    "broker.session.timeout.ms": Int = "9000", Any, Medium, ReadOnly,
        "";
    "client.quota.callback.class": Class = null, Any, Low, ReadOnly,
        "";
    "compression.gzip.level": Int = "-1", GzipLevel, Medium, ClusterWide,
        "";
    "compression.lz4.level": Int = "9", Between(1, 17), Medium, ClusterWide,
        "";
    "compression.type": String = "producer", OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), High, ClusterWide,
        "";
    "compression.zstd.level": Int = "3", Between(-131_072, 22), Medium, ClusterWide,
        "";
    "config.providers": List = "", List, Low, ClusterWide,
        "";
    "connection.failed.authentication.delay.ms": Int = "100", AtLeast(0), Low, ReadOnly,
        "";
    "connections.max.idle.ms": Long = "600000", Any, Medium, ReadOnly,
        "";
    "connections.max.reauth.ms": Long = "0", Any, Medium, ReadOnly,
        "";
    "controlled.shutdown.enable": Boolean = "true", Any, Medium, ReadOnly,
        "";
    "controller.listener.names": List = required, FullList, High, ReadOnly,
        "";
    "controller.performance.always.log.threshold.ms": Long = "2000", AtLeast(0), Internal, ReadOnly,
        "";
    "controller.performance.sample.period.ms": Long = "60000", AtLeast(100), Internal, ReadOnly,
        "";
    "controller.quorum.append.linger.ms": Int = "25", AtLeast(0), Medium, ReadOnly,
        "";
    "controller.quorum.auto.join.enable": Boolean = "false", Any, Low, ReadOnly,
        "";
    "controller.quorum.bootstrap.servers": List = "", Servers, High, ReadOnly,
        "";
    "controller.quorum.election.backoff.max.ms": Int = "1000", AtLeast(0), High, ReadOnly,
        "";
    "controller.quorum.election.timeout.ms": Int = "1000", AtLeast(0), High, ReadOnly,
        "";
    "controller.quorum.fetch.max.bytes": Int = "1048576", AtLeast(1), Low, ReadOnly,
        "";
    "controller.quorum.fetch.snapshot.max.bytes": Int = "1048576", AtLeast(1), Low, ReadOnly,
        "";
    "controller.quorum.fetch.timeout.ms": Int = "2000", AtLeast(0), High, ReadOnly,
        "";
    "controller.quorum.request.timeout.ms": Int = "2000", AtLeast(0), Medium, ReadOnly,
        "";
    "controller.quorum.retry.backoff.ms": Int = "20", AtLeast(0), Low, ReadOnly,
        "";
    "controller.quorum.voters": List = "", Voters, High, ReadOnly,
        "";
    "controller.quota.window.num": Int = "11", AtLeast(1), Low, ReadOnly,
        "";
    "controller.quota.window.size.seconds": Int = "1", AtLeast(1), Low, ReadOnly,
        "";
    "controller.socket.timeout.ms": Int = "30000", Any, Medium, ReadOnly,
        "";
    "cordoned.log.dirs": List = "", List, Medium, PerBroker,
        "";
    "create.topic.policy.class.name": Class = null, Any, Low, ReadOnly,
        "";
    "default.replication.factor": Int = "1", Any, Medium, ReadOnly,
        "";
    "delegation.token.expiry.check.interval.ms": Long = "3600000", AtLeast(1), Low, ReadOnly,
        "";
    "delegation.token.expiry.time.ms": Long = "86400000", AtLeast(1), Medium, ReadOnly,
        "";
    "delegation.token.max.lifetime.ms": Long = "604800000", AtLeast(1), Medium, ReadOnly,
        "";
    "delegation.token.secret.key": Password = null, Any, Medium, ReadOnly,
        "";
    "delete.records.purgatory.purge.interval.requests": Int = "1", Any, Medium, ReadOnly,
        "";
    "delete.topic.enable": Boolean = "true", Any, High, ReadOnly,
        "";
    "early.start.listeners": List = null, List, High, ReadOnly,
        "";
    "fetch.max.bytes": Int = "57671680", AtLeast(1_024), Medium, ReadOnly,
        "";
    "fetch.purgatory.purge.interval.requests": Int = "1000", Any, Medium, ReadOnly,
        "";
    "follower.fetch.last.tiered.offset.enable": Boolean = "false", Any, Medium, ClusterWide,
        "";
    "group.consumer.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "";
    "group.consumer.assignors": List = "uniform,range", FullList, Medium, ReadOnly,
        "";
    "group.consumer.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.consumer.max.assignment.interval.ms": Int = "15000", AtLeast(0), Medium, ReadOnly,
        "";
    "group.consumer.max.heartbeat.interval.ms": Int = "15000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.consumer.max.session.timeout.ms": Int = "60000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.consumer.max.size": Int = "2147483647", AtLeast(1), Medium, ReadOnly,
        "";
    "group.consumer.migration.policy": String = "bidirectional", OneOfAnyCase(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]), Medium, ReadOnly,
        "";
    "group.consumer.min.assignment.interval.ms": Int = "0", AtLeast(0), Medium, ReadOnly,
        "";
    "group.consumer.min.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.consumer.min.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.consumer.regex.refresh.interval.ms": Int = "600000", AtLeast(10_000), Internal, ReadOnly,
        "";
    "group.consumer.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.coordinator.append.linger.ms": Int = "-1", AtLeast(-1), Medium, ReadOnly,
        "";
    "group.coordinator.background.threads": Int = "2", AtLeast(1), High, ReadOnly,
        "";
    "group.coordinator.cached.buffer.max.bytes": Int = "1048588", AtLeast(524_288), Medium, ClusterWide,
        "";
    "group.coordinator.rebalance.protocols": List = "classic,consumer,streams", FullListOf(&["consumer", "classic", "share", "streams"]), Medium, ReadOnly,
        "";
    "group.coordinator.threads": Int = "4", AtLeast(1), High, ReadOnly,
        "";
    "group.initial.rebalance.delay.ms": Int = "3000", Any, Medium, ReadOnly,
        "";
    "group.max.session.timeout.ms": Int = "1800000", Any, Medium, ReadOnly,
        "";
    "group.max.size": Int = "2147483647", AtLeast(1), Medium, ReadOnly,
        "";
    "group.min.session.timeout.ms": Int = "6000", Any, Medium, ReadOnly,
        "";
    "group.share.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "";
    "group.share.assignors": List = "simple", FullList, Medium, ReadOnly,
        "";
    "group.share.delivery.count.limit": Int = "5", Between(2, 10), Medium, ReadOnly,
        "";
    "group.share.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.share.initialize.retry.interval.ms": Int = "30000", AtLeast(1), Internal, ReadOnly,
        "";
    "group.share.max.assignment.interval.ms": Int = "15000", AtLeast(0), Medium, ReadOnly,
        "";
    "group.share.max.delivery.count.limit": Int = "10", Between(5, 25), Medium, ReadOnly,
        "";
    "group.share.max.heartbeat.interval.ms": Int = "15000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.share.max.partition.max.record.locks": Int = "4000", Between(2_000, 10_000), Medium, ReadOnly,
        "";
    "group.share.max.record.lock.duration.ms": Int = "60000", Between(30_000, 3_600_000), Medium, ReadOnly,
        "";
    "group.share.max.session.timeout.ms": Int = "60000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.share.max.share.sessions": Int = "2000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.share.max.size": Int = "200", Between(1, 1_000), Medium, ReadOnly,
        "";
    "group.share.min.assignment.interval.ms": Int = "0", AtLeast(0), Medium, ReadOnly,
        "";
    "group.share.min.delivery.count.limit": Int = "2", Between(2, 5), Medium, ReadOnly,
        "";
    "group.share.min.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.share.min.partition.max.record.locks": Int = "100", Between(100, 2_000), Medium, ReadOnly,
        "";
    "group.share.min.record.lock.duration.ms": Int = "15000", Between(1_000, 30_000), Medium, ReadOnly,
        "";
    "group.share.min.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.share.partition.max.record.locks": Int = "2000", Between(100, 10_000), Medium, ReadOnly,
        "";
    "group.share.persister.class.name": String = "org.apache.kafka.server.share.persister.DefaultStatePersister", Any, Internal, ReadOnly,
        "";
    "group.share.record.lock.duration.ms": Int = "30000", Between(1_000, 3_600_000), Medium, ReadOnly,
        "";
    "group.share.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.streams.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "";
    "group.streams.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.streams.initial.rebalance.delay.ms": Int = "3000", AtLeast(0), Medium, ReadOnly,
        "";
    "group.streams.max.assignment.interval.ms": Int = "15000", AtLeast(0), Medium, ReadOnly,
        "";
    "group.streams.max.heartbeat.interval.ms": Int = "15000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.streams.max.session.timeout.ms": Int = "60000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.streams.max.size": Int = "2147483647", AtLeast(1), Medium, ReadOnly,
        "";
    "group.streams.max.standby.replicas": Int = "2", AtLeast(0), Medium, ReadOnly,
        "";
    "group.streams.min.assignment.interval.ms": Int = "0", AtLeast(0), Medium, ReadOnly,
        "";
    "group.streams.min.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.streams.min.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "";
    "group.streams.num.standby.replicas": Int = "0", AtLeast(0), Medium, ReadOnly,
        "";
    "group.streams.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "";
    "initial.broker.registration.timeout.ms": Int = "60000", Any, Medium, ReadOnly,
        "";
    "inter.broker.listener.name": String = null, Any, Medium, ReadOnly,
        "";
    "internal.metadata.delete.delay.millis": Long = "60000", Any, Internal, ReadOnly,
        "";
    "internal.metadata.log.segment.bytes": Int = null, Any, Internal, ReadOnly,
        "";
    "internal.metadata.max.batch.size.in.bytes": Int = "8388608", Any, Internal, ReadOnly,
        "";
    "kafka.metrics.polling.interval.secs": Int = "10", AtLeast(1), Low, ReadOnly,
        "";
    "kafka.metrics.reporters": List = "", List, Low, ReadOnly,
        "";
    "leader.imbalance.check.interval.seconds": Long = "300", AtLeast(1), High, ReadOnly,
        "";
    "listener.security.protocol.map": String = "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", Any, Low, PerBroker,
        "";
    "listeners": List = "PLAINTEXT://:9092", FullList, High, PerBroker,
        "";
    "log.cleaner.backoff.ms": Long = "15000", AtLeast(0), Medium, ClusterWide,
        "";
    "log.cleaner.dedupe.buffer.size": Long = "134217728", Any, Medium, ClusterWide,
        "";
    "log.cleaner.delete.retention.ms": Long = "86400000", AtLeast(0), Medium, ClusterWide,
        "";
    "log.cleaner.enable": Boolean = "true", Any, Medium, ReadOnly,
        "";
    "log.cleaner.io.buffer.load.factor": Double = "0.9", Any, Medium, ClusterWide,
        "";
    "log.cleaner.io.buffer.size": Int = "524288", AtLeast(0), Medium, ClusterWide,
        "";
    "log.cleaner.io.max.bytes.per.second": Double = "1.7976931348623157E308", Any, Medium, ClusterWide,
        "";
    "log.cleaner.max.compaction.lag.ms": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "";
    "log.cleaner.min.cleanable.ratio": Double = "0.5", BetweenFloats(0.0, 1.0), Medium, ClusterWide,
        "";
    "log.cleaner.min.compaction.lag.ms": Long = "0", AtLeast(0), Medium, ClusterWide,
        "";
    "log.cleaner.threads": Int = "1", AtLeast(0), Medium, ClusterWide,
        "";
    "log.cleanup.policy": List = "delete", ListOf(&["compact", "delete"]), Medium, ClusterWide,
        "";
    "log.dir": List = "/tmp/kafka-logs", FullList, High, ReadOnly,
        "";
    "log.dir.failure.timeout.ms": Long = "30000", AtLeast(1), Low, ReadOnly,
        "";
    "log.dirs": List = null, FullList, High, ReadOnly,
        "";
    "log.flush.interval.messages": Long = "9223372036854775807", AtLeast(1), High, ClusterWide,
        "";
    "log.flush.interval.ms": Long = null, Any, High, ClusterWide,
        "";
    "log.flush.offset.checkpoint.interval.ms": Int = "60000", AtLeast(0), High, ReadOnly,
        "";
    "log.flush.scheduler.interval.ms": Long = "9223372036854775807", Any, High, ReadOnly,
        "";
    "log.flush.start.offset.checkpoint.interval.ms": Int = "60000", AtLeast(0), High, ReadOnly,
        "";
    "log.index.interval.bytes": Int = "4096", AtLeast(0), Medium, ClusterWide,
        "";
    "log.index.size.max.bytes": Int = "10485760", AtLeast(4), Medium, ClusterWide,
        "";
    "log.initial.task.delay.ms": Long = "30000", AtLeast(0), Internal, ReadOnly,
        "";
    "log.local.retention.bytes": Long = "-2", AtLeast(-2), Medium, ClusterWide,
        "";
    "log.local.retention.ms": Long = "-2", AtLeast(-2), Medium, ClusterWide,
        "";
    "log.message.timestamp.after.max.ms": Long = "3600000", AtLeast(0), Medium, ClusterWide,
        "";
    "log.message.timestamp.before.max.ms": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "";
    "log.message.timestamp.type": String = "CreateTime", OneOf(&["CreateTime", "LogAppendTime"]), Medium, ClusterWide,
        "";
    "log.preallocate": Boolean = "false", Any, Medium, ClusterWide,
        "";
    "log.retention.bytes": Long = "-1", Any, High, ClusterWide,
        "";
    "log.retention.check.interval.ms": Long = "300000", AtLeast(1), Medium, ReadOnly,
        "";
    "log.retention.hours": Int = "168", Any, High, ReadOnly,
        "";
    "log.retention.minutes": Int = null, Any, High, ReadOnly,
        "";
    "log.retention.ms": Long = null, Any, High, ClusterWide,
        "";
    "log.roll.hours": Int = "168", AtLeast(1), High, ReadOnly,
        "";
    "log.roll.jitter.hours": Int = "0", AtLeast(0), High, ReadOnly,
        "";
    "log.roll.jitter.ms": Long = null, Any, High, ClusterWide,
        "";
    "log.roll.ms": Long = null, Any, High, ClusterWide,
        "";
    "log.segment.bytes": Int = "1073741824", AtLeast(1_048_576), High, ClusterWide,
        "";
    "log.segment.delete.delay.ms": Long = "60000", AtLeast(0), High, ClusterWide,
        "";
    "max.connection.creation.rate": Int = "2147483647", AtLeast(0), Medium, ClusterWide,
        "";
    "max.connections": Int = "2147483647", AtLeast(0), Medium, ClusterWide,
        "";
    "max.connections.per.ip": Int = "2147483647", AtLeast(0), Medium, ClusterWide,
        "";
    "max.connections.per.ip.overrides": String = "", Any, Medium, ClusterWide,
        "";
    "max.incremental.fetch.session.cache.slots": Int = "1000", AtLeast(0), Medium, ReadOnly,
        "";
    "max.request.partition.size.limit": Int = "2000", AtLeast(1), Medium, ReadOnly,
        "";
    "message.max.bytes": Int = "1048588", AtLeast(0), High, ClusterWide,
        "";
    "metadata.log.dir": String = null, Any, High, ReadOnly,
        "";
    "metadata.log.max.record.bytes.between.snapshots": Long = "20971520", AtLeast(1), High, ReadOnly,
        "";
    "metadata.log.max.snapshot.interval.ms": Long = "3600000", AtLeast(0), High, ReadOnly,
        "";
    "metadata.log.segment.bytes": Int = "1073741824", AtLeast(8_388_608), High, ReadOnly,
        "";
    "metadata.log.segment.ms": Long = "604800000", Any, High, ReadOnly,
        "";
    "metadata.max.idle.interval.ms": Int = "500", AtLeast(0), Low, ReadOnly,
        "";
    "metadata.max.retention.bytes": Long = "104857600", Any, High, ReadOnly,
        "";
    "metadata.max.retention.ms": Long = "604800000", Any, High, ReadOnly,
        "";
    "metric.reporters": List = "org.apache.kafka.common.metrics.JmxReporter", List, Low, ClusterWide,
        "";
    "metrics.num.samples": Int = "2", AtLeast(1), Low, ReadOnly,
        "";
    "metrics.recording.level": String = "INFO", Any, Low, ReadOnly,
        "";
    "metrics.sample.window.ms": Long = "30000", AtLeast(1), Low, ReadOnly,
        "";
    "min.insync.replicas": Int = "1", AtLeast(1), High, ClusterWide,
        "";
    "node.id": Int = required, AtLeast(0), High, ReadOnly,
        "";
    "num.io.threads": Int = "8", AtLeast(1), High, ClusterWide,
        "";
    "num.network.threads": Int = "3", AtLeast(1), High, ClusterWide,
        "";
    "num.partitions": Int = "1", AtLeast(1), Medium, ReadOnly,
        "";
    "num.recovery.threads.per.data.dir": Int = "2", AtLeast(1), High, ClusterWide,
        "";
    "num.replica.alter.log.dirs.threads": Int = null, Any, High, ReadOnly,
        "";
    "num.replica.fetchers": Int = "1", AtLeast(1), High, ClusterWide,
        "";
    "offset.metadata.max.bytes": Int = "4096", Any, High, ReadOnly,
        "";
    "offsets.commit.timeout.ms": Int = "5000", AtLeast(1), High, ReadOnly,
        "";
    "offsets.load.buffer.size": Int = "5242880", AtLeast(1), High, ReadOnly,
        "";
    "offsets.retention.check.interval.ms": Long = "600000", AtLeast(1), High, ReadOnly,
        "";
    "offsets.retention.minutes": Int = "10080", AtLeast(1), High, ReadOnly,
        "";
    "offsets.topic.compression.codec": Int = "0", Any, High, ReadOnly,
        "";
    "offsets.topic.num.partitions": Int = "50", AtLeast(1), High, ReadOnly,
        "";
    "offsets.topic.replication.factor": Short = "3", AtLeast(1), High, ReadOnly,
        "";
    "offsets.topic.segment.bytes": Int = "104857600", AtLeast(1), High, ReadOnly,
        "";
    "principal.builder.class": Class = "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder", Any, Medium, PerBroker,
        "";
    "process.roles": List = required, FullListOf(&["broker", "controller"]), High, ReadOnly,
        "";
    "producer.id.expiration.check.interval.ms": Int = "600000", AtLeast(1), Internal, ReadOnly,
        "";
    "producer.id.expiration.ms": Int = "86400000", AtLeast(1), Low, ClusterWide,
        "";
    "producer.purgatory.purge.interval.requests": Int = "1000", Any, Medium, ReadOnly,
        "";
    "queued.max.request.bytes": Long = "-1", Any, Medium, ReadOnly,
        "";
    "queued.max.requests": Int = "500", AtLeast(1), High, ReadOnly,
        "";
    "quota.window.num": Int = "11", AtLeast(1), Low, ReadOnly,
        "";
    "quota.window.size.seconds": Int = "1", AtLeast(1), Low, ReadOnly,
        "";
    "remote.fetch.max.wait.ms": Int = "500", AtLeast(1), Medium, ClusterWide,
        "";
    "remote.list.offsets.request.timeout.ms": Long = "30000", AtLeast(1), Medium, ClusterWide,
        "";
    "remote.log.index.file.cache.total.size.bytes": Long = "1073741824", AtLeast(1), Low, ClusterWide,
        "";
    "remote.log.index.file.cache.ttl.ms": Long = "900000", AtLeast(-1), Internal, ReadOnly,
        "";
    "remote.log.manager.copier.thread.pool.size": Int = "10", AtLeast(1), Medium, ClusterWide,
        "";
    "remote.log.manager.copy.max.bytes.per.second": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "";
    "remote.log.manager.copy.quota.window.num": Int = "11", AtLeast(1), Medium, ReadOnly,
        "";
    "remote.log.manager.copy.quota.window.size.seconds": Int = "1", AtLeast(1), Medium, ReadOnly,
        "";
    "remote.log.manager.expiration.thread.pool.size": Int = "10", AtLeast(1), Medium, ClusterWide,
        "";
    "remote.log.manager.fetch.max.bytes.per.second": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "";
    "remote.log.manager.fetch.quota.window.num": Int = "11", AtLeast(1), Medium, ReadOnly,
        "";
    "remote.log.manager.fetch.quota.window.size.seconds": Int = "1", AtLeast(1), Medium, ReadOnly,
        "";
    "remote.log.manager.follower.thread.pool.size": Int = "2", AtLeast(1), Medium, ClusterWide,
        "";
    "remote.log.manager.task.interval.ms": Long = "30000", AtLeast(1), Low, ReadOnly,
        "";
    "remote.log.manager.task.retry.backoff.max.ms": Long = "30000", AtLeast(1), Internal, ReadOnly,
        "";
    "remote.log.manager.task.retry.backoff.ms": Long = "500", AtLeast(1), Internal, ReadOnly,
        "";
    "remote.log.manager.task.retry.jitter": Double = "0.2", BetweenFloats(0.0, 0.5), Internal, ReadOnly,
        "";
    "remote.log.manager.thread.pool.size": Int = "2", AtLeast(1), Medium, ReadOnly,
        "";
    "remote.log.metadata.custom.metadata.max.bytes": Int = "128", AtLeast(0), Low, ReadOnly,
        "";
    "remote.log.metadata.manager.class.name": String = "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager", NonEmpty, Medium, ReadOnly,
        "";
    "remote.log.metadata.manager.class.path": String = null, Any, Medium, ReadOnly,
        "";
    "remote.log.metadata.manager.impl.prefix": String = "rlmm.config.", NonEmpty, Medium, ReadOnly,
        "";
    "remote.log.metadata.manager.listener.name": String = null, NonEmpty, Medium, ReadOnly,
        "";
    "remote.log.reader.max.pending.tasks": Int = "100", AtLeast(1), Medium, ReadOnly,
        "";
    "remote.log.reader.threads": Int = "10", AtLeast(1), Medium, ClusterWide,
        "";
    "remote.log.storage.manager.class.name": String = null, NonEmpty, Medium, ReadOnly,
        "";
    "remote.log.storage.manager.class.path": String = null, Any, Medium, ReadOnly,
        "";
    "remote.log.storage.manager.impl.prefix": String = "rsm.config.", NonEmpty, Medium, ReadOnly,
        "";
    "remote.log.storage.system.enable": Boolean = "false", Any, Medium, ReadOnly,
        "";
    "replica.fetch.backoff.ms": Int = "1000", AtLeast(0), Medium, ReadOnly,
        "";
    "replica.fetch.max.bytes": Int = "1048576", AtLeast(0), Medium, ReadOnly,
        "";
    "replica.fetch.min.bytes": Int = "1", Any, High, ReadOnly,
        "";
    "replica.fetch.response.max.bytes": Int = "10485760", AtLeast(0), Medium, ReadOnly,
        "";
    "replica.fetch.wait.max.ms": Int = "500", Any, High, ReadOnly,
        "";
    "replica.high.watermark.checkpoint.interval.ms": Long = "5000", Any, High, ReadOnly,
        "";
    "replica.lag.time.max.ms": Long = "30000", Any, High, ReadOnly,
        "";
    "replica.selector.class": String = null, Any, Medium, ReadOnly,
        "";
    "replica.socket.receive.buffer.bytes": Int = "65536", Any, High, ReadOnly,
        "";
    "replica.socket.timeout.ms": Int = "30000", Any, High, ReadOnly,
        "";
    "replication.quota.window.num": Int = "11", AtLeast(1), Low, ReadOnly,
        "";
    "replication.quota.window.size.seconds": Int = "1", AtLeast(1), Low, ReadOnly,
        "";
    "request.timeout.ms": Int = "30000", Any, High, ReadOnly,
        "";
    "sasl.client.callback.handler.class": Class = null, Any, Medium, ReadOnly,
        "";
    "sasl.enabled.mechanisms": List = "GSSAPI", List, Medium, PerBroker,
        "";
    "sasl.jaas.config": Password = null, Any, Medium, PerBroker,
        "";
    "sasl.kerberos.kinit.cmd": String = "/usr/bin/kinit", Any, Medium, PerBroker,
        "";
    "sasl.kerberos.min.time.before.relogin": Long = "60000", Any, Medium, PerBroker,
        "";
    "sasl.kerberos.principal.to.local.rules": List = "DEFAULT", List, Medium, PerBroker,
        "";
    "sasl.kerberos.service.name": String = null, Any, Medium, PerBroker,
        "";
    "sasl.kerberos.ticket.renew.jitter": Double = "0.05", Any, Medium, PerBroker,
        "";
    "sasl.kerberos.ticket.renew.window.factor": Double = "0.8", Any, Medium, PerBroker,
        "";
    "sasl.login.callback.handler.class": Class = null, Any, Medium, ReadOnly,
        "";
    "sasl.login.class": Class = null, Any, Medium, ReadOnly,
        "";
    "sasl.login.connect.timeout.ms": Int = null, Any, Low, ReadOnly,
        "";
    "sasl.login.read.timeout.ms": Int = null, Any, Low, ReadOnly,
        "";
    "sasl.login.refresh.buffer.seconds": Short = "300", Any, Medium, PerBroker,
        "";
    "sasl.login.refresh.min.period.seconds": Short = "60", Any, Medium, PerBroker,
        "";
    "sasl.login.refresh.window.factor": Double = "0.8", Any, Medium, PerBroker,
        "";
    "sasl.login.refresh.window.jitter": Double = "0.05", Any, Medium, PerBroker,
        "";
    "sasl.login.retry.backoff.max.ms": Long = "10000", Any, Low, ReadOnly,
        "";
    "sasl.login.retry.backoff.ms": Long = "100", Any, Low, ReadOnly,
        "";
    "sasl.mechanism.controller.protocol": String = "GSSAPI", Any, High, ReadOnly,
        "";
    "sasl.mechanism.inter.broker.protocol": String = "GSSAPI", Any, Medium, PerBroker,
        "";
    "sasl.oauthbearer.assertion.algorithm": String = "RS256", OneOfAnyCase(&["ES256", "RS256"]), Medium, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.claim.aud": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.claim.exp.seconds": Int = "300", Between(0, 86_400), Low, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.claim.iss": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.claim.jti.include": Boolean = "false", Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.claim.nbf.seconds": Int = "60", Between(0, 3_600), Low, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.claim.sub": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.file": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.private.key.file": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.private.key.passphrase": Password = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.assertion.template.file": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.client.credentials.client.id": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.client.credentials.client.secret": Password = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.clock.skew.seconds": Int = "30", Any, Low, ReadOnly,
        "";
    "sasl.oauthbearer.expected.audience": List = "", List, High, ReadOnly,
        "";
    "sasl.oauthbearer.expected.issuer": String = null, Any, High, ReadOnly,
        "";
    "sasl.oauthbearer.jwks.endpoint.refresh.ms": Long = "3600000", Any, Low, ReadOnly,
        "";
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms": Long = "10000", Any, Low, ReadOnly,
        "";
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms": Long = "100", Any, Low, ReadOnly,
        "";
    "sasl.oauthbearer.jwks.endpoint.url": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.jwt.retriever.class": Class = "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever", Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.jwt.validator.class": Class = "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator", Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.scope": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.oauthbearer.scope.claim.name": String = "scope", Any, Low, ReadOnly,
        "";
    "sasl.oauthbearer.sub.claim.name": String = "sub", Any, Low, ReadOnly,
        "";
    "sasl.oauthbearer.token.endpoint.url": String = null, Any, Medium, ReadOnly,
        "";
    "sasl.server.callback.handler.class": Class = null, Any, Medium, ReadOnly,
        "";
    "sasl.server.max.receive.size": Int = "524288", Any, Medium, ReadOnly,
        "";
    "security.inter.broker.protocol": String = "PLAINTEXT", OneOf(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]), Medium, ReadOnly,
        "";
    "security.providers": String = null, Any, Low, ReadOnly,
        "";
    "server.max.startup.time.ms": Long = "9223372036854775807", AtLeast(0), Internal, ReadOnly,
        "";
    "share.coordinator.append.linger.ms": Int = "-1", AtLeast(-1), Medium, ReadOnly,
        "";
    "share.coordinator.cached.buffer.max.bytes": Int = "1048588", AtLeast(524_288), Medium, ClusterWide,
        "";
    "share.coordinator.cold.partition.snapshot.interval.ms": Int = "300000", AtLeast(1), Internal, ReadOnly,
        "";
    "share.coordinator.load.buffer.size": Int = "5242880", AtLeast(1), High, ReadOnly,
        "";
    "share.coordinator.snapshot.update.records.per.snapshot": Int = "500", Between(0, 500), Medium, ReadOnly,
        "";
    "share.coordinator.state.topic.compression.codec": Int = "0", Any, High, ReadOnly,
        "";
    "share.coordinator.state.topic.min.isr": Short = "2", AtLeast(1), High, ReadOnly,
        "";
    "share.coordinator.state.topic.num.partitions": Int = "50", AtLeast(1), High, ReadOnly,
        "";
    "share.coordinator.state.topic.prune.interval.ms": Int = "300000", AtLeast(1), Internal, ReadOnly,
        "";
    "share.coordinator.state.topic.replication.factor": Short = "3", AtLeast(1), High, ReadOnly,
        "";
    "share.coordinator.state.topic.segment.bytes": Int = "104857600", AtLeast(1), High, ReadOnly,
        "";
    "share.coordinator.threads": Int = "1", AtLeast(1), Medium, ReadOnly,
        "";
    "share.coordinator.write.timeout.ms": Int = "5000", AtLeast(1), High, ReadOnly,
        "";
    "share.fetch.purgatory.purge.interval.requests": Int = "1000", Any, Medium, ReadOnly,
        "";
    "socket.connection.setup.timeout.max.ms": Long = "30000", Any, Medium, ReadOnly,
        "";
    "socket.connection.setup.timeout.ms": Long = "10000", Any, Medium, ReadOnly,
        "";
    "socket.listen.backlog.size": Int = "50", AtLeast(1), Medium, ReadOnly,
        "";
    "socket.receive.buffer.bytes": Int = "102400", Any, High, ReadOnly,
        "";
    "socket.request.max.bytes": Int = "104857600", AtLeast(1), High, ReadOnly,
        "";
    "socket.send.buffer.bytes": Int = "102400", Any, High, ReadOnly,
        "";
    "ssl.allow.dn.changes": Boolean = "false", Any, Low, ReadOnly,
        "";
    "ssl.allow.san.changes": Boolean = "false", Any, Low, ReadOnly,
        "";
    "ssl.cipher.suites": List = "", List, Medium, PerBroker,
        "";
    "ssl.client.auth": String = "none", OneOf(&["required", "requested", "none"]), Medium, PerBroker,
        "";
    "ssl.enabled.protocols": List = "TLSv1.2,TLSv1.3", List, Medium, PerBroker,
        "";
    "ssl.endpoint.identification.algorithm": String = "https", Any, Low, PerBroker,
        "";
    "ssl.engine.factory.class": Class = null, Any, Low, PerBroker,
        "";
    "ssl.key.password": Password = null, Any, Medium, PerBroker,
        "";
    "ssl.keymanager.algorithm": String = "SunX509", Any, Medium, PerBroker,
        "";
    "ssl.keystore.certificate.chain": Password = null, Any, Medium, PerBroker,
        "";
    "ssl.keystore.key": Password = null, Any, Medium, PerBroker,
        "";
    "ssl.keystore.location": String = null, Any, Medium, PerBroker,
        "";
    "ssl.keystore.password": Password = null, Any, Medium, PerBroker,
        "";
    "ssl.keystore.type": String = "JKS", Any, Medium, PerBroker,
        "";
    "ssl.principal.mapping.rules": String = "DEFAULT", Any, Low, ReadOnly,
        "";
    "ssl.protocol": String = "TLSv1.3", Any, Medium, PerBroker,
        "";
    "ssl.provider": String = null, Any, Medium, PerBroker,
        "";
    "ssl.secure.random.implementation": String = null, Any, Low, PerBroker,
        "";
    "ssl.trustmanager.algorithm": String = "PKIX", Any, Medium, PerBroker,
        "";
    "ssl.truststore.certificates": Password = null, Any, Medium, PerBroker,
        "";
    "ssl.truststore.location": String = null, Any, Medium, PerBroker,
        "";
    "ssl.truststore.password": Password = null, Any, Medium, PerBroker,
        "";
    "ssl.truststore.type": String = "JKS", Any, Medium, PerBroker,
        "";
    "telemetry.max.bytes": Int = "1048576", AtLeast(1), Low, ReadOnly,
        "";
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": Int = "10000", AtLeast(1), Low, ReadOnly,
        "";
    "transaction.max.timeout.ms": Int = "900000", AtLeast(1), High, ReadOnly,
        "";
    "transaction.partition.verification.enable": Boolean = "true", Any, Low, ClusterWide,
        "";
    "transaction.remove.expired.transaction.cleanup.interval.ms": Int = "3600000", AtLeast(1), Low, ReadOnly,
        "";
    "transaction.state.log.load.buffer.size": Int = "5242880", AtLeast(1), High, ReadOnly,
        "";
    "transaction.state.log.min.isr": Int = "2", AtLeast(1), High, ReadOnly,
        "";
    "transaction.state.log.num.partitions": Int = "50", AtLeast(1), High, ReadOnly,
        "";
    "transaction.state.log.replication.factor": Short = "3", AtLeast(1), High, ReadOnly,
        "";
    "transaction.state.log.segment.bytes": Int = "104857600", AtLeast(1), High, ReadOnly,
        "";
    "transaction.two.phase.commit.enable": Boolean = "false", Any, Low, ReadOnly,
        "";
    "transactional.id.expiration.ms": Int = "604800000", AtLeast(1), High, ReadOnly,
        "";
    "unclean.leader.election.enable": Boolean = "false", Any, High, ClusterWide,
        "";
    "unclean.leader.election.interval.ms": Long = "300000", AtLeast(1), Internal, ReadOnly,
        "";
    "unstable.api.versions.enable": Boolean = "false", Any, Internal, ReadOnly,
        "";
    "unstable.feature.versions.enable": Boolean = "false", Any, Internal, ReadOnly,
        "";
};
