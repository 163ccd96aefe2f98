//! A producer that does as it is told, and loses answers now and then. Unless the coordinator itself aborted its
//! transaction or forgot its id, it must never be told that it is in the wrong.

use super::super::request::{Producer, TransactionReply, TransactionRequest};
use super::shard::{Replies, Shard};
use crate::error::ErrorCode;
use crate::random::Random;
use crate::types::TopicPartition;

/// Whose id it has; nobody else uses it.
pub(super) const ID: &str = "white";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It has no producer id.
    Begin,
    /// Between two transactions.
    Idle,
    Open,
    /// It asked for the end, and does not know what came of it.
    Ending(bool),
}

/// The client.
pub(super) struct Client {
    producer: Producer,
    version: i16,
    step: Step,
    /// The coordinator did something on its own: anything may be answered.
    pub(super) is_excused: bool,
}

impl Client {
    /// One that speaks this transaction version: 0 or 2.
    pub(super) fn new(version: i16) -> Self {
        Self { producer: (-1, -1), version, step: Step::Begin, is_excused: false }
    }

    /// Whether its epochs may be used up behind its back.
    pub(super) fn is_idle(&self) -> bool {
        self.step == Step::Idle && !self.is_excused
    }

    /// What it would have heard.
    pub(super) fn rename(&mut self, producer: Producer) {
        self.producer = producer;
    }

    /// Whether what it does next adds partitions, or ends as whom.
    pub(super) fn intent(&self) -> (bool, Option<(Producer, i16)>) {
        let ends = matches!(self.step, Step::Open | Step::Ending(_));
        (self.step != Step::Begin, ends.then_some((self.producer, self.version)))
    }

    /// Does the next thing. Gives the answers that others may learn from.
    pub(super) fn go_on(&mut self, shard: &mut Shard, dice: &mut Random) -> Replies {
        match self.step {
            Step::Begin => self.begin(shard, dice),
            Step::Open if dice.below(2) == 0 => {
                self.step = Step::Ending(dice.below(3) > 0);
                self.end(shard, dice)
            }
            Step::Idle | Step::Open => self.add(shard, dice),
            Step::Ending(_) => self.end(shard, dice),
        }
    }

    fn begin(&mut self, shard: &mut Shard, dice: &mut Random) -> Replies {
        let timeout_ms = *dice.one(&[20_000, 60_000]);
        let replies = shard.ask_fully(|fresh_id| TransactionRequest::Init {
            transactional_id: ID.into(),
            timeout_ms,
            expected: None,
            fresh_id,
        });
        match own(shard, &replies) {
            Some(TransactionReply::Init(Ok(producer))) => {
                self.producer = *producer;
                self.step = Step::Idle;
                self.is_excused = false;
            }
            Some(TransactionReply::Init(Err(ErrorCode::ConcurrentTransactions))) => {}
            other => panic!("to InitProducerId: {other:?}"),
        }
        replies
    }

    fn add(&mut self, shard: &mut Shard, dice: &mut Random) -> Replies {
        let partition = TopicPartition { topic: "t".into(), partition: dice.below(3) as i32 };
        let replies = shard.ask(TransactionRequest::AddPartitions {
            transactional_id: ID.into(),
            producer_id: self.producer.0,
            producer_epoch: self.producer.1,
            partitions: vec![partition],
            verify_only: false,
            client_version: self.version,
        });
        let Some(TransactionReply::AddPartitions(answers)) = own(shard, &replies) else {
            panic!("to AddPartitionsToTxn: {replies:?}")
        };
        match answers[0].1 {
            // Whether it hears of it or not: if not, it adds again.
            ErrorCode::None if dice.below(4) > 0 => self.step = Step::Open,
            ErrorCode::None => {}
            ErrorCode::ConcurrentTransactions if self.step == Step::Idle => {}
            code => self.is_refused(code),
        }
        replies
    }

    fn end(&mut self, shard: &mut Shard, dice: &mut Random) -> Replies {
        let Step::Ending(committed) = self.step else { return Vec::new() };
        let (producer_id, producer_epoch) = self.producer;
        let client_version = self.version;
        let replies = shard.ask_fully(|fresh_id| TransactionRequest::End {
            transactional_id: ID.into(),
            producer_id,
            producer_epoch,
            committed,
            client_version,
            fresh_id,
        });
        match own(shard, &replies) {
            // The answer is lost: it asks again.
            Some(TransactionReply::End(Ok(_))) if dice.below(4) == 0 => {}
            Some(TransactionReply::End(Ok(producer))) => {
                if producer.1 >= 0 {
                    self.producer = *producer;
                }
                self.step = Step::Idle;
            }
            Some(TransactionReply::End(Err(ErrorCode::ConcurrentTransactions))) => {}
            Some(TransactionReply::End(Err(code))) => self.is_refused(*code),
            other => panic!("to EndTxn: {other:?}"),
        }
        replies
    }

    fn is_refused(&mut self, code: ErrorCode) {
        assert!(self.is_excused, "{:?} of {:?} is answered {code:?}", self.step, self.producer);
        self.step = Step::Begin;
    }
}

/// The answer to what was asked last.
fn own<'a>(shard: &Shard, replies: &'a Replies) -> Option<&'a TransactionReply> {
    replies.iter().find(|(ticket, _)| *ticket == shard.last()).map(|(_, reply)| reply)
}
