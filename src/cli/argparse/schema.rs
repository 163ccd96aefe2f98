//! The options that a help text tells of.

/// What follows an option's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    One,
    /// One or more.
    Many,
}

/// One option.
#[derive(Debug)]
pub(super) struct Choice {
    /// Its names, dashes included.
    flags: Vec<&'static str>,
    pub(super) takes: Takes,
    pub(super) required: bool,
    /// Of those of one group only one may be given.
    pub(super) group: Option<usize>,
    /// Whether it is no part of a section of its own.
    pub(super) own: bool,
}

impl Choice {
    /// Its first long name, without dashes.
    pub(super) fn name(&self) -> &'static str {
        let long = self.flags.iter().find_map(|flag| flag.strip_prefix("--"));
        long.or_else(|| self.flags.first().copied()).unwrap_or_default()
    }

    /// How complaints call it.
    pub(super) fn title(&self) -> String {
        self.flags.join("/")
    }
}

/// What a help text tells of a command line.
#[derive(Debug)]
pub(super) struct Schema {
    /// In the order of the text.
    pub(super) options: Vec<Choice>,
    /// Whether words that belong to no option are welcome.
    pub(super) takes_arguments: bool,
    groups: Vec<Group>,
}

/// Options in one pair of brackets of the usage.
#[derive(Debug, Default)]
struct Group {
    flags: Vec<&'static str>,
    required: bool,
}

impl Schema {
    /// The schema of `help`, or of its part behind the name of the sub-command.
    pub(super) fn of(help: &'static str, command: Option<&str>) -> Self {
        let (usage, sections) = help.split_once("\n\n").unwrap_or((help, ""));
        let usage = match command.and_then(|command| usage.rfind(&format!(" {command} ["))) {
            Some(at) => usage.get(at..).unwrap_or_default(),
            None => usage,
        };
        let mut schema = Self {
            options: options(sections),
            takes_arguments: usage.contains(" ...]]") && usage.contains("[command"),
            groups: Vec::new(),
        };
        let (groups, bare) = brackets(usage);
        for option in &mut schema.options {
            let flag = option.flags.first().copied().unwrap_or_default();
            option.required = bare.contains(&flag);
            option.group = groups.iter().position(|group| group.flags.contains(&flag));
        }
        schema.groups = groups;
        schema
    }

    /// The option of a name without dashes.
    pub(super) fn option(&self, name: &str) -> Option<&Choice> {
        self.options.iter().find(|option| option.name() == name)
    }

    /// The option of a name with its dashes.
    pub(super) fn flag(&self, flag: &str) -> Option<&'_ Choice> {
        self.options.iter().find(|option| option.flags.contains(&flag))
    }

    /// The options that have a name which begins so.
    pub(super) fn starting_with(&self, start: &str) -> impl Iterator<Item = &Choice> {
        let begins = move |option: &&Choice| {
            option.flags.iter().any(|flag| flag.starts_with(start) && flag.starts_with("--"))
        };
        self.options.iter().filter(begins)
    }

    /// The groups one of which must be given.
    pub(super) fn required_groups(&self) -> impl Iterator<Item = Vec<&Choice>> {
        let required = self.groups.iter().filter(|group| group.required);
        required.map(|group| group.flags.iter().filter_map(|flag| self.flag(flag)).collect())
    }
}

/// The options of the sections below the usage: lines that begin with two spaces and a dash.
fn options(sections: &'static str) -> Vec<Choice> {
    let mut own = true;
    let mut options = Vec::new();
    for line in sections.lines() {
        if line.ends_with(':') && !line.starts_with(' ') {
            own = line == "optional arguments:";
        }
        let Some(line) = line.strip_prefix("  ").filter(|line| line.starts_with('-')) else {
            continue;
        };
        let names = line.split_once("  ").map_or(line, |(names, _)| names);
        let mut flags = Vec::new();
        let mut takes = Takes::Nothing;
        for name in names.split(", ") {
            let (flag, value) = name.split_once(' ').map_or((name, None), |(f, v)| (f, Some(v)));
            flags.push(flag);
            takes = match value {
                None => takes,
                Some(value) if value.contains(" [") => Takes::Many,
                Some(_) => Takes::One,
            };
        }
        options.push(Choice { flags, takes, required: false, group: None, own });
    }
    options
}

/// The options of a usage: those that exclude each other, and those that stand in no brackets.
fn brackets(usage: &'static str) -> (Vec<Group>, Vec<&'static str>) {
    let (mut groups, mut bare): (Vec<Group>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut open: Vec<Group> = Vec::new();
    let mut before = ' ';
    for (at, letter) in usage.char_indices() {
        let rest = usage.get(at..).unwrap_or_default();
        match letter {
            '[' | '(' => open.push(Group { required: letter == '(', ..Group::default() }),
            ']' | ')' => groups.extend(open.pop().filter(|group| group.flags.len() > 1)),
            '-' if matches!(before, ' ' | '\n' | '[' | '(') => {
                let end = rest.find([' ', '\n', ']', ')']).unwrap_or(rest.len());
                let flag = rest.get(..end).unwrap_or_default();
                open.last_mut().map_or(&mut bare, |group| &mut group.flags).push(flag);
            }
            _ => {}
        }
        before = letter;
    }
    (groups, bare)
}
