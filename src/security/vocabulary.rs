//! The words of access control with their numbers in the protocol: kinds of resources, patterns, operations,
//! permissions. Decides nothing.

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $code:literal, $name:literal, $spelled:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $(#[doc = concat!("`", $name, "`, ", $code, " in the protocol.")] $variant,)*
        }

        impl $type {
            /// All of them, in the protocol's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Of the number in the protocol; none where there is no such thing.
            pub const fn from_code(code: i8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The number in the protocol.
            pub const fn code(self) -> i8 {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// As Kafka's messages have it, such as `TRANSACTIONAL_ID`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// As command lines and Kafka's audit log have it, such as `TransactionalId`.
            pub const fn spelled(self) -> &'static str {
                match self {
                    $(Self::$variant => $spelled,)*
                }
            }

            /// Of a name in either form, in any case.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| {
                    one.name().eq_ignore_ascii_case(name) || one.spelled().eq_ignore_ascii_case(name)
                })
            }
        }
    };
}

words! {
    /// A kind of resource.
    ResourceType {
        Any = 1, "ANY", "Any";
        Topic = 2, "TOPIC", "Topic";
        Group = 3, "GROUP", "Group";
        Cluster = 4, "CLUSTER", "Cluster";
        TransactionalId = 5, "TRANSACTIONAL_ID", "TransactionalId";
        DelegationToken = 6, "DELEGATION_TOKEN", "DelegationToken";
        User = 7, "USER", "User";
    }
}

words! {
    /// How a resource's name is meant.
    PatternType {
        Any = 1, "ANY", "Any";
        Match = 2, "MATCH", "Match";
        Literal = 3, "LITERAL", "Literal";
        Prefixed = 4, "PREFIXED", "Prefixed";
    }
}

words! {
    /// What may be done.
    Operation {
        Any = 1, "ANY", "Any";
        All = 2, "ALL", "All";
        Read = 3, "READ", "Read";
        Write = 4, "WRITE", "Write";
        Create = 5, "CREATE", "Create";
        Delete = 6, "DELETE", "Delete";
        Alter = 7, "ALTER", "Alter";
        Describe = 8, "DESCRIBE", "Describe";
        ClusterAction = 9, "CLUSTER_ACTION", "ClusterAction";
        DescribeConfigs = 10, "DESCRIBE_CONFIGS", "DescribeConfigs";
        AlterConfigs = 11, "ALTER_CONFIGS", "AlterConfigs";
        IdempotentWrite = 12, "IDEMPOTENT_WRITE", "IdempotentWrite";
        CreateTokens = 13, "CREATE_TOKENS", "CreateTokens";
        DescribeTokens = 14, "DESCRIBE_TOKENS", "DescribeTokens";
        TwoPhaseCommit = 15, "TWO_PHASE_COMMIT", "TwoPhaseCommit";
    }
}

words! {
    /// Whether an entry allows or denies.
    PermissionType {
        Any = 1, "ANY", "Any";
        Deny = 2, "DENY", "Deny";
        Allow = 3, "ALLOW", "Allow";
    }
}

/// The one name that the cluster has as a resource.
pub const CLUSTER_NAME: &str = "kafka-cluster";
/// What stands for every name, in a literal pattern, and for every host.
pub const WILDCARD: &str = "*";
/// Everybody.
pub const WILDCARD_PRINCIPAL: &str = "User:*";

impl ResourceType {
    /// What can be done to a resource of this kind.
    pub const fn operations(self) -> &'static [Operation] {
        use Operation::{
            Alter, AlterConfigs, ClusterAction, Create, CreateTokens, Delete, Describe,
            DescribeConfigs, DescribeTokens, IdempotentWrite, Read, TwoPhaseCommit, Write,
        };
        match self {
            Self::Any => &[],
            Self::Topic => {
                &[Read, Write, Create, Delete, Alter, Describe, DescribeConfigs, AlterConfigs]
            }
            Self::Group => &[Read, Delete, Describe, DescribeConfigs, AlterConfigs],
            Self::Cluster => &[
                Create,
                Alter,
                Describe,
                ClusterAction,
                DescribeConfigs,
                AlterConfigs,
                IdempotentWrite,
            ],
            Self::TransactionalId => &[Write, Describe, TwoPhaseCommit],
            Self::DelegationToken => &[Describe],
            Self::User => &[CreateTokens, DescribeTokens],
        }
    }
}

/// A set of operations as answers carry it: the bit of each one's number (KIP-430).
pub fn bits(operations: impl IntoIterator<Item = Operation>) -> i32 {
    operations.into_iter().fold(0, |bits, operation| bits | 1 << operation.code())
}
