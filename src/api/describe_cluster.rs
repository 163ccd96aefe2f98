//! DescribeCluster (60), versions 0–2.
//!
//! v1 asks for brokers or controllers (KIP-919); v2 tells of fenced brokers.
//!
//! MISMATCHED_ENDPOINT_TYPE: brokers are asked of brokers and controllers of controllers, so that a client that was
//! given the wrong addresses learns it. UNSUPPORTED_ENDPOINT_TYPE: neither.

use super::context::{Call, ListenerKind};
use super::permissions;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::wire::messages::describe_cluster::{
    DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse,
};

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

pub(crate) async fn handle(call: Call, request: DescribeClusterRequest) -> DescribeClusterResponse {
    if call.session.kind == ListenerKind::Controller
        && let Err(error) = call.check_whole(&permissions::DESCRIBE_CONTROLLERS)
    {
        return DescribeClusterResponse {
            error_code: error.code.code(),
            error_message: error.message,
            ..Default::default()
        };
    }
    let endpoint_type = if call.version >= 1 { request.endpoint_type } else { BROKERS };
    let served = match call.session.kind {
        ListenerKind::Broker => BROKERS,
        ListenerKind::Controller => CONTROLLERS,
    };
    if endpoint_type != served {
        let known = matches!(endpoint_type, BROKERS | CONTROLLERS);
        let code = if known {
            ErrorCode::MismatchedEndpointType
        } else {
            ErrorCode::UnsupportedEndpointType
        };
        let word = |kind| if kind == BROKERS { "BROKER" } else { "CONTROLLER" };
        let why = match known {
            true => format!(
                "The request was sent to an endpoint of type {}, but we wanted an endpoint of type {}",
                word(served),
                word(endpoint_type)
            ),
            false => format!("Unsupported endpoint type {endpoint_type}"),
        };
        return DescribeClusterResponse {
            error_code: code.code(),
            error_message: Some(why),
            ..Default::default()
        };
    }
    let image = call.context.image();
    let brokers = match call.session.kind {
        ListenerKind::Broker => {
            brokers(&image, &call.session.listener, request.include_fenced_brokers)
        }
        ListenerKind::Controller => controllers(&image, &call.session.listener),
    };
    let operations = if request.include_cluster_authorized_operations {
        call.cluster_operations(&permissions::DESCRIBE_CLUSTER)
    } else {
        i32::MIN
    };
    DescribeClusterResponse {
        endpoint_type,
        cluster_id: call.context.cluster_id.clone(),
        controller_id: call.context.some_controller(),
        brokers,
        cluster_authorized_operations: operations,
        ..Default::default()
    }
}

fn brokers(image: &Image, listener: &str, fenced_too: bool) -> Vec<DescribeClusterBroker> {
    let shown = image.cluster.brokers.values().filter(|broker| fenced_too || !broker.fenced);
    let row = |broker: &std::sync::Arc<crate::metadata::cluster::BrokerRegistration>| {
        let endpoint = broker.endpoint(listener)?;
        Some(DescribeClusterBroker {
            broker_id: broker.id,
            host: endpoint.host.clone(),
            port: i32::from(endpoint.port),
            rack: broker.rack.clone(),
            is_fenced: broker.fenced,
            ..Default::default()
        })
    };
    shown.filter_map(row).collect()
}

fn controllers(image: &Image, listener: &str) -> Vec<DescribeClusterBroker> {
    let row = |controller: &std::sync::Arc<crate::metadata::cluster::ControllerRegistration>| {
        let endpoint = controller.endpoint(listener)?;
        Some(DescribeClusterBroker {
            broker_id: controller.id,
            host: endpoint.host.clone(),
            port: i32::from(endpoint.port),
            ..Default::default()
        })
    };
    image.cluster.controllers.values().filter_map(row).collect()
}
