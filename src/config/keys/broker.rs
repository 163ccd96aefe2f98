//! The keys of `server.properties`: every broker and controller setting of Kafka 4.3.1.
//!
//! A table and nothing else: `name: type = default, allowed values, importance, how it may change, documentation`.

use super::Validator::*;
use super::{Key, keys};

/// The keys of `server.properties`: every broker and controller setting of Kafka 4.3.1. By name.
pub static BROKER: &[Key] = keys! {
    "add.partitions.to.txn.retry.backoff.max.ms": Int = "100", AtLeast(0), High, ReadOnly,
        "Longest pause before the server tries again to add a partition to a transaction.";
    "add.partitions.to.txn.retry.backoff.ms": Int = "20", AtLeast(1), High, ReadOnly,
        "First pause before the server tries again to add a partition to a transaction.";
    "advertised.listeners": List = null, FullList, High, ReadOnly,
        "Addresses that clients and other nodes are told to use, as NAME://host:port. Unset means listeners.";
    "alter.config.policy.class.name": Class = null, Any, Low, ReadOnly,
        "Plug-in that may refuse changes of settings.";
    "alter.log.dirs.replication.quota.window.num": Int = "11", AtLeast(1), Low, ReadOnly,
        "Samples kept to measure moves between log directories.";
    "alter.log.dirs.replication.quota.window.size.seconds": Int = "1", AtLeast(1), Low, ReadOnly,
        "Length of each sample that measures moves between log directories.";
    "authorizer.class.name": String = "", Any, Low, ReadOnly,
        "Plug-in that decides who may do what. Empty means that everyone may do everything.";
    "auto.create.topics.enable": Boolean = "true", Any, High, ReadOnly,
        "Whether asking for a topic that does not exist creates it.";
    "auto.leader.rebalance.enable": Boolean = "true", Any, High, ReadOnly,
        "Whether leadership is moved back to preferred replicas from time to time.";
    "background.threads": Int = "10", AtLeast(1), High, ClusterWide,
        "Threads for odd jobs that nobody waits for.";
    "broker.heartbeat.interval.ms": Int = "2000", Any, Medium, ReadOnly,
        "How often a broker tells the controller that it is alive.";
    "broker.id": Int = "-1", Any, High, ReadOnly,
        "Older name of node.id.";
    "broker.rack": String = null, Any, Medium, ReadOnly,
        "Rack or zone of this broker. Replicas of a partition are spread over racks.";
    "broker.session.timeout.ms": Int = "9000", Any, Medium, ReadOnly,
        "Without a heartbeat for this long a broker counts as dead.";
    "client.quota.callback.class": Class = null, Any, Low, ReadOnly,
        "Plug-in that decides which quota holds for a client.";
    "compression.gzip.level": Int = "-1", GzipLevel, Medium, ClusterWide,
        "Level of gzip where the broker compresses. -1 is the codec's own choice.";
    "compression.lz4.level": Int = "9", Between(1, 17), Medium, ClusterWide,
        "Level of LZ4 where the broker compresses.";
    "compression.type": String = "producer", OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), High, ClusterWide,
        "Codec in which batches are stored. \"producer\" keeps what the producer chose.";
    "compression.zstd.level": Int = "3", Between(-131_072, 22), Medium, ClusterWide,
        "Level of Zstandard where the broker compresses.";
    "config.providers": List = "", List, Low, ClusterWide,
        "Names of the providers that ${provider:path:key} in values may refer to.";
    "connection.failed.authentication.delay.ms": Int = "100", AtLeast(0), Low, ReadOnly,
        "How long a connection stays open after a failed login, to slow down guessing.";
    "connections.max.idle.ms": Long = "600000", Any, Medium, ReadOnly,
        "A connection that is silent for this long is closed.";
    "connections.max.reauth.ms": Long = "0", Any, Medium, ReadOnly,
        "Longest life of a SASL login before the client must log in again. 0 means for ever.";
    "controlled.shutdown.enable": Boolean = "true", Any, Medium, ReadOnly,
        "Whether a stopping broker first hands over the partitions it leads.";
    "controller.listener.names": List = required, FullList, High, ReadOnly,
        "Names of the listeners that controllers use. A broker uses the first to reach them.";
    "controller.performance.always.log.threshold.ms": Long = "2000", AtLeast(0), Internal, ReadOnly,
        "Events that take the controller longer than this are always logged.";
    "controller.performance.sample.period.ms": Long = "60000", AtLeast(100), Internal, ReadOnly,
        "Length of the period over which the controller's events are summed up in the log.";
    "controller.quorum.append.linger.ms": Int = "25", AtLeast(0), Medium, ReadOnly,
        "How long the quorum's leader gathers records before it writes them.";
    "controller.quorum.auto.join.enable": Boolean = "false", Any, Low, ReadOnly,
        "Whether a controller joins the voters of a dynamic quorum by itself.";
    "controller.quorum.bootstrap.servers": List = "", Servers, High, ReadOnly,
        "host:port of controllers at which the quorum can be found.";
    "controller.quorum.election.backoff.max.ms": Int = "1000", AtLeast(0), High, ReadOnly,
        "Longest random pause before a candidate stands for election again.";
    "controller.quorum.election.timeout.ms": Int = "1000", AtLeast(0), High, ReadOnly,
        "How long a candidate waits for votes before it gives up.";
    "controller.quorum.fetch.max.bytes": Int = "1048576", AtLeast(1), Low, ReadOnly,
        "Most bytes of the metadata log that are sent at once.";
    "controller.quorum.fetch.snapshot.max.bytes": Int = "1048576", AtLeast(1), Low, ReadOnly,
        "Most bytes of a metadata snapshot that are sent at once.";
    "controller.quorum.fetch.timeout.ms": Int = "2000", AtLeast(0), High, ReadOnly,
        "Without a word from the leader for this long a new one is elected.";
    "controller.quorum.request.timeout.ms": Int = "2000", AtLeast(0), Medium, ReadOnly,
        "How long members of the quorum wait for an answer.";
    "controller.quorum.retry.backoff.ms": Int = "20", AtLeast(0), Low, ReadOnly,
        "Pause before a member of the quorum asks again.";
    "controller.quorum.voters": List = "", Voters, High, ReadOnly,
        "id@host:port of each controller, for a quorum whose members never change.";
    "controller.quota.window.num": Int = "11", AtLeast(1), Low, ReadOnly,
        "Samples kept to measure changes of topics.";
    "controller.quota.window.size.seconds": Int = "1", AtLeast(1), Low, ReadOnly,
        "Length of each sample that measures changes of topics.";
    "controller.socket.timeout.ms": Int = "30000", Any, Medium, ReadOnly,
        "How long a broker waits for the controller's answer.";
    "cordoned.log.dirs": List = "", List, Medium, PerBroker,
        "Log directories that get no new partitions. * means all.";
    "create.topic.policy.class.name": Class = null, Any, Low, ReadOnly,
        "Plug-in that may refuse new topics.";
    "default.replication.factor": Int = "1", Any, Medium, ReadOnly,
        "Copies of each partition of a new topic where the client does not say.";
    "delegation.token.expiry.check.interval.ms": Long = "3600000", AtLeast(1), Low, ReadOnly,
        "How often expired delegation tokens are looked for.";
    "delegation.token.expiry.time.ms": Long = "86400000", AtLeast(1), Medium, ReadOnly,
        "How long a delegation token is valid before it must be renewed.";
    "delegation.token.max.lifetime.ms": Long = "604800000", AtLeast(1), Medium, ReadOnly,
        "After this long a delegation token cannot be renewed any more.";
    "delegation.token.secret.key": Password = null, Any, Medium, ReadOnly,
        "Secret that signs delegation tokens; the same on all nodes.";
    "delete.records.purgatory.purge.interval.requests": Int = "1", Any, Medium, ReadOnly,
        "Finished requests to delete records are swept up after so many.";
    "delete.topic.enable": Boolean = "true", Any, High, ReadOnly,
        "Whether topics can be deleted.";
    "early.start.listeners": List = null, List, High, ReadOnly,
        "Listeners that accept requests before the node's security data is loaded.";
    "fetch.max.bytes": Int = "57671680", AtLeast(1_024), Medium, ReadOnly,
        "Most bytes in an answer to a fetch, except that one batch is always sent.";
    "fetch.purgatory.purge.interval.requests": Int = "1000", Any, Medium, ReadOnly,
        "Finished fetches are swept up after so many.";
    "follower.fetch.last.tiered.offset.enable": Boolean = "false", Any, Medium, ClusterWide,
        "Whether a new follower begins after what lies in remote storage.";
    "group.consumer.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "Least time between two assignments of a consumer group.";
    "group.consumer.assignors": List = "uniform,range", FullList, Medium, ReadOnly,
        "Server-side assignors of consumer groups; the first is the default.";
    "group.consumer.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "How often members of consumer groups are told to send heartbeats.";
    "group.consumer.max.assignment.interval.ms": Int = "15000", AtLeast(0), Medium, ReadOnly,
        "Upper bound of consumer.assignment.interval.ms.";
    "group.consumer.max.heartbeat.interval.ms": Int = "15000", AtLeast(1), Medium, ReadOnly,
        "Upper bound of consumer.heartbeat.interval.ms.";
    "group.consumer.max.session.timeout.ms": Int = "60000", AtLeast(1), Medium, ReadOnly,
        "Upper bound of consumer.session.timeout.ms.";
    "group.consumer.max.size": Int = "2147483647", AtLeast(1), Medium, ReadOnly,
        "Most members of a consumer group.";
    "group.consumer.migration.policy": String = "bidirectional", OneOfAnyCase(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]), Medium, ReadOnly,
        "Whether groups turn from the classic to the consumer protocol or back while they live.";
    "group.consumer.min.assignment.interval.ms": Int = "0", AtLeast(0), Medium, ReadOnly,
        "Lower bound of consumer.assignment.interval.ms.";
    "group.consumer.min.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "Lower bound of consumer.heartbeat.interval.ms.";
    "group.consumer.min.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "Lower bound of consumer.session.timeout.ms.";
    "group.consumer.regex.refresh.interval.ms": Int = "600000", AtLeast(10_000), Internal, ReadOnly,
        "How often topics are matched again with the patterns of subscriptions.";
    "group.consumer.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "Without a heartbeat for this long a member leaves its consumer group.";
    "group.coordinator.append.linger.ms": Int = "-1", AtLeast(-1), Medium, ReadOnly,
        "How long a group coordinator gathers records before it writes them. -1 adapts.";
    "group.coordinator.background.threads": Int = "2", AtLeast(1), High, ReadOnly,
        "Threads that compute assignments and match patterns.";
    "group.coordinator.cached.buffer.max.bytes": Int = "1048588", AtLeast(524_288), Medium, ClusterWide,
        "Largest write buffer that a group coordinator keeps for the next time.";
    "group.coordinator.rebalance.protocols": List = "classic,consumer,streams", FullListOf(&["consumer", "classic", "share", "streams"]), Medium, ReadOnly,
        "Protocols that groups may use.";
    "group.coordinator.threads": Int = "4", AtLeast(1), High, ReadOnly,
        "Threads of group coordinators.";
    "group.initial.rebalance.delay.ms": Int = "3000", Any, Medium, ReadOnly,
        "How long an empty classic group waits for more members before it first rebalances.";
    "group.max.session.timeout.ms": Int = "1800000", Any, Medium, ReadOnly,
        "Longest session that a member of a classic group may ask for.";
    "group.max.size": Int = "2147483647", AtLeast(1), Medium, ReadOnly,
        "Most members of a classic group.";
    "group.min.session.timeout.ms": Int = "6000", Any, Medium, ReadOnly,
        "Shortest session that a member of a classic group may ask for.";
    "group.share.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "Least time between two assignments of a share group.";
    "group.share.assignors": List = "simple", FullList, Medium, ReadOnly,
        "Server-side assignors of share groups.";
    "group.share.delivery.count.limit": Int = "5", Between(2, 10), Medium, ReadOnly,
        "How often a record is delivered to a share group before it is given up.";
    "group.share.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "How often members of share groups are told to send heartbeats.";
    "group.share.initialize.retry.interval.ms": Int = "30000", AtLeast(1), Internal, ReadOnly,
        "Pause before a partition's share state is initialised again.";
    "group.share.max.assignment.interval.ms": Int = "15000", AtLeast(0), Medium, ReadOnly,
        "Upper bound of share.assignment.interval.ms.";
    "group.share.max.delivery.count.limit": Int = "10", Between(5, 25), Medium, ReadOnly,
        "Upper bound of share.delivery.count.limit.";
    "group.share.max.heartbeat.interval.ms": Int = "15000", AtLeast(1), Medium, ReadOnly,
        "Upper bound of share.heartbeat.interval.ms.";
    "group.share.max.partition.max.record.locks": Int = "4000", Between(2_000, 10_000), Medium, ReadOnly,
        "Upper bound of share.partition.max.record.locks.";
    "group.share.max.record.lock.duration.ms": Int = "60000", Between(30_000, 3_600_000), Medium, ReadOnly,
        "Upper bound of share.record.lock.duration.ms.";
    "group.share.max.session.timeout.ms": Int = "60000", AtLeast(1), Medium, ReadOnly,
        "Upper bound of share.session.timeout.ms.";
    "group.share.max.share.sessions": Int = "2000", AtLeast(1), Medium, ReadOnly,
        "Most share sessions of a broker.";
    "group.share.max.size": Int = "200", Between(1, 1_000), Medium, ReadOnly,
        "Most members of a share group.";
    "group.share.min.assignment.interval.ms": Int = "0", AtLeast(0), Medium, ReadOnly,
        "Lower bound of share.assignment.interval.ms.";
    "group.share.min.delivery.count.limit": Int = "2", Between(2, 5), Medium, ReadOnly,
        "Lower bound of share.delivery.count.limit.";
    "group.share.min.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "Lower bound of share.heartbeat.interval.ms.";
    "group.share.min.partition.max.record.locks": Int = "100", Between(100, 2_000), Medium, ReadOnly,
        "Lower bound of share.partition.max.record.locks.";
    "group.share.min.record.lock.duration.ms": Int = "15000", Between(1_000, 30_000), Medium, ReadOnly,
        "Lower bound of share.record.lock.duration.ms.";
    "group.share.min.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "Lower bound of share.session.timeout.ms.";
    "group.share.partition.max.record.locks": Int = "2000", Between(100, 10_000), Medium, ReadOnly,
        "Most records of a partition that a share group may hold at once.";
    "group.share.persister.class.name": String = "org.apache.kafka.server.share.persister.DefaultStatePersister", Any, Internal, ReadOnly,
        "Plug-in that stores the state of share groups.";
    "group.share.record.lock.duration.ms": Int = "30000", Between(1_000, 3_600_000), Medium, ReadOnly,
        "How long a member of a share group may hold a record.";
    "group.share.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "Without a heartbeat for this long a member leaves its share group.";
    "group.streams.assignment.interval.ms": Int = "1000", AtLeast(0), Medium, ClusterWide,
        "Least time between two assignments of a streams group.";
    "group.streams.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "How often members of streams groups are told to send heartbeats.";
    "group.streams.initial.rebalance.delay.ms": Int = "3000", AtLeast(0), Medium, ReadOnly,
        "How long an empty streams group waits for more members before it first rebalances.";
    "group.streams.max.assignment.interval.ms": Int = "15000", AtLeast(0), Medium, ReadOnly,
        "Upper bound of streams.assignment.interval.ms.";
    "group.streams.max.heartbeat.interval.ms": Int = "15000", AtLeast(1), Medium, ReadOnly,
        "Upper bound of streams.heartbeat.interval.ms.";
    "group.streams.max.session.timeout.ms": Int = "60000", AtLeast(1), Medium, ReadOnly,
        "Upper bound of streams.session.timeout.ms.";
    "group.streams.max.size": Int = "2147483647", AtLeast(1), Medium, ReadOnly,
        "Most members of a streams group.";
    "group.streams.max.standby.replicas": Int = "2", AtLeast(0), Medium, ReadOnly,
        "Upper bound of streams.num.standby.replicas.";
    "group.streams.min.assignment.interval.ms": Int = "0", AtLeast(0), Medium, ReadOnly,
        "Lower bound of streams.assignment.interval.ms.";
    "group.streams.min.heartbeat.interval.ms": Int = "5000", AtLeast(1), Medium, ReadOnly,
        "Lower bound of streams.heartbeat.interval.ms.";
    "group.streams.min.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "Lower bound of streams.session.timeout.ms.";
    "group.streams.num.standby.replicas": Int = "0", AtLeast(0), Medium, ReadOnly,
        "Standby copies of each task of a streams group.";
    "group.streams.session.timeout.ms": Int = "45000", AtLeast(1), Medium, ReadOnly,
        "Without a heartbeat for this long a member leaves its streams group.";
    "initial.broker.registration.timeout.ms": Int = "60000", Any, Medium, ReadOnly,
        "A starting broker that cannot register within this time gives up.";
    "inter.broker.listener.name": String = null, Any, Medium, ReadOnly,
        "Listener that brokers use among themselves.";
    "internal.metadata.delete.delay.millis": Long = "60000", Any, Internal, ReadOnly,
        "How long deleted files of the metadata log stay. For tests.";
    "internal.metadata.log.segment.bytes": Int = null, Any, Internal, ReadOnly,
        "Size of metadata segments below the usual minimum. For tests.";
    "internal.metadata.max.batch.size.in.bytes": Int = "8388608", Any, Internal, ReadOnly,
        "Largest batch of the metadata log. For tests.";
    "kafka.metrics.polling.interval.secs": Int = "10", AtLeast(1), Low, ReadOnly,
        "How often reporters of the old metrics poll.";
    "kafka.metrics.reporters": List = "", List, Low, ReadOnly,
        "Reporters of the old metrics.";
    "leader.imbalance.check.interval.seconds": Long = "300", AtLeast(1), High, ReadOnly,
        "How often it is looked whether leadership should move back.";
    "listener.security.protocol.map": String = "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", Any, Low, PerBroker,
        "What each listener speaks, as NAME:PROTOCOL entries.";
    "listeners": List = "PLAINTEXT://:9092", FullList, High, PerBroker,
        "Addresses to listen on, as NAME://host:port. An empty host is every address; port 0 lets the system choose.";
    "log.cleaner.backoff.ms": Long = "15000", AtLeast(0), Medium, ClusterWide,
        "How long the cleaner sleeps when there is nothing to clean.";
    "log.cleaner.dedupe.buffer.size": Long = "134217728", Any, Medium, ClusterWide,
        "Memory for the keys of the logs being compacted, all threads together.";
    "log.cleaner.delete.retention.ms": Long = "86400000", AtLeast(0), Medium, ClusterWide,
        "How long tombstones stay in a compacted topic.";
    "log.cleaner.enable": Boolean = "true", Any, Medium, ReadOnly,
        "Whether logs are compacted at all.";
    "log.cleaner.io.buffer.load.factor": Double = "0.9", Any, Medium, ClusterWide,
        "How full the cleaner's table of keys may get.";
    "log.cleaner.io.buffer.size": Int = "524288", AtLeast(0), Medium, ClusterWide,
        "Memory for the cleaner's reads and writes, all threads together.";
    "log.cleaner.io.max.bytes.per.second": Double = "1.7976931348623157E308", Any, Medium, ClusterWide,
        "Most bytes per second that the cleaner reads and writes.";
    "log.cleaner.max.compaction.lag.ms": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "How long a record may go uncompacted at most.";
    "log.cleaner.min.cleanable.ratio": Double = "0.5", BetweenFloats(0.0, 1.0), Medium, ClusterWide,
        "Share of a log that must be uncompacted before it is compacted.";
    "log.cleaner.min.compaction.lag.ms": Long = "0", AtLeast(0), Medium, ClusterWide,
        "How long a record stays uncompacted at least.";
    "log.cleaner.threads": Int = "1", AtLeast(0), Medium, ClusterWide,
        "Threads of the cleaner.";
    "log.cleanup.policy": List = "delete", ListOf(&["compact", "delete"]), Medium, ClusterWide,
        "What happens to old segments: delete, compact, both, or nothing at all.";
    "log.dir": List = "/tmp/kafka-logs", FullList, High, ReadOnly,
        "Directory of the logs where log.dirs is not set.";
    "log.dir.failure.timeout.ms": Long = "30000", AtLeast(1), Low, ReadOnly,
        "A broker that cannot tell the controller of a failed directory for this long stops.";
    "log.dirs": List = null, FullList, High, ReadOnly,
        "Directories of the logs.";
    "log.flush.interval.messages": Long = "9223372036854775807", AtLeast(1), High, ClusterWide,
        "Messages that may be lost with the machine's power: a log is synced after so many.";
    "log.flush.interval.ms": Long = null, Any, High, ClusterWide,
        "Time within which messages may be lost with the machine's power: a log is synced after so long.";
    "log.flush.offset.checkpoint.interval.ms": Int = "60000", AtLeast(0), High, ReadOnly,
        "How often it is written down up to where logs are synced.";
    "log.flush.scheduler.interval.ms": Long = "9223372036854775807", Any, High, ReadOnly,
        "How often it is looked which logs must be synced.";
    "log.flush.start.offset.checkpoint.interval.ms": Int = "60000", AtLeast(0), High, ReadOnly,
        "How often it is written down where logs begin.";
    "log.index.interval.bytes": Int = "4096", AtLeast(0), Medium, ClusterWide,
        "Bytes of a log between two entries of its index.";
    "log.index.size.max.bytes": Int = "10485760", AtLeast(4), Medium, ClusterWide,
        "Largest index of a segment.";
    "log.initial.task.delay.ms": Long = "30000", AtLeast(0), Internal, ReadOnly,
        "Pause after the start before logs are first tended to.";
    "log.local.retention.bytes": Long = "-2", AtLeast(-2), Medium, ClusterWide,
        "Bytes of a partition that stay local with remote storage. -2 means log.retention.bytes.";
    "log.local.retention.ms": Long = "-2", AtLeast(-2), Medium, ClusterWide,
        "How long records stay local with remote storage. -2 means log.retention.ms.";
    "log.message.timestamp.after.max.ms": Long = "3600000", AtLeast(0), Medium, ClusterWide,
        "How far a record's timestamp may lie in the future.";
    "log.message.timestamp.before.max.ms": Long = "9223372036854775807", AtLeast(0), Medium, ClusterWide,
        "How far a record's timestamp may lie in the past.";
    "log.message.timestamp.type": String = "CreateTime", OneOf(&["CreateTime", "LogAppendTime"]), Medium, ClusterWide,
        "Whose clock a record's timestamp is: the producer's or the broker's.";
    "log.preallocate": Boolean = "false", Any, Medium, ClusterWide,
        "Whether the file of a new segment gets its full size at once.";
    "log.retention.bytes": Long = "-1", Any, High, ClusterWide,
        "Bytes of a partition that are kept. -1 means all.";
    "log.retention.check.interval.ms": Long = "300000", AtLeast(1), Medium, ReadOnly,
        "How often old segments are looked for.";
    "log.retention.hours": Int = "168", Any, High, ReadOnly,
        "How long records are kept, in hours. log.retention.minutes and log.retention.ms win.";
    "log.retention.minutes": Int = null, Any, High, ReadOnly,
        "How long records are kept, in minutes. log.retention.ms wins.";
    "log.retention.ms": Long = null, Any, High, ClusterWide,
        "How long records are kept. -1 means for ever.";
    "log.roll.hours": Int = "168", AtLeast(1), High, ReadOnly,
        "Age at which a segment is closed, in hours. log.roll.ms wins.";
    "log.roll.jitter.hours": Int = "0", AtLeast(0), High, ReadOnly,
        "By how much segments may be closed earlier, at random, in hours. log.roll.jitter.ms wins.";
    "log.roll.jitter.ms": Long = null, Any, High, ClusterWide,
        "By how much segments may be closed earlier, at random.";
    "log.roll.ms": Long = null, Any, High, ClusterWide,
        "Age at which a segment is closed.";
    "log.segment.bytes": Int = "1073741824", AtLeast(1_048_576), High, ClusterWide,
        "Size at which a segment is closed.";
    "log.segment.delete.delay.ms": Long = "60000", AtLeast(0), High, ClusterWide,
        "How long the file of a deleted segment stays for those who still read it.";
    "max.connection.creation.rate": Int = "2147483647", AtLeast(0), Medium, ClusterWide,
        "Most new connections per second.";
    "max.connections": Int = "2147483647", AtLeast(0), Medium, ClusterWide,
        "Most connections at a time.";
    "max.connections.per.ip": Int = "2147483647", AtLeast(0), Medium, ClusterWide,
        "Most connections from one address.";
    "max.connections.per.ip.overrides": String = "", Any, Medium, ClusterWide,
        "Other limits for some addresses, as host:limit entries.";
    "max.incremental.fetch.session.cache.slots": Int = "1000", AtLeast(0), Medium, ReadOnly,
        "Most fetch sessions that are remembered.";
    "max.request.partition.size.limit": Int = "2000", AtLeast(1), Medium, ReadOnly,
        "Most partitions in an answer that describes topics page by page.";
    "message.max.bytes": Int = "1048588", AtLeast(0), High, ClusterWide,
        "Largest batch of records, after compression.";
    "metadata.log.dir": String = null, Any, High, ReadOnly,
        "Directory of the metadata log. Unset means the first of log.dirs.";
    "metadata.log.max.record.bytes.between.snapshots": Long = "20971520", AtLeast(1), High, ReadOnly,
        "A snapshot of the metadata is taken after so many bytes of log.";
    "metadata.log.max.snapshot.interval.ms": Long = "3600000", AtLeast(0), High, ReadOnly,
        "A snapshot of the metadata is taken after so long, if anything has changed. 0 means never.";
    "metadata.log.segment.bytes": Int = "1073741824", AtLeast(8_388_608), High, ReadOnly,
        "Size at which a segment of the metadata log is closed.";
    "metadata.log.segment.ms": Long = "604800000", Any, High, ReadOnly,
        "Age at which a segment of the metadata log is closed.";
    "metadata.max.idle.interval.ms": Int = "500", AtLeast(0), Low, ReadOnly,
        "How often the idle controller writes a record that says nothing. 0 means never.";
    "metadata.max.retention.bytes": Long = "104857600", Any, High, ReadOnly,
        "Bytes of metadata log and snapshots that are kept.";
    "metadata.max.retention.ms": Long = "604800000", Any, High, ReadOnly,
        "How long metadata log and snapshots are kept.";
    "metric.reporters": List = "org.apache.kafka.common.metrics.JmxReporter", List, Low, ClusterWide,
        "Plug-ins that report metrics.";
    "metrics.num.samples": Int = "2", AtLeast(1), Low, ReadOnly,
        "Samples kept to measure rates.";
    "metrics.recording.level": String = "INFO", Any, Low, ReadOnly,
        "How much is measured: INFO, DEBUG or TRACE.";
    "metrics.sample.window.ms": Long = "30000", AtLeast(1), Low, ReadOnly,
        "Length of each sample that measures rates.";
    "min.insync.replicas": Int = "1", AtLeast(1), High, ClusterWide,
        "Copies that must have a record before a producer with acks=all is answered.";
    "node.id": Int = required, AtLeast(0), High, ReadOnly,
        "Number of this node, unlike that of any other.";
    "num.io.threads": Int = "8", AtLeast(1), High, ClusterWide,
        "Threads that work on requests.";
    "num.network.threads": Int = "3", AtLeast(1), High, ClusterWide,
        "Threads of each listener that read requests and write answers.";
    "num.partitions": Int = "1", AtLeast(1), Medium, ReadOnly,
        "Partitions of a new topic where the client does not say.";
    "num.recovery.threads.per.data.dir": Int = "2", AtLeast(1), High, ClusterWide,
        "Threads for each log directory that check logs after a crash.";
    "num.replica.alter.log.dirs.threads": Int = null, Any, High, ReadOnly,
        "Threads that move replicas between log directories.";
    "num.replica.fetchers": Int = "1", AtLeast(1), High, ClusterWide,
        "Threads that copy records from each other broker.";
    "offset.metadata.max.bytes": Int = "4096", Any, High, ReadOnly,
        "Longest text that a consumer may store with an offset.";
    "offsets.commit.timeout.ms": Int = "5000", AtLeast(1), High, ReadOnly,
        "How long a commit of offsets waits until all replicas have it.";
    "offsets.load.buffer.size": Int = "5242880", AtLeast(1), High, ReadOnly,
        "Bytes read at once when offsets are loaded.";
    "offsets.retention.check.interval.ms": Long = "600000", AtLeast(1), High, ReadOnly,
        "How often expired offsets are looked for.";
    "offsets.retention.minutes": Int = "10080", AtLeast(1), High, ReadOnly,
        "How long the offsets of an empty group are kept.";
    "offsets.topic.compression.codec": Int = "0", Any, High, ReadOnly,
        "Codec of the offsets topic, by number. 0 is none.";
    "offsets.topic.num.partitions": Int = "50", AtLeast(1), High, ReadOnly,
        "Partitions of the offsets topic. Never to be changed after it exists.";
    "offsets.topic.replication.factor": Short = "3", AtLeast(1), High, ReadOnly,
        "Copies of each partition of the offsets topic.";
    "offsets.topic.segment.bytes": Int = "104857600", AtLeast(1), High, ReadOnly,
        "Size at which a segment of the offsets topic is closed.";
    "principal.builder.class": Class = "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder", Any, Medium, PerBroker,
        "Plug-in that makes a principal of a login.";
    "process.roles": List = required, FullListOf(&["broker", "controller"]), High, ReadOnly,
        "What this node is: broker, controller, or both.";
    "producer.id.expiration.check.interval.ms": Int = "600000", AtLeast(1), Internal, ReadOnly,
        "How often expired producer ids are looked for.";
    "producer.id.expiration.ms": Int = "86400000", AtLeast(1), Low, ClusterWide,
        "How long a partition remembers an idle producer.";
    "producer.purgatory.purge.interval.requests": Int = "1000", Any, Medium, ReadOnly,
        "Finished produce requests are swept up after so many.";
    "queued.max.request.bytes": Long = "-1", Any, Medium, ReadOnly,
        "Bytes of waiting requests at which reading stops. -1 means no limit.";
    "queued.max.requests": Int = "500", AtLeast(1), High, ReadOnly,
        "Waiting requests at which reading stops.";
    "quota.window.num": Int = "11", AtLeast(1), Low, ReadOnly,
        "Samples kept to measure clients.";
    "quota.window.size.seconds": Int = "1", AtLeast(1), Low, ReadOnly,
        "Length of each sample that measures clients.";
    "remote.fetch.max.wait.ms": Int = "500", AtLeast(1), Medium, ClusterWide,
        "Longest wait of a fetch for remote storage.";
    "remote.list.offsets.request.timeout.ms": Long = "30000", AtLeast(1), Medium, ClusterWide,
        "Longest wait for an offset that only remote storage knows.";
    "remote.log.index.file.cache.total.size.bytes": Long = "1073741824", AtLeast(1), Low, ClusterWide,
        "Disk space for indexes fetched from remote storage.";
    "remote.log.index.file.cache.ttl.ms": Long = "900000", AtLeast(-1), Internal, ReadOnly,
        "How long an index fetched from remote storage is kept unread. -1 means no limit.";
    "remote.log.manager.copier.thread.pool.size": Int = "10", AtLeast(1), Medium, ClusterWide,
        "Threads that copy segments to remote storage.";
    "remote.log.manager.copy.max.bytes.per.second": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "Most bytes per second that are copied to remote storage.";
    "remote.log.manager.copy.quota.window.num": Int = "11", AtLeast(1), Medium, ReadOnly,
        "Samples kept to measure copies to remote storage.";
    "remote.log.manager.copy.quota.window.size.seconds": Int = "1", AtLeast(1), Medium, ReadOnly,
        "Length of each sample that measures copies to remote storage.";
    "remote.log.manager.expiration.thread.pool.size": Int = "10", AtLeast(1), Medium, ClusterWide,
        "Threads that delete old segments from remote storage.";
    "remote.log.manager.fetch.max.bytes.per.second": Long = "9223372036854775807", AtLeast(1), Medium, ClusterWide,
        "Most bytes per second that are fetched from remote storage.";
    "remote.log.manager.fetch.quota.window.num": Int = "11", AtLeast(1), Medium, ReadOnly,
        "Samples kept to measure fetches from remote storage.";
    "remote.log.manager.fetch.quota.window.size.seconds": Int = "1", AtLeast(1), Medium, ReadOnly,
        "Length of each sample that measures fetches from remote storage.";
    "remote.log.manager.follower.thread.pool.size": Int = "2", AtLeast(1), Medium, ClusterWide,
        "Threads that tend to followed partitions with remote storage.";
    "remote.log.manager.task.interval.ms": Long = "30000", AtLeast(1), Low, ReadOnly,
        "How often partitions with remote storage are tended to.";
    "remote.log.manager.task.retry.backoff.max.ms": Long = "30000", AtLeast(1), Internal, ReadOnly,
        "Longest pause before work on remote storage is tried again.";
    "remote.log.manager.task.retry.backoff.ms": Long = "500", AtLeast(1), Internal, ReadOnly,
        "First pause before work on remote storage is tried again.";
    "remote.log.manager.task.retry.jitter": Double = "0.2", BetweenFloats(0.0, 0.5), Internal, ReadOnly,
        "Share by which those pauses vary at random.";
    "remote.log.manager.thread.pool.size": Int = "2", AtLeast(1), Medium, ReadOnly,
        "Older name of remote.log.manager.follower.thread.pool.size.";
    "remote.log.metadata.custom.metadata.max.bytes": Int = "128", AtLeast(0), Low, ReadOnly,
        "Most bytes that a storage plug-in may note about a segment.";
    "remote.log.metadata.manager.class.name": String = "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager", NonEmpty, Medium, ReadOnly,
        "Plug-in that keeps the books of remote storage.";
    "remote.log.metadata.manager.class.path": String = null, Any, Medium, ReadOnly,
        "Where that plug-in is found.";
    "remote.log.metadata.manager.impl.prefix": String = "rlmm.config.", NonEmpty, Medium, ReadOnly,
        "Prefix of that plug-in's own settings.";
    "remote.log.metadata.manager.listener.name": String = null, NonEmpty, Medium, ReadOnly,
        "Listener through which that plug-in reaches brokers.";
    "remote.log.reader.max.pending.tasks": Int = "100", AtLeast(1), Medium, ReadOnly,
        "Most reads of remote storage that may wait.";
    "remote.log.reader.threads": Int = "10", AtLeast(1), Medium, ClusterWide,
        "Threads that read remote storage.";
    "remote.log.storage.manager.class.name": String = null, NonEmpty, Medium, ReadOnly,
        "Plug-in that stores segments remotely.";
    "remote.log.storage.manager.class.path": String = null, Any, Medium, ReadOnly,
        "Where that plug-in is found.";
    "remote.log.storage.manager.impl.prefix": String = "rsm.config.", NonEmpty, Medium, ReadOnly,
        "Prefix of that plug-in's own settings.";
    "remote.log.storage.system.enable": Boolean = "false", Any, Medium, ReadOnly,
        "Whether segments may go to remote storage at all.";
    "replica.fetch.backoff.ms": Int = "1000", AtLeast(0), Medium, ReadOnly,
        "Pause of a follower after a failed fetch.";
    "replica.fetch.max.bytes": Int = "1048576", AtLeast(0), Medium, ReadOnly,
        "Bytes of each partition that a follower fetches at once, except that one batch is always sent.";
    "replica.fetch.min.bytes": Int = "1", Any, High, ReadOnly,
        "Bytes that a follower waits for before it is answered.";
    "replica.fetch.response.max.bytes": Int = "10485760", AtLeast(0), Medium, ReadOnly,
        "Bytes that a follower fetches at once in all.";
    "replica.fetch.wait.max.ms": Int = "500", Any, High, ReadOnly,
        "Longest wait of a follower's fetch.";
    "replica.high.watermark.checkpoint.interval.ms": Long = "5000", Any, High, ReadOnly,
        "How often high watermarks are written down.";
    "replica.lag.time.max.ms": Long = "30000", Any, High, ReadOnly,
        "A follower that has not caught up for this long is no longer in sync.";
    "replica.selector.class": String = null, Any, Medium, ReadOnly,
        "Plug-in that finds the replica that a consumer should read.";
    "replica.socket.receive.buffer.bytes": Int = "65536", Any, High, ReadOnly,
        "Receive buffer of followers' connections.";
    "replica.socket.timeout.ms": Int = "30000", Any, High, ReadOnly,
        "How long a follower waits for an answer.";
    "replication.quota.window.num": Int = "11", AtLeast(1), Low, ReadOnly,
        "Samples kept to measure throttled replication.";
    "replication.quota.window.size.seconds": Int = "1", AtLeast(1), Low, ReadOnly,
        "Length of each sample that measures throttled replication.";
    "request.timeout.ms": Int = "30000", Any, High, ReadOnly,
        "How long a node waits for another's answer.";
    "sasl.client.callback.handler.class": Class = null, Any, Medium, ReadOnly,
        "Plug-in that answers for this node when it logs in elsewhere.";
    "sasl.enabled.mechanisms": List = "GSSAPI", List, Medium, PerBroker,
        "SASL mechanisms that clients may use.";
    "sasl.jaas.config": Password = null, Any, Medium, PerBroker,
        "Login modules and their options, in the format of JAAS.";
    "sasl.kerberos.kinit.cmd": String = "/usr/bin/kinit", Any, Medium, PerBroker,
        "Path of kinit.";
    "sasl.kerberos.min.time.before.relogin": Long = "60000", Any, Medium, PerBroker,
        "Least time between two Kerberos logins.";
    "sasl.kerberos.principal.to.local.rules": List = "DEFAULT", List, Medium, PerBroker,
        "Rules that shorten Kerberos principals; the first that fits holds.";
    "sasl.kerberos.service.name": String = null, Any, Medium, PerBroker,
        "Kerberos principal that the brokers run as.";
    "sasl.kerberos.ticket.renew.jitter": Double = "0.05", Any, Medium, PerBroker,
        "Share by which the time of renewal varies at random.";
    "sasl.kerberos.ticket.renew.window.factor": Double = "0.8", Any, Medium, PerBroker,
        "Share of a ticket's life after which it is renewed.";
    "sasl.login.callback.handler.class": Class = null, Any, Medium, ReadOnly,
        "Plug-in that provides a login's name and secret.";
    "sasl.login.class": Class = null, Any, Medium, ReadOnly,
        "Plug-in that logs in.";
    "sasl.login.connect.timeout.ms": Int = null, Any, Low, ReadOnly,
        "How long to wait for a connection to the provider of tokens.";
    "sasl.login.read.timeout.ms": Int = null, Any, Low, ReadOnly,
        "How long to wait for the answer of the provider of tokens.";
    "sasl.login.refresh.buffer.seconds": Short = "300", Any, Medium, PerBroker,
        "How long before it expires a token is renewed at the latest.";
    "sasl.login.refresh.min.period.seconds": Short = "60", Any, Medium, PerBroker,
        "How long a token is kept at least before it is renewed.";
    "sasl.login.refresh.window.factor": Double = "0.8", Any, Medium, PerBroker,
        "Share of a token's life after which it is renewed.";
    "sasl.login.refresh.window.jitter": Double = "0.05", Any, Medium, PerBroker,
        "Share by which the time of renewal varies at random.";
    "sasl.login.retry.backoff.max.ms": Long = "10000", Any, Low, ReadOnly,
        "Longest pause before the provider of tokens is asked again.";
    "sasl.login.retry.backoff.ms": Long = "100", Any, Low, ReadOnly,
        "First pause before the provider of tokens is asked again.";
    "sasl.mechanism.controller.protocol": String = "GSSAPI", Any, High, ReadOnly,
        "SASL mechanism of connections to controllers.";
    "sasl.mechanism.inter.broker.protocol": String = "GSSAPI", Any, Medium, PerBroker,
        "SASL mechanism of connections between brokers.";
    "sasl.oauthbearer.assertion.algorithm": String = "RS256", OneOfAnyCase(&["ES256", "RS256"]), Medium, ReadOnly,
        "Algorithm that signs assertions.";
    "sasl.oauthbearer.assertion.claim.aud": String = null, Any, Medium, ReadOnly,
        "Audience claimed in assertions.";
    "sasl.oauthbearer.assertion.claim.exp.seconds": Int = "300", Between(0, 86_400), Low, ReadOnly,
        "For how long assertions are valid.";
    "sasl.oauthbearer.assertion.claim.iss": String = null, Any, Medium, ReadOnly,
        "Issuer claimed in assertions.";
    "sasl.oauthbearer.assertion.claim.jti.include": Boolean = "false", Any, Medium, ReadOnly,
        "Whether assertions have an id of their own.";
    "sasl.oauthbearer.assertion.claim.nbf.seconds": Int = "60", Between(0, 3_600), Low, ReadOnly,
        "By how much assertions are valid before they are made.";
    "sasl.oauthbearer.assertion.claim.sub": String = null, Any, Medium, ReadOnly,
        "Subject claimed in assertions.";
    "sasl.oauthbearer.assertion.file": String = null, Any, Medium, ReadOnly,
        "File with an assertion made elsewhere.";
    "sasl.oauthbearer.assertion.private.key.file": String = null, Any, Medium, ReadOnly,
        "File with the key that signs assertions.";
    "sasl.oauthbearer.assertion.private.key.passphrase": Password = null, Any, Medium, ReadOnly,
        "Passphrase of that key.";
    "sasl.oauthbearer.assertion.template.file": String = null, Any, Medium, ReadOnly,
        "File with more headers and claims of assertions.";
    "sasl.oauthbearer.client.credentials.client.id": String = null, Any, Medium, ReadOnly,
        "Client id at the provider of tokens.";
    "sasl.oauthbearer.client.credentials.client.secret": Password = null, Any, Medium, ReadOnly,
        "Secret of that client id.";
    "sasl.oauthbearer.clock.skew.seconds": Int = "30", Any, Low, ReadOnly,
        "By how much the provider's clock may differ.";
    "sasl.oauthbearer.expected.audience": List = "", List, High, ReadOnly,
        "Audiences of which a token must name one.";
    "sasl.oauthbearer.expected.issuer": String = null, Any, High, ReadOnly,
        "Issuer that a token must name.";
    "sasl.oauthbearer.jwks.endpoint.refresh.ms": Long = "3600000", Any, Low, ReadOnly,
        "How often the provider's keys are fetched again.";
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms": Long = "10000", Any, Low, ReadOnly,
        "Longest pause before the provider's keys are asked for again.";
    "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms": Long = "100", Any, Low, ReadOnly,
        "First pause before the provider's keys are asked for again.";
    "sasl.oauthbearer.jwks.endpoint.url": String = null, Any, Medium, ReadOnly,
        "Where the provider's keys are.";
    "sasl.oauthbearer.jwt.retriever.class": Class = "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever", Any, Medium, ReadOnly,
        "Plug-in that fetches tokens.";
    "sasl.oauthbearer.jwt.validator.class": Class = "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator", Any, Medium, ReadOnly,
        "Plug-in that checks tokens.";
    "sasl.oauthbearer.scope": String = null, Any, Medium, ReadOnly,
        "Scope to ask the provider of tokens for.";
    "sasl.oauthbearer.scope.claim.name": String = "scope", Any, Low, ReadOnly,
        "Claim of a token that holds its scope.";
    "sasl.oauthbearer.sub.claim.name": String = "sub", Any, Low, ReadOnly,
        "Claim of a token that holds its subject.";
    "sasl.oauthbearer.token.endpoint.url": String = null, Any, Medium, ReadOnly,
        "Where tokens are asked for.";
    "sasl.server.callback.handler.class": Class = null, Any, Medium, ReadOnly,
        "Plug-in that checks clients' logins.";
    "sasl.server.max.receive.size": Int = "524288", Any, Medium, ReadOnly,
        "Largest message of a login.";
    "security.inter.broker.protocol": String = "PLAINTEXT", OneOf(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]), Medium, ReadOnly,
        "What the brokers' listener speaks, where inter.broker.listener.name does not name it.";
    "security.providers": String = null, Any, Low, ReadOnly,
        "Plug-ins that provide security algorithms.";
    "server.max.startup.time.ms": Long = "9223372036854775807", AtLeast(0), Internal, ReadOnly,
        "A node that has not started within this time gives up.";
    "share.coordinator.append.linger.ms": Int = "-1", AtLeast(-1), Medium, ReadOnly,
        "How long a share coordinator gathers records before it writes them. -1 adapts.";
    "share.coordinator.cached.buffer.max.bytes": Int = "1048588", AtLeast(524_288), Medium, ClusterWide,
        "Largest write buffer that a share coordinator keeps for the next time.";
    "share.coordinator.cold.partition.snapshot.interval.ms": Int = "300000", AtLeast(1), Internal, ReadOnly,
        "How often the state of idle share partitions is written anew.";
    "share.coordinator.load.buffer.size": Int = "5242880", AtLeast(1), High, ReadOnly,
        "Bytes read at once when share state is loaded.";
    "share.coordinator.snapshot.update.records.per.snapshot": Int = "500", Between(0, 500), Medium, ReadOnly,
        "Updates of a share partition's state before it is written anew.";
    "share.coordinator.state.topic.compression.codec": Int = "0", Any, High, ReadOnly,
        "Codec of the share state topic, by number. 0 is none.";
    "share.coordinator.state.topic.min.isr": Short = "2", AtLeast(1), High, ReadOnly,
        "min.insync.replicas of the share state topic.";
    "share.coordinator.state.topic.num.partitions": Int = "50", AtLeast(1), High, ReadOnly,
        "Partitions of the share state topic. Never to be changed after it exists.";
    "share.coordinator.state.topic.prune.interval.ms": Int = "300000", AtLeast(1), Internal, ReadOnly,
        "How often what is no longer needed of the share state topic is deleted.";
    "share.coordinator.state.topic.replication.factor": Short = "3", AtLeast(1), High, ReadOnly,
        "Copies of each partition of the share state topic.";
    "share.coordinator.state.topic.segment.bytes": Int = "104857600", AtLeast(1), High, ReadOnly,
        "Size at which a segment of the share state topic is closed.";
    "share.coordinator.threads": Int = "1", AtLeast(1), Medium, ReadOnly,
        "Threads of share coordinators.";
    "share.coordinator.write.timeout.ms": Int = "5000", AtLeast(1), High, ReadOnly,
        "How long a write of share state waits until all replicas have it.";
    "share.fetch.purgatory.purge.interval.requests": Int = "1000", Any, Medium, ReadOnly,
        "Finished share fetches are swept up after so many.";
    "socket.connection.setup.timeout.max.ms": Long = "30000", Any, Medium, ReadOnly,
        "Longest wait for a connection to another node, after failures.";
    "socket.connection.setup.timeout.ms": Long = "10000", Any, Medium, ReadOnly,
        "First wait for a connection to another node.";
    "socket.listen.backlog.size": Int = "50", AtLeast(1), Medium, ReadOnly,
        "Connections that may wait to be accepted.";
    "socket.receive.buffer.bytes": Int = "102400", Any, High, ReadOnly,
        "Receive buffer of connections. -1 is the system's choice.";
    "socket.request.max.bytes": Int = "104857600", AtLeast(1), High, ReadOnly,
        "Largest request.";
    "socket.send.buffer.bytes": Int = "102400", Any, High, ReadOnly,
        "Send buffer of connections. -1 is the system's choice.";
    "ssl.allow.dn.changes": Boolean = "false", Any, Low, ReadOnly,
        "Whether a renewed certificate may have another name.";
    "ssl.allow.san.changes": Boolean = "false", Any, Low, ReadOnly,
        "Whether a renewed certificate may have other alternative names.";
    "ssl.cipher.suites": List = "", List, Medium, PerBroker,
        "Cipher suites to use. Empty means the good ones.";
    "ssl.client.auth": String = "none", OneOf(&["required", "requested", "none"]), Medium, PerBroker,
        "Whether clients must show a certificate: required, requested, or none.";
    "ssl.enabled.protocols": List = "TLSv1.2,TLSv1.3", List, Medium, PerBroker,
        "Versions of TLS to accept.";
    "ssl.endpoint.identification.algorithm": String = "https", Any, Low, PerBroker,
        "How a server's name is checked. Empty means not at all.";
    "ssl.engine.factory.class": Class = null, Any, Low, PerBroker,
        "Plug-in that sets up TLS.";
    "ssl.key.password": Password = null, Any, Medium, PerBroker,
        "Password of the private key.";
    "ssl.keymanager.algorithm": String = "SunX509", Any, Medium, PerBroker,
        "Algorithm of the key manager.";
    "ssl.keystore.certificate.chain": Password = null, Any, Medium, PerBroker,
        "Certificate chain as PEM text.";
    "ssl.keystore.key": Password = null, Any, Medium, PerBroker,
        "Private key as PEM text.";
    "ssl.keystore.location": String = null, Any, Medium, PerBroker,
        "File with the private key and its certificates.";
    "ssl.keystore.password": Password = null, Any, Medium, PerBroker,
        "Password of that file.";
    "ssl.keystore.type": String = "JKS", Any, Medium, PerBroker,
        "Format of that file: PEM, PKCS12 or JKS.";
    "ssl.principal.mapping.rules": String = "DEFAULT", Any, Low, ReadOnly,
        "Rules that shorten the names of certificates; the first that fits holds.";
    "ssl.protocol": String = "TLSv1.3", Any, Medium, PerBroker,
        "Version of TLS to begin with.";
    "ssl.provider": String = null, Any, Medium, PerBroker,
        "Provider of TLS.";
    "ssl.secure.random.implementation": String = null, Any, Low, PerBroker,
        "Source of random numbers.";
    "ssl.trustmanager.algorithm": String = "PKIX", Any, Medium, PerBroker,
        "Algorithm of the trust manager.";
    "ssl.truststore.certificates": Password = null, Any, Medium, PerBroker,
        "Trusted certificates as PEM text.";
    "ssl.truststore.location": String = null, Any, Medium, PerBroker,
        "File with trusted certificates.";
    "ssl.truststore.password": Password = null, Any, Medium, PerBroker,
        "Password of that file.";
    "ssl.truststore.type": String = "JKS", Any, Medium, PerBroker,
        "Format of that file: PEM, PKCS12 or JKS.";
    "telemetry.max.bytes": Int = "1048576", AtLeast(1), Low, ReadOnly,
        "Most bytes of metrics that a client may push at once, uncompressed.";
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": Int = "10000", AtLeast(1), Low, ReadOnly,
        "How often transactions that took too long are looked for.";
    "transaction.max.timeout.ms": Int = "900000", AtLeast(1), High, ReadOnly,
        "Longest timeout that a transaction may ask for.";
    "transaction.partition.verification.enable": Boolean = "true", Any, Low, ClusterWide,
        "Whether a partition asks the coordinator before it takes part in a transaction.";
    "transaction.remove.expired.transaction.cleanup.interval.ms": Int = "3600000", AtLeast(1), Low, ReadOnly,
        "How often expired transactional ids are looked for.";
    "transaction.state.log.load.buffer.size": Int = "5242880", AtLeast(1), High, ReadOnly,
        "Bytes read at once when transactions are loaded.";
    "transaction.state.log.min.isr": Int = "2", AtLeast(1), High, ReadOnly,
        "min.insync.replicas of the transaction topic.";
    "transaction.state.log.num.partitions": Int = "50", AtLeast(1), High, ReadOnly,
        "Partitions of the transaction topic. Never to be changed after it exists.";
    "transaction.state.log.replication.factor": Short = "3", AtLeast(1), High, ReadOnly,
        "Copies of each partition of the transaction topic.";
    "transaction.state.log.segment.bytes": Int = "104857600", AtLeast(1), High, ReadOnly,
        "Size at which a segment of the transaction topic is closed.";
    "transaction.two.phase.commit.enable": Boolean = "false", Any, Low, ReadOnly,
        "Whether transactions may stay open until their owner decides, without a timeout.";
    "transactional.id.expiration.ms": Int = "604800000", AtLeast(1), High, ReadOnly,
        "How long an idle transactional id is remembered.";
    "unclean.leader.election.enable": Boolean = "false", Any, High, ClusterWide,
        "Whether a replica that is not in sync may lead when no other can. Records may be lost.";
    "unclean.leader.election.interval.ms": Long = "300000", AtLeast(1), Internal, ReadOnly,
        "How often it is looked for partitions that need such a leader.";
    "unstable.api.versions.enable": Boolean = "false", Any, Internal, ReadOnly,
        "Whether unfinished versions of requests are served.";
    "unstable.feature.versions.enable": Boolean = "false", Any, Internal, ReadOnly,
        "Whether unfinished levels of features are allowed.";
};
