//! The node that is measured, as a process of its own with a directory of its own. Killed in the end.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// See the module.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Process {
    /// Starts it with these settings, and returns when it serves.
    pub(crate) fn start(dir: &Path, settings: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vltava"))
            .args(["dev", "--port", "0", "--dir"])
            .arg(dir)
            .args(settings.iter().flat_map(|setting| ["--override", setting]))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let said = BufReader::new(child.stdout.take().expect("its output"));
        let line = said
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with("vltava is running: "))
            .expect("a node that serves");
        let address = line.rsplit(' ').next().expect("an address").to_owned();
        Self { child, address }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
