//! How a broker writes down a client's principal when it passes a request on in an Envelope (KIP-590): the version,
//! an i16, then this.

use crate::wire::message::message;

message! {
    /// A principal: its type, such as `User`, and its name.
    DefaultPrincipalData (0..=0, flexible 0) {
        r#type: String;
        name: String;
        token_authenticated: bool;
    }
}
