//! Records of `__remote_log_metadata`, the index of tiered storage (KIP-405). Framed as metadata records are: frame
//! version 1, type, version, all as unsigned varints.

use bytes::Bytes;

use crate::types::Uuid;
use crate::wire::message::{framed_record, message, record_types};

message! {
    /// A segment is about to be copied.
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

    /// A segment's state has changed.
    RemoteLogSegmentMetadataUpdateRecord (0..=0, flexible 0) {
        remote_log_segment_id: RemoteLogSegmentIdEntry;
        broker_id: i32;
        event_timestamp_ms: i64;
        custom_metadata: Option<Bytes>;
        remote_log_segment_state: i8;
    }

    /// A partition's state on its way out.
    RemotePartitionDeleteMetadataRecord (0..=0, flexible 0) {
        topic_id_partition: TopicIdPartitionEntry;
        broker_id: i32;
        event_timestamp_ms: i64;
        remote_partition_delete_state: i8;
    }

    /// A segment in a snapshot of this index.
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
