//! Sessions as their requests meet them.

use super::*;

fn wanted(partition: PartitionId, fetch_offset: Offset) -> Wanted {
    let topic = TopicRef::Name("t".to_owned());
    Wanted {
        topic,
        partition,
        fetch_offset,
        max_bytes: 100,
        leader_epoch: NONE,
        last_fetched_epoch: NONE,
        log_start_offset: -1,
    }
}

#[test]
fn sessions_take_no_more_memory_than_is_set_aside_for_them() {
    let mut sessions = FetchSessions::new(1_000, 120_000, 0);
    sessions.weight_max = 25 * (size_of::<Remembered>() + 1_000);
    let long = |n: usize| Wanted {
        topic: TopicRef::Name(format!("{n:01000}")),
        ..wanted(n as PartitionId, 0)
    };
    let asked = |id, epoch| SessionRequest { id, epoch, uses_ids: false, from_follower: false };
    let mut made = Vec::new();
    for round in 0..4 {
        let partitions: Vec<_> = (0..10).map(|n| long(round * 10 + n)).collect();
        let plan = sessions.begin(asked(0, 0), partitions, &[], 0).unwrap();
        let outcomes = vec![outcome(0, 0); plan.wanted.len()];
        made.push(sessions.finish(&plan, asked(0, 0), &outcomes, 0).0);
    }
    assert!(made[0] > 0 && made[1] > 0 && made[2] == 0 && made[3] == 0, "{made:?}");
    // One that grows beyond it ends, and its weight is gone.
    let more: Vec<_> = (0..10).map(|n| long(100 + n)).collect();
    let grown = sessions.begin(asked(made[0], 1), more, &[], 0);
    assert_eq!(grown.unwrap_err(), ErrorCode::FetchSessionIdNotFound);
    assert_eq!((sessions.len(), sessions.weight * 5), (1, sessions.weight_max * 2));
    // What is forgotten weighs nothing.
    let forgotten: Vec<_> = (10..15).map(|n| (long(n).topic, long(n).partition)).collect();
    sessions.begin(asked(made[1], 1), Vec::new(), &forgotten, 0).unwrap();
    assert_eq!(sessions.weight * 5, sessions.weight_max);
    sessions.begin(asked(made[1], FINAL_EPOCH), Vec::new(), &[], 0).unwrap();
    assert_eq!((sessions.len(), sessions.weight), (0, 0));
}

fn outcome(records_bytes: usize, high_watermark: Offset) -> Outcome {
    Outcome { error: false, records_bytes, high_watermark, log_start_offset: 0 }
}

fn request(id: i32, epoch: i32) -> SessionRequest {
    SessionRequest { id, epoch, uses_ids: false, from_follower: false }
}

#[test]
fn a_session_tells_only_what_changed() {
    let mut sessions = FetchSessions::new(10, 1_000, 7);
    let first = request(0, 0);
    let plan = sessions.begin(first, vec![wanted(0, 0), wanted(1, 0)], &[], 0).expect("new");
    let (id, told) = sessions.finish(&plan, first, &[outcome(10, 5), outcome(0, 5)], 0);
    assert!(id > 0 && told == [true, true]);

    let second = request(id, 1);
    let plan = sessions.begin(second, vec![wanted(0, 5)], &[], 1).expect("known");
    assert_eq!(plan.wanted.len(), 2);
    let (_, told) = sessions.finish(&plan, second, &[outcome(0, 5), outcome(3, 6)], 1);
    assert_eq!(told, [false, true]);

    assert_eq!(
        sessions.begin(request(id, 1), vec![], &[], 2).err(),
        Some(ErrorCode::InvalidFetchSessionEpoch)
    );
    let gone = [(TopicRef::Name("t".to_owned()), 1)];
    assert_eq!(
        sessions.begin(request(id, 2), vec![], &gone, 2).expect("known").wanted,
        [wanted(0, 5)]
    );
    assert!(
        sessions.begin(request(id, FINAL_EPOCH), vec![], &[], 3).expect("ends").wanted.is_empty()
    );
    assert_eq!(
        sessions.begin(request(id, 3), vec![], &[], 4).err(),
        Some(ErrorCode::FetchSessionIdNotFound)
    );
}

#[test]
fn what_another_request_changed_meanwhile_is_told_anew() {
    let mut sessions = FetchSessions::new(10, 120_000, 7);
    let first = request(0, 0);
    let plan = sessions.begin(first, vec![wanted(0, 0)], &[], 0).expect("new");
    let (id, _) = sessions.finish(&plan, first, &[outcome(0, 5)], 0);
    let slow = sessions.begin(request(id, 1), vec![], &[], 1).expect("known");
    // As many partitions as before, and another one.
    let gone = [(TopicRef::Name("t".to_owned()), 0)];
    let fast = sessions.begin(request(id, 2), vec![wanted(1, 0)], &gone, 2).expect("known");
    assert_eq!(sessions.finish(&slow, request(id, 1), &[outcome(0, 9)], 3), (id, vec![true]));
    assert_eq!(sessions.finish(&fast, request(id, 2), &[outcome(0, 9)], 3), (id, vec![true]));
}

#[test]
fn slots_are_bounded() {
    let mut sessions = FetchSessions::new(1, 1_000, 7);
    let open = |sessions: &mut FetchSessions, now| {
        let plan = sessions.begin(request(0, 0), vec![wanted(0, 0)], &[], now).expect("new");
        sessions.finish(&plan, request(0, 0), &[outcome(0, 0)], now).0
    };
    assert!(open(&mut sessions, 0) > 0);
    assert_eq!(open(&mut sessions, 500), INVALID_SESSION_ID);
    assert!(open(&mut sessions, 1_501) > 0);
    assert_eq!(sessions.len(), 1);
}
