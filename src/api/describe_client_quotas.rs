//! DescribeClientQuotas (48), versions 0–1: quotas that match a filter (KIP-546).
//!
//! A filter names types of entities; with `strict` an entity may have no others. It says what was set, not what holds
//! for a client: that is the narrowest of eight levels (`quota::limits`).

use std::collections::BTreeMap;

use super::context::Call;
use super::permissions;
use crate::error::{ApiError, ErrorCode};
use crate::metadata::quotas::{ClientQuotasImage, QuotaEntity, QuotaMap};
use crate::quota::keys;
use crate::wire::messages::describe_client_quotas::{
    ComponentData, DescribeClientQuotasRequest, DescribeClientQuotasResponse, EntityData,
    EntryData, ValueData,
};

/// A part of an entity with a name of its own.
const EXACT: i8 = 0;
/// A part that is the default.
const DEFAULT: i8 = 1;
/// A part with any name, or the default.
const SPECIFIED: i8 = 2;

/// What the part of each type must be: none means anything. By type of entity: any name (none), the default (an empty
/// one inside), or this name.
type Wanted<'a> = BTreeMap<&'a str, Option<Option<&'a str>>>;

pub(crate) async fn handle(
    call: Call,
    request: DescribeClientQuotasRequest,
) -> DescribeClientQuotasResponse {
    if let Err(code) = call.check_cluster(&permissions::DESCRIBE_QUOTAS) {
        return refused(&ApiError::new(code, code.message()));
    }
    match wanted(&request.components) {
        Ok(wanted) => {
            let image = call.context.image();
            DescribeClientQuotasResponse {
                error_message: None,
                entries: Some(matching(&image.client_quotas, &wanted, request.strict)),
                ..Default::default()
            }
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &ApiError) -> DescribeClientQuotasResponse {
    DescribeClientQuotasResponse {
        error_code: error.code.code(),
        error_message: Some(error.text().to_owned()),
        entries: None,
        ..Default::default()
    }
}

/// Kafka's checks, in its order.
fn wanted(components: &[ComponentData]) -> Result<Wanted<'_>, ApiError> {
    let invalid = |why: String| ApiError::new(ErrorCode::InvalidRequest, why);
    let mut wanted = Wanted::new();
    for component in components {
        let kind = component.entity_type.as_str();
        if kind.is_empty() {
            return Err(invalid("Invalid empty entity type.".to_owned()));
        }
        if wanted.contains_key(kind) {
            return Err(invalid(format!(
                "Entity type {kind} cannot appear more than once in the filter."
            )));
        }
        if ![keys::USER, keys::CLIENT_ID, keys::IP].contains(&kind) {
            let why = format!("Unsupported entity type {kind}");
            return Err(ApiError::new(ErrorCode::UnsupportedVersion, why));
        }
        let name = component.r#match.as_deref();
        let must = match (component.match_type, name) {
            (EXACT, Some(name)) => Some(Some(name)),
            (EXACT, None) => {
                let why = "Request specified MATCH_TYPE_EXACT, but set match string to null.";
                return Err(invalid(why.to_owned()));
            }
            (DEFAULT, None) => Some(None),
            (SPECIFIED, None) => None,
            (DEFAULT | SPECIFIED, Some(_)) => {
                let match_type =
                    if component.match_type == DEFAULT { "DEFAULT" } else { "SPECIFIED" };
                return Err(invalid(format!(
                    "Request specified MATCH_TYPE_{match_type}, but also specified a match string."
                )));
            }
            (other, _) => return Err(invalid(format!("Unknown match type {other}"))),
        };
        wanted.insert(kind, must);
    }
    if wanted.contains_key(keys::IP) && wanted.len() > 1 {
        return Err(invalid(
            "Invalid entity filter component combination. IP filter component should not be used with user or clientId \
             filter component."
                .to_owned(),
        ));
    }
    Ok(wanted)
}

fn matching(quotas: &ClientQuotasImage, wanted: &Wanted<'_>, strict: bool) -> Vec<EntryData> {
    let fits = |entity: &QuotaEntity| {
        let has = |(kind, must): (&&str, &Option<Option<&str>>)| {
            let name = entity.get(*kind);
            name.is_some_and(|name| must.is_none_or(|must| must == name.as_deref()))
        };
        (!strict || entity.len() == wanted.len()) && wanted.iter().all(has)
    };
    quotas
        .iter()
        .filter(|(entity, _)| fits(entity))
        .map(|(entity, map)| shown(entity, map))
        .collect()
}

fn shown(entity: &QuotaEntity, quotas: &QuotaMap) -> EntryData {
    let part = |(kind, name): (&String, &Option<String>)| EntityData {
        entity_type: kind.clone(),
        entity_name: name.clone(),
        ..Default::default()
    };
    let value = |(key, value): (&String, &f64)| ValueData {
        key: key.clone(),
        value: *value,
        ..Default::default()
    };
    EntryData {
        entity: entity.iter().map(part).collect(),
        values: quotas.iter().map(value).collect(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(kind: &str, match_type: i8, name: Option<&str>) -> ComponentData {
        ComponentData {
            entity_type: kind.to_owned(),
            match_type,
            r#match: name.map(str::to_owned),
            ..Default::default()
        }
    }

    #[test]
    fn filters_choose_as_kafkas() {
        let mut quotas = ClientQuotasImage::default();
        for (user, client) in [
            (Some(Some("u")), None),
            (Some(Some("u")), Some(None)),
            (Some(None), None),
            (None, Some(Some("c"))),
        ] {
            let part = |kind: &str, name: Option<Option<&str>>| {
                name.map(|name| (kind.to_owned(), name.map(str::to_owned)))
            };
            let entity: QuotaEntity =
                part("user", user).into_iter().chain(part("client-id", client)).collect();
            quotas.set(&entity, "producer_byte_rate", Some(1.0));
        }
        let count = |components: &[ComponentData], strict| {
            matching(&quotas, &wanted(components).expect("a filter"), strict).len()
        };
        assert_eq!(count(&[], false), 4);
        assert_eq!(count(&[], true), 0);
        assert_eq!(count(&[component("user", 0, Some("u"))], false), 2);
        assert_eq!(count(&[component("user", 0, Some("u"))], true), 1);
        assert_eq!(count(&[component("user", 1, None)], false), 1);
        assert_eq!(count(&[component("user", 2, None)], false), 3);
        assert_eq!(count(&[component("user", 2, None), component("client-id", 1, None)], true), 1);
    }

    #[test]
    fn filters_are_refused_as_kafkas() {
        let says = |components: &[ComponentData]| {
            wanted(components).expect_err("it makes no sense").text().to_owned()
        };
        assert_eq!(says(&[component("", 0, None)]), "Invalid empty entity type.");
        assert_eq!(says(&[component("x", 0, None)]), "Unsupported entity type x");
        assert_eq!(says(&[component("user", 7, None)]), "Unknown match type 7");
        assert_eq!(
            says(&[component("user", 0, None)]),
            "Request specified MATCH_TYPE_EXACT, but set match string to null."
        );
        assert_eq!(
            says(&[component("user", 1, Some("x"))]),
            "Request specified MATCH_TYPE_DEFAULT, but also specified a match string."
        );
        assert_eq!(
            says(&[component("user", 1, None), component("user", 2, None)]),
            "Entity type user cannot appear more than once in the filter."
        );
        assert!(
            says(&[component("user", 1, None), component("ip", 2, None)])
                .starts_with("Invalid entity filter")
        );
    }
}
