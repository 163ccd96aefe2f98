//! Tests of consumer groups: random histories, large groups, assignments.

mod assignors;
mod client;
mod fuzz;
mod migration;
pub(super) mod scripting;
mod size;
