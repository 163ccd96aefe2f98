//! What the controller is asked and what it answers: the wire messages themselves, in one enum each, and who asks.
//! Decides nothing.
//!
//! A new kind of request is a line in `exchanges!`, an arm in `Machine::decide`, and a file for what it decides.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{ApiError, ErrorCode};
use crate::quota::Mutations;
use crate::raft::events::VersionedRecord;
use crate::types::Millis;
use crate::wire::messages::allocate_producer_ids::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse,
};
use crate::wire::messages::alter_client_quotas::{
    AlterClientQuotasRequest, AlterClientQuotasResponse,
};
use crate::wire::messages::alter_configs::{AlterConfigsRequest, AlterConfigsResponse};
use crate::wire::messages::alter_partition::{AlterPartitionRequest, AlterPartitionResponse};
use crate::wire::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
};
use crate::wire::messages::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse,
};
use crate::wire::messages::assign_replicas_to_dirs::{
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse,
};
use crate::wire::messages::broker_heartbeat::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};
use crate::wire::messages::broker_registration::{
    BrokerRegistrationRequest, BrokerRegistrationResponse,
};
use crate::wire::messages::controller_registration::{
    ControllerRegistrationRequest, ControllerRegistrationResponse,
};
use crate::wire::messages::create_acls::{CreateAclsRequest, CreateAclsResponse};
use crate::wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsResponse};
use crate::wire::messages::create_topics::{CreateTopicsRequest, CreateTopicsResponse};
use crate::wire::messages::delete_acls::{DeleteAclsRequest, DeleteAclsResponse};
use crate::wire::messages::delete_topics::{DeleteTopicsRequest, DeleteTopicsResponse};
use crate::wire::messages::elect_leaders::{ElectLeadersRequest, ElectLeadersResponse};
use crate::wire::messages::incremental_alter_configs::{
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};
use crate::wire::messages::unregister_broker::{UnregisterBrokerRequest, UnregisterBrokerResponse};
use crate::wire::messages::update_features::{UpdateFeaturesRequest, UpdateFeaturesResponse};

/// Who asks, and how.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// The version of the request's API: some fields mean something only from a version on.
    pub version: i16,
    /// Such as `User:ANONYMOUS`.
    pub principal: String,
    /// When the asker stops waiting, in milliseconds since 1970; none means never.
    pub deadline: Option<Millis>,
    /// The quota of partitions made and deleted; none where there is none.
    pub mutations: Option<Arc<Mutations>>,
    /// Where it is noted that the active controller is not here; none where nobody looks.
    pub misdirected: Option<Arc<AtomicBool>>,
}

/// What the machine wants done: append the records, apply them, and answer once they are committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<R> {
    /// In the order to be appended.
    pub records: Vec<VersionedRecord>,
    /// Whether the records must be appended as one batch, so that all or none survive.
    pub atomic: bool,
    /// The answer, held back until all that was written before it is committed.
    pub reply: R,
}

impl<R> Decision<R> {
    /// Writes nothing.
    pub fn reply(reply: R) -> Self {
        Self { records: Vec::new(), atomic: true, reply }
    }

    /// Writes all of `records` or none.
    pub fn atomic(records: Vec<VersionedRecord>, reply: R) -> Self {
        Self { records, atomic: true, reply }
    }

    /// Writes `records` in order, in as many batches as they need.
    pub fn of(records: Vec<VersionedRecord>, reply: R) -> Self {
        Self { records, atomic: false, reply }
    }

    /// The same with another answer.
    pub fn map<S>(self, answer: impl FnOnce(R) -> S) -> Decision<S> {
        Decision { records: self.records, atomic: self.atomic, reply: answer(self.reply) }
    }
}

/// A request that the controller answers, with the response it is answered by.
pub trait Exchange: Sized {
    /// The answer.
    type Reply;

    /// Puts the request into the enum.
    fn into_request(self) -> ControllerRequest;

    /// Takes the answer out of the enum; none if it answers something else.
    fn from_reply(reply: ControllerReply) -> Option<Self::Reply>;
}

macro_rules! exchanges {
    ($($(#[$doc:meta])* $name:ident($request:ty, $reply:ty);)*) => {
        /// What the controller is asked.
        #[derive(Clone, Debug)]
        pub enum ControllerRequest {
            $($(#[$doc])* $name($request),)*
        }

        /// What the controller answers.
        #[derive(Clone, Debug, PartialEq)]
        pub enum ControllerReply {
            $($(#[$doc])* $name($reply),)*
        }

        $(impl Exchange for $request {
            type Reply = $reply;

            fn into_request(self) -> ControllerRequest {
                ControllerRequest::$name(self)
            }

            fn from_reply(reply: ControllerReply) -> Option<$reply> {
                match reply {
                    ControllerReply::$name(reply) => Some(reply),
                    _ => None,
                }
            }
        })*
    };
}

exchanges! {
    /// KIP-4.
    CreateTopics(CreateTopicsRequest, CreateTopicsResponse);
    /// KIP-4, KIP-516.
    DeleteTopics(DeleteTopicsRequest, DeleteTopicsResponse);
    /// KIP-195.
    CreatePartitions(CreatePartitionsRequest, CreatePartitionsResponse);
    /// KIP-339.
    IncrementalAlterConfigs(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse);
    /// KIP-133.
    AlterConfigs(AlterConfigsRequest, AlterConfigsResponse);
    /// KIP-455.
    AlterPartitionReassignments(
        AlterPartitionReassignmentsRequest,
        AlterPartitionReassignmentsResponse
    );
    /// KIP-183, KIP-460.
    ElectLeaders(ElectLeadersRequest, ElectLeadersResponse);
    /// KIP-631.
    BrokerRegistration(BrokerRegistrationRequest, BrokerRegistrationResponse);
    /// KIP-631.
    BrokerHeartbeat(BrokerHeartbeatRequest, BrokerHeartbeatResponse);
    /// KIP-631.
    UnregisterBroker(UnregisterBrokerRequest, UnregisterBrokerResponse);
    /// KIP-919.
    ControllerRegistration(ControllerRegistrationRequest, ControllerRegistrationResponse);
    /// KIP-730.
    AllocateProducerIds(AllocateProducerIdsRequest, AllocateProducerIdsResponse);
    /// KIP-497, KIP-903.
    AlterPartition(AlterPartitionRequest, AlterPartitionResponse);
    /// KIP-858.
    AssignReplicasToDirs(AssignReplicasToDirsRequest, AssignReplicasToDirsResponse);
    /// KIP-140, KIP-290.
    CreateAcls(CreateAclsRequest, CreateAclsResponse);
    /// KIP-140, KIP-290.
    DeleteAcls(DeleteAclsRequest, DeleteAclsResponse);
    /// KIP-546.
    AlterClientQuotas(AlterClientQuotasRequest, AlterClientQuotasResponse);
    /// KIP-554.
    AlterUserScramCredentials(AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse);
    /// KIP-584, KIP-778.
    UpdateFeatures(UpdateFeaturesRequest, UpdateFeaturesResponse);
}

/// The message that goes out beside a code that Kafka explains with the code's own text.
pub(crate) fn explained(code: ErrorCode) -> Option<String> {
    code.is_error().then(|| code.message().to_owned())
}

/// Code and message of a result, as a response carries them.
pub(crate) fn code_and_message(result: &Result<(), ApiError>) -> (i16, Option<String>) {
    match result {
        Ok(()) => (ErrorCode::None.code(), None),
        Err(error) => (error.code.code(), error.message.clone()),
    }
}
