//! Text in lines as argparse4j sets them: at most 75 columns, broken at spaces and behind hyphens, and all lines but
//! the last stretched to exactly that.

const COLUMNS: usize = 75;

/// `text` in lines, the odd spaces in the middle of each.
pub(super) fn justified(text: &str) -> String {
    let mut lines: Vec<Vec<String>> = vec![Vec::new()];
    let mut used = 0;
    for word in text.split(' ') {
        for (number, part) in parts(word).into_iter().enumerate() {
            let width = part.chars().count();
            let space = usize::from(number == 0 && used > 0);
            if used > 0 && used + space + width > COLUMNS {
                lines.push(Vec::new());
                used = 0;
            }
            used += width + if used > 0 { space } else { 0 };
            let Some(line) = lines.last_mut() else { continue };
            match line.last_mut() {
                Some(last) if number > 0 => last.push_str(part),
                _ => line.push(part.to_owned()),
            }
        }
    }
    let last = lines.len() - 1;
    let stretched = lines.iter().enumerate().map(|(at, words)| match at {
        at if at == last || words.len() < 2 => words.join(" "),
        _ => stretch(words),
    });
    stretched.collect::<Vec<_>>().join("\n")
}

/// Where a word may be broken: behind hyphens that a letter follows.
fn parts(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    for (at, letter) in word.char_indices() {
        if before == '-' && letter.is_alphabetic() {
            parts.extend(word.get(start..at));
            start = at;
        }
        before = letter;
    }
    parts.extend(word.get(start..));
    parts
}

fn stretch(words: &[String]) -> String {
    let gaps = words.len() - 1;
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    let spaces = COLUMNS.saturating_sub(letters);
    let (each, odd) = (spaces / gaps, spaces % gaps);
    let first_odd = (gaps - odd).div_ceil(2);
    let mut line = String::with_capacity(COLUMNS);
    for (gap, word) in words.iter().enumerate() {
        line.push_str(word);
        if gap < gaps {
            let is_odd = (first_odd..first_odd + odd).contains(&gap);
            line.push_str(&" ".repeat(each + usize::from(is_odd)));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_stretched_from_the_middle() {
        let text = "kafka-storage: error: invalid choice: 'bogus' (choose from 'info', 'format')";
        assert_eq!(
            justified(text),
            "kafka-storage:  error:  invalid  choice:   'bogus'   (choose  from  'info',\n'format')"
        );
    }

    #[test]
    fn words_are_broken_behind_hyphens() {
        let text = "kafka-cluster: error: one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required";
        assert!(justified(text).ends_with(" --\nbootstrap-controller/-C is required"));
    }
}
