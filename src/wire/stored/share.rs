//! Records of `__share_group_state` (KIP-932). A key begins with its type, an i16, a value with its version, an
//! i16: now and then a snapshot of a share partition, between them updates.

use crate::types::Uuid;
use crate::wire::message::{message, record_types, typed_key, versioned_value};

message! {
    /// Key of type 0 in `__share_group_state`.
    ShareSnapshotKey (0..=0) {
        group_id: String;
        topic_id: Uuid;
        partition: i32;
    }

    /// Value to the key of type 0 in `__share_group_state`.
    ShareSnapshotValue (0..=0, flexible 0) {
        snapshot_epoch: i32;
        state_epoch: i32;
        leader_epoch: i32;
        start_offset: i64;
        create_timestamp: i64;
        write_timestamp: i64;
        state_batches: Vec<StateBatch>;
        @0 delivery_complete_count: i32 = -1;
    }

    /// One of the `state_batches` of [`ShareSnapshotValue`].
    StateBatch {
        first_offset: i64;
        last_offset: i64;
        delivery_state: i8;
        delivery_count: i16;
    }

    /// Key of type 1 in `__share_group_state`.
    ShareUpdateKey (0..=0) {
        group_id: String;
        topic_id: Uuid;
        partition: i32;
    }

    /// Value to the key of type 1 in `__share_group_state`.
    ShareUpdateValue (0..=0, flexible 0) {
        snapshot_epoch: i32;
        leader_epoch: i32;
        start_offset: i64;
        state_batches: Vec<StateBatch>;
        @0 delivery_complete_count: i32 = -1;
    }
}

record_types! {
    /// The key of a record, by type.
    ShareKey {
        ShareSnapshot(ShareSnapshotKey) = 0,
        ShareUpdate(ShareUpdateKey) = 1,
    }
}

typed_key!(ShareKey);

record_types! {
    /// The value of a record, by the type of its key.
    ShareValue {
        ShareSnapshot(ShareSnapshotValue) = 0,
        ShareUpdate(ShareUpdateValue) = 1,
    }
}

versioned_value!(ShareValue);
