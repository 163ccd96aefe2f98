//! AlterUserScramCredentials (API 51), version 0. Sets and removes SCRAM credentials (KIP-554).

use bytes::Bytes;

use crate::wire::message::{message, request};

message! {
    /// What AlterUserScramCredentials asks.
    AlterUserScramCredentialsRequest (0..=0, flexible 0) {
        deletions: Vec<ScramCredentialDeletion>;
        upsertions: Vec<ScramCredentialUpsertion>;
    }

    /// One of the `deletions` of [`AlterUserScramCredentialsRequest`].
    ScramCredentialDeletion {
        name: String;
        mechanism: i8;
    }

    /// One of the `upsertions` of [`AlterUserScramCredentialsRequest`].
    ScramCredentialUpsertion {
        name: String;
        mechanism: i8;
        iterations: i32;
        salt: Bytes;
        salted_password: Bytes;
    }

    /// What AlterUserScramCredentials answers.
    AlterUserScramCredentialsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        results: Vec<AlterUserScramCredentialsResult>;
    }

    /// One of the `results` of [`AlterUserScramCredentialsResponse`].
    AlterUserScramCredentialsResult {
        user: String;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
    }
}

request!(AlterUserScramCredentials: AlterUserScramCredentialsRequest => AlterUserScramCredentialsResponse);
