//! `vltava completions bash|zsh|fish`: what makes a shell complete commands and their options.
//!
//! The words are those of the help texts, so they cannot disagree with what the tools understand.

use std::collections::BTreeSet;

use super::{COMMANDS, complain, say};

/// The help texts of commands, sub-commands' ones too.
const HELP: &[(&str, &[&str])] = &[
    ("acls", &[include_str!("usage/acls.txt")]),
    ("broker-api-versions", &[include_str!("usage/broker-api-versions.txt")]),
    ("client-compatibility-test", &[include_str!("usage/client-compatibility-test.txt")]),
    ("client-metrics", &[include_str!("usage/client-metrics.txt")]),
    (
        "cluster",
        &[
            include_str!("usage/cluster.txt"),
            include_str!("usage/cluster-id.txt"),
            include_str!("usage/cluster-list-endpoints.txt"),
            include_str!("usage/cluster-unregister.txt"),
        ],
    ),
    ("configs", &[include_str!("usage/configs.txt")]),
    ("console-consumer", &[include_str!("usage/console-consumer.txt")]),
    ("console-producer", &[include_str!("usage/console-producer.txt")]),
    ("console-share-consumer", &[include_str!("usage/console-share-consumer.txt")]),
    ("groups", &[include_str!("usage/groups.txt")]),
    ("consumer-groups", &[include_str!("usage/consumer-groups.txt")]),
    ("consumer-perf-test", &[include_str!("usage/consumer-perf-test.txt")]),
    ("delegation-tokens", &[include_str!("usage/delegation-tokens.txt")]),
    ("delete-records", &[include_str!("usage/delete-records.txt")]),
    ("dump-log", &[include_str!("dump_log/usage.txt")]),
    ("e2e-latency", &[include_str!("usage/e2e-latency.txt")]),
    (
        "features",
        &[
            include_str!("usage/features.txt"),
            include_str!("usage/features-describe.txt"),
            include_str!("usage/features-upgrade.txt"),
            include_str!("usage/features-downgrade.txt"),
            include_str!("usage/features-feature-dependencies.txt"),
        ],
    ),
    ("get-offsets", &[include_str!("usage/get-offsets.txt")]),
    ("leader-election", &[include_str!("usage/leader-election.txt")]),
    ("log-dirs", &[include_str!("usage/log-dirs.txt")]),
    (
        "metadata-quorum",
        &[
            include_str!("usage/metadata-quorum.txt"),
            include_str!("usage/metadata-quorum-describe.txt"),
            include_str!("usage/metadata-quorum-remove-controller.txt"),
        ],
    ),
    ("metadata-shell", &[include_str!("usage/metadata-shell.txt")]),
    ("producer-perf-test", &[include_str!("usage/producer-perf-test.txt")]),
    ("reassign-partitions", &[include_str!("usage/reassign-partitions.txt")]),
    ("replica-verification", &[include_str!("usage/replica-verification.txt")]),
    ("share-consumer-perf-test", &[include_str!("usage/share-consumer-perf-test.txt")]),
    ("share-groups", &[include_str!("usage/share-groups.txt")]),
    ("streams-groups", &[include_str!("usage/streams-groups.txt")]),
    (
        "storage",
        &[
            include_str!("storage/help/storage.txt"),
            include_str!("storage/help/format.txt"),
            include_str!("storage/help/feature-dependencies.txt"),
        ],
    ),
    ("topics", &[include_str!("usage/topics.txt")]),
    (
        "transactions",
        &[
            include_str!("usage/transactions.txt"),
            include_str!("usage/transactions-list.txt"),
            include_str!("usage/transactions-describe.txt"),
            include_str!("usage/transactions-describe-producers.txt"),
            include_str!("usage/transactions-abort.txt"),
            include_str!("usage/transactions-find-hanging.txt"),
            include_str!("usage/transactions-force-terminate.txt"),
        ],
    ),
    ("verifiable-consumer", &[include_str!("usage/verifiable-consumer.txt")]),
    ("verifiable-share-consumer", &[include_str!("usage/verifiable-share-consumer.txt")]),
    ("verifiable-producer", &[include_str!("usage/verifiable-producer.txt")]),
];

/// Runs the command. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let text = match args {
        [shell] if shell == "bash" => bash(),
        [shell] if shell == "zsh" => zsh(),
        [shell] if shell == "fish" => fish(),
        _ => {
            complain("usage: vltava completions bash|zsh|fish\n");
            return 2;
        }
    };
    say(&text);
    0
}

fn commands() -> String {
    COMMANDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

/// What may follow a command: its sub-commands and its options.
fn words(help: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(usage) = help.first().and_then(|text| text.split("\n\n").next())
        && let Some((_, rest)) = usage.split_once('{')
        && let Some((names, _)) = rest.split_once('}')
    {
        words.extend(names.split(',').map(str::to_owned));
    }
    let lines = help.iter().flat_map(|text| text.lines());
    let options: BTreeSet<_> = lines.filter_map(option).collect();
    words.extend(options);
    words
}

/// The option that a line of a help text begins with.
fn option(line: &str) -> Option<String> {
    let line = line.strip_prefix("  ").unwrap_or(line);
    let line = line.strip_prefix("-h, ").unwrap_or(line);
    let end = line.find([' ', ',']).unwrap_or(line.len());
    let name = line.get(..end)?;
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (name.starts_with("--") && name.len() > 3 && name.chars().all(known)).then(|| name.to_owned())
}

fn cases() -> String {
    let case = |(name, help): &(&str, &[&str])| {
        format!("    {name}) words=\"{}\" ;;\n", words(help).join(" "))
    };
    HELP.iter().map(case).collect()
}

fn bash() -> String {
    format!(
        "_vltava() {{\n  local words=\n  if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"{}\"; fi\n  \
         [ \"$COMP_CWORD\" -gt 1 ] && case ${{COMP_WORDS[1]}} in\n{}  esac\n  \
         COMPREPLY=($(compgen -W \"$words\" -- \"${{COMP_WORDS[COMP_CWORD]}}\"))\n}}\n\
         complete -o default -F _vltava vltava\n",
        commands(),
        cases()
    )
}

fn zsh() -> String {
    format!(
        "#compdef vltava\n_vltava() {{\n  local words_of=$words[2] words=\n  if (( CURRENT == 2 )); then compadd -- {}; \
         return; fi\n  case $words_of in\n{}  esac\n  compadd -- ${{=words}}\n  _files\n}}\ncompdef _vltava vltava\n",
        commands(),
        cases()
    )
}

fn fish() -> String {
    let mut text =
        format!("complete -c vltava -n __fish_use_subcommand -f -a \"{}\"\n", commands());
    for (name, help) in HELP {
        let words = words(help).join(" ");
        text.push_str(&format!(
            "complete -c vltava -n \"__fish_seen_subcommand_from {name}\" -a \"{words}\"\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_its_words() {
        let known = |name: &str| HELP.iter().any(|(known, _)| *known == name);
        let own = ["server", "server-start", "dev", "completions"];
        for (name, _) in COMMANDS.iter().filter(|(name, _)| !own.contains(name)) {
            assert!(known(name), "nothing completes {name}");
        }
    }

    #[test]
    fn words_of_help_texts() {
        let of = |name: &str| {
            let (_, help) = HELP.iter().find(|(known, _)| *known == name).expect("a command");
            words(help)
        };
        assert!(of("topics").contains(&"--bootstrap-server".to_owned()));
        let features = of("features");
        assert_eq!(features.first().map(String::as_str), Some("describe"));
        assert!(features.contains(&"--dry-run".to_owned()));
        assert!(of("metadata-quorum").contains(&"--status".to_owned()));
    }

    #[test]
    fn every_text_belongs_to_a_command() {
        for (name, _) in HELP {
            assert!(COMMANDS.iter().any(|(command, _)| command == name), "{name}");
        }
    }
}
