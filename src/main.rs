//! The `vltava` binary: arguments to a command, a command to an exit code.

fn main() {}
