//! WriteTxnMarkers (API 27), versions 1-2. The transaction coordinator has markers written (KIP-98).
//!
//! - 1: compact and tagged (KIP-482).
//! - 2: which transaction version the producer speaks (KIP-1228).

use crate::wire::message::{message, request};

message! {
    /// What WriteTxnMarkers asks.
    WriteTxnMarkersRequest (1..=2, flexible 1) {
        markers: Vec<WritableTxnMarker>;
    }

    /// One of the `markers` of [`WriteTxnMarkersRequest`].
    WritableTxnMarker {
        producer_id: i64;
        producer_epoch: i16;
        transaction_result: bool;
        topics: Vec<WritableTxnMarkerTopic>;
        coordinator_epoch: i32;
        [2.., ignorable] transaction_version: i8;
    }

    /// One of the `topics` of [`WritableTxnMarker`].
    WritableTxnMarkerTopic {
        name: String;
        partition_indexes: Vec<i32>;
    }

    /// What WriteTxnMarkers answers.
    WriteTxnMarkersResponse (1..=2, flexible 1) {
        markers: Vec<WritableTxnMarkerResult>;
    }

    /// One of the `markers` of [`WriteTxnMarkersResponse`].
    WritableTxnMarkerResult {
        producer_id: i64;
        topics: Vec<WritableTxnMarkerTopicResult>;
    }

    /// One of the `topics` of [`WritableTxnMarkerResult`].
    WritableTxnMarkerTopicResult {
        name: String;
        partitions: Vec<WritableTxnMarkerPartitionResult>;
    }

    /// One of the `partitions` of [`WritableTxnMarkerTopicResult`].
    WritableTxnMarkerPartitionResult {
        partition_index: i32;
        error_code: i16;
    }
}

request!(WriteTxnMarkers: WriteTxnMarkersRequest => WriteTxnMarkersResponse);
