//! Java's `.properties` text: lines to names and values, by the rules of `java.util.Properties`.
//!
//! Gives meaning to no name. Text that is not UTF-8 is read as Latin-1, as Java reads all of it.
//!
//! A line goes on behind a `\` at its end; a name ends at the first `=`, `:` or space that has no `\` before it; `\t`,
//! `\n` and `\u0041` stand for what they do in Java. What looks like a section or a quote is part of a value.

/// The names and values of a file's bytes, in order; the last of equal names should win. The error names the line.
pub fn parse_properties(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    logical_lines(text)
        .into_iter()
        .map(|(number, line)| parse_line(&line).map_err(|why| format!("line {number}: {why}")))
        .collect()
}

/// Lines without comments and blank ones, those that end in a backslash joined with the next; each with its number.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut continues = false;
    for (at, line) in text.replace("\r\n", "\n").split(['\n', '\r']).enumerate() {
        let line = line.trim_start_matches(is_space);
        if !continues && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let backslashes = line.bytes().rev().take_while(|&byte| byte == b'\\').count();
        let ends = backslashes % 2 == 0;
        let line = if ends { line } else { &line[..line.len() - 1] };
        match lines.last_mut().filter(|_| continues) {
            Some((_, before)) => before.push_str(line),
            None => lines.push((at + 1, line.to_string())),
        }
        continues = !ends;
    }
    lines
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\u{c}')
}

/// The name ends at the first bare `=`, `:` or space.
fn parse_line(line: &str) -> Result<(String, String), String> {
    let mut escaped = false;
    let end = line
        .char_indices()
        .find(|&(_, letter)| {
            let ends = !escaped && (is_space(letter) || letter == '=' || letter == ':');
            escaped = letter == '\\' && !escaped;
            ends
        })
        .map_or(line.len(), |(at, _)| at);
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(is_space);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(is_space);
    Ok((unescape(name)?, unescape(rest)?))
}

fn unescape(text: &str) -> Result<String, String> {
    if !text.contains('\\') {
        return Ok(text.to_string());
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\\' => match letters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some('u') => {
                    let digits: String = letters.by_ref().take(4).collect();
                    let unit = u16::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
                    units.push(unit.ok_or("malformed \\uxxxx encoding")?);
                    continue;
                }
                Some(other) => other,
                None => continue,
            },
            other => other,
        };
        units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
    }
    Ok(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str)]) {
        let parsed = parse_properties(text.as_bytes()).expect("properties");
        let parsed: Vec<(&str, &str)> =
            parsed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(parsed, expect, "{text:?}");
    }

    #[test]
    fn the_ways_to_part_a_name_from_its_value() {
        check(
            "a=b\nc: d\ne f\n  g  =  h  \ni\nj=\n",
            &[("a", "b"), ("c", "d"), ("e", "f"), ("g", "h  "), ("i", ""), ("j", "")],
        );
        check(
            "a==b\na=b:c=d\nlisteners=PLAINTEXT://:9092\n",
            &[("a", "=b"), ("a", "b:c=d"), ("listeners", "PLAINTEXT://:9092")],
        );
    }

    #[test]
    fn comments_blanks_and_long_lines() {
        check(
            "# one\n! two\n\n  # three\r\na=1,\\\n   2,\\\r\n\t3\nb=c\\\\\n#d\\\ne=f",
            &[("a", "1,2,3"), ("b", "c\\"), ("e", "f")],
        );
        check("a=1\\", &[("a", "1")]);
    }

    #[test]
    fn escapes() {
        check("a\\ b\\=c=\\u00e9\\t\\x\\uD83D\\uDE00", &[("a b=c", "é\tx😀")]);
        assert_eq!(
            parse_properties(b"\n\na=\\u12").expect_err("malformed"),
            "line 3: malformed \\uxxxx encoding"
        );
        assert_eq!(
            parse_properties(b"a=\xe9").expect("latin"),
            [("a".to_string(), "é".to_string())]
        );
    }
}
