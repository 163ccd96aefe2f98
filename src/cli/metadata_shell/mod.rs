//! `kafka-metadata-shell`: a snapshot of the cluster's metadata as a tree of directories and files, to look around in:
//! one command from the command line, or many from standard input.
//!
//! Caveat: patterns in paths, history and completion are left to the shell that runs this one.

mod tree;

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use super::argparse::Program;
use super::{complain, say, tool};
use crate::log::files::disk::Disk;
use crate::log::files::{File, Files as _};
use crate::log::log_dir;
use crate::metadata::snapshot::{self, SnapshotId};
use tree::{Node, find};

const TOOL: Program = Program {
    name: "kafka-metadata-shell",
    help: include_str!("../usage/metadata-shell.txt"),
    commands: &[],
};

/// The commands, how each is called, and what it does.
const COMMANDS: [(&str, &str, &str); 8] = [
    ("cat", "cat [path]...", "Show the contents of metadata files."),
    ("cd", "cd [path]", "Set the current working directory."),
    ("exit", "exit", "Exit the metadata shell."),
    ("find", "find [path]...", "Search for nodes in the directory hierarchy."),
    ("help", "help", "Display this help message."),
    ("ls", "ls [path]...", "List metadata nodes."),
    ("man", "man command", "Show the help text for a specific command."),
    ("tree", "tree [path]...", "Show the contents of metadata nodes in a tree structure."),
];
/// Those that the command line may ask for.
const ONCE: [&str; 4] = ["cat", "find", "ls", "tree"];

/// Runs the tool. The process's exit code.
pub(super) fn run(args: &[String]) -> i32 {
    let parsed = match TOOL.parse(args) {
        Ok(parsed) => parsed,
        Err(stop) => return tool::unparsed(stop, 1),
    };
    let path = Path::new(parsed.value("snapshot").unwrap_or_default());
    let lock = match lock(path) {
        Ok(lock) => lock,
        Err(why) => {
            complain(&format!("Unexpected error: {why}\njava.lang.RuntimeException: {why}\n"));
            return 1;
        }
    };
    let root = match load(path) {
        Ok(root) => root,
        Err(why) => {
            complain(&format!("Unexpected error: {why}\n"));
            return 1;
        }
    };
    let mut shell = Shell { root, directory: "/".to_owned() };
    match parsed.arguments.split_first() {
        None => shell.read_commands(),
        Some((name, _)) if !ONCE.contains(&name.as_str()) => {
            let known = ONCE.map(|name| format!("'{name}'")).join(", ");
            say(&format!("invalid choice: '{name}' (choose from {known})\n"));
        }
        Some((name, paths)) => say(&shell.act(name, paths)),
    }
    drop(lock);
    0
}

/// Keeps nodes out of the directory of logs around the snapshot, where there is such a directory.
fn lock(snapshot: &Path) -> Result<Option<Arc<dyn File>>, String> {
    let above = |path: &Path| match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => path.to_owned(),
        Some(parent) => parent.to_owned(),
        None => path.to_owned(),
    };
    let directory = above(&above(snapshot));
    let file = directory.join(log_dir::LOCK);
    if !file.exists() {
        return Ok(None);
    }
    match Disk.lock(&file) {
        Ok(Some(lock)) => Ok(Some(lock)),
        Ok(None) => Err(format!(
            "Unable to lock {}. Please ensure that no broker or controller process is using this directory before \
             proceeding.",
            directory.display()
        )),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

fn load(path: &Path) -> Result<Node, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let id = SnapshotId::parse(name).unwrap_or_default();
    let (image, _) = snapshot::image(&bytes, id).map_err(|error| error.to_string())?;
    Ok(tree::of(&image))
}

struct Shell {
    root: Node,
    directory: String,
}

impl Shell {
    /// Carries out the lines of standard input.
    fn read_commands(&mut self) {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            match words.split_first() {
                None => {}
                Some((name, _)) if name == "exit" => return,
                Some((name, paths)) => say(&self.act(name, paths)),
            }
        }
    }

    /// What a command prints.
    fn act(&mut self, name: &str, paths: &[String]) -> String {
        match name {
            "help" => {
                let mut text = "Welcome to the Apache Kafka metadata shell.\n\n".to_owned();
                for (_, usage, what) in COMMANDS {
                    text.push_str(&format!("{usage:<20}  {what}\n"));
                }
                text
            }
            "man" => {
                let wanted = paths.first().map(String::as_str).unwrap_or_default();
                match COMMANDS.iter().find(|(name, _, _)| *name == wanted) {
                    Some((name, usage, what)) => format!("{name}: {what}\n\nusage: {usage}\n"),
                    None => format!(
                        "man: unknown command {wanted}. Type help to get a list of commands.\n"
                    ),
                }
            }
            "pwd" => format!("{}\n", self.directory),
            "cd" => self.change(paths.first().map_or("/", String::as_str)),
            "ls" | "cat" | "find" | "tree" => {
                let here = [".".to_owned()];
                let paths = if paths.is_empty() && name != "cat" { &here } else { paths };
                paths.iter().map(|path| self.look(name, path, paths.len() > 1)).collect()
            }
            other => format!("Unknown command {other}. Type help to get a list of commands.\n"),
        }
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.directory) }
    }

    fn change(&mut self, path: &str) -> String {
        let absolute = self.absolute(path);
        match find(&self.root, &absolute) {
            Some((Node::Directory(_), clean)) => {
                self.directory = clean;
                String::new()
            }
            Some(_) => format!("cd: {path}: not a directory.\n"),
            None => format!("cd: {path}: no such file or directory.\n"),
        }
    }

    fn look(&self, command: &str, path: &str, titled: bool) -> String {
        let Some((node, _)) = find(&self.root, &self.absolute(path)) else {
            return format!("{command}: {path}: no such file or directory.\n");
        };
        match (command, node) {
            ("cat", Node::File(text)) => format!("{text}\n"),
            ("cat", Node::Directory(_)) => format!("cat: {path}: Is a directory\n"),
            ("find", node) => node.find(path),
            ("tree", node) => node.tree(0),
            (_, Node::File(_)) => format!("{path}\n"),
            (_, Node::Directory(children)) => {
                let names: String = children.keys().map(|name| format!("{name}\n")).collect();
                if titled { format!("{path}:\n{names}\n") } else { names }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Image;

    #[test]
    fn looking_around() {
        let mut shell = Shell { root: tree::of(&Image::default()), directory: "/".to_owned() };
        let mut act = |line: &str| {
            let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            shell.act(&words[0], &words[1..])
        };
        assert_eq!(act("ls"), "image\nlocal\n");
        assert_eq!(act("cat /local/version"), "4.3.1\n");
        assert_eq!(act("cat image"), "cat: image: Is a directory\n");
        assert_eq!(act("ls /none"), "ls: /none: no such file or directory.\n");
        assert_eq!(act("cd image/cluster"), "");
        assert_eq!(act("pwd"), "/image/cluster\n");
        assert_eq!(act("tree ."), "brokers:\ncontrollers:\n");
        assert_eq!(act("find ../topics"), "../topics\n../topics/byId\n../topics/byName\n");
        assert!(act("man ls").contains("usage: ls"));
        assert!(act("fly").starts_with("Unknown command fly."));
    }
}
