//! The `vltava` binary: arguments to a command, a command to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let code = vltava::cli::run(&arguments);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
