//! Style and layering as a test: what can be said about the source without running it.

use std::fs;
use std::path::{Path, PathBuf};

/// Tables and the like may be long; code may not.
const FILE_LINES_MAX: usize = 620;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARS_MAX: usize = 120;

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a source folder can be read") {
            let path = entry.expect("a source folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is text");
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the test does not see the source");
    found
}

/// The modules of `lib.rs`, lowest first.
fn layers() -> Vec<String> {
    let lib = fs::read_to_string("src/lib.rs").expect("the library has a root");
    let names = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

fn layer_of(path: &Path) -> Option<String> {
    let first = path.components().nth(1)?.as_os_str().to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

fn report(kind: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{kind}:\n{}", complaints.join("\n"));
}

#[test]
fn modules_use_only_modules_below() {
    let layers = layers();
    let rank = |name: &str| layers.iter().position(|layer| layer == name);
    let mut complaints = Vec::new();
    for (path, text) in sources() {
        let Some(own) = layer_of(&path).and_then(|layer| rank(&layer)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for used in line.split("crate::").skip(1) {
                let name: String =
                    used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if rank(&name).is_some_and(|used| used > own) {
                    complaints.push(format!(
                        "{}:{}: uses {name}, which is above it",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    report("layering", &complaints);
}

#[test]
fn only_shells_know_actors_and_the_runtime() {
    let shells = ["supervision", "client", "net", "node", "cli", "api"];
    let mut complaints = Vec::new();
    for (path, text) in sources() {
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let layer = layer_of(&path).unwrap_or_default();
        let is_shell =
            shells.contains(&layer.as_str()) || file == "actor.rs" || file.ends_with("_actor.rs");
        let is_test =
            file == "tests.rs" || path.components().any(|part| part.as_os_str() == "tests");
        // Handles, and the channels that an answer comes through, are all that a pure file may name.
        let names = |line: &str| {
            let code = line.split("//").next().unwrap_or_default();
            (code.contains("actix") || code.contains("tokio::"))
                && !code.contains("tokio::sync::oneshot")
        };
        if is_shell || is_test || path.ends_with("main.rs") {
            continue;
        }
        let machine = file == "machine.rs"
            || ["wire", "config", "metadata", "security", "log"].contains(&&*layer);
        for (number, line) in
            text.lines().enumerate().take_while(|(_, line)| !line.contains("#[cfg(test)]"))
        {
            if machine && names(line) {
                complaints.push(format!(
                    "{}:{}: a pure file names the runtime",
                    path.display(),
                    number + 1
                ));
            }
        }
    }
    report("purity", &complaints);
}

#[test]
fn only_the_clock_reads_the_time() {
    let mut complaints = Vec::new();
    for (path, text) in sources() {
        let layer = layer_of(&path).unwrap_or_default();
        if ["clock", "net", "client", "cli", "supervision"].contains(&layer.as_str()) {
            continue;
        }
        for (number, line) in
            text.lines().enumerate().take_while(|(_, line)| !line.contains("#[cfg(test)]"))
        {
            if line.contains("SystemTime::now") || line.contains("std::time::Instant::now") {
                complaints.push(format!("{}:{}: reads the time", path.display(), number + 1));
            }
        }
    }
    report("time", &complaints);
}

#[test]
fn files_are_headed_and_short() {
    let mut complaints = Vec::new();
    for (path, text) in sources() {
        if !text.starts_with("//!") {
            complaints.push(format!("{}: does not say what it is for", path.display()));
        }
        let lines = text.lines().count();
        let is_table = path.starts_with("src/wire/messages")
            || path.starts_with("src/wire/stored")
            || path.starts_with("src/config/keys");
        if lines > FILE_LINES_MAX && !is_table {
            complaints.push(format!("{}: {lines} lines", path.display()));
        }
        for (number, line) in text.lines().enumerate() {
            let is_text =
                line.contains('"') || line.contains("\\n") || path.ends_with("cli/mod.rs");
            if line.chars().count() > LINE_CHARS_MAX && !is_text {
                complaints.push(format!(
                    "{}:{}: a line of {}",
                    path.display(),
                    number + 1,
                    line.chars().count()
                ));
            }
            if ["todo!(", "unimplemented!(", "FIXME", "XXX"].iter().any(|mark| line.contains(mark))
            {
                complaints.push(format!("{}:{}: unfinished", path.display(), number + 1));
            }
        }
    }
    report("files", &complaints);
}

/// Tests tell a story and may be longer; the rule is for what runs. A function begins at a line with `fn` and ends at a
/// closing brace of the same indentation, as rustfmt lays it out.
#[test]
fn functions_fit_a_screen() {
    let mut complaints = Vec::new();
    let is_test = |path: &Path| {
        path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
    };
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let is_function = code.starts_with("fn ")
                || (code.contains(" fn ")
                    && (code.starts_with("pub")
                        || code.starts_with("async")
                        || code.starts_with("const")));
            if !is_function || code.ends_with(';') {
                continue;
            }
            let indent = &line[..line.len() - code.len()];
            let end = lines[start..].iter().position(|line| *line == format!("{indent}}}"));
            let length = end.map_or(0, |end| end + 1);
            if length > FUNCTION_LINES_MAX {
                complaints.push(format!(
                    "{}:{}: a function of {length} lines",
                    path.display(),
                    start + 1
                ));
            }
        }
    }
    report("functions", &complaints);
}

#[test]
fn the_map_names_every_folder() {
    let map = fs::read_to_string("ARCHITECTURE.md").expect("there is a map");
    let missing: Vec<_> = layers()
        .into_iter()
        .filter(|layer| {
            !map.contains(&format!("`{layer}`")) && !map.contains(&format!("`{layer}/`"))
        })
        .collect();
    report("not in ARCHITECTURE.md", &missing);
}
