//! Asking the authorizer on behalf of a request, and the audit log. Without an authorizer everything is granted, at the
//! price of one branch. Decides nothing itself: `security` does.

use std::net::IpAddr;

use super::context::Call;
use super::permissions::{Ask, Voice};
use crate::error::{ApiError, ErrorCode};
use crate::security::authorizer::{Action, Authorizer, Rule, Subject};
use crate::security::vocabulary::{CLUSTER_NAME, ResourceType, bits};

/// The target of what is logged of decisions, as Kafka's logger is called: refusals at info, grants at debug, what
/// refuses or grants nothing by itself at trace.
pub const AUDIT: &str = "kafka.authorizer.logger";

impl Call {
    fn subject(&self) -> Subject<'_> {
        Subject { principal: &self.session.principal, host: &self.session.host }
    }

    /// Whether any request is judged at all.
    pub(crate) fn is_guarded(&self) -> bool {
        self.context.authorizer.is_some()
    }

    /// Whether who calls may do what `ask` says to `name`.
    pub(crate) fn may(&self, ask: &Ask, name: &str) -> bool {
        self.may_all(ask, name, 1)
    }

    /// The same for a thing that the request names `references` times.
    pub(crate) fn may_all(&self, ask: &Ask, name: &str, references: usize) -> bool {
        let Some(authorizer) = &self.context.authorizer else { return true };
        let action = Action { operation: ask.operation, resource_type: ask.resource_type, name };
        let image = self.context.image.load();
        let rule = authorizer.decide(&image, self.subject(), action);
        self.audit(ask, action, references, &rule);
        rule.is_allowed()
    }

    /// Whether who calls may do what `ask` says to the cluster.
    pub(crate) fn may_cluster(&self, ask: &Ask) -> bool {
        self.may(ask, CLUSTER_NAME)
    }

    /// The error of `ask` where who calls may not do it to `name`.
    pub(crate) fn check(&self, ask: &Ask, name: &str) -> Result<(), ErrorCode> {
        if self.may(ask, name) { Ok(()) } else { Err(ask.error) }
    }

    /// The error of `ask` where who calls may not do it to the cluster.
    pub(crate) fn check_cluster(&self, ask: &Ask) -> Result<(), ErrorCode> {
        self.check(ask, CLUSTER_NAME)
    }

    /// The error of `ask` in words, where who calls may not do it to the cluster.
    pub(crate) fn check_whole(&self, ask: &Ask) -> Result<(), ApiError> {
        self.check_cluster(ask).map_err(|code| ApiError::new(code, ask.refusal()))
    }

    /// Whether there may be any resource to which who calls may do what `ask` says.
    pub(crate) fn may_any(&self, ask: &Ask) -> bool {
        // Kafka's way to find out whether somebody may do all: a name that no rule is made for. Who may use that may
        // use any other that is not denied by name.
        const NOBODYS: &str = "hardcode";
        let Some(authorizer) = &self.context.authorizer else { return true };
        // Neither look is a decision yet, so neither is written to the audit log as a refusal.
        let quiet = Ask { voice: Voice::Quiet, ..*ask };
        self.may_all(&quiet, NOBODYS, 0) || {
            let image = self.context.image.load();
            let (operation, kind) = (ask.operation, ask.resource_type);
            authorizer.decide_by_resource_type(&image, self.subject(), operation, kind)
        }
    }

    /// What who calls may do to a resource, in bits (KIP-430).
    pub(crate) fn operations(&self, resource_type: ResourceType, name: &str) -> i32 {
        match &self.context.authorizer {
            None => bits(resource_type.operations().iter().copied()),
            Some(authorizer) => {
                let image = self.context.image.load();
                authorizer.operations(&image, self.subject(), resource_type, name)
            }
        }
    }

    /// What who calls may do to the cluster, in bits: nothing where `ask` is refused.
    pub(crate) fn cluster_operations(&self, ask: &Ask) -> i32 {
        if self.may_cluster(ask) { self.operations(ResourceType::Cluster, CLUSTER_NAME) } else { 0 }
    }

    fn audit(&self, ask: &Ask, action: Action<'_>, references: usize, rule: &Rule<'_>) {
        let line = Line { call: self, ask, action, references, rule };
        match (rule.is_allowed(), ask.voice) {
            (true, _) => tracing::debug!(target: AUDIT, "{line}"),
            (false, Voice::Loud) => tracing::info!(target: AUDIT, "{line}"),
            (false, Voice::Quiet) => tracing::trace!(target: AUDIT, "{line}"),
        }
    }
}

/// One decision in the words of Kafka's audit log.
struct Line<'a> {
    call: &'a Call,
    ask: &'a Ask,
    action: Action<'a>,
    references: usize,
    rule: &'a Rule<'a>,
}

impl std::fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Subject { principal, host } = self.call.subject();
        let verdict = if self.rule.is_allowed() { "Allowed" } else { "Denied" };
        write!(
            f,
            "Principal = {principal} is {verdict} operation = {} from host = {host} on resource = {}:LITERAL:{} \
             for request = {:?} with resourceRefCount = {} based on rule {}",
            self.action.operation.name(),
            self.action.resource_type.spelled(),
            self.action.name,
            self.ask.api,
            self.references,
            self.rule,
        )
    }
}

/// The authorizer that a configuration asks for.
pub fn authorizer(config: &crate::config::Config) -> Option<Authorizer> {
    config.has_authorizer().then(|| {
        let users = config.super_users().map(str::to_owned);
        Authorizer::new(users, config.allow_everyone_if_no_acl_found())
    })
}

/// An address as Java writes it, and so as access control entries have it: IPv6 in eight parts, without `::`.
pub fn host_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let parts = address.segments().map(|part| format!("{part:x}"));
            parts.join(":")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_javas() {
        let host = |text: &str| host_of(text.parse().expect("an address"));
        assert_eq!(host("127.0.0.1"), "127.0.0.1");
        assert_eq!(host("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(host("::1"), "0:0:0:0:0:0:0:1");
        assert_eq!(host("2001:db8::a:0:1"), "2001:db8:0:0:0:a:0:1");
    }
}
