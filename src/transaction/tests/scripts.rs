//! Golden scripts: one for each part of the protocol, in `scripts/`. `UPDATE_GOLDENFILES=1` writes them anew.
//!
//! Lines that begin with `>` are records; lines that begin with `#` are answers, by the number of the request.

use std::fmt::Write as _;
use std::sync::Arc;

use goldenscript::{ArgumentConsumer, Command, Runner};

use super::super::list::Filters;
use super::super::request::{Markers, Producer, TransactionReply, TransactionRequest, Written};
use super::super::settings::Settings;
use super::super::state::{Partitions, Status, Transaction};
use super::shard::{BEGIN, Replies, Shard, read};
use crate::error::ErrorCode;
use crate::testing::{Outcome, named, number, scripts, word};
use crate::types::TopicPartition;
use crate::wire::messages::list_transactions::ListTransactionsRequest;

struct Script {
    shard: Shard,
    shown: usize,
}

/// `id/epoch`.
fn producer(text: &str) -> Outcome<Producer> {
    let (id, epoch) = text.split_once('/').ok_or("a producer is id/epoch")?;
    Ok((id.parse()?, epoch.parse()?))
}

/// `topic-0`.
fn partition(text: &str) -> Outcome<TopicPartition> {
    let (topic, partition) = text.rsplit_once('-').ok_or("a partition is topic-number")?;
    Ok(TopicPartition { topic: topic.into(), partition: partition.parse()? })
}

fn shown(partitions: &Partitions) -> String {
    let of_topic = |(topic, numbers): (&Arc<str>, &std::collections::BTreeSet<i32>)| {
        numbers.iter().map(|number| format!("{topic}-{number}")).collect::<Vec<_>>()
    };
    partitions.iter().flat_map(of_topic).collect::<Vec<_>>().join(" ")
}

fn outcome(result: &Result<Producer, ErrorCode>) -> String {
    match result {
        Ok((id, epoch)) => format!("{id}/{epoch}"),
        Err(code) => code.name().into(),
    }
}

fn marker(one: &Markers) -> String {
    let end = if one.committed { "commit" } else { "abort" };
    format!(
        "\n  {} {}/{} {end} v{} {}",
        one.transactional_id,
        one.producer_id,
        one.producer_epoch,
        one.client_version,
        shown(&one.partitions)
    )
}

fn reply(reply: &TransactionReply) -> String {
    match reply {
        TransactionReply::Init(result) => format!("init {}", outcome(result)),
        TransactionReply::End(result) => format!("end {}", outcome(result)),
        TransactionReply::AddPartitions(answers) => {
            let answer = |(one, code): &(TopicPartition, ErrorCode)| {
                format!(" {}-{}={}", one.topic, one.partition, code.name())
            };
            format!("add{}", answers.iter().map(answer).collect::<String>())
        }
        TransactionReply::NeedsProducerId => "needs a producer id".into(),
        TransactionReply::Describe(one) => {
            let code = ErrorCode::from_code(one.error_code).expect("a known code");
            format!(
                "describe {} {} {} {}/{} timeout={} started={} topics={}",
                one.transactional_id,
                code.name(),
                one.transaction_state,
                one.producer_id,
                one.producer_epoch,
                one.transaction_timeout_ms,
                since(one.transaction_start_time_ms),
                one.topics.len()
            )
        }
        TransactionReply::List(found) => {
            let one = found.iter().map(|one| {
                format!(
                    "\n  {} {} {}",
                    one.transactional_id, one.producer_id, one.transaction_state
                )
            });
            format!("list{}", one.collect::<String>())
        }
        TransactionReply::Markers { markers, needs_producer_id } => {
            let wants = if *needs_producer_id { " wants a producer id" } else { "" };
            format!("markers{wants}{}", markers.iter().map(marker).collect::<String>())
        }
        TransactionReply::Done => "done".into(),
        TransactionReply::Survey(counts) => format!("survey {counts:?}"),
        TransactionReply::Refused(code) => code.name().into(),
    }
}

fn since(at: i64) -> i64 {
    if at < 0 { at } else { at - BEGIN }
}

impl Script {
    fn new() -> Self {
        Self { shard: Shard::new(Settings::default(), 2), shown: 0 }
    }

    fn ask(&mut self, request: TransactionRequest) -> String {
        let replies = self.shard.ask(request);
        self.after(&replies)
    }

    fn after(&mut self, replies: &Replies) -> String {
        let mut out = String::new();
        for (_, record) in &self.shard.log[self.shown..] {
            let (id, picture) = read(record);
            let line = match picture {
                None => format!("> {id} forgotten"),
                Some(one) => format!(
                    "> {id} {} {}/{} previous={} next={} v{} timeout={} started={} updated={} [{}]",
                    one.status.name(),
                    one.producer_id,
                    one.producer_epoch,
                    one.previous_producer_id,
                    one.next_producer_id,
                    one.client_version,
                    one.timeout_ms,
                    since(one.started_ms),
                    since(one.updated_ms),
                    shown(&one.partitions)
                ),
            };
            writeln!(out, "{line}").expect("a string takes all");
        }
        self.shown = self.shard.log.len();
        for (ticket, answer) in replies {
            writeln!(out, "#{} {}", ticket.0, reply(answer)).expect("a string takes all");
        }
        if self.shard.open.contains(&self.shard.last()) {
            writeln!(out, "#{} waits", self.shard.last().0).expect("a string takes all");
        }
        out
    }

    fn init(&mut self, args: &mut ArgumentConsumer<'_>) -> Outcome<String> {
        let (id, timeout_ms) = (word(args)?, number(args, "timeout", 60_000)?);
        let expected = args.lookup("as").map(|text| producer(&text.value)).transpose()?;
        let replies = self.shard.ask_fully(|fresh_id| TransactionRequest::Init {
            transactional_id: id.clone(),
            timeout_ms,
            expected,
            fresh_id,
        });
        Ok(self.after(&replies))
    }

    fn add(&mut self, args: &mut ArgumentConsumer<'_>, verify_only: bool) -> Outcome<String> {
        let (id, (producer_id, producer_epoch)) = (word(args)?, producer(&word(args)?)?);
        let client_version = number(args, "version", 0)?;
        let named = args.rest_pos();
        let partitions: Outcome<_> = named.iter().map(|one| partition(&one.value)).collect();
        Ok(self.ask(TransactionRequest::AddPartitions {
            transactional_id: id,
            producer_id,
            producer_epoch,
            partitions: partitions?,
            verify_only,
            client_version,
        }))
    }

    fn end(&mut self, args: &mut ArgumentConsumer<'_>, committed: bool) -> Outcome<String> {
        let (id, (producer_id, producer_epoch)) = (word(args)?, producer(&word(args)?)?);
        let client_version = number(args, "version", 2)?;
        let replies = self.shard.ask_fully(|fresh_id| TransactionRequest::End {
            transactional_id: id.clone(),
            producer_id,
            producer_epoch,
            committed,
            client_version,
            fresh_id,
        });
        Ok(self.after(&replies))
    }

    fn list(&mut self, args: &mut ArgumentConsumer<'_>) -> Outcome<String> {
        let request = ListTransactionsRequest {
            state_filters: named(args, "state").into_iter().collect(),
            producer_id_filters: args.lookup_parse("producer")?.into_iter().collect(),
            duration_filter: number(args, "longer", -1)?,
            transactional_id_pattern: named(args, "pattern"),
            ..Default::default()
        };
        let unknown = Filters::unknown_states(&request);
        let out = match Filters::new(request) {
            Ok(filters) => self.ask(TransactionRequest::List(Arc::new(filters))),
            Err(code) => format!("{}\n", code.name()),
        };
        Ok(unknown.iter().map(|name| format!("unknown: {name}\n")).collect::<String>() + &out)
    }

    /// Somebody else wrote: `put id 5/3 Ongoing t-0`.
    fn put(&mut self, args: &mut ArgumentConsumer<'_>) -> Outcome<String> {
        let (id, (producer_id, producer_epoch)) = (word(args)?, producer(&word(args)?)?);
        let name = word(args)?;
        let status = Status::ALL.into_iter().find(|status| status.name() == name);
        let mut picture = Transaction::new(producer_id, 60_000, self.shard.now);
        picture.producer_epoch = producer_epoch;
        picture.status = status.ok_or("no such state")?;
        picture.client_version = number(args, "version", 0)?;
        picture.started_ms = self.shard.now;
        for named in args.rest_pos() {
            let one = partition(&named.value)?;
            picture.partitions.entry(one.topic.into()).or_default().insert(one.partition);
        }
        self.shard.put_picture(&id, &picture);
        Ok(self.after(&Vec::new()))
    }
}

impl Runner for Script {
    fn run(&mut self, command: &Command) -> Outcome<String> {
        let mut args = command.consume_args();
        let out = match command.name.as_str() {
            "init" => self.init(&mut args)?,
            "add" => self.add(&mut args, false)?,
            "verify" => self.add(&mut args, true)?,
            "commit" => self.end(&mut args, true)?,
            "abort" => self.end(&mut args, false)?,
            "await" => {
                let afresh = args.lookup_parse("afresh")?.unwrap_or(false);
                let max = number(&mut args, "max", 10)?;
                self.ask(TransactionRequest::AwaitMarkers { afresh, max })
            }
            "written" => {
                let (id, (producer_id, producer_epoch)) =
                    (word(&mut args)?, producer(&word(&mut args)?)?);
                let transactional_id = id.as_str().into();
                let one = Written { transactional_id, producer_id, producer_epoch };
                self.ask(TransactionRequest::MarkersWritten(vec![one]))
            }
            "producer" => {
                let id = self.shard.fresh_id();
                self.ask(TransactionRequest::ProducerId(id))
            }
            "describe" => {
                let transactional_id = word(&mut args)?;
                self.ask(TransactionRequest::Describe { transactional_id })
            }
            "list" => self.list(&mut args)?,
            "survey" => self.ask(TransactionRequest::Survey),
            "put" => self.put(&mut args)?,
            "level" => {
                self.shard.set_level(word(&mut args)?.parse()?);
                String::new()
            }
            "reload" => {
                self.shard.reload();
                String::new()
            }
            "advance" => {
                let replies = self.shard.advance(word(&mut args)?.parse()?);
                self.after(&replies)
            }
            name => return Err(format!("no command {name}").into()),
        };
        args.reject_rest()?;
        Ok(out)
    }
}

scripts! {
    "transaction/tests/scripts", Script::new();
    life version_2 version_1 fencing exhaustion time_outs expiry markers listing
}
