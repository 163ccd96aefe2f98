//! Every API of Kafka: its number, its versions, its headers, who listens to it.
//!
//! What the broker answers is decided elsewhere; this is the protocol's own table.

use std::fmt;
use std::ops::RangeInclusive;

/// Where requests arrive: a node's listeners belong to its broker or to its controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A listener for clients and brokers.
    Broker,
    /// A listener of the quorum (`controller.listener.names`).
    Controller,
}

macro_rules! or_else {
    ($default:expr) => {
        $default
    };
    ($default:expr, $value:expr) => {
        $value
    };
}

/// `Name = number, versions`, then what applies: the first flexible version; the versions that ApiVersions offers,
/// where they are others than can be read; who listens; whether only brokers may ask (`cluster_action`); whether a
/// broker passes it on to the controller (`forwardable`).
macro_rules! api_keys {
    ($($name:ident = $key:literal, $min:literal..=$max:literal $(, flexible $flexible:literal)?
        $(, offered $offered_min:literal..=$offered_max:literal)? $(, [$($property:ident)*])?;)*) => {
        /// An API, under Kafka's number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(i16)]
        #[allow(missing_docs)]
        pub enum ApiKey {
            $($name = $key,)*
        }

        /// One row of the table.
        struct Row {
            key: ApiKey,
            name: &'static str,
            versions: (i16, i16),
            flexible: Option<i16>,
            offered: (i16, i16),
            properties: &'static [&'static str],
        }

        /// The table: row `n` is the API of number `n`.
        const ROWS: &[Row] = &[$(Row {
            key: ApiKey::$name,
            name: stringify!($name),
            versions: ($min, $max),
            flexible: or_else!(None $(, Some($flexible))?),
            offered: or_else!(($min, $max) $(, ($offered_min, $offered_max))?),
            properties: &[$($(stringify!($property)),*)?],
        },)*];
    };
}

// Numbers 4 to 7 died with ZooKeeper (KIP-896): nobody listens to them, and their ranges are empty.
api_keys! {
    Produce = 0, 3..=13, flexible 9, offered 0..=13, [broker];
    Fetch = 1, 4..=18, flexible 12, [broker controller];
    ListOffsets = 2, 1..=11, flexible 6, [broker];
    Metadata = 3, 0..=13, flexible 9, [broker];
    LeaderAndIsr = 4, 0..=-1, [cluster_action];
    StopReplica = 5, 0..=-1, [cluster_action];
    UpdateMetadata = 6, 0..=-1, [cluster_action];
    ControlledShutdown = 7, 0..=-1, [cluster_action];
    OffsetCommit = 8, 2..=10, flexible 8, [broker];
    OffsetFetch = 9, 1..=10, flexible 6, [broker];
    FindCoordinator = 10, 0..=6, flexible 3, [broker];
    JoinGroup = 11, 0..=9, flexible 6, [broker];
    Heartbeat = 12, 0..=4, flexible 4, [broker];
    LeaveGroup = 13, 0..=5, flexible 4, [broker];
    SyncGroup = 14, 0..=5, flexible 4, [broker];
    DescribeGroups = 15, 0..=6, flexible 5, [broker];
    ListGroups = 16, 0..=5, flexible 3, [broker];
    SaslHandshake = 17, 0..=1, [broker controller];
    ApiVersions = 18, 0..=4, flexible 3, [broker controller];
    CreateTopics = 19, 2..=7, flexible 5, [broker controller forwardable];
    DeleteTopics = 20, 1..=6, flexible 4, [broker controller forwardable];
    DeleteRecords = 21, 0..=2, flexible 2, [broker];
    InitProducerId = 22, 0..=6, flexible 2, offered 0..=5, [broker];
    OffsetForLeaderEpoch = 23, 2..=4, flexible 4, [broker];
    AddPartitionsToTxn = 24, 0..=5, flexible 3, [broker];
    AddOffsetsToTxn = 25, 0..=4, flexible 3, [broker];
    EndTxn = 26, 0..=5, flexible 3, [broker];
    WriteTxnMarkers = 27, 1..=2, flexible 1, [broker cluster_action];
    TxnOffsetCommit = 28, 0..=5, flexible 3, [broker];
    DescribeAcls = 29, 1..=3, flexible 2, [broker controller];
    CreateAcls = 30, 1..=3, flexible 2, [broker controller forwardable];
    DeleteAcls = 31, 1..=3, flexible 2, [broker controller forwardable];
    DescribeConfigs = 32, 1..=4, flexible 4, [broker controller];
    AlterConfigs = 33, 0..=2, flexible 2, [broker controller forwardable];
    AlterReplicaLogDirs = 34, 1..=2, flexible 2, [broker];
    DescribeLogDirs = 35, 1..=5, flexible 2, [broker];
    SaslAuthenticate = 36, 0..=2, flexible 2, [broker controller];
    CreatePartitions = 37, 0..=3, flexible 2, [broker controller forwardable];
    CreateDelegationToken = 38, 1..=3, flexible 2, [broker controller forwardable];
    RenewDelegationToken = 39, 1..=2, flexible 2, [broker controller forwardable];
    ExpireDelegationToken = 40, 1..=2, flexible 2, [broker controller forwardable];
    DescribeDelegationToken = 41, 1..=3, flexible 2, [broker controller];
    DeleteGroups = 42, 0..=2, flexible 2, [broker];
    ElectLeaders = 43, 0..=2, flexible 2, [broker controller forwardable];
    IncrementalAlterConfigs = 44, 0..=1, flexible 1, [broker controller forwardable];
    AlterPartitionReassignments = 45, 0..=1, flexible 0, [broker controller forwardable];
    ListPartitionReassignments = 46, 0..=0, flexible 0, [broker controller forwardable];
    OffsetDelete = 47, 0..=0, [broker];
    DescribeClientQuotas = 48, 0..=1, flexible 1, [broker];
    AlterClientQuotas = 49, 0..=1, flexible 1, [broker controller forwardable];
    DescribeUserScramCredentials = 50, 0..=0, flexible 0, [broker controller];
    AlterUserScramCredentials = 51, 0..=0, flexible 0, [broker controller forwardable];
    Vote = 52, 0..=2, flexible 0, [controller cluster_action];
    BeginQuorumEpoch = 53, 0..=1, flexible 1, [controller cluster_action];
    EndQuorumEpoch = 54, 0..=1, flexible 1, [controller cluster_action];
    DescribeQuorum = 55, 0..=2, flexible 0, [broker controller cluster_action forwardable];
    AlterPartition = 56, 2..=3, flexible 2, [controller cluster_action];
    UpdateFeatures = 57, 0..=2, flexible 0, [broker controller cluster_action forwardable];
    Envelope = 58, 0..=0, flexible 0, [controller cluster_action];
    FetchSnapshot = 59, 0..=1, flexible 0, [controller];
    DescribeCluster = 60, 0..=2, flexible 0, [broker controller];
    DescribeProducers = 61, 0..=0, flexible 0, [broker];
    BrokerRegistration = 62, 0..=4, flexible 0, [controller cluster_action];
    BrokerHeartbeat = 63, 0..=2, flexible 0, [controller cluster_action];
    UnregisterBroker = 64, 0..=0, flexible 0, [broker controller forwardable];
    DescribeTransactions = 65, 0..=0, flexible 0, [broker];
    ListTransactions = 66, 0..=2, flexible 0, [broker];
    AllocateProducerIds = 67, 0..=0, flexible 0, [controller cluster_action forwardable];
    ConsumerGroupHeartbeat = 68, 0..=1, flexible 0, [broker];
    ConsumerGroupDescribe = 69, 0..=1, flexible 0, [broker];
    ControllerRegistration = 70, 0..=0, flexible 0, [controller];
    GetTelemetrySubscriptions = 71, 0..=0, flexible 0, [broker];
    PushTelemetry = 72, 0..=0, flexible 0, [broker];
    AssignReplicasToDirs = 73, 0..=0, flexible 0, [controller];
    ListConfigResources = 74, 0..=1, flexible 0, [broker];
    DescribeTopicPartitions = 75, 0..=0, flexible 0, [broker];
    ShareGroupHeartbeat = 76, 1..=1, flexible 1, [broker];
    ShareGroupDescribe = 77, 1..=1, flexible 1, [broker];
    ShareFetch = 78, 1..=2, flexible 1, [broker];
    ShareAcknowledge = 79, 1..=2, flexible 1, [broker];
    AddRaftVoter = 80, 0..=1, flexible 0, [broker controller forwardable];
    RemoveRaftVoter = 81, 0..=0, flexible 0, [broker controller forwardable];
    UpdateRaftVoter = 82, 0..=0, flexible 0, [controller];
    InitializeShareGroupState = 83, 0..=0, flexible 0, [broker cluster_action];
    ReadShareGroupState = 84, 0..=0, flexible 0, [broker cluster_action];
    WriteShareGroupState = 85, 0..=1, flexible 0, [broker cluster_action];
    DeleteShareGroupState = 86, 0..=0, flexible 0, [broker cluster_action];
    ReadShareGroupStateSummary = 87, 0..=1, flexible 0, [broker cluster_action];
    StreamsGroupHeartbeat = 88, 0..=0, flexible 0, [broker];
    StreamsGroupDescribe = 89, 0..=0, flexible 0, [broker];
    DescribeShareGroupOffsets = 90, 0..=1, flexible 0, [broker];
    AlterShareGroupOffsets = 91, 0..=0, flexible 0, [broker];
    DeleteShareGroupOffsets = 92, 0..=0, flexible 0, [broker];
}

impl ApiKey {
    /// Every API, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.key)
    }

    /// The API of a number on the wire; none for a number that Kafka does not know.
    pub fn from_code(code: i16) -> Option<Self> {
        ROWS.get(usize::try_from(code).ok()?).map(|row| row.key)
    }

    /// The number on the wire.
    pub const fn code(self) -> i16 {
        self as i16
    }

    const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Kafka's name, such as `CreateTopics`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The versions that can be read and written; empty for a dead API.
    pub const fn versions(self) -> RangeInclusive<i16> {
        let (min, max) = self.row().versions;
        min..=max
    }

    /// The versions that ApiVersions offers: of Produce more than there are, for the sake of old clients (KAFKA-18659);
    /// of InitProducerId one less, since its latest is not stable.
    pub const fn offered_versions(self) -> RangeInclusive<i16> {
        let (min, max) = self.row().offered;
        min..=max
    }

    /// Whether requests of `version` are flexible.
    pub fn is_flexible(self, version: i16) -> bool {
        self.row().flexible.is_some_and(|first| version >= first)
    }

    /// The version of the header before a request of `version`.
    pub fn request_header_version(self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// The version of the header before the response to a request of `version`. ApiVersions keeps the oldest, because
    /// its client does not know yet what the broker speaks (KIP-511).
    pub fn response_header_version(self, version: i16) -> i16 {
        i16::from(self.is_flexible(version) && self != Self::ApiVersions)
    }

    /// Whether listeners of that kind take it.
    pub fn is_served_by(self, endpoint: Endpoint) -> bool {
        self.has(match endpoint {
            Endpoint::Broker => "broker",
            Endpoint::Controller => "controller",
        })
    }

    /// Whether only members of the cluster may ask it.
    pub fn is_cluster_action(self) -> bool {
        self.has("cluster_action")
    }

    /// Whether a broker passes it on to the controller.
    pub fn is_forwardable(self) -> bool {
        self.has("forwardable")
    }

    fn has(self, property: &str) -> bool {
        self.row().properties.contains(&property)
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_their_number() {
        for (number, row) in ROWS.iter().enumerate() {
            assert_eq!(row.key as usize, number);
            assert_eq!(ApiKey::from_code(number as i16), Some(row.key));
        }
        assert_eq!(ApiKey::from_code(-1), None);
        assert_eq!(ApiKey::from_code(ROWS.len() as i16), None);
    }

    #[test]
    fn headers_follow_flexibility() {
        assert_eq!(ApiKey::Produce.request_header_version(8), 1);
        assert_eq!(ApiKey::Produce.request_header_version(9), 2);
        assert_eq!(ApiKey::Produce.response_header_version(9), 1);
        assert_eq!(ApiKey::ApiVersions.request_header_version(3), 2);
        assert_eq!(ApiKey::ApiVersions.response_header_version(3), 0);
        assert_eq!(ApiKey::SaslHandshake.request_header_version(1), 1);
    }

    #[test]
    fn ranges_and_listeners() {
        assert_eq!(
            (ApiKey::Produce.versions(), ApiKey::Produce.offered_versions()),
            (3..=13, 0..=13)
        );
        assert!(ApiKey::LeaderAndIsr.versions().is_empty());
        assert!(
            ApiKey::Vote.is_served_by(Endpoint::Controller)
                && !ApiKey::Vote.is_served_by(Endpoint::Broker)
        );
        assert!(
            ApiKey::CreateTopics.is_forwardable() && ApiKey::AlterPartition.is_cluster_action()
        );
    }
}
