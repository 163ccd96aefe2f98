//! Keys and values as text: as they are, or as the records of a coordinator or of the cluster's metadata.

use super::{Failure, exception};
use crate::wire::records::{ControlType, Record};

/// What the records are taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Decoder {
    /// UTF-8.
    #[default]
    Text,
    /// Records of `__consumer_offsets`.
    Offsets,
    /// Records of `__transaction_state`.
    TransactionLog,
    /// Records of `__cluster_metadata`.
    ClusterMetadata,
    /// Records of `__remote_log_metadata`.
    RemoteLogMetadata,
    /// Records of `__share_group_state`.
    ShareGroupState,
}

impl Decoder {
    /// Those that have an option of their own; where several are given, the first here is taken.
    pub(super) const ALL: [Self; 5] = [
        Self::Offsets,
        Self::TransactionLog,
        Self::ClusterMetadata,
        Self::RemoteLogMetadata,
        Self::ShareGroupState,
    ];

    /// The option's name.
    pub(super) const fn option(self) -> &'static str {
        match self {
            Self::Text => "print-data-log",
            Self::Offsets => "offsets-decoder",
            Self::TransactionLog => "transaction-log-decoder",
            Self::ClusterMetadata => "cluster-metadata-decoder",
            Self::RemoteLogMetadata => "remote-log-metadata-decoder",
            Self::ShareGroupState => "share-group-state-decoder",
        }
    }
}

/// What is printed for a key and a value.
type Printed = (Option<String>, Option<String>);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A record's key and value as `decoder` prints them.
pub(super) fn print(decoder: Decoder, record: &Record<'_>) -> Result<Printed, Failure> {
    match decoder {
        Decoder::Text => Ok((record.key.map(text), record.value.map(text))),
        _ => Err(exception("java.lang.UnsupportedOperationException", decoder.option())),
    }
}

/// A control record that is not a transaction's marker.
pub(super) fn control(kind: ControlType, _value: Option<&[u8]>) -> Result<String, Failure> {
    Ok(format!(" controlType: {}", kind.name()))
}
