//! What the requests of the quorum have in common: they name the cluster and the one partition of the metadata log.
//!
//! Their shape is that of any partition's requests (lists of topics with lists of partitions), though there is only one
//! metadata log; Kafka keeps it so, in case there are ever more. Errors are of two kinds: those of the whole (another
//! cluster's node, no permission, another partition) and the partition's own (FENCED_LEADER_EPOCH, INVALID_REQUEST,
//! NOT_LEADER_OR_FOLLOWER), beside which the leader and the epoch are always told: that is how a node that is behind
//! finds its leader.

use super::context::{Call, Context};
use crate::error::ErrorCode;
use crate::raft::machine::LeaderAndEpoch;
use crate::raft::quorum_actor::ElectionAsk;
use crate::types::{METADATA_TOPIC, NONE, NodeId};

/// Whether a request that names `cluster_id` is for this cluster; one that names none is for any.
pub(super) fn check_cluster(context: &Context, cluster_id: Option<&str>) -> Result<(), ErrorCode> {
    match cluster_id {
        Some(id) if id != context.cluster_id => Err(ErrorCode::InconsistentClusterId),
        _ => Ok(()),
    }
}

/// The only partition of a request that names the metadata log and nothing else.
pub(super) fn only<'a, P>(
    topics: impl IntoIterator<Item = (&'a str, &'a [P])>,
    index: impl Fn(&P) -> i32,
) -> Result<&'a P, ErrorCode> {
    let mut topics = topics.into_iter();
    match (topics.next(), topics.next()) {
        (Some((METADATA_TOPIC, [partition])), None) if index(partition) == 0 => Ok(partition),
        _ => Err(ErrorCode::InvalidRequest),
    }
}

/// What an election's request is told beside its own part.
pub(super) struct Verdict {
    /// 0 where nothing is wrong.
    pub(super) error_code: i16,
    /// Who leads, or −1.
    pub(super) leader_id: NodeId,
    pub(super) leader_epoch: i32,
    /// Where the leader listens, as far as the request's version can say it.
    pub(super) endpoint: Option<(NodeId, String, u16)>,
}

/// A verdict as the answer of an API. The three of them have types of their own, alike but for the module they are in.
macro_rules! told {
    ($module:ident :: $response:ident, $verdict:expr) => {{
        use $crate::wire::messages::$module::{
            NodeEndpoint, PartitionDataResponse, TopicDataResponse,
        };
        let Verdict { error_code, leader_id, leader_epoch, endpoint } = $verdict;
        let partition =
            PartitionDataResponse { error_code, leader_id, leader_epoch, ..Default::default() };
        let node =
            |(node_id, host, port)| NodeEndpoint { node_id, host, port, ..Default::default() };
        $response {
            topics: vec![TopicDataResponse {
                topic_name: $crate::types::METADATA_TOPIC.to_owned(),
                partitions: vec![partition],
                ..Default::default()
            }],
            node_endpoints: endpoint.map(node).into_iter().collect(),
            ..Default::default()
        }
    }};
}
pub(super) use told;

/// Puts an election's request to the quorum.
pub(super) async fn elect(call: &Call, ask: ElectionAsk) -> Verdict {
    let error = call.context.quorum.elect(ask).await;
    let (leader_id, leader_epoch) = leader(call);
    let endpoint = leader_endpoint(call).filter(|_| call.version >= 1);
    Verdict { error_code: code(error), leader_id, leader_epoch, endpoint }
}

/// Who leads, as the fields of answers have it.
pub(super) fn leader(call: &Call) -> (NodeId, i32) {
    let LeaderAndEpoch { leader_id, epoch } = call.context.quorum.leader_and_epoch();
    (leader_id.unwrap_or(NONE), epoch)
}

/// Where the leader listens, if it is known: its id, host and port.
pub(super) fn leader_endpoint(call: &Call) -> Option<(NodeId, String, u16)> {
    let leader_id = call.context.quorum.leader_and_epoch().leader_id?;
    let voters = call.context.quorum.voters();
    let endpoints = &voters.get(leader_id)?.endpoints;
    // Listeners have one name on all controllers, so who came in through one can reach the leader through it.
    let same = endpoints.iter().find(|endpoint| *endpoint.name == *call.session.listener);
    let endpoint = same.or(endpoints.first())?;
    Some((leader_id, endpoint.host.clone(), endpoint.port))
}

/// The number of an error, or of none.
pub(super) fn code(error: Option<ErrorCode>) -> i16 {
    error.map_or(0, ErrorCode::code)
}

/// Whether the voters are records (`kraft.version` 1) rather than settings.
pub(super) fn has_dynamic_voters(call: &Call) -> bool {
    call.context.quorum.voters().iter().any(|voter| !voter.key.directory_id.is_zero())
}
