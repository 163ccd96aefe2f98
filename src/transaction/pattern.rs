//! Patterns of transactional ids, in RE2's syntax as far as the `regex` crate has it: linear in time, and bounded in
//! what they compile to, where Kafka's may take half a gigabyte.

use regex::{Regex, RegexBuilder};

/// What a pattern may compile to, in bytes.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// How deep a pattern may be nested.
const NESTING_MAX: u32 = 100;

/// A pattern that whole ids match.
#[derive(Debug)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Compiles; none for what is no pattern, or too large a one.
    pub(super) fn new(text: &str) -> Option<Self> {
        let whole = format!("^(?:{})$", translate(text));
        let compiled = RegexBuilder::new(&whole)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(COMPILED_BYTES_MAX)
            .nest_limit(NESTING_MAX)
            .build();
        compiled.ok().map(Self)
    }

    pub(super) fn matches(&self, transactional_id: &str) -> bool {
        self.0.is_match(transactional_id)
    }
}

/// `\d`, `\s` and `\w` stand for ASCII in RE2, and `\Q…\E` for what is between them.
fn translate(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_class = false;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        if next != '\\' {
            is_class = next == '[' || (is_class && next != ']');
            out.push(next);
            continue;
        }
        let Some(escaped) = rest.chars().next() else {
            out.push('\\');
            break;
        };
        rest = &rest[escaped.len_utf8()..];
        match escaped {
            'Q' => {
                let (quoted, after) = rest.split_once("\\E").unwrap_or((rest, ""));
                out.push_str(&regex::escape(quoted));
                rest = after;
            }
            'd' if is_class => out.push_str("0-9"),
            'w' if is_class => out.push_str("0-9A-Za-z_"),
            's' if is_class => out.push_str(r"\t\n\f\r "),
            'd' | 'D' => out.push_str(if escaped == 'd' { "[0-9]" } else { "[^0-9]" }),
            'w' => out.push_str("[0-9A-Za-z_]"),
            'W' => out.push_str("[^0-9A-Za-z_]"),
            's' => out.push_str(r"[\t\n\f\r ]"),
            'S' => out.push_str(r"[^\t\n\f\r ]"),
            'b' => out.push_str(r"(?-u:\b)"),
            _ => {
                out.push('\\');
                out.push(escaped);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn whole_ids_match() {
        let matches = |pattern: &str, id| Pattern::new(pattern).map(|it| it.matches(id));
        assert_eq!(matches("tx-.*", "tx-1"), Some(true));
        assert_eq!(matches("tx", "tx-1"), Some(false));
        assert_eq!(matches("a|b", "ab"), Some(false));
        assert_eq!(matches(r"t\d+", "t12"), Some(true));
        assert_eq!(matches(r"t\d", "t٣"), Some(false));
        assert_eq!(matches(r"[\d.]+", "1.2"), Some(true));
        assert_eq!(matches(r"\Qa.b\E.", "a.bc"), Some(true));
        assert_eq!(matches(r"\Qa.b\E.", "axbc"), Some(false));
        assert_eq!(matches("(?i)TX", "tx"), Some(true));
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        for pattern in ["(", "[", r"(?!a)", r"\1", "((a{1000}){1000}){1000}"] {
            assert!(Pattern::new(pattern).is_none(), "{pattern}");
        }
    }
}
