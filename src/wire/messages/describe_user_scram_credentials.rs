//! DescribeUserScramCredentials (API 50), version 0. Which SCRAM credentials users have (KIP-554).

use crate::wire::message::{message, request};

message! {
    /// What DescribeUserScramCredentials asks.
    DescribeUserScramCredentialsRequest (0..=0, flexible 0) {
        users: Option<Vec<UserName>> = Some(Vec::new());
    }

    /// One of the `users` of [`DescribeUserScramCredentialsRequest`].
    UserName {
        name: String;
    }

    /// What DescribeUserScramCredentials answers.
    DescribeUserScramCredentialsResponse (0..=0, flexible 0) {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        results: Vec<DescribeUserScramCredentialsResult>;
    }

    /// One of the `results` of [`DescribeUserScramCredentialsResponse`].
    DescribeUserScramCredentialsResult {
        user: String;
        error_code: i16;
        error_message: Option<String> = Some(String::new());
        credential_infos: Vec<CredentialInfo>;
    }

    /// One of the `credential_infos` of [`DescribeUserScramCredentialsResult`].
    CredentialInfo {
        mechanism: i8;
        iterations: i32;
    }
}

request!(DescribeUserScramCredentials: DescribeUserScramCredentialsRequest => DescribeUserScramCredentialsResponse);
