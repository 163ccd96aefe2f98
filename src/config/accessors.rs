//! A method for each setting that the server reads, named and typed as in the table of keys.
//!
//! A name or type that the table does not have does not compile. Nothing else belongs in here.
//!
//! `x: i32 = "a.b"` is a method `x` that returns the value of `a.b`. `broker_index` looks the key up while compiling
//! and checks its type and whether it may be missing; what is left at run time is a read at an index. So the `expect`s
//! below cannot fail: a value was parsed as its key's type, and a key that has a default has a value.

use super::keys::{Kind, broker_index};
use super::server::Config;
use super::value::Value;

macro_rules! accessors {
    (@body $self:ident bool $key:literal) => { $self.boolean(const { broker_index($key, Kind::Boolean, false) }) };
    (@body $self:ident i32 $key:literal) => { $self.int(const { broker_index($key, Kind::Int, false) }) };
    (@body $self:ident i16 $key:literal) => { $self.short(const { broker_index($key, Kind::Short, false) }) };
    (@body $self:ident i64 $key:literal) => { $self.long(const { broker_index($key, Kind::Long, false) }) };
    (@body $self:ident f64 $key:literal) => { $self.double(const { broker_index($key, Kind::Double, false) }) };
    (@body $self:ident text $key:literal) => {
        $self.text(const { broker_index($key, Kind::String, false) }).unwrap_or_default()
    };
    (@body $self:ident list $key:literal) => {
        $self.list(const { broker_index($key, Kind::List, false) }).unwrap_or_default()
    };
    (@body $self:ident maybe_i32 $key:literal) => { $self.maybe_int(const { broker_index($key, Kind::Int, true) }) };
    (@body $self:ident maybe_i64 $key:literal) => { $self.maybe_long(const { broker_index($key, Kind::Long, true) }) };
    (@body $self:ident maybe_text $key:literal) => { $self.text(const { broker_index($key, Kind::String, true) }) };
    (@body $self:ident maybe_class $key:literal) => { $self.text(const { broker_index($key, Kind::Class, true) }) };
    (@body $self:ident maybe_list $key:literal) => { $self.list(const { broker_index($key, Kind::List, true) }) };
    (@type bool) => { bool };
    (@type i32) => { i32 };
    (@type i16) => { i16 };
    (@type i64) => { i64 };
    (@type f64) => { f64 };
    (@type text) => { &str };
    (@type list) => { &[String] };
    (@type maybe_i32) => { Option<i32> };
    (@type maybe_i64) => { Option<i64> };
    (@type maybe_text) => { Option<&str> };
    (@type maybe_class) => { Option<&str> };
    (@type maybe_list) => { Option<&[String]> };
    ($($visibility:vis $name:ident: $type:ident = $key:literal;)*) => {
        impl Config {
            $(
                #[doc = concat!("`", $key, "`.")]
                $visibility fn $name(&self) -> accessors!(@type $type) {
                    accessors!(@body self $type $key)
                }
            )*
        }
    };
}

accessors! {
    // Who the node is and where it is reached.
    pub(super) node_id_value: i32 = "node.id";
    pub(super) broker_id_value: i32 = "broker.id";
    pub process_roles: list = "process.roles";
    pub broker_rack: maybe_text = "broker.rack";
    pub(super) listeners_list: list = "listeners";
    pub(super) advertised_listeners_list: maybe_list = "advertised.listeners";
    pub(super) early_start_listeners: maybe_list = "early.start.listeners";
    pub(super) listener_security_protocol_map_text: text = "listener.security.protocol.map";
    pub(super) inter_broker_listener_name_text: maybe_text = "inter.broker.listener.name";
    pub(super) security_inter_broker_protocol: text = "security.inter.broker.protocol";
    pub controller_listener_names: list = "controller.listener.names";
    pub(super) log_dirs_list: maybe_list = "log.dirs";
    pub(super) log_dir_list: list = "log.dir";
    pub(super) cordoned_log_dirs: list = "cordoned.log.dirs";
    pub(super) metadata_log_dir_text: maybe_text = "metadata.log.dir";

    // The quorum.
    pub(super) controller_quorum_voters_list: list = "controller.quorum.voters";
    pub(super) controller_quorum_bootstrap_servers_list: list = "controller.quorum.bootstrap.servers";
    pub controller_quorum_append_linger_ms: i32 = "controller.quorum.append.linger.ms";
    pub controller_quorum_auto_join_enable: bool = "controller.quorum.auto.join.enable";
    pub controller_quorum_election_backoff_max_ms: i32 = "controller.quorum.election.backoff.max.ms";
    pub controller_quorum_election_timeout_ms: i32 = "controller.quorum.election.timeout.ms";
    pub controller_quorum_fetch_timeout_ms: i32 = "controller.quorum.fetch.timeout.ms";
    pub controller_quorum_fetch_max_bytes: i32 = "controller.quorum.fetch.max.bytes";
    pub controller_quorum_fetch_snapshot_max_bytes: i32 = "controller.quorum.fetch.snapshot.max.bytes";
    pub controller_quorum_request_timeout_ms: i32 = "controller.quorum.request.timeout.ms";
    pub controller_quorum_retry_backoff_ms: i32 = "controller.quorum.retry.backoff.ms";
    pub metadata_log_max_record_bytes_between_snapshots: i64 = "metadata.log.max.record.bytes.between.snapshots";
    pub metadata_log_max_snapshot_interval_ms: i64 = "metadata.log.max.snapshot.interval.ms";
    pub metadata_log_segment_bytes: i32 = "metadata.log.segment.bytes";
    pub metadata_log_segment_ms: i64 = "metadata.log.segment.ms";
    pub metadata_max_idle_interval_ms: i32 = "metadata.max.idle.interval.ms";
    pub metadata_max_retention_bytes: i64 = "metadata.max.retention.bytes";
    pub metadata_max_retention_ms: i64 = "metadata.max.retention.ms";

    // Brokers and controllers together.
    pub broker_heartbeat_interval_ms: i32 = "broker.heartbeat.interval.ms";
    pub broker_session_timeout_ms: i32 = "broker.session.timeout.ms";
    pub initial_broker_registration_timeout_ms: i32 = "initial.broker.registration.timeout.ms";
    pub controlled_shutdown_enable: bool = "controlled.shutdown.enable";
    pub server_max_startup_time_ms: i64 = "server.max.startup.time.ms";
    pub auto_leader_rebalance_enable: bool = "auto.leader.rebalance.enable";
    pub leader_imbalance_check_interval_seconds: i64 = "leader.imbalance.check.interval.seconds";
    pub unclean_leader_election_interval_ms: i64 = "unclean.leader.election.interval.ms";
    pub unstable_api_versions_enable: bool = "unstable.api.versions.enable";
    pub unstable_feature_versions_enable: bool = "unstable.feature.versions.enable";

    // Topics.
    pub num_partitions: i32 = "num.partitions";
    pub default_replication_factor: i32 = "default.replication.factor";
    pub min_insync_replicas: i32 = "min.insync.replicas";
    pub auto_create_topics_enable: bool = "auto.create.topics.enable";
    pub delete_topic_enable: bool = "delete.topic.enable";
    pub unclean_leader_election_enable: bool = "unclean.leader.election.enable";
    pub max_request_partition_size_limit: i32 = "max.request.partition.size.limit";
    pub(super) create_topic_policy_class_name: maybe_class = "create.topic.policy.class.name";
    pub(super) alter_config_policy_class_name: maybe_class = "alter.config.policy.class.name";
    pub(super) client_quota_callback_class: maybe_class = "client.quota.callback.class";
    pub(super) remote_log_storage_system_enable: bool = "remote.log.storage.system.enable";
    pub authorizer_class_name: text = "authorizer.class.name";

    // Sockets, connections and requests.
    pub socket_listen_backlog_size: i32 = "socket.listen.backlog.size";
    pub socket_receive_buffer_bytes: i32 = "socket.receive.buffer.bytes";
    pub socket_request_max_bytes: i32 = "socket.request.max.bytes";
    pub socket_send_buffer_bytes: i32 = "socket.send.buffer.bytes";
    pub max_connections: i32 = "max.connections";
    pub max_connections_per_ip: i32 = "max.connections.per.ip";
    pub(super) max_connections_per_ip_overrides_text: text = "max.connections.per.ip.overrides";
    pub max_connection_creation_rate: i32 = "max.connection.creation.rate";
    pub connections_max_idle_ms: i64 = "connections.max.idle.ms";
    pub connection_failed_authentication_delay_ms: i32 = "connection.failed.authentication.delay.ms";
    pub queued_max_requests: i32 = "queued.max.requests";
    pub queued_max_request_bytes: i64 = "queued.max.request.bytes";
    pub request_timeout_ms: i32 = "request.timeout.ms";
    pub num_network_threads: i32 = "num.network.threads";
    pub num_io_threads: i32 = "num.io.threads";
    pub num_replica_fetchers: i32 = "num.replica.fetchers";
    pub num_replica_alter_log_dirs_threads: maybe_i32 = "num.replica.alter.log.dirs.threads";
    pub num_recovery_threads_per_data_dir: i32 = "num.recovery.threads.per.data.dir";
    pub background_threads: i32 = "background.threads";

    // Quotas.
    pub quota_window_num: i32 = "quota.window.num";
    pub quota_window_size_seconds: i32 = "quota.window.size.seconds";
    pub controller_quota_window_num: i32 = "controller.quota.window.num";
    pub controller_quota_window_size_seconds: i32 = "controller.quota.window.size.seconds";
    pub telemetry_max_bytes: i32 = "telemetry.max.bytes";

    // Fetching and replicating.
    pub fetch_max_bytes: i32 = "fetch.max.bytes";
    pub message_max_bytes: i32 = "message.max.bytes";
    pub max_incremental_fetch_session_cache_slots: i32 = "max.incremental.fetch.session.cache.slots";
    pub replica_fetch_backoff_ms: i32 = "replica.fetch.backoff.ms";
    pub replica_fetch_max_bytes: i32 = "replica.fetch.max.bytes";
    pub replica_fetch_min_bytes: i32 = "replica.fetch.min.bytes";
    pub replica_fetch_response_max_bytes: i32 = "replica.fetch.response.max.bytes";
    pub replica_fetch_wait_max_ms: i32 = "replica.fetch.wait.max.ms";
    pub replica_high_watermark_checkpoint_interval_ms: i64 = "replica.high.watermark.checkpoint.interval.ms";
    pub replica_lag_time_max_ms: i64 = "replica.lag.time.max.ms";
    pub replica_selector_class: maybe_text = "replica.selector.class";
    pub replica_socket_receive_buffer_bytes: i32 = "replica.socket.receive.buffer.bytes";
    pub replica_socket_timeout_ms: i32 = "replica.socket.timeout.ms";

    // Logs.
    pub log_retention_hours: i32 = "log.retention.hours";
    pub log_retention_minutes: maybe_i32 = "log.retention.minutes";
    pub(super) log_retention_ms_value: maybe_i64 = "log.retention.ms";
    pub(super) log_roll_ms_value: maybe_i64 = "log.roll.ms";
    pub(super) log_roll_jitter_ms_value: maybe_i64 = "log.roll.jitter.ms";
    pub log_retention_bytes: i64 = "log.retention.bytes";
    pub log_retention_check_interval_ms: i64 = "log.retention.check.interval.ms";
    pub log_segment_delete_delay_ms: i64 = "log.segment.delete.delay.ms";
    pub log_initial_task_delay_ms: i64 = "log.initial.task.delay.ms";
    pub log_dir_failure_timeout_ms: i64 = "log.dir.failure.timeout.ms";
    pub log_flush_offset_checkpoint_interval_ms: i32 = "log.flush.offset.checkpoint.interval.ms";
    pub log_flush_start_offset_checkpoint_interval_ms: i32 = "log.flush.start.offset.checkpoint.interval.ms";
    pub log_flush_scheduler_interval_ms: i64 = "log.flush.scheduler.interval.ms";
    pub log_cleaner_enable: bool = "log.cleaner.enable";
    pub log_cleaner_threads: i32 = "log.cleaner.threads";
    pub log_cleaner_backoff_ms: i64 = "log.cleaner.backoff.ms";
    pub log_cleaner_dedupe_buffer_size: i64 = "log.cleaner.dedupe.buffer.size";
    pub log_cleaner_io_buffer_size: i32 = "log.cleaner.io.buffer.size";
    pub log_cleaner_io_buffer_load_factor: f64 = "log.cleaner.io.buffer.load.factor";
    pub log_cleaner_io_max_bytes_per_second: f64 = "log.cleaner.io.max.bytes.per.second";
    pub producer_id_expiration_ms: i32 = "producer.id.expiration.ms";
    pub producer_id_expiration_check_interval_ms: i32 = "producer.id.expiration.check.interval.ms";

    // Groups and offsets.
    pub group_initial_rebalance_delay_ms: i32 = "group.initial.rebalance.delay.ms";
    pub group_max_session_timeout_ms: i32 = "group.max.session.timeout.ms";
    pub group_min_session_timeout_ms: i32 = "group.min.session.timeout.ms";
    pub group_max_size: i32 = "group.max.size";
    pub group_coordinator_append_linger_ms: i32 = "group.coordinator.append.linger.ms";
    pub group_coordinator_threads: i32 = "group.coordinator.threads";
    pub group_coordinator_rebalance_protocols: list = "group.coordinator.rebalance.protocols";
    pub group_consumer_assignors: list = "group.consumer.assignors";
    pub group_consumer_assignment_interval_ms: i32 = "group.consumer.assignment.interval.ms";
    pub group_consumer_heartbeat_interval_ms: i32 = "group.consumer.heartbeat.interval.ms";
    pub group_consumer_session_timeout_ms: i32 = "group.consumer.session.timeout.ms";
    pub group_consumer_max_size: i32 = "group.consumer.max.size";
    pub group_consumer_migration_policy: text = "group.consumer.migration.policy";
    pub group_consumer_regex_refresh_interval_ms: i32 = "group.consumer.regex.refresh.interval.ms";
    pub offset_metadata_max_bytes: i32 = "offset.metadata.max.bytes";
    pub offsets_commit_timeout_ms: i32 = "offsets.commit.timeout.ms";
    pub offsets_load_buffer_size: i32 = "offsets.load.buffer.size";
    pub offsets_retention_check_interval_ms: i64 = "offsets.retention.check.interval.ms";
    pub offsets_retention_minutes: i32 = "offsets.retention.minutes";
    pub offsets_topic_compression_codec: i32 = "offsets.topic.compression.codec";
    pub offsets_topic_num_partitions: i32 = "offsets.topic.num.partitions";
    pub offsets_topic_replication_factor: i16 = "offsets.topic.replication.factor";
    pub offsets_topic_segment_bytes: i32 = "offsets.topic.segment.bytes";

    // Transactions.
    pub transaction_max_timeout_ms: i32 = "transaction.max.timeout.ms";
    pub transaction_partition_verification_enable: bool = "transaction.partition.verification.enable";
    pub transaction_two_phase_commit_enable: bool = "transaction.two.phase.commit.enable";
    pub transactional_id_expiration_ms: i32 = "transactional.id.expiration.ms";
    pub transaction_state_log_load_buffer_size: i32 = "transaction.state.log.load.buffer.size";
    pub transaction_state_log_min_isr: i32 = "transaction.state.log.min.isr";
    pub transaction_state_log_num_partitions: i32 = "transaction.state.log.num.partitions";
    pub transaction_state_log_replication_factor: i16 = "transaction.state.log.replication.factor";
    pub transaction_state_log_segment_bytes: i32 = "transaction.state.log.segment.bytes";
    pub transaction_abort_timed_out_transaction_cleanup_interval_ms: i32 =
        "transaction.abort.timed.out.transaction.cleanup.interval.ms";
    pub transaction_remove_expired_transaction_cleanup_interval_ms: i32 =
        "transaction.remove.expired.transaction.cleanup.interval.ms";
    pub add_partitions_to_txn_retry_backoff_max_ms: i32 = "add.partitions.to.txn.retry.backoff.max.ms";
    pub add_partitions_to_txn_retry_backoff_ms: i32 = "add.partitions.to.txn.retry.backoff.ms";

    // Share groups' state.
    pub share_coordinator_state_topic_min_isr: i16 = "share.coordinator.state.topic.min.isr";
    pub share_coordinator_state_topic_num_partitions: i32 = "share.coordinator.state.topic.num.partitions";
    pub share_coordinator_state_topic_replication_factor: i16 = "share.coordinator.state.topic.replication.factor";
    pub share_coordinator_state_topic_segment_bytes: i32 = "share.coordinator.state.topic.segment.bytes";
}

impl Config {
    /// Whether requests are judged: `authorizer.class.name` names an authorizer.
    pub fn has_authorizer(&self) -> bool {
        !self.authorizer_class_name().is_empty()
    }

    /// `super.users`, a key of the authorizer's own: principals with semicolons between them.
    pub fn super_users(&self) -> impl Iterator<Item = &str> {
        let users = self.originals().get("super.users").map_or("", String::as_str);
        users.split(';').map(str::trim).filter(|user| !user.is_empty())
    }

    /// `allow.everyone.if.no.acl.found`, a key of the authorizer's own.
    pub fn allow_everyone_if_no_acl_found(&self) -> bool {
        let value = self.originals().get("allow.everyone.if.no.acl.found");
        value.is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    }
}

/// The reads behind the methods above: each index was held against the table while compiling, so the other arms are
/// never taken.
impl Config {
    fn boolean(&self, at: usize) -> bool {
        matches!(self.value_at(at), Some(Value::Boolean(true)))
    }

    fn maybe_int(&self, at: usize) -> Option<i32> {
        match self.value_at(at) {
            Some(Value::Int(value)) => Some(*value),
            _ => None,
        }
    }

    fn int(&self, at: usize) -> i32 {
        self.maybe_int(at).expect("the table says that it is an int with a default")
    }

    fn short(&self, at: usize) -> i16 {
        match self.value_at(at) {
            Some(Value::Short(value)) => Some(*value),
            _ => None,
        }
        .expect("the table says that it is a short with a default")
    }

    fn maybe_long(&self, at: usize) -> Option<i64> {
        match self.value_at(at) {
            Some(Value::Long(value)) => Some(*value),
            _ => None,
        }
    }

    fn long(&self, at: usize) -> i64 {
        self.maybe_long(at).expect("the table says that it is a long with a default")
    }

    fn double(&self, at: usize) -> f64 {
        match self.value_at(at) {
            Some(Value::Double(value)) => Some(*value),
            _ => None,
        }
        .expect("the table says that it is a double with a default")
    }

    fn text(&self, at: usize) -> Option<&str> {
        match self.value_at(at) {
            Some(Value::Text(value)) => Some(value),
            _ => None,
        }
    }

    fn list(&self, at: usize) -> Option<&[String]> {
        match self.value_at(at) {
            Some(Value::List(values)) => Some(values),
            _ => None,
        }
    }
}
