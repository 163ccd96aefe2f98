//! Records of the remote log metadata, in the words of the classes that hold them in Kafka.

use bytes::Bytes;

use crate::wire::codec::DecodeError;
use crate::wire::stored::remote_log::{
    RemoteLogRecord, RemoteLogSegmentIdEntry, SegmentLeaderEpochEntry, TopicIdPartitionEntry,
};

/// What is printed for a record's value, or why there is nothing to print.
pub(super) fn describe(value: Option<&[u8]>) -> Result<String, String> {
    let value = value.ok_or(
        "Cannot invoke \"java.nio.ByteBuffer.remaining()\" because the return value of \
         \"org.apache.kafka.common.record.internal.Record.value()\" is null",
    )?;
    if value.is_empty() {
        return Err("Error while reading frame version".to_owned());
    }
    let decoded = RemoteLogRecord::decode(Bytes::copy_from_slice(value)).map_err(|error| match error {
        DecodeError::Frame(frame) => frame_error(frame),
        DecodeError::UnknownType(kind) => {
            format!("org.apache.kafka.common.errors.UnsupportedVersionException: Unknown metadata id {kind}")
        }
        error => error.to_string(),
    })?;
    Ok(print(&decoded))
}

/// What Kafka says of a frame that it does not know.
pub(super) fn frame_error(frame: i32) -> String {
    format!(
        "Could not deserialize metadata record with frame version {frame}. Note that upgrades from the preview release \
         of KRaft in 2.8 to newer versions are not supported."
    )
}

fn print(record: &RemoteLogRecord) -> String {
    match record {
        RemoteLogRecord::RemoteLogSegmentMetadata(segment) => format!(
            "RemoteLogSegmentMetadata{{remoteLogSegmentId={}, startOffset={}, endOffset={}, brokerId={}, \
             maxTimestampMs={}, eventTimestampMs={}, segmentLeaderEpochs={}, segmentSizeInBytes={}, customMetadata={}, \
             state={}, txnIdxEmpty={}}}",
            segment_id(&segment.remote_log_segment_id),
            segment.start_offset,
            segment.end_offset,
            segment.broker_id,
            segment.max_timestamp_ms,
            segment.event_timestamp_ms,
            epochs(&segment.segment_leader_epochs),
            segment.segment_size_in_bytes,
            custom(segment.custom_metadata.as_ref()),
            segment_state(segment.remote_log_segment_state),
            segment.txn_index_empty,
        ),
        RemoteLogRecord::RemoteLogSegmentMetadataUpdate(update) => format!(
            "RemoteLogSegmentMetadataUpdate{{remoteLogSegmentId={}, customMetadata={}, state={}, eventTimestampMs={}, \
             brokerId={}}}",
            segment_id(&update.remote_log_segment_id),
            custom(update.custom_metadata.as_ref()),
            segment_state(update.remote_log_segment_state),
            update.event_timestamp_ms,
            update.broker_id,
        ),
        RemoteLogRecord::RemotePartitionDeleteMetadata(partition) => format!(
            "RemotePartitionDeleteMetadata{{topicPartition={}, state={}, eventTimestampMs={}, brokerId={}}}",
            topic_partition(&partition.topic_id_partition),
            partition_state(partition.remote_partition_delete_state),
            partition.event_timestamp_ms,
            partition.broker_id,
        ),
        RemoteLogRecord::RemoteLogSegmentMetadataSnapshot(segment) => format!(
            "RemoteLogSegmentMetadataSnapshot{{segmentId={}, startOffset={}, endOffset={}, brokerId={}, \
             maxTimestampMs={}, eventTimestampMs={}, segmentLeaderEpochs={}, segmentSizeInBytes={}, customMetadata={}, \
             state={}, txnIdxEmpty={}}}",
            segment.segment_id,
            segment.start_offset,
            segment.end_offset,
            segment.broker_id,
            segment.max_timestamp_ms,
            segment.event_timestamp_ms,
            epochs(&segment.segment_leader_epochs),
            segment.segment_size_in_bytes,
            custom(segment.custom_metadata.as_ref()),
            segment_state(segment.remote_log_segment_state),
            segment.txn_index_empty,
        ),
    }
}

fn topic_partition(at: &TopicIdPartitionEntry) -> String {
    format!("{}:{}-{}", at.id, at.name, at.partition)
}

fn segment_id(id: &RemoteLogSegmentIdEntry) -> String {
    format!(
        "RemoteLogSegmentId{{topicIdPartition={}, id={}}}",
        topic_partition(&id.topic_id_partition),
        id.id
    )
}

fn epochs(entries: &[SegmentLeaderEpochEntry]) -> String {
    let mut entries: Vec<_> =
        entries.iter().map(|entry| (entry.leader_epoch, entry.offset)).collect();
    entries.sort_unstable();
    let entries: Vec<_> =
        entries.iter().map(|(epoch, offset)| format!("{epoch}={offset}")).collect();
    format!("{{{}}}", entries.join(", "))
}

fn custom(metadata: Option<&Bytes>) -> String {
    metadata.map_or_else(
        || "Optional.empty".to_owned(),
        |bytes| format!("Optional[CustomMetadata{{{} bytes}}]", bytes.len()),
    )
}

const fn segment_state(id: i8) -> &'static str {
    match id {
        0 => "COPY_SEGMENT_STARTED",
        1 => "COPY_SEGMENT_FINISHED",
        2 => "DELETE_SEGMENT_STARTED",
        3 => "DELETE_SEGMENT_FINISHED",
        _ => "null",
    }
}

const fn partition_state(id: i8) -> &'static str {
    match id {
        0 => "DELETE_PARTITION_MARKED",
        1 => "DELETE_PARTITION_STARTED",
        2 => "DELETE_PARTITION_FINISHED",
        _ => "null",
    }
}
