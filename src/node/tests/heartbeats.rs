//! Heartbeats that wait for news: told when there is some, and never in the way of anything else.

use std::time::{Duration, Instant};

use super::harness::Node;
use super::requests::join;
use crate::client::Connection;
use crate::client::connection::Answer;
use crate::error::ErrorCode;
use crate::wire::messages::find_coordinator::FindCoordinatorRequest;
use crate::wire::messages::heartbeat::HeartbeatRequest;
use crate::wire::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use crate::wire::messages::metadata::MetadataRequest;
use crate::wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

const FIND_COORDINATOR: i16 = 4;
const JOIN: i16 = 7;
const SYNC: i16 = 4;
const HEARTBEAT: i16 = 4;

/// A member alone in a stable group.
struct Member {
    connection: Connection,
    id: String,
    generation_id: i32,
}

impl Member {
    async fn of(node: &Node, group: &str, client_software_name: &'static str) -> Self {
        let connection = node.connect_with("member", client_software_name).await;
        // This makes the topic of groups, where it is not there yet.
        let find = FindCoordinatorRequest {
            coordinator_keys: vec![group.to_owned()],
            ..Default::default()
        };
        let mut joined = JoinGroupResponse { error_code: -1, ..Default::default() };
        for _ in 0..12_000 {
            connection.send(&find, FIND_COORDINATOR).await.expect("an answer");
            // The first time it is told its name.
            let request = join(group, &joined.member_id);
            joined = connection.send(&request, JOIN).await.expect("an answer");
            if joined.error_code == ErrorCode::None.code() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(joined.error_code, 0, "{joined:?}");
        let assignment = SyncGroupRequestAssignment {
            member_id: joined.member_id.clone(),
            ..Default::default()
        };
        let request = SyncGroupRequest {
            group_id: group.to_owned(),
            generation_id: joined.generation_id,
            member_id: joined.member_id.clone(),
            assignments: vec![assignment],
            ..Default::default()
        };
        let synced = connection.send(&request, SYNC).await.expect("an answer");
        assert_eq!(synced.error_code, 0, "{synced:?}");
        Self { connection, id: joined.member_id, generation_id: joined.generation_id }
    }

    fn beat(&self, group: &str) -> Answer<HeartbeatRequest> {
        let request = HeartbeatRequest {
            group_id: group.to_owned(),
            generation_id: self.generation_id,
            member_id: self.id.clone(),
            ..Default::default()
        };
        self.connection.start(&request, HEARTBEAT).expect("sent")
    }
}

#[test]
fn members_are_told_of_a_rebalance_when_it_begins() {
    actix_rt::System::new().block_on(async {
        let node = Node::fresh(&[]).await;
        let member = Member::of(&node, "g", "librdkafka").await;
        let other = node.connect("other").await;
        let beat = member.beat("g");
        // One that is not kept waiting is answered long before the other has its name, which begins nothing yet.
        let named: JoinGroupResponse = other.send(&join("g", ""), JOIN).await.expect("an answer");
        let joining: Answer<JoinGroupRequest> =
            other.start(&join("g", &named.member_id), JOIN).expect("sent");
        let told = beat.wait().await.expect("an answer");
        assert_eq!(told.error_code, ErrorCode::RebalanceInProgress.code());
        drop(joining);
        node.stop().await;
    });
}

/// Ten heartbeats, one after the other, with something `behind` each or nothing: were they kept waiting, they would
/// take 25 seconds.
async fn beat_ten_times(client_software_name: &'static str, behind: bool) {
    let node = Node::fresh(&[]).await;
    let member = Member::of(&node, "g", client_software_name).await;
    let began = Instant::now();
    for _ in 0..10 {
        let beat = member.beat("g");
        let behind = behind.then(|| member.connection.start(&MetadataRequest::default(), 9));
        assert_eq!(beat.wait().await.expect("an answer").error_code, 0);
        if let Some(behind) = behind {
            behind.expect("sent").wait().await.expect("an answer");
        }
    }
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    node.stop().await;
}

#[test]
fn what_comes_behind_ends_the_wait() {
    actix_rt::System::new().block_on(beat_ten_times("apache-kafka-java", true));
}

#[test]
fn clients_that_may_wait_for_it_are_answered_at_once() {
    actix_rt::System::new().block_on(beat_ten_times("kgo", false));
}
