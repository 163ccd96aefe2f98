//! DescribeUserScramCredentials (50), version 0: which SCRAM credentials users have (KIP-554). Never their keys.

use std::collections::BTreeMap;

use super::context::Call;
use super::permissions;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::wire::messages::describe_user_scram_credentials::{
    CredentialInfo, DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult, UserName,
};

pub(crate) async fn handle(
    call: Call,
    request: DescribeUserScramCredentialsRequest,
) -> DescribeUserScramCredentialsResponse {
    if let Err(code) = call.check_cluster(&permissions::DESCRIBE_SCRAM) {
        return DescribeUserScramCredentialsResponse {
            error_code: code.code(),
            error_message: Some(code.message().to_owned()),
            ..Default::default()
        };
    }
    answer(&call.context.image(), request.users.as_deref().unwrap_or_default())
}

/// The credentials of the users that are asked for, or of all.
fn answer(image: &Image, asked: &[UserName]) -> DescribeUserScramCredentialsResponse {
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    if asked.is_empty() {
        users.extend(image.scram.iter().map(|(_, user, _)| (&**user, 1)));
    }
    for user in asked {
        *users.entry(&user.name).or_default() += 1;
    }
    let results = users.into_iter().map(|(user, times)| describe(image, user, times > 1));
    DescribeUserScramCredentialsResponse {
        error_message: None,
        results: results.collect(),
        ..Default::default()
    }
}

fn describe(image: &Image, user: &str, again: bool) -> DescribeUserScramCredentialsResult {
    let info = |(mechanism, _, credential): (i8, _, &std::sync::Arc<_>)| CredentialInfo {
        mechanism,
        iterations: iterations(credential),
        ..Default::default()
    };
    let credential_infos: Vec<_> =
        image.scram.iter().filter(|(_, name, _)| ***name == *user).map(info).collect();
    let refused = |code: ErrorCode, why: &str| DescribeUserScramCredentialsResult {
        user: user.to_owned(),
        error_code: code.code(),
        error_message: Some(format!("{why}{user}")),
        ..Default::default()
    };
    if again {
        let why = "Cannot describe SCRAM credentials for the same user twice in a single request: ";
        return refused(ErrorCode::DuplicateResource, why);
    }
    if credential_infos.is_empty() {
        let why = "Attempt to describe a user credential that does not exist: ";
        return refused(ErrorCode::ResourceNotFound, why);
    }
    DescribeUserScramCredentialsResult {
        user: user.to_owned(),
        error_message: None,
        credential_infos,
        ..Default::default()
    }
}

fn iterations(credential: &crate::metadata::access::ScramCredential) -> i32 {
    credential.iterations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Delta;
    use crate::wire::stored::metadata::{MetadataRecord, UserScramCredentialRecord};

    #[test]
    fn users_are_told_with_what_they_have() {
        let mut delta = Delta::new(&Image::default());
        for (user, mechanism) in [("u", 1), ("u", 2), ("v", 2)] {
            let record = UserScramCredentialRecord {
                name: user.to_owned(),
                mechanism,
                iterations: 4096,
                ..Default::default()
            };
            delta.replay(&MetadataRecord::UserScramCredential(record)).expect("a credential");
        }
        let ask = |names: &[&str]| {
            let user = |name: &&str| UserName { name: (*name).to_owned(), ..Default::default() };
            let asked: Vec<_> = names.iter().map(user).collect();
            let results = answer(delta.image(), &asked).results.into_iter();
            let shown = results.map(|one| {
                let mechanisms: Vec<_> =
                    one.credential_infos.iter().map(|info| info.mechanism.to_string()).collect();
                format!("{}:{}:{}", one.user, one.error_code, mechanisms.join("+"))
            });
            shown.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ask(&[]), "u:0:1+2 v:0:2");
        assert_eq!(ask(&["v", "w", "u", "u"]), "u:92: v:0:2 w:91:");
    }
}
