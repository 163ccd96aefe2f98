//! Tests of consumer groups: random histories, large groups, assignments.

mod assignors;
mod classic;
mod client;
mod fuzz;
mod invariants;
mod leaving;
mod migration;
pub(super) mod scripting;
mod size;
