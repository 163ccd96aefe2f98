//! Assignments as Kafka 4.3.1's assignors gave them: groups that grow and shrink, each step from the targets of the one
//! before. A line of `assignments.txt` is a member: its name, instance, topics, and what it is to have.

use std::collections::HashMap;

use crate::group::consumer::assign::{Assignor, Spec, SpecMember, java_order, string_hash};
use crate::group::consumer::member::Target;
use crate::types::TopicId;

const VECTORS: &str = include_str!("assignments.txt");

struct Line<'a> {
    id: &'a str,
    instance_id: Option<&'a str>,
    topics: Vec<TopicId>,
    wanted: Target,
}

fn line<'a>(text: &'a str, topics: &[(TopicId, i32)]) -> Line<'a> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut wanted = Target::new();
    for part in words[3].split('+').filter(|part| *part != "-") {
        let (topic, partitions) = part.split_once(':').unwrap();
        let partitions = partitions.split('.').map(|id| id.parse().unwrap()).collect();
        wanted.insert(topics[topic.parse::<usize>().unwrap()].0, partitions);
    }
    Line {
        id: words[0],
        instance_id: Some(words[1]).filter(|instance| *instance != "-"),
        topics: words[2].bytes().map(|digit| topics[usize::from(digit - b'0')].0).collect(),
        wanted,
    }
}

fn check(assignor: Assignor, is_homogeneous: bool, group: &Group<'_>, before: &str) {
    let empty = Target::new();
    let mut members: Vec<SpecMember<'_>> = group
        .lines
        .iter()
        .map(|line| SpecMember {
            id: line.id,
            instance_id: line.instance_id,
            topics: line.topics.clone(),
            current: group.current.get(line.id).unwrap_or(&empty),
        })
        .collect();
    java_order(&mut members);
    let partitions = group.topics.iter().copied().collect();
    let spec = Spec { members, is_homogeneous, partitions };
    let targets = assignor.assign(&spec);
    for (member, target) in spec.members.iter().zip(targets) {
        let line = group.lines.iter().find(|line| line.id == member.id).unwrap();
        assert_eq!(target, line.wanted, "{assignor:?} {before} {}", member.id);
    }
}

struct Group<'a> {
    topics: Vec<(TopicId, i32)>,
    lines: Vec<Line<'a>>,
    current: HashMap<String, Target>,
}

#[test]
fn assignments_are_kafkas() {
    let mut steps = 0;
    for case in VECTORS.split("\nuniform ").flat_map(|part| part.split("\nrange ")) {
        let head = case.lines().next().unwrap();
        let at = VECTORS.find(head.trim_start_matches("uniform ")).unwrap();
        let is_range = VECTORS[..at].ends_with("range ");
        let assignor = if is_range { Assignor::Range } else { Assignor::Uniform };
        let topics = head.split_whitespace().filter_map(|word| word.split_once('='));
        let topics = topics.map(|(id, count)| (id.parse().unwrap(), count.parse().unwrap()));
        let mut group =
            Group { topics: topics.collect(), lines: Vec::new(), current: HashMap::new() };
        for step in case.split("\n step ").skip(1) {
            let (homogeneous, lines) = step.split_once('\n').unwrap();
            group.lines = lines.lines().map(|text| line(text, &group.topics)).collect();
            check(assignor, homogeneous == "true", &group, head);
            let now = group.lines.iter().map(|line| (line.id.to_owned(), line.wanted.clone()));
            group.current = now.collect();
            steps += 1;
        }
    }
    assert_eq!(steps, 24 * 7);
}

#[test]
fn strings_hash_as_javas() {
    assert_eq!(string_hash("polygenelubricants"), i32::MIN);
}
