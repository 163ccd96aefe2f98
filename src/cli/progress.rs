//! A bar that shows how far long work has come: on a terminal only, on standard error, and gone when the work is done.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use super::complain;

const INTERVAL: Duration = Duration::from_millis(200);
/// How many steps of many go by between two looks at the time.
const STEPS: u64 = 1024;
const WIDTH: u64 = 30;

/// See the module.
pub(super) struct Progress {
    what: &'static str,
    total: u64,
    shown: bool,
    last: Instant,
}

impl Progress {
    /// A bar for so many of `what`. Nothing is shown before the first interval is over.
    pub(super) fn new(what: &'static str, total: u64) -> Self {
        let shown = std::io::stderr().is_terminal() && total < u64::MAX;
        Self { what, total, shown, last: Instant::now() }
    }

    /// As [`Progress::new`], for work that prints as it goes: nothing is shown where that goes to a terminal too.
    pub(super) fn beside_output(what: &'static str, total: u64) -> Self {
        let mut progress = Self::new(what, total);
        progress.shown &= !std::io::stdout().is_terminal();
        progress
    }

    /// So many are done.
    pub(super) fn at(&mut self, done: u64) {
        let is_one_of_many = self.total > STEPS * STEPS && !done.is_multiple_of(STEPS);
        if !self.shown || is_one_of_many || self.last.elapsed() < INTERVAL {
            return;
        }
        self.last = Instant::now();
        complain(&format!("\r{}", bar(self.what, done, self.total)));
    }

    /// The work is done: the bar goes.
    pub(super) fn end(&mut self) {
        if self.shown {
            complain("\r\x1b[K");
        }
    }
}

fn bar(what: &str, done: u64, total: u64) -> String {
    let total = total.max(1);
    let filled = (done.min(total) * WIDTH / total) as usize;
    let empty = WIDTH as usize - filled;
    let percent = done.min(total) * 100 / total;
    format!("[{}{}] {percent:3} %  {done} {what}", "=".repeat(filled), " ".repeat(empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        assert_eq!(
            bar("records", 512, 1024),
            format!("[{}{}]  50 %  512 records", "=".repeat(15), " ".repeat(15))
        );
        assert!(bar("records", 7, 7).contains("100 %"));
    }
}
