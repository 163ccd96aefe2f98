//! The lifecycle, by golden scripts.

use std::fmt::Write as _;

use goldenscript::Command;

use super::lifecycle::{Event, Lifecycle, Settings, Standing};
use crate::error::ErrorCode;
use crate::testing::{Outcome, scripts};
use crate::types::{Millis, Uuid};

#[derive(Default)]
struct Broker {
    lifecycle: Option<Lifecycle>,
    now: Millis,
}

fn event(command: &Command) -> Outcome<Event> {
    let mut args = command.consume_args();
    let error = args.lookup_parse("error")?.and_then(ErrorCode::from_code);
    let event = match command.name.as_str() {
        "start" => Event::Start,
        "registered" => Event::Registered(match error {
            Some(code) => Err(code),
            None => Ok(args.lookup_parse("epoch")?.ok_or("epoch")?),
        }),
        "heard" => Event::Heard(match error {
            Some(code) => Err(code),
            None => Ok(Standing {
                caught_up: args.lookup_parse("caught_up")?.unwrap_or(false),
                fenced: args.lookup_parse("fenced")?.unwrap_or(true),
                should_shut_down: args.lookup_parse("should_shut_down")?.unwrap_or(false),
            }),
        }),
        "unanswered" => Event::Unanswered,
        "published" => Event::Published(args.next_pos().ok_or("offset")?.parse()?),
        "ready" => Event::Ready,
        "dirs_failed" => Event::DirsFailed(vec![Uuid::ONE]),
        "changed" => Event::Changed,
        "stop" => Event::Stop { controlled: args.lookup_parse("controlled")?.unwrap_or(true) },
        "tick" => Event::Tick,
        other => return Err(format!("unknown command {other}").into()),
    };
    args.reject_rest()?;
    Ok(event)
}

impl goldenscript::Runner for Broker {
    fn run(&mut self, command: &Command) -> Outcome<String> {
        match command.name.as_str() {
            "broker" => {
                let settings = Settings {
                    heartbeat_interval_ms: 2_000,
                    session_timeout_ms: 9_000,
                    registration_timeout_ms: 60_000,
                };
                let previous = command.consume_args().lookup_parse("previous_epoch")?;
                self.lifecycle = Some(Lifecycle::new(settings, previous));
            }
            "at" => self.now = command.consume_args().next_pos().ok_or("time")?.parse()?,
            _ => {
                let event = event(command)?;
                let lifecycle = self.lifecycle.as_mut().ok_or("no broker")?;
                let mut output = String::new();
                for effect in lifecycle.step(event, self.now) {
                    writeln!(output, "{effect:?}")?;
                }
                return Ok(output);
            }
        }
        Ok(String::new())
    }
}

scripts!("broker/scripts", Broker::default(); lifecycle);
