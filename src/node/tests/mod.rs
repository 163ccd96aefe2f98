//! Whole nodes in this process: what they survive, and what their tree looks like.

mod at_rest;
mod disk;
mod harness;
mod heartbeats;
mod moves;
mod own_writes;
mod panics;
mod quotas;
mod requests;
mod simulation;
mod tree;
