//! Principals, ACLs, quotas, credentials: decisions and arithmetic only. Never a file and never a socket.

/// Keys of SCRAM.
pub mod scram;
