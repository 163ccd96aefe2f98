//! Principals, ACLs, quotas, credentials: decisions and arithmetic only. Never a file and never a socket.

// Whether somebody may do something.
pub mod authorizer;
// Which entries somebody means.
pub mod filter;
// Keys of SCRAM.
pub mod scram;
// Kinds of resources, patterns, operations, permissions.
pub mod vocabulary;

#[cfg(test)]
mod tests;
