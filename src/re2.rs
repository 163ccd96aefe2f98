//! Regular expressions in RE2's syntax, by which clients choose topics and transactional ids: matched whole, in linear
//! time, of a bounded compiled size.
//!
//! Kafka uses RE2/J. What its syntax and that of the `regex` crate have in common is nearly all; `translate` and
//! `describe` are for the rest.
//!
//! | in RE2 | here |
//! |---|---|
//! | `\Q…\E` | each character by itself |
//! | `\d \s \w \b` | of ASCII alone |
//! | `\0`, `\12`, `\123` | the character of that octal number; `\1` alone is an error |
//! | classes | neither nest nor have operators |

use regex::{Regex, RegexBuilder};

/// What a compiled expression may take, in bytes. Kafka has no such bound.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Compiles an expression that whole texts match.
///
/// # Errors
/// What RE2 says of an expression that is none, or that it is too large.
pub(crate) fn compile(expression: &str) -> Result<Regex, &'static str> {
    // By itself first: a lone bracket must not be closed by what is put around it.
    let translated = translate(expression);
    build(&translated).map_err(|error| describe(&error))?;
    build(&format!("^(?:{translated})$")).map_err(|error| describe(&error))
}

fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
}

/// RE2's syntax to that of the engine.
fn translate(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut rest = expression;
    let mut in_class = false;
    let mut class_start = false;
    while let Some(next) = rest.chars().next() {
        let at_start = std::mem::take(&mut class_start);
        if !in_class && let Some(quoted) = rest.strip_prefix("\\Q") {
            let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            out.push_str(&regex::escape(literal));
            rest = after;
            continue;
        }
        if next == '\\' {
            rest = escape(&rest[1..], in_class, &mut out);
            continue;
        }
        let mut taken = next.len_utf8();
        match next {
            '[' if in_class => match rest.starts_with("[:").then(|| rest.find(":]")).flatten() {
                Some(end) => {
                    taken = end + 2;
                    out.push_str(&rest[..taken]);
                }
                None => out.push_str("\\["),
            },
            '[' => {
                in_class = true;
                class_start = true;
                out.push('[');
                if rest[1..].starts_with('^') {
                    taken += 1;
                    out.push('^');
                }
            }
            ']' if in_class && at_start => out.push_str("\\]"),
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(next);
            }
            other => out.push(other),
        }
        rest = &rest[taken..];
    }
    out
}

/// Writes what a backslash and the beginning of `rest` stand for; what is left.
fn escape<'a>(rest: &'a str, in_class: bool, out: &mut String) -> &'a str {
    let Some(escaped) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    let digits = rest.bytes().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
    // A lone digit but 0 would refer back to a group, which RE2 has not.
    if digits > 1 || rest.starts_with('0') {
        let code = rest[..digits].bytes().fold(0, |code, digit| code * 8 + u32::from(digit - b'0'));
        out.push_str(&format!("\\x{{{code:x}}}"));
        return &rest[digits..];
    }
    match escaped {
        'd' if in_class => out.push_str("0-9"),
        'w' if in_class => out.push_str("0-9A-Za-z_"),
        's' if in_class => out.push_str(r"\t\n\f\r "),
        'd' => out.push_str("[0-9]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        's' => out.push_str(r"[\t\n\f\r ]"),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'S' => out.push_str(r"[^\t\n\f\r ]"),
        'b' if !in_class => out.push_str(r"(?-u:\b)"),
        _ => {
            out.push('\\');
            out.push(escaped);
        }
    }
    &rest[escaped.len_utf8()..]
}

/// What RE2 says of such an error.
fn describe(error: &regex::Error) -> &'static str {
    const KNOWN: [(&str, &str); 12] = [
        ("unclosed character class", "missing closing ]"),
        ("repetition operator missing expression", "missing argument to repetition operator"),
        ("unclosed group", "missing closing )"),
        ("unopened group", "unexpected )"),
        ("incomplete escape sequence", "trailing backslash at end of expression"),
        ("unrecognized escape sequence", "invalid escape sequence"),
        ("backreferences are not supported", "invalid escape sequence"),
        ("look-around", "invalid or unsupported Perl syntax"),
        ("unrecognized flag", "invalid or unsupported Perl syntax"),
        ("invalid repetition count range", "invalid repetition size"),
        ("invalid character class range", "invalid character class range"),
        ("Unicode property not found", "invalid character class range"),
    ];
    let text = error.to_string();
    let known = KNOWN.iter().find(|(theirs, _)| text.contains(theirs));
    known.map_or("expression is too large", |(_, re2)| re2)
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn whole_texts_match() {
        for (pattern, text, matches) in [
            ("tx-.*", "tx-1", true),
            ("tx", "tx-1", false),
            ("a|b", "ab", false),
            (r"t\d+", "t12", true),
            (r"t\d", "t٣", false),
            (r"[\d.]+", "1.2", true),
            (r"[\D]+", "ab", true),
            (r"[^\s\w]", "a", false),
            (r"\Qa.b\E.", "a.bc", true),
            (r"\Qa.b\E.", "axbc", false),
            ("(?i)TX", "tx", true),
            (r"\101\0?", "A", true),
            ("[a[b]", "[", true),
            ("[]a]+", "]a", true),
            ("[a&&b~~c]+", "&~", true),
            ("[[:alpha:]]+", "ab", true),
            (r"a\b.b", "a-b", true),
        ] {
            let compiled = compile(pattern).expect(pattern);
            assert_eq!(compiled.is_match(text), matches, "{pattern} and {text}");
        }
    }

    #[test]
    fn what_is_no_expression_or_too_large_is_refused() {
        for (pattern, why) in [
            ("(", "missing closing )"),
            ("a)(b", "unexpected )"),
            ("[", "missing closing ]"),
            ("*", "missing argument to repetition operator"),
            (r"a\", "trailing backslash at end of expression"),
            (r"\1", "invalid escape sequence"),
            (r"\8", "invalid escape sequence"),
            (r"(?!a)", "invalid or unsupported Perl syntax"),
            ("((a{1000}){1000}){1000}", "expression is too large"),
        ] {
            assert_eq!(compile(pattern).err(), Some(why), "{pattern}");
        }
    }
}
