//! `kafka-consumer-groups`: lists, describes, resets and deletes groups, with Kafka's options, words and exit codes.

mod delete;
mod describe;
mod groups;
mod list;
mod options;
mod plan_file;
mod reset;
mod scope;

use super::options::{Exception, Given, Usage};
use super::tool;
use super::{complain, say};
use crate::client::Cluster;
use options::Action;

const USAGE: Usage = Usage::new(include_str!("../usage/consumer-groups.txt"));

/// Runs the tool. The process's exit code: Kafka's tool fails only where it does not understand.
pub(super) fn run(args: &[String]) -> i32 {
    let (action, given) = match options::parse(&USAGE, args) {
        Ok(parsed) => parsed,
        Err(stop) => {
            return tool::stopped(stop, &USAGE, |thrown| tool::thrown_in_main(&thrown));
        }
    };
    if action == Action::ValidateRegex {
        return validate(&given);
    }
    let work = async {
        let cluster = tool::admin_cluster(&given, "bootstrap-server");
        let mut cluster =
            cluster.map_err(|thrown| match thrown.class.starts_with("java.nio.") {
                true => thrown.in_runtime(),
                false => thrown,
            })?;
        given.number::<i64>("timeout")?;
        act(&mut cluster, action, &given).await
    };
    match tool::run(work) {
        Ok(()) => 0,
        Err(Failure::Usage(message)) => {
            complain(&format!("{message}\n{}", USAGE.table()));
            1
        }
        Err(Failure::Thrown(thrown)) => {
            print_error(&format!(
                "Executing consumer group command failed due to {}",
                thrown.message
            ));
            complain(&thrown.trace());
            0
        }
    }
}

/// What the work can end with.
enum Failure {
    Thrown(Exception),
    Usage(String),
}

impl<E: Into<Exception>> From<E> for Failure {
    fn from(thrown: E) -> Self {
        Self::Thrown(thrown.into())
    }
}

async fn act(cluster: &mut Cluster, action: Action, given: &Given) -> Result<(), Failure> {
    match action {
        Action::List => list::list(cluster, given).await,
        Action::Describe => describe::describe(cluster, given).await,
        Action::Delete => delete::delete(cluster, given).await,
        Action::ResetOffsets => reset::reset(cluster, given).await,
        Action::DeleteOffsets => delete::delete_offsets(cluster, given).await,
        Action::ValidateRegex => Ok(()),
    }
}

fn validate(given: &Given) -> i32 {
    let pattern = given.values("validate-regex").concat();
    match regex::Regex::new(&pattern) {
        Ok(_) => say(&format!("The regular expression `{pattern}` is valid.\n")),
        Err(error) => {
            let why = re2_complaint(&error.to_string());
            say(&format!("The regular expression `{pattern}` is invalid: {why}.\n"));
        }
    }
    0
}

/// What RE2/J, which Kafka uses, says of a pattern of which our library says `error`.
fn re2_complaint(error: &str) -> &'static str {
    const WORDS: [(&str, &str); 8] = [
        ("unclosed character class", "missing closing ]"),
        ("unclosed group", "missing closing )"),
        ("unopened group", "unexpected )"),
        ("repetition operator missing expression", "missing argument to repetition operator"),
        ("unrecognized escape sequence", "invalid escape sequence"),
        ("invalid character class range", "invalid character class range"),
        ("incomplete escape sequence", "trailing backslash at end of expression"),
        ("invalid repetition count range", "invalid repeat count"),
    ];
    WORDS.iter().find(|(ours, _)| error.contains(ours)).map_or("invalid expression", |(_, its)| its)
}

fn print_error(message: &str) {
    say(&format!("\nError: {message}\n"));
}

/// `text` in a column of `width`, the space behind it included.
fn column(text: &str, width: usize) -> String {
    format!("{text:<width$} ")
}

/// The width of a column that holds `texts`, at least 15.
fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0).max(15)
}
