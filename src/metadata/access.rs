//! SCRAM credentials and delegation tokens, as data. Never a decision: `security` makes them.
//!
//! Secrets stay out of the log: none of these types shows them when it is printed.

use std::sync::Arc;

use bytes::Bytes;
use imbl::OrdMap;

use crate::types::Millis;

/// What a broker keeps of a user's password for one mechanism (RFC 5802).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ScramCredential {
    /// The random salt.
    pub salt: Bytes,
    /// The hash of the client's key.
    pub stored_key: Bytes,
    /// The server's key.
    pub server_key: Bytes,
    /// How often the password was hashed.
    pub iterations: i32,
}

impl std::fmt::Debug for ScramCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScramCredential")
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// SCRAM-SHA-256, as records and requests number it.
pub const SCRAM_SHA_256: i8 = 1;
/// SCRAM-SHA-512, as records and requests number it.
pub const SCRAM_SHA_512: i8 = 2;

/// Every SCRAM credential, by the mechanism's number and the user's name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ScramImage {
    mechanisms: OrdMap<i8, OrdMap<Arc<str>, Arc<ScramCredential>>>,
}

impl ScramImage {
    /// What `user` has for `mechanism`.
    pub fn get(&self, mechanism: i8, user: &str) -> Option<&Arc<ScramCredential>> {
        self.mechanisms.get(&mechanism)?.get(user)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.mechanisms.is_empty()
    }

    /// Every credential, by mechanism and user.
    pub fn iter(&self) -> impl Iterator<Item = (i8, &Arc<str>, &Arc<ScramCredential>)> {
        self.mechanisms
            .iter()
            .flat_map(|(&mechanism, users)| users.iter().map(move |(user, c)| (mechanism, user, c)))
    }

    pub(crate) fn insert(&mut self, mechanism: i8, user: &str, credential: ScramCredential) {
        self.mechanisms.entry(mechanism).or_default().insert(user.into(), Arc::new(credential));
    }

    pub(crate) fn remove(&mut self, mechanism: i8, user: &str) -> bool {
        let Some(users) = self.mechanisms.get_mut(&mechanism) else { return false };
        let removed = users.remove(user).is_some();
        if users.is_empty() {
            self.mechanisms.remove(&mechanism);
        }
        removed
    }
}

/// One delegation token (KIP-48), without its secret, which follows from the id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DelegationToken {
    /// Its id.
    pub token_id: String,
    /// As whom its bearer acts.
    pub owner: String,
    /// Who asked for it.
    pub requester: String,
    /// Who may renew it beside the owner.
    pub renewers: Vec<String>,
    /// When it was made.
    pub issue_timestamp: Millis,
    /// Beyond which it cannot be renewed.
    pub max_timestamp: Millis,
    /// When it ends unless renewed.
    pub expiration_timestamp: Millis,
}

/// Every delegation token, by id.
pub type DelegationTokensImage = OrdMap<String, Arc<DelegationToken>>;
