//! Which quota holds for whom: of Kafka's eight levels the narrowest that says something.
//!
//! user and client id; user and the default client id; user; default user and client id; default user and default
//! client id; default user; client id; default client id.

use std::collections::HashMap;
use std::net::IpAddr;

use super::{Kind, Who, keys};
use crate::metadata::quotas::{ClientQuotasImage, QuotaEntity};

/// The quota that holds, and who shares it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found<'a> {
    /// The user whose use is measured; empty where all users' is.
    pub(super) user: &'a str,
    /// The client id whose use is measured; empty where all clients' is.
    pub(super) client_id: &'a str,
    /// By second.
    pub(super) limit: Option<f64>,
}

/// The quota of an address.
#[derive(Clone, Debug)]
pub(super) struct FoundAddress {
    ip: String,
    pub(super) limit: Option<f64>,
}

impl FoundAddress {
    pub(super) fn as_found(&self) -> Found<'_> {
        Found { user: "", client_id: &self.ip, limit: self.limit }
    }
}

/// By client id, and for all that are not named.
#[derive(Debug, Default)]
struct Clients {
    /// By second, as all limits here.
    named: HashMap<String, f64>,
    default: Option<f64>,
}

impl Clients {
    fn find(&self, client_id: &str) -> Option<f64> {
        if client_id.is_empty() {
            return None;
        }
        self.named.get(client_id).copied().or(self.default)
    }

    fn set(&mut self, name: Option<&String>, limit: f64) {
        match name {
            Some(name) => drop(self.named.insert(name.clone(), limit)),
            None => self.default = Some(limit),
        }
    }
}

/// Of one user, or of all that are not named.
#[derive(Debug, Default)]
struct User {
    /// Whatever the client id.
    own: Option<f64>,
    clients: Clients,
}

#[derive(Debug, Default)]
struct OfKind {
    users: HashMap<String, User>,
    default_user: User,
    clients: Clients,
    /// Whether there are quotas of users, of users with clients, and of clients.
    levels: [bool; 3],
}

impl OfKind {
    fn set(&mut self, entity: &QuotaEntity, limit: f64) {
        let (user, client) = (entity.get(keys::USER), entity.get(keys::CLIENT_ID));
        let Some(user) = user else {
            if let Some(client) = client {
                self.clients.set(client.as_ref(), limit);
                self.levels[2] = true;
            }
            return;
        };
        let user = match user {
            Some(name) => self.users.entry(name.clone()).or_default(),
            None => &mut self.default_user,
        };
        match client {
            Some(client) => user.clients.set(client.as_ref(), limit),
            None => user.own = Some(limit),
        }
        self.levels[usize::from(client.is_some())] = true;
    }

    fn find<'a>(&self, who: Who<'a>) -> Found<'a> {
        let Who { user, client_id } = who;
        for level in self.users.get(user).into_iter().chain([&self.default_user]) {
            if let Some(limit) = level.clients.find(client_id) {
                return Found { user, client_id, limit: Some(limit) };
            }
            if let Some(limit) = level.own {
                return Found { user, client_id: "", limit: Some(limit) };
            }
        }
        if let Some(limit) = self.clients.find(client_id) {
            return Found { user: "", client_id, limit: Some(limit) };
        }
        // Nothing holds; whose use is shown depends on what there is for others.
        match self.levels {
            [true, false, false] => Found { user, client_id: "", limit: None },
            [false, true, false] => Found { user, client_id, limit: None },
            _ => Found { user: "", client_id, limit: None },
        }
    }
}

/// All quotas.
#[derive(Debug, Default)]
pub(super) struct Limits {
    kinds: [OfKind; 4],
    addresses: HashMap<IpAddr, f64>,
    default_address: Option<f64>,
}

impl Limits {
    pub(super) fn of(image: &ClientQuotasImage) -> Self {
        let mut limits = Self::default();
        for (entity, quotas) in image.iter() {
            if let Some(ip) = entity.get(keys::IP) {
                let Some(limit) = quotas.get(keys::CONNECTION_CREATION_RATE) else { continue };
                limits.set_address(ip.as_deref(), *limit);
                continue;
            }
            for kind in Kind::ALL {
                if let Some(limit) = quotas.get(kind.key()) {
                    limits.kinds[kind as usize].set(entity, *limit);
                }
            }
        }
        limits
    }

    fn set_address(&mut self, ip: Option<&str>, limit: f64) {
        match ip.map(str::parse::<IpAddr>) {
            Some(Ok(ip)) => drop(self.addresses.insert(ip.to_canonical(), limit)),
            None => self.default_address = Some(limit),
            // A name that only a resolver would know holds for nobody.
            Some(Err(_)) => {}
        }
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.kinds[kind as usize].levels.contains(&true)
    }

    pub(super) fn has_addresses(&self) -> bool {
        self.default_address.is_some() || !self.addresses.is_empty()
    }

    pub(super) fn find<'a>(&self, kind: Kind, who: Who<'a>) -> Found<'a> {
        self.kinds[kind as usize].find(who)
    }

    pub(super) fn find_address(&self, ip: IpAddr) -> FoundAddress {
        let limit = self.addresses.get(&ip).copied().or(self.default_address);
        FoundAddress { ip: ip.to_string(), limit }
    }
}
