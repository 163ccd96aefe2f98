//! The machine, by golden scripts: what happens to a node, and what it does about it.

use std::fmt::Write as _;

use goldenscript::Command;

use super::machine::{LeaderAndEpoch, Machine, Role, Settings};
use super::quorum_state::ElectionState;
use super::shape::{OffsetAndEpoch, Shape};
use super::step::{Event, Fetched};
use super::voters::{ReplicaKey, VoterSet};
use crate::testing::{Outcome, scripts};
use crate::types::{Millis, Uuid};

/// One machine and its time.
#[derive(Default)]
struct Node {
    machine: Option<Machine>,
    now: Millis,
}

fn position(text: &str) -> Outcome<OffsetAndEpoch> {
    let (offset, epoch) = text.split_once('@').ok_or("offset@epoch")?;
    Ok(OffsetAndEpoch::new(offset.parse()?, epoch.parse()?))
}

/// `node id= voters=1,2 [epoch=] [log=10@1,20@3] [bootstrap=]`: each log entry is where an epoch ends.
fn node(command: &Command) -> Outcome<Machine> {
    let mut args = command.consume_args();
    let id = args.lookup_parse("id")?.unwrap_or(1);
    let voters: String = args.lookup_parse("voters")?.unwrap_or_default();
    let epoch = args.lookup_parse("epoch")?.unwrap_or(0);
    let log: String = args.lookup_parse("log")?.unwrap_or_default();
    let bootstrap = args.lookup_parse("bootstrap")?.unwrap_or(false);
    args.reject_rest()?;
    let mut shape = Shape::default();
    for end in log.split(',').filter(|end| !end.is_empty()) {
        let OffsetAndEpoch { offset, epoch } = position(end)?;
        shape.append(epoch, offset - shape.end);
    }
    shape.synced = shape.end;
    let ids = voters
        .split(',')
        .filter(|id| !id.is_empty())
        .map(str::parse)
        .collect::<Result<Vec<i32>, _>>()?;
    let voters = VoterSet::fixed("CONTROLLER", ids.into_iter().map(|id| (id, "localhost", 9093)));
    let settings = Settings {
        me: ReplicaKey::new(id, Uuid::ZERO),
        fetch_timeout_ms: 2_000,
        retry_backoff_ms: 20,
    };
    Ok(Machine::new(
        settings,
        voters,
        bootstrap,
        ElectionState { epoch, ..Default::default() },
        shape,
    ))
}

fn fetched(command: &Command) -> Outcome<Event> {
    let mut args = command.consume_args();
    let mut fetched = Fetched {
        leader: LeaderAndEpoch {
            leader_id: args.lookup_parse("leader")?,
            epoch: args.lookup_parse("epoch")?.unwrap_or(0),
        },
        high_watermark: args.lookup_parse("hw")?,
        ..Default::default()
    };
    if let Some(code) = args.lookup_parse("error")? {
        fetched.code = crate::error::ErrorCode::from_code(code);
    }
    if let Some(at) = args.lookup_parse::<String>("diverging")? {
        fetched.diverging = Some(position(&at)?);
    }
    if let Some(at) = args.lookup_parse::<String>("snapshot")? {
        fetched.snapshot = Some(position(&at)?);
    }
    for batch in args.rest_pos() {
        let (range, epoch) = batch.value.split_once('@').ok_or("first-last@epoch")?;
        let (first, last) = range.split_once('-').ok_or("first-last@epoch")?;
        fetched.batches.push((epoch.parse()?, first.parse()?, last.parse()?));
    }
    args.reject_rest()?;
    Ok(Event::Fetched(fetched))
}

fn event(command: &Command) -> Outcome<Event> {
    if command.name == "fetched" {
        return fetched(command);
    }
    let mut args = command.consume_args();
    let ticket = args.lookup_parse("ticket")?.unwrap_or(0);
    let epoch = args.lookup_parse("epoch")?.unwrap_or(0);
    let leader_id = args.lookup_parse("leader")?.unwrap_or(-1);
    let at = |text: Option<String>| position(&text.ok_or("at=offset@epoch")?);
    let event = match command.name.as_str() {
        "start" => Event::Start,
        "tick" => Event::Tick,
        "propose" => {
            let (first, count) =
                (args.lookup_parse("first")?, args.lookup_parse("count")?.unwrap_or(1));
            Event::Propose { ticket, epoch, first, count }
        }
        "synced" => Event::Synced { end: args.next_pos().ok_or("end")?.parse()? },
        "fetch" => {
            let replica = args.lookup_parse("replica")?.map(|id| ReplicaKey::new(id, Uuid::ZERO));
            Event::Fetch { ticket, replica, epoch, position: at(args.lookup_parse("at")?)? }
        }
        "fetch_failed" => Event::FetchFailed,
        "snapshot_fetched" => Event::SnapshotFetched(at(args.lookup_parse("at")?)?),
        "snapshot_written" => Event::SnapshotWritten(at(args.lookup_parse("at")?)?),
        "cleaned" => Event::Cleaned {
            start: args.lookup_parse("start")?.ok_or("start")?,
            oldest: at(args.lookup_parse("at")?)?,
        },
        "vote" => {
            let id = args.lookup_parse("candidate")?.unwrap_or(-1);
            let candidate = ReplicaKey::new(id, Uuid::ZERO);
            let last = args.lookup_parse::<String>("last")?.unwrap_or("0@0".to_owned());
            let voter = ReplicaKey::new(args.lookup_parse("voter")?.unwrap_or(-1), Uuid::ZERO);
            let pre_vote = args.lookup_parse("pre")?.unwrap_or(false);
            Event::Vote { ticket, candidate, epoch, last: position(&last)?, voter, pre_vote }
        }
        "begin_epoch" => {
            let voter = ReplicaKey::new(args.lookup_parse("voter")?.unwrap_or(-1), Uuid::ZERO);
            Event::BeginEpoch { ticket, leader_id, epoch, voter }
        }
        "end_epoch" => Event::EndEpoch { ticket, leader_id, epoch },
        "stop" => Event::Stop,
        other => return Err(format!("unknown command {other}").into()),
    };
    args.reject_rest()?;
    Ok(event)
}

fn outline(machine: &Machine) -> String {
    let role = match machine.role() {
        Role::Unattached { .. } => "unattached".to_owned(),
        Role::Follower(follower) => format!("follower of {}", follower.leader_id),
        Role::Leader(leader) => format!("leader, {} waiting", leader.waiting.len()),
        Role::Resigned { .. } => "resigned".to_owned(),
    };
    let shape = machine.shape();
    let high_watermark =
        machine.high_watermark().map_or("none".to_owned(), |offset| offset.to_string());
    format!(
        "{role} in epoch {}, log {}..{} synced {} high watermark {high_watermark}\n",
        machine.epoch(),
        shape.start,
        shape.end,
        shape.synced
    )
}

impl goldenscript::Runner for Node {
    fn run(&mut self, command: &Command) -> Outcome<String> {
        match command.name.as_str() {
            "node" => self.machine = Some(node(command)?),
            "at" => self.now = command.consume_args().next_pos().ok_or("time")?.parse()?,
            "status" => return Ok(outline(self.machine.as_ref().ok_or("no node")?)),
            _ => {
                let event = event(command)?;
                let effects = self.machine.as_mut().ok_or("no node")?.step(event, self.now);
                let mut output = String::new();
                for effect in effects {
                    writeln!(output, "{effect:?}")?;
                }
                return Ok(output);
            }
        }
        Ok(String::new())
    }
}

scripts!("raft/scripts", Node::default(); single_voter serving_fetches observer strangers);
