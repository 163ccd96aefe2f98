//! ListConfigResources (74), versions 0–1: which resources may have settings (KIP-1142). Version 0 lists client metrics
//! subscriptions only (KIP-1000).

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metadata::configs::ResourceType;
use crate::wire::messages::list_config_resources::{
    ConfigResource, ListConfigResourcesRequest, ListConfigResourcesResponse,
};

/// In the order in which Kafka lists them.
const ALL: [ResourceType; 5] = [
    ResourceType::GROUP,
    ResourceType::CLIENT_METRICS,
    ResourceType::BROKER_LOGGER,
    ResourceType::BROKER,
    ResourceType::TOPIC,
];

pub(crate) async fn handle(
    call: Call,
    request: ListConfigResourcesRequest,
) -> ListConfigResourcesResponse {
    if let Err(code) = call.check_cluster(&permissions::LIST_CONFIG_RESOURCES) {
        return ListConfigResourcesResponse { error_code: code.code(), ..Default::default() };
    }
    answer(&call.context.image(), &request, call.version)
}

fn answer(
    image: &Image,
    request: &ListConfigResourcesRequest,
    version: i16,
) -> ListConfigResourcesResponse {
    let asked: Vec<ResourceType> = match (version, request.resource_types.as_slice()) {
        (0, _) => vec![ResourceType::CLIENT_METRICS],
        (_, []) => ALL.to_vec(),
        (_, kinds) => kinds.iter().copied().map(ResourceType).collect(),
    };
    if !asked.iter().all(|kind| ALL.contains(kind)) {
        let error_code = ErrorCode::UnsupportedVersion.code();
        return ListConfigResourcesResponse { error_code, ..Default::default() };
    }
    let kinds = ALL.into_iter().filter(|kind| asked.contains(kind));
    let resource = |kind: ResourceType| {
        move |resource_name: String| ConfigResource {
            resource_name,
            resource_type: kind.0,
            ..Default::default()
        }
    };
    let config_resources =
        kinds.flat_map(|kind| names(image, kind).into_iter().map(resource(kind))).collect();
    ListConfigResourcesResponse { config_resources, ..Default::default() }
}

fn names(image: &Image, kind: ResourceType) -> Vec<String> {
    match kind {
        ResourceType::TOPIC => image.topics.iter().map(|topic| topic.name.to_string()).collect(),
        ResourceType::BROKER | ResourceType::BROKER_LOGGER => {
            image.cluster.brokers.keys().map(ToString::to_string).collect()
        }
        _ => image.configs.of_kind(kind).map(|(name, _)| name.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Delta;
    use crate::types::Uuid;
    use crate::wire::stored::metadata::{
        ConfigRecord, MetadataRecord, RegisterBrokerRecord, TopicRecord,
    };

    #[test]
    fn every_kind_is_listed_or_those_asked_for() {
        let mut delta = Delta::new(&Image::default());
        let topic = TopicRecord {
            name: "t".to_owned(),
            topic_id: Uuid::from_bytes([7; 16]),
            ..Default::default()
        };
        delta.replay(&MetadataRecord::Topic(topic)).expect("a topic");
        let broker = RegisterBrokerRecord { broker_id: 1, ..Default::default() };
        delta.replay(&MetadataRecord::RegisterBroker(broker)).expect("a broker");
        for (kind, name, key) in [
            (ResourceType::GROUP, "g", "consumer.session.timeout.ms"),
            (ResourceType::CLIENT_METRICS, "m", "match"),
        ] {
            let record = ConfigRecord {
                resource_type: kind.0,
                resource_name: name.to_owned(),
                name: key.to_owned(),
                value: Some("1".to_owned()),
                ..Default::default()
            };
            delta.replay(&MetadataRecord::Config(record)).expect("a setting");
        }
        let list = |kinds: &[i8], version| {
            let request =
                ListConfigResourcesRequest { resource_types: kinds.to_vec(), ..Default::default() };
            let response = answer(delta.image(), &request, version);
            let show =
                |one: &ConfigResource| format!("{}:{}", one.resource_type, one.resource_name);
            (
                response.error_code,
                response.config_resources.iter().map(show).collect::<Vec<_>>().join(" "),
            )
        };
        assert_eq!(list(&[], 1), (0, "32:g 16:m 8:1 4:1 2:t".to_owned()));
        assert_eq!(list(&[32, 2], 1), (0, "32:g 2:t".to_owned()));
        assert_eq!(list(&[], 0), (0, "16:m".to_owned()));
        assert_eq!(list(&[99], 1), (35, String::new()));
    }
}
