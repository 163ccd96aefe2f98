//! Schemas of remote_log.

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::message::{framed_record, message, record_types};

message! {
    /// Kafka's RemoteLogSegmentMetadataRecord.
    RemoteLogSegmentMetadataRecord (0..=0, flexible 0) {
        remote_log_segment_id: RemoteLogSegmentIdEntry;
        start_offset: i64;
        end_offset: i64;
        broker_id: i32;
        max_timestamp_ms: i64;
        event_timestamp_ms: i64;
        segment_leader_epochs: Vec<SegmentLeaderEpochEntry>;
        segment_size_in_bytes: i32;
        custom_metadata: Option<Bytes>;
        remote_log_segment_state: i8;
        @0 txn_index_empty: bool;
    }

    /// The `remote_log_segment_id` of [`RemoteLogSegmentMetadataRecord`].
    RemoteLogSegmentIdEntry {
        topic_id_partition: TopicIdPartitionEntry;
        id: Uuid;
    }

    /// The `topic_id_partition` of [`RemoteLogSegmentIdEntry`].
    TopicIdPartitionEntry {
        name: String;
        id: Uuid;
        partition: i32;
    }

    /// One of the `segment_leader_epochs` of [`RemoteLogSegmentMetadataRecord`].
    SegmentLeaderEpochEntry {
        leader_epoch: i32;
        offset: i64;
    }

    /// Kafka's RemoteLogSegmentMetadataUpdateRecord.
    RemoteLogSegmentMetadataUpdateRecord (0..=0, flexible 0) {
        remote_log_segment_id: RemoteLogSegmentIdEntry;
        broker_id: i32;
        event_timestamp_ms: i64;
        custom_metadata: Option<Bytes>;
        remote_log_segment_state: i8;
    }

    /// Kafka's RemotePartitionDeleteMetadataRecord.
    RemotePartitionDeleteMetadataRecord (0..=0, flexible 0) {
        topic_id_partition: TopicIdPartitionEntry;
        broker_id: i32;
        event_timestamp_ms: i64;
        remote_partition_delete_state: i8;
    }

    /// Kafka's RemoteLogSegmentMetadataSnapshotRecord.
    RemoteLogSegmentMetadataSnapshotRecord (0..=0, flexible 0) {
        segment_id: Uuid;
        start_offset: i64;
        end_offset: i64;
        broker_id: i32;
        max_timestamp_ms: i64;
        event_timestamp_ms: i64;
        segment_leader_epochs: Vec<SegmentLeaderEpochEntry>;
        segment_size_in_bytes: i32;
        custom_metadata: Option<Bytes>;
        remote_log_segment_state: i8;
        @0 txn_index_empty: bool;
    }
}

record_types! {
    /// A record of `__remote_log_metadata`.
    RemoteLogRecord {
        RemoteLogSegmentMetadata(RemoteLogSegmentMetadataRecord) = 0,
        RemoteLogSegmentMetadataUpdate(RemoteLogSegmentMetadataUpdateRecord) = 1,
        RemotePartitionDeleteMetadata(RemotePartitionDeleteMetadataRecord) = 2,
        RemoteLogSegmentMetadataSnapshot(RemoteLogSegmentMetadataSnapshotRecord) = 3,
    }
}

framed_record!(RemoteLogRecord);
