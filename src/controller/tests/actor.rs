//! The actor over a quorum that commits when it is told to.

use std::sync::Arc;

use actix::Actor;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::settings;
use crate::clock::Clock;
use crate::controller::actor::{Controller, Parts, Proposer};
use crate::controller::handle_actor::Handle;
use crate::controller::requests::RequestContext;
use crate::error::ErrorCode;
use crate::metadata::Image;
use crate::metadata::features::METADATA_VERSION;
use crate::raft::events::{QuorumEvent, VersionedRecord};
use crate::supervision::{self, DeathWatch, Port};
use crate::types::{LeaderEpoch, Offset};
use crate::wire::messages::controller_registration::ControllerRegistrationRequest;
use crate::wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use crate::wire::messages::unregister_broker::UnregisterBrokerRequest;
use crate::wire::stored::metadata::{FeatureLevelRecord, MetadataRecord};

type Proposal = (Offset, Vec<Vec<VersionedRecord>>, oneshot::Sender<Result<Offset, ErrorCode>>);

/// Keeps proposals until a test decides on them.
#[derive(Default)]
struct Quorum {
    proposals: Mutex<Vec<Proposal>>,
}

impl Proposer for Quorum {
    fn subscribe(&self, _: Port<QuorumEvent>) {}

    fn propose(
        &self,
        _: LeaderEpoch,
        first: Offset,
        batches: Vec<Vec<VersionedRecord>>,
    ) -> oneshot::Receiver<Result<Offset, ErrorCode>> {
        let (answer, answered) = oneshot::channel();
        self.proposals.lock().push((first, batches, answer));
        answered
    }
}

impl Quorum {
    /// Waits for a proposal, and takes it out.
    async fn next(&self) -> Proposal {
        loop {
            let proposal = {
                let mut proposals = self.proposals.lock();
                (!proposals.is_empty()).then(|| proposals.remove(0))
            };
            match proposal {
                Some(proposal) => return proposal,
                None => tokio::task::yield_now().await,
            }
        }
    }
}

fn commit((first, batches, answer): Proposal) -> usize {
    let count: usize = batches.iter().map(Vec::len).sum();
    answer.send(Ok(first + count as Offset - 1)).expect("the controller waits");
    count
}

fn start(quorum: &Arc<Quorum>) -> (Handle, supervision::Handle<Controller>) {
    let feature = FeatureLevelRecord {
        name: METADATA_VERSION.to_owned(),
        feature_level: 30,
        ..Default::default()
    };
    let clock = Clock::manual(1);
    let parts = Parts {
        settings: settings(),
        bootstrap: vec![(MetadataRecord::FeatureLevel(feature), 0)],
        proposer: Arc::clone(quorum) as Arc<dyn Proposer>,
        clock: clock.clone(),
        seed: Arc::new(|| 1),
    };
    let actor = supervision::Handle::from(Controller::new(parts, DeathWatch::nobody()).start());
    (Handle::new(actor.clone(), clock), actor)
}

async fn lead(quorum: &Quorum, actor: &supervision::Handle<Controller>) {
    let loaded = QuorumEvent::Loaded { image: Arc::new(Image::default()), log_bytes: 0 };
    actor.ask(loaded).await.expect("it lives");
    actor.ask(QuorumEvent::Leading(1, 1)).await.expect("it lives");
    assert_eq!(commit(quorum.next().await), 3, "the first records, in a transaction");
}

fn run(test: impl Future<Output = ()>) {
    actix_rt::System::new().block_on(test);
}

#[test]
fn answers_wait_for_the_commit_and_share_it() {
    run(async {
        let quorum = Arc::new(Quorum::default());
        let (handle, actor) = start(&quorum);
        let request = UnregisterBrokerRequest::default();
        let refused = handle.exchange(request.clone(), RequestContext::default()).await;
        assert_eq!(refused, Err(ErrorCode::NotController), "a standby answers nothing");
        lead(&quorum, &actor).await;
        let read = handle.exchange(request.clone(), RequestContext::default()).await;
        assert!(
            read.is_ok_and(|reply| reply.error_code != 0),
            "what writes nothing waits for nothing"
        );
        let topic = CreatableTopic { name: "../x".to_owned(), ..Default::default() };
        let bad = CreateTopicsRequest { topics: vec![topic], ..Default::default() };
        let (first, second) = tokio::join!(
            handle.exchange(bad.clone(), RequestContext { version: 7, ..Default::default() }),
            handle.exchange(bad, RequestContext { version: 7, ..Default::default() }),
        );
        assert!(first.is_ok() && second.is_ok());
    });
}

#[test]
fn losing_the_quorum_ends_the_actor_and_refuses_who_waits() {
    run(async {
        let quorum = Arc::new(Quorum::default());
        let (handle, actor) = start(&quorum);
        lead(&quorum, &actor).await;
        let request = ControllerRegistrationRequest::default();
        let asking = handle.exchange(request, RequestContext::default());
        let losing = async {
            let (_, batches, answer) = quorum.next().await;
            assert_eq!(batches.len(), 1);
            answer.send(Err(ErrorCode::NotController)).expect("the controller waits");
        };
        let (answer, ()) = tokio::join!(asking, losing);
        assert_eq!(answer.err(), Some(ErrorCode::NotController));
        while actor.is_up() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_deadline_ends_the_waiting() {
    run(async {
        let quorum = Arc::new(Quorum::default());
        let (handle, actor) = start(&quorum);
        lead(&quorum, &actor).await;
        let request = ControllerRegistrationRequest::default();
        let context = RequestContext { deadline: Some(11), ..Default::default() };
        assert_eq!(handle.exchange(request, context).await.err(), Some(ErrorCode::RequestTimedOut));
        assert_eq!(commit(quorum.next().await), 1, "what was decided is written all the same");
    });
}
