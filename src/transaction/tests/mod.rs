//! Tests of the transaction machine.
