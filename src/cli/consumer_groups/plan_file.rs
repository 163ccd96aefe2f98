//! The file of `--from-file`: lines of `topic,partition,offset`, or with a group's name before them.
//!
//! Reads only; whether the offsets make sense is judged elsewhere.

use std::collections::BTreeMap;

use super::reset::Offsets;
use crate::cli::complain;
use crate::cli::options::Exception;
use crate::types::TopicPartition;

/// The offsets of each group that the file at `path` plans for. A file without groups is for the only one of `groups`.
pub(super) fn read(path: &str, groups: &[String]) -> Result<BTreeMap<String, Offsets>, Exception> {
    let text = std::fs::read_to_string(path).map_err(|_| {
        let missing = Exception::new("java.nio.file.NoSuchFileException", path).line();
        let unable = format!("java.io.IOException: Unable to read file {path}");
        Exception {
            class: "java.lang.RuntimeException".to_owned(),
            message: unable.clone(),
            causes: vec![unable, missing],
            ..Exception::new("", "")
        }
    })?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let misfit = lines.first().and_then(|first| misfit(first));
    if let Some(thrown) = &misfit {
        // Kafka tries, prints why it cannot be, and tries again, for every group.
        (0..groups.len() * 2).for_each(|_| complain(&thrown.trace()));
    }
    let mut planned: BTreeMap<String, Offsets> = BTreeMap::new();
    for line in lines {
        let (group, rest) = match (&misfit, line.split_once(',')) {
            (Some(_), Some((group, rest))) => (group.trim(), rest),
            (Some(_), None) => (line, ""),
            (None, _) => {
                (groups.first().filter(|_| groups.len() == 1).map_or("", |only| only), line)
            }
        };
        let mut parts = rest.split(',').map(str::trim);
        let topic = parts.next().unwrap_or_default();
        let mut number = || {
            parts.next().map_or(Ok(0), |text| text.parse().map_err(|_| no_number(text, "long", "")))
        };
        let partition = i32::try_from(number()?).unwrap_or(-1);
        let offset = number()?;
        let offsets = planned.entry(group.to_owned()).or_default();
        offsets.insert(TopicPartition::new(topic, partition), offset);
    }
    Ok(planned)
}

/// Why a line cannot be one without a group.
fn misfit(line: &str) -> Option<Exception> {
    let parts: Vec<&str> = line.split(',').collect();
    let column =
        |at: usize| parts.iter().take(at).map(|part| part.chars().count() + 1).sum::<usize>() + 1;
    if let Some(extra) = parts.get(3) {
        let count = extra.chars().count();
        let what = format!(
            "Too many entries: expected at most 3 (value #3 ({count} chars) \"{extra}\")\n at [Source: (StringReader); \
             line: 1, column: {}]",
            column(3)
        );
        let is_number =
            |at: usize| parts.get(at).is_some_and(|part| part.trim().parse::<i64>().is_ok());
        if is_number(1) && is_number(2) {
            return Some(Exception::new(
                "com.fasterxml.jackson.dataformat.csv.CsvReadException",
                what,
            ));
        }
    }
    for (at, field, kind) in [(1, "partition", "int"), (2, "offset", "long")] {
        let Some(text) = parts.get(at).map(|text| text.trim()) else { continue };
        if text.parse::<i64>().is_err() {
            let place = format!(
                ": not a valid `{kind}` value\n at [Source: (StringReader); line: 1, column: {}] (through reference \
                 chain: org.apache.kafka.tools.consumer.group.CsvUtils$CsvRecordNoGroup[\"{field}\"])",
                column(at)
            );
            return Some(no_number(text, kind, &place));
        }
    }
    None
}

fn no_number(text: &str, kind: &str, place: &str) -> Exception {
    let what = format!("Cannot deserialize value of type `{kind}` from String \"{text}\"{place}");
    Exception::new("com.fasterxml.jackson.databind.exc.InvalidFormatException", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_and_without_groups() {
        assert_eq!(misfit("t,0,3"), None);
        assert_eq!(misfit("t"), None);
        let says = |line| misfit(line).expect("it has a group").message;
        assert!(says("tour-ge,tour-e1,0,3").starts_with(
            "Cannot deserialize value of type `int` from String \"tour-e1\": not a valid `int` value\n at [Source: \
             (StringReader); line: 1, column: 9]"
        ));
        assert!(says("tour-e1,0,1,5").ends_with(
            "(value #3 (1 chars) \"5\")\n at [Source: (StringReader); line: 1, column: 13]"
        ));
    }
}
