//! Schemas of principal.

use crate::wire::message::message;

message! {
    /// Kafka's DefaultPrincipalData.
    DefaultPrincipalData (0..=0, flexible 0) {
        r#type: String;
        name: String;
        token_authenticated: bool;
    }
}
