//! Records of `__transaction_state` (KIP-98). A key begins with its type, an i16, a value with its version, an i16.
//! A key without a value deletes. Value version 1 is flexible and knows of KIP-890.

use crate::wire::message::{message, record_types, typed_key, versioned_value};

message! {
    /// Key in `__transaction_state`.
    TransactionLogKey (0..=0) {
        transactional_id: String;
    }

    /// Value in `__transaction_state`.
    TransactionLogValue (0..=1, flexible 1) {
        producer_id: i64;
        producer_epoch: i16;
        transaction_timeout_ms: i32;
        transaction_status: i8;
        transaction_partitions: Option<Vec<PartitionsSchema>> = Some(Vec::new());
        transaction_last_update_timestamp_ms: i64;
        transaction_start_timestamp_ms: i64;
        @0 [1..] previous_producer_id: i64 = -1;
        @1 [1..] next_producer_id: i64 = -1;
        @2 [1..] client_transaction_version: i16;
        @3 [1..] next_producer_epoch: i16 = -1;
    }

    /// One of the `transaction_partitions` of [`TransactionLogValue`].
    PartitionsSchema {
        topic: String;
        partition_ids: Vec<i32>;
    }
}

record_types! {
    /// The key of a record, by type.
    TransactionKey {
        TransactionLog(TransactionLogKey) = 0,
    }
}

typed_key!(TransactionKey);

record_types! {
    /// The value of a record, by the type of its key.
    TransactionValue {
        TransactionLog(TransactionLogValue) = 0,
    }
}

versioned_value!(TransactionValue);
