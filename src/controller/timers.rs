//! When the active controller does something unasked: balance leaders, elect uncleanly, show that it is alive. Only
//! the times; what is done is elsewhere.
//!
//! | what | key | default |
//! |---|---|---|
//! | leaders back to the first replica | `leader.imbalance.check.interval.seconds` | 5 min |
//! | unclean elections, where topics allow them | `unclean.leader.election.interval.ms` | 5 min |
//! | a record that says nothing, so that followers see the log move | `metadata.max.idle.interval.ms` | 500 ms |

use crate::controller::machine::Settings;
use crate::types::Millis;

/// The next time of each periodic task; none for those that are off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    balance: Option<Millis>,
    unclean: Option<Millis>,
    idle: Option<Millis>,
}

impl Timers {
    /// All timers, set at the beginning of a leadership.
    pub(crate) fn starting(settings: &Settings, now: Millis) -> Self {
        Self {
            balance: settings.balance_interval_ms.map(|interval| now + interval),
            unclean: Some(now + settings.unclean_interval_ms),
            idle: settings.idle_interval_ms.map(|interval| now + interval),
        }
    }

    /// Something was written: the log is not idle.
    pub(crate) fn wrote(&mut self, settings: &Settings, now: Millis) {
        if self.idle.is_some() {
            self.idle = settings.idle_interval_ms.map(|interval| now + interval);
        }
    }

    /// Whether leaders are to be balanced now; sets the next time.
    pub(crate) fn take_balance(&mut self, settings: &Settings, now: Millis) -> bool {
        take(&mut self.balance, settings.balance_interval_ms, now)
    }

    /// Whether unclean elections are to be tried now; sets the next time.
    pub(crate) fn take_unclean(&mut self, settings: &Settings, now: Millis) -> bool {
        take(&mut self.unclean, Some(settings.unclean_interval_ms), now)
    }

    /// Whether the log was idle for too long; sets the next time.
    pub(crate) fn take_idle(&mut self, settings: &Settings, now: Millis) -> bool {
        take(&mut self.idle, settings.idle_interval_ms, now)
    }

    /// There was more to balance than one pass does.
    pub(crate) fn balance_again(&mut self, now: Millis) {
        self.balance = Some(now);
    }

    /// There was more to elect than one pass does.
    pub(crate) fn unclean_again(&mut self, now: Millis) {
        self.unclean = Some(now);
    }

    /// The earliest time of any.
    pub(crate) fn next(&self) -> Option<Millis> {
        [self.balance, self.unclean, self.idle].into_iter().flatten().min()
    }
}

fn take(timer: &mut Option<Millis>, interval_ms: Option<Millis>, now: Millis) -> bool {
    let due = timer.is_some_and(|at| at <= now);
    if due {
        *timer = interval_ms.map(|interval| now + interval);
    }
    due
}
